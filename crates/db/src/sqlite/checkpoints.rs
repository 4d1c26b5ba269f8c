//! Emptying the write-ahead log, off the writer's thread.
//!
//! The writer rings a bell when the log has grown past 4 MiB; this thread then copies it into the database (PASSIVE: it waits for
//! nobody and nobody waits for it), after which the writer starts the log over by itself. Where readers or an unbroken stream of
//! writes prevent that, the writer empties the log itself at 64 MiB: see `writer.rs`.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use rusqlite::Connection;

use super::connection::{Place, Role, open};
use crate::{DbError, dialect::sqlite::failure, stats::Counters, threads};

/// A pause after a checkpoint that could not copy everything, so that it is not tried again for every commit.
const PAUSE: Duration = Duration::from_millis(20);

/// Wakes the checkpointer; dropping it ends the thread.
pub(crate) struct Bell {
    rope: SyncSender<()>,
    turn: Arc<Mutex<()>>,
}

impl Bell {
    /// Rings. A checkpointer that is already awake will not be rung twice.
    pub(crate) fn ring(&self) {
        let _ = self.rope.try_send(());
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
    counters: Arc<Counters>,
}

impl Checkpointer {
    pub(crate) fn new(place: Place, counters: Arc<Counters>) -> (Self, Bell) {
        let (rope, bell) = sync_channel(1);
        let turn = Arc::default();
        (Self { place, bell, turn: Arc::clone(&turn), counters }, Bell { rope, turn })
    }

    /// Until the bell is dropped.
    pub(crate) fn run(self) {
        let mut connection = None;
        while self.bell.recv().is_ok() {
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

    fn checkpoint(&self, held: &mut Option<Connection>) -> Result<bool, DbError> {
        let connection = match held.take() {
            Some(connection) => connection,
            None => open(&self.place, Role::Checkpointer)?,
        };
        let connection = held.insert(connection);
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = checkpoint(connection, Mode::Passive)?;
        drop(turn);
        Counters::add(&self.counters.checkpoints, 1);
        Ok(progress.is_complete())
    }
}

/// How hard to try.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Copies what can be copied without waiting.
    Passive,
    /// Waits for readers of old states, within the busy timeout, then cuts the log to nothing.
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
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Progress { is_blocked: row.get::<_, i64>(0)? != 0, in_log: row.get(1)?, copied: row.get(2)? })
    };
    connection.query_row(sql, (), read).map_err(|error| failure(&error))
}
