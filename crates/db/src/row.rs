//! Rows on their way out of a statement.

use crate::{DbError, Value, dialect};

/// One row of a query's answer. Columns are counted from 0.
pub struct Row<'r>(pub(crate) EngineRow<'r>);

pub(crate) enum EngineRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    /// The column as a `T`. A column of another type, or NULL for a type that has none, is [`DbError::Internal`].
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T, DbError> {
        T::from_column(self, index)
    }

    /// The column's text, without copying it.
    pub fn text(&self, index: usize) -> Result<&str, DbError> {
        match self.value(index)? {
            Value::Text(text) => Ok(text),
            other => Err(mismatch(index, "text", other)),
        }
    }

    /// The column's bytes, without copying them.
    pub fn bytes(&self, index: usize) -> Result<&[u8], DbError> {
        match self.value(index)? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(mismatch(index, "bytes", other)),
        }
    }

    /// The column as it is.
    pub fn value(&self, index: usize) -> Result<Value<'_>, DbError> {
        match &self.0 {
            EngineRow::Sqlite(row) => dialect::sqlite::column(row, index),
            EngineRow::Postgres(row) => dialect::postgres::column(row, index),
        }
    }
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// Reads the column at `index`. A column of another type is [`DbError::Internal`].
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError>;
}

impl FromColumn for i64 {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        match row.value(index)? {
            Value::Int(int) => Ok(int),
            other => Err(mismatch(index, "an integer", other)),
        }
    }
}

impl FromColumn for f64 {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        match row.value(index)? {
            Value::Real(real) => Ok(real),
            other => Err(mismatch(index, "a real number", other)),
        }
    }
}

impl FromColumn for bool {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        match row.value(index)? {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => Err(mismatch(index, "0 or 1", other)),
        }
    }
}

impl FromColumn for String {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        row.text(index).map(str::to_owned)
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        row.bytes(index).map(<[u8]>::to_vec)
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        let bytes = row.bytes(index)?;
        bytes.try_into().map_err(|_| DbError::Internal(format!("column {index} has {} bytes, not {N}", bytes.len())))
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        match row.value(index)? {
            Value::Null => Ok(None),
            _ => T::from_column(row, index).map(Some),
        }
    }
}

/// Says which type was found; never the value, which may be personal.
fn mismatch(index: usize, wanted: &str, found: Value<'_>) -> DbError {
    let found = match found {
        Value::Null => "NULL",
        Value::Int(_) => "an integer",
        Value::Real(_) => "a real number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    };
    DbError::Internal(format!("column {index} is {found}, not {wanted}"))
}
