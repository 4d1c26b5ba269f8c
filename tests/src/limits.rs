//! The request limit: one per key, whatever the number of nodes; and that on guessed keys.

use std::time::Duration;

use crm::{
    Settings,
    api_keys::{self, Key, Refusal},
};
use db::{DbError, Lane, params};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use testkit::{Caller, Engine, TestApp, block_on, on_both_engines, process::Home};

const MINUTE: i64 = 60_000_000;

on_both_engines! {
    async fn a_guesser_is_refused_and_a_valid_key_from_there_is_served(app: TestApp) {
        let wrong = format!("oa_live_{}", "0".repeat(36));
        let guesser = app.anonymous().with_key(&wrong);
        for _ in 0..3 {
            let _ = app.anonymous().get("/api/v1/leads").await.expect(401);
        }
        for _ in 0..100 {
            let _ = guesser.get("/api/v1/leads").await.expect(401);
        }
        let refused = guesser.get("/api/v1/leads").await.expect(429);
        assert_eq!(refused.header("retry-after"), "60");
        // Who sends no key guesses none: neither refused for others' guesses nor counted as one.
        let _ = app.anonymous().get("/api/v1/leads").await.expect(401);
        let _ = app.agent.api.get("/api/v1/leads").await.expect(200);
        app.clock.advance(Duration::from_secs(60));
        let _ = guesser.get("/api/v1/leads").await.expect(401);
    }

    async fn refused_requests_do_not_use_the_limit_up(app: TestApp) {
        for _ in 0..100 {
            let _ = app.agent.api.get("/api/v1/nothing").await.expect(404);
        }
        for _ in 0..20 {
            let refused = app.agent.api.get("/api/v1/me").await.expect(429);
            let wait = refused.header("retry-after").parse::<u64>().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
            assert!(refused.header("ratelimit").starts_with("\"default\";r=0;t="), "{}", refused.header("ratelimit"));
        }
    }

    async fn a_key_that_ends_while_it_is_used_up_is_unknown_then(app: TestApp) {
        let key = app.key(app.agent.id, api_keys::Scopes::ALL, Some(Duration::from_secs(30))).await;
        let api = app.anonymous().with_key(&key);
        for _ in 0..100 {
            let _ = api.get("/api/v1/me").await.expect(200);
        }
        let _ = api.get("/api/v1/me").await.expect(429);
        app.clock.advance(Duration::from_secs(30));
        let _ = api.get("/api/v1/me").await.expect(401);
    }
}

/// Both nodes share the limit of a key exactly, however many requests come at once.
#[test]
fn two_nodes_let_a_key_in_a_hundred_times_together() {
    block_on(async {
        let app = TestApp::start(Engine::Postgres).await;
        let other = app.another_node().await;
        let calls = (0..250).map(|n| {
            let base = if n % 2 == 0 { &app.base } else { &other.base };
            let api = Caller::new(base).with_key(&app.agent.key);
            tokio::spawn(async move { api.get("/api/v1/me").await.status })
        });
        let mut statuses = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            statuses.push(call.await.unwrap());
        }
        let count = |status| statuses.iter().filter(|answered| **answered == status).count();
        assert_eq!((count(200), count(429)), (100, 150), "{statuses:?}");
    });
}

/// The same of two real processes, which share nothing but the database.
#[test]
fn two_processes_let_a_key_in_a_hundred_times_together() {
    let home = Home::new(Engine::Postgres);
    let slug = home.place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = home.place.output_of(&["key", "create", "--agent", &slug, "--name", "Test"]);
    let limit = [("ORGANICAGENT_RATE_LIMIT", "100")];
    let servers = [home.place.serve_with(&limit), home.place.serve_with(&limit)];
    block_on(async {
        let callers = servers.each_ref().map(|server| Caller::new(&server.base).with_key(&key));
        // Each lets some in, whoever is quicker later.
        for n in 0..20 {
            let _ = callers[n % 2].get("/api/v1/me").await.expect(200);
        }
        let calls = (0..230).map(|n| {
            let api = callers[n % 2].clone();
            tokio::spawn(async move { api.get("/api/v1/me").await.status })
        });
        let (mut admitted, mut refused) = (20, 0);
        for call in calls.collect::<Vec<_>>() {
            match call.await.unwrap() {
                200 => admitted += 1,
                429 => refused += 1,
                other => panic!("{other}"),
            }
        }
        assert_eq!((admitted, refused), (100, 150));
        // And so does whoever is asked next.
        for api in &callers {
            let _ = api.get("/api/v1/me").await.expect(429);
        }
    });
}

