//! Tells agents of leads that came in, by mail and on their devices, and of requests to see a listing alike.
//!
//! Not in the transaction that records a lead: that stays as it is, at thousands a second. A job follows the agent's events from
//! a stored position instead, a few times a minute: one statement finds the agents with events that were not looked at, and of
//! each a range of an index is read, 10,000 rows at most. The position moves in the transaction that queues the mail and
//! the pushes, so a lead is told once; many leads within [`TOLD_APART`] are one mail, and one push for each device.

use std::time::Duration;

use db::{Lane, Tx, params};

use super::{Letter, ToldLead, new_showings, queue_to_agent, settings};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    events::EventKind,
    ids::{self, EventId, LeadId},
    pushes::{self, Notice, devices},
    showings::Showing,
};

/// Two mails about new leads to one agent are at least so long apart.
pub const TOLD_APART: Duration = Duration::from_secs(60);

/// How far back the first look at an agent goes: what was restored from an older backup is no news.
const FIRST_LOOK: Duration = Duration::from_secs(24 * 60 * 60);
/// Events that are looked at in one go.
const SCANNED: usize = 10_000;
/// Leads that a mail names.
const NAMED: usize = 10;
/// Leads that are looked for to name as many: some may be deleted again.
const SOUGHT: usize = 50;

/// Queues a mail to each agent whose leads came in since the last one.
///
/// # Errors
/// Storage's errors; who was told before one is not told again.
pub async fn tell(crm: &Crm) -> Result<(), Error> {
    let now = crm.clock.now();
    let agents = crm
        .db
        .read("mails.find_untold", move |tx| {
            let sql = "SELECT t.agent_id FROM turns t LEFT JOIN lead_mails f ON f.agent_id = t.agent_id
                       WHERE t.last_sequence > COALESCE(f.sequence, 0) AND COALESCE(f.told_at, 0) <= $1";
            Ok::<_, Error>(tx.query(sql, params![now.minus(TOLD_APART).0], |row| row.get::<AgentId>(0))?)
        })
        .await?;
    let mut is_queued = false;
    for agent in agents {
        is_queued |= tell_agent(crm, agent, now).await?;
    }
    if is_queued {
        crm.mail_is_queued();
        crm.push_is_queued();
    }
    Ok(())
}

/// How far an agent's events were looked at, and what is new since.
struct News {
    /// The position up to now; `None` before the first look.
    before: Option<[u8; 16]>,
    sequence: i64,
    position: [u8; 16],
    told: Option<Told>,
}

/// What is told, and how.
#[derive(Default)]
struct Told {
    /// By mail: what it tells, and of which records.
    mail: Option<(Letter, Vec<[u8; 16]>)>,
    /// To devices.
    notices: Vec<Notice>,
    /// Requests that wait for an answer, by mail, and how many there are.
    showings: Option<(Vec<Showing>, u32)>,
}

impl Told {
    fn is_nothing(&self) -> bool {
        self.mail.is_none() && self.notices.is_empty() && self.showings.is_none()
    }
}

async fn tell_agent(crm: &Crm, agent: AgentId, now: UnixMillis) -> Result<bool, Error> {
    let News { before, sequence, position, told } =
        crm.db.read("mails.new_leads", move |tx| read(tx, agent, now)).await?;
    let own = crm.clone();
    crm.db
        .write_in_background("mails.tell_leads", Lane::of(&agent.0), move |tx| {
            let told_at = told.as_ref().map(|_| now.0);
            let moved = match before {
                None => tx.execute(
                    "INSERT INTO lead_mails (agent_id, sequence, position, told_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (agent_id) DO NOTHING",
                    params![&agent, sequence, &position, told_at.unwrap_or(0)],
                )?,
                Some(before) => tx.execute(
                    "UPDATE lead_mails SET sequence = $2, position = $3, told_at = COALESCE($4, told_at)
                     WHERE agent_id = $1 AND position = $5",
                    params![&agent, sequence, &position, told_at, &before],
                )?,
            };
            let told = match &told {
                // Somebody else was here since it was read.
                _ if moved == 0 => return Ok(false),
                None => return Ok(false),
                Some(told) => told,
            };
            if let Some((letter, records)) = &told.mail {
                queue_to_agent(tx, &own, agent, letter, records)?;
            }
            for notice in &told.notices {
                pushes::queue(tx, &own, agent, notice)?;
            }
            if let Some(showings) = &told.showings {
                new_showings::tell(tx, &own, agent, showings, now)?;
            }
            Ok(true)
        })
        .await
}

