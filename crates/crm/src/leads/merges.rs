//! Merges: leads of one person made one. The kept lead takes what each of its fields is chosen from, and the notes, tags and inquiries of
//! the others, which go to the trash. For as long as they are there, all can be taken apart again. No event tells of it: nothing
//! happened but that the agent tidied up.

use db::{Tx, params};
use serde::{Deserialize, Serialize};

use super::{Lead, Merged, Trashed, find, keys, replace, store};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    extras::Extras,
    follow_ups, guide_leads,
    ids::{LeadId, MergeId, NoteId},
    inbox, inquiries,
    notes::About,
    same_person, search, tags,
    totals::{self, Kind},
    trash,
    turns::Turn,
};

/// The most leads that are merged into one at once.
pub const MOST: usize = 10;

/// Which of the leads gives a field its value. A lead that is not among them stands for the kept one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The name.
    pub name: LeadId,
    /// The e-mail address.
    pub email: LeadId,
    /// The phone number.
    pub phone: LeadId,
    /// The source.
    pub source: LeadId,
    /// The property asked about.
    pub property_address: LeadId,
    /// What the person wrote.
    pub notes: LeadId,
    /// The status.
    pub status: LeadId,
}

/// What an earlier lead asked that is part of another now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// The id of the lead that it was.
    pub id: LeadId,
    /// Where it came from.
    pub source: String,
    /// The property asked about.
    pub property_address: Option<String>,
    /// What the person wrote.
    pub notes: Option<String>,
}

/// A merge that can be taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The id.
    pub id: MergeId,
    /// When it was.
    pub merged_at: UnixMillis,
}

/// What was moved from one of the others.
#[derive(Serialize, Deserialize)]
struct Moved {
    id: LeadId,
    notes: Vec<NoteId>,
    inquiries: Vec<LeadId>,
}

/// How all was before.
#[derive(Serialize, Deserialize)]
struct Record {
    before: Lead,
    after: Lead,
    added_tags: Vec<String>,
    follow_up_before: Option<i64>,
    follow_up_after: Option<i64>,
    moved: Vec<Moved>,
}

