//! API keys: made once, shown once, kept as a hash; and the admission of requests that carry one.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use db::{Engine, Lane, Row, Tx, params};
use quick_cache::sync::Cache;

use crate::{
    AgentId, Crm, Error, Stamp,
    clock::UnixMillis,
    ids::ApiKeyId,
    input::max,
    limiter::{self, Admission},
    randomness,
    turns::Turn,
};

/// What every key begins with.
pub const PREFIX: &str = "oa_live_";
const RANDOM: usize = 30;
const CHECK: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How stale a key's last use may be shown: it is not written for every request.
const LAST_USE_STEP: Duration = Duration::from_secs(60);

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes {
    /// Read records.
    pub can_read: bool,
    /// Make, change and delete records.
    pub can_write: bool,
}

impl Scopes {
    /// Reading and writing.
    pub const ALL: Self = Self { can_read: true, can_write: true };

    /// The public names: `read`, `write`.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let named = [(self.can_read, "read"), (self.can_write, "write")];
        named.into_iter().filter_map(|(is_held, name)| is_held.then_some(name)).collect()
    }

    /// The scopes of public names; none given means all.
    ///
    /// # Errors
    /// With a sentence that names the scopes there are.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'static str> {
        let mut scopes = Self { can_read: false, can_write: false };
        for name in names {
            match name {
                "read" => scopes.can_read = true,
                "write" => scopes.can_write = true,
                _ => return Err("a scope is read or write"),
            }
        }
        let is_any = scopes.can_read || scopes.can_write;
        Ok(if is_any { scopes } else { Self::ALL })
    }
}

/// A key as its bearer sends it. Only ever shown when it is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A new key: the prefix, 30 random base62 characters (178 bits) and 6 of their CRC-32.
    pub fn generate(random: &dyn randomness::Randomness) -> Self {
        let mut text = String::from(PREFIX);
        text.push_str(&randomness::text(random, BASE62, RANDOM));
        let check = check(&text);
        text.push_str(&check);
        Self(text)
    }

    /// A key whose check digits fit: a typing error is told without a look-up.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_long_enough = text.len() == PREFIX.len() + RANDOM + CHECK && text.starts_with(PREFIX);
        let is_base62 = is_long_enough && text[PREFIX.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (body, digits) = is_base62.then(|| text.split_at(text.len() - CHECK))?;
        (check(body) == digits).then(|| Self(text.to_owned()))
    }

    /// The text to hand to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> [u8; 32] {
        let digest = digest::digest(&digest::SHA256, self.0.as_bytes());
        digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(…)")
    }
}

fn check(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What its owner calls it, such as `Zapier`.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// How long it holds; for ever when `None`.
    pub lifetime: Option<Duration>,
}

impl NewKey {
    /// The key with its name trimmed, if that is one.
    fn checked(self) -> Result<Self, Error> {
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > max::NAME {
            return Err(Error::invalid("name", format!("must have 1 to {} characters", max::NAME)));
        }
        Ok(Self { name, ..self })
    }
}

/// Who makes a request, and what is left of the key's limit.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The agent whose data the request is about.
    pub agent: AgentId,
    /// The key.
    pub key: ApiKeyId,
    /// The key's name.
    pub key_name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Option<UnixMillis>,
    /// The request limit.
    pub admission: Admission,
}

/// Why a request with a well-formed key is not let in.
#[derive(Debug)]
pub enum Refusal {
    /// No such key, or revoked, or past its end.
    UnknownKey,
    /// The key's limit is used up.
    Limited(Admission),
    /// Storage failed.
    Failed(Error),
}

/// Makes a key for an agent.
///
/// # Errors
/// [`Error::Invalid`] for a blank or long name.
pub async fn create(crm: &Crm, agent: AgentId, new: NewKey) -> Result<Key, Error> {
    let new = new.checked()?;
    let changes = Arc::clone(&crm.changes);
    crm.change("api_keys.create", agent, move |tx, turn| {
        changes.note_keys(tx);
        insert(tx, turn, &new)
    })
    .await
}

/// Makes a key in place of those of the same name: they are revoked, and the next request with one is refused.
///
/// # Errors
/// As [`create`], and [`Error::NotFound`] when the agent has no key of this name that still holds.
pub async fn replace(crm: &Crm, agent: AgentId, new: NewKey) -> Result<Key, Error> {
    let new = new.checked()?;
    let changes = Arc::clone(&crm.changes);
    crm.change("api_keys.replace", agent, move |tx, turn| {
        changes.note_keys(tx);
        let revoked = tx.execute(
            "UPDATE api_keys SET revoked_at = $3 WHERE agent_id = $1 AND name = $2 AND revoked_at IS NULL",
            params![&agent, &new.name, turn.now.0],
        )?;
        if revoked == 0 {
            return Err(Error::NotFound);
        }
        insert(tx, turn, &new)
    })
    .await
}

/// A key as its owner sees it: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// Its last four characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends; never when `None`.
    pub expires_at: Option<UnixMillis>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UnixMillis>,
}

