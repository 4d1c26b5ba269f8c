//! What the dispatcher records, as it stands in the log, in the health, and in what is due.

use std::time::Duration;

use crm::{
    AgentId,
    clock::UnixMillis,
    ids::{EventId, WebhookId},
    jobs, trash,
    webhooks::{
        Attempt, Notice, Published, State,
        outbox::{self, After, Outcome, Recorded},
    },
};
use serde_json::{Value, json};
use testkit::{Caller, Engine, TestApp, block_on, on_both_engines, until};

use crate::outboxes;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A webhook of the app's agent.
struct Hook {
    agent: AgentId,
    id: WebhookId,
    path: String,
}

async fn make(app: &TestApp) -> Hook {
    let made = app.agent.api.post("/api/v1/webhooks", &json!({"url": "https://example.com"})).await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    Hook { agent: app.agent.id, id: id.parse().unwrap(), path: format!("/api/v1/webhooks/{id}") }
}

async fn lead(api: &Caller, name: &str) -> String {
    let made = api.post("/api/v1/leads", &json!({"name": name})).await.expect(201).json();
    made["leadId"].as_str().unwrap().to_owned()
}

impl Hook {
    async fn deliveries(&self, app: &TestApp) -> Vec<Value> {
        let list = app.agent.api.get(&format!("{}/deliveries", self.path)).await.expect(200).json();
        list["deliveries"].as_array().unwrap().clone()
    }

    async fn health(&self, app: &TestApp) -> Value {
        app.agent.api.get(&self.path).await.expect(200).json()["health"].clone()
    }

    /// The event that is tried next, of whatever kind.
    async fn next(&self, app: &TestApp) -> EventId {
        let fresh = outboxes::fresh(&app.crm, self.agent, self.id, None, 1).await;
        let later = UnixMillis(i64::MAX);
        let retries = outboxes::retries(&app.crm, self.agent, self.id, later, 1).await;
        fresh.into_iter().chain(retries).next().unwrap().event
    }

    fn outcome(&self, app: &TestApp, event: EventId, status: u16, after: After) -> Outcome {
        let is_success = (200..300).contains(&status);
        let attempt = Attempt {
            at: app.crm.clock().now(),
            duration_ms: 42,
            status_code: Some(status),
            error: (!is_success).then(|| format!("answered {status}")),
            response: Some(b"said \xff".to_vec()),
            published: Published::Current,
            is_manual: false,
        };
        Outcome { agent: self.agent, webhook: self.id, event, epoch: 0, attempt, after, is_repeated: false }
    }

    fn by_hand(&self, app: &TestApp, event: EventId, status: u16, after: After) -> Outcome {
        let mut outcome = self.outcome(app, event, status, after);
        outcome.attempt.is_manual = true;
        outcome
    }
}

async fn record(app: &TestApp, outcome: Outcome) -> Recorded {
    outbox::record(&app.crm, vec![outcome]).await.unwrap()[0]
}

