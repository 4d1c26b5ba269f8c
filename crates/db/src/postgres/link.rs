//! A connection that is there when it is needed.

use std::{
    sync::Arc,
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
    refusal: Option<(Instant, DbError)>,
    counters: Arc<Counters>,
}

impl Link {
    pub(crate) fn new(address: Arc<Address>, role: Role, counters: Arc<Counters>) -> Self {
        Self { address, role, connection: None, refusal: None, counters }
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

    fn open(&mut self) -> Result<Connection, DbError> {
        if let Some((since, error)) = &self.refusal
            && since.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        self.refusal = None;
        Connection::open(&self.address, self.role).map_err(|error| {
            // A server that was good when the database was opened and is refused now is away, to the jobs.
            let error = DbError::Unavailable(error.to_string());
            self.refusal = Some((queue::now(), error.clone()));
            error
        })
    }
}
