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

use http::Method;
use serde_json::json;
use testkit::{
    Caller, Engine, Reply, Sink,
    process::{Place, Server},
    until,
};
use tokio::task::JoinHandle;

use super::{place, rounds};
use crate::nodes::assert_in_order;

/// Records that are changed at once.
const CONNECTIONS: usize = 4;

/// What was acknowledged: the record, and how many events it has.
type Acknowledged = Arc<Mutex<Vec<(String, usize)>>>;

/// Makes clients and moves them through their stages until the server is gone. One that is frozen in a transaction holds the agent's turn
/// until the database ends it, and is told so by a 503: nothing is stored, and the next try is another client.
async fn change_until_gone(api: Caller, next: Arc<AtomicU64>, acknowledged: Acknowledged) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let client = json!({"name": format!("Client {number}"), "email": format!("c{number}@example.com")});
        let Some(made) = api.try_post("/api/v1/clients", &client).await else { return };
        if made.status == 503 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        let id = made.expect(201).json()["clientId"].as_str().unwrap().to_owned();
        acknowledged.lock().unwrap().push((id.clone(), 1));
        for (events, stage) in [(2, "Touring"), (3, "Offer")] {
            let body = json!({"buyingStage": stage}).to_string();
            let call = api.with("Content-Type", "application/json");
            let Ok(answer) = call.try_send(Method::PATCH, &format!("/api/v1/clients/{id}"), body).await else { return };
            if answer.status == 503 {
                break;
            }
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

/// A receiver of everything, the load that makes it, and what is known of both.
pub struct Run {
    place: Place,
    sink: Sink,
    key: String,
    secret: String,
    next: Arc<AtomicU64>,
    acknowledged: Acknowledged,
}

impl Run {
    /// Prepares a place. Its receiver refuses the first attempt of some events, so that retries are among what is killed.
    pub async fn prepare(place: Place) -> Self {
        let sink = Sink::start().await;
        let refused = Mutex::new(HashSet::new());
        sink.answer_by("/hook", move |request, _| {
            let is_chosen = request.sequence() % 8 == 0;
            let is_new = is_chosen && refused.lock().unwrap().insert(request.id().to_owned());
            Reply::status(if is_new { 500 } else { 200 })
        });
        let slug = place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
        let key = place.output_of(&["key", "create", "--agent", &slug, "--name", "Load"]);
        let made = place.output_of(&["webhook", "create", "--agent", &slug, "--url", &sink.url("/hook")]);
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let secret = made["secret"].as_str().unwrap().to_owned();
        Self { place, sink, key, secret, next: Arc::default(), acknowledged: Acknowledged::default() }
    }

    /// Starts a server and changes records through it; the changes end with it.
    pub fn serve(&self) -> (Server, Vec<JoinHandle<()>>) {
        let server = self.place.serve();
        let load = (0..CONNECTIONS).map(|_| {
            let api = Caller::new(&server.base).with_key(&self.key);
            tokio::spawn(change_until_gone(api, Arc::clone(&self.next), Arc::clone(&self.acknowledged)))
        });
        let load = load.collect();
        (server, load)
    }

    /// Starts a server that changes nothing.
    pub fn serve_without_load(&self) -> Server {
        self.place.serve()
    }

    /// How many changes were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// How many requests the receiver has got.
    pub fn received(&self) -> usize {
        self.sink.received("/hook").len()
    }

    /// Waits until every event is at the receiver, which a last server sees to, and looks at all that it got.
    pub async fn check(&self, server: &Server) {
        let events = feed(&Caller::new(&server.base).with_key(&self.key)).await;
        let arrived =
            || self.sink.received("/hook").iter().map(|request| request.id().to_owned()).collect::<BTreeSet<_>>();
        until(async || arrived().len() >= events.len()).await;
        assert_eq!(arrived(), events, "every event arrived, and none is invented");
        let received = self.sink.received("/hook");
        let mut by_record = HashMap::<String, HashSet<&str>>::new();
        for request in &received {
            let record = request.json()["data"]["id"].as_str().unwrap().to_owned();
            by_record.entry(record).or_default().insert(request.id());
        }
        for (id, count) in self.acknowledged.lock().unwrap().iter() {
            let came = by_record.get(id).map_or(0, HashSet::len);
            assert!(came >= *count, "{id}: {count} changes were acknowledged, {came} events came");
        }
        assert_in_order(&received);
        assert!(
            received.iter().all(|request| {
                request.is_signed_with(&self.secret) && request.is_standard_signed_with(&self.secret)
            })
        );
        // What was refused is tried again, over all the kills.
        until(async || {
            let received = self.sink.received("/hook");
            let refused = received.iter().filter(|request| request.sequence() % 8 == 0);
            let mut times = HashMap::<&str, usize>::new();
            refused.for_each(|request| *times.entry(request.id()).or_default() += 1);
            times.values().all(|times| *times > 1)
        })
        .await;
    }
}

async fn deliver(place: Place) {
    let run = Run::prepare(place).await;
    for round in 0..rounds() {
        let before = run.acknowledged();
        let (server, load) = run.serve();
        until(async || run.acknowledged() > before).await;
        tokio::time::sleep(Duration::from_millis((round * 61) % 170)).await;
        server.kill();
        for task in load {
            task.await.unwrap();
        }
    }
    run.check(&run.serve_without_load()).await;
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
