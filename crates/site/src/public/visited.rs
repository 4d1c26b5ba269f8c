//! Whose website is visited, and in which language.

use axum::extract::{FromRequestParts, RawPathParams};
use crm::{AgentId, Error, websites, websites::Website};
use http::{header, request::Parts};
use words::Words;

use super::{arrivals::Arrived, words as said};
use crate::{OwnDomain, Site, pages::Refusal, times::Times};

/// The website that a request is for. Where no agent has the slug in its path, there is nothing.
pub(crate) struct Visited {
    pub website: Website,
    /// The words of the visit's language: the one that the address names, else the one that the browser likes best of those that the
    /// agent offers, else the agent's own.
    pub words: &'static Words,
    /// Whether the address names the language; links of the page then do so, too.
    is_named: bool,
    /// Whether it is visited at the agent's own domain.
    is_at_home: bool,
    /// The path behind the website's own, such as `/listings`; empty for its home.
    pub rest: String,
    /// Where the visitor comes from.
    pub arrived: Arrived,
    /// Which half day it is: a page that is kept longer has forms that are too old.
    pub half_day: i64,
}

impl Visited {
    /// A visit of a website that is being changed, in one of its languages.
    pub fn preview(website: Website, tag: Option<&str>) -> Self {
        let named = tag.filter(|tag| website.look.languages.iter().any(|offered| offered == tag));
        let tag = named.map(str::to_owned).or_else(|| website.look.languages.first().cloned()).unwrap_or_default();
        Self {
            words: said::of(&tag),
            website,
            is_named: false,
            is_at_home: false,
            rest: String::new(),
            arrived: Arrived::nobody(),
            half_day: 0,
        }
    }

    /// The agent whose website it is.
    pub fn agent(&self) -> AgentId {
        self.website.agent
    }

    /// Where the website begins; links are made of it, so that they lead on wherever that is.
    pub fn base(&self) -> String {
        if self.is_at_home { String::new() } else { format!("/a/{}", self.website.slug) }
    }

    /// The address of a page of this website, from the path behind the website's own: `/listings`, or nothing for its home.
    pub fn link(&self, rest: &str) -> String {
        let named = if self.is_named { format!("{}lang={}", joint(rest), self.words.tag) } else { String::new() };
        let home = if self.is_at_home && !rest.starts_with('/') { "/" } else { "" };
        format!("{}{home}{rest}{named}", self.base())
    }

    /// The language, where the address names it: a form of the page sends it on.
    pub fn named_language(&self) -> Option<String> {
        self.is_named.then(|| self.words.tag.to_owned())
    }

    /// The same page in a language, from outside: at the agent's own domain, where there is one; the usual language has the plain
    /// address.
    pub fn canonical(&self, site: &Site, rest: &str, tag: &str) -> String {
        let is_usual = self.website.look.languages.first().is_some_and(|usual| usual == tag);
        let named = if is_usual { String::new() } else { format!("{}lang={tag}", joint(rest)) };
        format!("{}{named}", self.outside(site, rest))
    }

    /// What is at a path behind the website's own, from outside: at the agent's own domain, where there is one.
    pub fn outside(&self, site: &Site, rest: &str) -> String {
        match &self.website.domain {
            Some(domain) => {
                let home = if rest.starts_with('/') { "" } else { "/" };
                format!("{}{home}{rest}", site.at(domain))
            }
            None => format!("{}/a/{}{rest}", site.public_url, self.website.slug),
        }
    }

    /// A link of the website, from outside.
    pub fn absolute(&self, site: &Site, link: &str) -> String {
        self.outside(site, link.strip_prefix(&self.base()).unwrap_or(link))
    }

    /// The same in the language of a form that was sent, if the website has it.
    pub fn speaking(mut self, tag: &str) -> Self {
        if self.website.look.languages.iter().any(|offered| offered == tag) {
            self.words = said::of(tag);
        }
        self
    }

    /// Times of the agent's zone.
    pub fn times(&self) -> Times {
        Times::of(&self.website.profile.time_zone)
    }
}

/// What stands between an address and one more part of its query.
fn joint(address: &str) -> char {
    if address.contains('?') { '&' } else { '?' }
}

impl FromRequestParts<Site> for Visited {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, site).await.map_err(|_| Error::NotFound)?;
        let slug = params.iter().find(|(name, _)| *name == "slug").map(|(_, slug)| slug.to_owned());
        let website = websites::find(&site.crm, &slug.ok_or(Error::NotFound)?).await?;
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let named = form_urlencoded::parse(query).find(|(name, _)| name == "lang").map(|(_, tag)| tag.into_owned());
        let named = named.filter(|tag| website.look.languages.contains(tag));
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let liked = || said::liked(accepted.unwrap_or_default(), &website.look.languages).map(str::to_owned);
        let is_named = named.is_some();
        let is_at_home = parts.extensions.get::<OwnDomain>().is_some();
        let tag = named.or_else(liked).or_else(|| website.look.languages.first().cloned()).unwrap_or_default();
        let half_day = site.crm.clock().now().0.div_euclid(12 * 60 * 60 * 1_000);
        let rest = parts.uri.path().splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or_default();
        Ok(Self {
            words: said::of(&tag),
            website,
            is_named,
            is_at_home,
            rest,
            arrived: Arrived::read(site, parts),
            half_day,
        })
    }
}
