//! Whether anything was committed, told without a thread: what was read before can then be shown again without being read again.
//!
//! A connection of its own asks SQLite for `data_version`, which moves with every commit of any other connection; that takes
//! two microseconds and no page. The writer says, after each of its groups, what the number then is and whether it stood
//! for its own commits alone: on its own connection `data_version` moves only with the commits of others. So commits of this
//! process are told from those of another (a command beside a running server), and each is noticed by the next request.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use rusqlite::Connection;

use super::connection::{Place, Role, create, open};
use crate::{DbError, Version, dialect::sqlite::failure};

pub(crate) struct Watch {
    /// `None` once the database is closed.
    state: Mutex<Option<State>>,
    /// Whether the writer is going to say what it knows: it is at work, or was asked.
    is_expected: AtomicBool,
}

struct State {
    connection: Connection,
    /// What `data_version` was when `version` was so.
    settled_at: i64,
    version: Version,
}

impl Watch {
    /// Opens the database before anything else of it does, and creates it where it is not there.
    pub(crate) fn create(place: &Place) -> Result<Self, DbError> {
        let _turn = create(place)?;
        let connection = open(place, Role::Watch)?;
        // Nothing is known until the writer has settled it once.
        let state = State { connection, settled_at: -1, version: Version { own: 0, foreign: 0 } };
        Ok(Self { state: Mutex::new(Some(state)), is_expected: AtomicBool::new(false) })
    }

    /// The version that reads see from now on; `None` when it has to be settled first.
    pub(crate) fn version(&self) -> Option<Version> {
        let state = self.state();
        let state = state.as_ref()?;
        let is_settled = data_version(&state.connection).is_ok_and(|now| now == state.settled_at);
        is_settled.then_some(state.version)
    }

    /// Notes that the writer will settle. Whether that is new.
    pub(crate) fn expect(&self) -> bool {
        !self.is_expected.swap(true, Relaxed)
    }

    /// Notes that all commits up to now are in `own`, the number of the writer's own, but for those of other processes, of which
    /// `writer` tells whether there were any since it was last asked.
    pub(crate) fn settle(&self, own: u64, writer: &Connection, last_seen: &mut Option<i64>) -> Result<(), DbError> {
        self.is_expected.store(false, Relaxed);
        let mut state = self.state();
        let Some(state) = state.as_mut() else { return Ok(()) };
        let settled_at = data_version(&state.connection)?;
        // Asked after the other: whatever that one saw, this one sees.
        let seen = data_version(writer)?;
        let is_alone = *last_seen == Some(seen);
        *last_seen = Some(seen);
        let foreign = state.version.foreign + u64::from(!is_alone);
        (state.settled_at, state.version) = (settled_at, Version { own, foreign });
        Ok(())
    }

    pub(crate) fn close(&self) {
        *self.state() = None;
    }

    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn data_version(connection: &Connection) -> Result<i64, DbError> {
    let read = || connection.prepare_cached("PRAGMA data_version")?.query_row((), |row| row.get(0));
    read().map_err(|error| failure(&error))
}
