//! The agents' public websites, at `/a/{slug}`: for whoever comes by, without a session or a cookie, as plain HTML that needs no script.
//!
//! A handler takes [`Visited`] (whose website, in which language), reads what it shows, puts a [`Frame`] around it and answers with
//! [`answers::page`], which gives the page a tag and lets caches keep it. What is said stands in `words/*.ftl`.

mod about;
mod answers;
mod arrivals;
mod brands;
mod calendars;
mod cards;
mod contact;
mod dates;
mod embed;
mod estimate;
mod facts;
mod feeds;
mod frame;
mod guide;
mod guides;
mod home;
mod inquiries;
mod inquiry;
mod ld;
mod listing;
mod listings;
mod markdown;
mod money;
mod photos;
mod posts;
mod share_cards;
mod sitemaps;
mod thanks;
mod visited;
mod words;
mod xml;

use axum::Router;

pub(crate) use answers::page;
pub(crate) use frame::{Frame, Place};
pub(crate) use home::preview as home_preview;
pub(crate) use posts::preview as post_preview;
pub(crate) use visited::Visited;

use crate::Site;

/// Every public page.
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(about::routes())
        .merge(brands::routes())
        .merge(calendars::routes())
        .merge(feeds::routes())
        .merge(contact::routes())
        .merge(embed::routes())
        .merge(guide::routes())
        .merge(guides::routes())
        .merge(home::routes())
        .merge(listing::routes())
        .merge(listings::routes())
        .merge(photos::routes())
        .merge(posts::routes())
        .merge(share_cards::routes())
        .merge(sitemaps::routes())
        .merge(thanks::routes())
}

/// The forms that visitors send: they need no cookie, so another site may send them, too.
pub(crate) fn forms() -> Router<Site> {
    inquiries::routes()
}
