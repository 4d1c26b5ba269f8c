//! Webhooks as their owner registers and changes them. Nothing is sent here: no dispatcher runs.

use crm::{ids::WebhookId, webhooks::outbox};
use db::params;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Caller, TestApp, on_both_engines};

/// Makes a webhook; gives back the whole answer.
async fn make(api: &Caller, webhook: Value) -> Value {
    api.post("/api/v1/webhooks", &webhook).await.expect(201).json()
}

fn path(webhook: &Value) -> String {
    format!("/api/v1/webhooks/{}", webhook["id"].as_str().unwrap())
}

/// The fields that a 400 names.
fn fields(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What the dispatcher is given of a webhook.
async fn target(app: &TestApp, webhook: &Value) -> Option<outbox::Target> {
    let id = webhook["id"].as_str().unwrap().parse::<WebhookId>().unwrap();
    outbox::target(&app.crm, app.agent.id, id).await.unwrap()
}

/// Every text in the database that could hold a secret.
async fn stored(app: &TestApp) -> Vec<String> {
    let read = app.crm.database().read("test.stored", |tx| {
        let mut texts = tx.query("SELECT answer FROM idempotency_keys", params![], |row| row.get::<String>(0))?;
        texts.extend(tx.query("SELECT secret FROM webhooks", params![], |row| {
            Ok(String::from_utf8_lossy(row.bytes(0)?).into_owned())
        })?);
        texts.extend(tx.query("SELECT headers FROM webhooks WHERE headers IS NOT NULL", params![], |row| {
            Ok(String::from_utf8_lossy(row.bytes(0)?).into_owned())
        })?);
        Ok::<_, db::DbError>(texts)
    });
    read.await.unwrap()
}

on_both_engines! {
    async fn a_webhook_is_made_with_a_secret_that_is_shown_once(app: TestApp) {
        let api = &app.agent.api;
        let asked = json!({"url": " https://example.com/hook?key=1 ", "events": ["client.created", "lead.created"], "description": "CRM"});
        let answer = api.post("/api/v1/webhooks", &asked).await.expect(201);
        let made = answer.json();
        assert_eq!(keys(&made), ["id", "url", "events", "description", "enabled", "secret", "createdAt"]);
        assert_eq!(answer.header("location"), path(&made));
        assert_eq!(made["url"], "https://example.com/hook?key=1");
        assert_eq!(made["events"], json!(["lead.created", "client.created"]));
        assert_eq!((&made["description"], &made["enabled"]), (&json!("CRM"), &json!(true)));
        assert_eq!(made["createdAt"], "2026-11-23T15:00:00.000Z");
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_") && secret.len() == 38, "{secret}");

        let read = api.get(&path(&made)).await.expect(200);
        let list = api.get("/api/v1/webhooks").await.expect(200);
        let changed = api.patch(&path(&made), &json!({"description": "Other"})).await.expect(200);
        for answer in [&read, &list, &changed] {
            assert!(!answer.text().contains("whsec_") && !answer.text().contains("secret"), "{}", answer.text());
        }
        let read = read.json();
        assert_eq!(keys(&read), ["id", "url", "events", "description", "enabled", "createdAt", "updatedAt", "headers", "health"]);
        let health = json!({
            "successRate": null, "lastSuccessAt": null, "lastFailureAt": null, "lastError": null, "failingSince": null,
            "pending": 0, "held": 0, "disabledBy": null
        });
        assert_eq!(read["health"], health);
        let mut item = read.clone();
        item.as_object_mut().unwrap().remove("health");
        assert_eq!(list.json(), json!({"webhooks": [item]}));
        let target = target(&app, &made).await.unwrap();
        assert_eq!((target.secrets.current.as_str(), &target.secrets.old), (secret, &None));
        assert_eq!((target.agent_slug.as_str(), target.is_enabled, target.epoch), ("sarah-johnson", true, 0));
        assert!(stored(&app).await.iter().all(|text| !text.contains(&secret[6..])));
    }

    async fn a_url_has_8_kib(app: TestApp) {
        let api = &app.agent.api;
        let longest = format!("https://example.com/{}", "x".repeat(8_172));
        let made = make(api, json!({"url": longest})).await;
        assert_eq!(api.get(&path(&made)).await.expect(200).json()["url"], longest);
        let longer = json!({"url": format!("{longest}x")});
        assert_eq!(fields(&api.post("/api/v1/webhooks", &longer).await.expect(400)), ["url"]);
        assert_eq!(fields(&api.patch(&path(&made), &longer).await.expect(400)), ["url"]);
        let listing = json!({"address": "1 Main St", "price": 1, "virtualTourUrl": longest});
        let _ = api.post("/api/v1/listings", &listing).await.expect(201);
        assert_eq!(api.get("/api/v1/listings").await.json()["listings"][0]["virtualTourUrl"], longest);
        let longer = json!({"address": "1 Main St", "price": 1, "virtualTourUrl": format!("{longest}x")});
        assert_eq!(fields(&api.post("/api/v1/listings", &longer).await.expect(400)), ["virtualTourUrl"]);
    }

    async fn without_a_filter_a_webhook_is_for_all_events(app: TestApp) {
        let all = json!(["lead.created", "client.created", "listing.created", "showing.requested", "client.stage_changed"]);
        let api = &app.agent.api;
        for input in [json!({}), json!({"events": []}), json!({"events": null}), json!({"event": ""})] {
            let mut asked = json!({"url": "https://example.com/hook"});
            asked.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
            assert_eq!(make(api, asked).await["events"], all, "{input}");
        }
        let one = make(api, json!({"url": "https://example.com/hook", "event": "listing.created"})).await;
        assert_eq!(one["events"], json!(["listing.created"]));
    }

    async fn every_wrong_field_is_named_and_a_forbidden_url_is_one(app: TestApp) {
        let api = &app.agent.api;
        let wrong = json!({"url": "javascript:alert(1)", "events": ["lead.deleted"], "description": 5, "headers": {"Host": "x", "X-Ok": "y"}});
        let answer = api.post("/api/v1/webhooks", &wrong).await.expect(400);
        assert_eq!(fields(&answer), ["url", "events[0]", "description", "headers.Host"]);
        assert_eq!(fields(&api.post("/api/v1/webhooks", &json!({"event": "no.such"})).await.expect(400)), ["url", "event"]);
        let made = make(api, json!({"url": "https://example.com"})).await;
        let answer = api.patch(&path(&made), &json!({"url": null, "enabled": "yes", "held": "later"})).await.expect(400);
        assert_eq!(fields(&answer), ["url", "enabled", "held"]);
        assert_eq!(fields(&api.post(&format!("{}/redeliver", path(&made)), &json!({})).await.expect(400)), ["since"]);
        assert_eq!(fields(&api.post(&format!("{}/test", path(&made)), &json!({"event": "x"})).await.expect(400)), ["event"]);
        assert_eq!(api.get("/api/v1/webhooks").await.json()["webhooks"].as_array().unwrap().len(), 1);
    }

    async fn there_can_be_fifty_webhooks(app: TestApp) {
        let mut last = Value::Null;
        for _ in 0..50 {
            last = make(&app.agent.api, json!({"url": "https://example.com"})).await;
        }
        let _ = app.agent.api.post("/api/v1/webhooks", &json!({"url": "https://example.com"})).await.expect(400);
        let _ = app.agent.api.delete(&path(&last)).await.expect(204);
        make(&app.agent.api, json!({"url": "https://example.com"})).await;
    }

    async fn headers_are_masked_kept_by_their_mask_and_sealed(app: TestApp) {
        let api = &app.agent.api;
        let made = make(api, json!({"url": "https://example.com", "headers": {"X-Key": "k3y", "Authorization": "Bearer t0ken"}})).await;
        let masked = json!([{"name": "X-Key", "value": "••••"}, {"name": "Authorization", "value": "••••"}]);
        let read = api.get(&path(&made)).await.expect(200).json();
        assert_eq!(read["headers"], masked);
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        assert_eq!(target(&app, &made).await.unwrap().headers, pairs(&[("X-Key", "k3y"), ("Authorization", "Bearer t0ken")]));
        assert!(stored(&app).await.iter().all(|text| !text.contains("t0ken") && !text.contains("k3y")));

        // What was read can be sent back.
        let changed = api.patch(&path(&made), &read).await.expect(200).json();
        assert_eq!(changed["headers"], masked);
        assert_eq!(target(&app, &made).await.unwrap().headers, pairs(&[("X-Key", "k3y"), ("Authorization", "Bearer t0ken")]));
        let list = json!({"headers": [{"name": "x-key", "value": "••••"}, {"name": "X-New", "value": "n"}]});
        let _ = api.patch(&path(&made), &list).await.expect(200);
        assert_eq!(target(&app, &made).await.unwrap().headers, pairs(&[("x-key", "k3y"), ("X-New", "n")]));
        let unknown = json!({"headers": {"X-Other": "••••"}});
        assert_eq!(fields(&api.patch(&path(&made), &unknown).await.expect(400)), ["headers.X-Other"]);
        assert_eq!(api.patch(&path(&made), &json!({"headers": null})).await.expect(200).json()["headers"], json!([]));
    }

    async fn a_repeated_create_answers_the_same_bytes_and_keeps_no_secret(app: TestApp) {
        let api = app.agent.api.with("Idempotency-Key", "w-1");
        let asked = json!({"url": "https://example.com", "headers": {"X-Key": "k3y"}});
        let first = api.post("/api/v1/webhooks", &asked).await.expect(201);
        let made = first.json();
        let _ = app.agent.api.patch(&path(&made), &json!({"url": "https://example.com/new"})).await.expect(200);
        let rotated = app.agent.api.post(&format!("{}/rotate-secret", path(&made)), &json!({})).await.expect(200).json();
        assert_ne!(rotated["secret"], made["secret"]);
        let again = api.post("/api/v1/webhooks", &asked).await.expect(201);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
        assert_eq!(again.header("location"), first.header("location"));
        let _ = api.post("/api/v1/webhooks", &json!({"url": "https://example.com/other"})).await.expect(422);
        let secret = &made["secret"].as_str().unwrap()[6..];
        assert!(stored(&app).await.iter().all(|text| !text.contains(secret) && !text.contains("k3y")));
        let _ = app.agent.api.delete(&path(&made)).await.expect(204);
        assert_eq!(api.post("/api/v1/webhooks", &asked).await.expect(201).text(), first.text());
    }

    async fn a_rotation_overlaps_for_a_day_or_ends_the_old_secret_at_once(app: TestApp) {
        let api = &app.agent.api;
        let made = make(api, json!({"url": "https://example.com"})).await;
        let rotate = format!("{}/rotate-secret", path(&made));
        // No body is as good as an empty one.
        let first = api.send(Method::POST, &rotate, "").await.expect(200);
        assert_eq!(keys(&first.json()), ["secret"]);
        let secrets = target(&app, &made).await.unwrap().secrets;
        assert_eq!(secrets.current, first.json()["secret"]);
        let (old, until) = secrets.old.unwrap();
        assert_eq!((json!(old), until.to_rfc3339().as_str()), (made["secret"].clone(), "2026-11-24T15:00:00.000Z"));
        assert_eq!(secrets.published, crm::webhooks::Published::Old);

        let once = api.with("Idempotency-Key", "r-1");
        let second = once.post(&rotate, &json!({"now": true})).await.expect(200);
        assert_eq!(once.post(&rotate, &json!({"now": true})).await.expect(200).text(), second.text());
        let secrets = target(&app, &made).await.unwrap().secrets;
        assert_eq!((json!(secrets.current), secrets.old), (second.json()["secret"].clone(), None));
        assert_eq!(secrets.published, crm::webhooks::Published::Current);
        let _ = api.post(&rotate, &json!({"now": "yes"})).await.expect(400);
    }

    async fn a_change_keeps_what_it_does_not_name_and_asks_for_the_settings_only(app: TestApp) {
        let api = &app.agent.api;
        let made = make(api, json!({"url": "https://example.com", "events": ["lead.created"], "description": "x"})).await;
        let tag = api.get(&path(&made)).await.expect(200).header("etag").to_owned();
        // A delivery changes the answer, not the settings.
        let _ = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        let now = api.get(&path(&made)).await.expect(200);
        assert_ne!(now.header("etag"), tag);
        assert_eq!(now.json()["health"]["pending"], 1);
        let _ = api.with("If-None-Match", &tag).get(&path(&made)).await.expect(200);
        let _ = api.with("If-None-Match", now.header("etag")).get(&path(&made)).await.expect(304);
        app.clock.advance(std::time::Duration::from_secs(1));
        let changed = api.with("If-Match", &tag).patch(&path(&made), &json!({"description": null})).await.expect(200).json();
        assert_eq!((&changed["description"], &changed["events"]), (&Value::Null, &json!(["lead.created"])));
        assert_eq!(changed["updatedAt"], "2026-11-23T15:00:01.000Z");
        for call in [
            api.with("If-Match", &tag).patch(&path(&made), &json!({"description": "y"})).await,
            api.with("If-Match", &tag).delete(&path(&made)).await,
        ] {
            let _ = call.expect(412);
        }
        let all = api.patch(&path(&made), &json!({"events": null})).await.expect(200).json();
        assert_eq!(all["events"].as_array().unwrap().len(), 5);
        let _ = api.delete(&path(&made)).await.expect(204);
        let _ = api.get(&path(&made)).await.expect(404);
        let _ = api.delete(&path(&made)).await.expect(404);
        assert_eq!(target(&app, &made).await, None);
    }
}
