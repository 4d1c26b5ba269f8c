//! Migrations on PostgreSQL.

use std::path::PathBuf;

use super::connection::{Address, Connection, Role};
use crate::{
    DbError, Engine, Migrated, Migration, Tx,
    dialect::postgres::refusal,
    migrations::{self, Ground},
    threads,
};

/// Brings the schema up to date on a connection of its own.
pub(crate) fn migrate(address: &Address, steps: &[Migration]) -> Result<Migrated, DbError> {
    threads::apart(|| migrations::run(&mut Keeper(Connection::open(address, Role::Keeper)?), steps))
}

/// The newest applied migration.
pub(crate) fn version(address: &Address) -> Result<i64, DbError> {
    threads::apart(|| migrations::version(&mut Keeper(Connection::open(address, Role::Keeper)?)))
}

struct Keeper(Connection);

impl Ground for Keeper {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn transact(&mut self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), DbError>) -> Result<(), DbError> {
        let connection = &mut self.0;
        connection.batch("BEGIN ISOLATION LEVEL READ COMMITTED").map_err(|error| refusal(&error))?;
        let done = work(&mut Tx::postgres(connection));
        let last = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.batch(last).map_err(|error| refusal(&error));
        done.and(ended)
    }

    fn copy_before(&mut self, _: i64) -> Result<Option<PathBuf>, DbError> {
        // A server has backups of its own.
        Ok(None)
    }
}
