//! Migrations on SQLite.

use std::path::PathBuf;

use rusqlite::Connection;

use super::{
    connection::{Place, Role, create, open},
    copies,
};
use crate::{
    DbError, Engine, Migrated, Migration, Tx,
    dialect::sqlite::failure,
    migrations::{self, Ground},
};

/// Brings the schema up to date on a connection of its own.
pub(crate) fn migrate(place: &Place, steps: &[Migration]) -> Result<Migrated, DbError> {
    let _turn = create(place)?;
    migrations::run(&mut Keeper { connection: open(place, Role::Keeper)?, place }, steps)
}

/// The newest applied migration.
pub(crate) fn version(place: &Place) -> Result<i64, DbError> {
    let _turn = create(place)?;
    migrations::version(&mut Keeper { connection: open(place, Role::Keeper)?, place })
}

struct Keeper<'a> {
    connection: Connection,
    place: &'a Place,
}

impl Ground for Keeper<'_> {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn transact(&mut self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), DbError>) -> Result<(), DbError> {
        let connection = &self.connection;
        let step = |sql| connection.execute_batch(sql).map_err(|error| failure(&error));
        step("BEGIN IMMEDIATE")?;
        // Foreign keys are off, so that a table can be built anew as SQLite's ALTER TABLE demands; they are checked here instead.
        let done = work(&mut Tx::sqlite(connection))
            .and_then(|()| check_foreign_keys(connection))
            .and_then(|()| step("COMMIT"));
        if done.is_err() && !connection.is_autocommit() {
            step("ROLLBACK")?;
        }
        done
    }

    fn copy_before(&mut self, version: i64) -> Result<Option<PathBuf>, DbError> {
        copies::copy(&self.connection, &self.place.path, version).map(Some)
    }
}

fn check_foreign_keys(connection: &Connection) -> Result<(), DbError> {
    let broken = connection
        .query_row("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1", (), |row| row.get::<_, String>(0));
    match broken {
        Ok(table) => Err(DbError::Refused(format!("after the migration a row of {table} would refer to nothing"))),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(()),
        Err(error) => Err(failure(&error)),
    }
}
