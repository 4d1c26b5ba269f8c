//! What a job sees of its transaction.

use std::collections::HashSet;

use crate::{
    DbError, Engine, Row, Value,
    dialect::{self, postgres as postgres_dialect, sqlite as sqlite_dialect},
    postgres::{Connection as PostgresConnection, PRESENT, presence_of},
    record,
    row::EngineRow,
};

/// A transaction, and the only place that tells the engines apart at run time.
///
/// After a statement has failed, the transaction takes no more of them and will be rolled back, whatever the job answers: that
/// is PostgreSQL's rule, and one behaviour on both engines is worth more than SQLite's indulgence. To expect a conflict, write
/// `ON CONFLICT DO NOTHING` and look at the count. A job never begins or ends transactions or savepoints.
pub struct Tx<'c> {
    engine: EngineTx<'c>,
    failure: Option<DbError>,
    has_written: bool,
    version: Option<u64>,
    job: &'static str,
}

enum EngineTx<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PostgresConnection),
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self { engine: EngineTx::Sqlite(connection), failure: None, has_written: false, version: None, job: "" }
    }

    pub(crate) fn postgres(connection: &'c mut PostgresConnection) -> Self {
        Self { engine: EngineTx::Postgres(connection), failure: None, has_written: false, version: None, job: "" }
    }

    pub(crate) fn committing_as(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// From now on, its statements are those of this job.
    pub(crate) fn run_as(&mut self, job: &'static str) {
        self.job = job;
    }

    /// The first statement's failure, which the job may have hidden in an error of its own.
    pub(crate) fn failure(&self) -> Option<&DbError> {
        self.failure.as_ref()
    }

    /// Whether a statement may have written, whatever became of it.
    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    fn attempt<T>(&mut self, statement: impl FnOnce(&mut EngineTx<'c>) -> Result<T, DbError>) -> Result<T, DbError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        statement(&mut self.engine).inspect_err(|failure| self.failure = Some(failure.clone()))
    }
}

impl Tx<'_> {
    /// Which engine this is; for the few statements that differ.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.engine {
            EngineTx::Sqlite(_) => Engine::Sqlite,
            EngineTx::Postgres(_) => Engine::Postgres,
        }
    }

    /// [`crate::Version::own`] once this write is committed; `None` where no version is told (reads, PostgreSQL).
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// Runs a statement and returns how many rows it changed (or returned, if it returns rows).
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        dialect::check_params(params)?;
        record::note(self.job, sql);
        self.has_written = true;
        self.attempt(|engine| match engine {
            EngineTx::Sqlite(connection) => {
                let refusal = |error| sqlite_dialect::refusal(connection, &error);
                let mut statement = connection.prepare_cached(&sqlite_dialect::numbered(sql)).map_err(refusal)?;
                sqlite_dialect::bind(&mut statement, params)?;
                if statement.column_count() == 0 {
                    return Ok(statement.raw_execute().map_err(refusal)? as u64);
                }
                let mut rows = statement.raw_query();
                let mut count = 0;
                while rows.next().map_err(refusal)?.is_some() {
                    count += 1;
                }
                Ok(count)
            }
            EngineTx::Postgres(connection) => {
                connection.execute(sql, params).map_err(|error| postgres_dialect::refusal(&error))
            }
        })
    }

    /// Runs a query and maps its rows, in order. An error of `map` ends it; the transaction can go on.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        dialect::check_params(params)?;
        record::note(self.job, sql);
        self.has_written |= !sql.starts_with("SELECT");
        self.attempt(|engine| match engine {
            EngineTx::Sqlite(connection) => {
                let refusal = |error| sqlite_dialect::refusal(connection, &error);
                let mut statement = connection.prepare_cached(&sqlite_dialect::numbered(sql)).map_err(refusal)?;
                sqlite_dialect::bind(&mut statement, params)?;
                let mut rows = statement.raw_query();
                let mut mapped = Vec::new();
                while let Some(row) = rows.next().map_err(refusal)? {
                    match map(&Row(EngineRow::Sqlite(row))) {
                        Ok(value) => mapped.push(value),
                        Err(error) => return Ok(Err(error)),
                    }
                }
                Ok(Ok(mapped))
            }
            EngineTx::Postgres(connection) => {
                let rows = connection.query(sql, params).map_err(|error| postgres_dialect::refusal(&error))?;
                Ok(rows.iter().map(|row| map(&Row(EngineRow::Postgres(row)))).collect())
            }
        })?
    }

    /// As [`Tx::query`], for a query of one row or none. Two rows are [`DbError::Internal`].
    pub fn query_opt<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut rows = self.query(sql, params, map)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            count => Err(DbError::Internal(format!("{count} rows where at most one was expected"))),
        }
    }

    /// As [`Tx::query`], for a query of exactly one row. None and two are [`DbError::Internal`].
    pub fn query_one<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.query_opt(sql, params, map)?.ok_or_else(|| DbError::Internal("no row where one was expected".to_owned()))
    }

    /// Runs several statements without parameters, adapted to the engine as migrations are.
    pub fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        let adapted = dialect::adapt(sql, self.engine());
        self.has_written = true;
        self.attempt(|engine| match engine {
            EngineTx::Sqlite(connection) => {
                connection.execute_batch(&adapted).map_err(|error| sqlite_dialect::refusal(connection, &error))
            }
            EngineTx::Postgres(connection) => {
                connection.batch(&adapted).map_err(|error| postgres_dialect::refusal(&error))
            }
        })
    }

    /// Of these nodes, those that [exchange notices](crate::Database::exchange_notices) now. A node that has ended, in whatever way, is no
    /// longer present; one that was stopped, or lost its way to the server, may be for a while. None on SQLite.
    pub fn present_nodes(&mut self, nodes: &[[u8; 16]]) -> Result<HashSet<[u8; 16]>, DbError> {
        if self.engine() == Engine::Sqlite || nodes.is_empty() {
            return Ok(HashSet::new());
        }
        let present = self.query(PRESENT, &[], |row| row.get::<String>(0))?;
        let is_present = |node: &[u8; 16]| {
            let presence = format!("{:016x}", u64::from_be_bytes(presence_of(node)));
            present.contains(&presence)
        };
        Ok(nodes.iter().copied().filter(is_present).collect())
    }

    /// What a SELECT ends with that locks its rows till the end of the transaction: ` FOR NO KEY UPDATE` on PostgreSQL, nothing
    /// on SQLite, where there is one writer.
    #[must_use]
    pub fn lock_clause(&self) -> &'static str {
        match self.engine {
            EngineTx::Sqlite(_) => "",
            EngineTx::Postgres(_) => " FOR NO KEY UPDATE",
        }
    }
}
