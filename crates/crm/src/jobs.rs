//! Due work: one table, claimed one job at a time.
//!
//! A claim moves the job's `due_at` to the end of a lease and marks it with a number of its own. Whoever holds it says how it
//! went under that number; a claimant that dies says nothing, and the job falls due again. So a job may run twice, never at
//! once as long as a run is shorter than the lease, and what it does is idempotent and comes in slices.

use std::time::Duration;

use db::{Engine, Lane, Row, Tx, Value, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{self, JobId},
    randomness,
};

mod kinds;
mod runner;

pub use kinds::{JobKind, Progress};
pub use runner::{run, run_due};

/// How long a claim holds. A run is a slice: seconds, not minutes.
pub const LEASE: Duration = Duration::from_secs(5 * 60);
/// Runs that may fail one after another before a job is given up.
pub const MAX_ATTEMPTS: i64 = 10;
/// What a job waits after its first failure; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// A job that this process has claimed.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// Which job.
    pub id: JobId,
    /// What is to be done.
    pub kind: JobKind,
    /// Whose work it is; everyone's when `None`.
    pub agent: Option<AgentId>,
    /// JSON, with the version of its form as `v`.
    pub payload: String,
    every: Option<i64>,
    attempts: i64,
    claim: [u8; 16],
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// Which job.
    pub id: JobId,
    /// The name of its kind.
    pub kind: String,
    /// Whose work it was; everyone's when `None`.
    pub agent: Option<AgentId>,
    /// How often it failed.
    pub attempts: i64,
    /// What went wrong last.
    pub error: String,
    /// When it was given up.
    pub failed_at: UnixMillis,
}

/// Makes every recurring job that is not there yet. Those that are there keep their place in time.
///
/// # Errors
/// Storage's errors.
pub async fn seed(crm: &Crm) -> Result<(), Error> {
    let (now, random) = (crm.clock.now(), std::sync::Arc::clone(&crm.random));
    crm.db
        .write("jobs.seed", Lane::SHARED, move |tx| {
            for (kind, every) in JobKind::RECURRING {
                tx.execute(
                    "INSERT INTO jobs (id, kind, payload, every, due_at, attempts) VALUES ($1, $2, $3, $4, $5, 0)
                     ON CONFLICT (kind) WHERE every IS NOT NULL DO UPDATE SET every = excluded.every",
                    params![&ids::next(&[0; 16], now, &*random), kind.name(), kind.payload(), millis(every), now.0],
                )?;
            }
            Ok(())
        })
        .await
}

/// Puts down work that is to be done once, at `due_at`.
///
/// # Errors
/// Storage's errors.
pub async fn create(crm: &Crm, kind: JobKind, agent: Option<AgentId>, due_at: UnixMillis) -> Result<JobId, Error> {
    let (now, random) = (crm.clock.now(), std::sync::Arc::clone(&crm.random));
    crm.db
        .write("jobs.create", Lane::SHARED, move |tx| {
            let id = JobId(ids::next(&[0; 16], now, &*random));
            tx.execute(
                "INSERT INTO jobs (id, kind, agent_id, payload, due_at, attempts) VALUES ($1, $2, $3, $4, $5, 0)",
                params![&id, kind.name(), agent.as_ref(), kind.payload(), due_at.0],
            )?;
            Ok(id)
        })
        .await
}

/// Puts down work that is to be done once, in the transaction that makes it due.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    id: [u8; 16],
    kind: JobKind,
    agent: Option<AgentId>,
    due_at: UnixMillis,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO jobs (id, kind, agent_id, payload, due_at, attempts) VALUES ($1, $2, $3, $4, $5, 0)",
        params![&id, kind.name(), agent.as_ref(), kind.payload(), due_at.0],
    )?;
    Ok(())
}

/// Claims the job that has been due for longest; `None` when nothing is due. Kinds that only a newer version knows are left to
/// it.
///
/// # Errors
/// Storage's errors.
pub async fn claim(crm: &Crm) -> Result<Option<ClaimedJob>, Error> {
    let now = crm.clock.now();
    let number = randomness::bytes::<16>(&*crm.random);
    crm.db.write_in_background("jobs.claim", Lane::SHARED, move |tx| claim_next(tx, now, &number)).await
}

fn claim_sql(lock: &str) -> String {
    let kinds = (0..JobKind::ALL.len()).map(|place| format!("${}", place + 4)).collect::<Vec<_>>().join(", ");
    format!(
        "UPDATE jobs SET due_at = $2, claim = $3 WHERE id = (
             SELECT id FROM jobs WHERE failed_at IS NULL AND due_at <= $1 AND kind IN ({kinds}) ORDER BY due_at, id LIMIT 1{lock}
         ) RETURNING id, kind, agent_id, payload, every, attempts"
    )
}

