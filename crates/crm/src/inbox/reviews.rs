//! What an agent does with a mail: makes a lead of it, puts it aside, takes that back, or has it read again.

use db::{Tx, params};
use serde::{Deserialize, Serialize};

use super::{
    Message, Outcome, Tray, decisions,
    lists::{self, find},
    retention, storage, taking_in,
};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{LeadId, MessageId},
    leads::{self, NewLead},
    turns::Turn,
};

/// Mails that are read again at once.
pub const REREAD: usize = 100;

/// What a mail was before the agent decided.
#[derive(Serialize, Deserialize, Default)]
struct Prior {
    tray: String,
    outcome: String,
    reason: String,
    lead: Option<LeadId>,
}

/// What a mail is after the agent decided.
struct After<'a> {
    tray: Tray,
    outcome: Outcome,
    reason: &'a str,
    lead: Option<LeadId>,
    ends_at: Option<UnixMillis>,
}

fn change(tx: &mut Tx<'_>, turn: &Turn, message: &Message, after: &After<'_>) -> Result<(), Error> {
    let prior = Prior {
        tray: message.tray.name().to_owned(),
        outcome: message.outcome.name().to_owned(),
        reason: message.reason.clone(),
        lead: message.lead,
    };
    let prior = storage::encode(&prior)?;
    let After { tray, outcome, reason, lead, ends_at } = after;
    tx.execute(
        "UPDATE inbound_messages SET tray = $3, outcome = $4, reason = $5, lead_id = $6, prior = $7, ends_at = $8
         WHERE agent_id = $1 AND id = $2",
        params![
            &turn.agent,
            &message.id,
            tray.name(),
            outcome.name(),
            *reason,
            lead.as_ref(),
            &prior,
            ends_at.map(|at| at.0)
        ],
    )?;
    Ok(())
}

/// Makes a lead of a mail, with the fields as the agent wants them. One that has a lead already gives that one.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn accept(crm: &Crm, agent: AgentId, id: MessageId, new: NewLead) -> Result<LeadId, Error> {
    crm.change("inbox.accept", agent, move |tx, turn| {
        let message = find(tx, agent, id)?;
        if let (Outcome::Lead, Some(lead)) = (message.outcome, message.lead) {
            return Ok(lead);
        }
        // The agent looks at it already: no mail is to tell of it.
        turn.is_quiet = true;
        let lead = leads::insert(tx, turn, &new)?;
        let after = After {
            tray: Tray::Lead,
            outcome: Outcome::Lead,
            reason: "You made a lead of it",
            lead: Some(lead),
            ends_at: None,
        };
        change(tx, turn, &message, &after)?;
        Ok(lead)
    })
    .await
}

/// Puts a mail aside of which nothing is to be made.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn dismiss(crm: &Crm, agent: AgentId, id: MessageId) -> Result<(), Error> {
    put_aside(crm, agent, id, Tray::Review, "You put it aside").await
}

/// Puts a mail aside that asked to confirm a forwarding: it is done.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn set_aside(crm: &Crm, agent: AgentId, id: MessageId) -> Result<(), Error> {
    put_aside(crm, agent, id, Tray::Confirmation, "It asked to confirm a forwarding, which you did").await
}

async fn put_aside(crm: &Crm, agent: AgentId, id: MessageId, from: Tray, reason: &'static str) -> Result<(), Error> {
    crm.change("inbox.dismiss", agent, move |tx, turn| {
        let message = find(tx, agent, id)?;
        // Twice is once.
        if message.tray != from {
            return Ok(());
        }
        let ends_at = Some(turn.now.plus(retention::KEPT));
        let after = After { tray: Tray::Ignored, outcome: Outcome::Ignored, reason, lead: message.lead, ends_at };
        change(tx, turn, &message, &after)
    })
    .await
}

