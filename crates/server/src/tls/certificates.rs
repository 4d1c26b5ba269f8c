//! Which certificate a client gets: that of the name it asks for, else the usual one.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::http::ACME_PROTOCOL;

/// The certificates in hand.
#[derive(Debug, Default)]
pub struct Certificates {
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// For whoever asks for no name, or one that has none of its own.
    usual: Option<Arc<CertifiedKey>>,
    named: HashMap<String, Arc<CertifiedKey>>,
    /// What certificate authorities are shown that look whether a name leads here (RFC 8737).
    challenges: HashMap<String, Arc<CertifiedKey>>,
}

impl Certificates {
    /// These, with a usual one.
    #[must_use]
    pub fn with_usual(pair: CertifiedKey) -> Self {
        let certificates = Self::default();
        certificates.set_usual(pair);
        certificates
    }

    /// Replaces the usual one: connections from now on get it.
    pub fn set_usual(&self, pair: CertifiedKey) {
        self.change(|held| held.usual = Some(Arc::new(pair)));
    }

    /// Replaces all that stand for a name.
    pub fn set_named(&self, pairs: HashMap<String, Arc<CertifiedKey>>) {
        self.change(|held| held.named = pairs);
    }

    /// Replaces all that answer a challenge.
    pub fn set_challenges(&self, pairs: HashMap<String, Arc<CertifiedKey>>) {
        self.change(|held| held.challenges = pairs);
    }

    fn change(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn of(&self, name: Option<&str>, is_challenge: bool) -> Option<Arc<CertifiedKey>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let name = name.map(str::to_ascii_lowercase);
        if is_challenge {
            return held.challenges.get(name.as_deref()?).cloned();
        }
        name.and_then(|name| held.named.get(&name)).or(held.usual.as_ref()).cloned()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        let is_challenge = offered.next() == Some(ACME_PROTOCOL) && offered.next().is_none();
        self.of(hello.server_name(), is_challenge)
    }
}
