//! Settings → API in the browser: keys and webhooks.

use serde_json::json;
use testkit::{Browser, Sink, TestAgent, browser::PASSWORD, on_both_engines, until};

const PAGE: &str = "/dashboard/settings/api";
const NEW: &str = "/dashboard/settings/api/webhooks/new";

/// What stands between two texts; empty where they do not.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map_or("", |(found, _)| found)
}

/// Makes a key in the form; the key.
async fn make_key(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    let page = browser.post("/dashboard/settings/api/keys", fields).await.expect(201).text();
    let key = between(&page, "<code id=\"new-key\">", "</code>").to_owned();
    assert!(key.starts_with("oa_live_") && key.len() == 44, "{page}");
    key
}

/// Makes a webhook in the form; its page and its secret.
async fn make_webhook(browser: &mut Browser, fields: &[(&str, &str)]) -> (String, String) {
    let page = browser.post(NEW, fields).await.expect(201).text();
    let path =
        format!("{PAGE}/webhooks/{}", between(&page, "class=\"crumb\" href=\"/dashboard/settings/api/webhooks/", "\""));
    let secret = between(&page, "<code id=\"secret\">", "</code>").to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 38, "{page}");
    (path, secret)
}

/// A webhook of an agent, by the API; its page.
async fn webhook_of(agent: &TestAgent) -> String {
    let made =
        agent.api.post("/api/v1/webhooks", &json!({"url": "https://example.com/theirs"})).await.expect(201).json();
    format!("{PAGE}/webhooks/{}", made["id"].as_str().unwrap())
}

