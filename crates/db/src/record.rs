//! The statements that the product ran, for a test that reads their plans.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    hash::{DefaultHasher, Hash, Hasher},
    io::{ErrorKind, Write},
    path::PathBuf,
    sync::{Mutex, OnceLock, PoisonError},
};

use crate::DbError;

static RECORD: OnceLock<Record> = OnceLock::new();

/// Where each distinct statement is kept, as a file that any process may have written before.
struct Record {
    folder: PathBuf,
    seen: Mutex<HashSet<u64>>,
}

/// From now on each distinct statement of this process is kept as a file in this folder: a first line `-- ` with the job that ran it,
/// then its text. For tests; without it nothing is recorded. A second call changes nothing.
pub fn record_statements(folder: PathBuf) {
    let _ = RECORD.set(Record { folder, seen: Mutex::default() });
}

/// Records a statement, where that was asked for.
pub(crate) fn note(job: &'static str, sql: &str) {
    if let Some(record) = RECORD.get()
        && let Err(error) = record.keep(job, sql)
    {
        tracing::error!(%error, "a statement was not recorded");
    }
}

impl Record {
    fn keep(&self, job: &'static str, sql: &str) -> Result<(), DbError> {
        let mut hasher = DefaultHasher::new();
        (job, sql).hash(&mut hasher);
        let name = hasher.finish();
        if !self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name) {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).create_new(true).open(self.folder.join(format!("{name:016x}.sql")));
        match file.and_then(|mut file| file.write_all(format!("-- {job}\n{sql}\n").as_bytes())) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(DbError::Unavailable(error.to_string())),
            _ => Ok(()),
        }
    }
}
