//! The reading threads.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;

use super::connection::{Deadline, Place, Role, open};
use crate::{
    DbError, Tx,
    dialect::sqlite::failure,
    job::{self, Job},
    queue::Waiting,
    stats::Counters,
    threads::Server,
};

/// A read that takes longer is cut: it would keep the write-ahead log from being emptied.
const LIMIT: Duration = Duration::from_secs(5);

/// One reading thread: each job runs in a transaction of its own, which sees one snapshot.
pub(crate) struct Reader {
    place: Place,
    connection: Option<(Connection, Deadline)>,
    counters: Arc<Counters>,
}

impl Reader {
    pub(crate) fn new(place: Place, counters: Arc<Counters>) -> Self {
        Self { place, connection: None, counters }
    }

    fn connection(&mut self) -> Result<&(Connection, Deadline), DbError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let mut connection = open(&self.place, Role::Reader)?;
                let deadline = Deadline::watch(&mut connection)?;
                (connection, deadline)
            }
        };
        Ok(self.connection.insert(connection))
    }

    fn run_one(&mut self, waiting: Waiting) {
        let mut job = waiting.job;
        if !job.is_awaited() {
            return;
        }
        Counters::add(&self.counters.reads, 1);
        let (connection, deadline) = match self.connection() {
            Ok(connection) => connection,
            Err(error) => return job.fail(error),
        };
        match transact(connection, deadline, &mut *job) {
            Ok(()) => job.answer(),
            Err(error) => {
                if error != DbError::Busy {
                    self.reset();
                }
                job.fail(error);
            }
        }
    }
}

/// Runs a job in a transaction that sees one snapshot. An error is the engine's, not the job's.
fn transact(connection: &Connection, deadline: &Deadline, job: &mut dyn Job) -> Result<(), DbError> {
    let step = |sql| connection.prepare_cached(sql)?.raw_execute();
    step("BEGIN DEFERRED").map_err(|error| failure(&error))?;
    deadline.set(LIMIT);
    let mut tx = Tx::sqlite(connection);
    job::run(job, &mut tx);
    deadline.lift();
    let broken = tx.failure().filter(|failure| matches!(failure, DbError::Unavailable(_))).cloned();
    // There is nothing to keep. An error may already have ended the transaction.
    if !connection.is_autocommit() {
        step("ROLLBACK").map_err(|error| failure(&error))?;
    }
    broken.map_or(Ok(()), Err)
}

/// Runs `work` on one snapshot, without a time limit, on a connection of its own.
pub(crate) fn snapshot<T, E: From<DbError>>(
    place: &Place,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let connection = open(place, Role::Reader)?;
    connection.execute_batch("BEGIN DEFERRED").map_err(|error| failure(&error))?;
    // The connection ends with this function, and the transaction with it.
    work(&mut Tx::sqlite(&connection))
}

impl Server for Reader {
    fn run(&mut self, jobs: Vec<Waiting>) {
        for waiting in jobs {
            self.run_one(waiting);
        }
    }

    fn reset(&mut self) {
        if self.connection.take().is_some() {
            Counters::add(&self.counters.lost_connections, 1);
        }
    }
}
