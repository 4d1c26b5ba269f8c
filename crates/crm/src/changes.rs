//! What has changed since something was read, so that what has not is answered without reading it again.
//!
//! Works where one process writes (SQLite): every change of an agent's data notes, before it is committed, the version of the
//! database that it will be part of. [`db::Database::version`] tells, at no cost, the version that reads see; what was read at
//! a version holds until the agent's last change is a later one, or another process has written. On PostgreSQL, where other
//! nodes write, nothing is known and everything is read.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use db::{Tx, Version};

use crate::{AgentId, Crm};

/// A state of the data. What was read at it, or later, can be asked for in [`Crm::is_unchanged`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(Version);

/// The versions of the last changes.
#[derive(Default)]
pub(crate) struct Changes {
    agents: Mutex<HashMap<AgentId, u64>>,
    keys: AtomicU64,
}

impl Changes {
    /// Notes a change of an agent's data, in its transaction. Should that fail, the agent's data are read again for nothing.
    pub fn note(&self, tx: &Tx<'_>, agent: AgentId) {
        if let Some(version) = tx.version() {
            self.agents.lock().unwrap_or_else(PoisonError::into_inner).insert(agent, version);
        }
    }

    /// Notes a change of any agent's API keys, in its transaction.
    pub fn note_keys(&self, tx: &Tx<'_>) {
        if let Some(version) = tx.version() {
            self.keys.fetch_max(version, Ordering::SeqCst);
        }
    }

    /// Whether API keys that were read at `then` still hold at `now`.
    pub fn are_keys_unchanged(&self, then: Stamp, now: Stamp) -> bool {
        then.0.foreign == now.0.foreign && self.keys.load(Ordering::SeqCst) <= then.0.own
    }
}

impl Crm {
    /// The state that reads see from now on; `None` where that is not known, and everything has to be read.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        self.db.version().map(Stamp)
    }

    /// Whether what was read of an agent's records at `then` still holds at `now`, a [`Crm::stamp`] of the same request. Words are
    /// found by an index that follows later, so this does not hold of searches; nor of what goes on behind the agent's changes, such
    /// as deliveries.
    #[must_use]
    pub fn is_unchanged(&self, agent: AgentId, then: Stamp, now: Stamp) -> bool {
        let agents = self.changes.agents.lock().unwrap_or_else(PoisonError::into_inner);
        then.0.foreign == now.0.foreign && agents.get(&agent).is_none_or(|last| *last <= then.0.own)
    }
}
