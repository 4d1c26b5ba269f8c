//! What an export of everything asks beside the lists that the API has.

pub mod copies;
mod extras;
pub mod files;
pub mod sheets;
mod zip;

use db::params;
use serde::Serialize;

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{ClientId, LeadId, NoteId},
};

pub use extras::{Extra, ExtraCursor, extras};

/// Text that a spreadsheet would take for a formula is quoted (OWASP, CSV Injection).
#[must_use]
pub fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// A note with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FiledNote {
    /// The id.
    pub id: NoteId,
    /// The id of the lead or client.
    pub about: String,
    /// What was written, as sent.
    pub text: String,
    /// When it was written.
    pub created_at: UnixMillis,
}

/// A place among an agent's notes: right after one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteCursor([u8; 16], NoteId);

/// A page of an agent's notes, record by record; those of deleted records are not among them.
#[derive(Debug)]
pub struct NotePage {
    /// The notes; they may be fewer than asked for before the end.
    pub notes: Vec<FiledNote>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<NoteCursor>,
}

/// Where the record of a note is.
const ABOUT_LEAD: i64 = 1;
const ABOUT_CLIENT: i64 = 2;

/// The notes after a place, at most `limit`.
///
/// # Errors
/// Storage's errors.
pub async fn notes(crm: &Crm, agent: AgentId, after: Option<NoteCursor>, limit: u32) -> Result<NotePage, Error> {
    let NoteCursor(about, id) = after.unwrap_or(NoteCursor([0; 16], NoteId([0; 16])));
    crm.db
        .read("exports.notes", move |tx| {
            let mut last = None;
            let notes = tx.query(
                "SELECT n.about_id, n.id, n.text,
                     CASE WHEN EXISTS (SELECT 1 FROM leads l WHERE l.agent_id = n.agent_id AND l.id = n.about_id) THEN 1
                          WHEN EXISTS (SELECT 1 FROM clients c WHERE c.agent_id = n.agent_id AND c.id = n.about_id) THEN 2
                          ELSE 0 END
                 FROM notes n WHERE n.agent_id = $1 AND (n.about_id, n.id) > ($2, $3) ORDER BY n.about_id, n.id LIMIT $4",
                params![&agent, &about, &id, limit],
                |row| {
                    let (about, id) = (row.get::<[u8; 16]>(0)?, row.get::<NoteId>(1)?);
                    last = Some(NoteCursor(about, id));
                    let about = match row.get::<i64>(3)? {
                        ABOUT_LEAD => LeadId(about).to_string(),
                        ABOUT_CLIENT => ClientId(about).to_string(),
                        _ => return Ok(None),
                    };
                    Ok(Some(FiledNote { id, about, text: row.get(2)?, created_at: id.created_at() }))
                },
            )?;
            let next = if notes.len() < limit as usize { None } else { last };
            Ok(NotePage { notes: notes.into_iter().flatten().collect(), next })
        })
        .await
}
