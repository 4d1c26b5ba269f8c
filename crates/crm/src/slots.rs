//! Slots: when a showing can be. The rules are pure: the hours of a week in a time zone, what is blocked and what is taken, and now.
//!
//! Hours are those of the clock on the wall. What a clock skips in spring does not exist; the hour that it shows twice in autumn counts
//! once, as it first comes.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{
    AgentId, Crm, Error,
    availability::Plan,
    blocked_times,
    clock::UnixMillis,
    ids::{ListingId, ShowingId},
    taken_times,
    weekly_hours::WeeklyHours,
};

/// Milliseconds of a minute.
pub(crate) const MINUTE: i64 = 60_000;
/// Milliseconds of 24 hours.
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;
/// What a slot after an interruption begins at a multiple of.
const STEP: i64 = 15 * MINUTE;
/// Days that are looked at together.
const TOGETHER: i64 = 28;
/// The most that is taken in so many days; beyond, nothing more is offered there.
pub(crate) const MOST_TAKEN: usize = 5_000;

/// A time during which there is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy {
    pub from: i64,
    pub to: i64,
}

/// What holds of showings of one listing.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub zone: TimeZone,
    /// Open hours of the week.
    pub hours: WeeklyHours,
    /// How long a showing takes, in milliseconds.
    pub length: i64,
    /// The first instant at which one can begin.
    pub earliest: i64,
    /// Before this it begins.
    pub latest: i64,
}

impl Rules {
    /// Whether a whole showing from `time` on lies in open hours.
    pub fn is_open(&self, time: i64) -> bool {
        let end = time.saturating_add(self.length);
        self.openings(time, end).iter().any(|open| open.from <= time && end <= open.to)
    }

    /// The slots that begin at or after `from` and end by `to`, the earliest first and none overlapping another, `count` at most. What is
    /// busy stands in any order.
    pub fn free(&self, busy: &[Busy], from: i64, to: i64, count: usize) -> Vec<i64> {
        let mut busy = busy.to_vec();
        busy.sort_unstable_by_key(|busy| busy.from);
        let first = from.max(self.earliest);
        let mut slots = Vec::new();
        for open in self.openings(from, to) {
            let mut time = open.from;
            while time + self.length <= open.to.min(to) && time < self.latest {
                if slots.len() == count {
                    return slots;
                }
                let others = busy.iter().take_while(|busy| busy.from < time + self.length);
                match others.map(|busy| busy.to).filter(|end| *end > time).max() {
                    Some(end) => time = end + (STEP - end.rem_euclid(STEP)) % STEP,
                    None => {
                        if time >= first {
                            slots.push(time);
                        }
                        time += self.length;
                    }
                }
            }
        }
        slots
    }

    /// Open times that touch the days around `from` and `to`, in order, none touching another: each as long as it is open.
    pub fn openings(&self, from: i64, to: i64) -> Vec<Busy> {
        // Beyond these no clock goes on: RFC 3339 ends there.
        let (from, to) = (from.max(UnixMillis::RANGE.start() + 3 * DAY), to.min(UnixMillis::RANGE.end() - 3 * DAY));
        if from > to {
            return Vec::new();
        }
        let again = self.hours_again(from - 2 * DAY, to + 2 * DAY);
        let mut open = Vec::<Busy>::new();
        let (mut day, last) = (self.date(from - DAY), self.date(to + DAY));
        while day <= last {
            for span in self.hours.of(day.weekday().to_monday_zero_offset().unsigned_abs().into()) {
                let span = Busy { from: self.instant(day, span.from), to: self.instant(day, span.to) };
                for part in without(span, &again) {
                    match open.last_mut() {
                        Some(last) if last.to >= part.from => last.to = last.to.max(part.to),
                        _ => open.push(part),
                    }
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        open
    }

    /// The day on which an instant falls.
    pub fn date(&self, instant: i64) -> Date {
        self.zone.to_datetime(timestamp(instant)).date()
    }

    /// When a day begins.
    pub fn beginning(&self, day: Date) -> i64 {
        self.instant(day, 0)
    }

    /// The first instant at which a clock shows so many minutes of a day, or more.
    fn instant(&self, day: Date, minutes: i64) -> i64 {
        let day = if minutes < 1440 { day } else { day.tomorrow().unwrap_or(day) };
        let minutes = minutes % 1440;
        let hour = i8::try_from(minutes / 60).expect("a day has 24 hours");
        let minute = i8::try_from(minutes % 60).expect("an hour has 60 minutes");
        let shown = DateTime::from_parts(day, jiff::civil::time(hour, minute, 0, 0));
        let at = |offset: jiff::tz::Offset| offset.to_timestamp(shown).unwrap_or(Timestamp::MAX);
        match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                at(offset).as_millisecond()
            }
            // With the offset after the gap it lies before it: the gap comes next.
            AmbiguousOffset::Gap { before, after } => {
                let mut next = self.zone.following(at(after));
                next.next().map_or_else(|| at(before), |gap| gap.timestamp()).as_millisecond()
            }
        }
    }

    /// The times at which a clock shows again what it has shown already.
    fn hours_again(&self, from: i64, to: i64) -> Vec<Busy> {
        let mut again = Vec::new();
        for turn in self.zone.following(timestamp(from)) {
            let at = turn.timestamp().as_millisecond();
            if at > to {
                break;
            }
            let before = self.zone.to_offset(timestamp(at - 1)).seconds();
            let back = i64::from(before - turn.offset().seconds()) * 1000;
            if back > 0 {
                again.push(Busy { from: at, to: at + back });
            }
        }
        again
    }
}

fn timestamp(instant: i64) -> Timestamp {
    let clamped = instant.clamp(*UnixMillis::RANGE.start(), *UnixMillis::RANGE.end());
    Timestamp::from_millisecond(clamped).expect("RANGE lies within jiff's range")
}

/// A span without what is cut out of it; cuts are in order.
fn without(span: Busy, cuts: &[Busy]) -> Vec<Busy> {
    let mut parts = Vec::new();
    let mut from = span.from;
    for cut in cuts {
        if cut.from < span.to && cut.to > from {
            parts.push(Busy { from, to: cut.from });
            from = cut.to;
        }
    }
    parts.push(Busy { from, to: span.to });
    parts.retain(|part| part.from < part.to);
    parts
}

/// The next times at which a listing can be shown, from an instant on, `count` at most; none where it takes no showings.
///
/// # Errors
/// [`Error::NotFound`] for a listing that is not the agent's; storage's errors.
pub async fn free(
    crm: &Crm,
    agent: AgentId,
    listing: ListingId,
    from: UnixMillis,
    count: usize,
) -> Result<Vec<UnixMillis>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("slots.free", move |tx| {
            let plan = Plan::of(tx, agent, Some(listing), now)?;
            next_free(tx, agent, &plan, Some(listing), None, from, count)
        })
        .await
}

