//! One guide: its page as visitors see it, its files, what it brought.

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
    guides::{self, Guide, GuideStatus},
    ids::{GuideId, LeadId},
    profiles,
    sessions::Session,
};
use http::StatusCode;

use super::{
    guide_files, guide_form,
    guides::{PATH, words},
    lead,
    shell::{Place, Shell, Undo},
};
use crate::{
    Site,
    assets::{self, Assets},
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    prose::{self, Block},
    signed_in::SignedIn,
    times::{Time, Times},
};

/// People who asked for it that the page names.
const NAMED: u32 = 10;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/guides/new", get(guide_form::show_new).post(guide_form::create))
        .route("/dashboard/guides/{id}", get(show))
        .route("/dashboard/guides/{id}/edit", get(guide_form::show_edit).post(guide_form::update))
        .route("/dashboard/guides/{id}/preview", get(preview))
        .route("/dashboard/guides/{id}/publish", post(publish))
        .route("/dashboard/guides/{id}/withdraw", post(withdraw))
        .route("/dashboard/guides/{id}/delete", post(delete))
        .merge(guide_files::routes())
}

/// The path of a guide's page.
pub(super) fn path(id: GuideId) -> String {
    format!("{PATH}/{id}")
}

/// The cover of a guide: a picture, or its title on the agent's colour.
pub(super) struct Cover {
    pub title: String,
    /// Whose it is.
    pub by: String,
    /// Where the picture is, and in which widths.
    pub picture: Option<(String, String)>,
}

impl Cover {
    /// That of a guide, as its agent sees it.
    pub fn of(guide: &Guide, by: &str) -> Self {
        let address = |cover, width| format!("{}/cover/{cover}-{width}.jpg", path(guide.id));
        let picture = guide.cover.map(|cover| {
            let set = guides::COVER_WIDTHS.map(|width| format!("{} {width}w", address(cover, width)));
            (address(cover, guides::COVER_WIDTHS[0]), set.join(", "))
        });
        Self { title: guide.title.clone(), by: by.to_owned(), picture }
    }
}

/// The page by which visitors get a guide.
struct Landing {
    cover: Cover,
    heading: String,
    blocks: Vec<Block>,
    points: Vec<String>,
    agent: String,
    brokerage: Option<String>,
}

impl Landing {
    async fn read(site: &Site, session: &Session, guide: &Guide) -> Result<Self, Refusal> {
        let profile = profiles::get(&site.crm, session.agent).await?;
        Ok(Self {
            cover: Cover::of(guide, &session.agent_name),
            heading: guide.heading().to_owned(),
            blocks: prose::blocks(guide.text.as_deref().unwrap_or_default()),
            points: guide.points.clone(),
            agent: profile.name,
            brokerage: profile.brokerage,
        })
    }
}

/// Somebody who asked for it.
struct Person {
    path: String,
    name: String,
    email: String,
    when: Time,
}

#[derive(Template)]
#[template(path = "dashboard/guide.html")]
pub(super) struct Shown {
    shell: Shell,
    path: String,
    guide: Guide,
    status: &'static str,
    tone: &'static str,
    landing: Landing,
    size: String,
    people: Vec<Person>,
    changed: Time,
    pub wrong: Wrong,
}

impl Shown {
    pub async fn read(site: &Site, session: &Session, shell: Shell, id: GuideId) -> Result<Self, Refusal> {
        let guide = guides::get(&site.crm, session.agent, id).await?;
        let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
        let people = guides::askers(&site.crm, session.agent, id, NAMED).await?.into_iter().map(|asker| Person {
            path: lead::path(asker.id),
            when: times.show_near(LeadId::created_at(&asker.id), now),
            name: asker.name,
            email: asker.email.unwrap_or_default(),
        });
        let (status, tone) = words(guide.status);
        Ok(Self {
            shell,
            path: path(id),
            status,
            tone,
            landing: Landing::read(site, session, &guide).await?,
            size: guide.document.as_ref().map(|document| size(document.size)).unwrap_or_default(),
            people: people.collect(),
            changed: times.show_near(guide.updated_at, now),
            wrong: Wrong::default(),
            guide,
        })
    }

    fn is_draft(&self) -> bool {
        self.guide.status == GuideStatus::Draft
    }
}

/// A file's size, as it is read.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        ..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        bytes => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Guides).following(&site, &session).await?;
    Ok(ok(&Shown::read(&site, &session, said(shell, id, &query), id).await?))
}

/// Says what was done, with the way back to the file that was there before.
fn said(shell: Shell, id: GuideId, query: &HashMap<String, String>) -> Shell {
    let done = query.get("done").map(String::as_str);
    let (part, text) = match done {
        Some("guide-document-added") => {
            ("document", "The PDF is replaced. For 30 days the one before can be put back.")
        }
        Some("guide-cover-added") => ("cover", "The cover is replaced. For 30 days the one before can be put back."),
        Some("guide-cover-removed") => ("cover", "The picture is removed: the cover is drawn from the title."),
        _ => return shell.saying(done),
    };
    let Some(before) = query.get("undo") else { return shell.saying(done) };
    let (action, values) = (format!("{}/{part}/restore", path(id)), vec![before.clone()]);
    shell.noting(text.to_owned(), Some(Undo { action, name: "undo", values, more: None }))
}

#[derive(Template)]
#[template(path = "dashboard/guide_preview.html")]
struct Preview {
    assets: &'static Assets,
    brand: Option<String>,
    back: String,
    landing: Landing,
}

/// The page of a guide by itself, as visitors will see it.
async fn preview(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
) -> Result<Response, Refusal> {
    let guide = guides::get(&site.crm, session.agent, id).await?;
    let landing = Landing::read(&site, &session, &guide).await?;
    let brand = session.brand.map(super::brands::path);
    Ok(ok(&Preview { assets: assets::get(), brand, back: path(id), landing }))
}

async fn publish(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
) -> Result<Response, Refusal> {
    match guides::set_status(&site.crm, session.agent, id, GuideStatus::Published).await {
        Ok(()) => Ok(see_other(&format!("{}?done=guide-published", path(id)))),
        Err(error @ Error::Invalid(_)) => refused(&site, &session, id, error).await,
        Err(error) => Err(error.into()),
    }
}

/// The page, saying what was wrong with one of its forms.
pub(super) async fn refused(site: &Site, session: &Session, id: GuideId, error: Error) -> Result<Response, Refusal> {
    let mut shown = Shown::read(site, session, Shell::new(session, Place::Guides), id).await?;
    shown.wrong = Wrong::of(error)?;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

async fn withdraw(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
) -> Result<Response, Refusal> {
    guides::set_status(&site.crm, session.agent, id, GuideStatus::Draft).await?;
    Ok(see_other(&format!("{}?done=guide-withdrawn", path(id))))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
) -> Result<Response, Refusal> {
    guides::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=deleted&undo={id}")))
}
