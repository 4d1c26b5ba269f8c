//! Showings: the list, by what is to be done about them and by when they take place.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    appointments::{self, After, Side},
    pages::{Cursor, Filter, Page, Sort, Start},
    sessions::Session,
    showings::{self, Showing, ShowingStatus},
};

use super::{
    shell::{Place, Shell},
    showing,
};
use crate::{
    Site,
    pages::{Refusal, ok},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/showings";
/// Showings of a page.
const ROWS: u32 = 30;
/// Requests above those to come.
const FIRST: u32 = 10;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).merge(showing::routes())
}

/// How far a showing is, in words.
pub(super) fn words(status: ShowingStatus) -> &'static str {
    match status {
        ShowingStatus::Requested => "Waits for you",
        ShowingStatus::Confirmed => "Confirmed",
        ShowingStatus::Declined => "Declined",
        ShowingStatus::Cancelled => "Cancelled",
        ShowingStatus::Completed => "Took place",
    }
}

/// How that looks.
pub(super) fn tone(status: ShowingStatus) -> &'static str {
    match status {
        ShowingStatus::Requested => " busy",
        ShowingStatus::Confirmed => " good",
        _ => "",
    }
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Upcoming,
    Waiting,
    Past,
    All,
}

impl View {
    const NAMES: [(&'static str, Self, &'static str); 4] = [
        ("", Self::Upcoming, "Upcoming"),
        ("waiting", Self::Waiting, "Waiting for you"),
        ("past", Self::Past, "Past"),
        ("all", Self::All, "All"),
    ];
}

/// A showing in a list.
pub(super) struct Row {
    pub path: String,
    pub address: String,
    pub name: String,
    /// When it takes place.
    pub at: Option<Time>,
    /// The times that are asked for, while it waits.
    pub asked: Vec<Time>,
    /// Since when it waits.
    pub since: Time,
    pub notes: Option<String>,
    pub status: &'static str,
    pub tone: &'static str,
    pub is_waiting: bool,
}

impl Row {
    /// A showing as a list tells it.
    pub fn of(showing: Showing, times: &Times, now: crm::clock::UnixMillis) -> Self {
        let is_waiting = showing.status == ShowingStatus::Requested;
        let asked = if is_waiting { showing.requested_times } else { Vec::new() };
        Self {
            path: showing::path(showing.id),
            address: showing.address,
            name: showing.name,
            at: showing.confirmed_time.map(|at| times.show_day(at, now)),
            // A time that is over can be confirmed no more.
            asked: asked.into_iter().filter(|at| *at > now).map(|at| times.show_weekday(at)).collect(),
            since: times.show_near(showing.created_at, now),
            notes: showing.notes.filter(|_| is_waiting),
            status: words(showing.status),
            tone: tone(showing.status),
            is_waiting,
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/showings.html")]
struct List {
    shell: Shell,
    view: View,
    /// How many requests wait.
    count: u64,
    /// Those that wait, above those to come.
    waiting: Vec<Row>,
    rows: Vec<Row>,
    q: String,
    status: String,
    here: String,
    first: Option<String>,
    next: Option<String>,
}

impl List {
    fn views(&self) -> Vec<(String, &'static str, bool)> {
        let link = |name: &str| if name.is_empty() { PATH.to_owned() } else { format!("{PATH}?view={name}") };
        View::NAMES.iter().map(|(name, view, words)| (link(name), *words, *view == self.view)).collect()
    }

    fn statuses(&self) -> Vec<(&'static str, &'static str, bool)> {
        ShowingStatus::WORDS.iter().map(|(name, status)| (*name, words(*status), self.status == *name)).collect()
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let get = |name: &str| query.get(name).map(|value| value.trim()).unwrap_or_default();
    let shell = Shell::new(&session, Place::Showings).following(&site, &session).await?;
    let q = get("q").chars().take(200).collect::<String>();
    let status = ShowingStatus::WORDS.iter().find(|(name, _)| *name == get("status"));
    // Whoever searches, searches all of them.
    let is_narrowed = !q.is_empty() || status.is_some();
    let (name, view, _) = match is_narrowed {
        true => View::NAMES[3],
        false => View::NAMES.into_iter().find(|(name, ..)| *name == get("view")).unwrap_or(View::NAMES[0]),
    };
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let after = get("after");
    let (found, next) = read(&site, &session, view, &q, status.map(|(name, status)| (*name, *status)), after).await?;
    let count = appointments::waiting(&site.crm, session.agent).await?;
    let waiting = match (view, after) {
        (View::Upcoming, "") if count > 0 => waiting(&site, &session, Start::Offset(0), FIRST).await?.0,
        _ => Vec::new(),
    };
    let link = |after: &str| {
        let mut link = form_urlencoded::Serializer::new(String::new());
        let given = [("view", if is_narrowed { "" } else { name }), ("q", &q)];
        for (name, value) in
            given.into_iter().chain([("status", status.map_or("", |(name, _)| name)), ("after", after)])
        {
            if !value.is_empty() {
                link.append_pair(name, value);
            }
        }
        let link = link.finish();
        if link.is_empty() { PATH.to_owned() } else { format!("{PATH}?{link}") }
    };
    let row = |showing| Row::of(showing, &times, now);
    Ok(ok(&List {
        shell: shell.saying(query.get("done").map(String::as_str)),
        view,
        count,
        waiting: waiting.into_iter().map(row).collect(),
        rows: found.into_iter().map(row).collect(),
        status: status.map_or("", |(name, _)| name).to_owned(),
        here: link(after),
        first: (!after.is_empty()).then(|| link("")),
        next: next.map(|next| link(&next)),
        q,
    }))
}

/// A page of a view, and where the next begins.
async fn read(
    site: &Site,
    session: &Session,
    view: View,
    q: &str,
    status: Option<(&str, ShowingStatus)>,
    after: &str,
) -> Result<(Vec<Showing>, Option<String>), Refusal> {
    let (crm, agent) = (&site.crm, session.agent);
    if !q.is_empty() {
        let mut found = appointments::find(crm, agent, q).await?;
        found.retain(|showing| status.is_none_or(|(_, status)| showing.status == status));
        return Ok((found, None));
    }
    let side = match view {
        View::Upcoming => Side::Upcoming,
        View::Past => Side::Past,
        View::Waiting => {
            let start = Cursor::parse(after, Sort::OldestFirst).map_or(Start::Offset(0), Start::After);
            return waiting(site, session, start, ROWS).await;
        }
        View::All => {
            let sort = Sort::NewestFirst;
            let start = Cursor::parse(after, sort).map_or(Start::Offset(0), Start::After);
            let filter = Filter { status: status.map(|(name, _)| name.to_owned()), ..Filter::default() };
            let listed = showings::list(crm, agent, filter, Page { sort, start, limit: ROWS, counted: 0 }).await?;
            return Ok((listed.items, listed.next.map(|next| next.to_string())));
        }
    };
    let (showings, next) = appointments::list(crm, agent, side, after.parse::<After>().ok(), ROWS).await?;
    Ok((showings, next.map(|next| next.to_string())))
}

/// Requests that wait, the longest waiting first.
async fn waiting(
    site: &Site,
    session: &Session,
    start: Start,
    limit: u32,
) -> Result<(Vec<Showing>, Option<String>), Refusal> {
    let filter = Filter { status: Some(ShowingStatus::Requested.name().to_owned()), ..Filter::default() };
    let page = Page { sort: Sort::OldestFirst, start, limit, counted: 0 };
    let listed = showings::list(&site.crm, session.agent, filter, page).await?;
    Ok((listed.items, listed.next.map(|next| next.to_string())))
}
