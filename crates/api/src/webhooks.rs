//! `/webhooks`.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    clock::UnixMillis,
    ids::WebhookId,
    input::Reader,
    webhooks::{self, Details, DisabledBy, NewWebhook, RotationStart, Webhook, WebhookChange},
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr,
        schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, Type},
    },
};

use crate::{
    Api, Problem,
    body::{Fields, OptionalFields},
    etags,
    events::EventName,
    idempotency::IdempotencyKey,
    openapi::{ActionErrors, ChangeErrors, CreateErrors, DeleteErrors, ListErrors, ReadErrors},
    paths::PathId,
    reply::{self, Answer},
};

/// A webhook to make.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookInput {
    /// Where to send events: an https address that the world can reach.
    #[schema(min_length = 1, max_length = 8192, format = "uri", example = "https://example.com/hooks/organicagent")]
    url: String,
    /// The events to send; all when missing or empty. One name alone does as `event` too.
    #[schema(required = false, example = json!(["lead.created", "client.created"]))]
    events: Option<Vec<EventName>>,
    /// What to call it.
    #[schema(required = false, max_length = 500, example = "Zapier: new leads")]
    description: Option<String>,
    /// Headers that each request is to carry, at most 10: names with values, or a list of `{"name","value"}`. Those that HTTP or
    /// OrganicAgent sets are refused. Answers mask the values.
    #[schema(required = false, schema_with = headers_schema)]
    headers: Option<serde_json::Value>,
}

/// A change of a webhook (JSON Merge Patch, RFC 7396): `null` clears.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookPatch {
    /// Where to send events. What is pending goes there too.
    #[schema(
        required = false,
        nullable = false,
        min_length = 1,
        max_length = 8192,
        format = "uri",
        example = "https://example.com/hooks/organicagent"
    )]
    url: Option<String>,
    /// The events to send from now on; `null` and an empty list are all.
    #[schema(required = false, example = json!(["lead.created"]))]
    events: Option<Vec<EventName>>,
    /// What to call it.
    #[schema(required = false, max_length = 500, example = "Zapier: new leads")]
    description: Option<String>,
    /// All headers that each request is to carry. A masked value stands for the one that is there.
    #[schema(required = false, schema_with = headers_schema)]
    headers: Option<serde_json::Value>,
    /// Whether events are sent. While it is `false` they are held.
    #[schema(required = false, nullable = false, example = true)]
    enabled: Option<bool>,
    /// When enabling: whether what was held is sent (the default) or skipped.
    #[schema(required = false, nullable = false, example = "send")]
    held: Option<HeldEvents>,
}

/// What becomes of held events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes what is read by its name")]
pub(crate) enum HeldEvents {
    Send,
    Skip,
}

fn headers_schema() -> utoipa::openapi::Schema {
    let text = |most| ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(most));
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(text(1_000).into()))))
        .max_properties(Some(10));
    let pair = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("name", text(100))
        .property("value", text(1_000))
        .required("name")
        .required("value");
    let list = ArrayBuilder::new().items(pair).max_items(Some(10));
    let none = ObjectBuilder::new().schema_type(Type::Null);
    AnyOfBuilder::new()
        .item(object)
        .item(list)
        .item(none)
        .description(Some("Headers that each request is to carry, at most 10: names with values, or a list of `{\"name\",\"value\"}`."))
        .examples([serde_json::json!({"X-Api-Key": "8d5f2a"})])
        .into()
}

/// A webhook that was made, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookCreated {
    /// The id.
    id: WebhookId,
    /// Where events are sent.
    #[schema(example = "https://example.com/hooks/organicagent")]
    url: String,
    /// The events that are sent.
    #[schema(example = json!(["lead.created", "client.created"]))]
    events: Vec<String>,
    /// What it is called.
    #[schema(example = "Zapier: new leads")]
    description: Option<String>,
    /// Whether events are sent.
    #[schema(example = true)]
    enabled: bool,
    /// What its requests are signed with. It is shown this once.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV0b5sSYspob7oD")]
    secret: String,
    /// When it was made.
    created_at: UnixMillis,
}

/// Every webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookList {
    /// The webhooks, newest first.
    webhooks: Vec<Webhook>,
}

/// A webhook with how its receiver does.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDetails {
    #[serde(flatten)]
    webhook: Webhook,
    /// How its receiver does.
    health: WebhookHealth,
}

/// How a receiver does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookHealth {
    /// The part of all attempts so far that succeeded, 0 to 1; `null` before the first.
    #[schema(example = 0.98)]
    success_rate: Option<f64>,
    /// When an attempt last succeeded.
    last_success_at: Option<UnixMillis>,
    /// When an attempt last failed.
    last_failure_at: Option<UnixMillis>,
    /// What went wrong then, in words.
    #[schema(example = "waiting: the receiver did not answer within 15 s")]
    last_error: Option<String>,
    /// The first failure since the last success; `null` while all is well.
    failing_since: Option<UnixMillis>,
    /// Deliveries still to be sent, counted to 10,000.
    #[schema(example = 0)]
    pending: i64,
    /// Deliveries held back, counted to 10,000.
    #[schema(example = 0)]
    held: i64,
    /// Who disabled it: its owner, its receiver by answering 410 (`gone`), or five days without success (`failing`).
    disabled_by: Option<DisabledBy>,
}

