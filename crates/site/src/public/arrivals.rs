//! Where a visitor comes from, as the request says it: the campaign in the address, the page before. Without a cookie, so it is known on
//! the first page and on the one after it, whose referrer is the first.

use std::net::{IpAddr, Ipv4Addr};

use crm::{
    AgentId, Crm,
    inquiries::{Arrival, CAMPAIGN},
    visits::{self, Look},
};
use http::{HeaderMap, Method, header, request::Parts};

use crate::{
    Seen, Site,
    cookies::{self, Held},
};

/// Where a visitor comes from.
pub(crate) struct Arrived {
    pub arrival: Arrival,
    /// Whether it was told by more than the address: then no cache may give the page to others.
    pub is_private: bool,
    /// Where the request comes from.
    pub address: IpAddr,
    user_agent: Option<String>,
    /// Who counts the look, where it is counted.
    counter: Option<Crm>,
}

impl Arrived {
    /// From nowhere, and not counted: an agent who looks at their own website before others do.
    pub fn nobody() -> Self {
        Self {
            arrival: Arrival { page: None, referrer: None, campaign: Vec::new() },
            is_private: true,
            address: Ipv4Addr::UNSPECIFIED.into(),
            user_agent: None,
            counter: None,
        }
    }

    /// As a request says it.
    pub fn read(site: &Site, parts: &Parts) -> Self {
        let headers = &parts.headers;
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let host = parts.uri.authority().map(http::uri::Authority::as_str).or(text(header::HOST)).unwrap_or_default();
        let before = text(header::REFERER).filter(|before| before.starts_with("http")).unwrap_or_default();
        let (place, asked) = before.split_once('?').unwrap_or((before, ""));
        let is_ours = authority(before).is_some_and(|authority| authority.eq_ignore_ascii_case(host));
        let of_page = campaign(parts.uri.query().unwrap_or_default());
        let of_before = if is_ours && of_page.is_empty() { campaign(asked) } else { Vec::new() };
        let referrer = Some(place.to_owned()).filter(|place| !is_ours && !place.is_empty());
        let is_private = referrer.is_some() || !of_before.is_empty();
        let campaign = if of_page.is_empty() { of_before } else { of_page };
        let page = Some(parts.uri.path().to_owned());
        let address = parts.extensions.get::<Seen>().map_or(Ipv4Addr::UNSPECIFIED.into(), |seen| seen.address);
        let is_counted = parts.method == Method::GET
            && !wants_no_count(headers)
            && cookies::find(site, headers, Held::Session).is_none();
        Self {
            arrival: Arrival { page, referrer, campaign },
            is_private,
            address,
            user_agent: text(header::USER_AGENT).map(str::to_owned),
            counter: is_counted.then(|| site.crm.clone()),
        }
    }

    /// Counts a look at a page of an agent's website, by the path behind the website's own.
    pub fn count(&self, agent: AgentId, rest: &str) {
        let Some(crm) = &self.counter else { return };
        let page = if rest.is_empty() { "/" } else { rest };
        let origin = self.arrival.origin();
        visits::saw(
            crm,
            &Look { agent, page, origin: &origin, address: self.address, user_agent: self.user_agent.as_deref() },
        );
    }
}

/// Whether somebody says that they do not want to be counted, or only fetches the page in case it is asked for.
fn wants_no_count(headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| {
        headers.get(name).and_then(|held| held.to_str().ok()).is_some_and(|held| held.contains(value))
    };
    says("dnt", "1")
        || says("sec-gpc", "1")
        || says("sec-purpose", "prefetch")
        || says("purpose", "prefetch")
        || says("x-moz", "prefetch")
}

/// Host and port of an address on the web.
pub(crate) fn authority(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

/// The parameters of a campaign in a query.
fn campaign(query: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.as_bytes()).take(50);
    let mut found = Vec::<(String, String)>::new();
    for (name, value) in pairs.filter(|(name, value)| CAMPAIGN.contains(&name.as_ref()) && !value.trim().is_empty()) {
        if !found.iter().any(|(held, _)| *held == name) {
            found.push((name.into_owned(), value.chars().take(100).collect()));
        }
    }
    found
}
