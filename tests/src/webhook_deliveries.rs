//! The log of a webhook and what is sent by hand. No dispatcher runs: what would be sent stays pending.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crm::{
    Error,
    events::EventKind,
    ids::WebhookId,
    jobs,
    leads::{self, NewLead},
    trash,
    webhooks::{self, Ring, UrlRule, WebhookChange},
};
use db::params;
use serde_json::{Value, json};
use testkit::{Caller, TestApp, on_both_engines};

use crate::outboxes;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(61);

async fn make(api: &Caller, webhook: Value) -> String {
    let made = api.post("/api/v1/webhooks", &webhook).await.expect(201).json();
    format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap())
}

async fn lead(api: &Caller, name: &str) -> String {
    let made = api.post("/api/v1/leads", &json!({"name": name})).await.expect(201).json();
    made["leadId"].as_str().unwrap().to_owned()
}

async fn deliveries(api: &Caller, path: &str) -> Vec<Value> {
    let list = api.get(&format!("{path}/deliveries?limit=100")).await.expect(200).json();
    list["deliveries"].as_array().unwrap().clone()
}

/// The statuses of a webhook's deliveries, oldest first.
async fn statuses(api: &Caller, path: &str) -> Vec<String> {
    let deliveries = deliveries(api, path).await;
    deliveries.iter().rev().map(|delivery| delivery["status"].as_str().unwrap().to_owned()).collect()
}

fn id(path: &str) -> WebhookId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let agent = app.agent.id;
    let counted =
        app.crm.database().read("test", move |tx| tx.query_one(sql, params![&agent], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: db::DbError| panic!("{error}"))
}

/// Records as many leads as asked for, past the API and its limit.
async fn many_leads(app: &TestApp, count: usize) {
    for n in 0..count {
        let new = NewLead {
            name: format!("Lead {n}"),
            email: None,
            phone: None,
            source: String::from("api"),
            property_address: None,
            notes: None,
        };
        leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
    }
}

