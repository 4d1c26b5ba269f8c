//! `serve --demo`: sample data to try the product on. Refuses a database with other agents; nothing is sent out.

use crm::{
    Crm, agents,
    agents::NewAgent,
    api_keys::{self, NewKey, Scopes},
    values::{EmailAddress, Slug},
};

use crate::config::Config;

const SLUG: &str = "sarah-johnson";
const KEY_NAME: &str = "Demo";

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
    Ok(config)
}

/// Seeds the demo at its first start, makes a fresh key and revokes the older ones. Returns what to print.
///
/// # Errors
/// A sentence for the operator, also when the database has other agents.
pub async fn prepare(crm: &Crm, base_url: &str) -> Result<String, String> {
    let explain = |error: crm::Error| error.to_string();
    let agents = agents::list(crm).await.map_err(explain)?;
    let agent = match agents.as_slice() {
        [] => {
            let new = NewAgent {
                name: String::from("Sarah Johnson"),
                email: EmailAddress::parse("sarah@example.com").expect("an address"),
                slug: Some(Slug::parse(SLUG).expect("a slug")),
                time_zone: String::from("America/New_York"),
                password_hash: None,
            };
            agents::create(crm, new).await.map_err(explain)?
        }
        [agent] if agent.slug == SLUG => agent.clone(),
        _ => return Err(String::from("the demo refuses a database that holds other agents; give it one of its own")),
    };
    api_keys::revoke_named(crm, agent.id, KEY_NAME).await.map_err(explain)?;
    let new = NewKey { name: KEY_NAME.to_owned(), scopes: Scopes::ALL, lifetime: None };
    let key = api_keys::create(crm, agent.id, new).await.map_err(explain)?;
    let key = key.reveal();
    Ok(format!(
        "Demo of OrganicAgent: the agent {SLUG} with sample data. Nothing is sent out.\n\
         Documentation  {base_url}/docs\n\
         API key        {key}\n\
         Try it         curl -X POST {base_url}/api/v1/leads -H \"Content-Type: application/json\" -H \"X-API-Key: {key}\" \
         -d '{{\"name\": \"Jane Doe\", \"email\": \"jane@example.com\", \"phone\": \"555-0100\"}}'\n"
    ))
}
