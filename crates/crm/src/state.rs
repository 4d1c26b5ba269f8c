//! What every use case is given: storage, time, randomness, settings.

use std::{ops::Deref, path::PathBuf, sync::Arc};

use db::Database;
use tokio::sync::Notify;

use crate::{
    api_keys::KnownKeys,
    changes::Changes,
    clock::Clock,
    file_cache::FileCache,
    inbox::{NoReader, Reader},
    inquiries::Posts,
    limiter::{Exhausted, Limiter},
    live::Tellings,
    passwords::Hashing,
    randomness::Randomness,
    seal::Keyring,
    throttle::Throttle,
    visits::Counter,
    webhooks::{OutboxBell, UrlRule},
};

/// Settings that the domain obeys.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests that one API key may make in any 60 seconds; at least 1.
    pub rate_limit: u32,
    /// Where webhooks may be sent.
    pub webhook_url_rule: UrlRule,
    /// Whether mail goes out; else it is kept, to be looked at in the outbox.
    pub sends_mail: bool,
    /// The domain at which agents get mail in; `None` where nothing listens for it.
    pub inbound_domain: Option<String>,
    /// What reads mail that comes in.
    pub reader: Arc<dyn Reader>,
    /// Bytes of files that an agent may have in all.
    pub files_per_agent: u64,
    /// Where pieces of files are held at hand, and bytes of them; else each is fetched from the database.
    pub file_cache: Option<(PathBuf, u64)>,
}

/// Bytes of files that an agent may have where nothing else is set: 20 GiB.
const FILES_PER_AGENT: u64 = 20 * 1024 * 1024 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limit: 100,
            webhook_url_rule: UrlRule::default(),
            sends_mail: false,
            inbound_domain: None,
            reader: Arc::new(NoReader),
            files_per_agent: FILES_PER_AGENT,
            file_cache: None,
        }
    }
}

/// The domain's state. Cheap to clone, for each request does so several times; one per process.
#[derive(Clone)]
pub struct Crm(Arc<Parts>);

impl Deref for Crm {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What the state consists of, for the domain's own use.
pub struct Parts {
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
    pub(crate) outbox: Arc<OutboxBell>,
    pub(crate) url_rule: UrlRule,
    pub(crate) hashing: Arc<Hashing>,
    pub(crate) throttle: Arc<Throttle>,
    /// What the website's forms were sent from where.
    pub(crate) posts: Arc<Posts>,
    /// Looks at the website that are not written down yet.
    pub(crate) visits: Arc<Counter>,
    pub(crate) sends_mail: bool,
    inbound_domain: Option<String>,
    reader: Arc<dyn Reader>,
    pub(crate) files_per_agent: u64,
    pub(crate) file_cache: Option<Arc<FileCache>>,
    /// Told after each commit that queued a mail.
    pub(crate) to_mail: Arc<Notify>,
    /// Told after each commit that queued a push.
    pub(crate) to_push: Arc<Notify>,
    /// Told after each commit that an open page may show.
    pub(crate) tellings: Tellings,
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
        let (keyring, to_index, outbox) = (Arc::new(keyring), Arc::default(), Arc::default());
        let (hashing, throttle) = (Arc::default(), Arc::default());
        let file_cache = settings.file_cache.as_ref();
        let file_cache = file_cache.map(|(folder, most)| Arc::new(FileCache::new(folder, *most, Arc::clone(&clock))));
        let url_rule = settings.webhook_url_rule.clone();
        Self(Arc::new(Parts {
            db,
            clock,
            random,
            limiter,
            keyring,
            exhausted,
            changes,
            known_keys,
            to_index,
            outbox,
            url_rule,
            hashing,
            throttle,
            posts: Arc::default(),
            visits: Arc::default(),
            sends_mail: settings.sends_mail,
            inbound_domain: settings.inbound_domain.clone(),
            reader: Arc::clone(&settings.reader),
            files_per_agent: settings.files_per_agent,
            file_cache,
            to_mail: Arc::default(),
            to_push: Arc::default(),
            tellings: Tellings::default(),
        }))
    }

    /// The keys that seal what must be read back.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Rung after each commit that put something into an outbox.
    #[must_use]
    pub fn outbox(&self) -> &OutboxBell {
        &self.outbox
    }

    /// Where webhooks may be sent.
    #[must_use]
    pub fn webhook_url_rule(&self) -> &UrlRule {
        &self.url_rule
    }

    /// Whether mail goes out; else it is kept, to be looked at in the outbox.
    #[must_use]
    pub fn sends_mail(&self) -> bool {
        self.sends_mail
    }

    /// The domain at which agents get mail in; `None` where nothing listens for it.
    #[must_use]
    pub fn inbound_domain(&self) -> Option<&str> {
        self.inbound_domain.as_deref()
    }

    /// What reads mail that comes in.
    #[must_use]
    pub fn reader(&self) -> &Arc<dyn Reader> {
        &self.reader
    }

    /// Looks after what is held at hand of files on this node's disk, until `stopped`.
    pub async fn keep_file_cache(self, stopped: impl Future<Output = ()>) {
        match &self.file_cache {
            Some(cache) => Arc::clone(cache).keep(stopped).await,
            None => stopped.await,
        }
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

    /// The clock, to be kept.
    #[must_use]
    pub fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Whether other nodes may work on the same database.
    #[must_use]
    pub fn shares_its_database(&self) -> bool {
        self.db.engine() == db::Engine::Postgres
    }

    /// The source of randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Randomness {
        &*self.random
    }
}
