//! The outbox: every mail that went out, is to go out, or is only shown because no mail server is set.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    ids::MailId,
    mails::{self, Mail, MailState},
};
use http::{HeaderValue, header};
use mail::{Rendered, render};

use super::shell::{Place, Shell};
use crate::{
    Site,
    id_in_path::Id,
    pages::{self, Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

const PATH: &str = "/dashboard/outbox";
const ROWS: u32 = 50;

/// For a mail's own page within ours: it may have its styles, and nothing else; no script, no form, nothing from elsewhere.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(list))
        .route("/dashboard/outbox/{id}", get(show))
        .route("/dashboard/outbox/{id}/letter", get(letter))
        .route("/dashboard/outbox/{id}/send-again", post(send_again))
}

/// A mail as the list shows it.
struct Row {
    id: MailId,
    subject: String,
    recipient: String,
    state: Progress,
    created: Time,
}

/// A mail's state in a word, and the word of its colour.
struct Progress {
    word: &'static str,
    tone: &'static str,
}

impl Progress {
    fn of(mail: &Mail) -> Self {
        let (word, tone) = match mail.state {
            MailState::Queued if mail.attempts == 0 => ("On its way", "busy"),
            MailState::Queued => ("To be tried again", "busy"),
            MailState::Sent => ("Sent", "good"),
            MailState::Failed => ("Given up", "bad"),
            MailState::Kept => ("Kept", "quiet"),
        };
        Self { word, tone }
    }
}

fn rendered(site: &Site, mail: &Mail) -> Rendered {
    render(mail.letter.as_ref(), &mail.language, &mail.recipient, &site.public_url)
}

#[derive(Template)]
#[template(path = "dashboard/outbox.html")]
struct Outbox {
    shell: Shell,
    sends_mail: bool,
    rows: Vec<Row>,
    is_first: bool,
    older: Option<MailId>,
}

async fn list(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let after = match query.get("after").map(|id| id.parse::<MailId>()) {
        Some(Err(_)) => return Ok(pages::not_found()),
        Some(Ok(id)) => Some(id),
        None => None,
    };
    let times = Times::of(&session.time_zone);
    let now = site.crm.clock().now();
    let page = mails::list(&site.crm, session.agent, after, ROWS).await?;
    let rows = page.mails.into_iter().map(|mail| Row {
        id: mail.id,
        subject: rendered(&site, &mail).subject,
        state: Progress::of(&mail),
        created: times.show_near(mail.id.created_at(), now),
        recipient: mail.recipient,
    });
    Ok(ok(&Outbox {
        shell: Shell::new(&session, Place::Account),
        sends_mail: site.crm.sends_mail(),
        rows: rows.collect(),
        is_first: after.is_none(),
        older: page.next,
    }))
}

#[derive(Template)]
#[template(path = "dashboard/mail.html")]
struct MailPage {
    shell: Shell,
    path: String,
    subject: String,
    text: String,
    recipient: String,
    state: Progress,
    created: Time,
    finished: Option<Time>,
    next: Option<Time>,
    is_kept: bool,
    attempts: i64,
    error: Option<String>,
    has_secret: bool,
    can_be_sent_again: bool,
}

fn path(id: MailId) -> String {
    format!("{PATH}/{id}")
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MailId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let mail = mails::get(&site.crm, session.agent, id).await?;
    let times = Times::of(&session.time_zone);
    let Rendered { subject, text, .. } = rendered(&site, &mail);
    let is_again = mail.state == MailState::Queued && mail.attempts > 0;
    Ok(ok(&MailPage {
        shell: Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str)),
        path: path(id),
        subject,
        text,
        state: Progress::of(&mail),
        created: times.show_second(id.created_at()),
        finished: mail.finished_at.filter(|_| mail.state != MailState::Kept).map(|at| times.show_second(at)),
        next: is_again.then(|| times.show_second(mail.due_at)),
        is_kept: mail.state == MailState::Kept,
        attempts: mail.attempts,
        error: mail.error,
        has_secret: mail.letter.as_ref().is_some_and(mails::Letter::has_secret),
        can_be_sent_again: mail.can_be_sent_again && site.crm.sends_mail(),
        recipient: mail.recipient,
    }))
}

/// The mail's HTML, for a frame without scripts.
async fn letter(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MailId>,
) -> Result<Response, Refusal> {
    let mail = mails::get(&site.crm, session.agent, id).await?;
    let mut response = Html(rendered(&site, &mail).html).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(LETTER_POLICY));
    Ok(response)
}

async fn send_again(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MailId>,
) -> Result<Response, Refusal> {
    let again = mails::send_again(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=mail-again", path(again))))
}
