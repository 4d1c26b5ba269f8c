//! Receivers of all kinds: slow, silent, rude, talkative; and what the owner sees of them.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use server::machine::MachineClock;
use testkit::{Engine, Reply, Sink, TestApp, block_on, on_both_engines_with, sending::Arrangement};
use webhooks::client::Limits;

use crate::hooks::{Hook, lead, receiver, settings, text};

fn impatient() -> Arrangement {
    let limits = Limits { whole: Duration::from_millis(400), ..Limits::default() };
    Arrangement { limits, ..Arrangement::default() }
}

/// The last attempt of a webhook's last delivery.
async fn attempt(hook: &Hook) -> Value {
    let delivery = hook.deliveries().await.pop().unwrap();
    delivery["attempts"].as_array().unwrap().last().unwrap().clone()
}

on_both_engines_with! {
    settings();

    async fn a_slow_receiver_does_not_delay_another(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let slow = Hook::make(&app, &sink.url("/slow")).await;
        sink.answer("/slow", Reply::hang());
        let _sending = app.send_webhooks();
        for n in 0..30 {
            lead(&app, &format!("Lead {n}")).await;
        }
        sink.wait_for("/hook", 30).await;
        hook.delivered().await;
        assert_eq!(sink.received("/slow").len(), 1);
        assert_eq!(slow.health().await["pending"], 30);
    }

    async fn answers_are_cut_and_shown_as_text(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let _sending = app.send_webhooks_with(impatient());
        let endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n".to_vec();
        let cases: [(Reply, &str, Value); 7] = [
            (Reply::status(200).body("x".repeat(1 << 20)), "delivered", json!("x".repeat(1_024))),
            (Reply::status(200).body(*b"a\0b\xffc"), "delivered", json!("a\0b\u{fffd}c")),
            (Reply::status(204), "delivered", Value::Null),
            (Reply::status(200).body("slowly").dripping(Duration::from_secs(1)), "delivered", Value::Null),
            (Reply::raw(&[endless, b"begun".to_vec()].concat()), "delivered", json!("begun")),
            (Reply::status(302).header("Location", "/elsewhere").body("there"), "pending", json!("there")),
            (Reply::status(404).body("é".repeat(600)), "pending", json!("é".repeat(512))),
        ];
        for (n, (reply, status, response)) in cases.into_iter().enumerate() {
            sink.answer("/hook", reply);
            lead(&app, &format!("Lead {n}")).await;
            hook.logged(n + 1).await;
            assert_eq!(hook.statuses().await[n], status, "{n}");
            assert_eq!(attempt(&hook).await["response"], response, "{n}");
        }
        assert!(sink.received("/elsewhere").is_empty());
        assert!(text(&attempt(&hook).await["error"]).starts_with("status: 404"));
    }

    async fn what_goes_wrong_is_said_with_its_phase(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let _sending = app.send_webhooks_with(impatient());
        let cases = [
            (Reply::hang(), "waiting: no answer within 0.4 s"),
            (Reply::close(), "waiting: the receiver closed the connection"),
            (Reply::raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "reading: the answer is not HTTP/1.1"),
            (Reply::raw(b"\x15\x03\x01\x00\x02\x02\x28"), "reading: the answer is not HTTP/1.1"),
        ];
        for (n, (reply, error)) in cases.into_iter().enumerate() {
            sink.answer("/hook", reply);
            lead(&app, &format!("Lead {n}")).await;
            // From the third failure on it is one a second.
            app.pass(Duration::from_secs(1));
            hook.logged(n + 1).await;
            assert_eq!((&attempt(&hook).await["error"], &attempt(&hook).await["statusCode"]), (&json!(error), &Value::Null), "{n}");
        }
    }

    async fn an_owner_sees_how_a_receiver_does(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        sink.answer_by("/hook", |_, before| match before {
            0..3 => Reply::status(200),
            3 => Reply::status(503),
            _ => Reply::hang(),
        });
        let _sending = app.send_webhooks();
        for n in 0..4 {
            lead(&app, &format!("Lead {n}")).await;
            hook.logged(n + 1).await;
            app.pass(Duration::from_secs(1));
        }
        let expected = json!({
            "successRate": 0.75, "lastSuccessAt": "2026-11-23T15:00:02.000Z", "lastFailureAt": "2026-11-23T15:00:03.000Z",
            "lastError": "status: 503 Service Unavailable", "failingSince": "2026-11-23T15:00:03.000Z",
            "pending": 1, "held": 0, "disabledBy": null
        });
        assert_eq!(hook.health().await, expected);
        for n in 4..7 {
            lead(&app, &format!("Lead {n}")).await;
        }
        assert_eq!(hook.health().await["pending"], 4);
        hook.change(json!({"enabled": false})).await;
        let health = hook.health().await;
        assert_eq!((&health["pending"], &health["held"], &health["disabledBy"]), (&json!(0), &json!(4), &json!("owner")));
    }
}

/// Node's servers close idle connections after 5 seconds. In real time; what it does has nothing to do with the engine.
#[test]
fn a_receiver_that_closes_idle_connections_gets_everything_at_the_first_attempt() {
    block_on(async {
        let app = TestApp::start_with(Engine::Sqlite, &settings()).await;
        let clock = Some(Arc::new(MachineClock::default()) as Arc<dyn crm::clock::Clock>);
        let _sending = app.send_webhooks_with(Arrangement { clock, ..Arrangement::default() });
        let gaps = [3_000, 3_990, 4_000, 4_500, 4_990, 4_998, 5_000, 5_002, 5_500, 6_000];
        let local = tokio::task::LocalSet::new();
        let mut followed = Vec::new();
        for gap in gaps {
            let sink = Sink::start().await;
            sink.close_idle_after(Duration::from_secs(5));
            let hook = Hook::make(&app, &sink.url("/hook")).await;
            followed.push(local.spawn_local(async move {
                for sent in 1..=3 {
                    hook.ask("test", json!({})).await;
                    sink.wait_for("/hook", sent).await;
                    if sent < 3 {
                        tokio::time::sleep(Duration::from_millis(gap)).await;
                    }
                }
                hook.delivered().await;
                assert_eq!(hook.attempts().await, 3, "no attempt failed with gaps of {gap} ms");
                if gap < 3_500 {
                    assert_eq!(sink.connections(), 1, "connections are kept for a while");
                }
            }));
        }
        local.await;
        for followed in followed {
            followed.await.unwrap();
        }
    });
}
