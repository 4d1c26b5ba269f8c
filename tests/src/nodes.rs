//! A sender that goes and another that takes over; several on one database.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;
use testkit::{
    Caller, Engine, Gate, Received, Reply, Sink, TestApp, block_on, on_both_engines_with, sending::end_leases, until,
};

use crate::hooks::{Hook, client, lead, receiver, sequences, settings, stage, text};

/// First attempts of the events of each record, as they arrived.
pub fn first_attempts(received: &[Received]) -> HashMap<String, Vec<i64>> {
    let mut seen = HashSet::new();
    let mut by_record = HashMap::<String, Vec<i64>>::new();
    for request in received.iter().filter(|request| seen.insert(request.id().to_owned())) {
        by_record.entry(text(&request.json()["data"]["id"])).or_default().push(request.sequence());
    }
    by_record
}

/// Asserts that they came in order, and that what came twice came with the same id and body.
pub fn assert_in_order(received: &[Received]) {
    for (record, sequences) in first_attempts(received) {
        assert!(sequences.is_sorted(), "{record}: {sequences:?}");
    }
    let mut by_sequence = BTreeMap::new();
    for request in received {
        let first = by_sequence.entry(request.sequence()).or_insert(request);
        assert_eq!((first.id(), first.text()), (request.id(), request.text()));
    }
}

on_both_engines_with! {
    settings();

    async fn what_was_on_its_way_in_a_crash_is_sent_again_with_the_same_id(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let gate = Gate::default();
        let held = gate.clone();
        sink.answer_by("/hook", move |_, before| if before == 0 { Reply::status(500).behind(&held) } else { Reply::status(200) });
        let sending = app.send_webhooks();
        let jane = client(&app, "Jane").await;
        sink.wait_for("/hook", 1).await;
        for to in ["Touring", "Offer"] {
            stage(&app, &jane, to).await;
        }
        sending.vanish().await;
        end_leases(&app.crm).await;
        let _sending = app.send_webhooks();
        let received = sink.wait_for("/hook", 4).await;
        assert_eq!(sequences(&received), [1, 1, 2, 3]);
        assert_eq!((received[0].id(), received[0].text()), (received[1].id(), received[1].text()));
        hook.delivered().await;
        gate.open();
    }

    async fn a_graceful_stop_waits_for_what_is_on_its_way(app: TestApp) {
        let (sink, hook) = receiver(&app).await;
        let gate = Gate::default();
        sink.answer("/hook", Reply::status(200).behind(&gate));
        let sending = app.send_webhooks();
        lead(&app, "First").await;
        lead(&app, "Second").await;
        sink.wait_for("/hook", 1).await;
        let stopping = tokio::spawn(sending.stop());
        gate.open();
        stopping.await.unwrap();
        assert_eq!(hook.statuses().await, ["delivered", "pending"]);
        // Its leases are given back, so the next one begins at once.
        let _sending = app.send_webhooks();
        assert_eq!(sequences(&sink.wait_for("/hook", 2).await), [1, 2]);
        hook.delivered().await;
    }
}

fn on_postgres(test: impl AsyncFnOnce(TestApp)) {
    block_on(async { test(TestApp::start_with(Engine::Postgres, &settings()).await).await });
}

#[test]
fn two_nodes_send_each_event_once_and_in_order() {
    on_postgres(async |app| {
        let other = app.another_node().await;
        let sink = Sink::start().await;
        let mut hooks = Vec::new();
        for n in 0..6 {
            hooks.push(Hook::make(&app, &sink.url(&format!("/{n}"))).await);
        }
        let _sending = [app.send_webhooks(), other.send_webhooks()];
        let there = Caller::new(&other.base).with_key(&app.agent.key);
        for n in 0..5 {
            let path = client(&app, &format!("Client{n}")).await;
            for to in ["Touring", "Offer", "Closed"] {
                let _ = there.patch(&path, &json!({"buyingStage": to})).await.expect(200);
            }
        }
        for (n, hook) in hooks.iter().enumerate() {
            let received = sink.wait_for(&format!("/{n}"), 20).await;
            hook.delivered().await;
            assert_in_order(&received);
            let mut got = sequences(&sink.received(&format!("/{n}")));
            got.sort_unstable();
            assert_eq!(got, (1..=20).collect::<Vec<_>>());
        }
    });
}

