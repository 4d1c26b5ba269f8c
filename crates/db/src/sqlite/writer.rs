//! The writing thread: group commit.
//!
//! It takes whatever is queued (never waiting for more) into one `BEGIN IMMEDIATE`, runs the jobs, and answers all of them after
//! the one COMMIT, whose fsync they share. So a write is durable when it is answered, and durability is cheap under load. What can
//! go wrong:
//!
//! - A job fails or panics before it wrote: there is nothing to undo. If it had written, the group is rolled back and runs again
//!   with a savepoint for each job, so that only the work of this one is undone. (Savepoints from the start would cost every group:
//!   SQLite copies each page that is touched under one.)
//! - SQLite ends the whole transaction by itself (a statement was interrupted, or said OR ROLLBACK), or refuses COMMIT
//!   cleanly: what the group did is gone, so its jobs run again, each in a transaction of its own.
//! - The disk is full or fails, in any statement: the whole group fails, the connection is closed, and the next group opens a
//!   new one. Nothing is tried again: after a failed fsync, what the kernel holds is no longer what the disk holds, and only
//!   a fresh look at the files is worth anything.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering::Relaxed},
    },
    time::Duration,
};

use rusqlite::{Connection, ErrorCode};

use super::{
    checkpoints::{Bell, Mode, checkpoint},
    connection::{Deadline, Place, Role, open},
    watch::Watch,
};
use crate::{
    DbError, Tx,
    dialect::sqlite::{failure, refusal},
    job::{self, Job, Ran},
    queue::Waiting,
    stats::Counters,
    threads::{self, Server},
};

/// How many jobs share a transaction at most.
pub(crate) const GROUP: usize = 256;
/// No job may hold up the others for longer.
const LIMIT: Duration = Duration::from_secs(10);
/// The writer waits for readers of old states in steps as short as their reads: SQLite's own steps grow to 100 ms.
const STEP: Duration = Duration::from_micros(100);
const BUSY: Duration = Duration::from_secs(5);

pub(crate) struct Writer {
    place: Place,
    session: Option<Session>,
    bell: Bell,
    watch: Arc<Watch>,
    counters: Arc<Counters>,
    /// Transactions committed so far.
    version: u64,
    /// In pages: time for a checkpoint. Past twice as long the checkpointer does not keep up, so the writer copies the log itself.
    log_is_long: i32,
    /// From which length on the next attempt is made; more than `log_is_long` when one was in vain.
    log_due: i32,
}

/// Bytes a page of the database and, nearly, a frame of the log.
const PAGE: u32 = 4096;

/// An open connection.
struct Session {
    connection: Connection,
    deadline: Deadline,
    /// The log's length in pages after the last commit.
    log: Arc<AtomicI32>,
    /// The connection's `data_version` when the watch was last settled.
    seen: Option<i64>,
}

/// How a group ended.
enum End {
    /// Every job may be answered with what it came to.
    Committed,
    /// Likewise, but no job had anything to keep.
    Unchanged,
    /// Nothing was kept, for this reason, and nothing is broken: the jobs may be run again, kept further apart.
    Apart(DbError),
    /// Fail every job with this.
    Failed(DbError),
}

/// What is left of a job in its transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// All that it did; it succeeded.
    All,
    /// Nothing; it failed.
    Nothing,
    /// What must not be committed; it failed.
    Remains,
}

/// How the jobs of a group are kept apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// Not at all.
    None,
    /// By a savepoint each.
    Savepoints,
}

/// How long the writer waits for readers of old states when it is to start the log over: 50 ms.
fn patiently(steps: i32) -> bool {
    threads::pause(STEP);
    steps < 500
}

/// The same when the log is too long: 1 s.
fn very_patiently(steps: i32) -> bool {
    threads::pause(STEP);
    steps < 10_000
}

impl Writer {
    pub(crate) fn new(place: Place, log_bytes: u32, bell: Bell, watch: Arc<Watch>, counters: Arc<Counters>) -> Self {
        let log_is_long = i32::try_from(log_bytes / PAGE).expect("a quarter of an i32 at most");
        Self { place, session: None, bell, watch, counters, version: 0, log_is_long, log_due: log_is_long }
    }

