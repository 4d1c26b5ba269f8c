//! The threads for single statements: no transaction, each statement commits by itself at READ COMMITTED.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::link::Link;
use crate::{
    DbError, Tx,
    job::{self, Job},
    queue::{self, Waiting},
    stats::Counters,
    threads::Server,
};

/// How often a statement that gave way to another is run.
const TRIES: usize = 5;
/// A connection that was idle for longer is asked for a sign of life first: what breaks it later leaves the outcome unknown.
const IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Statements {
    link: Link,
    last_used: Instant,
    counters: Arc<Counters>,
}

impl Statements {
    pub(crate) fn new(link: Link, counters: Arc<Counters>) -> Self {
        Self { link, last_used: queue::now(), counters }
    }

    fn run_one(&mut self, mut job: Box<dyn Job>) {
        if !job.is_awaited() {
            return;
        }
        if self.last_used.elapsed() > IDLE
            && let Some(connection) = self.link.current()
            && !connection.answers()
        {
            self.link.drop_connection();
        }
        for attempt in 1..=TRIES {
            let connection = match self.link.connection() {
                Ok(connection) => connection,
                Err(error) => return job.fail(error),
            };
            let mut tx = Tx::postgres(connection);
            job::run(&mut *job, &mut tx);
            let has_given_way = tx.failure() == Some(&DbError::Rerun);
            let is_lost = connection.is_lost();
            self.last_used = queue::now();
            if is_lost {
                return job.fail(DbError::OutcomeUnknown);
            }
            if !has_given_way {
                return job.answer();
            }
            if attempt < TRIES {
                Counters::add(&self.counters.reruns, 1);
            }
        }
        job.fail(DbError::Busy);
    }
}

impl Server for Statements {
    fn run(&mut self, jobs: Vec<Waiting>) {
        for waiting in jobs {
            self.run_one(waiting.job);
        }
    }

    fn reset(&mut self) {
        self.link.drop_connection();
    }
}
