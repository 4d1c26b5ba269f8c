//! `organicagent agent …`

use std::io::BufRead;

use crm::{
    accounts,
    agents::{self, NewAgent},
    passwords, two_step,
    values::{EmailAddress, Slug},
};

use super::print;
use crate::{config::Config, machine, storage};

/// What `agent create` is told.
pub(super) struct Create {
    pub name: String,
    pub email: String,
    pub slug: Option<String>,
    pub password_stdin: bool,
}

/// Makes an agent and prints its slug.
pub(super) async fn create(config: &Config, create: Create) -> Result<(), String> {
    let email = EmailAddress::parse(&create.email).map_err(|message| format!("--email {message}"))?;
    let slug = create.slug.as_deref().map(Slug::parse).transpose().map_err(|message| format!("--slug {message}"))?;
    let password = if create.password_stdin { Some(read_password()?) } else { None };
    let crm = storage::open(config).await?;
    let password_hash = match password {
        None => None,
        Some(password) => Some(
            passwords::hash(&crm, &password, email.as_str()).map_err(|message| format!("the password {message}"))?,
        ),
    };
    let new = NewAgent { name: create.name, email, slug, time_zone: machine::time_zone(), password_hash };
    let agent = agents::create(&crm, new).await.map_err(|error| error.to_string())?;
    crm.database().close().await;
    print(&agent.slug)
}

/// Prints a link to a new password, for one use: the way in when no mail server is set. The second step of signing in stays unless
/// it is to be taken away too.
pub(super) async fn reset_password(config: &Config, slug: &str, without_two_step: bool) -> Result<(), String> {
    let crm = storage::open(config).await?;
    let agent = agents::get_by_slug(&crm, slug).await.map_err(|error| match error {
        crm::Error::NotFound => format!("there is no agent {slug:?}"),
        other => other.to_string(),
    })?;
    if without_two_step {
        two_step::reset(&crm, agent.id).await.map_err(|error| error.to_string())?;
    }
    let link = accounts::create_link(&crm, agent.id).await.map_err(|error| error.to_string())?;
    crm.database().close().await;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    print(&format!("{}/reset/{}", base.trim_end_matches('/'), link.reveal()))
}

fn read_password() -> Result<String, String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| format!("stdin: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
