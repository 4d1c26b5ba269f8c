//! The page by which visitors get a guide.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use crm::{Error, guides};
use http::HeaderMap;

use super::{Frame, Place, Visited, answers, guides::Book, inquiry::Inquiry, ld};
use crate::{
    Site,
    pages::Refusal,
    prose::{self, Block},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/guides/{guide}", get(show))
}

#[derive(Template)]
#[template(path = "public/guide.html")]
pub(super) struct Landing {
    frame: Frame,
    book: Book,
    blocks: Vec<Block>,
    inquiry: Inquiry,
}

impl Landing {
    /// The page of a published guide.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none, or a draft.
    pub async fn read(site: &Site, visited: &Visited, slug: &str, inquiry: Inquiry) -> Result<Self, Error> {
        let guide = guides::get_published(&site.crm, visited.agent(), slug).await?;
        let name = &visited.website.profile.name;
        let about = guide.text.clone().unwrap_or_else(|| guide.points.join(". "));
        let description = match about.trim() {
            "" => visited.words.say_with("guide-description", &[("title", &guide.title), ("name", name)]),
            text => text.to_owned(),
        };
        let mut frame = Frame::new(site, visited, Some(Place::Guides), &guide.title, &description);
        let rest = format!("/guides/{}", guide.slug);
        let shelf = visited.words.say("guides-title");
        frame.tell(&[ld::way(site, visited, &[(&shelf, "/guides"), (&guide.title, &rest)])]);
        Ok(Self {
            frame,
            blocks: prose::blocks(guide.text.as_deref().unwrap_or_default()),
            book: Book::of(visited, &guide),
            inquiry,
        })
    }
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Path((_, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let inquiry = Inquiry::for_guide(&site, &visited, &slug);
    match Landing::read(&site, &visited, &slug, inquiry).await {
        Ok(landing) => Ok(answers::page(&visited, &headers, &landing)),
        Err(Error::NotFound) => Ok(answers::not_found(&site, &visited)),
        Err(error) => Err(error.into()),
    }
}
