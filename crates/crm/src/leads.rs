//! Leads: inquiries. A lead is one inquiry by a person; the same person again is another lead, linked to the earlier ones.

pub mod merges;

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error,
    clients::{self, NewClient},
    clock::UnixMillis,
    events::EventKind,
    extras::Extras,
    fold::fold,
    idempotency::{Answer, Once},
    ids::{ClientId, LeadId, MergeId},
    input::{Given, Purpose, Reader, max},
    inquiries,
    notes::About,
    pages::{self, Filter, Listed, Page, Source},
    pictures,
    same_person::{self, PersonKeys},
    search, sources,
    totals::{self, Kind},
    trash,
    turns::Turn,
    values::{EmailAddress, PhoneNumber},
};

/// The stages of working a lead, in their usual order.
pub const STATUSES: [&str; 10] = [
    "new",
    "attempted",
    "contacted",
    "appointment",
    "qualified",
    "nurture",
    "client",
    "archived",
    "junk",
    "do_not_contact",
];

/// The status of what is no lead at all.
pub(crate) const JUNK: &str = STATUSES[8];

/// The source of a lead that says none.
pub const DEFAULT_SOURCE: &str = "api";

/// A lead, with its fields in the order of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// The id.
    pub id: LeadId,
    /// The person's name as sent.
    #[schema(example = "John Smith")]
    pub name: String,
    /// The person's e-mail address.
    #[schema(required, example = "john@example.com")]
    pub email: Option<String>,
    /// One of [`STATUSES`].
    #[schema(example = "new")]
    pub status: String,
    /// The person's phone number as typed.
    #[schema(required, example = "(555) 123-4567")]
    pub phone: Option<String>,
    /// Where the lead came from, as sent.
    #[schema(example = "zillow")]
    pub source: String,
    /// The property asked about.
    #[schema(required, example = "123 Main St, Miami, FL")]
    pub property_address: Option<String>,
    /// What the person wrote.
    #[schema(required, example = "Interested in 3BR homes")]
    pub notes: Option<String>,
    /// The newest earlier leads by the same person, newest first, 10 at most.
    pub same_person_as: Vec<LeadId>,
    /// When it came in.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// A lead as `lead.created` tells it: the same keys, the telling ones first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LeadCreated<'a> {
    name: &'a str,
    email: &'a Option<String>,
    phone: &'a Option<String>,
    source: &'a str,
    id: LeadId,
    status: &'a str,
    property_address: &'a Option<String>,
    notes: &'a Option<String>,
    same_person_as: &'a [LeadId],
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