    /// Opens the connection unless it is open.
    pub(crate) fn connect(&mut self) -> Result<(), DbError> {
        if self.session.is_none() {
            let mut connection = open(&self.place, Role::Writer)?;
            let limit = i64::from(self.log_is_long) * i64::from(PAGE);
            connection.pragma_update(None, "journal_size_limit", limit).map_err(|error| failure(&error))?;
            let deadline = Deadline::watch(&mut connection)?;
            let log = Arc::new(AtomicI32::new(0));
            let measured = Arc::clone(&log);
            let measure = move |_: &mut rusqlite::hooks::Wal, pages| {
                measured.store(pages, Relaxed);
                Ok(())
            };
            connection.wal_hook(Some(measure)).map_err(|error| failure(&error))?;
            self.session = Some(Session { connection, deadline, log, seen: None });
        }
        Ok(())
    }

    fn run_group(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        self.watch.expect();
        Counters::add(&self.counters.groups, 1);
        Counters::add(&self.counters.grouped_jobs, jobs.len() as u64);
        let end = self.commit_group(&mut jobs);
        self.settle();
        match end {
            End::Committed | End::Unchanged => jobs.into_iter().for_each(Job::answer),
            End::Apart(_) if jobs.len() > 1 => jobs.into_iter().for_each(|job| self.run_alone(job)),
            End::Apart(error) | End::Failed(error) => jobs.into_iter().for_each(|job| job.fail(error.clone())),
        }
    }

    fn run_alone(&mut self, mut job: Box<dyn Job>) {
        Counters::add(&self.counters.reruns, 1);
        let end = self.commit_group(std::slice::from_mut(&mut job));
        self.settle();
        match end {
            End::Committed | End::Unchanged => job.answer(),
            End::Apart(error) | End::Failed(error) => job.fail(error),
        }
    }

    /// One transaction with all the jobs. Whatever it answers, no transaction is open afterwards.
    fn commit_group(&mut self, jobs: &mut [Box<dyn Job>]) -> End {
        let end = match self.connect() {
            Ok(()) => self.session.as_ref().expect("just connected").transact(jobs, self.version + 1),
            Err(error) => End::Failed(error),
        };
        let is_broken = matches!(&end, End::Failed(error) if *error != DbError::Busy);
        self.counters.is_failing.store(is_broken, Relaxed);
        match &end {
            End::Committed => {
                self.version += 1;
                Counters::add(&self.counters.commits, 1);
            }
            End::Failed(error) if is_broken => {
                tracing::error!(%error, jobs = jobs.len(), "the database file failed; its connection is opened anew");
                self.reset();
            }
            End::Failed(_) | End::Apart(_) | End::Unchanged => {}
        }
        end
    }

    /// Tells the watch what this thread knows of the commits so far.
    fn settle(&mut self) {
        let Some(session) = &mut self.session else { return };
        if let Err(error) = self.watch.settle(self.version, &session.connection, &mut session.seen) {
            // The watch then tells nothing, and everything is read.
            tracing::debug!(%error, "what has changed is not known");
        }
    }

    /// Has the log copied when it has grown, and starts it over.
    fn look_after_log(&mut self) {
        let Some(session) = &mut self.session else { return };
        let pages = session.log.load(Relaxed);
        if pages < self.log_due {
            return;
        }
        let emptied = if pages >= self.log_due.saturating_add(self.log_is_long) {
            self.bell.while_idle(|| session.empty_log(Mode::Restart, very_patiently))
        } else if self.bell.is_copied() {
            self.bell.while_idle(|| session.empty_log(Mode::Restart, patiently))
        } else {
            return self.bell.ring();
        };
        match emptied {
            Ok(()) => {
                self.bell.is_copied();
                self.log_due = self.log_is_long;
                Counters::add(&self.counters.checkpoints, 1);
            }
            Err(error) => {
                // A reader (a backup, say) still needs the log: let it grow before trying, and waiting, again.
                tracing::debug!(%error, pages, "the write-ahead log cannot be started over yet");
                self.log_due = pages.saturating_add(self.log_is_long);
            }
        }
    }
}

impl Session {
    fn transact(&self, jobs: &mut [Box<dyn Job>], version: u64) -> End {
        match self.attempt(jobs, Parting::None, version) {
            End::Apart(_) if jobs.len() > 1 => self.attempt(jobs, Parting::Savepoints, version),
            end => end,
        }
    }

    fn attempt(&self, jobs: &mut [Box<dyn Job>], parting: Parting, version: u64) -> End {
        if let Err(error) = self.step("BEGIN IMMEDIATE") {
            return End::Failed(failure(&error));
        }
        let end = self.run_jobs(jobs, parting, version);
        self.deadline.lift();
        if let End::Failed(_) | End::Apart(_) = end
            && !self.connection.is_autocommit()
            && let Err(error) = self.step("ROLLBACK")
        {
            return End::Failed(DbError::Unavailable(error.to_string()));
        }
        end
    }

