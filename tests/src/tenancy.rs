//! No request of one agent reads or changes another's data, or tells that it exists. The routes come from the API's own
//! document: a route that this test does not know fails it.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, TestAgent, on_both_engines};

/// One operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&api::document().to_json().unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let Some(id) = operation["operationId"].as_str() else { continue };
            operations.push(Operation { id: id.to_owned(), method, path: path.clone() });
        }
    }
    operations
}

/// A body that would do, were the record there. Also the list of operations that this test knows.
fn body(operation: &str, own: &BTreeMap<&str, String>) -> Value {
    match operation {
        "create_lead" => json!({"name": "Mine"}),
        "create_client" => json!({"name": "Mine", "email": "mine@example.com"}),
        "create_listing" => json!({"address": "1 Mine St", "price": 1}),
        "create_showing" => {
            json!({"clientId": own["clients"], "listingId": own["listings"], "requestedTimes": ["2026-11-25T15:00:00Z"]})
        }
        "update_lead" | "update_client" => json!({"name": "Changed"}),
        "update_listing" => json!({"address": "Changed"}),
        "update_showing" => json!({"status": "declined"}),
        "create_lead_note" | "create_client_note" => json!({"text": "Changed"}),
        "create_webhook" => json!({"url": "https://example.com/mine"}),
        "update_webhook" => json!({"description": "Changed"}),
        "redeliver_since" => json!({"since": "2026-01-01T00:00:00Z"}),
        "get_lead_note"
        | "get_client_note"
        | "get_me"
        | "list_leads"
        | "get_lead"
        | "delete_lead"
        | "list_lead_notes"
        | "list_clients"
        | "get_client"
        | "delete_client"
        | "list_client_notes"
        | "list_listings"
        | "get_listing"
        | "delete_listing"
        | "list_showings"
        | "get_showing"
        | "list_stages"
        | "list_sources"
        | "list_events"
        | "list_webhooks"
        | "get_webhook"
        | "delete_webhook"
        | "list_deliveries"
        | "rotate_webhook_secret"
        | "test_webhook"
        | "redeliver" => Value::Null,
        unknown => panic!("add {unknown} to this test: it must not leak another agent's data"),
    }
}

async fn call(agent: &TestAgent, operation: &Operation, path: &str, body: &Value) -> Answer {
    match body {
        Value::Null => agent.api.send(operation.method.clone(), path, "").await,
        body => {
            agent
                .api
                .with("Content-Type", "application/json")
                .send(operation.method.clone(), path, body.to_string())
                .await
        }
    }
}

/// One record of each kind, by its collection.
async fn fixtures(agent: &TestAgent) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::new();
    let webhook = json!({"url": "https://secret.example.com/hook", "headers": {"X-Key": "secret"}});
    let made = agent.api.post("/api/v1/webhooks", &webhook).await.expect(201).json();
    ids.insert("webhooks", made["id"].as_str().unwrap().to_owned());
    let made = agent
        .api
        .post("/api/v1/leads", &json!({"name": "Secret Lead", "source": "secret-source"}))
        .await
        .expect(201)
        .json();
    ids.insert("leads", made["leadId"].as_str().unwrap().to_owned());
    let made = agent
        .api
        .post("/api/v1/clients", &json!({"name": "Secret Client", "email": "secret@example.com"}))
        .await
        .expect(201)
        .json();
    ids.insert("clients", made["clientId"].as_str().unwrap().to_owned());
    let made =
        agent.api.post("/api/v1/listings", &json!({"address": "Secret St", "price": 5})).await.expect(201).json();
    ids.insert("listings", made["listingId"].as_str().unwrap().to_owned());
    let showing = json!({"clientId": ids["clients"], "listingId": ids["listings"], "requestedTimes": ["2026-11-24T15:00:00Z"], "notes": "Secret wish"});
    let made = agent.api.post("/api/v1/showings", &showing).await.expect(201).json();
    ids.insert("showings", made["showingId"].as_str().unwrap().to_owned());
    for (kind, notes) in [("leads", "leads/notes"), ("clients", "clients/notes")] {
        let path = format!("/api/v1/{kind}/{}/notes", ids[kind]);
        let made = agent.api.post(&path, &json!({"text": "Secret note"})).await.expect(201).json();
        ids.insert(notes, made["noteId"].as_str().unwrap().to_owned());
    }
    let path = format!("/api/v1/webhooks/{}/deliveries", ids["webhooks"]);
    let deliveries = agent.api.get(&path).await.expect(200).json();
    ids.insert("webhooks/deliveries", deliveries["deliveries"][0]["id"].as_str().unwrap().to_owned());
    ids
}

