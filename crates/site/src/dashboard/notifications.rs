//! Settings → Notifications: what the agent is told by mail, and in which language.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    mails::{self, MailSettings},
    sessions::Session,
};
use mail::{Language, languages};

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
};

const PATH: &str = "/dashboard/settings/notifications";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(change))
}

#[derive(Template)]
#[template(path = "dashboard/notifications.html")]
struct Notifications {
    shell: Shell,
    recipient: String,
    sends_mail: bool,
    settings: MailSettings,
    languages: Vec<Language>,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let settings = mails::settings(&site.crm, session.agent).await?;
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    let Session { email, .. } = session;
    let sends_mail = site.crm.sends_mail();
    Ok(ok(&Notifications { shell, recipient: email, sends_mail, settings, languages: languages() }))
}

async fn change(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let chosen = languages().into_iter().find(|language| language.tag == fields.get("language"));
    let language = chosen.ok_or_else(|| Error::invalid("language", "must be one of those offered"))?;
    let tells_leads = !fields.get("leads").is_empty();
    let settings = MailSettings { language: language.tag.to_owned(), tells_leads };
    mails::change_settings(&site.crm, session.agent, settings).await?;
    Ok(see_other(&format!("{PATH}?done=notifications-saved")))
}
