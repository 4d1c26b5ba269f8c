//! Reminders: the agent is mailed some time before each confirmed showing, once, and not when it was called off or moved meanwhile.

use std::time::Duration;

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::ShowingId,
    mails::{self, Letter},
    showings::{self, Showing, ShowingStatus},
    turns::Turn,
};

/// How long before a showing an agent can be reminded, in minutes; 0 is never.
pub const LEADS: [i64; 4] = [0, 60, 120, 24 * 60];
/// Reminders of one run of the job.
pub(crate) const SLICE: usize = 100;
/// How long one that could not be queued waits.
const PUT_OFF: Duration = Duration::from_secs(5 * 60);

/// When a reminder is due, with so many minutes of lead; `None` for never, and when it is too late by now.
fn due_at(starts_at: UnixMillis, minutes: i64, now: UnixMillis) -> Option<i64> {
    let lead = Duration::from_secs(u64::try_from(minutes).ok()? * 60);
    let due = starts_at.minus(lead);
    (minutes > 0 && due > now).then_some(due.0)
}

/// Follows a showing that has changed: a confirmed one is reminded of, another is not.
pub(crate) fn follow(tx: &mut Tx<'_>, turn: &Turn, showing: &Showing) -> Result<(), Error> {
    let sql = "DELETE FROM showing_reminders WHERE agent_id = $1 AND showing_id = $2";
    tx.execute(sql, params![&turn.agent, &showing.id])?;
    let (ShowingStatus::Confirmed, Some(starts_at)) = (showing.status, showing.confirmed_time) else { return Ok(()) };
    let minutes = mails::find_settings(tx, turn.agent)?.reminder_minutes;
    tx.execute(
        "INSERT INTO showing_reminders (agent_id, showing_id, starts_at, due_at) VALUES ($1, $2, $3, $4)",
        params![&turn.agent, &showing.id, starts_at.0, due_at(starts_at, minutes, turn.now)],
    )?;
    Ok(())
}

/// Has the reminders of an agent come so many minutes ahead from now on. What would be late by then does not come.
pub(crate) fn reschedule(tx: &mut Tx<'_>, agent: AgentId, minutes: i64, now: UnixMillis) -> Result<(), Error> {
    let lead = minutes.saturating_mul(60_000);
    let due_after = if minutes > 0 { now.0.saturating_add(lead) } else { i64::MAX };
    tx.execute(
        "UPDATE showing_reminders SET due_at = CASE WHEN starts_at > $2 THEN starts_at - $3 ELSE NULL END WHERE agent_id = $1",
        params![&agent, due_after, lead],
    )?;
    Ok(())
}

/// Queues the reminders that are due, [`SLICE`] at most. Says how many were looked at: as many as that means that there may be more.
///
/// # Errors
/// Storage's errors; whoever was reminded before one is not reminded again. One that fails is put off, so that none waits for it.
pub async fn remind(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    let due = crm.db.read("showing_reminders.find_due", move |tx| {
        let sql =
            "SELECT agent_id, showing_id, starts_at FROM showing_reminders WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
        Ok::<_, Error>(tx.query(sql, params![now.0, SLICE as i64], |row| {
            Ok((row.get::<AgentId>(0)?, row.get::<ShowingId>(1)?, UnixMillis(row.get(2)?)))
        })?)
    });
    let due = due.await?;
    let (count, mut is_queued, mut failed) = (due.len(), false, None);
    for (agent, showing, starts_at) in due {
        let own = crm.clone();
        let reminded = crm.change_unseen("showing_reminders.remind", agent, move |tx, turn| {
            remind_of(tx, &own, turn, showing, starts_at)
        });
        match reminded.await {
            Ok(queued) => is_queued |= queued,
            // Erased meanwhile.
            Err(Error::NotFound) => {}
            Err(error) => {
                postpone(crm, agent, showing).await;
                failed = Some(error);
            }
        }
    }
    if is_queued {
        crm.mail_is_queued();
    }
    failed.map_or(Ok(count), Err)
}

/// Puts a reminder off that could not be queued, so that it does not stand before those of others.
async fn postpone(crm: &Crm, agent: AgentId, showing: ShowingId) {
    let postponed = crm.change_unseen("showing_reminders.postpone", agent, move |tx, turn| {
        let sql = "UPDATE showing_reminders SET due_at = $3 WHERE agent_id = $1 AND showing_id = $2 AND due_at <= $4";
        tx.execute(sql, params![&agent, &showing, turn.now.plus(PUT_OFF).0, turn.now.0])?;
        Ok(())
    });
    if let Err(error) = postponed.await {
        tracing::warn!(%error, showing = %showing, "a reminder that could not be queued stays first");
    }
}

/// Takes a reminder off and queues its mail, if the showing still takes place then. Whether it did.
fn remind_of(tx: &mut Tx<'_>, crm: &Crm, turn: &Turn, id: ShowingId, starts_at: UnixMillis) -> Result<bool, Error> {
    let agent = turn.agent;
    let sql =
        "DELETE FROM showing_reminders WHERE agent_id = $1 AND showing_id = $2 AND starts_at = $3 AND due_at <= $4";
    // Another node was quicker, or it was moved.
    if tx.execute(sql, params![&agent, &id, starts_at.0, turn.now.0])? == 0 || starts_at <= turn.now {
        return Ok(false);
    }
    // Nothing works any more for who leaves.
    let sql = "SELECT 1 FROM departures WHERE agent_id = $1";
    if tx.query_opt(sql, params![&agent], |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    let showing = match showings::find(tx, agent, id) {
        // In the trash.
        Err(Error::NotFound) => return Ok(false),
        showing => showing?,
    };
    if showing.status != ShowingStatus::Confirmed || showing.confirmed_time != Some(starts_at) {
        return Ok(false);
    }
    let zone = mails::time_zone_of(tx, agent)?;
    let records = [showing.client_id.0, showing.listing_id.0];
    let letter = Letter::ShowingReminder { showing: mails::ToldShowing::of(&showing), at: starts_at, zone };
    mails::queue_to_agent(tx, crm, agent, &letter, &records)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_comes_ahead_of_time_or_not_at_all() {
        let (now, hour) = (UnixMillis(1_000), 3_600_000);
        assert_eq!(due_at(UnixMillis(hour * 3), 120, now), Some(hour));
        assert_eq!(due_at(UnixMillis(hour * 2 + 1_000), 120, now), None);
        assert_eq!(due_at(UnixMillis(hour * 30), 0, now), None);
    }
}
