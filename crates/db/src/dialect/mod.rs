//! What truly differs between the engines: types in schema text, values, the names of errors.

pub(crate) mod postgres;
pub(crate) mod schema;
pub(crate) mod sqlite;

pub(crate) use schema::adapt;

use crate::{DbError, Value};

/// PostgreSQL cannot hold NUL in text, so neither engine takes it. Callers refuse it long before.
pub(crate) fn check_params(params: &[Value<'_>]) -> Result<(), DbError> {
    let has_nul = |value: &Value<'_>| matches!(value, Value::Text(text) if text.as_bytes().contains(&0));
    match params.iter().position(has_nul) {
        Some(index) => Err(DbError::Internal(format!("the text of parameter ${} has a NUL", index + 1))),
        None => Ok(()),
    }
}