/// The same for a showing that is to be at another time: its own times are free.
///
/// # Errors
/// [`Error::NotFound`] for a showing that is not the agent's; storage's errors.
pub async fn free_to_move(
    crm: &Crm,
    agent: AgentId,
    showing: ShowingId,
    from: UnixMillis,
    count: usize,
) -> Result<Vec<UnixMillis>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("slots.free_to_move", move |tx| {
            let sql = "SELECT listing_id FROM showings WHERE agent_id = $1 AND id = $2";
            let listing = tx.query_opt(sql, db::params![&agent, &showing], |row| row.get::<ListingId>(0))?;
            let listing = listing.ok_or(Error::NotFound)?;
            let plan = Plan::of(tx, agent, Some(listing), now)?;
            next_free(tx, agent, &plan, Some(listing), Some(showing), from, count)
        })
        .await
}

/// The next times at which an agent is free, wherever it is: without travel.
///
/// # Errors
/// Storage's errors.
pub async fn next(crm: &Crm, agent: AgentId, count: usize) -> Result<Vec<UnixMillis>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("slots.next", move |tx| {
            let plan = Plan::of(tx, agent, None, now)?;
            next_free(tx, agent, &plan, None, None, now, count)
        })
        .await
}

/// Free slots within a transaction.
pub(crate) fn next_free(
    tx: &mut db::Tx<'_>,
    agent: AgentId,
    plan: &Plan,
    listing: Option<ListingId>,
    except: Option<ShowingId>,
    from: UnixMillis,
    count: usize,
) -> Result<Vec<UnixMillis>, Error> {
    let rules = &plan.rules;
    let mut slots = Vec::new();
    if !plan.takes_requests || rules.hours.is_empty() {
        return Ok(slots);
    }
    let blocked = blocked_times::busy(tx, agent, plan.now)?;
    let mut from = from.0.max(rules.earliest);
    while slots.len() < count && from < rules.latest {
        // Whole days, so that what is offered does not depend on when it is asked for.
        let begins = rules.beginning(rules.date(from));
        let ends = rules.beginning(rules.date(begins + TOGETHER * DAY + DAY / 2));
        if ends <= from {
            break;
        }
        let mut busy = blocked.clone();
        let taken = taken_times::between(tx, agent, begins, ends, MOST_TAKEN)?;
        let is_known_to =
            if taken.len() < MOST_TAKEN { ends } else { taken.last().map_or(ends, |last| last.starts_at) };
        busy.extend(taken.iter().filter(|taken| Some(taken.showing) != except).map(|taken| {
            let is_elsewhere = listing.is_some_and(|listing| listing != taken.listing);
            let travel = if is_elsewhere { plan.travel } else { 0 };
            Busy { from: taken.starts_at - travel, to: taken.ends_at + travel }
        }));
        if is_known_to < ends {
            busy.push(Busy { from: is_known_to, to: ends });
        }
        let found = rules.free(&busy, begins, ends, usize::MAX);
        slots.extend(found.into_iter().filter(|slot| *slot >= from).take(count - slots.len()).map(UnixMillis));
        from = ends;
    }
    Ok(slots)
}

#[cfg(test)]
mod tests;