on_both_engines! {
    async fn a_key_made_in_the_form_works_until_it_is_revoked(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let key = make_key(&mut browser, &[("name", " Zapier <b> "), ("scope", ""), ("expires", "")]).await;
        let api = app.anonymous().with_key(&key);
        let me = api.get("/api/v1/me").await.expect(200).json();
        assert_eq!((&me["key"]["name"], &me["key"]["scopes"]), (&json!("Zapier <b>"), &json!(["read", "write"])));
        let _ = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);

        let page = browser.get(PAGE).await.expect(200).text();
        assert!(page.contains("Zapier &#60;b&#62;") && !page.contains(&key) && !page.contains("Zapier <b>"), "{page}");
        let id = page.split("/keys/").find(|part| part.contains("Revoke the key “Zapier")).unwrap().split('/').next().unwrap();
        let revoke = format!("/dashboard/settings/api/keys/{id}/revoke");
        for _ in 0..2 {
            let answer = browser.post(&revoke, &[]).await.expect(303);
            assert_eq!(answer.header("location"), "/dashboard/settings/api?done=key-revoked");
            let _ = api.get("/api/v1/me").await.expect(401);
        }
        assert!(!browser.get(PAGE).await.expect(200).text().contains("Zapier &#60;b&#62;"));
        let _ = app.agent.api.get("/api/v1/me").await.expect(200);
    }

    async fn a_key_may_do_and_lasts_as_the_form_says(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let key = make_key(&mut browser, &[("name", "Reader"), ("scope", "read"), ("expires", "30")]).await;
        let api = app.anonymous().with_key(&key);
        let _ = api.get("/api/v1/leads").await.expect(200);
        let _ = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(403);
        app.clock.advance(std::time::Duration::from_secs(30 * 24 * 60 * 60));
        let _ = api.get("/api/v1/leads").await.expect(401);
        let mut browser = app.sign_in(&app.agent).await;
        for name in ["", "  ", &"x".repeat(201)] {
            let refused = browser.post("/dashboard/settings/api/keys", &[("name", name)]).await.expect(422);
            assert!(!refused.text().contains("<code id=\"new-key\">"), "{name:?}");
        }
    }

    async fn a_webhook_made_in_the_form_gets_its_event(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let sink = Sink::start().await;
        let fields = [("url", sink.url("/hook")), ("events", String::from("lead.created")), ("description", String::from("CRM <i>")), ("headers", String::from("X-Their-Key: k3y\r\n\r\n"))];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let (path, secret) = make_webhook(&mut browser, &fields).await;
        let _sending = app.send_webhooks();
        let _ = app.agent.api.post("/api/v1/clients", &json!({"name": "Not this", "email": "c@example.com"})).await.expect(201);
        let _ = app.agent.api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        let request = sink.wait_for("/hook", 1).await.remove(0);
        assert_eq!((request.name().as_str(), request.header("x-their-key")), ("Jane", "k3y"));
        assert!(request.is_signed_with(&secret) && request.is_standard_signed_with(&secret));
        until(async || browser.get(&path).await.expect(200).text().contains(">Delivered<")).await;
        let _ = browser.post(&format!("{path}/test"), &[("event", "client.created")]).await.expect(303);
        assert_eq!(sink.wait_for("/hook", 2).await[1].header("x-organicagent-event"), "client.created");
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("CRM &#60;i&#62;") && !page.contains("k3y"), "{page}");

        let _ = browser.post(&format!("{path}/disable"), &[]).await.expect(303);
        assert!(browser.get(&path).await.expect(200).text().contains("Nothing is sent."));
        let _ = browser.post(&format!("{path}/enable"), &[("held", "send")]).await.expect(303);
        let answer = browser.post(&format!("{path}/delete"), &[]).await.expect(303);
        assert_eq!(answer.header("location"), "/dashboard/settings/api?done=webhook-deleted");
        let _ = browser.get(&path).await.expect(404);
    }

    async fn what_is_wrong_with_a_webhook_stands_beside_its_field(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let refused = browser.post(NEW, &[("url", ""), ("description", "\"><script>x</script>")]).await.expect(422).text();
        assert!(refused.contains("id=\"url-wrong\"") && !refused.contains("<script>x"), "{refused}");
        let path = webhook_of(&app.agent).await;
        let refused = browser.post(&path, &[("url", "https://example.com"), ("events", "lead.eaten")]).await.expect(422).text();
        assert!(refused.contains("Not saved yet"), "{refused}");
        let saved = browser.post(&path, &[("url", "https://example.com/new"), ("events", "lead.created")]).await.expect(303);
        assert_eq!(saved.header("location"), format!("{path}?done=webhook-saved"));
    }

    async fn the_secret_is_shown_again_only_after_the_password(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let (path, secret) = make_webhook(&mut browser, &[("url", "https://example.com/hook?token=t0ken")]).await;
        for password in ["", "not this one, surely"] {
            for what in ["secret", "rotate"] {
                let refused = browser.post(&format!("{path}/{what}"), &[("password", password), ("now", "1")]).await.expect(422).text();
                assert!(refused.contains("This is not your password.") && !refused.contains("whsec_"), "{refused}");
            }
        }
        let shown = browser.post(&format!("{path}/secret"), &[("password", PASSWORD)]).await.expect(200);
        assert_eq!((between(&shown.text(), "<code id=\"secret\">", "</code>"), shown.header("cache-control")), (secret.as_str(), "no-store"));
        let rotated = browser.post(&format!("{path}/rotate"), &[("password", PASSWORD)]).await.expect(200).text();
        let new = between(&rotated, "<code id=\"secret\">", "</code>");
        assert!(new.starts_with("whsec_") && new != secret, "{rotated}");
        for page in [PAGE, &path, &format!("{path}/secret")] {
            let answer = browser.get(page).await;
            assert!(!answer.text().contains("whsec_"), "{page}: {}", answer.text());
        }
        assert!(!browser.get(PAGE).await.text().contains("t0ken"), "the list shows no more than the host");

        // Who guesses the password there waits as at the door.
        for _ in 0..10 {
            let _ = browser.post(&format!("{path}/secret"), &[("password", "a guess of many words")]).await;
        }
        let _ = browser.post(&format!("{path}/secret"), &[("password", PASSWORD)]).await.expect(429);
    }

    async fn what_is_another_agents_is_not_there(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let bob = app.another_agent("Bob").await;
        let path = webhook_of(&bob).await;
        let unknown = format!("{PAGE}/webhooks/whk_00000000000000000000000000");
        let form = [("url", "https://example.com/mine"), ("password", PASSWORD), ("since", "2026-11-23T00:00")];
        let theirs = browser.get(&path).await.expect(404);
        let nobodys = browser.get(&unknown).await.expect(404);
        assert_eq!(theirs.text(), nobodys.text());
        for what in ["", "/enable", "/disable", "/rotate", "/secret", "/test", "/redeliver"] {
            let theirs = browser.post(&format!("{path}{what}"), &form).await;
            assert_eq!((theirs.status, theirs.text()), (404, nobodys.text()), "{what}");
        }
        // What is gone is gone: deleting and revoking it again is fine, and tells nothing.
        let deleted = [browser.post(&format!("{path}/delete"), &[]).await, browser.post(&format!("{unknown}/delete"), &[]).await];
        assert!(deleted.iter().all(|answer| (answer.status, answer.header("location")) == (303, "/dashboard/settings/api?done=webhook-deleted")));
        let mut bobs = app.sign_in(&bob).await;
        let keys = bobs.get(PAGE).await.expect(200).text();
        let key = between(&keys, "/dashboard/settings/api/keys/", "/revoke");
        assert!(key.starts_with("key_"), "{keys}");
        let _ = browser.post(&format!("/dashboard/settings/api/keys/{key}/revoke"), &[]).await.expect(303);
        let _ = bob.api.get("/api/v1/me").await.expect(200);
        let hooks = bob.api.get("/api/v1/webhooks").await.expect(200).json();
        assert_eq!(hooks["webhooks"][0]["url"], "https://example.com/theirs");
        assert!(!browser.get(PAGE).await.expect(200).text().contains(key));
    }

    async fn nothing_is_shown_or_done_for_a_stranger(app: TestApp) {
        let path = webhook_of(&app.agent).await;
        let mut stranger = app.browser();
        for page in [PAGE, NEW, &path] {
            let answer = stranger.get(page).await.expect(303);
            assert!(answer.header("location").starts_with("/login?next=%2Fdashboard"), "{page}");
        }
        let form = [("name", "Mine"), ("url", "https://example.com/mine"), ("password", PASSWORD)];
        for action in ["/keys", "/webhooks/new"].map(|action| format!("{PAGE}{action}")).into_iter().chain(["", "/secret", "/rotate", "/delete", "/disable"].map(|what| format!("{path}{what}"))) {
            let answer = stranger.post(&action, &form).await.expect(401);
            assert!(answer.text().contains("You are signed out"), "{action}");
        }
        let hooks = app.agent.api.get("/api/v1/webhooks").await.expect(200).json();
        assert_eq!((hooks["webhooks"].as_array().unwrap().len(), &hooks["webhooks"][0]["enabled"]), (1, &json!(true)));
    }
}
