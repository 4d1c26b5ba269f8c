//! Webhooks on their way through real sockets: what is sent, in which order, when again, and until when.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Gate, Received, Reply, on_both_engines_with, sink, until};

use crate::hooks::{Hook, client, lead, names, receiver, sequences, settings, stage, text};

const SECOND: Duration = Duration::from_secs(1);

on_both_engines_with! {
    settings();

    async fn what_was_created_is_received_as_published(app: TestApp) {
        let sink = testkit::Sink::start().await;
        let headers = json!([{"name": "X-Their-Key", "value": "abc 123"}]);
        let hook = Hook::make_with(&app, &json!({"url": sink.url("/hook?token=1"), "headers": headers})).await;
        let _sending = app.send_webhooks();
        let name = "Zoë \"Z\" </b> \u{2028}\u{1f600}\u{1}";
        let body = json!({"name": name, "email": "zoe@example.com", "notes": "line\nline\u{7f}", "source": "/x"});
        let _ = app.agent.api.post("/api/v1/leads", &body).await.expect(201);
        let request = sink.wait_for("/hook", 1).await.remove(0);
        let feed = app.agent.api.get("/api/v1/events").await.expect(200);
        let event = feed.json()["events"][0].clone();

        assert_eq!(request.method, "POST");
        assert_eq!(request.text(), format!(r#"{{"event":"lead.created","timestamp":"1795446000000","agentId":"sarah-johnson","data":{}}}"#, request.data()));
        assert!(feed.text().contains(request.data()), "the feed has the same bytes");
        assert_eq!((request.name().as_str(), &request.json()["data"]), (name, &event["data"]));
        let id = text(&event["id"]);
        let expected = [
            ("Content-Type", "application/json"),
            ("X-OrganicAgent-Timestamp", "1795446000000"),
            ("X-OrganicAgent-Event", "lead.created"),
            ("X-OrganicAgent-Delivery", &id.replace("evt_", "dlv_")),
            ("X-OrganicAgent-Sequence", "1"),
            ("webhook-id", &id),
            ("webhook-timestamp", "1795446000"),
            ("X-Their-Key", "abc 123"),
            ("Host", &format!("127.0.0.1:{}", sink.port())),
            ("Content-Length", &request.body.len().to_string()),
        ];
        for (name, value) in expected {
            assert!(request.headers.contains(&(name.to_owned(), value.to_owned())), "{name}: {value} in {:?}", request.headers);
        }
        assert!(request.is_signed_with(&hook.secret) && request.is_standard_signed_with(&hook.secret));
        assert!(!request.header("webhook-signature").contains(' '));
        assert!(!request.is_signed_with("whsec_C2FVsBQIhrscChlQIMVAb5sSYspob7oD"));
        let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), request.headers.len(), "no header is sent twice");

        hook.delivered().await;
        let delivery = hook.deliveries().await.remove(0);
        let attempt = json!([{"at": "2026-11-23T15:00:00.000Z", "durationMs": 0, "statusCode": 200, "error": null, "response": null}]);
        assert_eq!((&delivery["eventId"], &delivery["attempts"]), (&event["id"], &attempt));
    }

    async fn only_who_wants_an_event_gets_it(app: TestApp) {
        let (sink, all) = receiver(&app).await;
        let clients = Hook::make_with(&app, &json!({"url": sink.url("/clients"), "events": ["client.created"]})).await;
        let other = app.another_agent("Other Agent").await;
        let _ = other.api.post("/api/v1/webhooks", &json!({"url": sink.url("/other")})).await.expect(201);
        let _sending = app.send_webhooks();
        lead(&app, "Lead").await;
        client(&app, "Client").await;
        let _ = other.api.post("/api/v1/leads", &json!({"name": "Theirs"})).await.expect(201);
        assert_eq!(names(&sink.wait_for("/other", 1).await), ["Theirs"]);
        sink.wait_for("/hook", 2).await;
        sink.wait_for("/clients", 1).await;
        all.delivered().await;
        clients.delivered().await;
        let mut got = names(&sink.received("/hook"));
        got.sort();
        assert_eq!(got, ["Client", "Lead"]);
        assert_eq!(names(&sink.received("/clients")), ["Client"]);
    }

    async fn first_attempts_of_one_client_are_in_order_behind_a_slow_one(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        // Slots, so that others of the same client could overtake.
        let warm_up = app.send_webhooks();
        for n in 0..4 {
            lead(&app, &format!("Warm {n}")).await;
        }
        hook.delivered().await;
        let gate = Gate::default();
        let slow = gate.clone();
        sink.answer_by("/hook", move |request, _| match request.header("x-organicagent-event") {
            "client.created" => Reply::status(500).behind(&slow),
            _ => Reply::status(200),
        });
        let jane = client(&app, "Jane").await;
        sink.wait_for("/hook", 5).await;
        for to in ["Touring", "Offer", "Closed"] {
            stage(&app, &jane, to).await;
        }
        // Others do not wait for her.
        lead(&app, "Beside").await;
        let received = sink.wait_for("/hook", 6).await;
        assert_eq!(sequences(&received[4..]), [5, 9]);
        gate.open();
        let received = sink.wait_for("/hook", 9).await;
        assert_eq!(sequences(&received[4..]), [5, 9, 6, 7, 8], "the first attempt has ended, and failed");
        drop(warm_up);
    }

    async fn what_failed_is_sent_again_after_five_seconds(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        sink.answer_by("/hook", |_, before| Reply::status(if before == 0 { 500 } else { 204 }).body("why"));
        let _sending = app.send_webhooks();
        lead(&app, "Jane").await;
        hook.logged(1).await;
        let due_at = text(&hook.deliveries().await[0]["nextAttemptAt"]);
        assert!(("2026-11-23T15:00:05.000Z".."2026-11-23T15:00:06.001Z").contains(&due_at.as_str()), "{due_at}");
        app.pass(4 * SECOND);
        lead(&app, "Meanwhile").await;
        assert_eq!(sequences(&sink.wait_for("/hook", 2).await), [1, 2]);
        hook.logged(2).await;
        // Its success shows that nothing is wrong with the receiver, yet it is not in failing mode: the retry has its time.
        assert_eq!(hook.statuses().await, ["pending", "delivered"]);
        app.pass(2 * SECOND);
        let received = sink.wait_for("/hook", 3).await;
        let (first, again) = (&received[0], &received[2]);
        assert_eq!((first.id(), first.text(), first.sequence()), (again.id(), again.text(), again.sequence()));
        assert_eq!(first.header("x-organicagent-signature"), again.header("x-organicagent-signature"));
        assert_eq!((first.header("webhook-timestamp"), again.header("webhook-timestamp")), ("1795446000", "1795446006"));
        assert_ne!(first.header("webhook-signature"), again.header("webhook-signature"));
        assert!(again.is_signed_with(&hook.secret) && again.is_standard_signed_with(&hook.secret));
        hook.delivered().await;
        let delivery = hook.deliveries().await.remove(0);
        let statuses = delivery["attempts"].as_array().unwrap().iter().map(|attempt| attempt["statusCode"].clone()).collect::<Vec<_>>();
        assert_eq!(statuses, [500, 204]);
        assert_eq!(delivery["attempts"][0]["error"], "status: 500 Internal Server Error");
    }

    async fn a_delivery_is_dead_after_ten_attempts(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        sink.answer("/hook", Reply::status(500));
        let _sending = app.send_webhooks();
        lead(&app, "Jane").await;
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let hours = |hours: u64| minutes(hours * 60);
        let schedule = [5 * SECOND, minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)];
        for (attempts, pause) in (1..).zip(schedule) {
            sink.wait_for("/hook", attempts).await;
            hook.logged(attempts).await;
            let delivery = hook.deliveries().await.remove(0);
            assert_eq!(delivery["status"], "pending");
            let due = crm::clock::UnixMillis::parse(&text(&delivery["nextAttemptAt"])).unwrap();
            let planned = due.0 - app.crm.clock().now().0;
            let pause_ms = i64::try_from(pause.as_millis()).unwrap();
            assert!(planned >= pause_ms && planned <= pause_ms * 6 / 5, "{planned} after {attempts}");
            app.pass(pause * 6 / 5);
        }
        sink.wait_for("/hook", 10).await;
        until(async || hook.statuses().await == ["failed"]).await;
        let delivery = hook.deliveries().await.remove(0);
        assert_eq!((&delivery["nextAttemptAt"], delivery["attempts"].as_array().unwrap().len()), (&Value::Null, 10));
        assert_eq!(hook.read().await["enabled"], true, "that is only three days");
        app.pass(hours(48));
        // Something else goes on, the dead one does not.
        lead(&app, "Probe").await;
        let received = sink.wait_for("/hook", 11).await;
        assert_eq!(received[..10].iter().map(Received::id).collect::<std::collections::HashSet<_>>().len(), 1);
        assert_eq!(received[10].name(), "Probe");
    }

    async fn nobody_at_the_address_is_a_failure_in_words(app: TestApp) {
        let hook = Hook::make(&app, &sink::nobody().await).await;
        let private = Hook::make(&app, "http://10.0.0.1/").await;
        let _sending = app.send_webhooks();
        lead(&app, "Jane").await;
        hook.logged(1).await;
        private.logged(1).await;
        let error = async |hook: &Hook| text(&hook.deliveries().await[0]["attempts"][0]["error"]);
        assert!(error(&hook).await.starts_with("connect: "), "{}", error(&hook).await);
        assert!(error(&private).await.contains("a private network"), "{}", error(&private).await);
        assert_eq!(hook.health().await["lastError"], error(&hook).await);
    }
}
