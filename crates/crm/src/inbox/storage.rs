//! The rows of the ledger, and the mails themselves: files in pieces, as any other.

use db::{Tx, params};

use super::{Reading, Trust, Way, decisions::Decision, keys};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    files::{self, Finished, PIECE},
    ids::{FileId, MessageId},
    input::max,
    turns::Turn,
};

/// What a mail is as a file.
pub(super) const MEDIA_TYPE: &str = "message/rfc822";

/// A mail that is to be kept.
pub(super) enum Raw {
    /// One piece, which is written with the row that tells of it.
    Small(Vec<u8>),
    /// In the database already, to be referred to.
    Stored(FileId),
}

impl Raw {
    /// Writes down what is more than one piece; what is to be let go of once something refers to it.
    pub async fn prepare(crm: &Crm, agent: AgentId, raw: Vec<u8>) -> Result<(Self, Option<Finished>), Error> {
        if raw.len() <= PIECE {
            return Ok((Self::Small(raw), None));
        }
        let stored = files::store(crm, agent, MEDIA_TYPE, &raw).await?;
        Ok((Self::Stored(stored.id()), Some(stored)))
    }

    /// Keeps it as that of a message.
    pub fn keep(&self, tx: &mut Tx<'_>, turn: &mut Turn, message: MessageId) -> Result<(), Error> {
        let agent = turn.agent;
        match self {
            Self::Stored(id) => files::keep(tx, turn, *id, &message.0, None),
            Self::Small(raw) => {
                let (id, hash) = (FileId(turn.next_id()), files::hash_of(raw));
                let size = i64::try_from(raw.len()).unwrap_or(i64::MAX);
                tx.execute(
                    "INSERT INTO files (agent_id, id, about_id, hash, size, media_type) VALUES ($1, $2, $3, $4, $5, $6)",
                    params![&agent, &id, &message, &hash, size, MEDIA_TYPE],
                )?;
                tx.execute(
                    "INSERT INTO file_pieces (agent_id, file_id, number, bytes) VALUES ($1, $2, 0, $3)",
                    params![&agent, &id, raw],
                )?;
                Ok(())
            }
        }
    }
}

/// What stands in a row.
pub(super) struct Row<'a> {
    pub id: MessageId,
    pub key: &'a [u8; 32],
    pub way: Way,
    pub size: i64,
    pub reading: &'a Reading,
    pub rules: i64,
    pub trust: Option<&'a Trust>,
    pub decision: &'a Decision,
    pub email_key: Option<&'a str>,
    pub ends_at: Option<UnixMillis>,
}

pub(super) fn insert(tx: &mut Tx<'_>, agent: AgentId, row: &Row<'_>) -> Result<(), Error> {
    let Row { id, key, way, size, reading, rules, trust, decision, email_key, ends_at } = row;
    let trust = trust.map(encode).transpose()?;
    tx.execute(
        "INSERT INTO inbound_messages (agent_id, id, message_key, way, sender, subject, size, tray, outcome, reason, lead_id, client_id,
             reading, rules, trust, provider_key, email_key, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        params![
            &agent,
            id,
            *key,
            way.name(),
            &sender(reading),
            &subject(reading),
            *size,
            decision.tray.name(),
            decision.outcome.name(),
            &decision.reason,
            decision.lead.as_ref(),
            decision.client.as_ref(),
            &encode(*reading)?,
            *rules,
            trust.as_deref(),
            super::decisions::provider_key(reading).as_deref(),
            *email_key,
            ends_at.map(|at| at.0)
        ],
    )?;
    Ok(())
}

fn sender(reading: &Reading) -> String {
    super::decisions::cut(&reading.sender, max::NAME)
}

fn subject(reading: &Reading) -> String {
    super::decisions::cut(&reading.subject, max::ADDRESS)
}

/// JSON for a column.
pub(super) fn encode<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|cause| {
        tracing::error!(%cause, "a reading cannot be kept");
        Error::Internal
    })
}

/// JSON of a column; what cannot be read is as if nothing had been found.
pub(super) fn decode<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

/// What became of a mail that is here already.
pub(super) fn find_same(
    tx: &mut Tx<'_>,
    agent: AgentId,
    key: &[u8; 32],
) -> Result<Option<super::lists::Message>, Error> {
    let sql = super::lists::SELECT_BY_KEY;
    Ok(tx.query_opt(sql, params![&agent, key], super::lists::from_row)?)
}

/// Erases a mail.
pub(super) fn delete(tx: &mut Tx<'_>, agent: AgentId, id: MessageId) -> Result<(), Error> {
    // What came in pieces may be referred to by another file of the same bytes: the job throws it away, as any file.
    files::end(tx, agent, &id.0, Some(0))?;
    let sql = "SELECT id FROM files WHERE agent_id = $1 AND about_id = $2 AND content_id IS NULL";
    for file in tx.query(sql, params![&agent, &id], |row| row.get::<FileId>(0))? {
        tx.execute("DELETE FROM file_pieces WHERE agent_id = $1 AND file_id = $2", params![&agent, &file])?;
        tx.execute("DELETE FROM files WHERE agent_id = $1 AND id = $2", params![&agent, &file])?;
    }
    tx.execute("DELETE FROM inbound_messages WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
    Ok(())
}

/// The key of a mail.
pub(super) fn key_of(raw: &[u8]) -> [u8; 32] {
    keys::of_message(raw)
}
