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
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 0, writers: 4, statements: 2, queue: 4096 }
    }
}
