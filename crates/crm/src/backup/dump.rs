//! Writing an archive: every table, page by page along its primary key, within one snapshot.

use std::io::Write;

use db::{Database, Engine, Table, Tx, Value, params};

use super::{
    BackupError, MARKER, TABLES,
    archives::{Cell, Header, TableHead, Writer},
    refused,
};
use crate::{clock::UnixMillis, seal::Keyring};

/// A page holds about so many bytes: enough to keep both sides busy, little enough for a small machine.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Rows of a table's first page, when nothing is known of their size, and the most of any.
const PAGE_ROWS: std::ops::RangeInclusive<usize> = 16..=2_000;

/// Writes an archive of the whole database as it is at one instant, with the keys if they are given. Blocks; other work goes on.
/// Answers how many rows it holds.
///
/// # Errors
/// [`BackupError::Refused`] for a database without a schema, or with a restore that was broken off.
pub fn write(
    database: &Database,
    keyring: Option<&Keyring>,
    made_at: UnixMillis,
    out: impl Write + Send,
) -> Result<u64, BackupError> {
    database.snapshot(|tx| {
        let tables = tx.tables()?;
        if tables.iter().any(|table| table.name == MARKER) {
            return Err(refused("a restore into this database was broken off: there is nothing whole to back up"));
        }
        if !tables.iter().any(|table| table.name == "schema_migrations") {
            return Err(refused("there is nothing to back up: the database is empty"));
        }
        let schema = tx.query_one("SELECT MAX(version) FROM schema_migrations", params![], |row| row.get(0))?;
        let engine = match tx.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        };
        let mut writer = Writer::new(out);
        writer.header(&Header::new(schema, engine, made_at))?;
        if let Some(keyring) = keyring {
            writer.key(keyring)?;
        }
        for name in TABLES {
            // A database that has not been migrated yet lacks the newest tables.
            if let Some(table) = tables.iter().find(|table| table.name == *name) {
                write_table(tx, table, &mut writer)?;
            }
        }
        writer.finish()
    })
}

fn write_table(tx: &mut Tx<'_>, table: &Table, writer: &mut Writer<impl Write>) -> Result<(), BackupError> {
    let columns = table.columns.iter().map(|column| Some((column.name.clone(), column.kind?.into())));
    let columns = columns.collect::<Option<Vec<_>>>();
    let columns =
        columns.ok_or_else(|| refused(format!("the table {} has a column that no archive can hold", table.name)))?;
    writer.table(&TableHead { table: table.name.clone(), columns })?;
    let names = table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let key = table.key();
    let places: Vec<usize> =
        key.iter().filter_map(|name| table.columns.iter().position(|column| column.name == **name)).collect();
    let order = key.join(", ");
    let after = (1..=key.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
    let mut last: Vec<Cell> = Vec::new();
    let mut limit = *PAGE_ROWS.start();
    loop {
        let condition = if last.is_empty() { String::new() } else { format!(" WHERE ({order}) > ({after})") };
        let sql = format!("SELECT {names} FROM {}{condition} ORDER BY {order} LIMIT {limit}", table.name);
        let params: Vec<Value<'_>> = last.iter().map(Value::from).collect();
        let rows = tx.query(&sql, &params, |row| {
            (0..table.columns.len()).map(|index| row.value(index).map(Cell::from)).collect::<Result<Vec<_>, _>>()
        })?;
        for row in &rows {
            writer.row(row)?;
        }
        let Some(end) = rows.last() else { return Ok(()) };
        if rows.len() < limit {
            return Ok(());
        }
        last = places.iter().map(|place| end[*place].clone()).collect();
        let bytes: usize = rows.iter().flatten().map(Cell::size).sum();
        // Doubling keeps the number of different statements small.
        let average = (bytes / rows.len()).max(1);
        limit = (limit * 2).min((PAGE_BYTES / average).next_power_of_two()).clamp(*PAGE_ROWS.start(), *PAGE_ROWS.end());
    }
}
