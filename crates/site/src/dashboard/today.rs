//! Today: what needs the agent now, most urgent first, each with its reason and what to do at one tap.

use std::{collections::HashMap, time::Duration};

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    appointments::{self, Span},
    clients,
    clock::UnixMillis,
    follow_ups,
    ids::LeadId,
    inbox, leads,
    notes::About,
    pages::{Filter, Page, Sort, Start},
    sessions::Session,
    showings::{self, ShowingStatus},
    webhooks::{self, DisabledBy},
};

use super::{
    client, lead,
    leads::{dialled, words},
    listing,
    picture::Picture,
    shell::{Place, Shell, Undo},
    showing,
    timeline::SourceNames,
};
use crate::{
    Site,
    id_in_path::Id,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard";
/// Of each kind, so many are shown.
const SHOWN: u32 = 12;
/// After so long without a word a client is quiet.
const QUIET: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A lead that is older than this is answered no sooner for being rung up this minute.
const HOT: Duration = Duration::from_secs(24 * 60 * 60);

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).route("/dashboard/today/leads/{id}/contacted", post(contacted))
}

/// Something to do.
struct Task {
    icon: &'static str,
    name: String,
    link: String,
    /// Why it is here.
    reason: String,
    /// Since when it waits.
    waits: Time,
    is_hot: bool,
    about: Option<String>,
    dialled: Option<String>,
    email: Option<String>,
    /// Where a done lead is posted.
    done: Option<String>,
    /// Where a follow-up is posted: done, or later.
    follow_up: Option<String>,
    showing: Option<Asked>,
}

/// A showing to be answered.
struct Asked {
    action: String,
    times: Vec<(String, Time)>,
}

/// Something that takes place today.
struct Appointment {
    at: UnixMillis,
    link: String,
    clock: String,
    exact: String,
    title: String,
    about: String,
    is_over: bool,
}

/// A step of the way from lead to client.
struct Bar {
    words: &'static str,
    status: &'static str,
    count: u64,
    /// Of the largest, in hundredths.
    share: u64,
}

#[derive(Template)]
#[template(path = "dashboard/today.html")]
struct Today {
    shell: Shell,
    day: String,
    tasks: Vec<Task>,
    /// What stands in the calendar today.
    appointments: Vec<Appointment>,
    more_new: u64,
    bars: Vec<Bar>,
    all_leads: u64,
    picture: Option<Picture>,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Today).following(&site, &session).await?;
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let names = SourceNames::read(&site.crm, session.agent).await?;
    let (hot, cool, more_new) = new_leads(&site, &session, &times, now, &names).await?;
    let mut tasks = hot;
    tasks.extend(mails(&site, &session, &times, now).await?);
    tasks.extend(ailing_webhooks(&site, &session, &times, now).await?);
    tasks.extend(asked_showings(&site, &session, &times, now).await?);
    tasks.extend(followed_up(&site, &session, &times).await?);
    tasks.extend(cool);
    tasks.extend(quiet_clients(&site, &session, &times, now).await?);
    let counts = leads::counts(&site.crm, session.agent).await?;
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let bars = counts.iter().filter(|(_, count)| *count > 0).map(|(status, count)| Bar {
        words: words(status),
        status,
        count: *count,
        share: count * 100 / most,
    });
    let all_leads = counts.iter().map(|(_, count)| count).sum();
    let won = counts.iter().find(|(status, _)| *status == "client").map_or(0, |(_, count)| *count);
    let picture = match all_leads {
        0 => None,
        _ => Some(Picture::read(&site, &session, all_leads, won).await?),
    };
    Ok(ok(&Today {
        shell: said(shell, &query),
        day: times.day(now),
        tasks,
        appointments: appointments_of_today(&site, &session, &times, now).await?,
        more_new,
        bars: bars.collect(),
        all_leads,
        picture,
    }))
}