/// Until when the lease of the one webhook lasts, and the time, both by the database's clock.
async fn lease(app: &TestApp) -> (i64, i64) {
    let read = app.crm.database().read("test.lease", |tx| {
        let sql =
            "SELECT lease_until, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) FROM webhooks LIMIT 1";
        tx.query_one(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
    });
    read.await.unwrap_or_else(|error: db::DbError| panic!("{error}"))
}

#[test]
fn a_dead_node_is_taken_over_before_its_leases_end_and_a_living_one_is_not() {
    on_postgres(async |app| {
        let other = app.another_node().await;
        let (sink, hook) = receiver(&app).await;
        let gate = Gate::default();
        let held = gate.clone();
        sink.answer_by(
            "/hook",
            move |_, before| if before == 0 { Reply::status(200).behind(&held) } else { Reply::status(200) },
        );
        let first = app.send_webhooks();
        let jane = client(&app, "Jane").await;
        sink.wait_for("/hook", 1).await;
        stage(&app, &jane, "Touring").await;
        let (until, _) = lease(&app).await;
        let _sending = other.send_webhooks();
        let elsewhere = Hook::make(&app, &sink.url("/elsewhere")).await;
        for name in ["John", "Joan"] {
            client(&app, name).await;
            elsewhere.delivered().await;
        }
        assert_eq!(sequences(&sink.received("/hook"))[0], 1);
        assert!(!sequences(&sink.received("/hook"))[1..].contains(&1), "the first node's while it lives");
        first.vanish().await;
        hook.delivered().await;
        let (_, now) = lease(&app).await;
        assert!(now < until, "nobody waited for its lease to end");
        let received = sink.received("/hook");
        assert_in_order(&received);
        assert_eq!(received.iter().filter(|request| request.sequence() == 1).count(), 2);
        gate.open();
    });
}

#[test]
fn a_node_that_wakes_up_after_it_was_taken_over_changes_no_state() {
    on_postgres(async |app| {
        let other = app.another_node().await;
        let (sink, hook) = receiver(&app).await;
        let gate = Gate::default();
        let held = gate.clone();
        sink.answer_by("/hook", move |_, before| match before {
            0 => Reply::status(410).behind(&held),
            _ => Reply::status(200),
        });
        // The clock stands still: this node believes in its lease for ever.
        let _stopped = app.send_webhooks();
        let jane = client(&app, "Jane").await;
        sink.wait_for("/hook", 1).await;
        end_leases(&app.crm).await;
        let _sending = other.send_webhooks();
        sink.wait_for("/hook", 2).await;
        hook.delivered().await;
        gate.open();
        hook.logged(2).await;
        assert_eq!(hook.statuses().await, ["delivered"]);
        let read = hook.read().await;
        assert_eq!((&read["enabled"], &read["health"]["successRate"]), (&json!(true), &json!(1)));
        // And it sends nothing more.
        for to in ["Touring", "Offer"] {
            stage(&app, &jane, to).await;
        }
        hook.delivered().await;
        assert_eq!(sequences(&sink.received("/hook")), [1, 1, 2, 3]);
    });
}

#[test]
fn what_is_changed_through_another_node_is_noticed() {
    on_postgres(async |app| {
        let other = app.another_node().await;
        let there = Caller::new(&other.base).with_key(&app.agent.key);
        let (sink, hook) = receiver(&app).await;
        let _sending = app.send_webhooks();
        sink.answer("/hook", Reply::status(410));
        lead(&app, "First").await;
        until(async || hook.read().await["enabled"] == false).await;
        sink.answer("/hook", Reply::status(200));
        let _ = there.patch(&hook.path, &json!({"enabled": true})).await.expect(200);
        sink.wait_for("/hook", 2).await;
        hook.delivered().await;
        let _ = there.patch(&hook.path, &json!({"url": sink.url("/new")})).await.expect(200);
        lead(&app, "Second").await;
        sink.wait_for("/new", 1).await;
        let _ = there.patch(&hook.path, &json!({"enabled": false})).await.expect(200);
        lead(&app, "Third").await;
        assert_eq!(hook.statuses().await.last().unwrap(), "held");
        let _ = there.patch(&hook.path, &json!({"enabled": true})).await.expect(200);
        sink.wait_for("/new", 2).await;
    });
}

#[test]
fn a_follower_of_the_feed_misses_nothing_beside_two_writers() {
    on_postgres(async |app| {
        const EACH: i64 = 60;
        let other = app.another_node().await;
        let writers = [app.base.clone(), other.base.clone(), app.base.clone(), other.base.clone()].map(|base| {
            let api = Caller::new(&base).with_key(&app.agent.key);
            tokio::spawn(async move {
                for _ in 0..EACH {
                    let _ = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
                }
            })
        });
        let there = Caller::new(&other.base).with_key(&app.agent.key);
        let (mut after, mut seen) = (String::new(), 0);
        let (mut last, mut turn) = (String::new(), 0);
        until(async || {
            turn += 1;
            let reader = if turn % 2 == 0 { &there } else { &app.agent.api };
            let feed = reader.get(&format!("/api/v1/events?limit=7&after={after}")).await.expect(200).json();
            for event in feed["events"].as_array().unwrap() {
                seen += 1;
                assert_eq!(event["sequence"], seen, "none is missed, none comes twice");
                assert!(text(&event["id"]) > last);
                last = text(&event["id"]);
            }
            after = feed["nextCursor"].as_str().unwrap_or_default().to_owned();
            seen == 4 * EACH
        })
        .await;
        for writer in writers {
            writer.await.unwrap();
        }
    });
}
