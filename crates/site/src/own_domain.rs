//! A request that came by an agent's own domain.

use std::sync::Arc;

use http::Uri;

use crate::Site;

/// Among a request's extensions where it was for an agent's own domain: its address was led to the website's here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDomain {
    /// The domain, in lower case.
    pub name: Arc<str>,
}

impl Site {
    /// Where a domain that leads here is visited, without a slash at the end: by the scheme and at the port of the public URL.
    pub(crate) fn at(&self, domain: &str) -> String {
        let uri = self.public_url.parse::<Uri>().unwrap_or_default();
        let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{domain}{port}", uri.scheme_str().unwrap_or("https"))
    }
}
