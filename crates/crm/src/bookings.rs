//! Bookings: whether a showing can be asked for at a time. Asked under the agent's turn, so that of many who want the same time one gets it.

use db::Tx;

use crate::{
    Error,
    availability::Plan,
    blocked_times,
    clock::UnixMillis,
    error::FieldError,
    ids::{ListingId, ShowingId},
    slots::{self, Busy},
    taken_times::{self, Taken},
    turns::Turn,
    weekly_hours::span,
};

/// How many free times a refusal names.
const NAMED: usize = 5;

/// Refuses times at which the listing is not shown. Nothing is refused while no hours are set, nothing is blocked, and the listing has no
/// rules of its own.
///
/// # Errors
/// [`Error::Invalid`] with each time, why it is none, and the next that are free.
pub(crate) fn check(
    tx: &mut Tx<'_>,
    turn: &Turn,
    listing: ListingId,
    times: &[(String, UnixMillis)],
) -> Result<(), Error> {
    let plan = Plan::of(tx, turn.agent, Some(listing), turn.now)?;
    if !plan.takes_requests {
        let status = plan.listing.status.name();
        let message = format!("takes no showing requests now ({status}), unless \"override\" is true");
        return Err(Error::invalid("listingId", message));
    }
    let blocked = blocked_times::busy(tx, turn.agent, turn.now)?;
    let mut errors = Vec::new();
    for (field, time) in times {
        let Some(reason) = refusal(tx, turn, &plan, &blocked, listing, *time)? else { continue };
        let free = free_near(tx, turn, &plan, listing, *time)?;
        let free = match free.as_slice() {
            [] => "no time is free".to_owned(),
            free => {
                let times = free.iter().map(|time| time.to_rfc3339()).collect::<Vec<_>>();
                format!("free are {}", times.join(", "))
            }
        };
        errors.push(FieldError {
            field: field.clone(),
            message: format!("{reason}; {free}. With \"override\": true it is asked for all the same"),
        });
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Warns an agent who adds a showing of times at which they show nothing: outside their hours or the listing's, while they are away, and
/// too close to another that is confirmed elsewhere. How soon it is, is theirs to know.
///
/// # Errors
/// [`Error::Invalid`] for `anyway` with a sentence about each.
pub(crate) fn warn(
    tx: &mut Tx<'_>,
    turn: &Turn,
    showing: ShowingId,
    listing: ListingId,
    times: &[UnixMillis],
) -> Result<(), Error> {
    let plan = Plan::of(tx, turn.agent, Some(listing), turn.now)?;
    let blocked = blocked_times::busy(tx, turn.agent, turn.now)?;
    let mut errors = Vec::new();
    for time in times {
        let (from, to) = (time.0, time.0.saturating_add(plan.rules.length));
        let mut is_near = || {
            let (from, to) = (from - plan.travel, to + plan.travel);
            taken_times::overlapping_elsewhere(tx, turn.agent, true, listing, from, to)
        };
        let reason = if plan.has_hours && !plan.rules.is_open(from) {
            "is outside the hours in which you give showings there"
        } else if blocked.iter().any(|busy| busy.from < to && busy.to > from) {
            "is at a time that you have blocked"
        } else if plan.travel > 0 && is_near()?.is_some_and(|near| near.showing != showing) {
            "leaves no time for the way from or to another showing"
        } else {
            continue;
        };
        errors.push(FieldError { field: String::from("anyway"), message: format!("{} {reason}", time.to_rfc3339()) });
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Why a showing cannot be at a time; `None` where it can.
fn refusal(
    tx: &mut Tx<'_>,
    turn: &Turn,
    plan: &Plan,
    blocked: &[Busy],
    listing: ListingId,
    time: UnixMillis,
) -> Result<Option<String>, Error> {
    let rules = &plan.rules;
    let (from, to) = (time.0, time.0.saturating_add(rules.length));
    if from < rules.earliest {
        return Ok(Some(format!("is too soon: showings are asked for {} ahead", span(plan.notice_minutes))));
    }
    if plan.is_set && from >= rules.latest {
        return Ok(Some(format!("is too far ahead: showings are asked for up to {} days ahead", plan.days_ahead)));
    }
    if plan.has_hours && !rules.is_open(from) {
        return Ok(Some("is outside the hours in which showings are given".to_owned()));
    }
    if blocked.iter().any(|busy| busy.from < to && busy.to > from) {
        return Ok(Some("is at a time at which no showings are given".to_owned()));
    }
    if plan.is_set && clash(tx, turn, plan, listing, from, to)?.is_some() {
        return Ok(Some("is taken by another showing, or too close to one elsewhere".to_owned()));
    }
    Ok(None)
}

/// A showing that leaves no time for one from `from` to `to`.
fn clash(
    tx: &mut Tx<'_>,
    turn: &Turn,
    plan: &Plan,
    listing: ListingId,
    from: i64,
    to: i64,
) -> Result<Option<Taken>, Error> {
    for is_confirmed in [true, false] {
        let here = taken_times::overlapping(tx, turn.agent, is_confirmed, from, to)?;
        if here.is_some() {
            return Ok(here);
        }
        if plan.travel > 0 {
            let (from, to) = (from - plan.travel, to + plan.travel);
            let elsewhere = taken_times::overlapping_elsewhere(tx, turn.agent, is_confirmed, listing, from, to)?;
            if elsewhere.is_some() {
                return Ok(elsewhere);
            }
        }
    }
    Ok(None)
}

/// Free times from the day of a time on, and from now on where there are too few.
fn free_near(
    tx: &mut Tx<'_>,
    turn: &Turn,
    plan: &Plan,
    listing: ListingId,
    time: UnixMillis,
) -> Result<Vec<UnixMillis>, Error> {
    let rules = &plan.rules;
    let mut free = Vec::new();
    if time.0 < rules.latest {
        let from = UnixMillis(rules.beginning(rules.date(time.0)).max(turn.now.0));
        free = slots::next_free(tx, turn.agent, plan, Some(listing), None, from, NAMED)?;
    }
    if free.is_empty() {
        free = slots::next_free(tx, turn.agent, plan, Some(listing), None, turn.now, NAMED)?;
    }
    Ok(free)
}
