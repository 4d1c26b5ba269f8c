//! `/webhooks/{id}/deliveries`, and what is sent by hand.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    clock::UnixMillis,
    events::EventKind,
    idempotency,
    ids::{DeliveryId, WebhookId},
    input::{Purpose, Reader, max},
    webhooks::{
        self, Queued,
        deliveries::{self, Delivery},
    },
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api, Problem,
    body::{Fields, OptionalFields},
    events::EventName,
    idempotency::IdempotencyKey,
    lists::{self, DEFAULT_LIMIT, MAX_LIMIT},
    openapi::{ActionErrors, ReadErrors, instant_or_millis},
    paths::{PathId, PathIds},
    query::Params,
    reply::{self, Answer},
};

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryList {
    /// The deliveries, newest first.
    deliveries: Vec<Delivery>,
    /// Where the next page begins; missing on the last.
    #[schema(required = false, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// What was put into the outbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveriesQueued {
    /// Always `true`.
    #[schema(example = true)]
    success: bool,
    /// How many deliveries will be sent.
    #[schema(example = 1)]
    deliveries: u64,
}

fn queued(answer: &idempotency::Answer<Queued>) -> Answer {
    let queued = DeliveriesQueued { success: true, deliveries: answer.value.deliveries };
    reply::done(StatusCode::ACCEPTED, &queued, None, answer.is_replayed)
}

/// List what was sent to a webhook.
///
/// Each delivery with its last 20 attempts. What receivers answered with a 2xx is kept for 7 days, the attempts of what was
/// delivered for 30, what was given up for 90.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "Webhooks", operation_id = "list_deliveries",
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("limit" = Option<u32>, Query, description = "How many deliveries a page has; 50 when missing.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "Where the page begins: the `nextCursor` of an earlier page."),
    ),
    responses((status = 200, description = "A page of deliveries, newest first.", body = DeliveryList), ReadErrors),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<WebhookId>, Problem>,
    params: Params,
) -> Answer {
    const MESSAGE: &str = "must be the nextCursor of an earlier page of the same list";
    let (after, limit) = lists::checked(params, |params| {
        let after = params.parsed("cursor", |text| text.parse::<DeliveryId>().map_err(|_| MESSAGE));
        (after, params.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT))
    })?;
    let PathId(id) = id?;
    let page = deliveries::list(&api.crm, caller.agent, id, after, limit).await?;
    let next_cursor = page.next.map(|id| id.to_string());
    reply::representation(&DeliveryList { deliveries: page.deliveries, next_cursor })
}

/// What to test with.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestInput {
    /// The kind of event; the first that the webhook wants when missing.
    #[schema(required = false, example = "lead.created")]
    event: Option<EventName>,
}

/// Send a test event to a webhook.
///
/// Signed as any other, with made-up data; also to a disabled webhook. It is in the log of deliveries but not in `/events`, and
/// does not change the webhook's health.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", tag = "Webhooks", operation_id = "test_webhook",
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request send one event.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$"),
    ),
    request_body = TestInput,
    responses((status = 202, description = "The event will be sent.", body = DeliveriesQueued), ActionErrors),
)]
pub(crate) async fn test(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<WebhookId>, Problem>,
    key: IdempotencyKey,
    OptionalFields(fields): OptionalFields,
) -> Answer {
    let mut reader = Reader::new(&fields.members);
    let kinds = EventKind::ALL.map(|kind| (kind.name(), kind));
    let kind = reader.choice("event", &kinds).value();
    reader.finish(|| ())?;
    let PathId(id) = id?;
    queued(&webhooks::test(&api.crm, caller.agent, id, kind, key.once(&fields.bytes)).await?)
}

/// Send a delivery once more.
///
/// One attempt with the same `webhook-id` and body, whatever became of it before; also to a disabled webhook.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{delivery}/redeliver", tag = "Webhooks", operation_id = "redeliver",
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("delivery" = String, Path, description = "The delivery's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request send once.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$"),
    ),
    responses((status = 202, description = "It will be sent.", body = DeliveriesQueued), ActionErrors),
)]
pub(crate) async fn redeliver(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    ids: Result<PathIds<WebhookId, DeliveryId>, Problem>,
    key: IdempotencyKey,
    OptionalFields(fields): OptionalFields,
) -> Answer {
    let PathIds(webhook, delivery) = ids?;
    queued(&webhooks::redeliver(&api.crm, caller.agent, webhook, delivery, key.once(&fields.bytes)).await?)
}

/// Since when to send again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RedeliveryInput {
    /// Events from this time on.
    #[schema(schema_with = since)]
    since: UnixMillis,
}

fn since() -> utoipa::openapi::Schema {
    instant_or_millis("Events from this time on: RFC 3339, or milliseconds since 1970.")
}

/// Send everything that did not arrive since a time.
///
/// What was given up, is waiting, held or skipped, and events from before the webhook was made. In order, behind new events.
#[utoipa::path(
    post, path = "/webhooks/{id}/redeliver", tag = "Webhooks", operation_id = "redeliver_since",
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request send once.", max_length = 255, min_length = 1, pattern = r"^[!-~]+$"),
    ),
    request_body = RedeliveryInput,
    responses((status = 202, description = "They will be sent.", body = DeliveriesQueued), ActionErrors),
)]
pub(crate) async fn redeliver_since(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    id: Result<PathId<WebhookId>, Problem>,
    key: IdempotencyKey,
    fields: Fields,
) -> Answer {
    let mut reader = Reader::new(&fields.members);
    let given = match fields.members.get("since") {
        Some(serde_json::Value::Number(millis)) => {
            reader.keep("since", UnixMillis::parse(&millis.to_string()).ok_or(UnixMillis::FORMS))
        }
        _ => {
            let text = reader.required_text("since", max::SHORT, Purpose::Create);
            text.and_then(|text| reader.keep("since", UnixMillis::parse(&text).ok_or(UnixMillis::FORMS)))
        }
    };
    let since = reader.finish(|| given.expect("required"))?;
    let PathId(id) = id?;
    queued(&webhooks::redeliver_since(&api.crm, caller.agent, id, since, key.once(&fields.bytes)).await?)
}
