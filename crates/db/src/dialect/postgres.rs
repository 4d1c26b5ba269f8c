//! PostgreSQL's values and errors.

use std::io;

use postgres::{
    error::{Severity, SqlState},
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::{DbError, Value};

type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// A column as a value. Integers of any width and booleans are `Int`, so that `EXISTS (...)` reads the same on both engines.
pub(crate) fn column(row: &postgres::Row, index: usize) -> Result<Value<'_>, DbError> {
    row.try_get::<_, Cell<'_>>(index).map(|cell| cell.0).map_err(|error| DbError::Internal(describe(&error)))
}

struct Cell<'a>(Value<'a>);

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Refusal> {
        Ok(Self(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Value::Bytes(raw),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(std::str::from_utf8(raw)?)
            }
            _ => return Err(format!("a column of type {ty} has no counterpart in SQLite: cast it").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Refusal> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A value as a parameter of the type that PostgreSQL inferred.
#[derive(Debug)]
pub(crate) struct Bound<'a>(pub(crate) Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(int), &Type::INT8) => int.to_sql(ty, out),
            (Value::Int(int), &Type::INT4) => i32::try_from(int)?.to_sql(ty, out),
            (Value::Int(int), &Type::INT2) => i16::try_from(int)?.to_sql(ty, out),
            (Value::Int(int), &Type::BOOL) => (int != 0).to_sql(ty, out),
            #[expect(clippy::cast_precision_loss, reason = "SQLite's REAL columns take an integer the same way")]
            (Value::Int(int), &Type::FLOAT8) => (int as f64).to_sql(ty, out),
            (Value::Real(real), &Type::FLOAT8) => real.to_sql(ty, out),
            (Value::Text(text), &(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)) => {
                text.to_sql(ty, out)
            }
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (Value::Int(_), _) => Err(format!("an integer was bound to a parameter of type {ty}").into()),
            (Value::Real(_), _) => Err(format!("a real number was bound to a parameter of type {ty}").into()),
            (Value::Text(_), _) => Err(format!("text was bound to a parameter of type {ty}").into()),
            (Value::Bytes(_), _) => Err(format!("bytes were bound to a parameter of type {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Whether the connection is gone, so that a transaction it held was rolled back by the server (unless its COMMIT was sent).
pub(crate) fn is_lost(error: &postgres::Error) -> bool {
    let is_fatal =
        error.as_db_error().is_some_and(|e| matches!(e.parsed_severity(), Some(Severity::Fatal | Severity::Panic)));
    let source = std::error::Error::source(error);
    is_fatal || error.is_closed() || source.is_some_and(|source| source.is::<io::Error>())
}

/// Whether a statement prepared before a migration no longer fits the tables. Prepared anew it does.
pub(crate) fn is_stale(error: &postgres::Error) -> bool {
    error
        .as_db_error()
        .is_some_and(|e| *e.code() == SqlState::FEATURE_NOT_SUPPORTED && e.message().starts_with("cached plan"))
}

/// What PostgreSQL's refusal of a statement means to the job.
pub(crate) fn refusal(error: &postgres::Error) -> DbError {
    if is_lost(error) {
        return DbError::Unavailable(describe(error));
    }
    if is_stale(error) {
        return DbError::Rerun;
    }
    let Some(answer) = error.as_db_error() else {
        return DbError::Internal(describe(error));
    };
    let constraint = || answer.constraint().unwrap_or_default().to_owned();
    let code = answer.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return DbError::Conflict { constraint: constraint() };
    }
    if *code == SqlState::CHECK_VIOLATION || *code == SqlState::EXCLUSION_VIOLATION {
        return DbError::Violation { constraint: constraint() };
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return DbError::Violation { constraint: "foreign_key".to_owned() };
    }
    if *code == SqlState::NOT_NULL_VIOLATION {
        let (table, column) = (answer.table().unwrap_or_default(), answer.column().unwrap_or_default());
        return DbError::Violation { constraint: format!("{table}_{column}_not_null") };
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return DbError::Rerun;
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::QUERY_CANCELED {
        return DbError::Busy;
    }
    // 08 connection, 53 insufficient resources (disk full, memory), 57 operator intervention, 58 system error (I/O), XX001 and
    // XX002 corrupted data.
    let class = &code.code()[..2];
    if matches!(class, "08" | "53" | "57" | "58") || matches!(code.code(), "XX001" | "XX002") {
        return DbError::Unavailable(describe(error));
    }
    DbError::Internal(describe(error))
}

/// The error with its cause, without the row's values: PostgreSQL puts those into the detail, which stays out.
pub(crate) fn describe(error: &postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", answer.message(), answer.code().code());
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