on_both_engines! {
    async fn an_event_is_pending_at_each_webhook_that_wants_it(app: TestApp) {
        let api = &app.agent.api;
        let all = make(api, json!({"url": "https://a.example.com"})).await;
        let clients = make(api, json!({"url": "https://b.example.com", "events": ["client.created"]})).await;
        let other = app.another_agent("Other Agent").await;
        let theirs = make(&other.api, json!({"url": "https://c.example.com"})).await;
        lead(api, "Jane").await;
        let _ = api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201);
        let feed = api.get("/api/v1/events").await.expect(200).json()["events"].clone();
        let listed = deliveries(api, &all).await;
        assert_eq!(listed.len(), 2);
        let expected = json!({
            "id": feed[1]["id"].as_str().unwrap().replace("evt_", "dlv_"),
            "eventId": feed[1]["id"],
            "event": "client.created",
            "status": "pending",
            "nextAttemptAt": "2026-11-23T15:00:00.000Z",
            "createdAt": "2026-11-23T15:00:00.000Z",
            "attempts": []
        });
        assert_eq!(listed[0].to_string(), expected.to_string());
        assert_eq!(deliveries(api, &clients).await, [expected]);
        assert_eq!(deliveries(&other.api, &theirs).await, [] as [Value; 0]);
        assert_eq!(app.crm.outbox().heard().await, [(app.agent.id, id(&all), Ring::Fresh), (app.agent.id, id(&clients), Ring::Fresh)]);
        let targets = outboxes::waiting(&app.crm).await;
        assert_eq!(targets, [id(&all), id(&clients)]);
        let due = outboxes::fresh(&app.crm, app.agent.id, id(&all), None, 10).await;
        assert_eq!(due.iter().map(|due| (due.kind.as_str(), due.sequence)).collect::<Vec<_>>(), [("lead.created", Some(1)), ("client.created", Some(2))]);
        assert_eq!(due[0].data.as_deref().map(|data| serde_json::from_str::<Value>(data).unwrap()), Some(feed[0]["data"].clone()));
        let rest = outboxes::fresh(&app.crm, app.agent.id, id(&all), Some(due[0].event), 10).await;
        assert_eq!(rest, due[1..]);
    }

    async fn a_showing_is_told_in_the_order_of_its_client(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        let client = api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201).json()["clientId"].clone();
        let listing = api.post("/api/v1/listings", &json!({"address": "1 Main St", "price": 5})).await.expect(201).json()["listingId"].clone();
        let showing = json!({"clientId": client, "listingId": listing, "requestedTimes": ["2026-11-25T15:00:00Z"]});
        let _ = api.post("/api/v1/showings", &showing).await.expect(201);
        let due = outboxes::fresh(&app.crm, app.agent.id, id(&path), None, 10).await;
        assert_eq!(due.len(), 3);
        assert_eq!(due[0].key, due[2].key);
        assert_ne!(due[0].key, due[1].key);
    }

    async fn pages_of_deliveries_follow_each_other(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        for n in 0..5 {
            lead(api, &n.to_string()).await;
        }
        let all = deliveries(api, &path).await;
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = api.get(&format!("{path}/deliveries?limit=2&cursor={cursor}")).await.expect(200).json();
            seen.extend(page["deliveries"].as_array().unwrap().clone());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, all);
        let _ = api.get(&format!("{path}/deliveries?cursor=evt_x")).await.expect(400);
        let _ = api.get(&format!("{path}/deliveries?limit=101")).await.expect(400);
    }

    async fn disabling_holds_and_enabling_sends_or_skips(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        lead(api, "Before").await;
        let disabled = api.patch(&path, &json!({"enabled": false})).await.expect(200).json();
        assert_eq!((&disabled["enabled"], &disabled["health"]["disabledBy"], &disabled["health"]["held"]), (&json!(false), &json!("owner"), &json!(1)));
        assert_eq!(app.crm.outbox().heard().await, [(app.agent.id, id(&path), Ring::Fresh), (app.agent.id, id(&path), Ring::Changed)]);
        lead(api, "Meanwhile").await;
        assert_eq!(statuses(api, &path).await, ["held", "held"]);
        assert_eq!(outboxes::waiting(&app.crm).await, []);
        assert_eq!(deliveries(api, &path).await[0]["nextAttemptAt"], Value::Null);

        let enabled = api.patch(&path, &json!({"enabled": true})).await.expect(200).json();
        assert_eq!((&enabled["health"]["disabledBy"], &enabled["health"]["pending"]), (&Value::Null, &json!(2)));
        assert_eq!(statuses(api, &path).await, ["pending", "pending"]);
        let due = outboxes::fresh(&app.crm, app.agent.id, id(&path), None, 10).await;
        assert_eq!(due.iter().map(|due| due.sequence).collect::<Vec<_>>(), [Some(1), Some(2)]);

        let _ = api.patch(&path, &json!({"enabled": false})).await.expect(200);
        let _ = api.patch(&path, &json!({"enabled": true, "held": "skip"})).await.expect(200);
        lead(api, "After").await;
        assert_eq!(statuses(api, &path).await, ["cancelled", "cancelled", "pending"]);
    }

    async fn what_is_being_released_is_not_held_again_until_that_is_broken_off(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        let _ = api.patch(&path, &json!({"enabled": false})).await.expect(200);
        many_leads(&app, 1_500).await;
        webhooks::outbox::hold_rest(&app.crm, app.agent.id, id(&path)).await.unwrap();
        let held = async || webhooks::outbox::count(&app.crm).await.unwrap().held;
        assert_eq!(held().await, 1_500);
        let change = WebhookChange::read(json!({"enabled": true}).as_object().unwrap(), &UrlRule::default()).unwrap();
        let slices = AtomicUsize::new(0);
        let is_first = move |_: &webhooks::Webhook| slices.fetch_add(1, Ordering::Relaxed) == 0;
        let broken_off = webhooks::update(&app.crm, app.agent.id, id(&path), change, is_first).await;
        assert!(matches!(broken_off, Err(Error::PreconditionFailed)));
        assert_eq!(held().await, 500);
        webhooks::outbox::hold_rest(&app.crm, app.agent.id, id(&path)).await.unwrap();
        assert_eq!(held().await, 500, "the next slice may be on its way");
        app.pass(MINUTE);
        webhooks::outbox::hold_rest(&app.crm, app.agent.id, id(&path)).await.unwrap();
        assert_eq!(held().await, 1_500);
        let enabled = api.patch(&path, &json!({"enabled": true})).await.expect(200).json();
        assert_eq!((&enabled["health"]["held"], &enabled["health"]["pending"]), (&json!(0), &json!(1_500)));
    }

    async fn a_long_queue_is_held_and_released_whole(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        many_leads(&app, 2_300).await;
        let counted = |state: &'static str| count(&app, state);
        let disabled = api.patch(&path, &json!({"enabled": false})).await.expect(200).json();
        assert_eq!(disabled["enabled"], false);
        assert_eq!(counted("SELECT COUNT(*) FROM deliveries WHERE agent_id = $1 AND state = 4").await, 2_300);
        let tag = api.get(&path).await.expect(200).header("etag").to_owned();
        let enabled = api.with("If-Match", &tag).patch(&path, &json!({"enabled": true})).await.expect(200).json();
        assert_eq!(enabled["health"]["pending"], 2_300);
        assert_eq!(counted("SELECT COUNT(*) FROM deliveries WHERE agent_id = $1 AND state = 0").await, 2_300);
        // So is a long log of a deleted webhook.
        let _ = api.delete(&path).await.expect(204);
        let _ = api.get(&path).await.expect(404);
        assert_eq!(api.get("/api/v1/webhooks").await.expect(200).json(), json!({"webhooks": []}));
        lead(api, "After").await;
        assert_eq!(outboxes::waiting(&app.crm).await, []);
        jobs::seed(&app.crm).await.unwrap();
        jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(counted("SELECT COUNT(*) FROM deliveries WHERE agent_id = $1").await, 0);
        assert_eq!(counted("SELECT COUNT(*) FROM webhooks WHERE agent_id = $1").await, 0);
    }

    async fn a_test_is_sent_by_hand_and_is_not_in_the_feed(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com", "events": ["client.created"]})).await;
        let once = api.with("Idempotency-Key", "t-1");
        let first = once.send(http::Method::POST, &format!("{path}/test"), "").await.expect(202);
        assert_eq!(first.text(), r#"{"success":true,"deliveries":1}"#);
        let again = once.send(http::Method::POST, &format!("{path}/test"), "").await.expect(202);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
        let _ = api.post(&format!("{path}/test"), &json!({"event": "listing.created"})).await.expect(202);
        assert_eq!(statuses(api, &path).await, ["pending", "pending"]);
        let names = deliveries(api, &path).await.iter().map(|delivery| delivery["event"].clone()).collect::<Vec<_>>();
        assert_eq!(names, ["listing.created", "client.created"]);
        assert_eq!(api.get("/api/v1/events").await.expect(200).json()["events"], json!([]));
        let due = outboxes::retries(&app.crm, app.agent.id, id(&path), app.crm.clock().now(), 10).await;
        assert_eq!(due.iter().map(|due| (due.is_manual, due.sequence)).collect::<Vec<_>>(), [(true, None), (true, None)]);
        assert_eq!(due[0].data, crm::json::to_string(&webhooks::sample(EventKind::ClientCreated)).ok());
    }

    async fn the_samples_have_the_keys_of_the_events(app: TestApp) {
        let api = &app.agent.api;
        lead(api, "Jane").await;
        let client = api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201).json()["clientId"].clone();
        let listing = api.post("/api/v1/listings", &json!({"address": "1 Main St", "price": 5})).await.expect(201).json()["listingId"].clone();
        let showing = json!({"clientId": client, "listingId": listing, "requestedTimes": ["2026-11-25T15:00:00Z"]});
        let _ = api.post("/api/v1/showings", &showing).await.expect(201);
        let _ = api.patch(&format!("/api/v1/clients/{}", client.as_str().unwrap()), &json!({"buyingStage": "Touring"})).await.expect(200);
        let feed = api.get("/api/v1/events").await.expect(200).json()["events"].clone();
        for event in feed.as_array().unwrap() {
            let kind = EventKind::from_name(event["event"].as_str().unwrap()).unwrap();
            let sample = webhooks::sample(kind);
            let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&sample), keys(&event["data"]), "{}", kind.name());
        }
        assert_eq!(feed.as_array().unwrap().len(), EventKind::ALL.len());
    }

    async fn one_delivery_is_sent_once_more(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        lead(api, "Jane").await;
        let _ = api.patch(&path, &json!({"enabled": false})).await.expect(200);
        let delivery = deliveries(api, &path).await[0]["id"].as_str().unwrap().to_owned();
        let answer = api.send(http::Method::POST, &format!("{path}/deliveries/{delivery}/redeliver"), "").await.expect(202);
        assert_eq!(answer.json(), json!({"success": true, "deliveries": 1}));
        // Though the webhook is disabled.
        assert_eq!(statuses(api, &path).await, ["pending"]);
        let due = outboxes::retries(&app.crm, app.agent.id, id(&path), app.crm.clock().now(), 10).await;
        assert_eq!((due.len(), due[0].is_manual), (1, true));
        let other = make(api, json!({"url": "https://example.com"})).await;
        let _ = api.send(http::Method::POST, &format!("{other}/deliveries/{delivery}/redeliver"), "").await.expect(404);
    }

    async fn all_that_did_not_arrive_since_a_time_is_sent_again(app: TestApp) {
        let api = &app.agent.api;
        lead(api, "Long before").await;
        app.clock.advance(DAY);
        many_leads(&app, 1_500).await;
        let path = make(api, json!({"url": "https://example.com", "events": ["lead.created"]})).await;
        let _ = api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201);
        lead(api, "Now").await;
        let _ = api.patch(&path, &json!({"enabled": false})).await.expect(200);
        let _ = api.patch(&path, &json!({"enabled": true, "held": "skip"})).await.expect(200);
        let once = api.with("Idempotency-Key", "b-1");
        let since = json!({"since": "2026-11-24T00:00:00Z"});
        let first = once.post(&format!("{path}/redeliver"), &since).await.expect(202);
        assert_eq!(first.json(), json!({"success": true, "deliveries": 1_501}));
        let again = once.post(&format!("{path}/redeliver"), &since).await.expect(202);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
        let _ = once.post(&format!("{path}/redeliver"), &json!({"since": 0})).await.expect(422);
        // What is due by hand already is not due twice.
        assert_eq!(api.post(&format!("{path}/redeliver"), &since).await.expect(202).json()["deliveries"], 0);
        assert_eq!(api.post(&format!("{path}/redeliver"), &json!({"since": 0})).await.expect(202).json()["deliveries"], 1);
        let due = outboxes::retries(&app.crm, app.agent.id, id(&path), app.crm.clock().now(), 3).await;
        assert_eq!(due.iter().map(|due| due.sequence).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    }

    async fn erasing_a_person_cancels_what_is_pending(app: TestApp) {
        let api = &app.agent.api;
        let path = make(api, json!({"url": "https://example.com"})).await;
        let erased = lead(api, "Erased").await;
        lead(api, "Kept").await;
        let _ = api.delete(&format!("/api/v1/leads/{erased}")).await.expect(204);
        app.clock.advance(31 * DAY);
        assert_eq!(trash::erase_due(&app.crm).await, Ok::<_, Error>(1));
        assert_eq!(statuses(api, &path).await, ["cancelled", "pending"]);
        let delivery = deliveries(api, &path).await[1]["id"].as_str().unwrap().to_owned();
        let _ = api.send(http::Method::POST, &format!("{path}/deliveries/{delivery}/redeliver"), "").await.expect(400);
        app.clock.advance(MINUTE);
        let all = json!({"since": 0});
        assert_eq!(api.post(&format!("{path}/redeliver"), &all).await.expect(202).json()["deliveries"], 0);
    }

    async fn old_events_go_but_none_that_has_still_to_be_sent(app: TestApp) {
        let api = &app.agent.api;
        for n in 0..3 {
            lead(api, &n.to_string()).await;
        }
        let path = make(api, json!({"url": "https://example.com"})).await;
        lead(api, "Pending").await;
        lead(api, "Newest of old").await;
        app.clock.advance(91 * DAY);
        jobs::seed(&app.crm).await.unwrap();
        jobs::run_due(&app.crm).await.unwrap();
        let sequences = |feed: Value| feed["events"].as_array().unwrap().iter().map(|event| event["sequence"].as_i64().unwrap()).collect::<Vec<_>>();
        assert_eq!(sequences(api.get("/api/v1/events").await.expect(200).json()), [4, 5]);
        let _ = api.patch(&path, &json!({"enabled": false})).await.expect(200);
        let _ = api.patch(&path, &json!({"enabled": true, "held": "skip"})).await.expect(200);
        app.clock.advance(DAY);
        jobs::run_due(&app.crm).await.unwrap();
        // The newest stays for whoever follows the feed.
        assert_eq!(sequences(api.get("/api/v1/events").await.expect(200).json()), [5]);
        assert_eq!(statuses(api, &path).await, ["cancelled"]);
    }
}
