//! How a database is opened.

/// Which engine is behind a [`crate::Database`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file; one writer thread and a few readers.
    Sqlite,
    /// A server, shared by any number of nodes.
    Postgres,
}

/// How many threads a database has and how much may wait for them.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Reading threads. 0: the engine's default, 4 on SQLite and 8 on PostgreSQL.
    pub readers: usize,
    /// Writing threads, a connection each (PostgreSQL; SQLite has one writer).
    pub writers: usize,
    /// Threads for [`crate::Database::statement`], a connection each (PostgreSQL).
    pub statements: usize,
    /// How many jobs may wait in each queue; one more is refused with [`crate::DbError::Busy`].
    pub queue: usize,
    /// How long SQLite's write-ahead log may grow before it is copied into the database and started over, in bytes. Under load a longer
    /// one is copied less often, and of a page that changes again and again only the last state. Past twice as much, writes wait.
    pub log_bytes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 0, writers: 4, statements: 2, queue: 4096, log_bytes: 256 * 1024 * 1024 }
    }
}
