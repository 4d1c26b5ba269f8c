//! What is changed while an attempt is on its way: prepared, but not sent yet. The attempt goes where it was to go; what follows obeys.

use std::{sync::Arc, time::Duration};

use crm::trash;
use serde_json::json;
use testkit::{
    Gate, Reply, Sink, TestApp, on_both_engines_with,
    sending::{Arrangement, HereBehind, Sending},
    until,
};

use crate::hooks::{Hook, lead, names, settings};

/// A receiver that answers `status` at `/old`, and an attempt to deliver "First" that stands before it; "Second" waits.
struct Midway {
    sink: Sink,
    hook: Hook,
    first: String,
    second: String,
    gate: Gate,
    _sending: Sending,
}

impl Midway {
    async fn arrive(app: &TestApp, status: u16) -> Self {
        let sink = Sink::start().await;
        sink.answer("/old", Reply::status(status).body("answer"));
        let hook = Hook::make(app, &format!("http://receiver.test:{}/old", sink.port())).await;
        let (gate, asked) = (Gate::default(), Gate::default());
        let lookup = Arc::new(HereBehind { gate: gate.clone(), asked: asked.clone() });
        let sending = app.send_webhooks_with(Arrangement { lookup, ..Arrangement::default() });
        let first = lead(app, "First").await;
        asked.passed().await;
        let second = lead(app, "Second").await;
        assert!(sink.received("/old").is_empty());
        Self { sink, hook, first, second, gate, _sending: sending }
    }

    fn new_url(&self) -> String {
        format!("http://receiver.test:{}/new", self.sink.port())
    }
}

on_both_engines_with! {
    settings();

    async fn a_changed_url_gets_all_that_follows(app: TestApp) {
        let midway = Midway::arrive(&app, 500).await;
        midway.hook.change(json!({"url": midway.new_url()})).await;
        midway.gate.open();
        assert_eq!(names(&midway.sink.wait_for("/new", 1).await), ["Second"]);
        midway.hook.logged(2).await;
        app.pass(Duration::from_secs(6));
        assert_eq!(names(&midway.sink.wait_for("/new", 2).await), ["Second", "First"]);
        assert_eq!(names(&midway.sink.received("/old")), ["First"]);
    }

    async fn a_secret_that_ended_at_once_signs_nothing_that_follows(app: TestApp) {
        let mut midway = Midway::arrive(&app, 200).await;
        let old = midway.hook.rotate(json!({"now": true})).await;
        let current = midway.hook.secret.clone();
        midway.sink.answer_by("/old", move |request, _| Reply::status(if request.is_signed_with(&current) { 200 } else { 401 }));
        midway.gate.open();
        midway.hook.logged(2).await;
        app.pass(Duration::from_secs(6));
        let received = midway.sink.wait_for("/old", 3).await;
        assert_eq!(names(&received), ["First", "Second", "First"]);
        assert!(received[0].is_signed_with(&old) && received[0].is_standard_signed_with(&old));
        for request in &received[1..] {
            assert!(request.is_signed_with(&midway.hook.secret) && request.is_standard_signed_with(&midway.hook.secret));
            assert!(!request.is_standard_signed_with(&old));
        }
        midway.hook.delivered().await;
    }

    async fn what_arrives_after_disabling_has_arrived_and_what_does_not_is_held(app: TestApp) {
        for (status, expected) in [(200, ["delivered", "held"]), (500, ["held", "held"])] {
            let midway = Midway::arrive(&app, status).await;
            midway.hook.change(json!({"enabled": false})).await;
            midway.gate.open();
            midway.hook.logged(1).await;
            until(async || midway.hook.statuses().await == expected).await;
            midway.sink.answer("/old", Reply::status(200));
            midway.hook.change(json!({"enabled": true})).await;
            midway.hook.delivered().await;
            let again = if status == 200 { 2 } else { 3 };
            assert_eq!(midway.sink.received("/old").len(), again);
            let _ = app.agent.api.delete(&midway.hook.path).await.expect(204);
        }
    }

    async fn a_deleted_webhook_gets_nothing_more(app: TestApp) {
        let midway = Midway::arrive(&app, 500).await;
        let elsewhere = Hook::make(&app, &midway.sink.url("/elsewhere")).await;
        let _ = app.agent.api.delete(&midway.hook.path).await.expect(204);
        midway.gate.open();
        midway.sink.wait_for("/old", 1).await;
        app.pass(Duration::from_secs(3_600));
        for n in 0..3 {
            lead(&app, &format!("Later {n}")).await;
        }
        elsewhere.delivered().await;
        assert_eq!(names(&midway.sink.received("/old")), ["First"]);
    }

    async fn an_erased_person_is_not_sent_and_nothing_of_the_answer_is_kept(app: TestApp) {
        for status in [200, 500] {
            let midway = Midway::arrive(&app, status).await;
            for lead in [&midway.first, &midway.second] {
                let _ = app.agent.api.delete(&format!("/api/v1/leads/{lead}")).await.expect(204);
            }
            // The attempt itself has no clock but the real one.
            app.pass(Duration::from_secs(31 * 24 * 60 * 60));
            assert_eq!(trash::erase_due(&app.crm).await, Ok(2));
            midway.gate.open();
            midway.hook.logged(1).await;
            lead(&app, "Third").await;
            midway.sink.wait_for("/old", 2).await;
            midway.hook.logged(2).await;
            assert_eq!(names(&midway.sink.received("/old")), ["First", "Third"]);
            let deliveries = midway.hook.deliveries().await;
            for delivery in &deliveries[..2] {
                assert_eq!(delivery["status"], "cancelled");
            }
            assert_eq!(deliveries[0]["attempts"][0]["response"], json!(null));
            let _ = app.agent.api.delete(&midway.hook.path).await.expect(204);
        }
    }
}
