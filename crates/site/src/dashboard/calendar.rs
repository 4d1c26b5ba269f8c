//! The calendar: a day, a week or a month of showings, requests and open houses, in the agent's time zone.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    appointments::{self, Span},
    blocked_times::{self, BlockedTime},
    clock::UnixMillis,
    showings::ShowingStatus,
};
use jiff::{ToSpan, civil::Date};

use super::{
    availability, listing,
    shell::{Place, Shell},
    showing, showings,
};
use crate::{
    Site,
    pages::{Refusal, ok},
    signed_in::SignedIn,
    times::Times,
};

pub(super) const PATH: &str = "/dashboard/showings/calendar";
/// Entries of a day in a month; the others are on the day's own page.
const IN_A_MONTH: usize = 4;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show))
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Day,
    Week,
    Month,
}

impl View {
    const NAMES: [(&'static str, Self, &'static str); 3] =
        [("day", Self::Day, "Day"), ("week", Self::Week, "Week"), ("month", Self::Month, "Month")];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, view, _)| *view == self).map_or("week", |(name, ..)| name)
    }

    /// The first day shown, and how many days there are. A month has whole weeks.
    fn days(self, on: Date) -> Option<(Date, usize)> {
        let monday = |date: Date| date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok();
        match self {
            Self::Day => Some((on, 1)),
            Self::Week => Some((monday(on)?, 7)),
            Self::Month => {
                let (first, last) = (monday(on.first_of_month())?, on.last_of_month());
                let days = (last - first).get_days();
                Some((first, usize::try_from(days).ok()? / 7 * 7 + 7))
            }
        }
    }

    /// The same view, so many steps on.
    fn moved(self, on: Date, steps: i64) -> Option<Date> {
        match self {
            Self::Day => on.checked_add(steps.days()),
            Self::Week => on.checked_add(steps.weeks()),
            Self::Month => on.first_of_month().checked_add(steps.months()),
        }
        .ok()
    }

    fn title(self, on: Date, first: Date, days: usize) -> String {
        let last = first.checked_add((days as i64 - 1).days()).unwrap_or(first);
        match self {
            Self::Day => on.strftime("%A, %-d %B %Y").to_string(),
            Self::Month => on.strftime("%B %Y").to_string(),
            Self::Week if (first.year(), first.month()) == (last.year(), last.month()) => {
                format!("{} to {}", first.day(), last.strftime("%-d %B %Y"))
            }
            Self::Week if first.year() == last.year() => {
                format!("{} to {}", first.strftime("%-d %b"), last.strftime("%-d %b %Y"))
            }
            Self::Week => format!("{} to {}", first.strftime("%-d %b %Y"), last.strftime("%-d %b %Y")),
        }
    }
}

fn link(view: View, on: Date) -> String {
    format!("{PATH}?view={}&on={on}", view.name())
}

/// Something in the calendar.
struct Entry {
    at: UnixMillis,
    key: String,
    link: String,
    clock: String,
    exact: String,
    title: String,
    /// With whom, or until when.
    about: String,
    /// What it is, in words and as it looks.
    words: &'static str,
    tone: &'static str,
}

/// A day with what stands in it.
struct Day {
    /// `Mon 30 Nov`.
    words: String,
    /// The number, as a month shows it.
    number: i8,
    exact: String,
    link: String,
    is_today: bool,
    is_beside: bool,
    entries: Vec<Entry>,
    more: usize,
}

#[derive(Template)]
#[template(path = "dashboard/calendar.html")]
struct Calendar {
    shell: Shell,
    view: View,
    on: Date,
    title: String,
    zone: String,
    /// By weeks, where there are weeks.
    weeks: Vec<Vec<Day>>,
    is_empty: bool,
    previous: Option<String>,
    next: Option<String>,
    today: String,
}

impl Calendar {
    fn views(&self) -> Vec<(String, &'static str, bool)> {
        View::NAMES.iter().map(|(_, view, words)| (link(*view, self.on), *words, *view == self.view)).collect()
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Showings).following(&site, &session).await?;
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let today = times.date_of(now);
    let view = View::NAMES.into_iter().find(|(name, ..)| *name == get("view")).map_or(View::Week, |(_, view, _)| view);
    // Far enough from the ends of the calendar for any step.
    let asked = get("on").parse::<Date>().ok().filter(|date| (1970..=9000).contains(&date.year()));
    let on = asked.unwrap_or(today);
    let (first, count) = view.days(on).unwrap_or((on, 1));
    let dates = (0..count).filter_map(|day| first.checked_add((day as i64).days()).ok()).collect::<Vec<_>>();
    let from = times.begins(first).unwrap_or(now);
    let until = first.checked_add((count as i64).days()).ok().and_then(|date| times.begins(date)).unwrap_or(from);
    let span = appointments::between(&site.crm, session.agent, from, until).await?;
    let blocked = blocked_times::list(&site.crm, session.agent).await?;
    let mut by_day = HashMap::<Date, Vec<Entry>>::new();
    for date in &dates {
        let entries = blocked.iter().filter_map(|blocked| blocked_on(blocked, *date, &times)).collect::<Vec<_>>();
        if !entries.is_empty() {
            by_day.insert(*date, entries);
        }
    }
    for entry in entries(span, &times, from, until) {
        by_day.entry(times.date_of(entry.at)).or_default().push(entry);
    }
    by_day
        .values_mut()
        .for_each(|entries| entries.sort_by(|one, other| (one.at, &one.key).cmp(&(other.at, &other.key))));
    let is_empty = by_day.is_empty();
    let days = dates.into_iter().map(|date| {
        let mut entries = by_day.remove(&date).unwrap_or_default();
        let shown = if view == View::Month { IN_A_MONTH } else { entries.len() };
        let more = entries.len().saturating_sub(shown);
        entries.truncate(shown);
        Day {
            words: date.strftime("%a %-d %b").to_string(),
            number: date.day(),
            exact: date.to_string(),
            link: link(View::Day, date),
            is_today: date == today,
            is_beside: view == View::Month && date.month() != on.month(),
            entries,
            more,
        }
    });
    let mut weeks = Vec::new();
    for day in days {
        match weeks.last_mut() {
            Some(week) if Vec::len(week) < 7 => week.push(day),
            _ => weeks.push(vec![day]),
        }
    }
    Ok(ok(&Calendar {
        shell: shell.saying(query.get("done").map(String::as_str)),
        view,
        on,
        title: view.title(on, first, count),
        zone: session.time_zone.replace('_', " "),
        weeks,
        is_empty,
        previous: view.moved(on, -1).map(|on| link(view, on)),
        next: view.moved(on, 1).map(|on| link(view, on)),
        today: link(view, today),
    }))
}

