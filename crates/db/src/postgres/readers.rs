//! The reading threads.

use std::sync::Arc;

use super::{
    connection::{Address, Connection, Role},
    link::Link,
};
use crate::{
    DbError, Tx,
    dialect::postgres::refusal,
    job::{self, Job},
    queue::Waiting,
    stats::Counters,
    threads::{self, Server},
};

/// How often a read is run: a lost connection, or one statement prepared before a migration, is worth a second try.
const TRIES: usize = 3;

/// One reading thread: each job runs in a transaction of its own, which sees one snapshot.
pub(crate) struct Reader {
    link: Link,
    counters: Arc<Counters>,
}

impl Reader {
    pub(crate) fn new(link: Link, counters: Arc<Counters>) -> Self {
        Self { link, counters }
    }

    fn run_one(&mut self, mut job: Box<dyn Job>) {
        if !job.is_awaited() {
            return;
        }
        Counters::add(&self.counters.reads, 1);
        for attempt in 1..=TRIES {
            match self.transact(&mut *job) {
                Ok(()) => {
                    job.answer();
                    // What the transaction held is let go after the answer: nobody waits for this round trip.
                    return self.end();
                }
                Err(DbError::Rerun | DbError::Unavailable(_)) if attempt < TRIES && self.link.current().is_some() => {
                    Counters::add(&self.counters.reruns, 1);
                    self.end();
                }
                Err(error) => {
                    job.fail(if error == DbError::Rerun { DbError::Busy } else { error });
                    return self.end();
                }
            }
        }
    }

    /// An error is one that another try may mend.
    fn transact(&mut self, job: &mut dyn Job) -> Result<(), DbError> {
        let connection = self.link.connection()?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        connection.batch(begin).map_err(|error| refusal(&error))?;
        let mut tx = Tx::postgres(connection);
        job::run(job, &mut tx);
        match tx.failure() {
            Some(error @ (DbError::Rerun | DbError::Unavailable(_))) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn end(&mut self) {
        if let Some(connection) = self.link.current()
            && (connection.is_lost() || connection.batch("ROLLBACK").is_err())
        {
            self.link.drop_connection();
        }
    }
}

/// Runs `work` on one snapshot, without a time limit, on a connection of its own.
pub(crate) fn snapshot<T: Send, E: From<DbError> + Send>(
    address: &Address,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
) -> Result<T, E> {
    threads::apart(|| {
        let mut connection = Connection::open(address, Role::Keeper)?;
        // Whoever takes the rows away may be slow.
        for step in ["SET idle_in_transaction_session_timeout = 0", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"] {
            connection.batch(step).map_err(|error| refusal(&error))?;
        }
        // The connection ends with this function, and the transaction with it.
        work(&mut Tx::postgres(&mut connection))
    })
}

impl Server for Reader {
    fn run(&mut self, jobs: Vec<Waiting>) {
        for waiting in jobs {
            self.run_one(waiting.job);
        }
    }

    fn reset(&mut self) {
        self.link.drop_connection();
    }
}
