//! What showings become: confirmed, moved, declined, cancelled, completed, and taken back.

use db::{Tx, params};
use serde_json::{Map, Value};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::ShowingId,
    input::{Given, Reader, max},
    showing_reminders,
    showing_states::{ShowingState, ShowingStatus, Step},
    showing_steps,
    showings::{Showing, check_near, find},
    taken_times,
    totals::{self, Kind},
    turns::Turn,
};

/// A change of a showing: what is absent stays.
#[derive(Debug, Clone)]
pub struct ShowingChange {
    step: Step,
    notes: Given<String>,
    /// To the client, kept with the step.
    words: Option<String>,
    by: By,
}

/// Whose change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Somebody's who looks at it: what can only be a slip is refused.
    Hand,
    /// A program's, which may put down what was long ago.
    Program,
}

impl ShowingChange {
    /// The one that confirms a time.
    #[must_use]
    pub fn confirming(time: UnixMillis) -> Self {
        let step = Step { status: Some(ShowingStatus::Confirmed), confirmed_time: Given::Value(time) };
        Self { step, notes: Given::Absent, words: None, by: By::Hand }
    }

    /// The one that leads to a status for which no time is needed.
    #[must_use]
    pub fn becoming(status: ShowingStatus) -> Self {
        let step = Step { status: Some(status), confirmed_time: Given::Absent };
        Self { step, notes: Given::Absent, words: None, by: By::Hand }
    }

    /// The same with words to the client.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `words` that are too long.
    pub fn saying(self, words: &str) -> Result<Self, Error> {
        let words = words.trim();
        if words.chars().count() > showing_steps::MOST_WORDS {
            return Err(Error::invalid("words", format!("must have at most {} characters", showing_steps::MOST_WORDS)));
        }
        Ok(Self { words: Some(words.to_owned()).filter(|words| !words.is_empty()), ..self })
    }

    /// Reads a change from outside (RFC 7396): `null` clears.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let status = reader.choice("status", ShowingStatus::WORDS);
        if status == Given::Null {
            let words = ShowingStatus::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            reader.refuse("status", format!("must be one of {}", words.join(", ")));
        }
        let confirmed_time = reader.instant("confirmedTime");
        let notes = reader.text("notes", max::NOTES);
        reader.finish(|| Self {
            step: Step { status: status.value(), confirmed_time },
            notes,
            words: None,
            by: By::Program,
        })
    }
}

/// Changes a showing, if `precondition` holds of it: confirms, declines, cancels, completes, notes.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`], [`Error::Invalid`] for a step that its status does not allow, and for a time at
/// which another showing is confirmed.
pub async fn update<P>(
    crm: &Crm,
    agent: AgentId,
    id: ShowingId,
    change: ShowingChange,
    precondition: P,
) -> Result<Showing, Error>
where
    P: Fn(&Showing) -> bool + Send + 'static,
{
    crm.change("showings.update", agent, move |tx, turn| {
        let old = find(tx, agent, id)?;
        if !precondition(&old) {
            return Err(Error::PreconditionFailed);
        }
        take_step(tx, turn, old, &change)
    })
    .await
}

/// Changes a showing as it is asked, if its state allows it; the same again changes nothing.
pub(crate) fn take_step(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    old: Showing,
    change: &ShowingChange,
) -> Result<Showing, Error> {
    let state = ShowingState { status: old.status, confirmed_time: old.confirmed_time };
    let state =
        state.after(&change.step, &old.requested_times, turn.now).map_err(|error| Error::Invalid(vec![error]))?;
    let ShowingState { status, confirmed_time } = state;
    let is_new = (status, confirmed_time) != (old.status, old.confirmed_time);
    if change.by == By::Hand && is_new {
        check_by_hand(status, confirmed_time, turn.now)?;
    }
    let notes = change.notes.clone().or_keep(old.notes.clone());
    put(tx, turn, old.clone(), Showing { status, confirmed_time, notes, ..old }, change.words.as_deref())
}

/// Refuses what somebody who looks at it can only have done by mistake.
fn check_by_hand(status: ShowingStatus, time: Option<UnixMillis>, now: UnixMillis) -> Result<(), Error> {
    match (status, time) {
        (ShowingStatus::Completed, Some(time)) if time > now => {
            Err(Error::invalid("status", "cannot be this yet: the showing is still to come"))
        }
        (ShowingStatus::Confirmed, Some(time)) => check_near("confirmedTime", time, now),
        _ => Ok(()),
    }
}

/// Takes back that a showing was declined, cancelled or marked as having taken place: it is what it was before. Where it is none of these
/// nothing is done.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] where its time is another's by now.
pub async fn take_back(crm: &Crm, agent: AgentId, id: ShowingId) -> Result<Showing, Error> {
    crm.change("showings.take_back", agent, move |tx, turn| {
        let old = find(tx, agent, id)?;
        revive(tx, turn, old)
    })
    .await
}

/// The same within a transaction.
pub(crate) fn revive(tx: &mut Tx<'_>, turn: &mut Turn, old: Showing) -> Result<Showing, Error> {
    if matches!(old.status, ShowingStatus::Requested | ShowingStatus::Confirmed) {
        return Ok(old);
    }
    // The time agreed on was kept for the record.
    let status = if old.confirmed_time.is_some() { ShowingStatus::Confirmed } else { ShowingStatus::Requested };
    put(tx, turn, old.clone(), Showing { status, ..old }, None)
}

/// Puts a showing as it is now in place of what it was.
fn put(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    old: Showing,
    mut showing: Showing,
    words: Option<&str>,
) -> Result<Showing, Error> {
    if showing == old {
        return Ok(old);
    }
    showing.updated_at = turn.now.max(old.updated_at);
    let is_step = showing.holder().state != old.holder().state;
    if is_step {
        taken_times::keep(tx, turn.agent, &showing.holder())?;
    }
    tx.execute(
        "UPDATE showings SET status = $3, confirmed_time = $4, notes = $5, updated_at = $6 WHERE agent_id = $1 AND id = $2",
        params![
            &turn.agent,
            &showing.id,
            showing.status,
            showing.confirmed_time.map(|time| time.0),
            showing.notes.as_deref(),
            showing.updated_at.0
        ],
    )?;
    totals::shift(tx, turn.agent, Kind::Showing, old.status.name(), showing.status.name())?;
    if is_step {
        showing_steps::record(tx, turn, &showing, words)?;
        showing_reminders::follow(tx, turn, &showing)?;
    }
    Ok(showing)
}
