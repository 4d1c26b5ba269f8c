//! Due work: what recurs, what fails, what several nodes share.

use std::{collections::BTreeSet, time::Duration};

use crm::{
    clock::UnixMillis,
    jobs::{self, JobKind, Progress},
};
use db::{DbError, Lane, params};
use serde_json::json;
use testkit::{Engine, TestApp, block_on, on_both_engines};

/// Kinds of work that come round again.
const ALL: usize = JobKind::RECURRING.len();

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted = app.crm.database().read("test", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

/// Gives every job a payload that no version knows.
async fn spoil(app: &TestApp) {
    let spoilt = app
        .crm
        .database()
        .write("test", Lane::SHARED, |tx| tx.execute(r#"UPDATE jobs SET payload = '{"v":99}'"#, params![]));
    spoilt.await.map(drop).unwrap_or_else(|error: DbError| panic!("{error}"));
}

on_both_engines! {
    async fn recurring_work_is_set_up_once_and_comes_round_again(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        jobs::seed(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM jobs").await, i64::try_from(ALL).unwrap());
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), ALL);
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 0);
        app.clock.advance(Duration::from_secs(60 * 60));
        // All but the sweep, which comes once a day.
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), ALL - 1);
        app.clock.advance(Duration::from_secs(23 * 60 * 60));
        jobs::seed(&app.crm).await.unwrap();
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), ALL);
    }

    async fn answers_past_their_day_are_thrown_away_in_slices(app: TestApp) {
        let stale = app.crm.database().write("test", Lane::SHARED, |tx| {
            tx.execute(
                "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1200)
                 INSERT INTO idempotency_keys (agent_id, scope, idempotency_key, fingerprint, answer, expires_at)
                 SELECT agents.id, 'POST /leads', CAST(n AS TEXT), agents.id, '{}', n FROM agents, counted",
                params![],
            )
        });
        assert_eq!(stale.await, Ok::<_, DbError>(1_200));
        let api = app.agent.api.with("Idempotency-Key", "fresh");
        let first = api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        jobs::seed(&app.crm).await.unwrap();
        // Slices of 500: two full ones, and one that ends it.
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 3 + ALL - 1);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM idempotency_keys").await, 1);
        assert_eq!(api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201).body, first.body);
        app.clock.advance(Duration::from_secs(24 * 60 * 60));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM idempotency_keys").await, 0);
    }

    async fn what_was_deleted_a_month_ago_is_erased(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let id = app.agent.api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let _ = app.agent.api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        app.clock.advance(Duration::from_secs(30 * 24 * 60 * 60) - Duration::from_millis(1));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM trash").await, 1);
        app.clock.advance(Duration::from_secs(60 * 60));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM trash").await, 0);
    }

    async fn work_that_keeps_failing_is_tried_ten_times_and_stays_visible(app: TestApp) {
        let id = jobs::create(&app.crm, JobKind::SweepSearch, Some(app.agent.id), app.crm.clock().now()).await.unwrap();
        spoil(&app).await;
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 1);
        app.clock.advance(Duration::from_secs(15) - Duration::from_millis(1));
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 0);
        app.clock.advance(Duration::from_millis(1));
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 1);
        for _ in 3..=jobs::MAX_ATTEMPTS {
            assert_eq!(jobs::list_failed(&app.crm, 10).await.unwrap(), []);
            app.clock.advance(Duration::from_secs(60 * 60));
            assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 1);
        }
        app.clock.advance(Duration::from_secs(60 * 60));
        assert_eq!(jobs::run_due(&app.crm).await.unwrap(), 0);
        let failed = jobs::list_failed(&app.crm, 10).await.unwrap();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].id, failed[0].agent, failed[0].attempts), (id, Some(app.agent.id), 10));
        assert!(failed[0].error.contains("version 99"), "{}", failed[0].error);
    }

    async fn recurring_work_that_fails_is_never_given_up(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        spoil(&app).await;
        for _ in 0..20 {
            assert_eq!(jobs::run_due(&app.crm).await.unwrap(), ALL);
            app.clock.advance(Duration::from_secs(60 * 60));
        }
        assert_eq!(jobs::list_failed(&app.crm, 10).await.unwrap(), []);
    }

    async fn a_job_whose_claimant_died_falls_due_again_and_the_dead_have_no_say(app: TestApp) {
        let _ = jobs::create(&app.crm, JobKind::SweepSearch, None, app.crm.clock().now()).await.unwrap();
        let dead = jobs::claim(&app.crm).await.unwrap().unwrap();
        assert!(jobs::claim(&app.crm).await.unwrap().is_none());
        app.clock.advance(jobs::LEASE);
        let heir = jobs::claim(&app.crm).await.unwrap().unwrap();
        assert_eq!(heir.id, dead.id);
        assert!(!jobs::settle(&app.crm, dead, Ok(Progress::Done)).await.unwrap());
        assert!(jobs::settle(&app.crm, heir, Ok(Progress::Done)).await.unwrap());
        assert_eq!(count(&app, "SELECT COUNT(*) FROM jobs").await, 0);
    }

    async fn work_waits_until_it_is_due(app: TestApp) {
        let due_at = UnixMillis(app.crm.clock().now().0 + 1);
        let _ = jobs::create(&app.crm, JobKind::SweepSearch, None, due_at).await.unwrap();
        assert!(jobs::claim(&app.crm).await.unwrap().is_none());
        app.clock.advance(Duration::from_millis(1));
        assert!(jobs::claim(&app.crm).await.unwrap().is_some());
    }
}

#[test]
fn two_nodes_never_claim_the_same_job() {
    block_on(async {
        let app = TestApp::start(Engine::Postgres).await;
        let other = app.another_node().await;
        for _ in 0..60 {
            let _ = jobs::create(&app.crm, JobKind::SweepSearch, None, app.crm.clock().now()).await.unwrap();
        }
        let claimants = (0..8).map(|n| {
            let crm = if n % 2 == 0 { app.crm.clone() } else { other.crm.clone() };
            tokio::spawn(async move {
                let mut claimed = Vec::new();
                while let Some(job) = jobs::claim(&crm).await.unwrap() {
                    claimed.push(job.id);
                }
                claimed
            })
        });
        let mut claimed = Vec::new();
        for claimant in claimants.collect::<Vec<_>>() {
            claimed.extend(claimant.await.unwrap());
        }
        assert_eq!(claimed.len(), 60);
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 60);
    });
}
