//! Emptying the write-ahead log, off the writer's thread.
//!
//! The writer rings a bell when the log has grown past [`crate::Options::log_bytes`]; this thread then copies it into the database (PASSIVE: it waits for
//! nobody and nobody waits for it), and then what was added meanwhile. Under an unbroken stream of writes something is always
//! added, so the writer copies the little that is left and starts the log over (RESTART), in the same file: writing over what is
//! there costs the disk less than a file that grows and is cut. Where this thread does not keep up, the writer does it all
//! itself at twice that. A log that grew further, for someone read an old state for long, is cut by SQLite's
//! `journal_size_limit` when it starts over. Unrung, this thread copies what there is every ten seconds: a log that is all in the
//! database starts over by itself, so one that few write to stays short, and a start after a crash has little to read.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use rusqlite::Connection;

use super::connection::{Place, Role, open};
use crate::{DbError, dialect::sqlite::failure, stats::Counters, threads};

/// A pause after a checkpoint that could not copy everything, so that it is not tried again for every commit.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the checkpointer waits for the bell.
const UNRUNG: Duration = Duration::from_secs(10);
/// 1 MiB, in pages: the writer copies so much without holding up anyone.
const LITTLE: i64 = 256;
/// How often the checkpointer goes after what was added while it copied.
const ROUNDS: usize = 8;

/// Wakes the checkpointer; dropping it ends the thread.
pub(crate) struct Bell {
    rope: SyncSender<()>,
    turn: Arc<Mutex<()>>,
    is_copied: Arc<AtomicBool>,
}

impl Bell {
    /// Rings. A checkpointer that is already awake will not be rung twice.
    pub(crate) fn ring(&self) {
        let _ = self.rope.try_send(());
    }

    /// Whether the checkpointer has copied all but the newest of the log since this was last asked.
    pub(crate) fn is_copied(&self) -> bool {
        self.is_copied.swap(false, Relaxed)
    }

    /// Does something while the checkpointer does nothing: of two checkpoints at once, SQLite refuses one outright.
    pub(crate) fn while_idle<T>(&self, work: impl FnOnce() -> T) -> T {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}

pub(crate) struct Checkpointer {
    place: Place,
    bell: Receiver<()>,
    turn: Arc<Mutex<()>>,
    is_copied: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Checkpointer {
    pub(crate) fn new(place: Place, counters: Arc<Counters>) -> (Self, Bell) {
        let (rope, bell) = sync_channel(1);
        let (turn, is_copied) = (Arc::default(), Arc::default());
        let ours = Self { place, bell, turn: Arc::clone(&turn), is_copied: Arc::clone(&is_copied), counters };
        (ours, Bell { rope, turn, is_copied })
    }

    /// Until the bell is dropped.
    pub(crate) fn run(self) {
        let mut connection = None;
        while self.bell.recv_timeout(UNRUNG) != Err(RecvTimeoutError::Disconnected) {
            match self.checkpoint(&mut connection) {
                Ok(true) => {}
                Ok(false) => threads::pause(PAUSE),
                Err(error) => {
                    // Nothing is lost: the log keeps what the database lacks, and the next checkpoint copies it again.
                    tracing::warn!(%error, "a checkpoint failed");
                    connection = None;
                }
            }
        }
    }

    /// Copies the log, then what was added meanwhile, until little is left. Not so when a reader needs an older state.
    fn checkpoint(&self, held: &mut Option<Connection>) -> Result<bool, DbError> {
        let connection = match held.take() {
            Some(connection) => connection,
            None => open(&self.place, Role::Checkpointer)?,
        };
        let connection = held.insert(connection);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copied = 0;
        for _ in 0..ROUNDS {
            let progress = checkpoint(connection, Mode::Passive)?;
            let is_little = progress.in_log - copied <= LITTLE;
            copied = progress.copied;
            if is_little && progress.in_log - copied <= LITTLE {
                self.is_copied.store(true, Relaxed);
                break;
            }
        }
        Counters::add(&self.counters.checkpoints, 1);
        Ok(self.is_copied.load(Relaxed))
    }
}

/// How hard to try.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Copies what can be copied without waiting.
    Passive,
    /// Copies everything, waits for readers of old states within the busy timeout, and has the next write start the log over.
    Restart,
    /// The same, and cuts the log to nothing.
    Truncate,
}

/// How far a checkpoint came, in pages.
pub(crate) struct Progress {
    is_blocked: bool,
    in_log: i64,
    copied: i64,
}

impl Progress {
    /// Whether everything in the log is in the database too.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_blocked && self.in_log == self.copied
    }
}

pub(crate) fn checkpoint(connection: &Connection, mode: Mode) -> Result<Progress, DbError> {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Restart => "PRAGMA wal_checkpoint(RESTART)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Progress { is_blocked: row.get::<_, i64>(0)? != 0, in_log: row.get(1)?, copied: row.get(2)? })
    };
    connection.query_row(sql, (), read).map_err(|error| failure(&error))
}
