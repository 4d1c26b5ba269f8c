//! The inbox: mail that came in. The address that takes it, what waits for a look, what became leads, and what did not, with the reason.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    ids::MessageId,
    inbox::{self, Forwarding, Message, Outcome, Reading, Standing, Tray},
    sessions::Session,
};
use http::StatusCode;

use super::{
    inbox_files, inbox_message, lead,
    shell::{Place, Shell, Undo},
    timeline::SourceNames,
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/inbox";
const ROWS: u32 = 30;
/// What waits is counted to this.
const COUNTED: u32 = 100;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/inbox/address", post(renew))
        .route("/dashboard/inbox/read-again", post(reread_all))
        .route(inbox_files::PATH, post(inbox_files::upload).layer(DefaultBodyLimit::disable()))
        .route("/dashboard/inbox/{id}/confirmed", post(confirmed))
        .merge(inbox_message::routes())
}

/// The trays, as the page offers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Review,
    Leads,
    Ignored,
    All,
}

impl View {
    const ALL: [(Self, &str, &str); 4] = [
        (Self::Review, "", "To look at"),
        (Self::Leads, "?view=leads", "Leads"),
        (Self::Ignored, "?view=ignored", "Ignored"),
        (Self::All, "?view=all", "All"),
    ];

    fn of(query: &HashMap<String, String>) -> Option<Self> {
        match query.get("view").map_or("", String::as_str) {
            "" => Some(Self::Review),
            "leads" => Some(Self::Leads),
            "ignored" => Some(Self::Ignored),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    fn tray(self) -> Option<Tray> {
        match self {
            Self::Review => Some(Tray::Review),
            Self::Leads => Some(Tray::Lead),
            Self::Ignored => Some(Tray::Ignored),
            Self::All => None,
        }
    }

    fn link(self, before: Option<MessageId>) -> String {
        let view = Self::ALL.iter().find(|(view, ..)| *view == self).map_or("", |(_, query, _)| query);
        match before {
            None => format!("{PATH}{view}"),
            Some(id) if view.is_empty() => format!("{PATH}?before={id}"),
            Some(id) => format!("{PATH}{view}&before={id}"),
        }
    }
}

/// A mail's outcome in words, and the word of its colour.
pub(super) fn words(message: &Message) -> (&'static str, &'static str) {
    match (message.tray, message.outcome) {
        (Tray::Confirmation, _) => ("To confirm", " busy"),
        (_, Outcome::Lead) => ("Lead", " good"),
        (_, Outcome::Review) => ("To look at", " busy"),
        (_, Outcome::Duplicate) => ("Known already", ""),
        (_, Outcome::Ignored) => ("Ignored", ""),
    }
}

/// The value of a field that was read.
pub(super) fn value(found: &Option<inbox::Found>) -> String {
    found.as_ref().map(|found| found.text.clone()).unwrap_or_default()
}

/// A mail in the list.
struct Row {
    id: MessageId,
    path: String,
    sender: String,
    subject: String,
    came: Time,
    reason: String,
    word: &'static str,
    tone: &'static str,
    is_waiting: bool,
    is_unverified: bool,
    lead: Option<String>,
    /// What a lead would be made of.
    name: String,
    email: String,
    phone: String,
    property: String,
    source: String,
    source_slug: String,
    notes: String,
}

impl Row {
    fn of(message: Message, times: &Times, site: &Site, names: &SourceNames) -> Self {
        let (word, tone) = words(&message);
        let Reading { name, email, phone, source, property_address, notes, .. } = &message.reading;
        let source = value(source);
        Self {
            id: message.id,
            path: inbox_message::path(message.id),
            came: times.show_near(message.came_at(), site.crm.clock().now()),
            word,
            tone,
            is_waiting: message.tray == Tray::Review,
            is_unverified: message.trust.as_ref().is_some_and(|trust| trust.standing == Standing::Unverified),
            lead: message.lead.map(lead::path),
            name: value(name),
            email: value(email),
            phone: value(phone),
            property: value(property_address),
            notes: value(notes),
            source: if source.is_empty() { String::new() } else { names.of(&source) },
            source_slug: source,
            sender: if message.sender.is_empty() { String::from("Somebody") } else { message.sender },
            subject: if message.subject.is_empty() { String::from("No subject") } else { message.subject },
            reason: message.reason,
        }
    }

    /// Whether a lead can be made at one tap: somebody has a name, and can be reached.
    fn has_person(&self) -> bool {
        !(self.name.is_empty() || self.email.is_empty() && self.phone.is_empty())
    }

    /// What was read, in a line.
    fn facts(&self) -> Vec<&str> {
        let facts = [&self.name, &self.email, &self.phone, &self.property, &self.source];
        facts.into_iter().map(String::as_str).filter(|fact| !fact.is_empty()).collect()
    }
}

/// A mail service that asks before it forwards.
struct Confirmation {
    id: MessageId,
    sender: String,
    came: Time,
    path: String,
    forwarding: Forwarding,
}

#[derive(Template)]
#[template(path = "dashboard/inbox.html")]
struct Inbox {
    shell: Shell,
    view: View,
    waiting: u32,
    address: Option<String>,
    /// Where programs post mails.
    url: String,
    confirmations: Vec<Confirmation>,
    rows: Vec<Row>,
    is_first: bool,
    first: String,
    next: Option<String>,
    outdated: usize,
    wrong: Wrong,
}

impl Inbox {
    async fn read(
        site: &Site,
        session: &Session,
        shell: Shell,
        (view, before): (View, Option<MessageId>),
    ) -> Result<Self, Refusal> {
        let (crm, agent) = (&site.crm, session.agent);
        let (times, now) = (Times::of(&session.time_zone), crm.clock().now());
        let names = SourceNames::read(crm, agent).await?;
        let place = inbox::Place { tray: view.tray(), before };
        let page = inbox::list(crm, agent, place, ROWS).await?;
        let confirmations = inbox::confirmations(crm, agent).await?.into_iter().map(|message| Confirmation {
            id: message.id,
            came: times.show_near(message.came_at(), now),
            path: inbox_message::path(message.id),
            sender: message.sender,
            forwarding: message.reading.forwarding.map(safe).unwrap_or_default(),
        });
        let token = inbox::token(crm, agent).await?;
        Ok(Self {
            shell,
            view,
            waiting: inbox::count_waiting(crm, agent, COUNTED).await?,
            address: crm.inbound_domain().map(|domain| format!("{token}@{domain}")),
            url: format!("{}/inbound/{token}", site.public_url),
            confirmations: confirmations.collect(),
            rows: page.messages.into_iter().map(|message| Row::of(message, &times, site, &names)).collect(),
            is_first: before.is_none(),
            first: view.link(None),
            next: page.next.map(|id| view.link(Some(id))),
            outdated: inbox::count_outdated(crm, agent).await?,
            wrong: Wrong::default(),
        })
    }

    fn views(&self) -> [(String, &'static str, bool); 4] {
        View::ALL.map(|(view, _, words)| (view.link(None), words, view == self.view))
    }

    fn is_counted(&self) -> bool {
        self.waiting < COUNTED
    }
}

/// A link to another site only by https: whoever wrote the mail wrote it.
fn safe(mut forwarding: Forwarding) -> Forwarding {
    forwarding.link = forwarding.link.filter(|link| link.starts_with("https://"));
    forwarding
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let before = match query.get("before").map(|id| id.parse::<MessageId>()) {
        Some(Err(_)) => return Ok(pages::not_found()),
        Some(Ok(id)) => Some(id),
        None => None,
    };
    let Some(view) = View::of(&query) else { return Ok(pages::not_found()) };
    let shell = Shell::new(&session, Place::Inbox).following(&site, &session).await?;
    let shell = said(shell, &query);
    Ok(ok(&Inbox::read(&site, &session, shell, (view, before)).await?))
}

/// Says what was done, with the way back.
pub(super) fn said(shell: Shell, query: &HashMap<String, String>) -> Shell {
    let done = query.get("done").map_or("", String::as_str);
    let id = query.get("undo").and_then(|id| id.parse::<MessageId>().ok());
    let undo = id.map(|id| Undo {
        action: format!("{}/undo", inbox_message::path(id)),
        name: "message",
        values: vec![id.to_string()],
        more: None,
    });
    let counted = |name: &str| query.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    match done {
        "mail-accepted" => shell.noting(String::from("A lead is made of it."), undo),
        "mail-put-aside" => shell.noting(String::from("It is put aside."), undo),
        "mails-uploaded" => shell.noting(
            inbox_files::told([counted("leads"), counted("review"), counted("ignored"), counted("known")]),
            None,
        ),
        "mails-read-again" => {
            let text = match counted("leads") {
                0 => String::from("They are read again. No new lead was found in them."),
                1 => String::from("They are read again: one became a lead."),
                count => format!("They are read again: {count} became leads."),
            };
            shell.noting(text, None)
        }
        done => shell.saying(Some(done)),
    }
}

/// The page, saying what was wrong with a file.
pub(super) async fn refused(site: &Site, session: &Session, wrong: Wrong) -> Result<Response, Refusal> {
    let shell = Shell::new(session, Place::Inbox);
    let mut inbox = Inbox::read(site, session, shell, (View::Review, None)).await?;
    inbox.wrong = wrong;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &inbox))
}

/// A new address; the one before takes nothing any more.
async fn renew(State(site): State<Site>, SignedIn(session): SignedIn, _: Fields) -> Result<Response, Refusal> {
    inbox::renew(&site.crm, session.agent).await?;
    Ok(see_other(&format!("{PATH}?done=inbox-renewed")))
}

async fn reread_all(State(site): State<Site>, SignedIn(session): SignedIn, _: Fields) -> Result<Response, Refusal> {
    let made = inbox::reread_outdated(&site.crm, session.agent).await?;
    Ok(see_other(&format!("{PATH}?done=mails-read-again&leads={made}")))
}

/// The agent has confirmed that mail be forwarded.
async fn confirmed(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<MessageId>,
    _: Fields,
) -> Result<Response, Refusal> {
    inbox::set_aside(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=mail-put-aside&undo={id}")))
}
