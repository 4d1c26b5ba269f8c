//! Clients: signed-up buyers and sellers. One client per e-mail address, on a stage of one of the agent's pipelines.

use db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    events::EventKind,
    extras::Extras,
    fold::fold,
    follow_ups,
    idempotency::{Answer, Once},
    ids::{self, ClientId, StageId},
    input::{Given, Purpose, Reader, max},
    notes::About,
    pages::{self, Filter, Listed, Page, Sort, Source, Start},
    search,
    showings::{self, Parent},
    sources,
    stages::{self, Pipeline, Stage},
    totals::{self, Kind},
    trash,
    turns::Turn,
    values::{EmailAddress, PhoneNumber},
};

/// Clients are counted without a status: there is one total.
const NO_STATUS: &str = "";
/// How far a column of the board is counted.
const BOARD_COUNTED: u32 = 200;

/// A client, with its fields in the order of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// The id.
    pub id: ClientId,
    /// The person's name as sent.
    #[schema(example = "Jane Doe")]
    pub name: String,
    /// The person's e-mail address; no other client of the agent has it.
    #[schema(example = "jane@example.com")]
    pub email: String,
    /// The name of the stage that the client is on; `GET /stages` lists them.
    #[schema(example = "Searching")]
    pub buying_stage: String,
    /// The person's phone number as typed.
    #[schema(example = "(555) 987-6543")]
    pub phone: Option<String>,
    /// The pipeline of the stage.
    pub pipeline: Pipeline,
    /// Where the client came from, as sent.
    #[schema(example = "referral")]
    pub source: Option<String>,
    /// What is known of the client.
    #[schema(example = "Prefers a garden, needs two parking spaces")]
    pub notes: Option<String>,
    /// When the client was added or signed up.
    pub created_at: UnixMillis,
    /// When the record last changed.
    pub updated_at: UnixMillis,
}

/// A client as `client.created` tells it: the same keys, the telling ones first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientCreated<'a> {
    name: &'a str,
    email: &'a str,
    phone: &'a Option<String>,
    buying_stage: &'a str,
    id: ClientId,
    pipeline: Pipeline,
    source: &'a Option<String>,
    notes: &'a Option<String>,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