/// Everything that an agent can read.
async fn everything(agent: &TestAgent) -> String {
    let mut all = String::new();
    for path in ["leads", "clients", "listings?status=all", "showings", "events", "stages", "sources", "me"] {
        all.push_str(&agent.api.get(&format!("/api/v1/{path}")).await.expect(200).text());
    }
    let webhooks = agent.api.get("/api/v1/webhooks").await.expect(200).json();
    for webhook in webhooks["webhooks"].as_array().unwrap() {
        let path = format!("/api/v1/webhooks/{}", webhook["id"].as_str().unwrap());
        for path in [path.clone(), format!("{path}/deliveries")] {
            all.push_str(&agent.api.get(&path).await.expect(200).text());
        }
    }
    all
}

/// An id of the same kind that never was.
fn never(id: &str) -> String {
    let (kind, _) = id.split_once('_').unwrap();
    format!("{kind}_00000000000000000000000000")
}

fn without_request_id(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let id = answer.header("x-request-id").to_owned();
    let varying = ["x-request-id", "date", "ratelimit"];
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let headers = headers.filter(|(name, _)| !varying.contains(&name.as_str())).collect();
    (answer.status, headers, answer.text().replace(&id, ""))
}

on_both_engines! {
    async fn another_agents_records_are_as_if_they_never_were(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let theirs = fixtures(&other).await;
        let own = fixtures(&app.agent).await;
        let before = everything(&other).await;
        for operation in operations() {
            let body = body(&operation.id, &own);
            if let Some((_, rest)) = operation.path.split_once("/{id}") {
                let kind = operation.path.split('/').nth(3).unwrap();
                let inner = if kind == "webhooks" { "deliveries" } else { "notes" };
                let note = theirs.get(format!("{kind}/{inner}").as_str()).map(String::as_str).unwrap_or_default();
                let path = |id: &str, note: &str| {
                    format!("/api/v1/{kind}/{id}{}", rest.replace("{note}", note).replace("{delivery}", note))
                };
                let foreign = call(&app.agent, &operation, &path(&theirs[kind], note), &body).await.expect(404);
                let missing = call(&app.agent, &operation, &path(&never(&theirs[kind]), note), &body).await.expect(404);
                assert_eq!(without_request_id(&foreign), without_request_id(&missing), "{}", operation.id);
                if rest.contains("{note}") || rest.contains("{delivery}") {
                    let foreign = call(&app.agent, &operation, &path(&own[kind], note), &body).await.expect(404);
                    let missing = call(&app.agent, &operation, &path(&own[kind], &never(note)), &body).await.expect(404);
                    assert_eq!(without_request_id(&foreign), without_request_id(&missing), "{}", operation.id);
                }
            } else {
                let answer = call(&app.agent, &operation, &operation.path, &body).await;
                assert!(answer.status < 300, "{}: {}", operation.id, answer.text());
                for id in theirs.values() {
                    assert!(!answer.text().contains(id.as_str()), "{}", operation.id);
                }
            }
        }
        assert_eq!(everything(&other).await, before);
    }

    async fn a_reference_to_another_agents_record_is_as_one_to_nothing(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let theirs = fixtures(&other).await;
        let own = fixtures(&app.agent).await;
        for (client, listing) in [(&theirs["clients"], &own["listings"]), (&own["clients"], &theirs["listings"])] {
            let showing = |client: &str, listing: &str| json!({"clientId": client, "listingId": listing, "requestedTimes": ["2026-11-25T15:00:00Z"]});
            let foreign = app.agent.api.post("/api/v1/showings", &showing(client, listing)).await.expect(400);
            let swap = |id: &str, held: &str| if id == held { id.to_owned() } else { never(id) };
            let missing = showing(&swap(client, &own["clients"]), &swap(listing, &own["listings"]));
            let missing = app.agent.api.post("/api/v1/showings", &missing).await.expect(400);
            assert_eq!(without_request_id(&foreign), without_request_id(&missing));
        }
    }

    async fn another_agents_events_are_not_in_the_feed(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let _ = fixtures(&other).await;
        let feed = app.agent.api.get("/api/v1/events").await.expect(200).json();
        assert_eq!(feed, json!({"events": [], "nextCursor": null}));
        let theirs = other.api.get("/api/v1/events?limit=1").await.expect(200).json();
        let cursor = theirs["nextCursor"].as_str().unwrap();
        let own = app.agent.api.get(&format!("/api/v1/events?after={cursor}")).await.expect(200).json();
        assert_eq!(own["events"], json!([]));
    }
}
