//! What the engine counts.

/// Plain counters and gauges since the database was opened, for `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Foreground writes waiting now.
    pub writes_waiting: u64,
    /// Background writes waiting now.
    pub background_waiting: u64,
    /// Reads waiting now.
    pub reads_waiting: u64,
    /// Single statements waiting now (PostgreSQL; on SQLite they are writes).
    pub statements_waiting: u64,
    /// Jobs refused because a queue was full.
    pub refused: u64,
    /// Groups of writes begun.
    pub groups: u64,
    /// Writes in those groups; divided by `groups`: how many shared one commit.
    pub grouped_jobs: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Writes run again: after a deadlock, a lost connection or a group that could not commit.
    pub reruns: u64,
    /// Reads answered.
    pub reads: u64,
    /// Jobs that panicked.
    pub panics: u64,
    /// Times that a connection was found broken and opened anew.
    pub reconnects: u64,
    /// Checkpoints (SQLite).
    pub checkpoints: u64,
}
