//! The form of a guide: its words.

use askama::Template;
use axum::{extract::State, response::Response};
use crm::{
    Error,
    guides::{self, Guide, TypedGuide},
    ids::GuideId,
    sessions::Session,
};
use http::StatusCode;

use super::{
    guide::path,
    guides::PATH,
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
};

#[derive(Template)]
#[template(path = "dashboard/guide_form.html")]
struct Form {
    shell: Shell,
    title: &'static str,
    action: String,
    back: String,
    typed: TypedGuide,
    wrong: Wrong,
    is_new: bool,
    /// Makes a second arrival of a new one known.
    once: String,
    /// The record that the form was filled with, by its last change.
    seen: String,
    has_changed: bool,
}

impl Form {
    fn new(site: &Site, session: &Session, guide: Option<&Guide>, typed: TypedGuide, wrong: Wrong) -> Self {
        let (title, action, back) = match guide.map(|guide| path(guide.id)) {
            None => ("Make a guide", format!("{PATH}/new"), PATH.to_owned()),
            Some(path) => ("Change the guide", format!("{path}/edit"), path),
        };
        let seen = guide.map(|guide| guide.updated_at.to_rfc3339()).unwrap_or_default();
        let (shell, once) = (Shell::new(session, Place::Guides), token(site));
        Self { shell, title, action, back, typed, wrong, is_new: guide.is_none(), once, seen, has_changed: false }
    }
}

fn read(fields: &Fields) -> TypedGuide {
    let get = |name: &str| fields.get(name).to_owned();
    TypedGuide {
        title: get("title"),
        slug: get("slug"),
        headline: get("headline"),
        text: get("text"),
        points: get("points"),
    }
}

fn held(guide: &Guide) -> TypedGuide {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    TypedGuide {
        title: guide.title.clone(),
        slug: guide.slug.clone(),
        headline: text(&guide.headline),
        text: text(&guide.text),
        points: guide.points.join("\n"),
    }
}

pub(super) async fn show_new(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    Ok(ok(&Form::new(&site, &session, None, TypedGuide::default(), Wrong::default())))
}

pub(super) async fn create(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = read(&fields);
    match guides::create(&site.crm, session.agent, &typed, fields.once(PATH)).await {
        Ok(made) => Ok(see_other(&format!("{}?done=guide-added", path(made.value.id)))),
        Err(error) => {
            let form = Form::new(&site, &session, None, typed, Wrong::of(error)?);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

pub(super) async fn show_edit(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
) -> Result<Response, Refusal> {
    let guide = guides::get(&site.crm, session.agent, id).await?;
    Ok(ok(&Form::new(&site, &session, Some(&guide), held(&guide), Wrong::default())))
}

pub(super) async fn update(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (typed, seen) = (read(&fields), fields.get("seen").to_owned());
    let is_as_seen = move |guide: &Guide| seen.is_empty() || guide.updated_at.to_rfc3339() == seen;
    match guides::update(&site.crm, session.agent, id, &typed, is_as_seen).await {
        Ok(()) => Ok(see_other(&format!("{}?done=guide-saved", path(id)))),
        Err(error) => {
            let guide = guides::get(&site.crm, session.agent, id).await?;
            if error == Error::PreconditionFailed {
                let mut form = Form::new(&site, &session, Some(&guide), typed, Wrong::default());
                form.has_changed = true;
                return Ok(page(StatusCode::CONFLICT, &form));
            }
            let mut form = Form::new(&site, &session, Some(&guide), typed, Wrong::of(error)?);
            fields.get("seen").clone_into(&mut form.seen);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}
