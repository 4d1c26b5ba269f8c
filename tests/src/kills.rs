//! kill -9 under load: what was acknowledged is there with its event, nothing is half there, no idempotency key made two.

mod imports;
mod mails;
mod memory;
mod nodes;
mod uploads;
mod webhooks;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use imports::sign_in;
use serde_json::{Value, json};
use testkit::{Caller, Engine, process::Place};

/// Connections that create leads at once.
const CONNECTIONS: usize = 8;

#[expect(clippy::disallowed_methods, reason = "./test says how often")]
fn rounds() -> u64 {
    std::env::var("ORGANICAGENT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// What the clients know: the answer to each idempotency key, `None` while it is unanswered.
type History = Arc<Mutex<HashMap<String, Option<String>>>>;

/// How many requests have their answer.
fn acknowledged(history: &History) -> usize {
    history.lock().unwrap().values().flatten().count()
}

/// Creates leads until the server is gone; every request's key is noted before it is sent.
async fn create_until_gone(api: Caller, history: History, next: Arc<AtomicU64>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        let key = format!("key-{}", next.fetch_add(1, Ordering::Relaxed));
        history.lock().unwrap().insert(key.clone(), None);
        match create(&api, &key).await {
            Some(id) => history.lock().unwrap().insert(key, Some(id)),
            None => return,
        };
    }
}

/// Creates one lead; `None` when no answer came.
async fn create(api: &Caller, key: &str) -> Option<String> {
    let body = json!({"name": key, "email": format!("{key}@example.com")});
    let answer = api.with("Idempotency-Key", key).try_post("/api/v1/leads", &body).await?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    Some(answer.json()["leadId"].as_str().unwrap().to_owned())
}

/// Every lead's name by its id, and the total.
async fn leads(api: &Caller) -> (HashMap<String, String>, u64) {
    records(api, "leads", "name").await
}

/// A text of every record of a list by its id, and the total.
async fn records(api: &Caller, list: &str, field: &str) -> (HashMap<String, String>, u64) {
    let mut found = HashMap::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/api/v1/{list}?limit=100&cursor={cursor}")).await.expect(200).json();
        for record in page[list].as_array().unwrap() {
            let text = |key: &str| record[key].as_str().unwrap().to_owned();
            assert!(found.insert(text("id"), text(field)).is_none(), "a record stands twice in the list");
        }
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return (found, page["total"].as_u64().unwrap()),
        }
    }
}

/// The ids of the records that have an event, with the numbers checked to be without gaps.
async fn with_events(api: &Caller) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut after = String::new();
    let mut sequence = 0;
    loop {
        let feed = api.get(&format!("/api/v1/events?limit=100&after={after}")).await.expect(200).json();
        let events = feed["events"].as_array().unwrap();
        for event in events {
            sequence += 1;
            assert_eq!(event["sequence"], Value::from(sequence));
            assert!(found.insert(event["data"]["id"].as_str().unwrap().to_owned()), "a record has two events");
        }
        if events.is_empty() {
            return found;
        }
        after = feed["nextCursor"].as_str().unwrap().to_owned();
    }
}

async fn survive(place: Place) {
    let slug = place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = place.output_of(&["key", "create", "--agent", &slug, "--name", "Load"]);
    let history = History::default();
    let next = Arc::new(AtomicU64::new(0));
    for round in 0..rounds() {
        let before = acknowledged(&history);
        let server = place.serve();
        let is_over = Arc::new(AtomicBool::new(false));
        let load = (0..CONNECTIONS).map(|_| {
            let api = Caller::new(&server.base).with_key(&key);
            tokio::spawn(create_until_gone(api, Arc::clone(&history), Arc::clone(&next), Arc::clone(&is_over)))
        });
        let load = load.collect::<Vec<_>>();
        // Once the load has begun, a moment that differs from round to round and is the same in every run.
        while acknowledged(&history) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis((round * 73) % 260)).await;
        server.kill();
        is_over.store(true, Ordering::Relaxed);
        for task in load {
            task.await.unwrap();
        }
    }

    let server = place.serve();
    let api = Caller::new(&server.base).with_key(&key);
    let (found, total) = leads(&api).await;
    assert_eq!(total, found.len() as u64, "the kept total is the number of leads");
    assert_eq!(with_events(&api).await, found.keys().cloned().collect::<HashSet<_>>(), "each lead has one event");
    let known = history.lock().unwrap().clone();
    let acknowledged = known.iter().filter_map(|(key, id)| id.as_ref().map(|id| (key, id)));
    for (key, id) in acknowledged.clone() {
        assert_eq!(found.get(id), Some(key), "an acknowledged lead is lost");
    }
    assert!(acknowledged.count() as u64 >= rounds(), "the load was real");

    for key in known.keys() {
        let id = create(&api, key).await.expect("the server answers");
        let earlier = known[key].as_ref();
        assert!(earlier.is_none_or(|earlier| *earlier == id), "a repeated key got another answer");
    }
    let (found, total) = leads(&api).await;
    assert_eq!(total, known.len() as u64, "every key made exactly one lead");
    let names = found.values().collect::<HashSet<_>>();
    assert_eq!(names.len(), known.len());
    server.kill();
}

fn place(engine: Engine, folder: &std::path::Path) -> (Place, Option<testkit::postgres::TempDatabase>) {
    let folder = folder.to_owned();
    match engine {
        Engine::Sqlite => (Place { folder, database_url: String::new() }, None),
        Engine::Postgres => {
            let database = testkit::postgres::fresh_database();
            (Place { folder, database_url: database.url.clone() }, Some(database))
        }
    }
}

#[test]
fn killed_on_sqlite_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (place, _database) = place(Engine::Sqlite, folder.path());
    testkit::block_on(survive(place));
}

#[test]
fn killed_on_postgres_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (place, _database) = place(Engine::Postgres, folder.path());
    testkit::block_on(survive(place));
}
