//! How many creates a second the engine commits, by how many callers wait at once.
//!
//! `cargo run --release -p db --example commits -- sqlite:/some/disk/bench.db` (or `postgres://...`). A create is four statements
//! over seven b-trees, as a lead is: the agent's turn, the record with four indexes, its event, the turn again.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement for the terminal"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use db::{Database, DbError, Engine, Lane, Migration, Options, Tx, params};

const SCHEMA: &[Migration] = &[Migration {
    version: 1,
    name: "bench",
    sql: "CREATE TABLE turns (agent_id BYTEA NOT NULL, last_sequence BIGINT NOT NULL,
            CONSTRAINT turns_pkey PRIMARY KEY (agent_id)) /*clustered*/;
        CREATE TABLE leads (agent_id BYTEA NOT NULL, id BYTEA NOT NULL, name TEXT NOT NULL, email TEXT, phone TEXT,
            source TEXT NOT NULL, status TEXT NOT NULL, updated_at BIGINT NOT NULL,
            CONSTRAINT leads_pkey PRIMARY KEY (agent_id, id)) /*clustered*/;
        CREATE INDEX leads_status_idx ON leads (agent_id, status, id);
        CREATE INDEX leads_source_idx ON leads (agent_id, source, id);
        CREATE INDEX leads_email_idx ON leads (agent_id, email, id);
        CREATE INDEX leads_phone_idx ON leads (agent_id, phone, id);
        CREATE TABLE events (agent_id BYTEA NOT NULL, sequence BIGINT NOT NULL, data TEXT NOT NULL,
            CONSTRAINT events_pkey PRIMARY KEY (agent_id, sequence)) /*clustered*/;",
    sqlite: None,
    postgres: None,
}];

const AGENTS: u64 = 16;
const SECONDS: u64 = 5;

fn create(tx: &mut Tx<'_>, agent: &[u8; 16], number: u64) -> Result<(), DbError> {
    let sql = match tx.engine() {
        Engine::Sqlite => "SELECT last_sequence FROM turns WHERE agent_id = $1",
        Engine::Postgres => "SELECT last_sequence FROM turns WHERE agent_id = $1 FOR NO KEY UPDATE",
    };
    let sequence = tx.query_one(sql, params![agent], |row| row.get::<i64>(0))? + 1;
    let id = (u128::from(number) | 0x0190_0000_0000_7000_8000_0000_0000_0000).to_be_bytes();
    // Scattered as people's addresses are.
    let person = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let email = format!("person{person:016x}@example.com");
    let phone = format!("+1{:010}", person % 10_000_000_000);
    tx.execute(
        "INSERT INTO leads (agent_id, id, name, email, phone, source, status, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![agent, &id, "Jordan Example", &email, &phone, "Website", "new", 1_700_000_000_000_i64],
    )?;
    tx.execute(
        "INSERT INTO events (agent_id, sequence, data) VALUES ($1, $2, $3)",
        params![
            agent,
            sequence,
            r#"{"id":"lead_01","name":"Jordan Example","email":"jordan@example.com","status":"new"}"#
        ],
    )?;
    tx.execute("UPDATE turns SET last_sequence = $2 WHERE agent_id = $1", params![agent, sequence])?;
    Ok(())
}

fn agent(number: u64) -> [u8; 16] {
    (0x0190_0000_0000_7000_8000_0000_0000_0000_u128 | u128::from(number % AGENTS).wrapping_mul(0x9E37_79B9))
        .to_be_bytes()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).expect("an address: sqlite:PATH or postgres://...");
    let db = Database::open(&url, Options::default()).unwrap();
    db.migrate(SCHEMA).unwrap();
    let seed = db.write("seed", Lane::SHARED, |tx| {
        for number in 0..AGENTS {
            let insert = "INSERT INTO turns (agent_id, last_sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING";
            tx.execute(insert, params![&agent(number)])?;
        }
        tx.query_one("SELECT COUNT(*) FROM leads", params![], |row| row.get::<i64>(0))
    });
    let number = Arc::new(AtomicU64::new(Result::<_, DbError>::unwrap(seed.await).unsigned_abs()));
    println!("callers  creates/s  a group  p50 us  p99 us  writers' us/create");
    for callers in [1, 32, 100, 256] {
        let before = db.stats();
        let (started, busy) = (Instant::now(), writers_cpu());
        let tasks: Vec<_> =
            (0..callers).map(|_| tokio::spawn(call(db.clone(), Arc::clone(&number), started))).collect();
        let mut latencies: Vec<Duration> = Vec::new();
        for task in tasks {
            latencies.extend(task.await.unwrap());
        }
        let (seconds, after) = (started.elapsed().as_secs_f64(), db.stats());
        latencies.sort_unstable();
        let group = (after.grouped_jobs - before.grouped_jobs) as f64 / (after.groups - before.groups) as f64;
        let at = |share: usize| latencies[latencies.len() * share / 100].as_micros();
        let cpu = (writers_cpu() - busy).as_secs_f64() * 1e6 / latencies.len() as f64;
        println!(
            "{callers:7}  {:9.0}  {group:7.1}  {:6}  {:6}  {cpu:6.1}",
            latencies.len() as f64 / seconds,
            at(50),
            at(99)
        );
    }
    db.close().await;
}

async fn call(db: Database, number: Arc<AtomicU64>, started: Instant) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while started.elapsed() < Duration::from_secs(SECONDS) {
        let number = number.fetch_add(1, Relaxed);
        let sent = Instant::now();
        let agent = agent(number);
        let written = db.write("create", Lane::of(&agent), move |tx| create(tx, &agent, number));
        Result::<_, DbError>::unwrap(written.await);
        latencies.push(sent.elapsed());
    }
    latencies
}

/// The processor time of the writing threads so far, as Linux counts it: in hundredths of a second.
fn writers_cpu() -> Duration {
    let mut ticks = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.split_once("(db-writer) ") else { continue };
        let fields: Vec<u64> = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        ticks += fields.iter().sum::<u64>();
    }
    Duration::from_millis(ticks * 10)
}