/// A limit that is too large to share is held by each node.
#[test]
fn past_ten_thousand_each_node_counts_for_itself() {
    block_on(async {
        let app = TestApp::start_with(Engine::Postgres, &Settings { rate_limit: 10_001, ..Settings::default() }).await;
        let answer = app.agent.api.get("/api/v1/me").await.expect(200);
        assert_eq!(answer.header("ratelimit"), "\"default\";r=10000;t=60");
        let kept = app
            .crm
            .database()
            .read("test", |tx| tx.query_one("SELECT COUNT(*) FROM key_windows", params![], |row| row.get::<i64>(0)));
        assert_eq!(kept.await, Ok::<_, DbError>(0));
    });
}

/// How the database's clock moves from one request to the next, in microseconds.
#[derive(Debug, Clone, Copy)]
enum Step {
    On(i64),
    /// Real time goes on, the clock is set back.
    SetBack(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::On(0)),
        6 => (1..3_000_000_i64).prop_map(Step::On),
        4 => (MINUTE - 2..MINUTE + 2).prop_map(Step::On),
        2 => (1..3 * MINUTE).prop_map(Step::SetBack),
        1 => (MINUTE..MINUTE * 60 * 24).prop_map(Step::On),
    ];
    proptest::collection::vec(step, 300)
}

/// The database's own function, covered by one that reads a table.
const MANUAL_CLOCK: &str = "
    CREATE TABLE test_clock (micros BIGINT NOT NULL);
    INSERT INTO test_clock VALUES (0);
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
        AS 'SELECT TIMESTAMPTZ ''2026-11-23 15:00:00Z'' + micros * INTERVAL ''1 microsecond'' FROM public.test_clock';
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$;";

#[test]
fn the_shared_log_keeps_its_promise_over_any_schedule() {
    const LIMIT: usize = 4;
    block_on(async {
        let app =
            TestApp::start_with(Engine::Postgres, &Settings { rate_limit: LIMIT as u32, ..Settings::default() }).await;
        let db = app.crm.database();
        // Before the first request: the connections that count requests are opened by it.
        db.write("test", Lane::SHARED, |tx| tx.batch(MANUAL_CLOCK)).await.unwrap();
        let schedule = steps().new_tree(&mut TestRunner::deterministic()).unwrap().current();
        let key = Key::parse(&app.agent.key).unwrap();
        let (mut real, mut clock) = (0, 0);
        let mut admitted = Vec::<i64>::new();
        let mut set_back_at = i64::MIN / 2;
        for step in schedule {
            match step {
                Step::On(by) => (real, clock) = (real + by, clock + by),
                Step::SetBack(by) => {
                    clock -= by;
                    set_back_at = real;
                }
            }
            let micros = clock;
            let set = db.write("test", Lane::SHARED, move |tx| {
                tx.execute("UPDATE test_clock SET micros = $1", params![micros])
            });
            assert_eq!(set.await, Ok::<_, DbError>(1));
            // What this node remembers of a used-up key is forgotten, so that the database is asked.
            app.clock.advance(Duration::from_secs(60));
            let said = match api_keys::admit(&app.crm, &key, app.crm.stamp()).await {
                Ok(caller) => caller.admission,
                Err(Refusal::Limited(refused)) => refused,
                Err(other) => panic!("{other:?}"),
            };
            let used = admitted.iter().filter(|earlier| **earlier + MINUTE > real).count();
            assert!(said.reset_after <= Duration::from_secs(60));
            if said.is_admitted {
                assert!(used < LIMIT, "let in although {used} were within a minute: {admitted:?}, {real}");
                admitted.push(real);
            } else {
                // For a minute after the clock was set back, earlier requests may count as younger than they are.
                assert!(used == LIMIT || real < set_back_at + MINUTE, "refused although {used} were within a minute");
            }
        }
        assert!(admitted.len() > 100, "the schedule lets hardly any request in");
    });
}