    fn run_jobs(&self, jobs: &mut [Box<dyn Job>], parting: Parting, version: u64) -> End {
        let is_group = jobs.len() > 1;
        let mut is_changed = false;
        for job in jobs {
            match self.run_job(&mut **job, parting, version) {
                Ok(Kept::All) => is_changed = true,
                Ok(Kept::Nothing) => {}
                Ok(Kept::Remains) if is_group => {
                    return End::Apart(DbError::Internal("a job failed in a group".to_owned()));
                }
                // Alone in its transaction, which is rolled back.
                Ok(Kept::Remains) => {}
                Err(end) => return end,
            }
        }
        self.deadline.lift();
        if !is_changed {
            return self.step("ROLLBACK").map_or_else(|error| End::Failed(failure(&error)), |()| End::Unchanged);
        }
        match self.step("COMMIT") {
            Ok(()) => End::Committed,
            Err(error) => match error.sqlite_error_code() {
                // The log's last frame did not fit, and without it the transaction is not there.
                Some(ErrorCode::DiskFull) => End::Failed(failure(&error)),
                _ => match refusal(&self.connection, &error) {
                    // It may have reached the disk all the same, and be found there after a crash.
                    DbError::Unavailable(_) => End::Failed(DbError::OutcomeUnknown),
                    error => End::Apart(error),
                },
            },
        }
    }

    fn run_job(&self, job: &mut dyn Job, parting: Parting, version: u64) -> Result<Kept, End> {
        // A savepoint that cannot be set or left.
        let give_up = |error| match failure(&error) {
            error @ DbError::Unavailable(_) => End::Failed(error),
            error => End::Apart(error),
        };
        let step = |sql| self.step(sql).map_err(give_up);
        if parting == Parting::Savepoints {
            step("SAVEPOINT job")?;
        }
        self.deadline.set(LIMIT);
        let mut tx = Tx::sqlite(&self.connection).committing_as(version);
        let ran = job::run(job, &mut tx);
        self.deadline.lift();
        if let Some(error @ DbError::Unavailable(_)) = tx.failure() {
            return Err(End::Failed(error.clone()));
        }
        if self.connection.is_autocommit() {
            // SQLite has rolled back the whole transaction, the earlier jobs' work with it.
            let own_doing = || DbError::Internal(format!("the job {} ended its transaction", job.name()));
            return Err(End::Apart(tx.failure().cloned().unwrap_or_else(own_doing)));
        }
        let has_written = tx.has_written();
        match (parting, ran) {
            (Parting::None, Ran::Kept) => Ok(Kept::All),
            (Parting::None, Ran::Undone) => Ok(if has_written { Kept::Remains } else { Kept::Nothing }),
            (Parting::Savepoints, Ran::Kept) => step("RELEASE job").map(|()| Kept::All),
            (Parting::Savepoints, Ran::Undone) => {
                step("ROLLBACK TO job")?;
                step("RELEASE job")?;
                Ok(Kept::Nothing)
            }
        }
    }

    fn step(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute().map(drop)
    }

    fn empty_log(&mut self, mode: Mode, wait: fn(i32) -> bool) -> Result<(), DbError> {
        self.connection.busy_handler(Some(wait)).map_err(|error| failure(&error))?;
        let progress = checkpoint(&self.connection, mode);
        self.connection.busy_timeout(BUSY).map_err(|error| failure(&error))?;
        if !progress?.is_complete() {
            return Err(DbError::Busy);
        }
        self.log.store(0, Relaxed);
        Ok(())
    }
}

impl Server for Writer {
    fn run(&mut self, jobs: Vec<Waiting>) {
        self.run_group(jobs.into_iter().map(|waiting| waiting.job).collect());
        self.look_after_log();
    }

    fn reset(&mut self) {
        if self.session.take().is_some() {
            Counters::add(&self.counters.lost_connections, 1);
        }
    }

    fn stop(&mut self) {
        if let Some(mut session) = self.session.take()
            && let Err(error) = self.bell.while_idle(|| session.empty_log(Mode::Truncate, very_patiently))
        {
            // Another process, or a reader, still has it.
            tracing::debug!(%error, "the write-ahead log was not emptied; the next start will do it");
        }
    }
}
