//! One mail: what was read out of it, to be corrected and made a lead of, or put aside; and the mail itself, shown so that it can do nothing.

use std::collections::{HashMap, HashSet};

use ammonia::Builder;
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    Error,
    ids::MessageId,
    inbox::{self, Found, Message, Outcome, Reading, Standing, Tray, Way},
    leads::NewLead,
    sessions::Session,
    sources::{self, LeadSource},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::{
    client,
    inbox::{PATH, said, value, words},
    lead,
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

/// For a mail's own page within ours: our few styles, and nothing else; no script, no form, no picture, nothing from elsewhere.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/inbox/{id}", get(show))
        .route("/dashboard/inbox/{id}/letter", get(letter))
        .route("/dashboard/inbox/{id}/mail.eml", get(raw))
        .route("/dashboard/inbox/{id}/accept", post(accept))
        .route("/dashboard/inbox/{id}/dismiss", post(dismiss))
        .route("/dashboard/inbox/{id}/undo", post(undo))
        .route("/dashboard/inbox/{id}/read-again", post(reread))
}

/// The path of a mail's page.
pub(super) fn path(id: MessageId) -> String {
    format!("{PATH}/{id}")
}

/// A field of the lead that a mail may make.
struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    most: usize,
    value: String,
    is_required: bool,
    /// How surely it was read, in words, where there is doubt.
    doubt: Option<&'static str>,
    error: Option<String>,
}

/// How surely a value was read.
fn doubt(found: &Option<Found>) -> Option<&'static str> {
    match found.as_ref()?.confidence {
        80.. => None,
        50..80 => Some("Read with some doubt"),
        _ => Some("A guess"),
    }
}

fn fields(reading: &Reading, typed: Option<&Fields>, wrong: &Wrong) -> Vec<Field> {
    let field = |name: &'static str, label, kind, most, found: &Option<Found>| Field {
        name,
        label,
        kind,
        most,
        value: typed.map_or_else(|| value(found), |typed| typed.get(name).to_owned()),
        is_required: name == "name",
        doubt: doubt(found),
        error: wrong.at(name),
    };
    vec![
        field("name", "Name", "text", 200, &reading.name),
        field("phone", "Phone", "tel", 64, &reading.phone),
        field("email", "E-mail", "email", 254, &reading.email),
        field("propertyAddress", "About which property?", "text", 500, &reading.property_address),
        field("source", "Where from?", "text", 64, &reading.source),
    ]
}

/// What was found of the sender, in words.
struct Trusted {
    words: String,
    details: String,
    tone: &'static str,
}

fn trusted(message: &Message) -> Option<Trusted> {
    let trust = message.trust.as_ref()?;
    let domain = if trust.domain.is_empty() { "its sender" } else { &trust.domain };
    let (words, tone) = match trust.standing {
        Standing::Verified => (format!("It is from {domain}."), "good"),
        Standing::Unverified => (
            format!("It says that it is from {domain}, and {domain} says that it is not. Do not trust its links."),
            "bad",
        ),
        Standing::Unknown => (format!("Whether it is from {domain} could not be told."), ""),
    };
    let details = format!("SPF {}, DKIM {}, DMARC {}", trust.spf, trust.dkim, trust.dmarc);
    Some(Trusted { words, details, tone })
}

fn came_by(way: Way) -> &'static str {
    match way {
        Way::Smtp | Way::Lmtp => "to your address here",
        Way::Imap => "from your mailbox",
        Way::Http => "by a mail service",
        Way::Upload => "as a file",
        Way::Command => "by a command",
    }
}

