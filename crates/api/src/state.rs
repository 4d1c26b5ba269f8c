//! What handlers are given.

use std::net::IpAddr;

use crm::{Crm, limiter::SlidingLog};

use crate::{Origins, answers::Answers};

/// Invalid keys that one address may try in a minute before it is refused without a look-up.
const GUESSES: u32 = 100;

/// The API's state. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(crate) crm: Crm,
    pub(crate) guesses: std::sync::Arc<SlidingLog<IpAddr>>,
    pub(crate) origins: Origins,
    pub(crate) answers: std::sync::Arc<Answers>,
}

impl Api {
    /// The API over a domain.
    #[must_use]
    pub fn new(crm: Crm) -> Self {
        Self {
            crm,
            guesses: std::sync::Arc::new(SlidingLog::new(GUESSES)),
            origins: Origins::default(),
            answers: std::sync::Arc::default(),
        }
    }

    /// The same API, for pages of these origins too.
    #[must_use]
    pub fn with_origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }
}

/// The id of a request, in the request's extensions; also `X-Request-Id` and the `instance` of its problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Who sends a request, as far as trusted proxies tell; in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);
