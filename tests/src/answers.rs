//! Answers that are given again while nothing changes: no reader sees an old one after a write was answered, whoever wrote.

use std::time::Duration;

use crm::api_keys::{self, NewKey, Scopes};
use serde_json::json;
use testkit::{Engine, TestApp, block_on, on_both_engines};

on_both_engines! {
    async fn a_list_that_was_asked_for_shows_every_later_change(app: TestApp) {
        let api = &app.agent.api;
        let names = async || {
            let page = api.get("/api/v1/leads?limit=5").await.expect(200).json();
            page["leads"].as_array().unwrap().iter().map(|lead| lead["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(names().await.is_empty());
        let created = api.post("/api/v1/leads", &json!({"name": "First"})).await.expect(201).json();
        let path = format!("/api/v1/leads/{}", created["leadId"].as_str().unwrap());
        assert_eq!(names().await, ["First"]);
        assert_eq!(names().await, ["First"]);
        let _ = api.patch(&path, &json!({"name": "Changed"})).await.expect(200);
        assert_eq!(names().await, ["Changed"]);
        assert_eq!(api.get(&path).await.expect(200).json()["name"], "Changed");
        let _ = api.delete(&path).await.expect(204);
        assert!(names().await.is_empty());
        let _ = api.get(&path).await.expect(404);
    }

    async fn a_repeated_answer_is_the_same_to_the_byte(app: TestApp) {
        let api = &app.agent.api;
        let _ = api.post("/api/v1/leads", &json!({"name": "Jane Doe"})).await.expect(201);
        let (first, second) = (api.get("/api/v1/leads").await.expect(200), api.get("/api/v1/leads").await.expect(200));
        assert_eq!(first.text(), second.text());
        for header in ["etag", "content-type", "content-length", "cache-control"] {
            assert_eq!(first.header(header), second.header(header), "{header}");
        }
        let tag = second.header("etag").to_owned();
        let unchanged = api.with("If-None-Match", &tag).get("/api/v1/leads").await.expect(304);
        assert_eq!(unchanged.text(), "");
        let _ = api.post("/api/v1/leads", &json!({"name": "Jane Doe"})).await.expect(201);
        let _ = api.with("If-None-Match", &tag).get("/api/v1/leads").await.expect(200);
    }

    async fn another_process_is_noticed_at_once(app: TestApp) {
        // Another server on the same database: to the first one, another process.
        let other = app.another_node().await;
        let there = testkit::Caller::new(&other.base).with_key(&app.agent.key);
        for count in 0..5 {
            assert_eq!(app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"], count);
            assert_eq!(app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"], count);
            let _ = there.post("/api/v1/leads", &json!({"name": "Theirs"})).await.expect(201);
        }
    }

    async fn a_key_that_another_process_replaced_is_refused_at_once(app: TestApp) {
        let other = app.another_node().await;
        let api = &app.agent.api;
        for _ in 0..3 {
            let _ = api.get("/api/v1/leads").await.expect(200);
        }
        let new = NewKey { name: String::from("Test"), scopes: Scopes::ALL, lifetime: None };
        let key = api_keys::replace(&other.crm, app.agent.id, new.clone()).await.unwrap();
        let _ = api.get("/api/v1/leads").await.expect(401);
        let again = testkit::Caller::new(&app.base).with_key(key.reveal());
        let _ = again.get("/api/v1/leads").await.expect(200);
        let _ = again.get("/api/v1/leads").await.expect(200);
        api_keys::replace(&app.crm, app.agent.id, new).await.unwrap();
        let _ = again.get("/api/v1/leads").await.expect(401);
    }

    async fn a_known_key_ends_when_it_ends(app: TestApp) {
        let key = app.key(app.agent.id, Scopes::ALL, Some(Duration::from_secs(60))).await;
        let api = testkit::Caller::new(&app.base).with_key(&key);
        let _ = api.get("/api/v1/leads").await.expect(200);
        app.clock.advance(Duration::from_secs(59));
        let _ = api.get("/api/v1/leads").await.expect(200);
        app.clock.advance(Duration::from_secs(1));
        let _ = api.get("/api/v1/leads").await.expect(401);
    }
}

#[test]
fn readers_beside_writers_never_see_less_than_was_answered() {
    block_on(async {
        let settings = crm::Settings { rate_limit: 1_000_000, ..crm::Settings::default() };
        let app = TestApp::start_with(Engine::Sqlite, &settings).await;
        let writers = (0..4).map(|_| {
            let api = app.agent.api.clone();
            tokio::spawn(async move {
                for _ in 0..100 {
                    let _ = api.post("/api/v1/leads", &json!({"name": "One"})).await.expect(201);
                    // Its own write and all that were answered before.
                    let first = api.get("/api/v1/leads?limit=1").await.expect(200).json()["total"].as_u64().unwrap();
                    let _ = api.post("/api/v1/leads", &json!({"name": "Two"})).await.expect(201);
                    let second = api.get("/api/v1/leads?limit=1").await.expect(200).json()["total"].as_u64().unwrap();
                    assert!(second > first, "{second} after {first}");
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(app.agent.api.get("/api/v1/leads?limit=1").await.expect(200).json()["total"], 800);
    });
}
