//! The writing threads.
//!
//! Jobs come to a thread by lane, so one agent's writes meet on one thread of a node. What waits there shares one READ COMMITTED
//! transaction, a savepoint each, sorted by lane: nodes then lock agents in the same order. The statements around the jobs travel
//! together: a group of n jobs costs n + 1 round trips beside its jobs' own. What can go wrong:
//!
//! - A job fails or panics: it is rolled back to its savepoint, the others stay.
//! - A job gives way to another transaction (40001, 40P01): rolled back likewise, and run again alone.
//! - The connection breaks before COMMIT was sent: nothing was kept, and each job is run again alone, once.
//! - The connection breaks after COMMIT was sent: the transaction's number, asked for at its beginning, tells a new connection
//!   what became of it. If nobody can tell, the jobs answer [`DbError::OutcomeUnknown`].

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use super::link::Link;
use crate::{
    DbError, Tx, Value,
    dialect::postgres::refusal,
    job::{self, Job, Ran},
    postgres::Connection,
    queue::{self, Waiting},
    stats::Counters,
    threads::{self, Server},
};

/// How often a job that gave way to another is run alone.
const TRIES: u32 = 6;
/// How long to ask what became of a commit.
const INQUIRY: Duration = Duration::from_secs(5);
const BETWEEN_INQUIRIES: Duration = Duration::from_millis(50);
/// How long a job that gave way waits before its next try, times the number of tries.
const STEP_ASIDE: Duration = Duration::from_millis(3);

pub(crate) struct Writer {
    link: Link,
    counters: Arc<Counters>,
}

/// What to do with a job after its group has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Answer with what it came to.
    Settled,
    /// It gave way to another transaction, or could not commit for this reason; nothing of it was kept.
    Again(DbError),
    /// The connection broke before anything was kept.
    Lost(DbError),
    /// Answer with this.
    Failed(DbError),
}

/// How a transaction ended that had begun.
enum End {
    Committed,
    /// No job had anything to keep.
    Unchanged,
    /// Refused by the server, which rolled it back.
    Refused(DbError),
    /// Its connection broke before COMMIT.
    Lost(DbError),
    /// Its connection broke at COMMIT.
    Silent,
}

/// What became of a transaction whose COMMIT was not answered.
enum Outcome {
    Committed,
    RolledBack,
    Unknown,
}

/// What identifies a transaction to another connection.
struct Identity {
    number: String,
    incarnation: String,
}

impl Writer {
    pub(crate) fn new(link: Link, counters: Arc<Counters>) -> Self {
        Self { link, counters }
    }

