//! The inbox as it is looked at.

use db::params;

use super::{Outcome, Reading, Shown, Tray, Trust, Way, storage, taking_in};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    files::{self, PIECE},
    ids::{ClientId, FileId, LeadId, MessageId},
};

/// A mail of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The id; it holds when the mail came.
    pub id: MessageId,
    /// How it came.
    pub way: Way,
    /// Who sent it.
    pub sender: String,
    /// Its subject.
    pub subject: String,
    /// How many bytes it has.
    pub size: u64,
    /// Where it is shown.
    pub tray: Tray,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// The lead that it made or is about.
    pub lead: Option<LeadId>,
    /// The client that it is about.
    pub client: Option<ClientId>,
    /// What was read.
    pub reading: Reading,
    /// The version of the rules by which it was read.
    pub rules: i64,
    /// What was found of its sender.
    pub trust: Option<Trust>,
    /// Whether the agent decided, which can be undone.
    pub is_decided: bool,
}

impl Message {
    /// When it came.
    #[must_use]
    pub fn came_at(&self) -> UnixMillis {
        self.id.created_at()
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.way, m.sender, m.subject, m.size, m.tray, m.outcome, m.reason, m.lead_id, m.client_id, m.reading, m.rules,
                 m.trust, m.prior FROM inbound_messages m WHERE m.agent_id = $1 AND ",
            $rest
        )
    };
}

pub(super) const SELECT_BY_KEY: &str = select!("m.message_key = $2");
pub(super) const SELECT_BY_ID: &str = select!("m.id = $2");

/// What is about a deleted record is not there for as long as that is deleted.
const TRAY: &str = select!(
    "m.tray = $2 AND m.id < $3 AND (m.lead_id IS NULL OR EXISTS (SELECT 1 FROM leads l WHERE l.agent_id = m.agent_id AND l.id = m.lead_id))
     AND (m.client_id IS NULL OR EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = m.agent_id AND c.id = m.client_id))
     ORDER BY m.id DESC LIMIT $4"
);
const ALL: &str = select!(
    "m.id < $2 AND (m.lead_id IS NULL OR EXISTS (SELECT 1 FROM leads l WHERE l.agent_id = m.agent_id AND l.id = m.lead_id))
     AND (m.client_id IS NULL OR EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = m.agent_id AND c.id = m.client_id))
     ORDER BY m.id DESC LIMIT $3"
);
const OF_LEAD: &str = select!("m.lead_id = $2 ORDER BY m.id DESC LIMIT $3");

pub(super) fn from_row(row: &db::Row<'_>) -> Result<Message, db::DbError> {
    Ok(Message {
        id: row.get(0)?,
        way: Way::from_name(row.text(1)?),
        sender: row.get(2)?,
        subject: row.get(3)?,
        size: u64::try_from(row.get::<i64>(4)?).unwrap_or(0),
        tray: Tray::from_name(row.text(5)?).unwrap_or(Tray::Review),
        outcome: Outcome::from_name(row.text(6)?),
        reason: row.get(7)?,
        lead: row.get(8)?,
        client: row.get(9)?,
        reading: storage::decode(row.text(10)?),
        rules: row.get(11)?,
        trust: row.get::<Option<String>>(12)?.map(|text| storage::decode(&text)),
        is_decided: row.get::<Option<String>>(13)?.is_some(),
    })
}

/// Which mails: of a tray or of all, older than one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// Only these.
    pub tray: Option<Tray>,
    /// Only those that came before.
    pub before: Option<MessageId>,
}

/// A page of mails, newest first.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The mails.
    pub messages: Vec<Message>,
    /// What the next page comes before, where there is one.
    pub next: Option<MessageId>,
}

/// Mails of the agent's, `limit` at most.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, place: Place, limit: u32) -> Result<Inbox, Error> {
    crm.db
        .read("inbox.list", move |tx| {
            let before = place.before.unwrap_or(MessageId([0xff; 16]));
            let most = i64::from(limit) + 1;
            let mut messages = match place.tray {
                Some(tray) => tx.query(TRAY, params![&agent, tray.name(), &before, most], from_row)?,
                None => tx.query(ALL, params![&agent, &before, most], from_row)?,
            };
            let has_more = messages.len() > limit as usize;
            messages.truncate(limit as usize);
            let next = if has_more { messages.last().map(|message| message.id) } else { None };
            Ok(Inbox { messages, next })
        })
        .await
}

/// Mails that ask to confirm a forwarding, newest first, five at most.
///
/// # Errors
/// Storage's errors.
pub async fn confirmations(crm: &Crm, agent: AgentId) -> Result<Vec<Message>, Error> {
    let place = Place { tray: Some(Tray::Confirmation), before: None };
    Ok(list(crm, agent, place, 5).await?.messages)
}

/// How many mails wait for a look, counted to `most`.
///
/// # Errors
/// Storage's errors.
pub async fn count_waiting(crm: &Crm, agent: AgentId, most: u32) -> Result<u32, Error> {
    crm.db
        .read("inbox.count_waiting", move |tx| {
            let sql =
                "SELECT COUNT(*) FROM (SELECT 1 FROM inbound_messages WHERE agent_id = $1 AND tray = $2 LIMIT $3) t";
            let count = tx.query_opt(sql, params![&agent, Tray::Review.name(), most], |row| row.get::<i64>(0))?;
            Ok(u32::try_from(count.unwrap_or(0)).unwrap_or(most))
        })
        .await
}

/// A mail of the agent's.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn get(crm: &Crm, agent: AgentId, id: MessageId) -> Result<Message, Error> {
    crm.db.read("inbox.get", move |tx| find(tx, agent, id)).await
}

pub(super) fn find(tx: &mut db::Tx<'_>, agent: AgentId, id: MessageId) -> Result<Message, Error> {
    tx.query_opt(SELECT_BY_ID, params![&agent, &id], from_row)?.ok_or(Error::NotFound)
}

/// The mails that made a lead or are about it, newest first, 20 at most.
///
/// # Errors
/// Storage's errors.
pub async fn of_lead(crm: &Crm, agent: AgentId, lead: LeadId) -> Result<Vec<Message>, Error> {
    crm.db.read("inbox.of_lead", move |tx| Ok(tx.query(OF_LEAD, params![&agent, &lead, 20], from_row)?)).await
}

/// A mail as it came, byte for byte.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn raw(crm: &Crm, agent: AgentId, id: MessageId) -> Result<Vec<u8>, Error> {
    let found = crm.db.read("inbox.file", move |tx| {
        let sql = "SELECT id, size FROM files WHERE agent_id = $1 AND about_id = $2 LIMIT 1";
        let file = tx.query_opt(sql, params![&agent, &id], |row| Ok((row.get::<FileId>(0)?, row.get::<i64>(1)?)))?;
        file.ok_or(Error::NotFound)
    });
    let (file, size) = found.await?;
    let size = usize::try_from(size).map_err(|_| Error::Internal)?;
    let mut raw = Vec::with_capacity(size);
    for number in 0..size.div_ceil(PIECE) {
        raw.extend(files::piece(crm, agent, file, number as u64).await?);
    }
    Ok(raw)
}

/// A mail opened, to be looked at.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn show(crm: &Crm, agent: AgentId, id: MessageId) -> Result<Shown, Error> {
    let raw = raw(crm, agent, id).await?;
    let reader = std::sync::Arc::clone(crm.reader());
    taking_in::apart(move || reader.show(&raw)).await.map(Option::unwrap_or_default)
}