on_both_engines! {
    async fn attempts_and_health_are_shown(app: TestApp) {
        let hook = make(&app).await;
        lead(&app.agent.api, "Jane").await;
        let event = hook.next(&app).await;
        let due_at = app.crm.clock().now().plus(Duration::from_secs(5));
        assert_eq!(record(&app, hook.outcome(&app, event, 503, After::Retry { due_at })).await, Recorded::As(State::Retry));
        let delivery = hook.deliveries(&app).await.remove(0);
        assert_eq!((&delivery["status"], &delivery["nextAttemptAt"]), (&json!("pending"), &json!("2026-11-23T15:00:05.000Z")));
        let failed = json!({"at": "2026-11-23T15:00:00.000Z", "durationMs": 42, "statusCode": 503, "error": "answered 503", "response": "said \u{fffd}"});
        assert_eq!(delivery["attempts"], json!([failed]));
        let health = hook.health(&app).await;
        assert_eq!((&health["failingSince"], &health["lastError"], &health["successRate"]), (&json!("2026-11-23T15:00:00.000Z"), &json!("answered 503"), &json!(0)));
        assert_eq!(outboxes::next_retry(&app.crm, hook.agent, hook.id).await, Some(due_at));
        assert_eq!(outboxes::retries(&app.crm, hook.agent, hook.id, app.crm.clock().now(), 10).await, []);

        app.clock.advance(Duration::from_secs(5));
        let due = outboxes::retries(&app.crm, hook.agent, hook.id, app.crm.clock().now(), 10).await;
        assert_eq!((due[0].attempt_count, due[0].is_manual, due[0].last.as_ref().map(|last| last.published)), (1, false, Some(Published::Current)));
        assert_eq!(record(&app, hook.outcome(&app, event, 204, After::Delivered)).await, Recorded::As(State::Delivered));
        let delivery = hook.deliveries(&app).await.remove(0);
        assert_eq!((&delivery["status"], &delivery["nextAttemptAt"]), (&json!("delivered"), &Value::Null));
        assert_eq!(delivery["attempts"].as_array().unwrap().len(), 2);
        let health = hook.health(&app).await;
        assert_eq!((&health["failingSince"], &health["successRate"], &health["pending"]), (&Value::Null, &json!(0.5), &json!(0)));
        assert_eq!(health["lastSuccessAt"], "2026-11-23T15:00:05.000Z");
    }

    async fn a_failed_attempt_by_hand_leaves_everything_as_it_was(app: TestApp) {
        let hook = make(&app).await;
        lead(&app.agent.api, "Jane").await;
        let event = hook.next(&app).await;
        let due_at = app.crm.clock().now().plus(DAY);
        record(&app, hook.outcome(&app, event, 500, After::Retry { due_at })).await;
        let before = hook.health(&app).await;
        let _ = app.agent.api.post(&format!("{}/redeliver", hook.path), &json!({"since": 0})).await.expect(202);
        assert_eq!(record(&app, hook.by_hand(&app, event, 500, After::Dead)).await, Recorded::As(State::Retry));
        assert_eq!(outboxes::next_retry(&app.crm, hook.agent, hook.id).await, Some(due_at));
        assert_eq!(hook.health(&app).await, before);
        record(&app, hook.outcome(&app, event, 500, After::Dead)).await;
        assert_eq!(hook.deliveries(&app).await[0]["status"], "failed");
        let _ = app.agent.api.post(&format!("{}/redeliver", hook.path), &json!({"since": 0})).await.expect(202);
        assert_eq!(record(&app, hook.by_hand(&app, event, 500, After::Dead)).await, Recorded::As(State::Dead));
        let _ = app.agent.api.post(&format!("{}/redeliver", hook.path), &json!({"since": 0})).await.expect(202);
        assert_eq!(record(&app, hook.by_hand(&app, event, 200, After::Delivered)).await, Recorded::As(State::Delivered));
        assert_eq!(hook.health(&app).await["lastSuccessAt"], Value::Null);
        assert_eq!(app.agent.api.post(&format!("{}/redeliver", hook.path), &json!({"since": 0})).await.expect(202).json()["deliveries"], 0);
    }

    async fn a_result_of_the_schedule_leaves_what_was_asked_for_meanwhile(app: TestApp) {
        let hook = make(&app).await;
        let api = &app.agent.api;
        let due_at = app.crm.clock().now().plus(DAY);
        // What the schedule says, and what the delivery goes back to when the attempt by hand fails.
        for (after, back_to, status) in [
            (After::Retry { due_at }, State::Retry, "pending"),
            (After::Dead, State::Dead, "failed"),
            (After::Held, State::Held, "held"),
        ] {
            lead(api, "Jane").await;
            let event = hook.next(&app).await;
            let delivery = hook.deliveries(&app).await[0]["id"].as_str().unwrap().to_owned();
            let _ = api.post(&format!("{}/deliveries/{delivery}/redeliver", hook.path), &json!({})).await.expect(202);
            assert_eq!(record(&app, hook.outcome(&app, event, 500, after)).await, Recorded::As(State::Retry));
            let due = outboxes::retries(&app.crm, hook.agent, hook.id, app.crm.clock().now(), 10).await;
            assert_eq!(due.iter().map(|due| (due.event, due.is_manual)).collect::<Vec<_>>(), [(event, true)]);
            assert_eq!(record(&app, hook.by_hand(&app, event, 500, After::Dead)).await, Recorded::As(back_to));
            assert_eq!(hook.deliveries(&app).await[0]["status"], status);
            if after != After::Held {
                assert_eq!(outboxes::next_retry(&app.crm, hook.agent, hook.id).await, Some(due_at));
            }
        }
        let _ = api.patch(&hook.path, &json!({"enabled": true})).await.expect(200);
        lead(api, "Arrives").await;
        let event = outboxes::fresh(&app.crm, hook.agent, hook.id, None, 1).await[0].event;
        let delivery = hook.deliveries(&app).await[0]["id"].as_str().unwrap().to_owned();
        let _ = api.post(&format!("{}/deliveries/{delivery}/redeliver", hook.path), &json!({})).await.expect(202);
        assert_eq!(record(&app, hook.outcome(&app, event, 200, After::Delivered)).await, Recorded::As(State::Delivered));
        assert_eq!(hook.deliveries(&app).await[0]["nextAttemptAt"], Value::Null);
    }

    async fn a_gone_receiver_disables_its_webhook(app: TestApp) {
        let hook = make(&app).await;
        for name in ["A", "B"] {
            lead(&app.agent.api, name).await;
        }
        let event = hook.next(&app).await;
        assert_eq!(record(&app, hook.outcome(&app, event, 410, After::Held)).await, Recorded::As(State::Held));
        let read = app.agent.api.get(&hook.path).await.expect(200).json();
        assert_eq!((&read["enabled"], &read["health"]["disabledBy"], &read["health"]["held"]), (&json!(false), &json!("gone"), &json!(2)));
        let _ = app.agent.api.patch(&hook.path, &json!({"enabled": true})).await.expect(200);
        let health = hook.health(&app).await;
        assert_eq!((&health["pending"], &health["failingSince"], &health["disabledBy"]), (&json!(2), &Value::Null, &Value::Null));
    }

    async fn five_days_without_success_disable_when_a_delivery_is_given_up(app: TestApp) {
        let hook = make(&app).await;
        for name in ["A", "B", "C", "D"] {
            lead(&app.agent.api, name).await;
        }
        let retry = After::Retry { due_at: app.crm.clock().now() };
        let event = hook.next(&app).await;
        record(&app, hook.outcome(&app, event, 500, retry)).await;
        app.clock.advance(4 * DAY);
        record(&app, hook.outcome(&app, event, 500, After::Dead)).await;
        assert_eq!(hook.health(&app).await["disabledBy"], Value::Null);
        assert_eq!(outbox::set_noticed(&app.crm, hook.agent, hook.id, Notice::Failing).await, Ok(true));
        assert_eq!(outbox::set_noticed(&app.crm, hook.agent, hook.id, Notice::Failing).await, Ok(false));
        app.clock.advance(DAY);
        let event = hook.next(&app).await;
        record(&app, hook.outcome(&app, event, 500, retry)).await;
        assert_eq!(hook.health(&app).await["disabledBy"], Value::Null);
        record(&app, hook.outcome(&app, event, 500, After::Dead)).await;
        let health = hook.health(&app).await;
        assert_eq!((&health["disabledBy"], &health["held"]), (&json!("failing"), &json!(2)));
        let target = outbox::target(&app.crm, hook.agent, hook.id).await.unwrap().unwrap();
        assert_eq!((target.is_enabled, target.health.noticed), (false, Notice::Failing.bit() | Notice::Disabled.bit()));
    }

    async fn failures_with_nothing_to_send_in_between_are_no_days_of_refusals(app: TestApp) {
        // When the second event comes, the first being given up after three days; whether the webhook is disabled with the second.
        for (pause, disabled_by) in [(6, Value::Null), (4, Value::Null), (2, json!("failing"))] {
            let hook = make(&app).await;
            let retry = After::Retry { due_at: app.crm.clock().now() };
            lead(&app.agent.api, "First").await;
            let first = hook.next(&app).await;
            record(&app, hook.outcome(&app, first, 500, retry)).await;
            if pause > 3 {
                app.clock.advance(3 * DAY);
                record(&app, hook.outcome(&app, first, 500, After::Dead)).await;
            }
            app.clock.advance(if pause > 3 { pause - 3 } else { pause } * DAY);
            lead(&app.agent.api, "Second").await;
            let second = outboxes::fresh(&app.crm, hook.agent, hook.id, None, 1).await[0].event;
            record(&app, hook.outcome(&app, second, 500, retry)).await;
            if pause < 3 {
                app.clock.advance(DAY);
                record(&app, hook.outcome(&app, first, 500, After::Dead)).await;
            }
            app.clock.advance(3 * DAY);
            record(&app, hook.outcome(&app, second, 500, After::Dead)).await;
            assert_eq!(hook.health(&app).await["disabledBy"], disabled_by, "{pause} days after the first");
            let _ = app.agent.api.delete(&hook.path).await.expect(204);
        }
    }

    async fn a_result_that_is_handed_in_twice_counts_once(app: TestApp) {
        let hook = make(&app).await;
        for name in ["A", "B"] {
            lead(&app.agent.api, name).await;
        }
        let due_at = app.crm.clock().now().plus(DAY);
        for (status, after, state) in [(500, After::Retry { due_at }, State::Retry), (200, After::Delivered, State::Delivered)] {
            let event = outboxes::fresh(&app.crm, hook.agent, hook.id, None, 1).await[0].event;
            let mut outcome = hook.outcome(&app, event, status, after);
            assert_eq!(record(&app, outcome.clone()).await, Recorded::As(state));
            let before = outbox::target(&app.crm, hook.agent, hook.id).await.unwrap().unwrap().health;
            outcome.is_repeated = true;
            assert_eq!(record(&app, outcome).await, Recorded::As(state));
            let after = outbox::target(&app.crm, hook.agent, hook.id).await.unwrap().unwrap().health;
            assert_eq!(after, before);
            assert_eq!(hook.deliveries(&app).await.iter().map(|delivery| delivery["attempts"].as_array().unwrap().len()).max(), Some(1));
        }
        // One that is not stored yet counts, though it is repeated.
        app.clock.advance(DAY);
        let event = hook.next(&app).await;
        let mut outcome = hook.outcome(&app, event, 500, After::Dead);
        outcome.is_repeated = true;
        assert_eq!(record(&app, outcome).await, Recorded::As(State::Dead));
    }

    async fn an_old_epoch_changes_no_state(app: TestApp) {
        let hook = make(&app).await;
        lead(&app.agent.api, "Jane").await;
        let event = hook.next(&app).await;
        let mut outcome = hook.outcome(&app, event, 200, After::Delivered);
        outcome.epoch = -1;
        assert_eq!(record(&app, outcome).await, Recorded::Fenced);
        let delivery = hook.deliveries(&app).await.remove(0);
        assert_eq!((&delivery["status"], delivery["attempts"].as_array().unwrap().len()), (&json!("pending"), 1));
        assert_eq!(hook.health(&app).await["successRate"], Value::Null);
        let unknown = hook.outcome(&app, EventId([9; 16]), 200, After::Delivered);
        assert_eq!(record(&app, unknown).await, Recorded::Gone);
    }

    async fn what_happens_between_sending_and_the_result_holds(app: TestApp) {
        let hook = make(&app).await;
        let api = &app.agent.api;
        lead(api, "Jane").await;
        let event = hook.next(&app).await;
        let _ = api.patch(&hook.path, &json!({"enabled": false})).await.expect(200);
        let retry = After::Retry { due_at: app.crm.clock().now() };
        assert_eq!(record(&app, hook.outcome(&app, event, 500, retry)).await, Recorded::As(State::Held));
        assert_eq!(record(&app, hook.outcome(&app, event, 200, After::Delivered)).await, Recorded::As(State::Delivered));
        let _ = api.delete(&hook.path).await.expect(204);
        assert_eq!(record(&app, hook.outcome(&app, event, 200, After::Delivered)).await, Recorded::Gone);
    }

    async fn erasing_a_person_erases_what_receivers_answered(app: TestApp) {
        let hook = make(&app).await;
        let api = &app.agent.api;
        let [sent, pending] = [lead(api, "Sent").await, lead(api, "Pending").await];
        let event = hook.next(&app).await;
        record(&app, hook.outcome(&app, event, 200, After::Delivered)).await;
        let open = hook.next(&app).await;
        let retry = After::Retry { due_at: app.crm.clock().now() };
        record(&app, hook.outcome(&app, open, 500, retry)).await;
        for lead in [sent, pending] {
            let _ = api.delete(&format!("/api/v1/leads/{lead}")).await.expect(204);
        }
        app.clock.advance(31 * DAY);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(2));
        // An answer that comes after that is not kept either.
        assert_eq!(record(&app, hook.outcome(&app, open, 200, After::Delivered)).await, Recorded::As(State::Cancelled));
        let deliveries = hook.deliveries(&app).await;
        assert_eq!((&deliveries[0]["status"], &deliveries[1]["status"]), (&json!("cancelled"), &json!("delivered")));
        for attempt in deliveries.iter().flat_map(|delivery| delivery["attempts"].as_array().unwrap()) {
            assert_eq!(attempt["response"], Value::Null);
        }
        assert_eq!(deliveries[0]["attempts"].as_array().unwrap().len(), 2);
    }

    async fn the_log_is_thinned_out_with_time(app: TestApp) {
        let hook = make(&app).await;
        let api = &app.agent.api;
        for name in ["Delivered", "Dead", "Pending"] {
            lead(api, name).await;
        }
        let delivered = hook.next(&app).await;
        let retry = After::Retry { due_at: app.crm.clock().now() };
        record(&app, hook.outcome(&app, delivered, 500, retry)).await;
        record(&app, hook.outcome(&app, delivered, 200, After::Delivered)).await;
        let dead = hook.next(&app).await;
        record(&app, hook.outcome(&app, dead, 500, After::Dead)).await;
        let _ = api.send(http::Method::POST, &format!("{}/test", hook.path), "").await.expect(202);
        let retries = outboxes::retries(&app.crm, hook.agent, hook.id, app.crm.clock().now(), 10).await;
        record(&app, hook.by_hand(&app, retries[0].event, 200, After::Delivered)).await;
        jobs::seed(&app.crm).await.unwrap();
        let responses = |deliveries: &[Value]| -> Vec<Vec<bool>> {
            let attempts = deliveries.iter().rev().map(|delivery| delivery["attempts"].as_array().unwrap());
            attempts.map(|attempts| attempts.iter().map(|attempt| !attempt["response"].is_null()).collect()).collect()
        };
        for (days, expected) in [
            (6, vec![vec![true, true], vec![true], vec![], vec![true]]),
            (2, vec![vec![true, false], vec![true], vec![], vec![false]]),
            (23, vec![vec![], vec![true], vec![]]),
            // What was given up is gone; an event from before the first that is pending goes with its delivery.
            (60, vec![vec![]]),
        ] {
            app.clock.advance(days * DAY);
            jobs::run_due(&app.crm).await.unwrap();
            assert_eq!(responses(&hook.deliveries(&app).await), expected, "after {days} days more");
        }
        assert_eq!(hook.deliveries(&app).await[0]["status"], "pending");
    }

    async fn an_event_stays_as_long_as_the_log_of_its_delivery(app: TestApp) {
        let hook = make(&app).await;
        for name in ["Given up late", "Newest"] {
            lead(&app.agent.api, name).await;
        }
        let event = hook.next(&app).await;
        let newest = outboxes::fresh(&app.crm, hook.agent, hook.id, Some(event), 1).await[0].event;
        record(&app, hook.outcome(&app, newest, 200, After::Delivered)).await;
        app.clock.advance(80 * DAY);
        record(&app, hook.outcome(&app, event, 500, After::Dead)).await;
        jobs::seed(&app.crm).await.unwrap();
        for (days, left) in [(20, 2), (69, 2), (2, 1)] {
            app.clock.advance(days * DAY);
            jobs::run_due(&app.crm).await.unwrap();
            let events = app.agent.api.get("/api/v1/events").await.expect(200).json();
            assert_eq!((events["events"].as_array().unwrap().len(), hook.deliveries(&app).await.len()), (left, left), "{days} days more");
        }
    }

    async fn waiting_retries_are_due_at_once_when_the_receiver_is_back(app: TestApp) {
        let hook = make(&app).await;
        for name in ["A", "B"] {
            lead(&app.agent.api, name).await;
        }
        for pause in [2, 1] {
            let event = outboxes::fresh(&app.crm, hook.agent, hook.id, None, 1).await[0].event;
            let due_at = app.crm.clock().now().plus(pause * DAY);
            record(&app, hook.outcome(&app, event, 500, After::Retry { due_at })).await;
        }
        assert_eq!(outbox::retry_now(&app.crm, hook.agent, hook.id).await, Ok(2));
        let due = outboxes::retries(&app.crm, hook.agent, hook.id, app.crm.clock().now(), 10).await;
        assert_eq!(due.iter().map(|due| due.sequence).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert_eq!(outbox::retry_now(&app.crm, hook.agent, hook.id).await, Ok(0));
    }

    async fn the_secret_that_was_accepted_signs_the_published_way(app: TestApp) {
        let hook = make(&app).await;
        for name in ["A", "B"] {
            lead(&app.agent.api, name).await;
        }
        let _ = app.agent.api.post(&format!("{}/rotate-secret", hook.path), &json!({})).await.expect(200);
        let published = async || outbox::target(&app.crm, hook.agent, hook.id).await.unwrap().unwrap().secrets.published;
        assert_eq!(published().await, Published::Old);
        for is_first in [true, false] {
            lead(&app.agent.api, "Before").await;
            let event = outboxes::fresh(&app.crm, hook.agent, hook.id, None, 10).await.pop().unwrap().event;
            if !is_first {
                record(&app, hook.outcome(&app, event, 500, After::Retry { due_at: UnixMillis(i64::MAX) })).await;
            }
            let mut outcome = hook.outcome(&app, event, 200, After::Delivered);
            outcome.attempt.at = outcome.attempt.at.minus(Duration::from_millis(1));
            record(&app, outcome).await;
            assert_eq!(published().await, Published::Old, "begun before the rotation");
        }
        let event = hook.next(&app).await;
        record(&app, hook.outcome(&app, event, 200, After::Delivered)).await;
        assert_eq!(published().await, Published::Current);
        let event = hook.next(&app).await;
        let mut outcome = hook.outcome(&app, event, 200, After::Delivered);
        outcome.attempt.published = Published::Old;
        record(&app, outcome).await;
        assert_eq!(published().await, Published::Old);
    }
}

