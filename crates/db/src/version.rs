//! States of a database.

/// A state of a database that one process writes (SQLite): how many transactions it has committed, and how often the database was
/// found changed by another process.
///
/// What was read when [`crate::Database::version`] answered this, or later, still holds as long as `foreign` is the same and
/// nothing that it depends on was written under a [`crate::Tx::version`] above `own`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Transactions committed by this process.
    pub own: u64,
    /// How often others were found to have committed.
    pub foreign: u64,
}
