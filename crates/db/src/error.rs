//! What can go wrong in the engine room.

use std::fmt;

/// Why a write or a read failed. The job's own refusals are the job's own error type; this is what the engine adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbError {
    /// Too much is waiting, or a lock or a statement took too long. Nothing was stored; a later try may succeed.
    Busy,
    /// The database is closing and takes no new jobs. Nothing was stored.
    Stopping,
    /// The disk is full, the disk failed or the connection broke. Nothing was stored; a later try may succeed.
    Unavailable(String),
    /// The commit was sent but its answer never came: the write may be stored or not.
    OutcomeUnknown,
    /// A unique index refused the row.
    Conflict {
        /// Name of the unique index; of a primary key `{table}_pkey`. The same on both engines.
        constraint: String,
    },
    /// A foreign key, a check or NOT NULL refused the row.
    Violation {
        /// Name of the check; `{table}_{column}_not_null`; `foreign_key` for any foreign key (SQLite does not say which one).
        /// The same on both engines.
        constraint: String,
    },
    /// The engine ended the transaction so that another can go on. A job sees it and is then run again, whatever it answers;
    /// nobody else does: run again too often, it answers [`DbError::Busy`].
    Rerun,
    /// The job of this name panicked. It was rolled back alone.
    Panicked(&'static str),
    /// The database may not be used like this: a bad address, a newer schema, `fsync` off. The sentence says what to do.
    Refused(String),
    /// A mistake of ours, such as bad SQL or a column of another type. The sentence is for the log, never for a client.
    Internal(String),
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => write!(f, "the database is busy"),
            Self::Stopping => write!(f, "the database is closing"),
            Self::Unavailable(why) => write!(f, "the database is unavailable: {why}"),
            Self::OutcomeUnknown => write!(f, "the answer to a commit was lost: it may be stored or not"),
            Self::Conflict { constraint } => write!(f, "the unique index {constraint} refused the row"),
            Self::Violation { constraint } => write!(f, "the constraint {constraint} refused the row"),
            Self::Rerun => write!(f, "the transaction gave way to another"),
            Self::Panicked(job) => write!(f, "the job {job} panicked"),
            Self::Refused(why) => write!(f, "{why}"),
            Self::Internal(what) => write!(f, "internal database error: {what}"),
        }
    }
}

impl std::error::Error for DbError {}