/// The most keys of an agent that hold.
pub const MAX_KEYS: usize = 10_000;
/// The most that are listed.
pub const LISTED: i64 = 500;

/// The keys of an agent that were not revoked, newest first, [`LISTED`] at most.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<ApiKey>, Error> {
    crm.db
        .read("api_keys.list", move |tx| {
            let sql = "SELECT id, name, hint, can_read, can_write, expires_at, last_used_at FROM api_keys
                       WHERE agent_id = $1 AND revoked_at IS NULL ORDER BY id DESC LIMIT $2";
            Ok(tx.query(sql, params![&agent, LISTED], |row| {
                Ok(ApiKey {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    hint: row.get(2)?,
                    scopes: Scopes { can_read: row.get(3)?, can_write: row.get(4)? },
                    expires_at: row.get::<Option<i64>>(5)?.map(UnixMillis),
                    last_used_at: row.get::<Option<i64>>(6)?.map(UnixMillis),
                })
            })?)
        })
        .await
}

/// Revokes a key: the next request with it is refused.
///
/// # Errors
/// [`Error::NotFound`] for an id that is no key of this agent, or of one that was revoked.
pub async fn revoke(crm: &Crm, agent: AgentId, id: ApiKeyId) -> Result<(), Error> {
    let changes = Arc::clone(&crm.changes);
    crm.change("api_keys.revoke", agent, move |tx, turn| {
        changes.note_keys(tx);
        let sql = "UPDATE api_keys SET revoked_at = $3 WHERE agent_id = $1 AND id = $2 AND revoked_at IS NULL";
        if tx.execute(sql, params![&agent, &id, turn.now.0])? == 0 {
            return Err(Error::NotFound);
        }
        Ok(())
    })
    .await
}

fn insert(tx: &mut Tx<'_>, turn: &mut Turn, new: &NewKey) -> Result<Key, Error> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM api_keys WHERE agent_id = $1 AND revoked_at IS NULL LIMIT $2) held";
    let held = tx.query_one(sql, params![&turn.agent, MAX_KEYS as i64], |row| row.get::<i64>(0))?;
    if usize::try_from(held).is_ok_and(|held| held >= MAX_KEYS) {
        return Err(Error::invalid("name", format!("is one too many: there can be {MAX_KEYS} keys, revoke one first")));
    }
    let id = ApiKeyId(turn.next_id());
    let key = Key::generate(turn.random());
    let hint = &key.0[key.0.len() - 4..];
    let expires_at = new.lifetime.map(|lifetime| turn.now.plus(lifetime).0);
    tx.execute(
        "INSERT INTO api_keys (agent_id, id, name, hash, hint, can_read, can_write, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![&turn.agent, &id, &new.name, &key.hash(), hint, new.scopes.can_read, new.scopes.can_write, expires_at],
    )?;
    Ok(key)
}

/// A key as stored, with who calls with it.
#[derive(Debug, Clone)]
pub(crate) struct HeldKey {
    pub caller: Caller,
    pub last_used_at: Option<i64>,
}

/// Keys that were looked up, each with the state of the data that it was found in.
pub(crate) struct KnownKeys(Cache<[u8; 32], (HeldKey, Stamp)>);

/// How many keys are known at most; half a kilobyte each.
const KNOWN: usize = 10_000;

impl Default for KnownKeys {
    fn default() -> Self {
        Self(Cache::new(KNOWN))
    }
}

impl KnownKeys {
    /// A key that still is what it was when it was found.
    fn find(&self, crm: &Crm, hash: &[u8; 32], now: Option<Stamp>) -> Option<HeldKey> {
        let (held, then) = self.0.get(hash)?;
        let is_ended = held.caller.expires_at.is_some_and(|end| end <= crm.clock.now());
        (!is_ended && crm.changes.are_keys_unchanged(then, now?)).then_some(held)
    }

    fn note(&self, hash: [u8; 32], held: &HeldKey, now: Option<Stamp>) {
        if let Some(now) = now {
            self.0.insert(hash, (held.clone(), now));
        }
    }
}

/// Lets one request in by its key: finds the key, then counts the request against the key's limit. `now` is the state of the
/// data that the request sees, where that is known.
///
/// # Errors
/// [`Refusal`], with the limit's state where the key is known.
pub async fn admit(crm: &Crm, key: &Key, now: Option<Stamp>) -> Result<Caller, Refusal> {
    let hash = key.hash();
    let is_shared = crm.db.engine() == Engine::Postgres && crm.limiter.limit() <= limiter::postgres::MOST;
    let held = if is_shared { admit_among_nodes(crm, hash).await? } else { admit_here(crm, hash, now).await? };
    Ok(held.caller)
}