impl From<Details> for WebhookDetails {
    fn from(details: Details) -> Self {
        let Details { webhook, health, pending, held } = details;
        let success_rate = health.success_rate();
        let health = WebhookHealth {
            success_rate,
            last_success_at: health.last_success_at,
            last_failure_at: health.last_failure_at,
            last_error: health.last_error,
            failing_since: health.failing_since,
            pending,
            held,
            disabled_by: health.disabled_by,
        };
        Self { webhook, health }
    }
}

fn answer(details: Details) -> Answer {
    let details = WebhookDetails::from(details);
    reply::representation_beside(&details, &details.webhook)
}

/// Make a webhook.
///
/// The secret is in this answer and in no later one. Verify each request with it.
#[utoipa::path(
    post, path = "/webhooks", tag = "Webhooks", operation_id = "create_webhook",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request make one webhook.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$")),
    request_body = WebhookInput,
    responses((status = 201, description = "The webhook is made.", body = WebhookCreated, headers(("Location" = String, description = "The webhook's path."))), CreateErrors),
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let new = NewWebhook::read(&fields.members, api.crm.webhook_url_rule())?;
    let made = webhooks::create(&api.crm, caller.agent, new, key.once(&fields.bytes)).await?;
    let Webhook { id, url, events, description, is_enabled, created_at, .. } = made.value.webhook;
    let secret = made.value.secret;
    let created = WebhookCreated { id, url, events, description, enabled: is_enabled, secret, created_at };
    reply::done(StatusCode::CREATED, &created, Some(format!("/webhooks/{id}")), made.is_replayed)
}

/// List webhooks.
#[utoipa::path(
    get, path = "/webhooks", tag = "Webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "Every webhook; there are at most 50.", body = WebhookList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>) -> Answer {
    let webhooks = webhooks::list(&api.crm, caller.agent).await?;
    reply::representation(&WebhookList { webhooks })
}

/// Read a webhook.
///
/// With how its receiver does. The first half of the ETag, up to the dot, is that of the settings alone.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "Webhooks", operation_id = "get_webhook", params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook.", body = WebhookDetails), ReadErrors),
)]
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<WebhookId>,
) -> Answer {
    answer(webhooks::get(&api.crm, caller.agent, id).await?)
}

/// Change a webhook.
///
/// What is pending goes to the new URL. Disabling holds events; enabling sends or skips what was held.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "Webhooks", operation_id = "update_webhook",
    params(("id" = String, Path, description = "The webhook's id."), ("If-Match" = Option<String>, Header, description = "Change it only if its settings are those of this ETag.")),
    request_body = WebhookPatch,
    responses((status = 200, description = "The changed webhook.", body = WebhookDetails), ChangeErrors),
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<WebhookId>, Problem>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let change = WebhookChange::read(&fields.members, api.crm.webhook_url_rule())?;
    let PathId(id) = id?;
    let condition = etags::record_precondition(&headers);
    answer(webhooks::update(&api.crm, caller.agent, id, change, condition).await?)
}

/// Delete a webhook.
///
/// What is pending is dropped.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "Webhooks", operation_id = "delete_webhook",
    params(("id" = String, Path, description = "The webhook's id."), ("If-Match" = Option<String>, Header, description = "Delete it only if its settings are those of this ETag.")),
    responses((status = 204, description = "The webhook is gone."), DeleteErrors),
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId<WebhookId>,
    headers: HeaderMap,
) -> Answer {
    webhooks::delete(&api.crm, caller.agent, id, etags::record_precondition(&headers)).await?;
    Ok(reply::gone())
}

/// When the secret before a rotation ends.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotationInput {
    /// Whether the old secret ends at once, as after a leak; else it signs beside the new one for 24 hours.
    #[schema(required = false, example = false)]
    now: Option<bool>,
}

/// The new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedSecret {
    /// What requests are signed with from now on. It is shown this once.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV0b5sSYspob7oD")]
    secret: String,
}

/// Give a webhook a new secret.
///
/// For 24 hours `webhook-signature` carries a signature of each secret; `X-OrganicAgent-Signature` that of the one last accepted.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate-secret", tag = "Webhooks", operation_id = "rotate_webhook_secret",
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request rotate once.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$"),
    ),
    request_body = RotationInput,
    responses((status = 200, description = "The new secret.", body = RotatedSecret), ActionErrors),
)]
pub(crate) async fn rotate_secret(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<WebhookId>, Problem>,
    key: IdempotencyKey,
    OptionalFields(fields): OptionalFields,
) -> Answer {
    let mut reader = Reader::new(&fields.members);
    let is_now = reader.flag("now").value().unwrap_or(false);
    reader.finish(|| ())?;
    let start = if is_now { RotationStart::Now } else { RotationStart::WithOverlap };
    let PathId(id) = id?;
    let rotated = webhooks::rotate(&api.crm, caller.agent, id, start, key.once(&fields.bytes)).await?;
    reply::done(StatusCode::OK, &RotatedSecret { secret: rotated.value.secret }, None, rotated.is_replayed)
}
