//! Leads: the list, with search, filters and changes of many at once.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    AgentId, Error,
    clock::UnixMillis,
    fold::fold,
    ids::{LeadId, ViewId},
    inquiries::{self, Inquiry, Standing},
    leads::{self, Lead, STATUSES},
    notes::About,
    saved_views::{self, SavedView},
    sources, tags,
};

use super::{
    lead,
    lists::{self, Asked, Bar, Choice},
    shell::{Place, Shell, Undo},
};
use crate::{
    Site,
    fields::Fields,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/leads";
/// The most leads that are changed in one go: as many as a page shows.
const TOGETHER: usize = 100;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/leads/change", post(change))
        .route("/dashboard/leads/status", post(set_back))
        .route("/dashboard/leads/restore", post(restore))
        .route("/dashboard/leads/untag", post(untag))
        .merge(lead::routes())
}

/// A status in words.
pub(super) fn words(status: &str) -> &'static str {
    match status {
        "new" => "New",
        "attempted" => "Attempted",
        "contacted" => "Contacted",
        "appointment" => "Appointment",
        "qualified" => "Qualified",
        "nurture" => "Nurture",
        "client" => "Client",
        "archived" => "Archived",
        "junk" => "Junk",
        _ => "Do not contact",
    }
}

/// The colour of a status.
pub(super) fn tone(status: &str) -> &'static str {
    match status {
        "new" => "busy",
        "client" | "qualified" | "appointment" => "good",
        "junk" | "do_not_contact" => "bad",
        _ => "quiet",
    }
}

/// Every status with its words, for menus.
pub(super) fn statuses() -> Vec<(&'static str, &'static str)> {
    STATUSES.iter().map(|status| (*status, words(status))).collect()
}

/// A number to dial, of what was typed as one.
pub(super) fn dialled(phone: &str) -> String {
    let plus = if phone.trim_start().starts_with('+') { "+" } else { "" };
    let digits = phone.chars().take_while(|letter| !letter.is_alphabetic()).filter(char::is_ascii_digit);
    format!("{plus}{}", digits.collect::<String>())
}

/// A lead as the list shows it.
struct Row {
    id: LeadId,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    dialled: Option<String>,
    about: Option<String>,
    source: String,
    status: &'static str,
    tone: &'static str,
    came: Time,
    is_again: bool,
    is_doubtful: bool,
    tags: Vec<String>,
}