/// A lead and the others of its person, nearest first: at most [`MOST`] before it and a few after.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn candidates(crm: &Crm, agent: AgentId, id: LeadId) -> Result<(Lead, Vec<Lead>), Error> {
    crm.db
        .read("merges.candidates", move |tx| {
            let lead = find(tx, agent, id)?;
            let later = same_person::later(tx, agent, id, &keys(&lead))?;
            let mut others = Vec::new();
            for other in later.into_iter().map(|(id, _)| id).chain(lead.same_person_as.iter().copied()).take(MOST) {
                match find(tx, agent, other) {
                    Ok(other) => others.push(other),
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok((lead, others))
        })
        .await
}

/// Makes one of several leads.
///
/// # Errors
/// [`Error::NotFound`] when one of them is not there; [`Error::Invalid`] for none or too many others; storage's errors.
pub async fn merge(
    crm: &Crm,
    agent: AgentId,
    kept: LeadId,
    mut others: Vec<LeadId>,
    choice: Choice,
) -> Result<MergeId, Error> {
    others.sort_unstable();
    others.dedup();
    others.retain(|other| *other != kept);
    if others.is_empty() || others.len() > MOST {
        return Err(Error::invalid("lead", format!("must be one to {MOST} others")));
    }
    crm.change("leads.merge", agent, move |tx, turn| {
        let id = MergeId(turn.next_id());
        let all = others.iter().chain([&kept]).map(|id| find(tx, agent, *id)).collect::<Result<Vec<_>, _>>()?;
        let about = About::Lead(kept);
        let follow_up_before = follow_ups::find(tx, agent, about)?.map(|at| at.0);
        let (mut added_tags, mut moved, mut follow_up_after) = (Vec::new(), Vec::new(), follow_up_before);
        for other in all.iter().filter(|lead| lead.id != kept) {
            let extras = Extras::take(tx, agent, About::Lead(other.id))?;
            for tag in &extras.tags {
                match tags::put(tx, agent, about, tag) {
                    Ok(true) => added_tags.push(tag.clone()),
                    // Twenty are enough.
                    Ok(false) | Err(Error::Invalid(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if follow_up_before.is_none() {
                follow_up_after = [follow_up_after, extras.follow_up_at].into_iter().flatten().min();
            }
            moved.push(move_over(tx, turn, kept, other)?);
            let merged = Some(Merged { merge: id, into: kept });
            trash::put(tx, turn, Kind::Lead, &other.id.0, &Trashed { lead: other.clone(), extras, merged })?;
            super::remove(tx, agent, other)?;
        }
        if follow_up_before.is_none()
            && let Some(at) = follow_up_after
        {
            follow_ups::put(tx, agent, about, UnixMillis(at))?;
        }
        // Read again: which earlier leads it names has changed with them.
        let before = find(tx, agent, kept)?;
        let after = replace(tx, turn, &before, chosen(&before, &all, choice))?;
        let record = Record { before, after, added_tags, follow_up_before, follow_up_after, moved };
        let record = serde_json::to_string(&record).map_err(|cause| {
            tracing::error!(%cause, "a merge cannot be kept");
            Error::Internal
        })?;
        tx.execute(
            "INSERT INTO merges (agent_id, id, lead_id, record, merged_at) VALUES ($1, $2, $3, $4, $5)",
            params![&agent, &id, &kept, &record, turn.now.0],
        )?;
        Ok(id)
    })
    .await
}

/// The kept lead with each field from whom it is chosen.
fn chosen(kept: &Lead, all: &[Lead], choice: Choice) -> Lead {
    let of = |id: LeadId| all.iter().find(|lead| lead.id == id).unwrap_or(kept);
    Lead {
        name: of(choice.name).name.clone(),
        email: of(choice.email).email.clone(),
        status: of(choice.status).status.clone(),
        phone: of(choice.phone).phone.clone(),
        source: of(choice.source).source.clone(),
        property_address: of(choice.property_address).property_address.clone(),
        notes: of(choice.notes).notes.clone(),
        ..kept.clone()
    }
}

/// Moves notes and inquiries of a lead to the kept one, and makes an inquiry of the lead itself.
fn move_over(tx: &mut Tx<'_>, turn: &Turn, kept: LeadId, other: &Lead) -> Result<Moved, Error> {
    let agent = turn.agent;
    let sql = "SELECT id FROM notes WHERE agent_id = $1 AND about_id = $2";
    let notes = tx.query(sql, params![&agent, &other.id], |row| row.get::<NoteId>(0))?;
    let sql = "SELECT id FROM inquiries WHERE agent_id = $1 AND lead_id = $2";
    let inquiries = tx.query(sql, params![&agent, &other.id], |row| row.get::<LeadId>(0))?;
    for sql in [
        "UPDATE notes SET about_id = $3 WHERE agent_id = $1 AND about_id = $2",
        "UPDATE inquiries SET lead_id = $3 WHERE agent_id = $1 AND lead_id = $2",
    ] {
        tx.execute(sql, params![&agent, &other.id, &kept])?;
    }
    tx.execute(
        "INSERT INTO inquiries (agent_id, lead_id, id, source, property_address, notes) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            &agent,
            &kept,
            &other.id,
            &other.source,
            other.property_address.as_deref(),
            other.notes.as_deref()
        ],
    )?;
    Ok(Moved { id: other.id, notes, inquiries })
}

/// Takes a merge apart: the others are back as they were, and so is the kept lead where nothing else has changed it since.
///
/// # Errors
/// [`Error::NotFound`] when the kept lead is not there, or after [`trash::KEPT`]; storage's errors.
pub async fn undo(crm: &Crm, agent: AgentId, id: MergeId) -> Result<LeadId, Error> {
    crm.change("leads.unmerge", agent, move |tx, turn| {
        let sql = "SELECT lead_id, record FROM merges WHERE agent_id = $1 AND id = $2 AND merged_at > $3";
        let found = tx.query_opt(sql, params![&agent, &id, turn.now.minus(trash::KEPT).0], |row| {
            Ok((row.get::<LeadId>(0)?, row.get::<String>(1)?))
        })?;
        let (kept, record) = found.ok_or(Error::NotFound)?;
        let record = serde_json::from_str::<Record>(&record).map_err(|cause| {
            tracing::error!(%cause, "a merge cannot be read");
            Error::Internal
        })?;
        find(tx, agent, kept)?;
        for moved in &record.moved {
            move_back(tx, turn, kept, moved)?;
        }
        let about = About::Lead(kept);
        for tag in &record.added_tags {
            tags::take_off(tx, agent, about, &crate::fold::fold(tag))?;
        }
        let follow_up = follow_ups::find(tx, agent, about)?.map(|at| at.0);
        if follow_up == record.follow_up_after && follow_up != record.follow_up_before {
            follow_ups::take(tx, agent, about)?;
        }
        let now = find(tx, agent, kept)?;
        let lead = before_again(&now, &record);
        replace(tx, turn, &now, lead)?;
        tx.execute("DELETE FROM merges WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        Ok(kept)
    })
    .await
}

/// The lead with every field as before that is still as the merge made it.
fn before_again(now: &Lead, record: &Record) -> Lead {
    fn again<T: PartialEq + Clone>(now: &T, after: &T, before: &T) -> T {
        if now == after { before.clone() } else { now.clone() }
    }
    let Record { before, after, .. } = record;
    Lead {
        name: again(&now.name, &after.name, &before.name),
        email: again(&now.email, &after.email, &before.email),
        status: again(&now.status, &after.status, &before.status),
        phone: again(&now.phone, &after.phone, &before.phone),
        source: again(&now.source, &after.source, &before.source),
        property_address: again(&now.property_address, &after.property_address, &before.property_address),
        notes: again(&now.notes, &after.notes, &before.notes),
        ..now.clone()
    }
}

fn move_back(tx: &mut Tx<'_>, turn: &Turn, kept: LeadId, moved: &Moved) -> Result<(), Error> {
    let (agent, id) = (turn.agent, moved.id);
    let Trashed { mut lead, extras, .. } = trash::take(tx, turn, Kind::Lead, &id.0)?;
    let keys = keys(&lead);
    lead.same_person_as = same_person::earlier(tx, agent, id, &keys)?;
    lead.updated_at = turn.now.max(lead.updated_at);
    store(tx, agent, &lead)?;
    extras.put(tx, agent, About::Lead(id))?;
    same_person::relink_later(tx, agent, id, &keys)?;
    totals::add(tx, agent, Kind::Lead, &lead.status, 1)?;
    search::enqueue(tx, agent, Kind::Lead, &id.0)?;
    for note in &moved.notes {
        tx.execute(
            "UPDATE notes SET about_id = $4 WHERE agent_id = $1 AND about_id = $2 AND id = $3",
            params![&agent, &kept, note, &id],
        )?;
    }
    let sql = "DELETE FROM inquiries WHERE agent_id = $1 AND lead_id = $2 AND id = $3";
    tx.execute(sql, params![&agent, &kept, &id])?;
    for inquiry in &moved.inquiries {
        tx.execute(
            "UPDATE inquiries SET lead_id = $4 WHERE agent_id = $1 AND lead_id = $2 AND id = $3",
            params![&agent, &kept, inquiry, &id],
        )?;
    }
    Ok(())
}

/// What other leads asked that are part of this one now, and the merges that can be taken apart, the last first.
///
/// # Errors
/// Storage's errors.
pub async fn of(crm: &Crm, agent: AgentId, lead: LeadId) -> Result<(Vec<Inquiry>, Vec<Merge>), Error> {
    let since = crm.clock.now().minus(trash::KEPT).0;
    crm.db
        .read("merges.of", move |tx| {
            let sql = "SELECT id, source, property_address, notes FROM inquiries WHERE agent_id = $1 AND lead_id = $2
                       ORDER BY id DESC LIMIT 50";
            let inquiries = tx.query(sql, params![&agent, &lead], |row| {
                Ok(Inquiry { id: row.get(0)?, source: row.get(1)?, property_address: row.get(2)?, notes: row.get(3)? })
            })?;
            let sql = "SELECT id, merged_at FROM merges WHERE agent_id = $1 AND lead_id = $2 AND merged_at > $3
                       ORDER BY id DESC LIMIT 10";
            let merges = tx.query(sql, params![&agent, &lead, since], |row| {
                Ok(Merge { id: row.get(0)?, merged_at: UnixMillis(row.get(1)?) })
            })?;
            Ok((inquiries, merges))
        })
        .await
}

/// Erases what stands with a lead that is erased. One that is part of another now leaves that one what it asked, and the row of a file
/// that it came from: that row does not come in again.
pub(crate) fn erase(tx: &mut Tx<'_>, agent: AgentId, id: &[u8; 16], record: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Of {
        #[serde(default)]
        merged: Option<Merged>,
    }
    let of = serde_json::from_str::<Of>(record);
    // A merged lead's inquiry is told by the one that took it.
    if !matches!(of, Ok(Of { merged: Some(_) })) {
        guide_leads::erase(tx, agent, id)?;
        inquiries::erase(tx, agent, id)?;
    }
    tx.execute("DELETE FROM inquiries WHERE agent_id = $1 AND lead_id = $2", params![&agent, id])?;
    tx.execute("DELETE FROM merges WHERE agent_id = $1 AND lead_id = $2", params![&agent, id])?;
    let Ok(Of { merged: Some(Merged { merge, into }) }) = of else { return Ok(()) };
    tx.execute("DELETE FROM merges WHERE agent_id = $1 AND id = $2", params![&agent, &merge])?;
    inbox::forget_merged(tx, agent, id, into)?;
    tx.execute("UPDATE import_rows SET lead_id = $3 WHERE agent_id = $1 AND lead_id = $2", params![&agent, id, &into])?;
    Ok(())
}
