//! Taking a mail in: it is read apart from any transaction, then decided on and kept in one.

use std::sync::{Arc, LazyLock};

use db::{Tx, params};
use tokio::sync::Semaphore;

use super::{
    Known, MOST, Outcome, Reading, Trust, Way,
    decisions::{self, Decision, Person},
    retention, storage,
    storage::{Raw, Row},
};
use crate::{
    AgentId, Crm, Error,
    ids::{LeadId, MessageId},
    values::EmailAddress,
};

/// Mails read at once: reading is the work of a processor.
static READERS: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))));

/// A mail as it came.
#[derive(Debug)]
pub struct Incoming {
    /// Its bytes.
    pub raw: Vec<u8>,
    /// How it came.
    pub way: Way,
    /// What was found of its sender, where somebody looked.
    pub trust: Option<Trust>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    /// The message in the inbox; of a mail that was there already, the one that was there.
    pub id: MessageId,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// The lead that it made, or that it is about.
    pub lead: Option<LeadId>,
    /// What was read.
    pub reading: Reading,
}

/// Takes a mail in. It is on the disk when this returns, with its lead, and `lead.created` is raised once, however often the mail comes.
///
/// # Errors
/// [`Error::Invalid`] for `file` beyond [`MOST`] bytes; [`Error::NotFound`] for an agent who is no more; storage's errors, and then
/// nothing was kept, but for [`Error::OutcomeUnknown`].
pub async fn take_in(crm: &Crm, agent: AgentId, incoming: Incoming) -> Result<TakenIn, Error> {
    let Incoming { raw, way, trust } = incoming;
    if raw.len() > MOST {
        return Err(Error::invalid("file", format!("must have at most {} MiB", MOST / (1024 * 1024))));
    }
    let key = storage::key_of(&raw);
    let before = crm.db.read("inbox.before", move |tx| match storage::find_same(tx, agent, &key)? {
        Some(same) => Ok::<_, Error>(Err(again(same))),
        None => Ok(Ok(known(tx, agent)?)),
    });
    let mut known = match before.await? {
        Ok(known) => known,
        Err(same) => return Ok(same),
    };
    known.addresses.extend(super::address(crm, agent).await?);
    let (raw, reading) = read(crm, raw, known).await?;
    let trust = trust.map(|trust| trust.of_portal(reading.provider_domain.as_deref()));
    let size = i64::try_from(raw.len()).unwrap_or(i64::MAX);
    let rules = crm.reader().rules();
    let (raw, stored) = Raw::prepare(crm, agent, raw).await?;
    let taken = crm.change("inbox.take_in", agent, move |tx, turn| {
        if let Some(same) = storage::find_same(tx, agent, &key)? {
            return Ok((again(same), false));
        }
        let id = MessageId(turn.next_id());
        let decision = decisions::decide(tx, turn, &reading, trust.as_ref())?;
        raw.keep(tx, turn, id)?;
        let email_key = email_key(&reading);
        let row = Row {
            id,
            key: &key,
            way,
            size,
            reading: &reading,
            rules,
            trust: trust.as_ref(),
            decision: &decision,
            email_key: email_key.as_deref(),
            ends_at: retention::ends_at(&decision, turn.now),
        };
        storage::insert(tx, agent, &row)?;
        let Decision { outcome, reason, lead, .. } = decision;
        Ok((TakenIn { id, outcome, reason, lead, reading: reading.clone() }, true))
    });
    let (taken, is_new) = taken.await?;
    if let (Some(stored), true) = (stored, is_new) {
        stored.keep();
    }
    Ok(taken)
}

/// Of a mail that is here already.
fn again(same: super::Message) -> TakenIn {
    TakenIn {
        id: same.id,
        outcome: Outcome::Duplicate,
        reason: String::from("This mail was taken in before"),
        lead: same.lead,
        reading: same.reading,
    }
}

/// Whom the mail is from, to be erased with: the consumer, else the sender.
pub(super) fn email_key(reading: &Reading) -> Option<String> {
    let person = Person::of(reading).email_key;
    person.or_else(|| EmailAddress::parse(&reading.sender_address).ok().map(|address| address.key()))
}

/// Reads a mail on a thread of its own.
pub(super) async fn read(crm: &Crm, raw: Vec<u8>, known: Known) -> Result<(Vec<u8>, Reading), Error> {
    let (reader, raw) = (Arc::clone(crm.reader()), Arc::new(raw));
    let held = Arc::clone(&raw);
    // Should the reader fail on a mail nonetheless, somebody looks at it.
    let reading = apart(move || reader.read(&held, &known)).await?;
    let reading = reading.unwrap_or_else(|| Reading::review("This mail could not be read"));
    Ok((Arc::try_unwrap(raw).unwrap_or_else(|raw| raw.to_vec()), reading))
}

/// Does what a processor is busy with, a few at a time; `None` where it panicked.
///
/// # Errors
/// [`Error::Unavailable`] when the server stops.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<Option<T>, Error> {
    let _turn = READERS.acquire().await.map_err(|_| Error::Unavailable)?;
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.is_panic() => {
            tracing::error!("the reader of mails panicked");
            Ok(None)
        }
        Err(_) => Err(Error::Unavailable),
    }
}

/// What is known of the agent: never the consumer of a mail.
pub(super) fn known(tx: &mut Tx<'_>, agent: AgentId) -> Result<Known, Error> {
    let sql = "SELECT name, email FROM agents WHERE id = $1";
    let held = tx.query_opt(sql, params![&agent], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)))?;
    let (name, email) = held.ok_or(Error::NotFound)?;
    let mut known = Known { names: vec![name], addresses: vec![email], phones: Vec::new() };
    let sql = "SELECT email FROM accounts WHERE agent_id = $1 LIMIT 20";
    known.addresses.extend(tx.query(sql, params![&agent], |row| row.get::<String>(0))?);
    let sql = "SELECT phone FROM profiles WHERE agent_id = $1";
    known.phones.extend(tx.query_opt(sql, params![&agent], |row| row.get::<Option<String>>(0))?.flatten());
    Ok(known)
}
