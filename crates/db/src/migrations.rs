//! The schema, step by step.
//!
//! Each step is one transaction together with its row in `schema_migrations`, under a lock: killed anywhere, the next start
//! goes on where this one stopped, and two nodes that start together take turns.

use std::{collections::BTreeMap, path::PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use crate::{DbError, Engine, Tx, params};

/// The number of the advisory lock that migrating nodes take turns by: the bytes of "organic".
const LOCK: i64 = 0x6f_7267_616e_6963;

/// A write that changes something and means nothing. (SQLite writes nothing where a row stays as it is.)
pub(crate) const PROBE: &str =
    "UPDATE schema_migrations SET probes = probes + 1 WHERE version = (SELECT MAX(version) FROM schema_migrations)";

/// One step of the schema. A step that has been released is never edited: its checksum is kept in the database.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; steps are listed in ascending order.
    pub version: i64,
    /// Its name, for the log.
    pub name: &'static str,
    /// Its statements, in the vocabulary that `dialect/schema.rs` describes.
    pub sql: &'static str,
    /// What runs instead of `sql` on SQLite, where ALTER TABLE can do less.
    pub sqlite: Option<&'static str>,
    /// What runs instead of `sql` on PostgreSQL.
    pub postgres: Option<&'static str>,
}

impl Migration {
    fn text(&self, engine: Engine) -> &'static str {
        let twin = match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        };
        twin.unwrap_or(self.sql)
    }

    /// SHA-256 over everything that the step says, for both engines, in hexadecimal.
    fn checksum(&self) -> String {
        let mut context = Context::new(&SHA256);
        for part in [self.sql, self.sqlite.unwrap_or_default(), self.postgres.unwrap_or_default()] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a run of the migrations did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The version found; 0 for an empty database.
    pub from: i64,
    /// The version reached.
    pub to: i64,
    /// Where the database as it was before was copied to (SQLite, when there was something to copy and to change).
    pub copy: Option<PathBuf>,
}

/// Where migrations run: a connection without the time limits of the others.
pub(crate) trait Ground {
    fn engine(&self) -> Engine;

    /// Runs `work` in a write transaction and commits if it succeeds.
    fn transact(&mut self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), DbError>) -> Result<(), DbError>;

    /// Copies the database before step `version` changes it, where the engine's operator has no better way.
    fn copy_before(&mut self, version: i64) -> Result<Option<PathBuf>, DbError>;
}

/// Applies what is missing. A changed step or a newer schema is [`DbError::Refused`], and nothing is changed.
pub(crate) fn run(ground: &mut impl Ground, steps: &[Migration]) -> Result<Migrated, DbError> {
    if !steps.is_sorted_by(|a, b| a.version < b.version) || steps.first().is_some_and(|step| step.version < 1) {
        return Err(DbError::Internal("migrations are not in ascending order from 1".to_owned()));
    }
    let mut applied = BTreeMap::new();
    ground.transact(&mut |tx| {
        lock(tx)?;
        tx.batch(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
                version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, probes BIGINT NOT NULL,
                CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
            );",
        )?;
        applied = list(tx)?;
        check(&applied, steps)
    })?;
    let from = applied.keys().next_back().copied().unwrap_or(0);
    let missing: Vec<&Migration> = steps.iter().filter(|step| !applied.contains_key(&step.version)).collect();
    let mut migrated = Migrated { from, to: from, copy: None };
    let Some(first) = missing.first() else { return Ok(migrated) };
    if from > 0 {
        migrated.copy = ground.copy_before(first.version)?;
    }
    for step in missing {
        apply(ground, step)?;
        migrated.to = migrated.to.max(step.version);
    }
    Ok(migrated)
}

/// The newest applied step, 0 for none.
pub(crate) fn version(ground: &mut impl Ground) -> Result<i64, DbError> {
    let mut version = 0;
    ground.transact(&mut |tx| {
        let tables = match tx.engine() {
            Engine::Sqlite => "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
            Engine::Postgres => {
                "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migrations'"
            }
        };
        if tx.query_opt(tables, params![], |_| Ok(()))?.is_some() {
            version = list(tx)?.keys().next_back().copied().unwrap_or(0);
        }
        Ok(())
    })?;
    Ok(version)
}

fn apply(ground: &mut impl Ground, step: &Migration) -> Result<(), DbError> {
    let engine = ground.engine();
    ground.transact(&mut |tx| {
        lock(tx)?;
        // Another node may have been here meanwhile.
        let applied = list(tx)?;
        if applied.contains_key(&step.version) {
            return check_step(&applied, step);
        }
        tracing::info!(version = step.version, name = step.name, "migrating the database");
        tx.batch(step.text(engine))?;
        tx.execute(
            "INSERT INTO schema_migrations (version, name, checksum, probes) VALUES ($1, $2, $3, 0)",
            params![step.version, step.name, &step.checksum()],
        )?;
        Ok(())
    })
}

/// SQLite's transaction holds the only lock there is; PostgreSQL's nodes take turns by a lock of our own.
fn lock(tx: &mut Tx<'_>) -> Result<(), DbError> {
    match tx.engine() {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => tx.execute("SELECT pg_advisory_xact_lock($1)", params![LOCK]).map(drop),
    }
}

/// The applied steps: version to checksum.
fn list(tx: &mut Tx<'_>) -> Result<BTreeMap<i64, String>, DbError> {
    let rows =
        tx.query("SELECT version, checksum FROM schema_migrations", params![], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.into_iter().collect())
}

fn check(applied: &BTreeMap<i64, String>, steps: &[Migration]) -> Result<(), DbError> {
    let newest = steps.last().map_or(0, |step| step.version);
    if let Some(unknown) = applied.keys().find(|version| steps.iter().all(|step| step.version != **version)) {
        return Err(DbError::Refused(format!(
            "the database has schema version {unknown}, which this version of OrganicAgent does not know (its newest is {newest}): start the newer version, or restore the copy made before the upgrade"
        )));
    }
    steps.iter().try_for_each(|step| check_step(applied, step))
}

fn check_step(applied: &BTreeMap<i64, String>, step: &Migration) -> Result<(), DbError> {
    match applied.get(&step.version) {
        Some(checksum) if *checksum != step.checksum() => Err(DbError::Refused(format!(
            "schema step {} ({}) was applied with another text than this version of OrganicAgent has: a released step is never edited",
            step.version, step.name
        ))),
        _ => Ok(()),
    }
}
