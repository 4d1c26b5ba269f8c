//! What the server has seen of a request before the pages get it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::extract::FromRequestParts;
use crm::sessions::Visitor;
use http::{header, request::Parts};

use crate::{
    Site,
    cookies::{self, Held},
};

/// Where a request comes from and what it is called in the log; in its extensions.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The client's address, behind proxies that are trusted.
    pub address: IpAddr,
    /// The request's id.
    pub request_id: Arc<str>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { address: Ipv4Addr::UNSPECIFIED.into(), request_id: Arc::from("") }
    }
}

/// Who sits in front of the browser, as far as can be told.
pub(crate) struct From(pub Visitor);

impl FromRequestParts<Site> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        let seen = parts.extensions.get::<Seen>().cloned().unwrap_or_default();
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let device = cookies::find(site, &parts.headers, Held::Device);
        Ok(Self(Visitor { address: seen.address, user_agent: user_agent.map(str::to_owned), device }))
    }
}