impl<'a> From<&'a Client> for ClientCreated<'a> {
    fn from(client: &'a Client) -> Self {
        let Client { id, name, email, buying_stage, phone, pipeline, source, notes, created_at, updated_at } = client;
        Self {
            name,
            email,
            phone,
            buying_stage,
            id: *id,
            pipeline: *pipeline,
            source,
            notes,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// A client as `client.stage_changed` tells it: the telling keys first, with the stage that it left.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientStageChanged<'a> {
    name: &'a str,
    email: &'a str,
    buying_stage: &'a str,
    previous_stage: &'a str,
    id: ClientId,
    phone: &'a Option<String>,
    pipeline: Pipeline,
    source: &'a Option<String>,
    notes: &'a Option<String>,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

impl<'a> ClientStageChanged<'a> {
    fn new(client: &'a Client, previous_stage: &'a str) -> Self {
        let Client { id, name, email, buying_stage, phone, pipeline, source, notes, created_at, updated_at } = client;
        Self {
            name,
            email,
            buying_stage,
            previous_stage,
            id: *id,
            phone,
            pipeline: *pipeline,
            source,
            notes,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    pub email: EmailAddress,
    /// The person's phone number.
    pub phone: Option<PhoneNumber>,
    /// Where the client came from.
    pub source: Option<String>,
    /// What is known of the client.
    pub notes: Option<String>,
}

impl NewClient {
    /// Reads a client from outside.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let name = reader.required_text("name", max::NAME, Purpose::Create);
        let email = reader.required_email("email", Purpose::Create);
        let phone = reader.phone("phone").value();
        let source = reader.text("source", max::SOURCE).value();
        let notes = reader.text("notes", max::NOTES).value();
        reader.finish(|| Self { name: name.expect("required"), email: email.expect("required"), phone, source, notes })
    }
}

/// A change of a client: what is absent stays.
#[derive(Debug, Clone)]
pub struct ClientChange {
    name: Option<String>,
    email: Option<EmailAddress>,
    phone: Given<PhoneNumber>,
    source: Given<String>,
    notes: Given<String>,
    /// Name or id of a stage; blank where none was named that could be one. Which stages there are, the agent decides.
    stage: Option<String>,
}

impl ClientChange {
    /// Reads a change from outside (RFC 7396): `null` clears phone, source and notes.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(fields);
        let name = reader.required_text("name", max::NAME, Purpose::Change);
        let email = reader.required_email("email", Purpose::Change);
        let phone = reader.phone("phone");
        let source = reader.text("source", max::SOURCE);
        let notes = reader.text("notes", max::NOTES);
        let stage = match fields.get("buyingStage") {
            None => None,
            Some(Value::Null) => Some(String::new()),
            Some(Value::String(stage)) => Some(stage.clone()),
            Some(_) => {
                reader.refuse("buyingStage", "must be a string");
                None
            }
        };
        reader.finish(|| Self { name, email, phone, source, notes, stage })
    }

    fn apply(&self, client: &Client, stage: &Stage) -> Client {
        let Self { name, email, phone, source, notes, stage: _ } = self.clone();
        Client {
            id: client.id,
            name: name.unwrap_or_else(|| client.name.clone()),
            email: email.map_or_else(|| client.email.clone(), |email| email.as_str().to_owned()),
            buying_stage: stage.name.clone(),
            phone: phone.map(|phone| phone.as_str().to_owned()).or_keep(client.phone.clone()),
            pipeline: stage.pipeline,
            source: source.or_keep(client.source.clone()),
            notes: notes.or_keep(client.notes.clone()),
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The client's id.
    pub id: ClientId,
    /// Whether the client is new; else one had the e-mail address already.
    pub is_new: bool,
}

/// Adds a client and raises `client.created`. A client who has the e-mail address already is kept: what was missing of phone,
/// source and notes is filled in, nothing is overwritten, and no event is raised.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] and storage's errors.
pub async fn create(crm: &Crm, agent: AgentId, new: NewClient, once: Option<Once>) -> Result<Answer<Created>, Error> {
    crm.change_once("clients.create", agent, once, move |tx, turn| insert(tx, turn, &new)).await
}

/// Adds a client within a transaction, or fills in the one who has the e-mail address.
pub(crate) fn insert(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewClient) -> Result<Created, Error> {
    insert_in_order_of(tx, turn, new, None)
}

/// As [`insert`], with the event told in the order of another record: of the lead that becomes a client.
pub(crate) fn insert_in_order_of(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    new: &NewClient,
    order_key: Option<&[u8; 16]>,
) -> Result<Created, Error> {
    if let Some(held) = find_by_email(tx, turn.agent, &new.email.key())? {
        fill(tx, turn, &held, new)?;
        return Ok(Created { id: held.client.id, is_new: false });
    }
    let stages = stages::all(tx, turn.agent)?;
    let stage = stages::first(&stages)?;
    let id = ClientId(turn.next_id());
    let client = Client {
        id,
        name: new.name.clone(),
        email: new.email.as_str().to_owned(),
        buying_stage: stage.name.clone(),
        phone: new.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        pipeline: stage.pipeline,
        source: new.source.clone(),
        notes: new.notes.clone(),
        created_at: id.created_at(),
        updated_at: id.created_at(),
    };
    store(tx, turn.agent, &client, stage.id)?;
    totals::add(tx, turn.agent, Kind::Client, NO_STATUS, 1)?;
    let data = ClientCreated::from(&client);
    turn.record_in_order_of(tx, EventKind::ClientCreated, &id.0, order_key, &data)?;
    search::enqueue(tx, turn.agent, Kind::Client, &id.0)?;
    note_source(tx, turn.agent, &client)?;
    Ok(Created { id, is_new: true })
}

fn fill(tx: &mut Tx<'_>, turn: &Turn, held: &Held, new: &NewClient) -> Result<(), Error> {
    let old = &held.client;
    let mut client = old.clone();
    client.phone = old.phone.clone().or_else(|| new.phone.as_ref().map(|phone| phone.as_str().to_owned()));
    client.source = old.source.clone().or_else(|| new.source.clone());
    client.notes = old.notes.clone().or_else(|| new.notes.clone());
    replace(tx, turn, held, client, held.stage).map(drop)
}

/// Stores `client` where `held` was, if they differ. Gives it back as it now is.
fn replace(tx: &mut Tx<'_>, turn: &Turn, held: &Held, mut client: Client, stage: StageId) -> Result<Client, Error> {
    let Held { client: old, stage: old_stage } = held;
    if client == *old && stage == *old_stage {
        return Ok(client);
    }
    client.updated_at = turn.now.max(old.updated_at);
    tx.execute("DELETE FROM clients WHERE agent_id = $1 AND id = $2", params![&turn.agent, &client.id])?;
    store(tx, turn.agent, &client, stage)?;
    search::enqueue(tx, turn.agent, Kind::Client, &client.id.0)?;
    if client.source != old.source {
        note_source(tx, turn.agent, &client)?;
    }
    Ok(client)
}

fn store(tx: &mut Tx<'_>, agent: AgentId, client: &Client, stage: StageId) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO clients (agent_id, id, name, email, email_key, phone, phone_key, stage_id, source, source_key, notes,
            updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            &agent,
            &client.id,
            &client.name,
            &client.email,
            &EmailAddress::key_of(&client.email),
            client.phone.as_deref(),
            client.phone.as_deref().and_then(PhoneNumber::key_of).as_deref(),
            &stage,
            client.source.as_deref(),
            client.source.as_deref().map(fold).as_deref(),
            client.notes.as_deref(),
            client.updated_at.0
        ],
    )?;
    Ok(())
}

fn note_source(tx: &mut Tx<'_>, agent: AgentId, client: &Client) -> Result<(), Error> {
    client.source.as_deref().map_or(Ok(()), |source| sources::note(tx, agent, source))
}

const CLIENTS: Source = Source {
    kind: Kind::Client,
    select: "SELECT t.id, t.updated_at, t.name, t.email, t.phone, t.source, t.notes, s.name, s.pipeline
             FROM clients t LEFT JOIN stages s ON s.agent_id = t.agent_id AND s.id = t.stage_id",
    count: "SELECT 1 FROM clients t",
};

fn from_row(row: &Row<'_>) -> Result<Client, db::DbError> {
    let id: ClientId = row.get(0)?;
    Ok(Client {
        id,
        name: row.get(2)?,
        email: row.get(3)?,
        buying_stage: row.get(7)?,
        phone: row.get(4)?,
        pipeline: row.get(8)?,
        source: row.get(5)?,
        notes: row.get(6)?,
        created_at: id.created_at(),
        updated_at: UnixMillis(row.get(1)?),
    })
}

/// A client and its stage's id.
struct Held {
    client: Client,
    stage: StageId,
}

impl Held {
    fn from_row(row: &Row<'_>) -> Result<Self, db::DbError> {
        Ok(Self { client: from_row(row)?, stage: row.get(9)? })
    }
}

fn find(tx: &mut Tx<'_>, agent: AgentId, id: ClientId) -> Result<Held, Error> {
    let sql = "SELECT t.id, t.updated_at, t.name, t.email, t.phone, t.source, t.notes, s.name, s.pipeline, t.stage_id
               FROM clients t LEFT JOIN stages s ON s.agent_id = t.agent_id AND s.id = t.stage_id
               WHERE t.agent_id = $1 AND t.id = $2";
    tx.query_opt(sql, params![&agent, &id], Held::from_row)?.ok_or(Error::NotFound)
}

fn find_by_email(tx: &mut Tx<'_>, agent: AgentId, email_key: &str) -> Result<Option<Held>, Error> {
    let sql = "SELECT t.id, t.updated_at, t.name, t.email, t.phone, t.source, t.notes, s.name, s.pipeline, t.stage_id
               FROM clients t LEFT JOIN stages s ON s.agent_id = t.agent_id AND s.id = t.stage_id
               WHERE t.agent_id = $1 AND t.email_key = $2";
    Ok(tx.query_opt(sql, params![&agent, email_key], Held::from_row)?)
}

/// Refuses an address that another client has.
fn check_email(tx: &mut Tx<'_>, agent: AgentId, client: &Client) -> Result<(), Error> {
    match find_by_email(tx, agent, &EmailAddress::key_of(&client.email))? {
        Some(other) if other.client.id != client.id => {
            Err(Error::invalid("email", format!("belongs to another client already: {}", other.client.id)))
        }
        _ => Ok(()),
    }
}

/// Whether the agent has this client.
pub(crate) fn exists(tx: &mut Tx<'_>, agent: AgentId, id: ClientId) -> Result<bool, Error> {
    let found =
        tx.query_opt("SELECT 1 FROM clients WHERE agent_id = $1 AND id = $2", params![&agent, &id], |_| Ok(()))?;
    Ok(found.is_some())
}

/// One page of an agent's clients.
pub async fn list(crm: &Crm, agent: AgentId, filter: Filter, page: Page) -> Result<Listed<Client>, Error> {
    crm.db.read("clients.list", move |tx| pages::read(tx, agent, &CLIENTS, &filter, &page, from_row)).await
}

/// A stage with clients on it.
#[derive(Debug)]
pub struct Column {
    /// The stage.
    pub stage: Stage,
    /// The clients on it.
    pub clients: Listed<Client>,
}

/// The stages of a pipeline and of the one aside, each with the `limit` clients that changed last.
///
/// # Errors
/// Storage's errors.
pub async fn board(crm: &Crm, agent: AgentId, pipeline: Pipeline, limit: u32) -> Result<Vec<Column>, Error> {
    crm.db
        .read("clients.board", move |tx| {
            let stages = stages::all(tx, agent)?;
            let shown = stages.into_iter().filter(|stage| [pipeline, Pipeline::Side].contains(&stage.pipeline));
            let mut columns = Vec::new();
            for stage in shown {
                let filter = Filter { stage: Some(stage.id), ..Filter::default() };
                let page =
                    Page { sort: Sort::LastChangedFirst, start: Start::Offset(0), limit, counted: BOARD_COUNTED };
                let clients = pages::read(tx, agent, &CLIENTS, &filter, &page, from_row)?;
                columns.push(Column { stage, clients });
            }
            Ok(columns)
        })
        .await
}

/// Clients on their way of whom nothing was heard or written since `before`, quiet for longest first: `limit` at most. Those with a
/// follow-up ahead wait until then.
///
/// # Errors
/// Storage's errors.
pub async fn quiet(crm: &Crm, agent: AgentId, before: UnixMillis, limit: usize) -> Result<Vec<Client>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("clients.quiet", move |tx| {
            let mut quiet = Vec::new();
            for stage in stages::all(tx, agent)?.iter().filter(|stage| stage.kind == stages::Kind::Active) {
                let sql = "SELECT t.id, t.updated_at, t.name, t.email, t.phone, t.source, t.notes, s.name, s.pipeline
                           FROM clients t LEFT JOIN stages s ON s.agent_id = t.agent_id AND s.id = t.stage_id
                           WHERE t.agent_id = $1 AND t.stage_id = $2 AND t.updated_at < $3 ORDER BY t.updated_at, t.id LIMIT $4";
                // Some more than asked for: a note or a showing may have come since.
                let most = i64::try_from(limit * 3).unwrap_or(i64::MAX);
                for client in tx.query(sql, params![&agent, &stage.id, before.0, most], from_row)? {
                    let since = ids::floor(before);
                    let note = "SELECT 1 FROM notes WHERE agent_id = $1 AND about_id = $2 AND id >= $3 LIMIT 1";
                    let showing = "SELECT 1 FROM showings WHERE agent_id = $1 AND client_id = $2 AND id >= $3 LIMIT 1";
                    let mut is_there = |sql| tx.query_opt(sql, params![&agent, &client.id, &since], |_| Ok(()));
                    let is_heard = is_there(note)?.is_some() || is_there(showing)?.is_some();
                    if !is_heard && !follow_ups::is_ahead(tx, agent, About::Client(client.id), now)? {
                        quiet.push(client);
                    }
                }
            }
            quiet.sort_by_key(|client| (client.updated_at, client.id));
            quiet.truncate(limit);
            Ok(quiet)
        })
        .await
}

/// A client of the agent's.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no client of this agent.
pub async fn get(crm: &Crm, agent: AgentId, id: ClientId) -> Result<Client, Error> {
    crm.db.read("clients.get", move |tx| find(tx, agent, id).map(|held| held.client)).await
}

/// Changes a client, if `precondition` holds of it. Another stage raises `client.stage_changed`; the same one, nothing.
///
/// # Errors
/// [`Error::Invalid`] for a stage that the agent does not have (whether or not the client is there) and for an e-mail address
/// that another client has; [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn update<P>(
    crm: &Crm,
    agent: AgentId,
    id: ClientId,
    change: ClientChange,
    precondition: P,
) -> Result<Client, Error>
where
    P: Fn(&Client) -> bool + Send + 'static,
{
    crm.change("clients.update", agent, move |tx, turn| {
        let stages = stages::all(tx, agent)?;
        if let Some(text) = &change.stage {
            stages::pick(&stages, text, Pipeline::Buyer).ok_or_else(|| stages::unknown(&stages))?;
        }
        let held = find(tx, agent, id)?;
        if !precondition(&held.client) {
            return Err(Error::PreconditionFailed);
        }
        let asked = change.stage.as_deref().and_then(|text| stages::pick(&stages, text, held.client.pipeline));
        let stage = asked.map_or_else(|| stages::held(&stages, held.stage), Ok)?;
        let client = change.apply(&held.client, stage);
        check_email(tx, agent, &client)?;
        let client = replace(tx, turn, &held, client, stage.id)?;
        if stage.id != held.stage {
            let data = ClientStageChanged::new(&client, &held.client.buying_stage);
            turn.record(tx, EventKind::ClientStageChanged, &id.0, &data)?;
        }
        Ok(client)
    })
    .await
}

