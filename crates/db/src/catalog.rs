//! What tables there are, for work on all of them: backups, and tests of the schema as a whole.

use crate::{DbError, Engine, Tx, params};

/// A table of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which they were made, without those that the others tell.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds beside NULL; `None` for a type that only one engine has.
    pub kind: Option<ColumnKind>,
    /// Its place in the primary key, from 1.
    pub key: Option<i64>,
}

/// What a column can hold: the storage types that both engines share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// BIGINT.
    Int,
    /// DOUBLE PRECISION.
    Real,
    /// TEXT.
    Text,
    /// BYTEA.
    Bytes,
}

impl ColumnKind {
    /// The kind of a type's name as either engine's catalogue has it.
    fn of(name: &str) -> Option<Self> {
        match name {
            "INTEGER" | "int8" => Some(Self::Int),
            "REAL" | "float8" => Some(Self::Real),
            "TEXT" | "text" => Some(Self::Text),
            "BLOB" | "bytea" => Some(Self::Bytes),
            _ => None,
        }
    }
}

impl Table {
    /// The names of the primary key's columns, in the key's order.
    #[must_use]
    pub fn key(&self) -> Vec<&str> {
        let mut key: Vec<_> =
            self.columns.iter().filter_map(|column| Some((column.key?, column.name.as_str()))).collect();
        key.sort_unstable();
        key.into_iter().map(|(_, name)| name).collect()
    }
}

const SQLITE: &str = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND substr(t.name, 1, 7) <> 'sqlite_' ORDER BY t.name, c.cid";

const POSTGRES: &str = "SELECT t.relname, c.attname, y.typname, COALESCE(k.place, 0)
    FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped AND c.attgenerated = ''
    JOIN pg_type y ON y.oid = c.atttypid
    LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
    LEFT JOIN LATERAL (SELECT u.place FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u(number, place) WHERE u.number = c.attnum) k ON TRUE
    WHERE n.nspname = current_schema() AND t.relkind IN ('r', 'p') ORDER BY t.relname, c.attnum";

impl Tx<'_> {
    /// Every table with its columns, by name; with `schema_migrations`.
    pub fn tables(&mut self) -> Result<Vec<Table>, DbError> {
        let sql = match self.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        let rows = self.query(sql, params![], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, row.get::<i64>(3)?))
        })?;
        let mut tables: Vec<Table> = Vec::new();
        for (table, name, kind, place) in rows {
            if tables.last().is_none_or(|last| last.name != table) {
                tables.push(Table { name: table, columns: Vec::new() });
            }
            let last = tables.last_mut().expect("one was just pushed");
            last.columns.push(Column { name, kind: ColumnKind::of(&kind), key: (place > 0).then_some(place) });
        }
        Ok(tables)
    }
}
