//! When an agent shows homes: the hours of the week, and what keeps showings apart. While no hours are set, any time to come can be asked for.

use db::{Tx, params};
use jiff::tz::TimeZone;

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    error::FieldError,
    ids::ListingId,
    showing_rules::{self, ShowingRules},
    slots::{DAY, MINUTE, Rules},
    weekly_hours::{TypedHours, WeeklyHours},
};

/// How long a showing may take, in minutes.
pub const SHOWING_MINUTES: std::ops::RangeInclusive<i64> = 5..=480;
/// How long before a showing it is to be asked for at the latest, in minutes.
pub const NOTICE_MINUTES: std::ops::RangeInclusive<i64> = 0..=20_160;
/// How long the way from one listing to another may take, in minutes.
pub const TRAVEL_MINUTES: std::ops::RangeInclusive<i64> = 0..=240;
/// How many days ahead a showing can be asked for.
pub const DAYS_AHEAD: std::ops::RangeInclusive<i64> = 1..=365;

/// What is offered of a day where nobody said when homes are shown: nine to six.
const USUAL_HOURS: (i64, i64) = (9 * 60, 18 * 60);

/// When an agent shows homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The hours of the week, in the agent's time zone. Without any, every time to come can be asked for.
    pub hours: WeeklyHours,
    /// How long a showing takes, in minutes.
    pub showing_minutes: i64,
    /// How long ahead one is to be asked for, in minutes.
    pub notice_minutes: i64,
    /// What is kept free before and after a showing at another listing, in minutes.
    pub travel_minutes: i64,
    /// How many days ahead one can be asked for.
    pub days_ahead: i64,
}

impl Default for Availability {
    fn default() -> Self {
        let hours = WeeklyHours::default();
        Self { hours, showing_minutes: 30, notice_minutes: 120, travel_minutes: 30, days_ahead: 60 }
    }
}

/// The same as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedAvailability {
    /// From and to of each span of each day.
    pub hours: TypedHours,
    /// Minutes.
    pub showing_minutes: String,
    /// Minutes.
    pub notice_minutes: String,
    /// Minutes.
    pub travel_minutes: String,
    /// Days.
    pub days_ahead: String,
}

/// When an agent shows homes; the default where nothing was said.
///
/// # Errors
/// Storage's errors.
pub async fn get(crm: &Crm, agent: AgentId) -> Result<Availability, Error> {
    crm.db.read("availability.get", move |tx| Ok(find(tx, agent)?.unwrap_or_default())).await
}

/// What of a listing's own hours lies outside of its agent's, when nothing can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// None of it, or there are no hours to be outside of.
    Nothing,
    /// Some of it.
    Part,
    /// Everything.
    All,
}

/// Compares a listing's own hours, if it has any, with those of its agent.
///
/// # Errors
/// Storage's errors.
pub async fn outside(crm: &Crm, agent: AgentId, own: Option<&WeeklyHours>) -> Result<Outside, Error> {
    let Some(own) = own.filter(|own| !own.is_empty()) else { return Ok(Outside::Nothing) };
    let hours = get(crm, agent).await?.hours;
    let inside = hours.within(own);
    Ok(match () {
        () if hours.is_empty() || inside == *own => Outside::Nothing,
        () if inside.is_empty() => Outside::All,
        () => Outside::Part,
    })
}

