//! What the engine counts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

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
    /// Write transactions committed.
    pub commits: u64,
    /// Jobs run again: after a deadlock, a lost connection or a group that could not commit.
    pub reruns: u64,
    /// Reads answered.
    pub reads: u64,
    /// Connections found broken and dropped.
    pub lost_connections: u64,
    /// Checkpoints (SQLite).
    pub checkpoints: u64,
}

/// The counters behind [`Stats`], shared by all threads.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub refused: AtomicU64,
    pub groups: AtomicU64,
    pub grouped_jobs: AtomicU64,
    pub commits: AtomicU64,
    pub reruns: AtomicU64,
    pub reads: AtomicU64,
    pub lost_connections: AtomicU64,
    pub checkpoints: AtomicU64,
    /// Whether the engine (not a job) failed the last write transaction.
    pub is_failing: AtomicBool,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }

    /// What was counted; the gauges are left at 0.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            refused: self.refused.load(Relaxed),
            groups: self.groups.load(Relaxed),
            grouped_jobs: self.grouped_jobs.load(Relaxed),
            commits: self.commits.load(Relaxed),
            reruns: self.reruns.load(Relaxed),
            reads: self.reads.load(Relaxed),
            lost_connections: self.lost_connections.load(Relaxed),
            checkpoints: self.checkpoints.load(Relaxed),
            ..Stats::default()
        }
    }
}
