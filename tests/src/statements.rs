//! The plan of every statement that the other tests ran, on both engines: nothing reads a table, or an index, from end to end.
//!
//! `./test unit` has each test keep the statements of the product; `./test statements` then reads them here. So a new query is looked
//! at without anybody naming it. Where reading all is meant, [`WALKS`] says so.

use std::{collections::BTreeSet, fs};

use db::{DbError, Lane, Value};
use testkit::{Engine, TestApp, block_on};

/// Jobs that may read a whole table or index, and why that costs no more with more records.
const WALKS: [(&str, &str); 15] = [
    ("jobs.list_failed", "the index has failed jobs only, and the first few are read"),
    ("webhooks.find_due", "the index has deleted webhooks only, and the first is read"),
    ("webhooks.outbox", "what is open is counted for the operator's metrics, in indexes that have nothing else"),
    ("events.find_due", "every agent is asked, once an hour, for events past their time"),
    ("mails.queued", "the index has queued mails only; counted for the operator's metrics, to 10,000"),
    ("mails.keep", "the same index, once at the start of a server without a mail server"),
    (
        "mails.find_untold",
        "every agent is asked, a few times a minute, for events whose leads no mail has told: two numbers each",
    ),
    ("agents.list", "a command that prints all"),
    ("certificates.want_all", "once at the start of a server that sees to certificates: every name that leads here"),
    ("accounts.is_unclaimed", "whether there is any agent: the first row tells"),
    ("accounts.sign_up", "the same, for the first agent's sign-up"),
    ("seal.fingerprint", "the list of tables"),
    ("backup.is_restoring", "the list of tables"),
    ("restore.begin", "the list of tables, and whether there is any agent"),
    ("restore.tables", "the list of tables"),
];

/// A statement and the job that ran it.
struct Statement {
    job: String,
    sql: String,
}

impl Statement {
    /// How many parameters it has.
    fn params(&self) -> usize {
        let numbers = self.sql.split('$').skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse::<usize>().ok()
        });
        numbers.max().unwrap_or(0)
    }
}

/// What was recorded, but for the tests' own statements.
#[expect(clippy::disallowed_methods, reason = "./test says where the statements were written down")]
fn recorded() -> Vec<Statement> {
    let folder = std::env::var("ORGANICAGENT_STATEMENTS").expect("run by ./test unit statements");
    let mut statements = Vec::new();
    for file in fs::read_dir(&folder).expect("run ./test unit first") {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let (job, sql) = text.strip_prefix("-- ").unwrap().split_once('\n').unwrap();
        let mut words = sql.split_whitespace();
        let is_planned = matches!(words.next(), Some("SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH"));
        // What has no job's name reads a snapshot of everything: a backup.
        if is_planned && !job.is_empty() && !job.starts_with("test") {
            statements.push(Statement { job: job.to_owned(), sql: sql.to_owned() });
        }
    }
    assert!(statements.len() > 200, "only {} statements in {folder}: run ./test unit first", statements.len());
    statements.sort_by(|a, b| (&a.job, &a.sql).cmp(&(&b.job, &b.sql)));
    statements
}

/// Whether the job is known to walk.
fn walks(statement: &Statement) -> bool {
    WALKS.iter().any(|(job, _)| *job == statement.job)
}

#[test]
fn on_sqlite_nothing_is_scanned() {
    block_on(async {
        let app = TestApp::start(Engine::Sqlite).await;
        let mut scans = BTreeSet::new();
        for statement in recorded().into_iter().filter(|statement| !walks(statement)) {
            let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let params = statement.params();
            let plan = app.crm.database().read("test.plan", move |tx| {
                tx.query(&explain, &vec![Value::Text("x"); params], |row| row.get::<String>(3))
            });
            // What only PostgreSQL runs is not SQLite's language.
            let Ok::<_, DbError>(plan) = plan.await else { continue };
            // What is read to its end may be what another step has just found.
            let is_found = |name: &str| {
                plan.iter()
                    .any(|step| step.strip_prefix("CO-ROUTINE ").or(step.strip_prefix("MATERIALIZE ")) == Some(name))
            };
            for step in plan.iter().filter(|step| !step.ends_with("VALUES CLAUSE")) {
                let Some(name) = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else { continue };
                if is_found(name) || name == "CONSTANT" {
                    continue;
                }
                scans.insert(format!("{}: {step}\n    {}", statement.job, statement.sql));
            }
            // The log of a webhook is long, and what is open of it is in indexes by state.
            let asks_for_state = statement.sql.contains("deliveries") && statement.sql.contains("state = ");
            if asks_for_state
                && plan.iter().any(|step| step.ends_with("USING PRIMARY KEY (agent_id=? AND webhook_id=?)"))
            {
                scans.insert(format!("{}: the whole log of a webhook\n    {}", statement.job, statement.sql));
            }
        }
        assert!(scans.is_empty(), "{} scans\n{}", scans.len(), scans.into_iter().collect::<Vec<_>>().join("\n"));
    });
}

#[test]
fn on_postgres_nothing_is_scanned() {
    block_on(async {
        let app = TestApp::start(Engine::Postgres).await;
        let mut scans = BTreeSet::new();
        for statement in recorded().into_iter().filter(|statement| !walks(statement)) {
            let sql = statement.sql.clone();
            let nulls = vec!["NULL"; statement.params()].join(", ");
            let execute = if nulls.is_empty() { "EXECUTE p".to_owned() } else { format!("EXECUTE p({nulls})") };
            let plan = app.crm.database().write("test.plan", Lane::SHARED, move |tx| {
                // Tables are empty here, and a scan of nothing is cheapest: so it is forbidden, and taken only where nothing else goes.
                tx.batch("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")?;
                let _ = tx.query(&format!("PREPARE p AS {sql}"), &[], |_| Ok(()))?;
                let plan = tx.query(&format!("EXPLAIN (COSTS OFF) {execute}"), &[], |row| row.get::<String>(0))?;
                let _ = tx.query("DEALLOCATE p", &[], |_| Ok(()))?;
                Ok(plan)
            });
            let plan = match plan.await {
                Ok(plan) => plan,
                // What only SQLite runs is not PostgreSQL's language.
                Err(DbError::Internal(_)) => continue,
                Err(error) => panic!("{error}: {}", statement.sql),
            };
            for (at, step) in plan.iter().enumerate() {
                let below = plan[at + 1..].iter().take_while(|line| !line.contains("->"));
                let walks_index = (step.contains("Index Scan") || step.contains("Index Only Scan"))
                    && !below.clone().any(|line| line.trim_start().starts_with("Index Cond"));
                if step.contains("Seq Scan") || walks_index {
                    scans.insert(format!("{}: {}\n    {}", statement.job, step.trim(), statement.sql));
                }
            }
        }
        assert!(scans.is_empty(), "{} scans\n{}", scans.len(), scans.into_iter().collect::<Vec<_>>().join("\n"));
    });
}
