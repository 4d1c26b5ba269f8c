//! What operators set: metrics, proxies, origins.

use api::Origins;
use http::Method;
use serde_json::json;
use server::{http::Network, meters::Operator};
use testkit::{Caller, on_both_engines};

const TOKEN: &str = "an operator's token";

on_both_engines! {
    async fn metrics_are_for_the_operator_and_name_nobody(app: TestApp) {
        assert_eq!(app.anonymous().get("/metrics").await.expect(404).header("content-type"), "application/problem+json");
        let node = app.arranged(|app| app.with_operator(Operator::new(TOKEN))).await;
        let anonymous = Caller::new(&node.base);
        for wrong in [anonymous.clone(), anonymous.with("Authorization", "Bearer x"), anonymous.with("Authorization", TOKEN), anonymous.with_key(&app.agent.key)] {
            assert_eq!(wrong.get("/metrics").await.expect(401).header("www-authenticate"), "Bearer");
        }
        let api = anonymous.with_key(&app.agent.key);
        let lead = api.post("/api/v1/leads", &json!({"name": "Zebediah", "email": "zebediah@example.com"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let _ = api.get(&format!("/api/v1/leads/{lead}?q=zebediah")).await.expect(200);
        let _ = api.get("/api/v1/nothing/zebediah").await.expect(404);
        let _ = anonymous.get("/zebediah").await.expect(404);
        let answer = anonymous.with("Authorization", &format!("Bearer {TOKEN}")).get("/metrics").await.expect(200);
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        let text = answer.text();
        for line in [
            "organicagent_http_requests_total{route=\"/api/v1/leads\",method=\"POST\",status=\"201\"}",
            "organicagent_http_requests_total{route=\"/api/v1/leads/{id}\",method=\"GET\",status=\"200\"}",
            "organicagent_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"}",
            "organicagent_http_request_duration_seconds_bucket{route=\"/api/v1/leads\",method=\"POST\",le=\"0.001\"}",
            "organicagent_db_waiting{queue=\"writes\"}",
            "organicagent_db_groups_total ",
            "organicagent_db_commits_total ",
            "organicagent_outbox_deliveries{state=\"fresh\"}",
            "organicagent_mails_queued",
            "process_resident_memory_bytes ",
            "process_open_fds ",
        ] {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
        for personal in ["zebediah", "Zebediah", lead.as_str(), "sarah", "127.0.0.1", "oa_live_"] {
            assert!(!text.contains(personal), "{personal} is in\n{text}");
        }
    }

    async fn refusals_of_the_limiter_are_counted(app: TestApp) {
        let node = app.arranged(|app| app.with_operator(Operator::new(TOKEN))).await;
        let api = Caller::new(&node.base).with_key(&app.agent.key);
        for _ in 0..100 {
            let _ = api.get("/api/v1/me").await.expect(200);
        }
        let _ = api.get("/api/v1/me").await.expect(429);
        let text = Caller::new(&node.base).with("Authorization", &format!("Bearer {TOKEN}")).get("/metrics").await.expect(200).text();
        assert!(text.contains("organicagent_limiter_refusals_total{kind=\"key\"}"), "{text}");
    }

    async fn guesses_are_counted_by_the_client_behind_a_trusted_proxy(app: TestApp) {
        let trusted: Network = "127.0.0.0/8".parse().unwrap();
        let node = app.arranged(|app| app.with_proxies(&[trusted])).await;
        let guess = |base: &str, client: &str| Caller::new(base).with("X-Forwarded-For", client).with_key("oa_live_guess");
        let guesser = guess(&node.base, "203.0.113.9");
        for _ in 0..100 {
            let _ = guesser.get("/api/v1/me").await.expect(401);
        }
        let _ = guesser.get("/api/v1/me").await.expect(429);
        let _ = guess(&node.base, "198.51.100.1, 203.0.113.9").get("/api/v1/me").await.expect(429);
        let _ = guess(&node.base, "203.0.113.10").get("/api/v1/me").await.expect(401);
        let _ = guesser.with_key(&app.agent.key);
        // Nobody is believed who is not trusted: there, all guesses come from one address.
        for n in 0..100 {
            let _ = guess(&app.base, &format!("203.0.113.{n}")).get("/api/v1/me").await.expect(401);
        }
        let _ = guess(&app.base, "198.51.100.1").get("/api/v1/me").await.expect(429);
        let _ = app.agent.api.get("/api/v1/me").await.expect(200);
    }

    async fn pages_of_a_listed_origin_may_call_the_api(app: TestApp) {
        let node = app.arranged(|app| app.with_origins(Origins::parse(["https://app.example.com"]).unwrap())).await;
        let anonymous = Caller::new(&node.base);
        let listed = anonymous.with("Origin", "https://app.example.com");
        let preflight = listed.with("Access-Control-Request-Method", "PATCH").with("Access-Control-Request-Headers", "x-api-key,content-type");
        let allowed = preflight.send(Method::OPTIONS, "/api/v1/leads/x", "").await.expect(204);
        assert_eq!(allowed.header("access-control-allow-origin"), "https://app.example.com");
        assert_eq!(allowed.header("access-control-allow-methods"), "DELETE, GET, HEAD, OPTIONS, PATCH");
        assert!(allowed.header("access-control-allow-headers").contains("X-API-Key"));
        assert_eq!(allowed.header("vary"), "Origin");
        assert_eq!(allowed.header("access-control-allow-credentials"), "");

        let answer = listed.with_key(&app.agent.key).get("/api/v1/leads").await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
        assert!(answer.header("access-control-expose-headers").contains("RateLimit"));
        assert_eq!(listed.get("/api/v1/leads").await.expect(401).header("access-control-allow-origin"), "https://app.example.com");

        for origin in ["https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "null"] {
            let other = anonymous.with("Origin", origin).with("Access-Control-Request-Method", "GET");
            let refused = other.send(Method::OPTIONS, "/api/v1/leads", "").await.expect(204);
            assert_eq!((refused.header("access-control-allow-origin"), refused.header("vary")), ("", "Origin"), "{origin}");
        }
    }

    async fn without_origins_no_page_may_call_the_api(app: TestApp) {
        let page = app.agent.api.with("Origin", "https://app.example.com").with("Access-Control-Request-Method", "GET");
        for answer in [page.get("/api/v1/leads").await.expect(200), page.send(Method::OPTIONS, "/api/v1/leads", "").await.expect(204)] {
            let names = answer.headers.keys().map(|name| name.as_str().to_owned());
            assert_eq!(names.filter(|name| name.starts_with("access-control") || name == "vary").collect::<Vec<_>>(), [] as [String; 0]);
        }
    }
}