/// One process counts: the log of instants is in its memory.
async fn admit_here(crm: &Crm, hash: [u8; 32], now: Option<Stamp>) -> Result<HeldKey, Refusal> {
    let mut held = match crm.known_keys.find(crm, &hash, now) {
        Some(held) => held,
        None => {
            let time = crm.clock.now();
            let found = crm.db.read("api_keys.find", move |tx| find(tx, &hash, time)).await;
            let held = found.map_err(Refusal::Failed)?.ok_or(Refusal::UnknownKey)?;
            crm.known_keys.note(hash, &held, now);
            held
        }
    };
    held.caller.admission = crm.limiter.admit(held.caller.key, crm.clock.monotonic());
    if !held.caller.admission.is_admitted {
        return Err(Refusal::Limited(held.caller.admission));
    }
    if note_use(crm, &held) {
        held.last_used_at = Some(crm.clock.now().0);
        crm.known_keys.note(hash, &held, now);
    }
    Ok(held)
}

/// Nodes share the log of instants in the database.
async fn admit_among_nodes(crm: &Crm, hash: [u8; 32]) -> Result<HeldKey, Refusal> {
    let (now, monotonic, limit) = (crm.clock.now(), crm.clock.monotonic(), crm.limiter.limit());
    if let Some(reset_after) = crm.exhausted.reset_after(&hash, monotonic, now) {
        return Err(Refusal::Limited(Admission { is_admitted: false, limit, remaining: 0, reset_after }));
    }
    let found = crm.db.statement("api_keys.admit", move |tx| limiter::postgres::admit(tx, &hash, now, limit)).await;
    let found = found.map_err(|error| match error {
        // What is unknown is whether the request was counted. It was not served, so it can simply be sent again.
        Error::OutcomeUnknown => Refusal::Failed(Error::Unavailable),
        error => Refusal::Failed(error),
    });
    let held = found?.ok_or(Refusal::UnknownKey)?;
    let admission = held.caller.admission;
    if admission.is_admitted {
        note_use(crm, &held);
        return Ok(held);
    }
    crm.exhausted.note(hash, monotonic + admission.reset_after, held.caller.expires_at);
    Err(Refusal::Limited(admission))
}

fn find(tx: &mut Tx<'_>, hash: &[u8; 32], now: UnixMillis) -> Result<Option<HeldKey>, Error> {
    let found = tx.query_opt(
        "SELECT agent_id, id, name, can_read, can_write, expires_at, last_used_at FROM api_keys
         WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        params![hash, now.0],
        from_row,
    )?;
    Ok(found)
}

/// Reads agent, id, name, both scopes, end and last use: the columns that every look-up of a key begins with.
pub(crate) fn from_row(row: &Row<'_>) -> Result<HeldKey, db::DbError> {
    let caller = Caller {
        agent: row.get(0)?,
        key: row.get(1)?,
        key_name: row.get(2)?,
        scopes: Scopes { can_read: row.get(3)?, can_write: row.get(4)? },
        expires_at: row.get::<Option<i64>>(5)?.map(UnixMillis),
        admission: Admission { is_admitted: false, limit: 0, remaining: 0, reset_after: Duration::ZERO },
    };
    Ok(HeldKey { caller, last_used_at: row.get(6)? })
}

/// Writes the key's last use behind the request, at most once a step. Says whether it does.
fn note_use(crm: &Crm, held: &HeldKey) -> bool {
    let now = crm.clock.now();
    let is_recent = held.last_used_at.is_some_and(|last| UnixMillis(last) > now.minus(LAST_USE_STEP));
    if is_recent {
        return false;
    }
    let (db, agent, key) = (crm.db.clone(), held.caller.agent, held.caller.key);
    tokio::spawn(async move {
        let noted: Result<(), Error> = db
            .write_in_background("api_keys.note_use", Lane::of(&agent.0), move |tx| {
                tx.execute(
                    "UPDATE api_keys SET last_used_at = $3
                     WHERE agent_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $4)",
                    params![&agent, &key, now.0, now.minus(LAST_USE_STEP).0],
                )?;
                Ok(())
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a key's last use was not noted");
        }
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::Mutex<u8>);
    impl randomness::Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let mut next = self.0.lock().unwrap();
            for byte in bytes {
                *byte = *next;
                *next = next.wrapping_add(37);
            }
        }
    }

    #[test]
    fn a_key_tells_a_typing_error_from_a_revoked_key() {
        let key = Key::generate(&Counting(std::sync::Mutex::new(0)));
        let text = key.reveal().to_owned();
        assert_eq!(text.len(), 44);
        assert_eq!(Key::parse(&text), Some(key));
        for at in PREFIX.len()..text.len() {
            let mut typed = text.clone().into_bytes();
            typed[at] = if typed[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(Key::parse(std::str::from_utf8(&typed).unwrap()), None, "{at}");
        }
        for wrong in ["", "oa_live_", "your_api_key_here", &text[1..], &format!("{text}0"), &text.replace('_', "é")] {
            assert_eq!(Key::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_scope_named_means_all() {
        assert_eq!(Scopes::from_names([]), Ok(Scopes::ALL));
        assert_eq!(Scopes::from_names(["read"]).unwrap().names(), ["read"]);
        assert!(Scopes::from_names(["admin"]).is_err());
    }
}
