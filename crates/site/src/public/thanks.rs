//! What a visitor sees once a form is sent, and the guide that they asked for.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    inquiries::{self, Download, InquiryKind},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{Frame, Visited, answers, embed};
use crate::{
    Site,
    pages::{self, Refusal},
    served,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/a/{slug}/thanks", get(show))
        .route("/a/{slug}/embed/thanks", get(show_framed))
        .route("/a/{slug}/downloads/{token}", get(download))
}

/// Where a visitor is led once a form is sent.
pub(super) fn path(visited: &Visited, kind: InquiryKind, link: Option<&str>, is_framed: bool) -> String {
    let link = link.map(|link| format!("&link={link}")).unwrap_or_default();
    let embed = if is_framed { "/embed" } else { "" };
    visited.link(&format!("{embed}/thanks?for={}{link}", kind.name()))
}

/// What is said.
#[derive(Template)]
#[template(path = "public/thanks.html")]
struct Thanks {
    frame: Frame,
    title: String,
    text: String,
    /// What to do next: words and where.
    button: Option<(String, String)>,
    listings: String,
}

impl Thanks {
    fn new(site: &Site, visited: &Visited, title: &str, text: &str, button: Option<(&str, String)>) -> Self {
        let t = visited.words;
        let (title, text) = (t.say(title), t.say(text));
        let button = button.map(|(words, place)| (t.say(words), place));
        Self {
            frame: Frame::new(site, visited, None, &title, &text),
            title,
            text,
            button,
            listings: visited.link("/listings"),
        }
    }
}

/// Title, text and button, by what was sent.
async fn said(
    site: &Site,
    visited: &Visited,
    query: &HashMap<String, String>,
) -> Result<(&'static str, &'static str, Option<(&'static str, String)>), Refusal> {
    let kind = query.get("for").map(String::as_str).unwrap_or_default();
    let kind = InquiryKind::WORDS.iter().find(|(word, _)| *word == kind).map(|(_, kind)| *kind);
    let title = match kind {
        Some(InquiryKind::Question) => "thanks-question",
        Some(InquiryKind::Valuation) => "thanks-valuation",
        Some(InquiryKind::Guide) => "thanks-guide",
        Some(InquiryKind::Contact) | None => "thanks-contact",
    };
    if kind != Some(InquiryKind::Guide) {
        return Ok((title, "thanks-text", None));
    }
    let link = query.get("link").map(String::as_str).unwrap_or_default();
    match inquiries::find_download(&site.crm, visited.agent(), link).await {
        Ok(Download::Open(_)) => {
            Ok((title, "thanks-guide-text", Some(("thanks-download", format!("{}/downloads/{link}", visited.base())))))
        }
        Ok(Download::Over(_)) | Err(Error::NotFound) => Ok(("thanks-question", "thanks-guide-later", None)),
        Err(error) => Err(error.into()),
    }
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let (title, text, button) = said(&site, &visited, &query).await?;
    Ok(pages::ok(&Thanks::new(&site, &visited, title, text, button)))
}

async fn show_framed(
    State(site): State<Site>,
    visited: Visited,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let (title, text, button) = said(&site, &visited, &query).await?;
    let other_sites = inquiries::other_sites(&site.crm, visited.agent()).await?;
    Ok(embed::thanks(&site, &visited, title, text, button, &other_sites))
}

async fn download(
    State(site): State<Site>,
    visited: Visited,
    method: Method,
    headers: HeaderMap,
    Path((_, token)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let agent = visited.agent();
    let guide = match inquiries::find_download(&site.crm, agent, &token).await {
        Ok(Download::Open(guide)) => guide,
        Ok(Download::Over(guide)) => {
            let page = visited.link(&format!("/guides/{}", guide.slug));
            let over = Thanks::new(
                &site,
                &visited,
                "download-over-title",
                "download-over-text",
                Some(("download-over-button", page)),
            );
            return Ok(pages::page(StatusCode::GONE, &over));
        }
        Err(Error::NotFound) => {
            return Ok(answers::said(
                &site,
                &visited,
                StatusCode::NOT_FOUND,
                "download-none-title",
                "download-none-text",
            ));
        }
        Err(error) => return Err(error.into()),
    };
    // A look at its size is no download, nor is its second half, nor what the browser has already.
    let begins = |range: &HeaderValue| range.to_str().is_ok_and(|range| range.starts_with("bytes=0-"));
    let is_counted = method == Method::GET
        && headers.get(header::RANGE).is_none_or(begins)
        && !headers.contains_key(header::IF_NONE_MATCH);
    let (name, file) = inquiries::take_download(&site.crm, agent, &guide, is_counted).await?;
    let mut answer = served::answer(&site, agent, &file, &headers, Some(&name));
    // For the person who asked; nothing to be found.
    answer.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(answer)
}