    fn run_group(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        Counters::add(&self.counters.groups, 1);
        Counters::add(&self.counters.grouped_jobs, jobs.len() as u64);
        let verdicts = self.commit_group(&mut jobs);
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Settled => job.answer(),
                Verdict::Failed(error) => job.fail(error),
                Verdict::Again(_) | Verdict::Lost(_) => self.run_alone(job),
            }
        }
    }

    fn run_alone(&mut self, mut job: Box<dyn Job>) {
        for attempt in 1..=TRIES {
            Counters::add(&self.counters.reruns, 1);
            let verdict = self.commit_group(std::slice::from_mut(&mut job)).pop().expect("one verdict per job");
            match verdict {
                Verdict::Settled => return job.answer(),
                Verdict::Again(DbError::Rerun) if attempt < TRIES => threads::pause(STEP_ASIDE * attempt),
                Verdict::Again(DbError::Rerun) => return job.fail(DbError::Busy),
                Verdict::Again(error) | Verdict::Lost(error) | Verdict::Failed(error) => return job.fail(error),
            }
        }
    }

    /// One transaction with all the jobs. Whatever it answers, no transaction is open afterwards.
    fn commit_group(&mut self, jobs: &mut [Box<dyn Job>]) -> Vec<Verdict> {
        let count = jobs.len();
        let identity = match self.begin(count > 1) {
            Ok(identity) => identity,
            Err(error) => {
                self.counters.is_failing.store(true, Relaxed);
                return vec![Verdict::Failed(error); count];
            }
        };
        let connection = self.link.current().expect("just begun on it");
        let mut verdicts = Vec::with_capacity(count);
        let end = run_jobs(connection, jobs, &mut verdicts);
        let is_broken = connection.is_lost();
        self.counters.is_failing.store(is_broken, Relaxed);
        if is_broken {
            self.link.drop_connection();
        }
        let is_committed = match end {
            End::Unchanged => return verdicts,
            End::Committed => true,
            End::Refused(error) => return vec![Verdict::Again(error); count],
            End::Lost(error) => return vec![Verdict::Lost(error); count],
            End::Silent => match self.inquire(&identity) {
                Outcome::Committed => true,
                Outcome::RolledBack => false,
                Outcome::Unknown => return vec![Verdict::Failed(DbError::OutcomeUnknown); count],
            },
        };
        if !is_committed {
            let error = DbError::Unavailable("the connection broke and the transaction was rolled back".to_owned());
            return vec![Verdict::Lost(error); count];
        }
        Counters::add(&self.counters.commits, 1);
        verdicts
    }

    /// Begins on a connection that works: one that broke while it was idle is replaced.
    fn begin(&mut self, is_group: bool) -> Result<Identity, DbError> {
        // Asking for the number costs nothing here: the jobs will want one, and it saves a round trip before COMMIT.
        let sql = match is_group {
            false => "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_current_xact_id()::text",
            true => "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_current_xact_id()::text; SAVEPOINT job",
        };
        let mut is_second_try = false;
        loop {
            let connection = self.link.connection()?;
            let error = match connection.batch_value(sql) {
                Ok(number) => {
                    let number =
                        number.ok_or_else(|| DbError::Internal("a transaction without a number".to_owned()))?;
                    return Ok(Identity { number, incarnation: connection.incarnation().to_owned() });
                }
                Err(error) => refusal(&error),
            };
            self.link.drop_connection();
            if is_second_try {
                return Err(error);
            }
            is_second_try = true;
        }
    }

    fn inquire(&mut self, identity: &Identity) -> Outcome {
        let started = queue::now();
        while started.elapsed() < INQUIRY {
            if let Ok(connection) = self.link.connection() {
                // Another run of the server, or another server, may have given the number to another transaction.
                if connection.incarnation() != identity.incarnation {
                    break;
                }
                let sql = "SELECT pg_xact_status($1::text::xid8)";
                let status = connection.query(sql, &[Value::Text(&identity.number)]);
                let status = status.ok().and_then(|rows| rows.first()?.try_get::<_, Option<String>>(0).ok()?);
                match status.as_deref() {
                    Some("committed") => return Outcome::Committed,
                    Some("aborted") => return Outcome::RolledBack,
                    // Still in progress: the server has not yet noticed that the other connection is gone.
                    _ => {}
                }
            }
            threads::pause(BETWEEN_INQUIRIES);
        }
        tracing::error!(number = identity.number, "a commit was not answered and nobody knows what became of it");
        Outcome::Unknown
    }
}

/// Runs the jobs in the transaction that has begun, and ends it.
fn run_jobs(connection: &mut Connection, jobs: &mut [Box<dyn Job>], verdicts: &mut Vec<Verdict>) -> End {
    let count = jobs.len();
    let mut is_changed = false;
    let mut last = Ran::Kept;
    for (index, job) in jobs.iter_mut().enumerate() {
        let mut tx = Tx::postgres(connection);
        last = job::run(&mut **job, &mut tx);
        let failure = tx.failure().cloned();
        if connection.is_lost() {
            return End::Lost(failure.unwrap_or_else(|| DbError::Unavailable("the connection broke".to_owned())));
        }
        is_changed |= last == Ran::Kept;
        verdicts.push(match failure {
            Some(DbError::Rerun) => Verdict::Again(DbError::Rerun),
            _ => Verdict::Settled,
        });
        if index + 1 < count {
            let between = match last {
                Ran::Kept => "RELEASE SAVEPOINT job; SAVEPOINT job",
                Ran::Undone => "ROLLBACK TO SAVEPOINT job",
            };
            if let Err(error) = connection.batch(between) {
                return abandon(connection, &error);
            }
        }
    }
    if !is_changed {
        // If this fails the connection is lost, and with it the transaction.
        let _ = connection.batch("ROLLBACK");
        return End::Unchanged;
    }
    let commit = match last {
        Ran::Kept => "COMMIT",
        Ran::Undone => "ROLLBACK TO SAVEPOINT job; COMMIT",
    };
    match connection.batch(commit) {
        Ok(()) => End::Committed,
        Err(_) if connection.is_lost() => End::Silent,
        Err(error) => abandon(connection, &error),
    }
}

/// Leaves a transaction that cannot go on.
fn abandon(connection: &mut Connection, error: &postgres::Error) -> End {
    let error = refusal(error);
    if connection.is_lost() || connection.batch("ROLLBACK").is_err() {
        return End::Lost(error);
    }
    End::Refused(error)
}

impl Server for Writer {
    fn run(&mut self, mut jobs: Vec<Waiting>) {
        jobs.sort_by_key(|waiting| waiting.lane);
        self.run_group(jobs.into_iter().map(|waiting| waiting.job).collect());
    }

    fn reset(&mut self) {
        self.link.drop_connection();
    }
}