#[derive(Template)]
#[template(path = "dashboard/inbox_message.html")]
struct Shown {
    shell: Shell,
    path: String,
    sender: String,
    sender_address: String,
    subject: String,
    reason: String,
    word: &'static str,
    tone: &'static str,
    came: Time,
    came_by: &'static str,
    is_waiting: bool,
    is_confirmation: bool,
    can_be_a_lead: bool,
    is_decided: bool,
    can_be_read_again: bool,
    person: Option<(String, &'static str)>,
    fields: Vec<Field>,
    notes: String,
    notes_error: Option<String>,
    sources: Vec<LeadSource>,
    text: String,
    has_html: bool,
    trusted: Option<Trusted>,
    has_error: bool,
}

impl Shown {
    async fn read(
        site: &Site,
        session: &Session,
        shell: Shell,
        message: Message,
        (typed, wrong): (Option<&Fields>, Wrong),
    ) -> Result<Self, Refusal> {
        let times = Times::of(&session.time_zone);
        let opened = inbox::show(&site.crm, session.agent, message.id).await?;
        let (word, tone) = words(&message);
        let is_open = message.lead.is_none() && message.client.is_none();
        let person = match (message.lead, message.client) {
            (Some(lead), _) => Some((
                lead::path(lead),
                if message.outcome == Outcome::Lead { "The lead" } else { "The lead it is about" },
            )),
            (None, Some(client)) => Some((client::path(client), "The client it is about")),
            (None, None) => None,
        };
        Ok(Self {
            shell,
            path: path(message.id),
            came: times.show_full(message.came_at()),
            came_by: came_by(message.way),
            word,
            tone,
            is_waiting: message.tray == Tray::Review,
            is_confirmation: message.tray == Tray::Confirmation,
            can_be_a_lead: message.outcome != Outcome::Lead,
            is_decided: message.is_decided,
            can_be_read_again: is_open && !message.is_decided,
            person,
            fields: fields(&message.reading, typed, &wrong),
            notes: typed.map_or_else(|| value(&message.reading.notes), |typed| typed.get("notes").to_owned()),
            notes_error: wrong.at("notes"),
            sources: sources::list(&site.crm, session.agent).await?,
            text: opened.text,
            has_html: opened.html.is_some(),
            trusted: trusted(&message),
            has_error: wrong.any(),
            sender_address: message.reading.sender_address,
            sender: if message.sender.is_empty() { String::from("Somebody") } else { message.sender },
            subject: if message.subject.is_empty() { String::from("No subject") } else { message.subject },
            reason: message.reason,
        })
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let message = inbox::get(&site.crm, session.agent, id).await?;
    let shell = said(Shell::new(&session, Place::Inbox), &query);
    Ok(ok(&Shown::read(&site, &session, shell, message, (None, Wrong::default())).await?))
}

/// The mail's HTML without what could act or tell somebody that it is looked at, for a frame without scripts.
async fn letter(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Response, Refusal> {
    let opened = inbox::show(&site.crm, session.agent, id).await?;
    let Some(html) = opened.html else { return Err(Error::NotFound.into()) };
    let cleaned = tokio_cleaned(html).await?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Mail</title><style>body {{ font: 15px/1.5 system-ui, sans-serif; \
         color: #1d2327; background: #fff; margin: 1rem; overflow-wrap: anywhere; }} table {{ max-width: 100%; }}</style></head><body>{cleaned}</body></html>"
    );
    let mut response = Html(page).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(LETTER_POLICY));
    Ok(response)
}

/// Cleaning is the work of a processor.
async fn tokio_cleaned(html: String) -> Result<String, Error> {
    inbox::apart(move || cleaned(&html)).await.map(Option::unwrap_or_default)
}

/// HTML without scripts, styles, forms, and anything that would be fetched.
fn cleaned(html: &str) -> String {
    let fetched = HashSet::from(["img", "map", "area"]);
    let schemes = HashSet::from(["http", "https", "mailto", "tel"]);
    let mut builder = Builder::default();
    builder.rm_tags(fetched).url_schemes(schemes).link_rel(Some("noopener noreferrer nofollow"));
    builder.clean(html).to_string()
}

/// The mail as it came.
async fn raw(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
) -> Result<Response, Refusal> {
    let raw = inbox::raw(&site.crm, session.agent, id).await?;
    let name = format!("attachment; filename=\"{id}.eml\"");
    let mut response = raw.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

async fn accept(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let names = ["name", "email", "phone", "source", "propertyAddress", "notes"];
    let mut typed =
        names.map(|name| (name.to_owned(), Value::from(fields.get(name)))).into_iter().collect::<Map<_, _>>();
    if fields.get("source").trim().is_empty() {
        typed.insert(String::from("source"), Value::from("email"));
    }
    let made = match NewLead::read(&typed) {
        Ok(new) => inbox::accept(&site.crm, session.agent, id, new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => Ok(see_other(&format!("{}?done=mail-accepted&undo={id}", back(&fields, id)))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let message = inbox::get(&site.crm, session.agent, id).await?;
            let shell = Shell::new(&session, Place::Inbox);
            let shown = Shown::read(&site, &session, shell, message, (Some(&fields), wrong)).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

/// Where a form came from.
fn back(fields: &Fields, id: MessageId) -> String {
    if fields.get("here") == PATH { PATH.to_owned() } else { path(id) }
}

async fn dismiss(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
    _: Fields,
) -> Result<Response, Refusal> {
    inbox::dismiss(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=mail-put-aside&undo={id}")))
}

async fn undo(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
    _: Fields,
) -> Result<Response, Refusal> {
    match inbox::undo(&site.crm, session.agent, id).await {
        // Twice is once.
        Ok(()) | Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    inbox::get(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=undone", path(id))))
}

async fn reread(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
    _: Fields,
) -> Result<Response, Refusal> {
    inbox::reread(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=mail-read-again", path(id))))
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn a_mail_that_is_shown_can_do_nothing() {
        let html = cleaned(
            "<p onclick=x()>Hello <b>you</b><img src=https://t.example/pixel onerror=alert(1)><script>alert(2)</script>\
             <a href=javascript:alert(3)>a</a><a href=https://x.example>b</a><form action=https://x.example><input></form>\
             <iframe src=https://x.example></iframe><style>p { background: url(https://x.example) }</style>\
             <p style=\"background:url(https://x.example)\">c</p><table background=https://x.example><tr><td>d</td></tr></table>\
             <svg><use href=https://x.example/></svg><link rel=stylesheet href=https://x.example><base href=https://x.example>",
        );
        for gone in [
            "onclick",
            "onerror",
            "<img",
            "alert(2)",
            "javascript:",
            "<form",
            "<input",
            "<iframe",
            "url(",
            "background",
            "<svg",
            "<link",
            "<base",
        ] {
            assert!(!html.contains(gone), "{gone}: {html}");
        }
        assert!(
            html.contains("Hello <b>you</b>")
                && html.contains("href=\"https://x.example\" rel=\"noopener noreferrer nofollow\""),
            "{html}"
        );
    }
}