impl<'a> From<&'a Lead> for LeadCreated<'a> {
    fn from(lead: &'a Lead) -> Self {
        let Lead {
            id,
            name,
            email,
            status,
            phone,
            source,
            property_address,
            notes,
            same_person_as,
            created_at,
            updated_at,
        } = lead;
        Self {
            name,
            email,
            phone,
            source,
            id: *id,
            status,
            property_address,
            notes,
            same_person_as,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// A lead to be recorded.
#[derive(Debug, Clone)]
pub struct NewLead {
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    pub email: Option<EmailAddress>,
    /// The person's phone number.
    pub phone: Option<PhoneNumber>,
    /// Where the lead came from.
    pub source: String,
    /// The property asked about.
    pub property_address: Option<String>,
    /// What the person wrote.
    pub notes: Option<String>,
}

impl NewLead {
    /// Reads a lead from outside.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let name = reader.required_text("name", max::NAME, Purpose::Create);
        let email = reader.email("email").value();
        let phone = reader.phone("phone").value();
        let source = reader.text("source", max::SOURCE).value();
        let property_address = reader.text("propertyAddress", max::ADDRESS).value();
        let notes = reader.text("notes", max::NOTES).value();
        reader.finish(|| Self {
            name: name.expect("required"),
            email,
            phone,
            source: source.unwrap_or_else(|| DEFAULT_SOURCE.to_owned()),
            property_address,
            notes,
        })
    }
}

/// A change of a lead: what is absent stays.
#[derive(Debug, Clone)]
pub struct LeadChange {
    name: Option<String>,
    email: Given<EmailAddress>,
    phone: Given<PhoneNumber>,
    source: Given<String>,
    property_address: Given<String>,
    notes: Given<String>,
    status: Option<&'static str>,
}

impl LeadChange {
    /// Reads a change from outside (RFC 7396): `null` clears.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let name = reader.required_text("name", max::NAME, Purpose::Change);
        let email = reader.email("email");
        let phone = reader.phone("phone");
        let source = reader.text("source", max::SOURCE);
        let property_address = reader.text("propertyAddress", max::ADDRESS);
        let notes = reader.text("notes", max::NOTES);
        let status = reader.choice("status", &STATUSES.map(|status| (status, status)));
        if status == Given::Null {
            reader.refuse("status", format!("must be one of {}", STATUSES.join(", ")));
        }
        reader.finish(|| Self { name, email, phone, source, property_address, notes, status: status.value() })
    }

    fn apply(&self, lead: &Lead) -> Lead {
        let Self { name, email, phone, source, property_address, notes, status } = self.clone();
        Lead {
            id: lead.id,
            name: name.unwrap_or_else(|| lead.name.clone()),
            email: as_text(email, EmailAddress::as_str).or_keep(lead.email.clone()),
            status: status.map_or_else(|| lead.status.clone(), str::to_owned),
            phone: as_text(phone, PhoneNumber::as_str).or_keep(lead.phone.clone()),
            source: source.or_keep(Some(lead.source.clone())).unwrap_or_else(|| DEFAULT_SOURCE.to_owned()),
            property_address: property_address.or_keep(lead.property_address.clone()),
            notes: notes.or_keep(lead.notes.clone()),
            same_person_as: lead.same_person_as.clone(),
            created_at: lead.created_at,
            updated_at: lead.updated_at,
        }
    }
}

fn as_text<T>(given: Given<T>, text: fn(&T) -> &str) -> Given<String> {
    match given {
        Given::Absent => Given::Absent,
        Given::Null => Given::Null,
        Given::Value(value) => Given::Value(text(&value).to_owned()),
    }
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The new lead's id.
    pub id: LeadId,
}

/// Records an inquiry and raises `lead.created`.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] and storage's errors.
pub async fn create(crm: &Crm, agent: AgentId, new: NewLead, once: Option<Once>) -> Result<Answer<Created>, Error> {
    crm.change_once("leads.create", agent, once, move |tx, turn| {
        let id = insert(tx, turn, &new)?;
        Ok(Created { id })
    })
    .await
}

/// As [`create`], for a lead that the agent makes by hand: no mail tells them of it.
///
/// # Errors
/// As [`create`].
pub async fn create_quietly(
    crm: &Crm,
    agent: AgentId,
    new: NewLead,
    once: Option<Once>,
) -> Result<Answer<Created>, Error> {
    crm.change_once("leads.create", agent, once, move |tx, turn| {
        turn.is_quiet = true;
        let id = insert(tx, turn, &new)?;
        Ok(Created { id })
    })
    .await
}

/// Records an inquiry within a transaction.
pub(crate) fn insert(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewLead) -> Result<LeadId, Error> {
    insert_as(tx, turn, new, STATUSES[0])
}

/// As [`insert`], for one of whom somebody has heard before: it begins with this status.
pub(crate) fn insert_as(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    new: &NewLead,
    status: &'static str,
) -> Result<LeadId, Error> {
    let lead = put(tx, turn, new, status)?;
    turn.record(tx, EventKind::LeadCreated, &lead.id.0, &LeadCreated::from(&lead))?;
    Ok(lead.id)
}

/// As [`insert`], for what looks like spam: it is kept as junk, and `lead.created` waits until it has another status.
pub(crate) fn insert_held(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewLead) -> Result<LeadId, Error> {
    Ok(put(tx, turn, new, JUNK)?.id)
}

