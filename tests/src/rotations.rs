//! A new secret: a receiver that knows one at a time, and changes it at whatever moment, loses nothing.

use std::time::Duration;

use serde_json::json;
use testkit::{Reply, on_both_engines_with};

use crate::hooks::{lead, receiver, settings};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

on_both_engines_with! {
    settings();

    async fn a_receiver_that_switches_at_any_moment_loses_nothing(app: TestApp) {
        let _sending = app.send_webhooks();
        // 0: at once, before anything is sent with two secrets.
        for switched_after in 0..4 {
            let (sink, mut hook) = receiver(&app).await;
            let knows = |secret: &str| {
                let secret = secret.to_owned();
                sink.answer_by("/hook", move |request, _| {
                    assert!(request.is_standard_signed_with(&secret), "each secret in force signs the standard way");
                    Reply::status(if request.is_signed_with(&secret) { 200 } else { 401 })
                });
            };
            knows(&hook.secret);
            lead(&app, "Before").await;
            hook.logged(1).await;
            let old = hook.rotate(json!({})).await;
            for sent in 0..4 {
                if sent == switched_after {
                    knows(&hook.secret);
                }
                let before = hook.attempts().await;
                lead(&app, &format!("Lead {sent}")).await;
                hook.logged(before + 1).await;
                if sent == switched_after {
                    assert_eq!(hook.statuses().await.last().unwrap(), "pending", "the first call fails");
                    app.pass(Duration::from_secs(6));
                    hook.logged(before + 2).await;
                }
                assert_eq!(hook.statuses().await.last().unwrap(), "delivered");
            }
            let received = sink.received("/hook");
            assert_eq!(received.len(), 6, "one attempt was lost to the switch, no event");
            assert!(received[1..].iter().all(|request| request.header("webhook-signature").split(' ').count() == 2));
            assert!(received[1..].iter().all(|request| request.is_standard_signed_with(&old)));
            let _ = app.agent.api.delete(&hook.path).await.expect(204);
        }
    }

    async fn a_retry_at_any_number_passes_after_the_switch(app: TestApp) {
        let (sink, mut hook) = receiver(&app).await;
        sink.answer("/hook", Reply::status(500));
        let _sending = app.send_webhooks();
        lead(&app, "Jane").await;
        hook.logged(1).await;
        // From before the rotation, and tried again during it: with the old, then with the new.
        hook.rotate(json!({})).await;
        let current = hook.secret.clone();
        sink.answer_by("/hook", move |request, _| Reply::status(if request.is_signed_with(&current) { 200 } else { 400 }));
        app.pass(Duration::from_secs(6));
        hook.logged(2).await;
        app.pass(Duration::from_secs(400));
        hook.delivered().await;
        assert_eq!(sink.received("/hook").len(), 3);
    }

    async fn the_old_secret_ends_after_a_day(app: TestApp) {
        let (sink, mut hook) = receiver(&app).await;
        let _sending = app.send_webhooks();
        let old = hook.rotate(json!({})).await;
        app.pass(DAY - Duration::from_secs(1));
        lead(&app, "Jane").await;
        let request = sink.wait_for("/hook", 1).await.remove(0);
        assert!(request.is_signed_with(&old) && request.is_standard_signed_with(&old));
        assert!(request.is_standard_signed_with(&hook.secret));
        hook.logged(1).await;
        app.pass(Duration::from_secs(1));
        lead(&app, "Jane").await;
        let request = sink.wait_for("/hook", 2).await.remove(1);
        assert!(request.is_signed_with(&hook.secret) && request.is_standard_signed_with(&hook.secret));
        assert!(!request.is_standard_signed_with(&old));
    }
}
