//! Webhooks over kills: every event of an acknowledged change arrives at least once, none is invented, what comes twice has the same
//! id and body, and first attempts of a record's events come in order.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use db::{Database, DbError, Lane, Options, params};
use http::Method;
use serde_json::json;
use testkit::{Caller, Engine, Sink, process::Place, until};

use super::{place, rounds};
use crate::nodes::assert_in_order;

/// Records that are changed at once.
const CONNECTIONS: usize = 4;

/// What was acknowledged: the record, and how many events it has.
type Acknowledged = Arc<Mutex<Vec<(String, usize)>>>;

/// Makes clients and moves them through their stages until the server is gone.
async fn change_until_gone(api: Caller, next: Arc<AtomicU64>, acknowledged: Acknowledged) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let client = json!({"name": format!("Client {number}"), "email": format!("c{number}@example.com")});
        let Some(made) = api.try_post("/api/v1/clients", &client).await else { return };
        let id = made.expect(201).json()["clientId"].as_str().unwrap().to_owned();
        acknowledged.lock().unwrap().push((id.clone(), 1));
        for (events, stage) in [(2, "Touring"), (3, "Offer")] {
            let body = json!({"buyingStage": stage}).to_string();
            let call = api.with("Content-Type", "application/json");
            let Ok(answer) = call.try_send(Method::PATCH, &format!("/api/v1/clients/{id}"), body).await else { return };
            let _ = answer.expect(200);
            acknowledged.lock().unwrap().push((id.clone(), events));
        }
    }
}

/// The ids of all events.
async fn feed(api: &Caller) -> BTreeSet<String> {
    let (mut ids, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/events?limit=100&after={after}")).await.expect(200).json();
        let events = page["events"].as_array().unwrap();
        ids.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        if events.is_empty() {
            return ids;
        }
        after = page["nextCursor"].as_str().unwrap().to_owned();
    }
}

/// On PostgreSQL a killed node's leases end by the database's clock after half a minute: as if it had gone by.
async fn end_leases(place: &Place) {
    if place.database_url.is_empty() {
        return;
    }
    let url = place.database_url.clone();
    let database =
        tokio::task::spawn_blocking(move || Database::open(&url, Options::default()).unwrap()).await.unwrap();
    let ended = database
        .write("test.end_leases", Lane::SHARED, |tx| tx.execute("UPDATE webhooks SET lease_until = 0", params![]));
    let _: u64 = ended.await.unwrap_or_else(|error: DbError| panic!("{error}"));
    database.close().await;
}

async fn deliver(place: Place) {
    let sink = Sink::start().await;
    let slug = place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = place.output_of(&["key", "create", "--agent", &slug, "--name", "Load"]);
    let made = place.output_of(&["webhook", "create", "--agent", &slug, "--url", &sink.url("/hook")]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let secret = made["secret"].as_str().unwrap();
    let (next, acknowledged) = (Arc::new(AtomicU64::new(0)), Acknowledged::default());
    for round in 0..rounds() {
        end_leases(&place).await;
        let server = place.serve();
        let before = acknowledged.lock().unwrap().len();
        let load = (0..CONNECTIONS).map(|_| {
            let api = Caller::new(&server.base).with_key(&key);
            tokio::spawn(change_until_gone(api, Arc::clone(&next), Arc::clone(&acknowledged)))
        });
        let load = load.collect::<Vec<_>>();
        until(async || acknowledged.lock().unwrap().len() > before).await;
        tokio::time::sleep(Duration::from_millis((round * 61) % 170)).await;
        server.kill();
        for task in load {
            task.await.unwrap();
        }
    }

    end_leases(&place).await;
    let server = place.serve();
    let events = feed(&Caller::new(&server.base).with_key(&key)).await;
    until(async || {
        sink.received("/hook").iter().map(|request| request.id().to_owned()).collect::<HashSet<_>>().len()
            >= events.len()
    })
    .await;
    let received = sink.received("/hook");
    let arrived = received.iter().map(|request| request.id().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(arrived, events, "every event arrived, and none is invented");
    let mut by_record = HashMap::<String, HashSet<&str>>::new();
    for request in &received {
        let record = request.json()["data"]["id"].as_str().unwrap().to_owned();
        by_record.entry(record).or_default().insert(request.id());
    }
    for (id, count) in acknowledged.lock().unwrap().iter() {
        let came = by_record.get(id).map_or(0, HashSet::len);
        assert!(came >= *count, "{id}: {count} changes were acknowledged, {came} events came");
    }
    assert_in_order(&received);
    assert!(received.iter().all(|request| request.is_signed_with(secret) && request.is_standard_signed_with(secret)));
    server.kill();
}

#[test]
fn killed_on_sqlite_no_webhook_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (place, _database) = place(Engine::Sqlite, folder.path());
    testkit::block_on(deliver(place));
}

#[test]
fn killed_on_postgres_no_webhook_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (place, _database) = place(Engine::Postgres, folder.path());
    testkit::block_on(deliver(place));
}