/// Puts a new lead into its table, totals and search.
fn put(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewLead, status: &'static str) -> Result<Lead, Error> {
    let id = LeadId(turn.next_id());
    let mut lead = Lead {
        id,
        name: new.name.clone(),
        email: new.email.as_ref().map(|email| email.as_str().to_owned()),
        status: status.to_owned(),
        phone: new.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        source: new.source.clone(),
        property_address: new.property_address.clone(),
        notes: new.notes.clone(),
        same_person_as: Vec::new(),
        created_at: id.created_at(),
        updated_at: id.created_at(),
    };
    lead.same_person_as = same_person::earlier(tx, turn.agent, id, &keys(&lead))?;
    store(tx, turn.agent, &lead)?;
    totals::add(tx, turn.agent, Kind::Lead, &lead.status, 1)?;
    search::enqueue(tx, turn.agent, Kind::Lead, &id.0)?;
    sources::note(tx, turn.agent, &lead.source)?;
    Ok(lead)
}

fn keys(lead: &Lead) -> PersonKeys {
    let phone_key = lead.phone.as_deref().and_then(PhoneNumber::key_of);
    PersonKeys {
        email_key: lead.email.as_deref().map(EmailAddress::key_of),
        person_key: phone_key.map(|digits| format!("{digits} {}", fold(&lead.name))),
    }
}

fn store(tx: &mut Tx<'_>, agent: AgentId, lead: &Lead) -> Result<(), Error> {
    let keys = keys(lead);
    tx.execute(
        "INSERT INTO leads (agent_id, id, name, email, email_key, phone, phone_key, person_key, source, source_key,
            property_address, notes, status, same_person_as, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            &agent,
            &lead.id,
            &lead.name,
            lead.email.as_deref(),
            keys.email_key.as_deref(),
            lead.phone.as_deref(),
            lead.phone.as_deref().and_then(PhoneNumber::key_of).as_deref(),
            keys.person_key.as_deref(),
            &lead.source,
            &fold(&lead.source),
            lead.property_address.as_deref(),
            lead.notes.as_deref(),
            &lead.status,
            &same_person::encode(&lead.same_person_as),
            lead.updated_at.0
        ],
    )?;
    Ok(())
}

const LEADS: Source = Source {
    kind: Kind::Lead,
    select: "SELECT t.id, t.updated_at, t.name, t.email, t.status, t.phone, t.source, t.property_address, t.notes, t.same_person_as
             FROM leads t",
    count: "SELECT 1 FROM leads t",
};

fn from_row(row: &Row<'_>) -> Result<Lead, db::DbError> {
    let id: LeadId = row.get(0)?;
    Ok(Lead {
        id,
        name: row.get(2)?,
        email: row.get(3)?,
        status: row.get(4)?,
        phone: row.get(5)?,
        source: row.get(6)?,
        property_address: row.get(7)?,
        notes: row.get(8)?,
        same_person_as: same_person::decode(row.bytes(9)?),
        created_at: id.created_at(),
        updated_at: UnixMillis(row.get(1)?),
    })
}

pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId, id: LeadId) -> Result<Lead, Error> {
    let sql = "SELECT t.id, t.updated_at, t.name, t.email, t.status, t.phone, t.source, t.property_address, t.notes, t.same_person_as
               FROM leads t WHERE t.agent_id = $1 AND t.id = $2";
    tx.query_opt(sql, params![&agent, &id], from_row)?.ok_or(Error::NotFound)
}

/// Whether the agent has this lead.
pub(crate) fn exists(tx: &mut Tx<'_>, agent: AgentId, id: LeadId) -> Result<bool, Error> {
    let found =
        tx.query_opt("SELECT 1 FROM leads WHERE agent_id = $1 AND id = $2", params![&agent, &id], |_| Ok(()))?;
    Ok(found.is_some())
}

/// One page of an agent's leads.
pub async fn list(crm: &Crm, agent: AgentId, filter: Filter, page: Page) -> Result<Listed<Lead>, Error> {
    crm.db.read("leads.list", move |tx| pages::read(tx, agent, &LEADS, &filter, &page, from_row)).await
}

