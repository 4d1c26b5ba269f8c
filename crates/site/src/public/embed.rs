//! Forms within a frame on another site of the agent's: only on those that the agent has named.

use std::fmt::Write;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use crm::{
    Error, guides,
    inquiries::{self, InquiryKind},
};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{Frame, Visited, answers, inquiry::Inquiry};
use crate::{
    Site,
    pages::{self, Refusal},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/embed/{form}", get(show)).route("/a/{slug}/embed/guides/{guide}", get(show_guide))
}

#[derive(Template)]
#[template(path = "public/embed.html")]
struct Framed {
    frame: Frame,
    title: String,
    inquiry: Inquiry,
}

#[derive(Template)]
#[template(path = "public/embed_thanks.html")]
struct Thanked {
    frame: Frame,
    title: String,
    text: String,
    button: Option<(String, String)>,
}

/// A form's page for a frame.
pub(super) fn page(
    site: &Site,
    visited: &Visited,
    status: StatusCode,
    inquiry: Inquiry,
    kind: InquiryKind,
    other_sites: &[String],
) -> Response {
    let title = visited.words.say(match kind {
        InquiryKind::Valuation => "valuation-title",
        InquiryKind::Guide => "guide-get",
        InquiryKind::Contact | InquiryKind::Question => "contact-title",
    });
    let frame = Frame::new(site, visited, None, &title, "");
    framed(pages::page(status, &Framed { frame, title, inquiry }), other_sites)
}

/// The words of thanks within a frame.
pub(super) fn thanks(
    site: &Site,
    visited: &Visited,
    title: &str,
    text: &str,
    button: Option<(&str, String)>,
    other_sites: &[String],
) -> Response {
    let t = visited.words;
    let (title, text) = (t.say(title), t.say(text));
    let button = button.map(|(words, place)| (t.say(words), place));
    let frame = Frame::new(site, visited, None, &title, &text);
    framed(pages::ok(&Thanked { frame, title, text, button }), other_sites)
}

/// An answer that may stand in a frame on these sites, and nowhere else.
fn framed(mut answer: Response, other_sites: &[String]) -> Response {
    let mut policy = String::from(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors",
    );
    match other_sites {
        [] => policy.push_str(" 'none'"),
        sites => sites.iter().for_each(|site| {
            let _ = write!(policy, " {site}");
        }),
    }
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    answer
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Path((_, form)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (inquiry, kind) = match form.as_str() {
        "contact" => (Inquiry::contact(&site, &visited), InquiryKind::Contact),
        "valuation" => (Inquiry::valuation(&site, &visited), InquiryKind::Valuation),
        _ => return Ok(answers::not_found(&site, &visited)),
    };
    shown(&site, &visited, inquiry, kind).await
}

async fn show_guide(
    State(site): State<Site>,
    visited: Visited,
    Path((_, guide)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    match guides::get_published(&site.crm, visited.agent(), &guide).await {
        Ok(_) => shown(&site, &visited, Inquiry::for_guide(&site, &visited, &guide), InquiryKind::Guide).await,
        Err(Error::NotFound) => Ok(answers::not_found(&site, &visited)),
        Err(error) => Err(error.into()),
    }
}

async fn shown(site: &Site, visited: &Visited, inquiry: Inquiry, kind: InquiryKind) -> Result<Response, Refusal> {
    let other_sites = inquiries::other_sites(&site.crm, visited.agent()).await?;
    visited.arrived.count(visited.agent(), &visited.rest);
    Ok(page(site, visited, StatusCode::OK, inquiry.framed(), kind, &other_sites))
}
