//! What every use case is given: storage, time, randomness, settings.

use std::sync::Arc;

use db::Database;

use crate::{clock::Clock, limiter::Limiter, randomness::Randomness};

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
}

impl Crm {
    /// The domain over a migrated database.
    pub fn new(db: Database, clock: Arc<dyn Clock>, random: Arc<dyn Randomness>, settings: &Settings) -> Self {
        let limiter = Arc::new(Limiter::new(settings.rate_limit));
        Self { db, clock, random, limiter }
    }

    /// The storage, for commands that work on all of it (backup, migration, health).
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.db
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