/// Leads that nobody has answered: those of the last day, the newest first, then the others; and how many more there are.
async fn new_leads(
    site: &Site,
    session: &Session,
    times: &Times,
    now: UnixMillis,
    names: &SourceNames,
) -> Result<(Vec<Task>, Vec<Task>, u64), Refusal> {
    let filter = Filter { status: Some(String::from("new")), ..Filter::default() };
    let page = Page { sort: Sort::NewestFirst, start: Start::Offset(0), limit: SHOWN, counted: 0 };
    let listed = leads::list(&site.crm, session.agent, filter, page).await?;
    let more = listed.total.count.saturating_sub(listed.items.len() as u64);
    // Those put off stand here again when their time has come, as follow-ups.
    let put_off =
        follow_ups::among(&site.crm, session.agent, listed.items.iter().map(|lead| lead.id).collect()).await?;
    let tasks = listed.items.into_iter().filter(|lead| !put_off.contains(&lead.id)).map(|lead| {
        let is_hot = lead.created_at > now.minus(HOT);
        Task {
            icon: "inbox",
            link: lead::path(lead.id),
            reason: format!("New from {}, not answered yet", names.of(&lead.source)),
            waits: times.show_near(lead.created_at, now),
            is_hot,
            about: lead.property_address.or(lead.notes),
            dialled: lead.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            email: lead.email,
            done: Some(format!("/dashboard/today/leads/{}/contacted", lead.id)),
            follow_up: Some(format!("{}/follow-up", lead::path(lead.id))),
            showing: None,
            name: lead.name,
        }
    });
    let (hot, cool) = tasks.partition(|task| task.is_hot);
    Ok((hot, cool, more))
}

/// People to follow up on, the longest waiting first.
async fn followed_up(site: &Site, session: &Session, times: &Times) -> Result<Vec<Task>, Refusal> {
    let due = follow_ups::due(&site.crm, session.agent, SHOWN).await?;
    let tasks = due.into_iter().map(|due| {
        let link = match due.about {
            About::Lead(id) => lead::path(id),
            About::Client(id) => client::path(id),
        };
        Task {
            icon: "clock",
            reason: String::from("You wanted to follow up"),
            waits: times.show_weekday(due.at),
            is_hot: false,
            about: due.notes,
            dialled: due.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            email: due.email,
            done: None,
            follow_up: Some(format!("{link}/follow-up")),
            showing: None,
            name: due.name,
            link,
        }
    });
    Ok(tasks.collect())
}

/// Webhooks that fail, or that were disabled for failing: programs of the agent's wait for them.
async fn ailing_webhooks(site: &Site, session: &Session, times: &Times, now: UnixMillis) -> Result<Vec<Task>, Refusal> {
    let ailing = webhooks::list_ailing(&site.crm, session.agent).await?;
    let tasks = ailing.into_iter().map(|(webhook, health)| {
        let reason = match health.disabled_by {
            None => "This webhook fails; it is tried again and again, and disabled after five days",
            Some(DisabledBy::Gone) => "This webhook is disabled: its receiver wants no more. Events are held",
            Some(_) => "This webhook is disabled: nothing had arrived for five days. Events are held",
        };
        let since = health.failing_since.or(health.disabled_at).unwrap_or(now);
        let line = super::webhooks::Line::of(&webhook);
        Task {
            icon: "webhook",
            name: line.name,
            link: super::webhooks::path(webhook.id),
            reason: reason.to_owned(),
            waits: times.show_near(since, now),
            is_hot: true,
            about: health.last_error,
            dialled: None,
            email: None,
            done: None,
            follow_up: None,
            showing: None,
        }
    });
    Ok(tasks.collect())
}

/// Mails that wait for a look, and one that asks to confirm a forwarding.
async fn mails(site: &Site, session: &Session, times: &Times, now: UnixMillis) -> Result<Vec<Task>, Refusal> {
    let (crm, agent) = (&site.crm, session.agent);
    let task = |name: String, reason: &str, since: UnixMillis, about: String| Task {
        icon: "mail",
        name,
        link: super::inbox::PATH.to_owned(),
        reason: reason.to_owned(),
        waits: times.show_near(since, now),
        is_hot: false,
        about: Some(about),
        dialled: None,
        email: None,
        done: None,
        follow_up: None,
        showing: None,
    };
    let mut tasks = Vec::new();
    if let Some(asks) = inbox::confirmations(crm, agent).await?.first() {
        let reason = "Until you confirm it, no mail is forwarded to you here";
        tasks.push(task(String::from("Confirm the forwarding"), reason, asks.came_at(), asks.subject.clone()));
    }
    let place = inbox::Place { tray: Some(inbox::Tray::Review), before: None };
    if let Some(newest) = inbox::list(crm, agent, place, 1).await?.messages.first() {
        let name = match inbox::count_waiting(crm, agent, SHOWN + 1).await? {
            1 => String::from("A mail to look at"),
            count @ ..=SHOWN => format!("{count} mails to look at"),
            _ => format!("More than {SHOWN} mails to look at"),
        };
        tasks.push(task(name, "It may be a lead", newest.came_at(), newest.subject.clone()));
    }
    Ok(tasks)
}

