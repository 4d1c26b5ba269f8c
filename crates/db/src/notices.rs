//! Telling other nodes that something happened: soon, together, and without a promise.

use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What one node hears of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Another node has told of this id.
    Of([u8; 16]),
    /// This node could not be told for a while, and was not [present](crate::Tx::present_nodes) to the others.
    Missed,
}

/// Sends notices to the other nodes on a database. A notice may be lost, so whoever waits for one also looks now and then.
///
/// Dropping it ends the sending and the listening.
pub struct Notifier {
    pub(crate) pending: Arc<Pending>,
}

impl Notifier {
    /// Tells the others about `id`, soon: what is told within a few milliseconds travels together. To be called after the commit.
    pub fn send(&self, id: [u8; 16]) {
        self.pending.put(id);
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.pending.close();
    }
}

/// What has still to be told.
#[derive(Default)]
pub(crate) struct Pending {
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Default)]
struct State {
    ids: BTreeSet<[u8; 16]>,
    is_closed: bool,
}

impl Pending {
    fn put(&self, id: [u8; 16]) {
        let is_first = {
            let mut state = self.state();
            state.ids.insert(id);
            state.ids.len() == 1
        };
        if is_first {
            self.arrival.notify_one();
        }
    }

    /// Waits for something to tell and, for `join`, for more of it. `None` once it is closed.
    pub(crate) fn take(&self, join: Duration) -> Option<BTreeSet<[u8; 16]>> {
        let mut state = self.state();
        while state.ids.is_empty() && !state.is_closed {
            state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_closed {
            return None;
        }
        drop(state);
        crate::threads::pause(join);
        Some(std::mem::take(&mut self.state().ids))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.arrival.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
