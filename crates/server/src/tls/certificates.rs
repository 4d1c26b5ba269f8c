//! Which certificate a client gets: that of the name it asks for, else the usual one.

use std::{
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use crm::Crm;
use quick_cache::sync::Cache;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{acme, pem};
use crate::http::{Names, is_challenge};

/// How many names are held: of more, those that are seldom asked for are read again.
const HELD: usize = 2_000;
/// After how long a name is read again: a new certificate is shown, and one that was removed no longer.
const FRESH: Duration = Duration::from_secs(30);

/// The certificates of a node.
pub struct Certificates {
    /// For whoever asks for no name, or one that has none of its own.
    usual: RwLock<Option<Arc<CertifiedKey>>>,
    /// Where those of names are kept, and the server's own name; none where the operator's is all there is.
    issued: Option<(Crm, Option<String>)>,
    named: Cache<String, Named>,
    /// What certificate authorities are shown that look whether a name leads here (RFC 8737).
    challenges: Cache<String, Arc<CertifiedKey>>,
}

/// What is known of a name.
#[derive(Debug, Clone)]
struct Named {
    pair: Arc<CertifiedKey>,
    /// When it was read, by the clock that only goes forward.
    read_at: Duration,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Certificates({} names)", self.named.len())
    }
}

impl Certificates {
    /// The operator's own.
    #[must_use]
    pub fn with_usual(pair: CertifiedKey) -> Self {
        Self::new(Some(pair), None)
    }

    /// Those that a certificate authority issues, for the server of this name and the names that lead to it; beside the operator's
    /// own, if there is one.
    #[must_use]
    pub fn issued(usual: Option<CertifiedKey>, crm: &Crm, own_host: Option<&str>) -> Self {
        Self::new(usual, Some((crm.clone(), own_host.map(str::to_owned))))
    }

    fn new(usual: Option<CertifiedKey>, issued: Option<(Crm, Option<String>)>) -> Self {
        let usual = RwLock::new(usual.map(Arc::new));
        Self { usual, issued, named: Cache::new(HELD), challenges: Cache::new(HELD) }
    }

    /// Replaces the usual one: connections from now on get it.
    pub fn set_usual(&self, pair: CertifiedKey) {
        *self.usual.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(pair));
    }

    fn usual(&self) -> Option<Arc<CertifiedKey>> {
        self.usual.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The name that a client asks for: in lower case; the server's own where it asks for none.
    fn asked(&self, name: Option<&str>) -> Option<String> {
        let own = || self.issued.as_ref().and_then(|(_, own)| own.clone());
        name.map(str::to_ascii_lowercase).or_else(own)
    }

    /// Reads what is kept of a name, if it was not just now.
    async fn read(&self, name: &str, is_challenge: bool) {
        let Some((crm, _)) = &self.issued else { return };
        if is_challenge {
            let pair = match crm::certificates::shown(crm, name).await {
                Ok(digest) => digest.and_then(|digest| acme::shown(name, &digest)),
                Err(error) => return tracing::warn!(%error, name, "a challenge cannot be read"),
            };
            match pair {
                Some(pair) => self.challenges.insert(name.to_owned(), Arc::new(pair)),
                None => drop(self.challenges.remove(name)),
            }
            return;
        }
        let now = crm.clock().monotonic();
        if self.named.get(name).is_some_and(|held| now.saturating_sub(held.read_at) < FRESH) {
            return;
        }
        let kept = match crm::certificates::get(crm, name).await {
            Ok(kept) => kept,
            // What was read before serves on.
            Err(error) => return tracing::warn!(%error, name, "a certificate cannot be read"),
        };
        let pair = kept.and_then(|kept| match pem::parse(kept.chain.as_bytes(), kept.key.as_bytes()) {
            Ok(pair) => Some(Arc::new(pair)),
            Err(wrong) => {
                tracing::error!(?wrong, name, "a certificate is kept that cannot be used");
                None
            }
        });
        match pair {
            Some(pair) => self.named.insert(name.to_owned(), Named { pair, read_at: now }),
            // It is looked for again each time: it may be issued the next moment.
            None => drop(self.named.remove(name)),
        }
    }
}

impl Names for Certificates {
    fn prepare<'a>(
        &'a self,
        name: Option<&'a str>,
        is_challenge: bool,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if let Some(name) = self.asked(name) {
                self.read(&name, is_challenge).await;
            }
        })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = self.asked(hello.server_name());
        if is_challenge(&hello) {
            return self.challenges.get(&name?);
        }
        name.and_then(|name| self.named.get(&name)).map(|named| named.pair).or_else(|| self.usual())
    }
}
