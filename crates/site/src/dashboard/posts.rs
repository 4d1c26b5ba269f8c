//! Posts of the website: their list, their form, what they look like.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    ids::PostId,
    posts::{self, Post, PostStatus, TypedPost},
    sessions::Session,
    websites,
};
use http::{HeaderMap, StatusCode};

use super::{
    shell::{Place, Shell},
    website,
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    public,
    signed_in::SignedIn,
    times::{Time, Times},
};

const PATH: &str = "/dashboard/website/posts";
const ROWS: u32 = 30;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/website/posts/new", get(show_new).post(create))
        .route("/dashboard/website/posts/{id}", get(show_edit).post(update))
        .route("/dashboard/website/posts/{id}/preview", get(preview))
        .route("/dashboard/website/posts/{id}/publish", post(publish))
        .route("/dashboard/website/posts/{id}/withdraw", post(withdraw))
        .route("/dashboard/website/posts/{id}/delete", post(delete))
}

fn path(id: PostId) -> String {
    format!("{PATH}/{id}")
}

struct Row {
    path: String,
    title: String,
    is_published: bool,
    changed: Time,
}

#[derive(Template)]
#[template(path = "dashboard/posts.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    next: Option<String>,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let before = query.get("before").and_then(|id| id.parse::<PostId>().ok());
    let mut held = posts::list(&site.crm, session.agent, before, ROWS + 1).await?;
    let has_more = held.len() > ROWS as usize;
    held.truncate(ROWS as usize);
    let next = held.last().filter(|_| has_more).map(|post| format!("{PATH}?before={}", post.id));
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let rows = held.into_iter().map(|post| Row {
        path: path(post.id),
        is_published: post.status == PostStatus::Published,
        changed: times.show_near(post.updated_at, now),
        title: post.title,
    });
    let shell = Shell::new(&session, Place::Website).saying(query.get("done").map(String::as_str));
    Ok(ok(&List { shell, rows: rows.collect(), next }))
}

#[derive(Template)]
#[template(path = "dashboard/post.html")]
struct Form {
    shell: Shell,
    title: &'static str,
    action: String,
    path: Option<String>,
    /// Where visitors read it.
    address: Option<String>,
    is_published: bool,
    typed: TypedPost,
    languages: Vec<(&'static str, &'static str)>,
    wrong: Wrong,
    once: String,
    /// The record that the form was filled with, by its last change.
    seen: String,
    has_changed: bool,
}

impl Form {
    fn new(site: &Site, session: &Session, post: Option<&Post>, typed: TypedPost, wrong: Wrong) -> Self {
        let is_published = post.is_some_and(|post| post.status == PostStatus::Published);
        let address = post.filter(|_| is_published).map(|post| format!("/a/{}/blog/{}", session.slug, post.slug));
        Self {
            shell: Shell::new(session, Place::Website),
            title: if post.is_some() { "Change the post" } else { "Write a post" },
            action: post.map_or_else(|| format!("{PATH}/new"), |post| path(post.id)),
            path: post.map(|post| path(post.id)),
            address,
            is_published,
            typed,
            languages: vec![("en", "English"), ("es", "Spanish")],
            wrong,
            once: token(site),
            seen: post.map(|post| post.updated_at.to_rfc3339()).unwrap_or_default(),
            has_changed: false,
        }
    }
}

fn read(fields: &Fields) -> TypedPost {
    let get = |name: &str| fields.get(name).to_owned();
    TypedPost { title: get("title"), slug: get("slug"), language: get("language"), text: get("text") }
}

fn held(post: &Post) -> TypedPost {
    let Post { title, slug, language, text, .. } = post.clone();
    TypedPost { title, slug, language, text }
}

async fn show_new(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    let look = websites::get(&site.crm, session.agent).await?.published;
    let language = look.languages.first().cloned().unwrap_or_default();
    let typed = TypedPost { language, ..TypedPost::default() };
    Ok(ok(&Form::new(&site, &session, None, typed, Wrong::default())))
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let typed = read(&fields);
    match posts::create(&site.crm, session.agent, &typed, fields.once(PATH)).await {
        Ok(made) => Ok(see_other(&format!("{}?done=post-added", path(made.value.id)))),
        Err(error) => {
            let form = Form::new(&site, &session, None, typed, Wrong::of(error)?);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn show_edit(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<PostId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let post = posts::get(&site.crm, session.agent, id).await?;
    let mut form = Form::new(&site, &session, Some(&post), held(&post), Wrong::default());
    form.shell = form.shell.saying(query.get("done").map(String::as_str));
    Ok(ok(&form))
}

async fn update(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<PostId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (typed, seen) = (read(&fields), fields.get("seen").to_owned());
    let is_as_seen = move |post: &Post| seen.is_empty() || post.updated_at.to_rfc3339() == seen;
    match posts::update(&site.crm, session.agent, id, &typed, is_as_seen).await {
        Ok(()) => Ok(see_other(&format!("{}?done=post-saved", path(id)))),
        Err(error) => {
            let post = posts::get(&site.crm, session.agent, id).await?;
            if error == Error::PreconditionFailed {
                let mut form = Form::new(&site, &session, Some(&post), typed, Wrong::default());
                form.has_changed = true;
                return Ok(page(StatusCode::CONFLICT, &form));
            }
            let mut form = Form::new(&site, &session, Some(&post), typed, Wrong::of(error)?);
            fields.get("seen").clone_into(&mut form.seen);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

/// A post as visitors will read it.
async fn preview(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<PostId>,
) -> Result<Response, Refusal> {
    let post = posts::get(&site.crm, session.agent, id).await?;
    let visited = website::draft(&site, &session, Some(&post.language)).await?;
    let shown = public::post_preview(&site, &visited, post);
    Ok(website::framed(public::page(&visited, &HeaderMap::new(), &shown)))
}

async fn publish(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<PostId>,
) -> Result<Response, Refusal> {
    posts::set_status(&site.crm, session.agent, id, PostStatus::Published).await?;
    Ok(see_other(&format!("{}?done=post-published", path(id))))
}

async fn withdraw(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<PostId>,
) -> Result<Response, Refusal> {
    posts::set_status(&site.crm, session.agent, id, PostStatus::Draft).await?;
    Ok(see_other(&format!("{}?done=post-withdrawn", path(id))))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<PostId>,
) -> Result<Response, Refusal> {
    posts::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=post-deleted")))
}