impl Row {
    fn of(lead: Lead, times: &Times, now: UnixMillis, names: &HashMap<String, String>) -> Self {
        let source = names.get(&fold(&lead.source)).cloned().unwrap_or(lead.source);
        Self {
            id: lead.id,
            name: lead.name,
            email: lead.email,
            dialled: lead.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            phone: lead.phone,
            about: lead.property_address,
            source,
            status: words(&lead.status),
            tone: tone(&lead.status),
            came: times.show_near(lead.created_at, now),
            is_again: !lead.same_person_as.is_empty(),
            is_doubtful: false,
            tags: Vec::new(),
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/leads.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    total: String,
    asked: Asked,
    bar: Bar,
    statuses: Vec<(&'static str, &'static str)>,
    here: String,
    newest: Option<String>,
    older: Option<String>,
    sheet: String,
    tags: Vec<String>,
    views: Vec<View>,
    /// What stands in the address, for a new view.
    query: String,
    /// Messages from the website that nobody has looked at and that may be spam.
    waiting: usize,
}

/// A saved view, as a link above the list.
struct View {
    id: ViewId,
    name: String,
    link: String,
    is_here: bool,
}

impl View {
    fn of(view: SavedView, here: &str) -> Self {
        let link = if view.query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", view.query) };
        Self { id: view.id, name: view.name, is_here: link == here, link }
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let asked = Asked::read(&lists::LEADS, &query);
    let shell = said(Shell::new(&session, Place::Leads).following(&site, &session).await?, &query);
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let listed = leads::list(&site.crm, session.agent, asked.filter(&times), asked.page()).await?;
    let people = listed.items.iter().map(|lead| lead.id.0).collect();
    let doubtful = inquiries::of(&site.crm, session.agent, listed.items.iter().map(|lead| lead.id).collect()).await?;
    let is_doubtful = |inquiry: &Inquiry| inquiry.standing == Standing::Doubtful;
    let doubtful = doubtful.into_iter().filter(is_doubtful).map(|inquiry| inquiry.lead).collect::<HashSet<_>>();
    let waiting = inquiries::count_doubtful(&site.crm, session.agent).await?;
    let mut tagged = tags::of_many(&site.crm, session.agent, people).await?;
    let views = saved_views::list(&site.crm, session.agent).await?;
    let here = asked.link(None);
    let sources = sources::list(&site.crm, session.agent).await?;
    let names = sources.iter().map(|source| (source.id.clone(), source.name.clone())).collect();
    let tags = tags::of_leads(&site.crm, session.agent).await?;
    let choices = vec![
        Choice::new(
            "status",
            "Status",
            statuses().into_iter().map(|(name, words)| (name.to_owned(), words.to_owned())).collect(),
        ),
        Choice::new("source", "Source", sources.into_iter().map(|source| (source.id, source.name)).collect()),
    ];
    Ok(ok(&List {
        shell,
        rows: listed
            .items
            .into_iter()
            .map(|lead| {
                let tags = tagged.remove(&lead.id.0).unwrap_or_default();
                let is_doubtful = doubtful.contains(&lead.id);
                Row { tags, is_doubtful, ..Row::of(lead, &times, now, &names) }
            })
            .collect(),
        bar: asked.bar(choices, &tags),
        tags,
        waiting,
        query: here.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
        views: views.into_iter().map(|view| View::of(view, &here)).collect(),
        total: lists::count(listed.total),
        statuses: statuses(),
        here: asked.here(),
        newest: asked.newest(),
        older: asked.older(listed.next),
        sheet: asked.link_to("/dashboard/leads/export", None),
        asked,
    }))
}

/// Says what was done to which leads, with a way back.
fn said(shell: Shell, query: &HashMap<String, String>) -> Shell {
    let done = query.get("done").map(String::as_str);
    let undo = query.get("undo").map(|undo| undo.split(',').map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default();
    let count = match undo.len() {
        1 => String::from("1 lead is"),
        count => format!("{count} leads are"),
    };
    match done {
        Some("moved") if !undo.is_empty() => {
            let undo = Undo { action: String::from("/dashboard/leads/status"), name: "was", values: undo, more: None };
            shell.noting(format!("{count} changed."), Some(undo))
        }
        Some("tagged") if !undo.is_empty() => {
            let undo = Undo { action: String::from("/dashboard/leads/untag"), name: "was", values: undo, more: None };
            shell.noting(format!("{count} tagged."), Some(undo))
        }
        Some("tagged") => shell.noting(String::from("All of them had that tag, or have twenty already."), None),
        Some("deleted") if !undo.is_empty() => {
            let undo =
                Undo { action: String::from("/dashboard/leads/restore"), name: "lead", values: undo, more: None };
            shell.noting(format!("{count} deleted. For 30 days it can be taken back."), Some(undo))
        }
        done => shell.saying(done),
    }
}

/// Back to a list, with more in its address.
fn back(fields: &Fields, done: &str, undo: &[String]) -> Response {
    let here = Some(fields.get("here")).filter(|here| here.starts_with(PATH)).unwrap_or(PATH);
    let mut more = form_urlencoded::Serializer::new(String::new());
    more.append_pair("done", done);
    if !undo.is_empty() {
        more.append_pair("undo", &undo.join(","));
    }
    let joint = if here.contains('?') { '&' } else { '?' };
    see_other(&format!("{here}{joint}{}", more.finish()))
}

/// Changes the ticked leads: a status, or deleted.
async fn change(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let ids = fields.all("lead").filter_map(|id| id.parse::<LeadId>().ok()).take(TOGETHER).collect::<Vec<_>>();
    let to = fields.get("to");
    if ids.is_empty() {
        return Ok(back(&fields, "none-chosen", &[]));
    }
    if to == "delete" {
        let deleted = delete_all(&site, session.agent, &ids).await?;
        return Ok(back(&fields, "deleted", &deleted));
    }
    // Whoever presses Enter in the field of the tag means the tag, whichever button stands first.
    if fields.get("do") == "tag" || !fields.get("tag").trim().is_empty() {
        let tag = tags::parse(fields.get("tag"))?;
        let tagged = tags::add(&site.crm, session.agent, ids.into_iter().map(About::Lead).collect(), &tag).await?;
        let undo = tagged.iter().filter_map(|about| match about {
            About::Lead(id) => Some(format!("{id}.{tag}")),
            About::Client(_) => None,
        });
        return Ok(back(&fields, "tagged", &undo.collect::<Vec<_>>()));
    }
    let Some(status) = STATUSES.iter().find(|status| **status == to) else {
        return Err(Error::invalid("to", "must be a status").into());
    };
    let before = leads::set_status(&site.crm, session.agent, ids.iter().map(|id| (*id, *status)).collect()).await?;
    let undo = before.iter().map(|(id, status)| format!("{id}.{status}")).collect::<Vec<_>>();
    Ok(back(&fields, "moved", &undo))
}

/// Deletes leads; those that were there.
pub(super) async fn delete_all(site: &Site, agent: AgentId, ids: &[LeadId]) -> Result<Vec<String>, Error> {
    let mut deleted = Vec::new();
    for id in ids {
        match leads::delete(&site.crm, agent, *id, |_| true).await {
            Ok(()) => deleted.push(id.to_string()),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(deleted)
}

/// Takes a change of statuses back: `was` names a lead and the status that it had.
async fn set_back(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let was = fields.all("was").filter_map(|was| {
        let (id, status) = was.split_once('.')?;
        let status = STATUSES.iter().find(|known| **known == status)?;
        Some((id.parse::<LeadId>().ok()?, *status))
    });
    leads::set_status(&site.crm, session.agent, was.take(TOGETHER).collect()).await?;
    Ok(back(&fields, "undone", &[]))
}

/// Takes tags back off: `was` names a lead and its new tag.
async fn untag(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    for was in fields.all("was").take(TOGETHER) {
        let Some((id, tag)) = was.split_once('.') else { continue };
        let Ok(id) = id.parse::<LeadId>() else { continue };
        tags::remove(&site.crm, session.agent, vec![About::Lead(id)], tag).await?;
    }
    Ok(back(&fields, "undone", &[]))
}

/// Brings deleted leads back.
async fn restore(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    for id in fields.all("lead").filter_map(|id| id.parse::<LeadId>().ok()).take(TOGETHER) {
        match leads::restore(&site.crm, session.agent, id).await {
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(back(&fields, "undone", &[]))
}

#[cfg(test)]
mod tests {
    use super::dialled;

    #[test]
    fn a_number_is_dialled_without_what_stands_around_it() {
        assert_eq!(dialled("(555) 123-4567"), "5551234567");
        assert_eq!(dialled("+1 555 123 4567 ext. 9"), "+15551234567");
        assert_eq!(dialled("ask for Jane"), "");
    }
}
