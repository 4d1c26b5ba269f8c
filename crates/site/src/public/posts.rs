//! What the agent has written: the list, and each post.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    clock::UnixMillis,
    ids::PostId,
    posts::{self, Post},
};
use http::HeaderMap;
use std::collections::HashMap;

use super::{Frame, Place, Visited, answers, dates, frame::shortened, ld, markdown};
use crate::{Site, pages::Refusal};

/// Posts on a page.
const ROWS: u32 = 12;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/blog", get(show_all)).route("/a/{slug}/blog/{post}", get(show))
}

/// A post in a list.
pub(crate) struct Entry {
    pub path: String,
    pub title: String,
    pub language: String,
    pub day: String,
    pub exact: String,
    /// Its first words.
    pub summary: String,
}

fn entry(visited: &Visited, post: &Post) -> Entry {
    let at = post.published_at.unwrap_or(post.updated_at);
    Entry {
        path: visited.link(&format!("/blog/{}", post.slug)),
        title: post.title.clone(),
        language: post.language.clone(),
        day: dates::day(visited.words, visited.times().date_of(at)),
        exact: at.to_rfc3339(),
        summary: shortened(&markdown::plain(&post.text), 180),
    }
}

/// The latest posts.
pub(crate) async fn entries(
    site: &Site,
    visited: &Visited,
    before: Option<(UnixMillis, PostId)>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let posts = posts::list_published(&site.crm, visited.agent(), before, limit).await?;
    Ok(posts.iter().map(|post| entry(visited, post)).collect())
}

#[derive(Template)]
#[template(path = "public/posts.html")]
struct List {
    frame: Frame,
    entries: Vec<Entry>,
    next: Option<String>,
}

/// Where a page of posts begins: after an instant and a post.
fn place(text: &str) -> Option<(UnixMillis, PostId)> {
    let (at, id) = text.split_once('.')?;
    Some((UnixMillis(at.parse().ok()?), id.parse().ok()?))
}

async fn show_all(
    State(site): State<Site>,
    visited: Visited,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let before = query.get("after").and_then(|text| place(text));
    let mut posts = posts::list_published(&site.crm, visited.agent(), before, ROWS + 1).await?;
    let has_more = posts.len() > ROWS as usize;
    posts.truncate(ROWS as usize);
    let last = posts.last().filter(|_| has_more);
    let next = last.and_then(|post| Some(format!("/blog?after={}.{}", post.published_at?.0, post.id)));
    let (t, name) = (visited.words, &visited.website.profile.name);
    let description = t.say_with("posts-description", &[("name", name)]);
    let mut frame = Frame::new(&site, &visited, Some(Place::Posts), &t.say("posts-title"), &description);
    frame.stand_at(&site, &visited, "/blog");
    frame.tell(&[ld::way(&site, &visited, &[(&t.say("posts-title"), "/blog")])]);
    let entries = posts.iter().map(|post| entry(&visited, post)).collect();
    Ok(answers::page(&visited, &headers, &List { frame, entries, next: next.map(|next| visited.link(&next)) }))
}

#[derive(Template)]
#[template(path = "public/post.html")]
pub(crate) struct Shown {
    frame: Frame,
    back: String,
    title: String,
    language: String,
    day: String,
    exact: String,
    /// HTML, made of Markdown without any of its own.
    html: String,
}

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Path((_, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let post = match posts::get_published(&site.crm, visited.agent(), &slug).await {
        Ok(post) => post,
        Err(Error::NotFound) => return Ok(answers::not_found(&site, &visited)),
        Err(error) => return Err(error.into()),
    };
    Ok(answers::page(&visited, &headers, &read(&site, &visited, post)))
}

/// A post as its agent looks at it before everybody does: nothing on it leads anywhere.
pub(crate) fn preview(site: &Site, visited: &Visited, post: Post) -> Shown {
    let mut shown = read(site, visited, post);
    shown.frame.become_preview();
    shown
}

/// The page of a post.
fn read(site: &Site, visited: &Visited, post: Post) -> Shown {
    let Entry { day, exact, .. } = entry(visited, &post);
    let description = markdown::plain(&post.text);
    let mut frame = Frame::new(site, visited, Some(Place::Posts), &post.title, &description);
    frame.kind = "article";
    let shelf = visited.words.say("posts-title");
    let rest = format!("/blog/{}", post.slug);
    frame.tell(&[
        ld::post(site, visited, &post, &frame),
        ld::agent(site, visited),
        ld::way(site, visited, &[(&shelf, "/blog"), (&post.title, &rest)]),
    ]);
    Shown {
        frame,
        back: visited.link("/blog"),
        html: markdown::html(&post.text),
        title: post.title,
        language: post.language,
        day,
        exact,
    }
}
