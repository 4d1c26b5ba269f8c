//! `/me`: whose key this is.

use axum::{Extension, extract::State};
use crm::{agents, api_keys::Caller, clock::UnixMillis, inbox};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api,
    openapi::ListErrors,
    reply::{self, Answer},
};

/// The agent of a key, for connection tests and labels.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// The agent's id.
    #[schema(example = "agt_01k9x3v7e8f4sahm7d9q2b5c6n")]
    id: String,
    /// The agent's public name, as in webhooks.
    #[schema(example = "sarah-johnson")]
    agent_id: String,
    /// The agent's name.
    #[schema(example = "Sarah Johnson")]
    name: String,
    /// The agent's e-mail address.
    #[schema(example = "sarah@example.com")]
    email: String,
    /// The agent's time zone (IANA).
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Where mail becomes leads; `null` while inbound mail is off.
    inbound_address: Option<String>,
    /// The key of this request.
    key: MeKey,
}

/// The key of a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeKey {
    /// The key's name.
    #[schema(example = "Zapier")]
    name: String,
    /// What the key may do.
    #[schema(example = json!(["read", "write"]))]
    scopes: Vec<&'static str>,
    /// When the key ends; `null` for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<UnixMillis>,
}

/// Whose key this is.
#[utoipa::path(
    get, path = "/me", tag = "Account", operation_id = "get_me",
    responses((status = 200, description = "The agent and the key.", body = Me), ListErrors),
)]
pub(crate) async fn get(State(api): State<Api>, Extension(caller): Extension<Caller>) -> Answer {
    let agent = agents::get(&api.crm, caller.agent).await?;
    reply::representation(&Me {
        id: agent.id.to_string(),
        agent_id: agent.slug,
        name: agent.name,
        email: agent.email,
        time_zone: agent.time_zone,
        inbound_address: inbox::address(&api.crm, caller.agent).await?,
        key: MeKey { name: caller.key_name, scopes: caller.scopes.names(), expires_at: caller.expires_at },
    })
}