/// Moves clients from one stage to another, `most` at most. Says how many.
pub(crate) fn move_some(
    tx: &mut Tx<'_>,
    turn: &mut Turn,
    from: StageId,
    to: &Stage,
    most: usize,
) -> Result<usize, Error> {
    let agent = turn.agent;
    let sql =
        "SELECT t.id FROM clients t WHERE t.agent_id = $1 AND t.stage_id = $2 ORDER BY t.updated_at, t.id LIMIT $3";
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let ids = tx.query(sql, params![&agent, &from, limit], |row| row.get::<ClientId>(0))?;
    for id in &ids {
        let held = find(tx, agent, *id)?;
        let mut client = held.client.clone();
        client.buying_stage.clone_from(&to.name);
        client.pipeline = to.pipeline;
        let client = replace(tx, turn, &held, client, to.id)?;
        let data = ClientStageChanged::new(&client, &held.client.buying_stage);
        turn.record(tx, EventKind::ClientStageChanged, &id.0, &data)?;
    }
    Ok(ids.len())
}

/// A client in the trash: the record, the stage by its id, since stages can be renamed, and what stood beside it.
#[derive(Serialize, Deserialize)]
struct Trashed {
    stage: StageId,
    #[serde(flatten)]
    client: Client,
    #[serde(default)]
    extras: Extras,
}