/// How many leads the agent has of each of [`STATUSES`], as the kept totals say.
///
/// # Errors
/// Storage's errors.
pub async fn counts(crm: &Crm, agent: AgentId) -> Result<Vec<(&'static str, u64)>, Error> {
    crm.db
        .read("leads.counts", move |tx| {
            let count = |status| Ok((status, totals::get(tx, agent, Kind::Lead, Some(status))?));
            STATUSES.into_iter().map(count).collect()
        })
        .await
}

/// A lead of the agent's.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no lead of this agent.
pub async fn get(crm: &Crm, agent: AgentId, id: LeadId) -> Result<Lead, Error> {
    crm.db.read("leads.get", move |tx| find(tx, agent, id)).await
}

/// Changes a lead, if `precondition` holds of it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn update<P>(
    crm: &Crm,
    agent: AgentId,
    id: LeadId,
    change: LeadChange,
    precondition: P,
) -> Result<Lead, Error>
where
    P: Fn(&Lead) -> bool + Send + 'static,
{
    crm.change("leads.update", agent, move |tx, turn| {
        let old = find(tx, agent, id)?;
        if !precondition(&old) {
            return Err(Error::PreconditionFailed);
        }
        replace(tx, turn, &old, change.apply(&old))
    })
    .await
}

/// Stores `lead` where `old` was, if they differ. Gives it back as it now is.
pub(crate) fn replace(tx: &mut Tx<'_>, turn: &mut Turn, old: &Lead, mut lead: Lead) -> Result<Lead, Error> {
    let (agent, id) = (turn.agent, lead.id);
    if lead == *old {
        return Ok(lead);
    }
    lead.updated_at = turn.now.max(old.updated_at);
    let (old_keys, new_keys) = (keys(old), keys(&lead));
    if old_keys != new_keys {
        lead.same_person_as = same_person::earlier(tx, agent, id, &new_keys)?;
    }
    tx.execute("DELETE FROM leads WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
    store(tx, agent, &lead)?;
    if old_keys != new_keys {
        same_person::relink_later(tx, agent, id, &old_keys)?;
        same_person::relink_later(tx, agent, id, &new_keys)?;
    }
    totals::shift(tx, agent, Kind::Lead, &old.status, &lead.status)?;
    match (old.status == STATUSES[0], lead.status == STATUSES[0]) {
        (true, false) => pictures::note_answer(tx, agent, id, turn.now)?,
        // Taken back.
        (false, true) => pictures::forget_answer(tx, agent, &id.0)?,
        _ => {}
    }
    search::enqueue(tx, agent, Kind::Lead, &id.0)?;
    if lead.source != old.source {
        sources::note(tx, agent, &lead.source)?;
    }
    // Whoever gives a doubtful one a status has looked at it; what was held is told now, but not to who has just seen it.
    if lead.status != old.status && inquiries::settle(tx, agent, id, lead.status == JUNK)? {
        turn.quietly(|turn| turn.record(tx, EventKind::LeadCreated, &id.0, &LeadCreated::from(&lead)))?;
    }
    Ok(lead)
}

/// Makes a client of a lead's person, in one transaction: the lead becomes `client`, and `client.created` is raised in the order of
/// the lead's events. Somebody who is a client already stays the one they are.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for a lead without an e-mail address: a client needs one.
pub async fn convert(crm: &Crm, agent: AgentId, id: LeadId) -> Result<ClientId, Error> {
    crm.change("leads.convert", agent, move |tx, turn| {
        let old = find(tx, agent, id)?;
        let email = old.email.as_deref().map(EmailAddress::parse);
        let Some(Ok(email)) = email else {
            return Err(Error::invalid("email", "is missing: a client needs an address to sign in with"));
        };
        let new = NewClient {
            name: old.name.clone(),
            email,
            phone: old.phone.as_deref().and_then(|phone| PhoneNumber::parse(phone).ok()),
            source: Some(old.source.clone()),
            notes: old.notes.clone(),
        };
        let made = clients::insert_in_order_of(tx, turn, &new, Some(&id.0))?;
        replace(tx, turn, &old, Lead { status: String::from("client"), ..old.clone() })?;
        Ok(made.id)
    })
    .await
}

/// Sets the status of several leads, each in a transaction of its own. Those that were there and had another before, with that one.
///
/// # Errors
/// Storage's errors; what was set before one stays set.
pub async fn set_status(
    crm: &Crm,
    agent: AgentId,
    changes: Vec<(LeadId, &'static str)>,
) -> Result<Vec<(LeadId, String)>, Error> {
    let mut before = Vec::new();
    for (id, status) in changes {
        let changed = crm.change("leads.set_status", agent, move |tx, turn| {
            let old = find(tx, agent, id)?;
            replace(tx, turn, &old, Lead { status: status.to_owned(), ..old.clone() })?;
            Ok(old.status)
        });
        match changed.await {
            Ok(old) if old != status => before.push((id, old)),
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(before)
}

/// A lead in the trash: the record, and what stood beside it.
#[derive(Serialize, Deserialize)]
struct Trashed {
    #[serde(flatten)]
    lead: Lead,
    #[serde(default)]
    extras: Extras,
    /// Where it is part of another now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merged: Option<Merged>,
}

/// What became of a merged lead.
#[derive(Serialize, Deserialize)]
struct Merged {
    merge: MergeId,
    into: LeadId,
}

/// Deletes a lead, if `precondition` holds of it: it is gone at once from lists, totals and search, and kept for a while
/// so that it can be brought back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn delete<P>(crm: &Crm, agent: AgentId, id: LeadId, precondition: P) -> Result<(), Error>
where
    P: Fn(&Lead) -> bool + Send + 'static,
{
    crm.change("leads.delete", agent, move |tx, turn| {
        let lead = find(tx, agent, id)?;
        if !precondition(&lead) {
            return Err(Error::PreconditionFailed);
        }
        put_in_trash(tx, turn, lead)
    })
    .await
}

/// As [`delete`], within a transaction.
pub(crate) fn discard(tx: &mut Tx<'_>, turn: &Turn, id: LeadId) -> Result<(), Error> {
    let lead = find(tx, turn.agent, id)?;
    put_in_trash(tx, turn, lead)
}

fn put_in_trash(tx: &mut Tx<'_>, turn: &Turn, lead: Lead) -> Result<(), Error> {
    let extras = Extras::take(tx, turn.agent, About::Lead(lead.id))?;
    let id = lead.id;
    let trashed = Trashed { lead, extras, merged: None };
    trash::put(tx, turn, Kind::Lead, &id.0, &trashed)?;
    remove(tx, turn.agent, &trashed.lead)
}

/// Takes a lead out of its table, totals and search.
fn remove(tx: &mut Tx<'_>, agent: AgentId, lead: &Lead) -> Result<(), Error> {
    tx.execute("DELETE FROM leads WHERE agent_id = $1 AND id = $2", params![&agent, &lead.id])?;
    same_person::relink_later(tx, agent, lead.id, &keys(lead))?;
    totals::add(tx, agent, Kind::Lead, &lead.status, -1)?;
    search::enqueue(tx, agent, Kind::Lead, &lead.id.0)
}

/// Brings a deleted lead back as it was, but for `updatedAt`: those who follow changes see it again.
///
/// # Errors
/// [`Error::NotFound`] when it is not in the trash, or for too long.
pub async fn restore(crm: &Crm, agent: AgentId, id: LeadId) -> Result<Lead, Error> {
    crm.change("leads.restore", agent, move |tx, turn| {
        let Trashed { mut lead, extras, merged } = trash::take(tx, turn, Kind::Lead, &id.0)?;
        // It comes back when the merge is taken apart, and not as somebody's twin.
        if merged.is_some() {
            return Err(Error::NotFound);
        }
        let keys = keys(&lead);
        lead.same_person_as = same_person::earlier(tx, agent, id, &keys)?;
        lead.updated_at = turn.now.max(lead.updated_at);
        store(tx, agent, &lead)?;
        extras.put(tx, agent, About::Lead(id))?;
        same_person::relink_later(tx, agent, id, &keys)?;
        totals::add(tx, agent, Kind::Lead, &lead.status, 1)?;
        search::enqueue(tx, agent, Kind::Lead, &id.0)?;
        Ok(lead)
    })
    .await
}
