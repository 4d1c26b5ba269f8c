//! What somebody asks for by hand arrives: a test, one delivery again, all that did not arrive.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Gate, Received, Reply, TestApp, on_both_engines_with, until};

use crate::hooks::{Hook, client, lead, names, receiver, sequences, settings, text};

const HOUR: Duration = Duration::from_secs(3_600);

async fn redeliver(hook: &Hook, place: usize) {
    let id = text(&hook.deliveries().await[place]["id"]);
    assert_eq!(hook.ask(&format!("deliveries/{id}/redeliver"), json!({})).await, 1);
}

/// A receiver that had one event, which it refused an hour of clock ago.
async fn refused(app: &TestApp) -> (testkit::Sink, Hook, testkit::sending::Sending) {
    let (sink, hook) = receiver(app).await;
    sink.answer("/hook", Reply::status(500));
    let sending = app.send_webhooks();
    lead(app, "Jane").await;
    hook.logged(1).await;
    (sink, hook, sending)
}

on_both_engines_with! {
    settings();

    async fn one_delivery_is_sent_again_with_the_same_id_and_body(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let _sending = app.send_webhooks();
        lead(&app, "Jane").await;
        hook.logged(1).await;
        app.pass(HOUR);
        redeliver(&hook, 0).await;
        let received = sink.wait_for("/hook", 2).await;
        assert_eq!((received[0].id(), received[0].text()), (received[1].id(), received[1].text()));
        assert_eq!(received[1].header("webhook-timestamp"), "1795449600");
        assert!(received[1].is_signed_with(&hook.secret) && received[1].is_standard_signed_with(&hook.secret));
        hook.logged(2).await;
        assert_eq!(hook.statuses().await, ["delivered"]);
    }

    async fn a_refused_one_by_hand_leaves_the_schedule_and_an_accepted_one_ends_it(app: TestApp) {
        let (sink, hook, _sending) = refused(&app).await;
        let due_at = hook.deliveries().await[0]["nextAttemptAt"].clone();
        redeliver(&hook, 0).await;
        hook.logged(2).await;
        until(async || hook.deliveries().await[0]["nextAttemptAt"] == due_at).await;
        assert_eq!(hook.statuses().await, ["pending"]);
        sink.answer("/hook", Reply::status(200));
        redeliver(&hook, 0).await;
        hook.delivered().await;
        app.pass(HOUR);
        lead(&app, "Later").await;
        assert_eq!(names(&sink.wait_for("/hook", 4).await), ["Jane", "Jane", "Jane", "Later"]);
    }

    async fn what_is_asked_for_while_an_attempt_is_under_way_is_sent_behind_it(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let gates = [Gate::default(), Gate::default()];
        let shut = gates.clone();
        sink.answer_by("/hook", move |_, before| match before {
            // The first attempt, one by hand, one of the schedule, and one by hand again.
            0 => Reply::status(500).behind(&shut[0]),
            2 => Reply::status(500).behind(&shut[1]),
            _ => Reply::status(503),
        });
        let _sending = app.send_webhooks();
        lead(&app, "Jane").await;
        sink.wait_for("/hook", 1).await;
        app.pass(Duration::from_secs(1));
        redeliver(&hook, 0).await;
        gates[0].open();
        hook.logged(2).await;
        until(async || hook.deliveries().await[0]["nextAttemptAt"] != "2026-11-23T15:00:01.000Z").await;
        let due_at = text(&hook.deliveries().await[0]["nextAttemptAt"]);
        assert!(("2026-11-23T15:00:06.000Z".."2026-11-23T15:00:07.100Z").contains(&due_at.as_str()), "{due_at}");

        app.pass(Duration::from_secs(6));
        sink.wait_for("/hook", 3).await;
        redeliver(&hook, 0).await;
        gates[1].open();
        hook.logged(4).await;
        until(async || text(&hook.deliveries().await[0]["nextAttemptAt"]).as_str() > "2026-11-23T15:05:00").await;
        // Two of them were the schedule's.
        assert_eq!((sink.received("/hook").len(), hook.statuses().await), (4, vec![String::from("pending")]));
    }

    async fn what_was_never_tried_is_sent_before_its_turn(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let gate = Gate::default();
        let shut = gate.clone();
        sink.answer_by("/hook", move |request, _| match request.name().as_str() {
            "Hangs" => Reply::status(200).behind(&shut),
            _ => Reply::status(200),
        });
        let _sending = app.send_webhooks();
        lead(&app, "Hangs").await;
        sink.wait_for("/hook", 1).await;
        lead(&app, "Waits").await;
        redeliver(&hook, 1).await;
        gate.open();
        hook.delivered().await;
        assert_eq!(names(&sink.received("/hook")), ["Hangs", "Waits"]);
    }

    async fn a_disabled_webhook_can_be_tried(app: TestApp) {
        let (sink, hook, _sending) = refused(&app).await;
        hook.change(json!({"enabled": false})).await;
        lead(&app, "Held").await;
        sink.answer("/hook", Reply::status(200));
        assert_eq!(hook.ask("test", json!({"event": "listing.created"})).await, 1);
        let test = sink.wait_for("/hook", 2).await.remove(1);
        assert_eq!((test.header("x-organicagent-event"), test.sequence()), ("listing.created", 0));
        assert!(test.is_signed_with(&hook.secret) && test.is_standard_signed_with(&hook.secret));
        redeliver(&hook, 0).await;
        assert_eq!(sink.wait_for("/hook", 3).await[2].name(), "Jane");
        until(async || hook.statuses().await == ["delivered", "held", "delivered"]).await;
        // Neither says anything about the health of the receiver.
        assert_eq!(hook.health().await["lastSuccessAt"], Value::Null);
        hook.change(json!({"enabled": true})).await;
        assert_eq!(sink.wait_for("/hook", 4).await[3].name(), "Held");
    }

    async fn all_that_did_not_arrive_is_sent_in_order_with_what_was_before_the_webhook(app: TestApp) {
        for n in 0..5 {
            lead(&app, &format!("Early {n}")).await;
        }
        app.pass(HOUR);
        client(&app, "Between").await;
        let (sink, hook) = receiver(&app).await;
        let _sending = app.send_webhooks();
        sink.answer_by("/hook", |request, before| Reply::status(if before < 1 && request.name() == "Failed" { 500 } else { 200 }));
        lead(&app, "Failed").await;
        hook.logged(1).await;
        lead(&app, "Arrived").await;
        hook.logged(2).await;
        assert_eq!(hook.ask("redeliver", json!({"since": "2026-11-23T15:30:00Z"})).await, 2);
        // They start in the order of their events; two slots then race to the receiver.
        let mut again = names(&sink.wait_for("/hook", 4).await).split_off(2);
        again.sort_unstable();
        assert_eq!(again, ["Between", "Failed"]);
        hook.logged(4).await;
        assert_eq!(hook.ask("redeliver", json!({"since": 0})).await, 5);
        let received = sink.wait_for("/hook", 9).await;
        hook.delivered().await;
        let mut got = sequences(&received[4..]);
        got.sort_unstable();
        assert_eq!(got, [1, 2, 3, 4, 5]);
        assert!(received.iter().all(|request| request.is_signed_with(&hook.secret)));
        assert_eq!(hook.ask("redeliver", json!({"since": 0})).await, 0);
        let ids: std::collections::HashSet<_> = received.iter().map(Received::id).collect();
        assert_eq!(ids.len(), 8);
    }
}
