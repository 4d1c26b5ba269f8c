//! `serve --demo`: sample data to try the product on. Refuses a database with other agents; nothing is sent out.

use crm::{
    AgentId, Crm, accounts, agents,
    agents::NewAgent,
    api_keys::{self, NewKey, Scopes},
    randomness,
    values::{EmailAddress, Slug},
};

use crate::config::Config;

mod guides;
mod samples;
mod website;

const SLUG: &str = "sarah-johnson";
const EMAIL: &str = "sarah@example.com";
const KEY_NAME: &str = "Demo";
/// Letters and digits that are not taken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The settings of the demo: its own folder and database within the data folder.
///
/// # Errors
/// When a database is named: the demo brings its own.
pub fn config(mut config: Config) -> Result<Config, String> {
    let is_default = config.database_url == format!("sqlite:{}", config.data_dir.join("organicagent.db").display());
    config.data_dir = config.data_dir.join("demo");
    if is_default {
        config.database_url = format!("sqlite:{}", config.data_dir.join("organicagent.db").display());
    }
    config.secret_key_file = config.data_dir.join("secret.key");
    // Nothing is sent out, whatever mail server is set: mail is shown in the outbox.
    config.mail_url = None;
    Ok(config)
}

/// Seeds the demo at its first start, makes a fresh key and revokes the older ones. Returns what to print. `sends_to_allowed`: webhooks go to ranges
/// that the operator allows.
///
/// # Errors
/// A sentence for the operator, also when the database has other agents.
pub async fn prepare(crm: &Crm, base_url: &str, sends_to_allowed: bool) -> Result<String, String> {
    let explain = |error: crm::Error| error.to_string();
    let agents = agents::list(crm).await.map_err(explain)?;
    let new_key = NewKey { name: KEY_NAME.to_owned(), scopes: Scopes::ALL, lifetime: None };
    let (agent, key) = match agents.as_slice() {
        [] => {
            let agent = samples::seed(crm, new_agent()).await.map_err(explain)?;
            (agent, api_keys::create(crm, agent, new_key).await.map_err(explain)?)
        }
        // The key is made last: without one there was no start that came to its end.
        [agent] if agent.slug == SLUG => {
            let key = api_keys::replace(crm, agent.id, new_key).await.map_err(|error| match error {
                crm::Error::NotFound => String::from(
                    "this database is no demo's, or the demo's first start was broken off: remove its data folder and start again",
                ),
                other => other.to_string(),
            })?;
            (agent.id, key)
        }
        _ => return Err(String::from("the demo refuses a database that holds other agents; give it one of its own")),
    };
    let password = new_password(crm, agent).await.map_err(explain)?;
    let key = key.reveal();
    let sent = if sends_to_allowed {
        "Nothing is sent out but webhooks to the ranges that you allow."
    } else {
        "Nothing is sent out."
    };
    Ok(format!(
        "Demo of OrganicAgent: the agent {SLUG} with sample data. {sent}\n\
         Sign in        {base_url}/login  as {EMAIL} with {password}\n\
         Documentation  {base_url}/docs\n\
         API key        {key}\n\
         Try it         curl -X POST {base_url}/api/v1/leads -H \"Content-Type: application/json\" -H \"X-API-Key: {key}\" \
         -d '{{\"name\": \"Jane Doe\", \"email\": \"jane@example.com\", \"phone\": \"555-0100\"}}'\n"
    ))
}

/// Sets a fresh password; what was signed in with the one before is signed out.
async fn new_password(crm: &Crm, agent: AgentId) -> Result<String, crm::Error> {
    let words = [(); 4].map(|()| randomness::text(crm.random(), LETTERS, 5));
    let password = words.join("-");
    accounts::reset_password(crm, agent, password.clone()).await?;
    Ok(password)
}

fn new_agent() -> NewAgent {
    NewAgent {
        name: String::from("Sarah Johnson"),
        email: EmailAddress::parse(EMAIL).expect("an address"),
        slug: Some(Slug::parse(SLUG).expect("a slug")),
        time_zone: String::from("America/New_York"),
        password_hash: None,
    }
}
