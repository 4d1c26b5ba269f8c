//! `organicagent webhook …`

use crm::webhooks::{self, NewWebhook};
use serde_json::json;

use super::{agent_of, print};
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
    let agent = agent_of(&crm, &create.agent).await?;
    let fields = json!({"url": create.url, "events": create.event});
    let fields = fields.as_object().expect("an object");
    let new = NewWebhook::read(fields, crm.webhook_url_rule()).map_err(|error| error.to_string())?;
    let made = webhooks::create(&crm, agent, new, None).await.map_err(|error| error.to_string())?.value;
    crm.database().close().await;
    print(&json!({"id": made.webhook.id, "secret": made.secret}).to_string())
}
