//! The pages of the two forms that are about no page in particular: contact, and what a home is worth.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use http::HeaderMap;

use super::{Frame, Place, Visited, answers, inquiry::Inquiry};
use crate::{Site, pages::Refusal};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/contact", get(show_contact)).route("/a/{slug}/valuation", get(show_valuation))
}

#[derive(Template)]
#[template(path = "public/contact.html")]
pub(super) struct Contact {
    frame: Frame,
    valuation: String,
    inquiry: Inquiry,
}

impl Contact {
    /// The page with a form on it.
    pub fn new(site: &Site, visited: &Visited, inquiry: Inquiry) -> Self {
        let t = visited.words;
        let description = t.say_with("contact-description", &[("name", &visited.website.profile.name)]);
        let frame = Frame::new(site, visited, Some(Place::Contact), &t.say("contact-title"), &description);
        Self { frame, valuation: visited.link("/valuation"), inquiry }
    }
}

#[derive(Template)]
#[template(path = "public/valuation.html")]
pub(super) struct Valuation {
    frame: Frame,
    inquiry: Inquiry,
}

impl Valuation {
    /// The page with a form on it.
    pub fn new(site: &Site, visited: &Visited, inquiry: Inquiry) -> Self {
        let t = visited.words;
        let description = t.say_with("valuation-description", &[("name", &visited.website.profile.name)]);
        Self {
            frame: Frame::new(site, visited, Some(Place::Contact), &t.say("valuation-title"), &description),
            inquiry,
        }
    }
}

async fn show_contact(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let inquiry = Inquiry::contact(&site, &visited);
    Ok(answers::page(&visited, &headers, &Contact::new(&site, &visited, inquiry)))
}

async fn show_valuation(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let inquiry = Inquiry::valuation(&site, &visited);
    Ok(answers::page(&visited, &headers, &Valuation::new(&site, &visited, inquiry)))
}
