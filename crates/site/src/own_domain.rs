//! A request that came by an agent's own domain.

use std::sync::Arc;

/// Among a request's extensions where it was for an agent's own domain: its address was led to the website's here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDomain {
    /// The domain, in lower case.
    pub name: Arc<str>,
}