fn read(tx: &mut Tx<'_>, agent: AgentId, now: UnixMillis) -> Result<News, Error> {
    let sql = "SELECT sequence, position FROM lead_mails WHERE agent_id = $1";
    let held = tx.query_opt(sql, params![&agent], |row| Ok((row.get::<i64>(0)?, row.get::<[u8; 16]>(1)?)))?;
    let sql = "SELECT last_sequence, last_id FROM turns WHERE agent_id = $1";
    let (sequence, position) = tx
        .query_opt(sql, params![&agent], |row| Ok((row.get::<i64>(0)?, row.get::<[u8; 16]>(1)?)))?
        .ok_or(Error::NotFound)?;
    let before = held.map(|(_, position)| position);
    let after = before.unwrap_or_else(|| ids::floor(now.minus(FIRST_LOOK)));
    let mut news = News { before, sequence, position, told: None };
    let wanted = settings::find(tx, agent)?;
    let (by_mail, by_push) = (wanted.tells_leads, devices::has_any(tx, agent)?);
    let mut told = Told::default();
    if by_mail || by_push {
        match read_leads(tx, agent, &after)? {
            // An import: what comes behind it is looked at next time.
            Leads::Quiet(last) => {
                news.sequence = held.map_or(0, |(sequence, _)| sequence);
                news.position = last.0;
            }
            Leads::None => {}
            Leads::New { leads, count, is_least } => {
                told.notices.extend(by_push.then(|| Notice::new_leads(&leads, count, is_least)));
                let records = leads.iter().map(|lead| lead.id.0).collect::<Vec<_>>();
                told.mail = by_mail.then_some((Letter::NewLeads { leads, count, is_least }, records));
            }
        }
    }
    if wanted.tells_showings || by_push {
        let (asked, count) = new_showings::asked(tx, agent, &after, &news.position)?;
        if !asked.is_empty() {
            told.notices.extend(by_push.then(|| Notice::showings_requested(&asked, count)));
            told.showings = wanted.tells_showings.then_some((asked, count));
        }
    }
    news.told = Some(told).filter(|told| !told.is_nothing());
    Ok(news)
}

/// What leads came in.
enum Leads {
    None,
    /// As many as are looked at, and none that is news; the last event of theirs.
    Quiet(EventId),
    New {
        /// The first of them.
        leads: Vec<ToldLead>,
        count: u32,
        /// Whether there may be more.
        is_least: bool,
    },
}

fn read_leads(tx: &mut Tx<'_>, agent: AgentId, after: &[u8; 16]) -> Result<Leads, Error> {
    let sql = "SELECT id, entity_id, is_quiet FROM events WHERE agent_id = $1 AND event = $2 AND id > $3 ORDER BY id LIMIT $4";
    let values = params![&agent, EventKind::LeadCreated.name(), after, SCANNED as i64];
    let events = tx.query(sql, values, |row| {
        Ok((row.get::<EventId>(0)?, row.get::<LeadId>(1)?, row.get::<Option<i64>>(2)?.is_some()))
    })?;
    let fresh = events.iter().filter(|(_, _, is_quiet)| !is_quiet).map(|(_, lead, _)| *lead).collect::<Vec<_>>();
    let is_least = events.len() == SCANNED;
    match events.last() {
        Some((last, ..)) if is_least && fresh.is_empty() => return Ok(Leads::Quiet(*last)),
        _ => {}
    }
    let (mut leads, mut gone) = (Vec::new(), 0);
    for id in fresh.iter().take(SOUGHT) {
        match find(tx, agent, *id)? {
            None => gone += 1,
            Some(lead) if leads.len() < NAMED => leads.push(lead),
            Some(_) => {}
        }
    }
    if leads.is_empty() {
        return Ok(Leads::None);
    }
    let count = u32::try_from(fresh.len() - gone).unwrap_or(u32::MAX);
    Ok(Leads::New { leads, count, is_least })
}

/// A lead as a mail tells it; `None` when it was deleted again.
fn find(tx: &mut Tx<'_>, agent: AgentId, id: LeadId) -> Result<Option<ToldLead>, Error> {
    let sql = "SELECT name, email, phone, source, property_address, notes FROM leads WHERE agent_id = $1 AND id = $2";
    Ok(tx.query_opt(sql, params![&agent, &id], |row| {
        let notes = row.get::<Option<String>>(5)?;
        Ok(ToldLead {
            id,
            name: row.get(0)?,
            email: row.get(1)?,
            phone: row.get(2)?,
            source: row.get(3)?,
            property_address: row.get(4)?,
            message: notes.map(new_showings::beginning),
        })
    })?)
}
