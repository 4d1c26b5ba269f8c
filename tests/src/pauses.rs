//! When a webhook is not sent to: Retry-After, 410, disabled by its owner, failing.

use std::time::Duration;

use crm::webhooks::outbox;
use serde_json::{Value, json};
use testkit::{Gate, Reply, Sink, on_both_engines_with, until};

use crate::hooks::{Hook, lead, names, receiver, sequences, settings, text};

const SECOND: Duration = Duration::from_secs(1);

/// Waits until another webhook of the agent has its events: what is not at the first one by then was not sent to it.
async fn elsewhere(sink: &Sink, events: usize) {
    sink.wait_for("/elsewhere", events).await;
}

on_both_engines_with! {
    settings();

    async fn retry_after_of_an_overloaded_receiver_pauses_the_whole_webhook(app: TestApp) {
        let (sink, _hook) = receiver(&app).await;
        let dated = Hook::make(&app, &sink.url("/dated")).await;
        Hook::make(&app, &sink.url("/elsewhere")).await;
        sink.answer_by("/hook", |_, before| match before {
            0 => Reply::status(429).header("Retry-After", "60"),
            _ => Reply::status(200),
        });
        sink.answer_by("/dated", |_, before| match before {
            0 => Reply::status(503).header("Retry-After", "Mon, 23 Nov 2026 15:01:00 GMT"),
            _ => Reply::status(200),
        });
        let _sending = app.send_webhooks();
        lead(&app, "First").await;
        sink.wait_for("/hook", 1).await;
        dated.logged(1).await;
        let due_at = text(&dated.deliveries().await[0]["nextAttemptAt"]);
        assert!(("2026-11-23T15:01:00.000Z".."2026-11-23T15:01:12.001Z").contains(&due_at.as_str()), "{due_at}");
        for n in 2..5 {
            app.pass(10 * SECOND);
            lead(&app, "Later").await;
            elsewhere(&sink, n).await;
        }
        assert_eq!((sink.received("/hook").len(), sink.received("/dated").len()), (1, 1));
        app.pass(31 * SECOND);
        for path in ["/hook", "/dated"] {
            sink.wait_for(path, 2).await;
        }
        app.pass(12 * SECOND);
        for path in ["/hook", "/dated"] {
            let mut got = sequences(&sink.wait_for(path, 5).await);
            got[1..].sort_unstable();
            assert_eq!(got, [1, 1, 2, 3, 4], "{path}");
        }
    }

    async fn what_is_asked_for_by_hand_and_a_changed_webhook_need_not_wait_for_the_end_of_a_pause(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        sink.answer("/hook", Reply::status(429).header("Retry-After", "86400"));
        let _sending = app.send_webhooks();
        // A test pauses nothing.
        hook.ask("test", json!({})).await;
        hook.logged(1).await;
        lead(&app, "First").await;
        hook.logged(2).await;
        sink.answer("/hook", Reply::status(200));
        app.pass(SECOND);
        hook.ask("test", json!({})).await;
        sink.wait_for("/hook", 3).await;
        lead(&app, "Waits").await;
        let waits = text(&hook.deliveries().await[3]["id"]);
        hook.ask(&format!("deliveries/{waits}/redeliver"), json!({})).await;
        assert_eq!(sink.wait_for("/hook", 4).await[3].name(), "Waits");

        lead(&app, "Moves").await;
        hook.change(json!({"url": sink.url("/moved")})).await;
        assert_eq!(names(&sink.wait_for("/moved", 1).await), ["Moves"], "the first one waits for its own retry");

        // The same for one that is disabled and enabled at once.
        sink.answer("/moved", Reply::status(503).header("Retry-After", "86400"));
        lead(&app, "Refused").await;
        hook.logged(6).await;
        sink.answer("/moved", Reply::status(200));
        app.pass(SECOND);
        lead(&app, "Held").await;
        hook.change(json!({"enabled": false})).await;
        hook.change(json!({"enabled": true})).await;
        let mut got = names(&sink.wait_for("/moved", 5).await).split_off(2);
        got.sort_unstable();
        assert_eq!(got, ["First", "Held", "Refused"]);
    }

    async fn a_plain_failure_pauses_only_its_delivery(app: TestApp) {
        let (sink, _) = receiver(&app).await;
        sink.answer_by("/hook", |_, before| match before {
            0 => Reply::status(500).header("Retry-After", "60"),
            _ => Reply::status(200),
        });
        let _sending = app.send_webhooks();
        lead(&app, "First").await;
        lead(&app, "Second").await;
        assert_eq!(names(&sink.wait_for("/hook", 2).await), ["First", "Second"]);
    }

    async fn a_receiver_that_is_gone_disables_and_what_is_open_is_held(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        Hook::make(&app, &sink.url("/elsewhere")).await;
        sink.answer("/hook", Reply::status(410));
        let _sending = app.send_webhooks();
        lead(&app, "First").await;
        until(async || hook.read().await["enabled"] == false).await;
        let read = hook.read().await;
        assert_eq!((&read["health"]["disabledBy"], &read["health"]["held"]), (&json!("gone"), &json!(1)));
        lead(&app, "Second").await;
        elsewhere(&sink, 2).await;
        app.pass(Duration::from_secs(3_600));
        lead(&app, "Third").await;
        elsewhere(&sink, 3).await;
        assert_eq!(hook.statuses().await, ["held", "held", "held"]);
        assert_eq!(sink.received("/hook").len(), 1);
        sink.answer("/hook", Reply::status(200));
        hook.change(json!({"enabled": true})).await;
        hook.delivered().await;
        let mut got = sequences(&sink.received("/hook")[1..]);
        // The one that was tried already is a retry by now.
        got.sort_unstable();
        assert_eq!(got, [1, 2, 3]);
    }

    async fn enabling_sends_what_was_held_in_order_before_what_is_new(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        Hook::make(&app, &sink.url("/elsewhere")).await;
        let _sending = app.send_webhooks();
        lead(&app, "Before").await;
        sink.wait_for("/hook", 1).await;
        hook.change(json!({"enabled": false})).await;
        for n in 0..30 {
            lead(&app, &format!("Held {n}")).await;
        }
        elsewhere(&sink, 31).await;
        assert_eq!(sink.received("/hook").len(), 1);
        // One at a time: the order of arrival is then that of the starts.
        let gate = Gate::default();
        let first = gate.clone();
        sink.answer_by("/hook", move |_, before| match before {
            1 => Reply::status(500).behind(&first),
            _ => Reply::status(200).after(Duration::from_millis(2)),
        });
        hook.change(json!({"enabled": true})).await;
        sink.wait_for("/hook", 2).await;
        for n in 0..3 {
            lead(&app, &format!("New {n}")).await;
        }
        gate.open();
        let received = sink.wait_for("/hook", 34).await;
        let first_attempts = sequences(&received[1..34]);
        let place = |sequence: i64| first_attempts.iter().position(|other| *other == sequence).unwrap();
        // Slots grow, so neighbours may change places on their way, but the new ones come behind.
        assert!((32..=34).all(|new| place(new) >= 15), "{first_attempts:?}");
        assert!((2..=4).all(|held| place(held) < 6), "{first_attempts:?}");
        let mut sorted = first_attempts.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (2..=34).collect::<Vec<_>>());
    }

    async fn what_a_disabled_webhook_has_left_open_is_held_later(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        lead(&app, "Left").await;
        // As who disables it leaves it when the database fails after the first slice.
        let disable = app.crm.database().write("test.disable", db::Lane::SHARED, |tx| tx.execute("UPDATE webhooks SET is_enabled = 0", &[]));
        disable.await.unwrap();
        let _sending = app.send_webhooks();
        until(async || outbox::count(&app.crm).await.unwrap().held == 1).await;
        assert_eq!((hook.statuses().await, sink.received("/hook").len()), (vec![String::from("held")], 0));
    }

    async fn held_events_can_be_skipped(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let _sending = app.send_webhooks();
        hook.change(json!({"enabled": false})).await;
        lead(&app, "Skipped").await;
        hook.change(json!({"enabled": true, "held": "skip"})).await;
        lead(&app, "Sent").await;
        assert_eq!(names(&sink.wait_for("/hook", 1).await), ["Sent"]);
        hook.logged(1).await;
        assert_eq!(hook.statuses().await, ["cancelled", "delivered"]);
    }

    async fn a_failing_receiver_gets_one_attempt_a_second_and_all_at_once_when_it_is_back(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        Hook::make(&app, &sink.url("/elsewhere")).await;
        sink.answer("/hook", Reply::status(500));
        let _sending = app.send_webhooks();
        for n in 0..6 {
            lead(&app, &format!("Lead {n}")).await;
        }
        elsewhere(&sink, 6).await;
        hook.logged(3).await;
        let before = sink.wait_for("/hook", 3).await.len();
        assert_eq!(before, 3, "three failures in a row, then it rests");
        for more in 1..=3 {
            app.pass(SECOND);
            hook.logged(3 + more).await;
            lead(&app, "Probe").await;
            elsewhere(&sink, 6 + more).await;
            assert_eq!(sink.received("/hook").len(), 3 + more, "one a second");
        }
        // New events come before retries.
        assert_eq!(sequences(&sink.received("/hook")), [1, 2, 3, 4, 5, 6]);
        assert_eq!(hook.health().await["failingSince"], "2026-11-23T15:00:00.000Z");
        app.pass(Duration::from_secs(2));
        hook.logged(7).await;
        sink.answer("/hook", Reply::status(200));
        app.pass(SECOND);
        // The rest of the fresh ones, and the retries without their time having come.
        let received = sink.wait_for("/hook", 16).await;
        hook.delivered().await;
        let mut got = sequences(&received[7..]);
        got.sort_unstable();
        assert_eq!(got, (1..=9).collect::<Vec<_>>());
        assert_eq!(hook.health().await["failingSince"], Value::Null);
    }
}