/// What stands in a span, in no order. A request stands at each of its times.
fn entries(span: Span, times: &Times, from: UnixMillis, until: UnixMillis) -> Vec<Entry> {
    let Span { showings, waiting, openings } = span;
    let showing = |showing: &crm::showings::Showing, at: UnixMillis, tone| Entry {
        at,
        key: format!("{}{}", showing.id, at.0),
        link: showing::path(showing.id),
        clock: times.clock(at),
        exact: at.to_rfc3339(),
        title: showing.address.clone(),
        about: showing.name.clone(),
        words: showings::words(showing.status),
        tone,
    };
    let mut entries = Vec::new();
    for held in &showings {
        let tone = match held.status {
            ShowingStatus::Confirmed => "sure",
            ShowingStatus::Completed => "done",
            ShowingStatus::Declined | ShowingStatus::Cancelled => "off",
            // It has no time that is agreed on.
            ShowingStatus::Requested => continue,
        };
        entries.extend(held.confirmed_time.map(|at| showing(held, at, tone)));
    }
    for asked in &waiting {
        let within = asked.requested_times.iter().filter(|at| (from..until).contains(at));
        entries.extend(within.map(|at| showing(asked, *at, "open")));
    }
    entries.extend(openings.into_iter().map(|open| Entry {
        at: open.starts_at,
        key: open.id.to_string(),
        link: format!("{}#open", listing::path(open.listing)),
        clock: times.clock(open.starts_at),
        exact: open.starts_at.to_rfc3339(),
        title: open.address,
        about: format!("until {}", times.clock(open.ends_at)),
        words: "Open house",
        tone: "house",
    }));
    entries
}

/// What is blocked of a day, if any of it is.
fn blocked_on(blocked: &BlockedTime, date: Date, times: &Times) -> Option<Entry> {
    let (begins, ends) = (times.begins(date)?, times.begins(date.tomorrow().ok()?)?);
    let (at, until) = (blocked.starts_at.max(begins), blocked.ends_at.min(ends));
    (at < until).then(|| Entry {
        at,
        key: format!("{}{date}", blocked.id),
        link: String::from(availability::PATH),
        clock: times.clock(at),
        exact: at.to_rfc3339(),
        title: blocked.note.clone().unwrap_or_else(|| String::from("Blocked")),
        about: match (at == begins, until == ends) {
            (true, true) => String::from("all day"),
            (_, true) => String::from("to the end of the day"),
            _ => format!("until {}", times.clock(until)),
        },
        words: "Blocked",
        tone: "blocked",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn a_month_has_whole_weeks_and_no_more_than_it_needs() {
        for (on, first, days) in
            [("2026-11-23", "2026-10-26", 42), ("2027-02-01", "2027-02-01", 28), ("2026-12-31", "2026-11-30", 35)]
        {
            assert_eq!(View::Month.days(date(on)), Some((date(first), days)), "{on}");
        }
        assert_eq!(View::Week.days(date("2026-11-29")), Some((date("2026-11-23"), 7)));
    }

    #[test]
    fn a_step_from_the_end_of_a_long_month_leads_to_the_next_one() {
        assert_eq!(View::Month.moved(date("2027-01-31"), 1), Some(date("2027-02-01")));
        assert_eq!(View::Month.moved(date("2026-03-31"), -1), Some(date("2026-02-01")));
        assert_eq!(View::Week.moved(date("2026-12-30"), 1), Some(date("2027-01-06")));
    }

    #[test]
    fn a_week_is_titled_as_short_as_can_be() {
        let title = |on: &str| {
            let (first, days) = View::Week.days(date(on)).expect("a week");
            View::Week.title(date(on), first, days)
        };
        assert_eq!(title("2026-11-25"), "23 to 29 November 2026");
        assert_eq!(title("2026-12-01"), "30 Nov to 6 Dec 2026");
        assert_eq!(title("2026-12-31"), "28 Dec 2026 to 3 Jan 2027");
    }
}
