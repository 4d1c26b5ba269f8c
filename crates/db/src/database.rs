//! The handle that the rest of the product holds.

use crate::{DbError, Engine, Lane, Migrated, Migration, Options, Stats, Tx};

/// A database on either engine. Cloning it is cheap; all clones are the same database.
#[derive(Clone)]
pub struct Database;

impl Database {
    /// Opens `sqlite:PATH` or `postgres://...`.
    pub fn open(_url: &str, _options: Options) -> Result<Self, DbError> {
        Err(DbError::Stopping)
    }

    /// Which engine is behind it.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    /// Runs `job` in a write transaction and answers once it is durable. `job` may run more than once.
    pub async fn write<T, E, F>(&self, _name: &'static str, _lane: Lane, _job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        Err(DbError::Stopping.into())
    }

    /// As [`Database::write`], but behind the writes that someone waits for.
    pub async fn write_in_background<T, E, F>(&self, _name: &'static str, _lane: Lane, _job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        Err(DbError::Stopping.into())
    }

    /// Runs `job` on one snapshot of the database.
    pub async fn read<T, E, F>(&self, _name: &'static str, _job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        Err(DbError::Stopping.into())
    }

    /// Runs a single statement.
    pub async fn statement<T, E, F>(&self, _name: &'static str, _job: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        Err(DbError::Stopping.into())
    }

    /// Brings the schema up to date. Blocks.
    pub fn migrate(&self, _migrations: &[Migration]) -> Result<Migrated, DbError> {
        Err(DbError::Stopping)
    }

    /// The newest applied migration, 0 for none. Blocks.
    pub fn schema_version(&self) -> Result<i64, DbError> {
        Err(DbError::Stopping)
    }

    /// What the engine counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::default()
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> bool {
        false
    }

    /// Refuses new jobs, finishes those that wait, ends the threads.
    pub async fn close(&self) {}
}
