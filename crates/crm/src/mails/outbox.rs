//! The outbox: an agent's mails as they see them.

use db::{Lane, Row, Tx, params};

use super::{Letter, MailState, NewMail, open, queue};
use crate::{AgentId, Crm, Error, clock::UnixMillis, ids::MailId};

/// A mail as its agent sees it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Which.
    pub id: MailId,
    /// To whom it goes.
    pub recipient: String,
    /// The tag of its language.
    pub language: String,
    /// What it tells, with its secret covered; `None` when it cannot be read.
    pub letter: Option<Letter>,
    /// How far it is.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, while it is queued.
    pub due_at: UnixMillis,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it was sent, given up or kept.
    pub finished_at: Option<UnixMillis>,
    /// Whether it can be sent again: not while it is queued, nor when a link in it has ended.
    pub can_be_sent_again: bool,
}

/// A page of the outbox.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Newest first.
    pub mails: Vec<Mail>,
    /// After which mail the next page begins; `None` on the last.
    pub next: Option<MailId>,
}

fn from_row(crm: &Crm, agent: AgentId, row: &Row<'_>, now: UnixMillis) -> Result<Mail, db::DbError> {
    let id: MailId = row.get(0)?;
    let letter = open(crm, agent, &id, row.bytes(3)?);
    let state = row.get(4)?;
    let is_of_use = letter.as_ref().is_some_and(|letter| is_of_use(letter, &id, now));
    Ok(Mail {
        id,
        recipient: row.get(1)?,
        language: row.get(2)?,
        letter: letter.map(|letter| letter.masked()),
        state,
        attempts: row.get(5)?,
        due_at: UnixMillis(row.get(6)?),
        error: row.get(7)?,
        finished_at: row.get::<Option<i64>>(8)?.map(UnixMillis),
        can_be_sent_again: state != MailState::Queued && is_of_use,
    })
}

fn is_of_use(letter: &Letter, id: &MailId, now: UnixMillis) -> bool {
    letter.lasts().is_none_or(|lasts| now < id.created_at().plus(lasts))
}

/// An agent's mails, newest first, those after `after`.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, after: Option<MailId>, limit: u32) -> Result<Listed, Error> {
    let (own, now) = (crm.clone(), crm.clock.now());
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    crm.db
        .read("mails.list", move |tx| {
            let sql =
                "SELECT id, recipient, language, letter, state, attempts, due_at, last_error, finished_at FROM mails
                       WHERE agent_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
            let after = after.unwrap_or(MailId([0xff; 16]));
            let mut mails =
                tx.query(sql, params![&agent, &after, i64::from(limit) + 1], |row| from_row(&own, agent, row, now))?;
            let has_more = mails.len() > most;
            mails.truncate(most);
            let next = mails.last().filter(|_| has_more).map(|mail| mail.id);
            Ok(Listed { mails, next })
        })
        .await
}

/// A mail of an agent.
///
/// # Errors
/// [`Error::NotFound`], storage's errors.
pub async fn get(crm: &Crm, agent: AgentId, id: MailId) -> Result<Mail, Error> {
    let (own, now) = (crm.clone(), crm.clock.now());
    crm.db
        .read("mails.get", move |tx| {
            let sql =
                "SELECT id, recipient, language, letter, state, attempts, due_at, last_error, finished_at FROM mails
                       WHERE agent_id = $1 AND id = $2";
            tx.query_opt(sql, params![&agent, &id], |row| from_row(&own, agent, row, now))?.ok_or(Error::NotFound)
        })
        .await
}

/// Queues a mail once more, as a mail of its own: a reader's mail program would hide the same message. The new one.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] while it is queued anyway, or when a link in it has ended.
pub async fn send_again(crm: &Crm, agent: AgentId, id: MailId) -> Result<MailId, Error> {
    let own = crm.clone();
    let queued = crm.db.write("mails.send_again", Lane::of(&agent.0), move |tx| again(tx, &own, agent, id)).await?;
    crm.mail_is_queued();
    Ok(queued)
}

fn again(tx: &mut Tx<'_>, crm: &Crm, agent: AgentId, id: MailId) -> Result<MailId, Error> {
    let sql = "SELECT recipient, language, letter, state FROM mails WHERE agent_id = $1 AND id = $2";
    let found = tx.query_opt(sql, params![&agent, &id], |row| {
        let letter = open(crm, agent, &id, row.bytes(2)?);
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, letter, row.get::<MailState>(3)?))
    })?;
    let (recipient, language, letter, state) = found.ok_or(Error::NotFound)?;
    let letter = letter.filter(|letter| state != MailState::Queued && is_of_use(letter, &id, crm.clock.now()));
    let letter = letter.ok_or(Error::PreconditionFailed)?;
    let sql = "SELECT record_id FROM mail_records WHERE agent_id = $1 AND mail_id = $2";
    let records = tx.query(sql, params![&agent, &id], |row| row.get::<[u8; 16]>(0))?;
    let new = NewMail { agent, recipient: &recipient, letter: &letter, language: Some(&language), records: &records };
    queue(tx, crm, &new)
}
