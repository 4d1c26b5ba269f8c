//! The schema, step by step.

use std::path::PathBuf;

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
