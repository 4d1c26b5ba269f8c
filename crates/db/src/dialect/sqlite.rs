//! SQLite's values and errors.

use rusqlite::{
    Connection, ErrorCode, Statement,
    ffi::{
        SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_NOTNULL, SQLITE_CONSTRAINT_PRIMARYKEY,
        SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
    },
    types::{ToSqlOutput, ValueRef},
};

use crate::{DbError, Value};

/// A column as a value.
pub(crate) fn column<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Value<'a>, DbError> {
    let value = row.get_ref(index).map_err(|error| DbError::Internal(error.to_string()))?;
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text).map_err(|_| DbError::Internal(format!("column {index} is no UTF-8")))?,
        ),
        ValueRef::Blob(bytes) => Value::Bytes(bytes),
    })
}

/// The statement with `?n` for each `$n`: SQLite numbers `$n` by first appearance, and looking every name up at every run is
/// a twentieth of what a create costs.
pub(crate) fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        numbered.push_str(before);
        numbered.push(if after.starts_with(|next: char| next.is_ascii_digit()) { '?' } else { '$' });
        rest = after;
    }
    numbered.push_str(rest);
    numbered
}

/// Binds the n-th parameter to `?n`.
pub(crate) fn bind(statement: &mut Statement<'_>, params: &[Value<'_>]) -> Result<(), DbError> {
    let count = statement.parameter_count();
    if count != params.len() {
        return Err(DbError::Internal(format!("the statement has {count} parameters, {} were given", params.len())));
    }
    for (slot, value) in (1..).zip(params) {
        statement.raw_bind_parameter(slot, Bound(*value)).map_err(|error| DbError::Internal(error.to_string()))?;
    }
    Ok(())
}

struct Bound<'a>(Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(int) => ValueRef::Integer(int),
            Value::Real(real) => ValueRef::Real(real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What SQLite's refusal of a statement means to the job. `connection` tells the name of a unique index.
pub(crate) fn refusal(connection: &Connection, error: &rusqlite::Error) -> DbError {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return failure(error);
    };
    let message = message.as_deref().unwrap_or_default();
    let detail = message.split_once(": ").map_or("", |(_, detail)| detail);
    match code.extended_code {
        SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID => {
            let table = detail.split('.').next().unwrap_or_default();
            DbError::Conflict { constraint: format!("{table}_pkey") }
        }
        SQLITE_CONSTRAINT_UNIQUE => DbError::Conflict { constraint: unique_index(connection, detail) },
        SQLITE_CONSTRAINT_FOREIGNKEY => DbError::Violation { constraint: "foreign_key".to_owned() },
        SQLITE_CONSTRAINT_NOTNULL => {
            DbError::Violation { constraint: format!("{}_not_null", detail.replace('.', "_")) }
        }
        SQLITE_CONSTRAINT_CHECK => DbError::Violation { constraint: detail.to_owned() },
        _ => failure(error),
    }
}

/// What SQLite's failure means, constraints aside.
pub(crate) fn failure(error: &rusqlite::Error) -> DbError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OperationInterrupted) => DbError::Busy,
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::PermissionDenied
            | ErrorCode::NoLargeFileSupport,
        ) => DbError::Unavailable(error.to_string()),
        _ => DbError::Internal(error.to_string()),
    }
}

/// The name of the unique index over the columns that SQLite names as `table.column, table.column`.
///
/// Looked up when it happens, so that no copy of the schema can go stale; a conflict is rare enough.
fn unique_index(connection: &Connection, detail: &str) -> String {
    // An index over an expression is named outright: "index 'agents_slug_key'".
    if let Some(name) = detail.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        return name.to_owned();
    }
    let columns: Vec<(&str, &str)> = detail.split(", ").filter_map(|column| column.split_once('.')).collect();
    let Some((table, _)) = columns.first() else { return detail.to_owned() };
    let columns: Vec<&str> = columns.iter().map(|(_, column)| *column).collect();
    find_index(connection, table, &columns).unwrap_or_else(|_| detail.to_owned())
}

fn find_index(connection: &Connection, table: &str, columns: &[&str]) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(
        "SELECT l.name, group_concat(i.name, ',' ORDER BY i.seqno) FROM pragma_index_list(?1) l, pragma_index_info(l.name) i
         WHERE l.\"unique\" = 1 AND l.origin <> 'pk' GROUP BY l.name HAVING group_concat(i.name, ',' ORDER BY i.seqno) = ?2
         ORDER BY l.name LIMIT 1",
    )?;
    statement.query_row((table, columns.join(",")), |row| row.get(0))
}