/// On PostgreSQL results are recorded beside the agent's other writes; on SQLite there is one writer.
#[test]
fn a_result_waits_for_who_changes_its_delivery() {
    block_on(async {
        let app = TestApp::start(Engine::Postgres).await;
        let other = app.another_node().await;
        let hook = make(&app).await;
        let retry = After::Retry { due_at: app.crm.clock().now().plus(DAY) };
        for (change, expected, status) in [
            (
                "UPDATE deliveries SET state = 5, finished_at = 1; UPDATE events SET data = NULL",
                State::Cancelled,
                "cancelled",
            ),
            (
                "UPDATE deliveries SET manual_from = 1, resume_at = due_at, state = 1 WHERE state = 0",
                State::Retry,
                "pending",
            ),
        ] {
            lead(&app.agent.api, "Jane").await;
            let event = outboxes::fresh(&app.crm, hook.agent, hook.id, None, 1).await[0].event;
            let (changed, go_on) = (std::sync::mpsc::sync_channel::<()>(1), std::sync::mpsc::sync_channel::<()>(1));
            let wait = std::sync::Mutex::new(go_on.1);
            let write = other.crm.database().write("test.change", db::Lane::SHARED, move |tx| {
                tx.batch(change)?;
                let _ = changed.0.send(());
                let _ = wait.lock().unwrap().recv();
                Ok::<_, db::DbError>(())
            });
            let recorded = async {
                tokio::task::spawn_blocking(move || changed.1.recv()).await.unwrap().unwrap();
                let release = async {
                    until(async || {
                        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
                        let waiting = other.crm.database().read("test.waits", move |tx| tx.query_one(sql, &[], |row| row.get::<i64>(0)));
                        waiting.await.unwrap() == 1
                    })
                    .await;
                    go_on.0.send(()).unwrap();
                };
                tokio::join!(record(&app, hook.outcome(&app, event, 500, retry)), release).0
            };
            let (written, recorded) = tokio::join!(write, recorded);
            written.unwrap();
            assert_eq!(recorded, Recorded::As(expected));
            assert_eq!(hook.deliveries(&app).await[0]["status"], status);
        }
        assert_eq!(
            outboxes::retries(&app.crm, hook.agent, hook.id, app.crm.clock().now(), 1).await.len(),
            1,
            "still wished for"
        );
    });
}