fn claim_next(tx: &mut Tx<'_>, now: UnixMillis, number: &[u8; 16]) -> Result<Option<ClaimedJob>, Error> {
    let sql = match tx.engine() {
        // There is one writer.
        Engine::Sqlite => claim_sql(""),
        // A job that another node is just claiming is passed over.
        Engine::Postgres => claim_sql(" FOR UPDATE SKIP LOCKED"),
    };
    let lease_end = now.plus(LEASE).0;
    let mut values = params![now.0, lease_end, number].to_vec();
    values.extend(JobKind::ALL.map(|kind| Value::Text(kind.name())));
    let claimed = tx.query_opt(&sql, &values, |row| {
        let kind = JobKind::from_name(row.text(1)?);
        Ok(ClaimedJob {
            id: row.get(0)?,
            kind: kind.ok_or_else(|| db::DbError::Internal(String::from("a job of another kind was claimed")))?,
            agent: row.get(2)?,
            payload: row.get(3)?,
            every: row.get(4)?,
            attempts: row.get(5)?,
            claim: *number,
        })
    })?;
    Ok(claimed)
}

/// Says how a claimed job went. Whether the claim still held: if not, someone else has taken the job over and decides.
///
/// # Errors
/// Storage's errors.
pub async fn settle(crm: &Crm, job: ClaimedJob, outcome: Result<Progress, String>) -> Result<bool, Error> {
    let now = crm.clock.now();
    let (id, kind) = (job.id, job.kind.name());
    if let Err(error) = &outcome {
        tracing::warn!(job = %id, kind, error, attempt = job.attempts + 1, "a job failed");
    }
    let held = crm.db.write_in_background("jobs.settle", Lane::SHARED, move |tx| {
        let changed = match (&outcome, job.every) {
            (Ok(Progress::Done), None) => {
                tx.execute("DELETE FROM jobs WHERE id = $1 AND claim = $2", params![&job.id, &job.claim])?
            }
            (Ok(progress), every) => {
                let due_at = match progress {
                    Progress::More => now,
                    Progress::Done => UnixMillis(now.0.saturating_add(every.unwrap_or(0))),
                };
                tx.execute(
                    "UPDATE jobs SET due_at = $3, claim = NULL, attempts = 0, last_error = NULL WHERE id = $1 AND claim = $2",
                    params![&job.id, &job.claim, due_at.0],
                )?
            }
            (Err(error), every) => {
                let attempts = job.attempts + 1;
                // What recurs is never given up: it is due again anyway.
                let failed_at = (attempts >= MAX_ATTEMPTS && every.is_none()).then_some(now.0);
                tx.execute(
                    "UPDATE jobs SET due_at = $3, claim = NULL, attempts = $4, last_error = $5, failed_at = $6
                     WHERE id = $1 AND claim = $2",
                    params![&job.id, &job.claim, now.plus(pause(attempts)).0, attempts, error, failed_at],
                )?
            }
        };
        Ok::<_, Error>(changed == 1)
    });
    held.await
}

/// What a job waits after so many failures.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

/// Jobs that were given up, newest first, `limit` at most.
///
/// # Errors
/// Storage's errors.
pub async fn list_failed(crm: &Crm, limit: u32) -> Result<Vec<FailedJob>, Error> {
    crm.db
        .read("jobs.list_failed", move |tx| {
            let sql = "SELECT id, kind, agent_id, attempts, last_error, failed_at FROM jobs WHERE failed_at IS NOT NULL
                       ORDER BY failed_at DESC, id DESC LIMIT $1";
            Ok(tx.query(sql, params![limit], failed_from_row)?)
        })
        .await
}

fn failed_from_row(row: &Row<'_>) -> Result<FailedJob, db::DbError> {
    Ok(FailedJob {
        id: row.get(0)?,
        kind: row.get(1)?,
        agent: row.get(2)?,
        attempts: row.get(3)?,
        error: row.get::<Option<String>>(4)?.unwrap_or_default(),
        failed_at: UnixMillis(row.get(5)?),
    })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_job_waits_twice_as_long_each_time_up_to_an_hour() {
        let waits = [1, 2, 3, 9, 10, 1_000].map(|attempts| pause(attempts).as_secs());
        assert_eq!(waits, [15, 30, 60, 3_600, 3_600, 3_600]);
    }
}
