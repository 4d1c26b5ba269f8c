//! Notes: what the agent writes down about a lead or a client, newest first.
//!
//! A note is read through its record only: while that is in the trash its notes are invisible, and they come back with it.

use db::{Tx, Value as DbValue, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error, clients,
    clock::UnixMillis,
    idempotency::{Answer, Once},
    ids::{ClientId, LeadId, NoteId},
    input::{Reader, max},
    leads, pictures,
    totals::Kind,
};

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A lead.
    Lead(LeadId),
    /// A client.
    Client(ClientId),
}

impl About {
    /// The record's id as it is stored.
    #[must_use]
    pub fn id(self) -> [u8; 16] {
        match self {
            Self::Lead(id) => id.0,
            Self::Client(id) => id.0,
        }
    }

    /// What kind of record it is.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Lead(_) => Kind::Lead,
            Self::Client(_) => Kind::Client,
        }
    }

    /// Refuses what is no record of this agent.
    pub(crate) fn check(self, tx: &mut Tx<'_>, agent: AgentId) -> Result<(), Error> {
        let is_there = match self {
            Self::Lead(id) => leads::exists(tx, agent, id)?,
            Self::Client(id) => clients::exists(tx, agent, id)?,
        };
        if is_there { Ok(()) } else { Err(Error::NotFound) }
    }
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// The id.
    pub id: NoteId,
    /// What was written, as sent.
    #[schema(example = "Called back: wants to see it on Saturday.")]
    pub text: String,
    /// When it was written.
    pub created_at: UnixMillis,
}

/// A note to be kept.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// What was written.
    pub text: String,
}

impl NewNote {
    /// Reads a note from outside. The text is kept as sent, with its outer white space.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is missing, blank or too long.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let text = reader.text("text", max::NOTES).value();
        if text.is_none() && !reader.has_errors() {
            reader.refuse("text", "is required");
        }
        reader.finish(|| Self { text: text.expect("required") })
    }
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The new note's id.
    pub id: NoteId,
}

/// Keeps a note about a record.
///
/// # Errors
/// [`Error::NotFound`] when the record is not there, [`Error::IdempotencyKeyReused`], storage's errors.
pub async fn create(
    crm: &Crm,
    agent: AgentId,
    about: About,
    new: NewNote,
    once: Option<Once>,
) -> Result<Answer<Created>, Error> {
    crm.change_once("notes.create", agent, once, move |tx, turn| {
        about.check(tx, agent)?;
        let id = NoteId(turn.next_id());
        insert(tx, agent, about, id, &new.text)?;
        if let About::Lead(lead) = about {
            pictures::note_answer(tx, agent, lead, turn.now)?;
        }
        Ok(Created { id })
    })
    .await
}

/// Puts a note down within a transaction.
pub(crate) fn insert(tx: &mut Tx<'_>, agent: AgentId, about: About, id: NoteId, text: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO notes (agent_id, about_id, id, text) VALUES ($1, $2, $3, $4)",
        params![&agent, &about.id(), &id, text],
    )?;
    Ok(())
}

/// Notes of a record, newest first.
#[derive(Debug)]
pub struct NotePage {
    /// The notes.
    pub notes: Vec<Note>,
    /// The last one's id where older ones follow: what the next page comes after.
    pub next: Option<NoteId>,
}

/// One page of a record's notes: at most `limit`, older than `after`.
///
/// # Errors
/// [`Error::NotFound`] when the record is not there.
pub async fn list(
    crm: &Crm,
    agent: AgentId,
    about: About,
    after: Option<NoteId>,
    limit: u32,
) -> Result<NotePage, Error> {
    crm.db
        .read("notes.list", move |tx| {
            about.check(tx, agent)?;
            let about = about.id();
            let most = i64::from(limit) + 1;
            let mut values = vec![DbValue::Bytes(&agent.0), DbValue::Bytes(&about), DbValue::Int(most)];
            let sql = match &after {
                None => "SELECT id, text FROM notes WHERE agent_id = $1 AND about_id = $2 ORDER BY id DESC LIMIT $3",
                Some(after) => {
                    values.push(DbValue::Bytes(&after.0));
                    "SELECT id, text FROM notes WHERE agent_id = $1 AND about_id = $2 AND id < $4 ORDER BY id DESC LIMIT $3"
                }
            };
            let mut notes = tx.query(sql, &values, from_row)?;
            let has_more = notes.len() > limit as usize;
            notes.truncate(limit as usize);
            let next = if has_more { notes.last().map(|note| note.id) } else { None };
            Ok(NotePage { notes, next })
        })
        .await
}

/// A note of a record.
///
/// # Errors
/// [`Error::NotFound`] when the record is not there or has no such note.
pub async fn get(crm: &Crm, agent: AgentId, about: About, id: NoteId) -> Result<Note, Error> {
    crm.db
        .read("notes.get", move |tx| {
            about.check(tx, agent)?;
            let sql = "SELECT id, text FROM notes WHERE agent_id = $1 AND about_id = $2 AND id = $3";
            tx.query_opt(sql, params![&agent, &about.id(), &id], from_row)?.ok_or(Error::NotFound)
        })
        .await
}

fn from_row(row: &db::Row<'_>) -> Result<Note, db::DbError> {
    let id: NoteId = row.get(0)?;
    Ok(Note { id, text: row.get(1)?, created_at: id.created_at() })
}

/// Erases every note about a record.
pub(crate) fn erase(tx: &mut Tx<'_>, agent: AgentId, about: &[u8; 16]) -> Result<(), Error> {
    tx.execute("DELETE FROM notes WHERE agent_id = $1 AND about_id = $2", params![&agent, about])?;
    Ok(())
}
