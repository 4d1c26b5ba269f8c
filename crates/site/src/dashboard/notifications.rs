//! Settings → Notifications: what the agent is told by mail, in which language, and on which devices.

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
use http::HeaderMap;
use mail::{Language, languages};

use super::{
    devices::Devices,
    shell::{Place, Shell},
};
use crate::{
    Site,
    cookies::{self, Held},
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
};

pub(super) const PATH: &str = "/dashboard/settings/notifications";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(change))
}

#[derive(Template)]
#[template(path = "dashboard/notifications.html")]
pub(super) struct Notifications {
    shell: Shell,
    recipient: String,
    sends_mail: bool,
    settings: MailSettings,
    languages: Vec<Language>,
    devices: Devices,
}

/// How long ahead a showing is reminded of, in minutes, in words.
const REMINDERS: [(i64, &str); 4] =
    [(0, "Never"), (60, "1 hour before"), (120, "2 hours before"), (1_440, "A day before")];

impl Notifications {
    fn reminders(&self) -> [(i64, &'static str); 4] {
        REMINDERS
    }

    pub(super) async fn read(site: &Site, session: Session, shell: Shell, devices: Devices) -> Result<Self, Refusal> {
        let settings = mails::settings(&site.crm, session.agent).await?;
        let sends_mail = site.crm.sends_mail();
        Ok(Self { shell, recipient: session.email, sends_mail, settings, languages: languages(), devices })
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let this = cookies::find(&site, &headers, Held::Device);
    let devices = Devices::read(&site, &session, this.as_ref(), Wrong::default()).await?;
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Notifications::read(&site, session, shell, devices).await?))
}

async fn change(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let chosen = languages().into_iter().find(|language| language.tag == fields.get("language"));
    let language = chosen.ok_or_else(|| Error::invalid("language", "must be one of those offered"))?;
    let tells_leads = !fields.get("leads").is_empty();
    let tells_showings = !fields.get("showings").is_empty();
    // A form from before there was such a choice changes nothing of it.
    let reminder_minutes = match fields.get("reminder") {
        "" => mails::settings(&site.crm, session.agent).await?.reminder_minutes,
        minutes => minutes.parse().map_err(|_| Error::invalid("reminder", "must be one of the times offered"))?,
    };
    let settings = MailSettings { language: language.tag.to_owned(), tells_leads, tells_showings, reminder_minutes };
    mails::change_settings(&site.crm, session.agent, settings).await?;
    Ok(see_other(&format!("{PATH}?done=notifications-saved")))
}
