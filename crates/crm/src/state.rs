//! What every use case is given: storage, time, randomness, settings.

use std::sync::Arc;

use db::Database;
use tokio::sync::Notify;

use crate::{
    api_keys::KnownKeys,
    changes::Changes,
    clock::Clock,
    limiter::{Exhausted, Limiter},
    randomness::Randomness,
    seal::Keyring,
};

/// Settings that the domain obeys.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests that one API key may make in any 60 seconds; at least 1.
    pub rate_limit: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rate_limit: 100 }
    }
}

/// The domain's state. Cheap to clone; one per process.
#[derive(Clone)]
pub struct Crm {
    pub(crate) db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Randomness>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) exhausted: Arc<Exhausted>,
    pub(crate) changes: Arc<Changes>,
    pub(crate) known_keys: Arc<KnownKeys>,
    /// Told after each change of an agent's data: the indexer waits for it.
    pub(crate) to_index: Arc<Notify>,
}

impl Crm {
    /// The domain over a migrated database.
    pub fn new(
        db: Database,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        keyring: Keyring,
        settings: &Settings,
    ) -> Self {
        let limiter = Arc::new(Limiter::new(settings.rate_limit));
        let (exhausted, changes, known_keys) = (Arc::default(), Arc::default(), Arc::default());
        let (keyring, to_index) = (Arc::new(keyring), Arc::default());
        Self { db, clock, random, limiter, keyring, exhausted, changes, known_keys, to_index }
    }

    /// The keys that seal what must be read back.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The storage, for commands that work on all of it (backup, migration, health).
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Requests that one API key may make in any 60 seconds.
    #[must_use]
    pub fn rate_limit(&self) -> u32 {
        self.limiter.limit()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The source of randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Randomness {
        &*self.random
    }
}