/// Showings that wait for an answer, the longest waiting first.
async fn asked_showings(site: &Site, session: &Session, times: &Times, now: UnixMillis) -> Result<Vec<Task>, Refusal> {
    let filter = Filter { status: Some(String::from("requested")), ..Filter::default() };
    let page = Page { sort: Sort::OldestFirst, start: Start::Offset(0), limit: SHOWN, counted: 0 };
    let listed = showings::list(&site.crm, session.agent, filter, page).await?;
    let tasks = listed.items.into_iter().map(|showing| Task {
        icon: "calendar",
        link: showing::path(showing.id),
        reason: format!("Asks to see {}", showing.address),
        waits: times.show_near(showing.created_at, now),
        is_hot: false,
        about: showing.notes,
        dialled: showing.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
        email: Some(showing.email),
        done: None,
        follow_up: None,
        showing: Some(Asked {
            action: showing::path(showing.id),
            times: showing
                .requested_times
                .iter()
                .filter(|at| **at > now)
                .map(|at| (at.to_rfc3339(), times.show_weekday(*at)))
                .collect(),
        }),
        name: showing.name,
    });
    Ok(tasks.collect())
}

/// What takes place today: confirmed showings and open houses, the earliest first.
async fn appointments_of_today(
    site: &Site,
    session: &Session,
    times: &Times,
    now: UnixMillis,
) -> Result<Vec<Appointment>, Refusal> {
    let today = times.date_of(now);
    let (Some(from), Some(until)) =
        (times.begins(today), today.tomorrow().ok().and_then(|tomorrow| times.begins(tomorrow)))
    else {
        return Ok(Vec::new());
    };
    let Span { showings, openings, .. } = appointments::between(&site.crm, session.agent, from, until).await?;
    let showings = showings.into_iter().filter(|showing| showing.status == ShowingStatus::Confirmed);
    let mut all = Vec::new();
    for showing in showings {
        let Some(at) = showing.confirmed_time else { continue };
        all.push(Appointment {
            at,
            link: showing::path(showing.id),
            clock: times.clock(at),
            exact: at.to_rfc3339(),
            title: showing.address,
            about: format!("Showing with {}", showing.name),
            is_over: at <= now,
        });
    }
    all.extend(openings.into_iter().map(|open| Appointment {
        at: open.starts_at,
        link: format!("{}#open", listing::path(open.listing)),
        clock: times.clock(open.starts_at),
        exact: open.starts_at.to_rfc3339(),
        title: open.address,
        about: format!("Open house until {}", times.clock(open.ends_at)),
        is_over: open.ends_at <= now,
    }));
    all.sort_by_key(|appointment| appointment.at);
    Ok(all)
}

/// Clients on their way who have not heard anything for a while.
async fn quiet_clients(site: &Site, session: &Session, times: &Times, now: UnixMillis) -> Result<Vec<Task>, Refusal> {
    let quiet = clients::quiet(&site.crm, session.agent, now.minus(QUIET), SHOWN as usize).await?;
    let tasks = quiet.into_iter().map(|client| Task {
        icon: "clock",
        link: client::path(client.id),
        reason: format!("Quiet for more than two weeks, at {}", client.buying_stage),
        waits: times.show_near(client.updated_at, now),
        is_hot: false,
        about: client.notes,
        dialled: client.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
        email: Some(client.email),
        done: None,
        follow_up: None,
        showing: None,
        name: client.name,
    });
    Ok(tasks.collect())
}

/// Says what was done, with the way back where there is one.
fn said(shell: Shell, query: &HashMap<String, String>) -> Shell {
    let done = query.get("done").map(String::as_str);
    match (done, query.get("undo")) {
        (Some("contacted"), Some(was)) => {
            let undo = Undo {
                action: String::from("/dashboard/leads/status"),
                name: "was",
                values: vec![was.clone()],
                more: None,
            };
            shell.noting(String::from("Contacted: it is off the list."), Some(undo))
        }
        (done, undo) => shell.saying_follow_up(done, undo),
    }
}

/// A lead is answered.
async fn contacted(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
) -> Result<Response, Refusal> {
    let before = leads::set_status(&site.crm, session.agent, vec![(id, "contacted")]).await?;
    let undo = before.first().map(|(id, status)| format!("&undo={id}.{status}")).unwrap_or_default();
    Ok(see_other(&format!("{PATH}?done=contacted{undo}")))
}
