//! `organicagent webhook …`

use crm::{
    agents,
    webhooks::{self, NewWebhook},
};
use serde_json::json;

use super::print;
use crate::{config::Config, storage};

/// What `webhook create` is told.
pub(super) struct Create {
    pub agent: String,
    pub url: String,
    pub event: Vec<String>,
}

/// Makes a webhook and prints its id and secret.
pub(super) async fn create(config: &Config, create: Create) -> Result<(), String> {
    let crm = storage::open(config).await?;
    let agent = agents::get_by_slug(&crm, &create.agent).await.map_err(|error| match error {
        crm::Error::NotFound => format!("there is no agent {:?}", create.agent),
        other => other.to_string(),
    })?;
    let fields = json!({"url": create.url, "events": create.event});
    let fields = fields.as_object().expect("an object");
    let new = NewWebhook::read(fields, crm.webhook_url_rule()).map_err(|error| error.to_string())?;
    let made = webhooks::create(&crm, agent.id, new, None).await.map_err(|error| error.to_string())?.value;
    crm.database().close().await;
    print(&json!({"id": made.webhook.id, "secret": made.secret}).to_string())
}
