//! What can go wrong in a use case: one closed list, rendered by each edge in its own way.

use db::DbError;

/// One thing wrong with one input field, in words for its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's public name, with an index for an element: `requestedTimes[1]`.
    pub field: String,
    /// A sentence that says what to send instead.
    pub message: String,
}

/// Why a use case did nothing. Only public text; internals go to the log where they arise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Input that breaks a rule; at least one field.
    Invalid(Vec<FieldError>),
    /// No such record, or another agent's.
    NotFound,
    /// The record is not what the caller last saw.
    PreconditionFailed,
    /// This idempotency key was used with another body.
    IdempotencyKeyReused,
    /// Queues are full, the server is stopping, or storage refuses: nothing was stored, try again.
    Unavailable,
    /// The answer of the commit was lost: it may be stored or not.
    OutcomeUnknown,
    /// A fault of ours; the log has it.
    Internal,
}

impl Error {
    /// One field's error.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy | DbError::Stopping | DbError::Rerun => Self::Unavailable,
            DbError::Unavailable(cause) => {
                tracing::error!(cause, "storage refused");
                Self::Unavailable
            }
            DbError::OutcomeUnknown => {
                tracing::error!("the outcome of a commit is unknown");
                Self::OutcomeUnknown
            }
            other => {
                tracing::error!(error = %other, "storage failed");
                Self::Internal
            }
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid(errors) => {
                let mut separator = "";
                for error in errors {
                    write!(out, "{separator}{}: {}", error.field, error.message)?;
                    separator = "; ";
                }
                Ok(())
            }
            Self::NotFound => out.write_str("not found"),
            Self::PreconditionFailed => out.write_str("the record has changed meanwhile"),
            Self::IdempotencyKeyReused => out.write_str("the idempotency key was used with another body"),
            Self::Unavailable => out.write_str("storage is busy or unavailable; nothing was stored, try again"),
            Self::OutcomeUnknown => out.write_str("the outcome is unknown: look before trying again"),
            Self::Internal => out.write_str("internal error; the log has it"),
        }
    }
}

impl std::error::Error for Error {}