/// Deletes a client, if `precondition` holds of it: it is gone at once from lists, totals and search, and kept for a while
/// so that it can be brought back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn delete<P>(crm: &Crm, agent: AgentId, id: ClientId, precondition: P) -> Result<(), Error>
where
    P: Fn(&Client) -> bool + Send + 'static,
{
    crm.change("clients.delete", agent, move |tx, turn| {
        let Held { client, stage } = find(tx, agent, id)?;
        if !precondition(&client) {
            return Err(Error::PreconditionFailed);
        }
        let extras = Extras::take(tx, agent, About::Client(id))?;
        trash::put(tx, turn, Kind::Client, &id.0, &Trashed { stage, client, extras })?;
        tx.execute("DELETE FROM clients WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
        totals::add(tx, agent, Kind::Client, NO_STATUS, -1)?;
        showings::trash_of(tx, turn, Parent::Client(id))?;
        search::enqueue(tx, agent, Kind::Client, &id.0)
    })
    .await
}

/// Brings a deleted client back as it was, but for `updatedAt`: those who follow changes see it again. A client whose stage is
/// gone begins anew.
///
/// # Errors
/// [`Error::NotFound`] when it is not in the trash, or for too long; [`Error::Invalid`] when another client has the e-mail
/// address by now.
pub async fn restore(crm: &Crm, agent: AgentId, id: ClientId) -> Result<Client, Error> {
    crm.change("clients.restore", agent, move |tx, turn| {
        let Trashed { stage, mut client, extras } = trash::take(tx, turn, Kind::Client, &id.0)?;
        check_email(tx, agent, &client)?;
        let stages = stages::all(tx, agent)?;
        let stage = stages::held(&stages, stage)?;
        client.buying_stage.clone_from(&stage.name);
        client.pipeline = stage.pipeline;
        client.updated_at = turn.now.max(client.updated_at);
        store(tx, agent, &client, stage.id)?;
        extras.put(tx, agent, About::Client(id))?;
        totals::add(tx, agent, Kind::Client, NO_STATUS, 1)?;
        showings::restore_of(tx, turn, Parent::Client(id))?;
        search::enqueue(tx, agent, Kind::Client, &id.0)?;
        Ok(client)
    })
    .await
}
