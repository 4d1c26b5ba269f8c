//! The guides of a website: their list.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use crm::guides::{self, Guide, GuideStatus};
use http::HeaderMap;

use super::{Frame, Place, Visited, answers, ld, photos};
use crate::{Site, pages::Refusal};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/guides", get(show))
}

/// A guide as it lies in a list.
pub(crate) struct Book {
    pub path: String,
    pub title: String,
    /// Where its cover is, and in which widths; where it is `None`, the title is drawn.
    pub cover: Option<(String, String)>,
    pub by: String,
    pub heading: String,
    pub points: Vec<String>,
}

impl Book {
    pub fn of(visited: &Visited, guide: &Guide) -> Self {
        Self {
            path: visited.link(&format!("/guides/{}", guide.slug)),
            title: guide.title.clone(),
            cover: photos::cover_paths(visited, guide),
            by: visited.website.profile.name.clone(),
            heading: guide.heading().to_owned(),
            points: guide.points.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "public/guides.html")]
struct Shelf {
    frame: Frame,
    books: Vec<Book>,
}

async fn show(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let mut books = guides::list(&site.crm, visited.agent()).await?;
    books.retain(|guide| guide.status == GuideStatus::Published);
    let (t, name) = (visited.words, &visited.website.profile.name);
    let description = t.say_with("guides-description", &[("name", name)]);
    let title = t.say("guides-title");
    let mut frame = Frame::new(&site, &visited, Some(Place::Guides), &title, &description);
    frame.tell(&[ld::way(&site, &visited, &[(&title, "/guides")])]);
    let books = books.iter().map(|guide| Book::of(&visited, guide)).collect();
    Ok(answers::page(&visited, &headers, &Shelf { frame, books }))
}
