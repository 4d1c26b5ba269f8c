//! Opening SQLite.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::turn::Turn;
use crate::{DbError, dialect::sqlite::failure, queue};

/// How long to wait for a lock that another process (a CLI command) holds.
const BUSY: Duration = Duration::from_secs(5);
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;
/// How many instructions of its virtual machine SQLite runs between two looks at the clock.
const INSTRUCTIONS_PER_LOOK: i32 = 20_000;

/// Where a database is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub path: PathBuf,
    /// SQLite's layer below the file system calls; tests put their own here.
    pub vfs: Option<String>,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that writes.
    Writer,
    Reader,
    Checkpointer,
    /// Only asks whether something changed.
    Watch,
    /// Migrations and copies: no time limit, and foreign keys are checked at the end.
    Keeper,
}

/// Creates the file, for its owner's eyes only, and the folders above it, where they are not there yet. Nobody else opens or
/// migrates it until the turn that is given back ends.
pub(crate) fn create(place: &Place) -> Result<Turn, DbError> {
    let explain =
        |error: io::Error| DbError::Refused(format!("cannot create the database {}: {error}", place.path.display()));
    let folder = folder_of(&place.path);
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(explain)?;
    }
    let turn = Turn::take(place);
    create_file(&place.path).map_err(explain)?;
    Ok(turn)
}

/// An empty file for its owner's eyes only, or the one that is there.
pub(crate) fn create_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        // The name must outlive a power cut as well as the first commit does.
        Ok(file) => file.sync_all().and_then(|()| File::open(folder_of(path))?.sync_all()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Opens a connection with its settings.
pub(crate) fn open(place: &Place, role: Role) -> Result<Connection, DbError> {
    let settle = || -> rusqlite::Result<Connection> {
        // Each connection stays on one thread, so SQLite needs no mutex of its own; the file exists, so nothing is created here.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &place.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&place.path, flags, vfs.as_str()),
            None => Connection::open_with_flags(&place.path, flags),
        }?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Text in double quotes is a mistake, as on PostgreSQL.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // A plan depends on the statement alone. Else each new value of a parameter behind LIMIT, and some others, has the
        // statement planned anew, which costs more than running it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
        )?;
        connection.execute_batch(match role {
            Role::Writer => "PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;",
            Role::Reader => "PRAGMA foreign_keys = ON; PRAGMA cache_size = -2048; PRAGMA query_only = ON;",
            Role::Checkpointer | Role::Watch => "PRAGMA cache_size = -256;",
            Role::Keeper => "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -8192;",
        })?;
        Ok(connection)
    };
    let connection = settle().map_err(|error| failure(&error))?;
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(|error| failure(&error))?;
    if mode != "wal" || connection.is_readonly("main").map_err(|error| failure(&error))? {
        let path = place.path.display();
        return Err(DbError::Refused(format!(
            "the database {path} cannot be written: check who owns it and where it lies"
        )));
    }
    Ok(connection)
}

/// A limit on how long the statements of a connection may run.
#[derive(Clone)]
pub(crate) struct Deadline {
    start: Instant,
    /// Milliseconds after `start`; 0 for none.
    ends_at: Arc<AtomicU64>,
}

impl Deadline {
    /// Watches the connection: past the deadline its statement fails with [`DbError::Busy`].
    pub(crate) fn watch(connection: &mut Connection) -> Result<Self, DbError> {
        let deadline = Self { start: queue::now(), ends_at: Arc::default() };
        let watched = deadline.clone();
        let is_over = move || match watched.ends_at.load(Relaxed) {
            0 => false,
            end => watched.start.elapsed().as_millis() >= end.into(),
        };
        connection.progress_handler(INSTRUCTIONS_PER_LOOK, Some(is_over)).map_err(|error| failure(&error))?;
        Ok(deadline)
    }

    /// From now on, `limit` remains.
    pub(crate) fn set(&self, limit: Duration) {
        let end = self.start.elapsed() + limit;
        self.ends_at.store(u64::try_from(end.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// No limit: what comes next, such as COMMIT, must not be cut short.
    pub(crate) fn lift(&self) {
        self.ends_at.store(0, Relaxed);
    }
}
