//! The requests that webhooks receive, for the document's section `webhooks` (OpenAPI 3.1): what we send, not what we serve.

use crm::{events::EventKind, webhooks};
use serde_json::{Value, json};
use utoipa::openapi::path::Paths;

/// The schema of an event's `data`: the keys of the record, the telling ones first.
fn data_schema(kind: EventKind) -> Value {
    let record = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    match kind {
        EventKind::LeadCreated => record("Lead"),
        EventKind::ClientCreated => record("Client"),
        EventKind::ListingCreated => record("Listing"),
        EventKind::ShowingRequested => record("Showing"),
        EventKind::ClientStageChanged => json!({
            "allOf": [
                record("Client"),
                {
                    "type": "object",
                    "required": ["previousStage"],
                    "properties": {
                        "previousStage": {"type": "string", "description": "The stage that the client left.", "example": "Searching"}
                    }
                }
            ]
        }),
    }
}

fn summary(kind: EventKind) -> &'static str {
    match kind {
        EventKind::LeadCreated => "A lead came in, from wherever.",
        EventKind::ClientCreated => "A client signed up or was added.",
        EventKind::ListingCreated => "A listing is offered: once, when it first is no draft.",
        EventKind::ShowingRequested => "A client asks to see a listing.",
        EventKind::ClientStageChanged => "A client moved to another stage.",
    }
}

const DESCRIPTION: &str = "Answer with any 2xx within 15 seconds; everything else is tried again, for three days. Requests can come twice \
     (the same `webhook-id`) and, once one had to be tried again, out of order (see `X-OrganicAgent-Sequence`). Verify \
     `webhook-signature` (Standard Webhooks) or `X-OrganicAgent-Signature` before anything else.";

fn headers() -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": {"type": "string"}, "example": example
        })
    };
    let mut sequence = header(
        "X-OrganicAgent-Sequence",
        "The agent's number of the event, as in `/events`; not sent with a test.",
        "42",
    );
    sequence["required"] = json!(false);
    json!([
        header(
            "X-OrganicAgent-Signature",
            "Lower-case hexadecimal HMAC-SHA256 over `JSON.stringify(data)` and the timestamp, keyed with the whole secret.",
            "a6f4c8fbb6e54a7bd0b8c77a1f6cf9b8e0a1e8a3fd2a4c6f5a7c6b1d9e3f2a10"
        ),
        header("X-OrganicAgent-Timestamp", "The body's `timestamp`.", "1795446000000"),
        header("X-OrganicAgent-Event", "The body's `event`.", "lead.created"),
        header("X-OrganicAgent-Delivery", "The delivery's id.", "dlv_01k9x3v7e8f4sahm7d9q2b5c6n"),
        sequence,
        header("webhook-id", "The event's id, the same at every attempt.", "evt_01k9x3v7e8f4sahm7d9q2b5c6n"),
        header("webhook-timestamp", "When this attempt was made, in seconds.", "1795446000"),
        header(
            "webhook-signature",
            "`v1,` and base64 of HMAC-SHA256 over id, timestamp and body, joined by dots; two of them during a rotation.",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        )
    ])
}

/// The requests, by the names of their events.
///
/// # Panics
/// Never: what is written here is a path of OpenAPI.
pub(crate) fn described() -> Paths {
    let mut items = serde_json::Map::new();
    for kind in EventKind::ALL {
        let body = json!({
            "type": "object",
            "required": ["event", "timestamp", "agentId", "data"],
            "properties": {
                "event": {"type": "string", "enum": [kind.name()]},
                "timestamp": {"type": "string", "description": "When it happened: milliseconds since 1970, the same at every attempt."},
                "agentId": {"type": "string", "description": "The agent's public name."},
                "data": data_schema(kind)
            }
        });
        let example = json!({
            "event": kind.name(),
            "timestamp": "1795446000000",
            "agentId": "sarah-johnson",
            "data": webhooks::sample(kind)
        });
        let item = json!({
            "post": {
                "tags": ["Webhooks"],
                "summary": summary(kind),
                "description": DESCRIPTION,
                "operationId": format!("on_{}", kind.name().replace('.', "_")),
                "parameters": headers(),
                "requestBody": {
                    "required": true,
                    "content": {"application/json": {"schema": body, "example": example}}
                },
                "responses": {
                    "200": {"description": "Any 2xx: the event has arrived."},
                    "410": {"description": "The receiver is gone: the webhook is disabled."}
                },
                "security": []
            }
        });
        items.insert(kind.name().to_owned(), item);
    }
    serde_json::from_value(Value::Object(items)).expect("a path of OpenAPI")
}