fn find(tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<Availability>, Error> {
    let sql = "SELECT hours, showing_minutes, notice_minutes, travel_minutes, days_ahead FROM availabilities WHERE agent_id = $1";
    let found = tx.query_opt(sql, params![&agent], |row| {
        Ok(Availability {
            hours: WeeklyHours::decode(row.text(0)?)?,
            showing_minutes: row.get(1)?,
            notice_minutes: row.get(2)?,
            travel_minutes: row.get(3)?,
            days_ahead: row.get(4)?,
        })
    })?;
    Ok(found)
}

/// How long a showing of an agent takes, in milliseconds, within a transaction.
pub(crate) fn showing_length(tx: &mut Tx<'_>, agent: AgentId) -> Result<i64, Error> {
    Ok(find(tx, agent)?.unwrap_or_default().showing_minutes * MINUTE)
}

/// Puts this in place of what an agent said before.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field; that of hours is the day's name.
pub async fn replace(crm: &Crm, agent: AgentId, typed: &TypedAvailability) -> Result<(), Error> {
    let new = check(typed)?;
    crm.change("availability.replace", agent, move |tx, turn| {
        tx.execute(
            "INSERT INTO availabilities (agent_id, hours, showing_minutes, notice_minutes, travel_minutes, days_ahead)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (agent_id) DO UPDATE SET hours = excluded.hours, showing_minutes = excluded.showing_minutes,
                 notice_minutes = excluded.notice_minutes, travel_minutes = excluded.travel_minutes, days_ahead = excluded.days_ahead",
            params![
                &turn.agent,
                &new.hours.encode(),
                new.showing_minutes,
                new.notice_minutes,
                new.travel_minutes,
                new.days_ahead
            ],
        )?;
        Ok(())
    })
    .await
}

fn check(typed: &TypedAvailability) -> Result<Availability, Error> {
    let mut wrong = Vec::new();
    let hours = WeeklyHours::parse(&typed.hours).unwrap_or_else(|days| {
        wrong.extend(days);
        WeeklyHours::default()
    });
    let mut number = |field, text: &str, range, unit| {
        whole(text, range, unit).unwrap_or_else(|message| {
            wrong.push(FieldError { field: String::from(field), message });
            0
        })
    };
    let showing_minutes = number("showingMinutes", &typed.showing_minutes, SHOWING_MINUTES, "minutes");
    let notice_minutes = number("noticeMinutes", &typed.notice_minutes, NOTICE_MINUTES, "minutes");
    let travel_minutes = number("travelMinutes", &typed.travel_minutes, TRAVEL_MINUTES, "minutes");
    let days_ahead = number("daysAhead", &typed.days_ahead, DAYS_AHEAD, "days");
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    Ok(Availability { hours, showing_minutes, notice_minutes, travel_minutes, days_ahead })
}

/// A whole number of a unit within a range.
pub(crate) fn whole(text: &str, range: std::ops::RangeInclusive<i64>, unit: &str) -> Result<i64, String> {
    let number = text.trim().parse::<i64>().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be {} to {} {unit}", range.start(), range.end()))
}

/// Everything that says when a listing, or whatever else the agent has, can be shown.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub now: UnixMillis,
    /// Whether hours of the agent are set: else any time to come can be asked for that nothing else forbids.
    pub is_set: bool,
    /// Whether the agent or the listing has hours.
    pub has_hours: bool,
    /// Whether the listing takes showings at all.
    pub takes_requests: bool,
    /// What the listing's own status of showings is.
    pub listing: ShowingRules,
    /// How long ahead a showing is to be asked for, in minutes.
    pub notice_minutes: i64,
    /// How many days ahead one can be asked for, where hours are set.
    pub days_ahead: i64,
    /// What is kept free before and after a showing elsewhere, in milliseconds.
    pub travel: i64,
    /// When one can be, in the agent's time zone.
    pub rules: Rules,
}

impl Plan {
    /// What holds at `now` for a listing of the agent's, which may be none.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an agent or a listing that is not there.
    pub fn of(tx: &mut Tx<'_>, agent: AgentId, listing: Option<ListingId>, now: UnixMillis) -> Result<Self, Error> {
        let sql = "SELECT time_zone FROM agents WHERE id = $1";
        let zone = tx.query_opt(sql, params![&agent], |row| row.get::<String>(0))?.ok_or(Error::NotFound)?;
        let kept = find(tx, agent)?.unwrap_or_default();
        let listing = match listing {
            Some(listing) => showing_rules::find(tx, agent, listing)?,
            None => ShowingRules::default(),
        };
        let is_set = !kept.hours.is_empty();
        let hours = match (is_set, &listing.hours) {
            (true, Some(own)) => kept.hours.within(own),
            (true, None) => kept.hours,
            (false, Some(own)) => own.clone(),
            (false, None) => WeeklyHours::daily(USUAL_HOURS.0, USUAL_HOURS.1),
        };
        let notice_minutes = listing.notice_minutes.max(if is_set { kept.notice_minutes } else { 0 });
        let mut rules = Rules {
            zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC),
            hours,
            length: kept.showing_minutes * MINUTE,
            // At this very instant it is too late to ask.
            earliest: now.0 + (notice_minutes * MINUTE).max(1),
            latest: 0,
        };
        let days = if is_set { kept.days_ahead } else { *DAYS_AHEAD.end() };
        let today = rules.beginning(rules.date(now.0));
        rules.latest = rules.beginning(rules.date(today + (days + 1) * DAY + DAY / 2));
        Ok(Self {
            now,
            is_set,
            has_hours: is_set || listing.hours.is_some(),
            takes_requests: listing.takes_requests(),
            notice_minutes,
            days_ahead: kept.days_ahead,
            travel: kept.travel_minutes * MINUTE,
            listing,
            rules,
        })
    }
}
