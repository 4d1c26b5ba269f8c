//! Reading an archive into an empty database, all or nothing.
//!
//! A marker stands in the database from the first change to the last: what finds it does not run. So a restore that was broken
//! off anywhere leaves either an empty database or the marker, and can simply be begun again.

use std::{io::BufRead, sync::Arc};

use db::{Column, Database, Lane, Migration, Tx, Value, params};

use super::{
    BackupError, LEFT_OUT, MARKER, Summary, TABLES,
    archives::{Cell, Item, Kind, Reader, TableHead},
    refused,
};
use crate::migrations::MIGRATIONS;

/// Rows of one statement and of one transaction, and about how many bytes a transaction writes.
const STATEMENT_ROWS: usize = 50;
const CHUNK_ROWS: usize = 2_000;
const CHUNK_BYTES: usize = 2 * 1024 * 1024;

/// A restore under way. Dropped before [`Restore::finish`], it leaves the database marked as not whole.
pub struct Restore {
    database: Database,
    schema: i64,
}

/// Rows of one table on their way.
struct Chunk {
    table: Arc<TableHead>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl Restore {
    /// Marks the database as being restored, empties it, and makes the schema that the archive was made with.
    ///
    /// # Errors
    /// [`BackupError::Refused`] for a database that holds an agent, unless an earlier restore was broken off.
    pub async fn begin(database: &Database, summary: &Summary) -> Result<Self, BackupError> {
        let reader = database.clone();
        // Refuses tables that are none of ours before anything is touched.
        blocking(move || reader.schema_version()).await?;
        database.write("restore.begin", Lane::SHARED, empty).await?;
        let restore = Self { database: database.clone(), schema: summary.schema };
        restore.migrate(|step| step.version <= restore.schema).await?;
        Ok(restore)
    }

    /// Reads every row in. Reads its input on the calling thread: for a command that does nothing else.
    ///
    /// # Errors
    /// [`BackupError::Refused`] for an archive that is not what [`super::verify`] has seen.
    pub async fn load(&self, input: impl BufRead) -> Result<(), BackupError> {
        let tables = self.database.read("restore.tables", |tx| tx.tables()).await?;
        let mut reader = Reader::new(input)?;
        let mut chunk: Option<Chunk> = None;
        while let Some(item) = reader.next()? {
            match item {
                Item::Table(head) => {
                    self.store(chunk.take()).await?;
                    let table =
                        tables.iter().find(|table| table.name == head.table && TABLES.contains(&head.table.as_str()));
                    let is_known =
                        table.is_some_and(|table| head.columns.iter().all(|column| is_among(column, &table.columns)));
                    if !is_known {
                        return Err(refused(format!("the archive's table {:?} is not one of this schema", head.table)));
                    }
                    chunk = Some(Chunk { table: Arc::new(head), rows: Vec::new(), bytes: 0 });
                }
                Item::Row(row) => {
                    let held = chunk.as_mut().expect("rows come after their table");
                    held.bytes += row.iter().map(Cell::size).sum::<usize>();
                    held.rows.push(row);
                    if held.rows.len() >= CHUNK_ROWS || held.bytes >= CHUNK_BYTES {
                        let table = Arc::clone(&held.table);
                        self.store(chunk.replace(Chunk { table, rows: Vec::new(), bytes: 0 })).await?;
                    }
                }
            }
        }
        self.store(chunk.take()).await
    }

    /// Brings the schema up to date and takes the marker away: from now on the database can be used.
    ///
    /// # Errors
    /// Storage's errors; the marker is then still there.
    pub async fn finish(self) -> Result<(), BackupError> {
        self.migrate(|_| true).await?;
        let sql = format!("DROP TABLE {MARKER};");
        self.database.write("restore.finish", Lane::SHARED, move |tx| tx.batch(&sql)).await?;
        Ok(())
    }

    async fn migrate(&self, is_wanted: impl Fn(&Migration) -> bool) -> Result<(), BackupError> {
        let steps: Vec<Migration> = MIGRATIONS.iter().filter(|step| is_wanted(step)).copied().collect();
        let database = self.database.clone();
        blocking(move || database.migrate(&steps)).await?;
        Ok(())
    }

    async fn store(&self, chunk: Option<Chunk>) -> Result<(), BackupError> {
        let Some(chunk) = chunk.filter(|chunk| !chunk.rows.is_empty()) else { return Ok(()) };
        self.database.write("restore.store", Lane::SHARED, move |tx| insert(tx, &chunk)).await?;
        Ok(())
    }
}

fn is_among((name, kind): &(String, Kind), columns: &[Column]) -> bool {
    columns.iter().any(|column| column.name == *name && column.kind.map(Kind::from) == Some(*kind))
}

/// Takes every table of ours away and sets the marker.
fn empty(tx: &mut Tx<'_>) -> Result<(), BackupError> {
    let tables = tx.tables()?;
    let is_there = |name: &str| tables.iter().any(|table| table.name == name);
    if is_there("agents") && !is_there(MARKER) {
        let agent = tx.query_opt("SELECT 1 FROM agents LIMIT 1", params![], |_| Ok(()))?;
        if agent.is_some() {
            return Err(refused(
                "the database holds an agent already, and a restore never overwrites: give it an empty database (ORGANICAGENT_DATABASE_URL)",
            ));
        }
    }
    let ours = TABLES.iter().rev().chain(LEFT_OUT).chain(&["schema_migrations", MARKER]);
    let mut sql: String = ours.filter(|name| is_there(name)).map(|name| format!("DROP TABLE {name};\n")).collect();
    sql.push_str(&format!("CREATE TABLE {MARKER} (note TEXT NOT NULL);"));
    Ok(tx.batch(&sql)?)
}

fn insert(tx: &mut Tx<'_>, chunk: &Chunk) -> Result<(), BackupError> {
    let mut rows = &chunk.rows[..];
    // Two shapes of statement for a table: many rows, and one.
    for count in [STATEMENT_ROWS, 1] {
        let sql = insert_sql(&chunk.table, count);
        while let Some((some, rest)) = rows.split_at_checked(count) {
            let params: Vec<Value<'_>> = some.iter().flatten().map(Value::from).collect();
            tx.execute(&sql, &params)?;
            rows = rest;
            if rows.is_empty() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn insert_sql(table: &TableHead, rows: usize) -> String {
    let names = table.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let width = table.columns.len();
    let tuples = (0..rows).map(|row| {
        let places = (1..=width).map(|column| format!("${}", row * width + column)).collect::<Vec<_>>();
        format!("({})", places.join(", "))
    });
    format!("INSERT INTO {} ({names}) VALUES {}", table.table, tuples.collect::<Vec<_>>().join(", "))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, db::DbError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| refused(error.to_string()))??)
}