/// Takes back what the agent decided of a mail: a lead that was made of it goes to the trash.
///
/// # Errors
/// [`Error::NotFound`] where nothing was decided; storage's errors.
pub async fn undo(crm: &Crm, agent: AgentId, id: MessageId) -> Result<(), Error> {
    crm.change("inbox.undo", agent, move |tx, turn| {
        let message = find(tx, agent, id)?;
        let sql = "SELECT prior FROM inbound_messages WHERE agent_id = $1 AND id = $2";
        let prior = tx.query_opt(sql, params![&agent, &id], |row| row.get::<Option<String>>(0))?.flatten();
        let prior = prior.map(|text| storage::decode::<Prior>(&text)).ok_or(Error::NotFound)?;
        if message.outcome == Outcome::Lead
            && let Some(lead) = message.lead
            && prior.lead != Some(lead)
        {
            match leads::discard(tx, turn, lead) {
                Ok(()) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let tray = Tray::from_name(&prior.tray).unwrap_or(Tray::Review);
        let is_held = prior.lead.is_some() || tray == Tray::Review;
        let ends_at = (!is_held).then(|| turn.now.plus(retention::KEPT).0);
        tx.execute(
            "UPDATE inbound_messages SET tray = $3, outcome = $4, reason = $5, lead_id = $6, prior = NULL, ends_at = $7
             WHERE agent_id = $1 AND id = $2",
            params![&agent, &id, tray.name(), &prior.outcome, &prior.reason, prior.lead.as_ref(), ends_at],
        )?;
        Ok(())
    })
    .await
}

/// Reads a mail again by the rules of today, and decides anew where nothing has come of it: a lead is made if they find one. What the agent
/// decided stays.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn reread(crm: &Crm, agent: AgentId, id: MessageId) -> Result<Message, Error> {
    let raw = lists::raw(crm, agent, id).await?;
    let known = crm.db.read("inbox.known", move |tx| taking_in::known(tx, agent));
    let mut known = known.await?;
    known.addresses.extend(super::address(crm, agent).await?);
    let (_, reading) = taking_in::read(crm, raw, known).await?;
    let rules = crm.reader().rules();
    crm.change("inbox.reread", agent, move |tx, turn| {
        let message = find(tx, agent, id)?;
        let text = storage::encode(&reading)?;
        if message.lead.is_some() || message.client.is_some() || message.is_decided {
            let sql = "UPDATE inbound_messages SET rules = $3 WHERE agent_id = $1 AND id = $2";
            tx.execute(sql, params![&agent, &id, rules])?;
            return find(tx, agent, id);
        }
        let decision = decisions::decide(tx, turn, &reading, message.trust.as_ref())?;
        let ends_at = retention::ends_at(&decision, turn.now).map(|at| at.0);
        tx.execute(
            "UPDATE inbound_messages SET tray = $3, outcome = $4, reason = $5, lead_id = $6, client_id = $7, reading = $8, rules = $9,
                 provider_key = $10, email_key = $11, ends_at = $12 WHERE agent_id = $1 AND id = $2",
            params![
                &agent,
                &id,
                decision.tray.name(),
                decision.outcome.name(),
                &decision.reason,
                decision.lead.as_ref(),
                decision.client.as_ref(),
                &text,
                rules,
                decisions::provider_key(&reading).as_deref(),
                taking_in::email_key(&reading).as_deref(),
                ends_at
            ],
        )?;
        find(tx, agent, id)
    })
    .await
}

/// How many of the newest [`REREAD`] mails that wait for a look, and as many of those that nothing came of, were read by older rules.
///
/// # Errors
/// Storage's errors.
pub async fn count_outdated(crm: &Crm, agent: AgentId) -> Result<usize, Error> {
    Ok(outdated(crm, agent).await?.len())
}

async fn outdated(crm: &Crm, agent: AgentId) -> Result<Vec<MessageId>, Error> {
    let rules = crm.reader().rules();
    let mut found = Vec::new();
    for tray in [Tray::Review, Tray::Ignored] {
        let place = lists::Place { tray: Some(tray), before: None };
        let page = lists::list(crm, agent, place, u32::try_from(REREAD).unwrap_or(u32::MAX)).await?;
        let is_open = |message: &&Message| {
            message.rules < rules && message.lead.is_none() && message.client.is_none() && !message.is_decided
        };
        found.extend(page.messages.iter().filter(is_open).map(|message| message.id));
    }
    Ok(found)
}

/// Reads those again. How many became leads.
///
/// # Errors
/// Storage's errors; what was read before one stays read.
pub async fn reread_outdated(crm: &Crm, agent: AgentId) -> Result<usize, Error> {
    let mut made = 0;
    // Oldest first, as they came.
    for id in outdated(crm, agent).await?.into_iter().rev().take(REREAD) {
        match reread(crm, agent, id).await {
            Ok(message) => made += usize::from(message.outcome == Outcome::Lead),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}
