//! Rules for every endpoint.

use crm::api_keys::Scopes;
use http::Method;
use serde_json::json;
use testkit::{Engine, on_both_engines};

/// Seconds until the first request leaves the window. On PostgreSQL they go by the database's clock, which no test holds.
fn assert_is_reset(engine: Engine, seconds: &str) {
    match engine {
        Engine::Sqlite => assert_eq!(seconds, "60"),
        Engine::Postgres => assert!((1..=60).contains(&seconds.parse::<u32>().unwrap()), "{seconds}"),
    }
}

on_both_engines! {
    async fn a_request_without_a_valid_key_is_refused(app: TestApp) {
        let anonymous = app.anonymous();
        let revoked = format!("oa_live_{}", "0".repeat(36));
        for caller in [
            anonymous.clone(),
            anonymous.with_key("your_api_key_here"),
            anonymous.with_key(""),
            anonymous.with_key(&revoked),
            anonymous.with_key(&app.agent.key[..43]),
            anonymous.with_key(&app.agent.key).with_key(&app.agent.key),
            anonymous.with("Authorization", &format!("Bearer {}", app.agent.key)),
        ] {
            for path in ["/api/v1/leads", "/api/v1/nothing", "/api/v1"] {
                let refused = caller.get(path).await.expect(401);
                assert_eq!(refused.header("content-type"), "application/problem+json");
                assert_eq!(refused.json()["success"], false);
            }
        }
        let _ = anonymous.get(&format!("/api/v1/leads?X-API-Key={}", app.agent.key)).await.expect(401);
        let _ = anonymous.get("/api/v1/openapi.json").await.expect(200);
    }

    async fn a_key_does_what_its_scopes_say_until_it_ends(app: TestApp) {
        let reading = Scopes { can_read: true, can_write: false };
        let minute = std::time::Duration::from_secs(60);
        let key = app.key(app.agent.id, reading, Some(minute)).await;
        let api = app.anonymous().with_key(&key);
        let _ = api.get("/api/v1/leads").await.expect(200);
        let _ = api.post("/api/v1/leads", &json!({"name": "x"})).await.expect(403);
        assert_eq!(api.get("/api/v1/me").await.expect(200).json()["key"], json!({"name": "Test", "scopes": ["read"], "expiresAt": "2026-11-23T15:01:00.000Z"}));
        app.clock.advance(minute);
        let _ = api.get("/api/v1/leads").await.expect(401);
    }

    async fn checks_come_in_the_published_order(app: TestApp) {
        let api = &app.agent.api;
        let anonymous = app.anonymous();
        let large = "x".repeat(256 * 1024 + 1);
        let _ = anonymous.send(Method::POST, "/api/v1/leads", large.clone()).await.expect(413);
        let _ = anonymous.send(Method::POST, "/api/v1/nothing", large).await.expect(413);
        let _ = anonymous.get(&format!("/api/v1/leads?q={}", "x".repeat(9 * 1024))).await.expect(414);
        let _ = api.get("/api/v1/nothing").await.expect(404);
        let _ = api.get("/api/v1/leads/x/y").await.expect(404);
        let wrong = api.send(Method::PUT, "/api/v1/leads", "").await.expect(405);
        assert_eq!(wrong.header("allow"), "GET, HEAD, OPTIONS, POST");
        let reader = app.anonymous().with_key(&app.key(app.agent.id, Scopes { can_read: true, can_write: false }, None).await);
        let _ = reader.send(Method::POST, "/api/v1/leads", "not json").await.expect(403);
        let _ = reader.send(Method::DELETE, "/api/v1/leads", "").await.expect(405);
        let _ = api.with("Content-Type", "application/json").send(Method::PATCH, "/api/v1/leads/nothing", "not json").await.expect(400);
        let _ = api.patch("/api/v1/leads/nothing", &json!({})).await.expect(404);
    }

    async fn a_trailing_slash_head_and_options_are_answered(app: TestApp) {
        let api = &app.agent.api;
        let _ = api.post("/api/v1/leads/", &json!({"name": "x"})).await.expect(201);
        let get = api.get("/api/v1/leads").await.expect(200);
        let head = api.send(Method::HEAD, "/api/v1/leads", "").await.expect(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("etag"), get.header("etag"));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        let options = app.anonymous().send(Method::OPTIONS, "/api/v1/leads", "").await.expect(204);
        assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS, POST");
        assert_eq!(options.header("access-control-allow-origin"), "");
    }

    async fn a_valid_key_counts_also_where_none_is_needed(app: TestApp) {
        let api = &app.agent.api;
        let left = |answer: &testkit::Answer| answer.header("ratelimit").split(['=', ';']).nth(2).unwrap_or_default().to_owned();
        assert_eq!(left(&api.get("/api/v1/openapi.json").await.expect(200)), "99");
        assert_eq!(left(&api.send(Method::OPTIONS, "/api/v1/leads", "").await.expect(204)), "98");
        let wrong = app.anonymous().with_key("oa_live_wrong");
        assert_eq!(left(&wrong.get("/api/v1/openapi.json").await.expect(200)), "");
        let _ = wrong.send(Method::OPTIONS, "/api/v1/leads", "").await.expect(204);
    }

    async fn an_error_names_every_wrong_field(app: TestApp) {
        let refused = app.agent.api.post("/api/v1/leads", &json!({"name": "", "email": "nobody", "phone": 5})).await.expect(400);
        let body = refused.json();
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(body["instance"], refused.header("x-request-id"));
        assert_eq!((&body["status"], &body["title"], &body["success"]), (&json!(400), &json!("Bad request"), &json!(false)));
        let fields = body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(fields, ["name", "email", "phone"]);
        assert_eq!(body["error"], body["detail"]);
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
    }

    async fn the_hundredth_request_in_a_minute_is_the_last(app: TestApp) {
        let api = &app.agent.api;
        for n in 1..=100 {
            let answer = api.get("/api/v1/me").await.expect(200);
            assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=100;w=60");
            let (remaining, reset) = answer.header("ratelimit").rsplit_once(";t=").unwrap();
            assert_eq!(remaining, format!("\"default\";r={}", 100 - n));
            assert_is_reset(app.engine, reset);
        }
        let refused = api.get("/api/v1/nothing").await.expect(429);
        assert_is_reset(app.engine, refused.header("retry-after"));
        assert_eq!(refused.json()["type"], "/docs#quota-exceeded");
        let other = app.another_agent("Bob").await;
        let _ = other.api.get("/api/v1/me").await.expect(200);
    }

    async fn an_idempotency_key_makes_one_lead(app: TestApp) {
        let api = app.agent.api.with("Idempotency-Key", "one");
        let first = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        assert_eq!(first.header("idempotent-replayed"), "");
        let again = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        let _ = api.post("/api/v1/leads", &json!({"name": "John"})).await.expect(422);
        assert_eq!(app.agent.api.get("/api/v1/leads").await.json()["total"], 1);

        let other = app.another_agent("Bob").await;
        let theirs = other.api.with("Idempotency-Key", "one").post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        assert_ne!(theirs.body, first.body);

        app.clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
        let _ = api.post("/api/v1/leads", &json!({"name": "John"})).await.expect(201);
        for wrong in ["", "a b", &"x".repeat(256), "é"] {
            let _ = app.agent.api.with("Idempotency-Key", wrong).post("/api/v1/leads", &json!({"name": "x"})).await.expect(400);
        }
    }

    async fn fifty_at_once_with_one_idempotency_key_make_one_lead(app: TestApp) {
        let api = app.agent.api.with("Idempotency-Key", "race");
        let calls = (0..50).map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201).body })
        });
        let mut bodies = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            bodies.push(call.await.unwrap());
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]));
        assert_eq!(app.agent.api.get("/api/v1/leads").await.json()["total"], 1);
    }

    async fn another_host_finds_nothing(app: TestApp) {
        let api = &app.agent.api;
        let _ = api.with("Host", "evil.example").get("/api/v1/leads").await.expect(404);
        let _ = app.anonymous().with("Host", "evil.example").get("/api/v1/leads").await.expect(404);
        let _ = api.with("Host", "localhost:1").get("/api/v1/leads").await.expect(200);
        let _ = app.anonymous().with("Host", "evil.example").get("/healthz").await.expect(200);
        let _ = app.anonymous().with("Host", "evil.example").get("/readyz").await.expect(200);
    }

    async fn a_callers_request_id_is_kept_where_it_is_a_word(app: TestApp) {
        let api = &app.agent.api;
        assert_eq!(api.with("X-Request-Id", "abc-1.2_3").get("/api/v1/me").await.header("x-request-id"), "abc-1.2_3");
        for odd in ["", "a b", "<script>", &"x".repeat(129)] {
            assert!(api.with("X-Request-Id", odd).get("/api/v1/me").await.header("x-request-id").starts_with("req_"));
        }
    }
}
