//! A connection that is there when it is needed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::connection::{Address, Connection, Role};
use crate::{DbError, queue, stats::Counters};

/// After a failed attempt to connect, jobs are refused for this long without another: a server that is away for a minute must
/// not keep every job waiting for a timeout of its own.
const PAUSE: Duration = Duration::from_millis(500);

/// One thread's connection, opened when first needed and again after it broke.
pub(crate) struct Link {
    address: Arc<Address>,
    role: Role,
    connection: Option<Connection>,
    outage: Arc<Outage>,
    counters: Arc<Counters>,
}

/// What all threads know of a server that could not be reached.
#[derive(Default)]
pub(crate) struct Outage(Mutex<Option<(Instant, DbError)>>);

impl Outage {
    fn current(&self) -> Option<DbError> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.as_ref().filter(|(since, _)| since.elapsed() < PAUSE).map(|(_, error)| error.clone())
    }

    fn note(&self, error: Option<DbError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error.map(|error| (queue::now(), error));
    }
}

impl Link {
    pub(crate) fn new(address: Arc<Address>, role: Role, outage: Arc<Outage>, counters: Arc<Counters>) -> Self {
        Self { address, role, connection: None, outage, counters }
    }

    /// The connection, opened if need be.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, DbError> {
        if self.connection.as_ref().is_some_and(Connection::is_lost) {
            self.drop_connection();
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(self.connection.insert(connection))
    }

    /// The connection as it is, broken or not.
    pub(crate) fn current(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    pub(crate) fn drop_connection(&mut self) {
        if self.connection.take().is_some() {
            Counters::add(&self.counters.lost_connections, 1);
        }
    }

    fn open(&self) -> Result<Connection, DbError> {
        if let Some(error) = self.outage.current() {
            return Err(error);
        }
        // A server that was good when the database was opened and is refused now is away, to the jobs.
        let opened = Connection::open(&self.address, self.role);
        let opened = opened.map_err(|error| DbError::Unavailable(error.to_string()));
        self.outage.note(opened.as_ref().err().cloned());
        opened
    }
}
