//! Inquiries by the same person: each lead holds the newest earlier ones, so that a list of leads reads no further rows.
//!
//! The same person is one with the same e-mail address, or with the same phone number and name. Of a number's leads the
//! nearest [`NEAR`] are looked at: one that more people share, such as a switchboard's or a made-up one, tells nobody apart.

use db::{DbError, Row, Tx, params};

use crate::{AgentId, Error, ids::LeadId};

/// How many earlier leads a lead holds.
pub(crate) const MOST: usize = 10;

/// How many of a number's leads are looked at.
const NEAR: usize = 100;
/// And how many at once: mostly the first few tell.
const STEPS: [i64; 2] = [16, 84];

/// What tells a lead's person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PersonKeys {
    pub email_key: Option<String>,
    /// The phone number's digits, a blank and the folded name.
    pub person_key: Option<String>,
}

impl PersonKeys {
    /// The phone number's digits and the whole key.
    fn phone_and_name(&self) -> Option<(&str, &str)> {
        let key = self.person_key.as_deref()?;
        Some((key.split(' ').next().unwrap_or(key), key))
    }
}

/// The newest leads before `lead` by a person of these keys, newest first.
pub(crate) fn earlier(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, keys: &PersonKeys) -> Result<Vec<LeadId>, Error> {
    let mut found = Vec::new();
    if let Some(key) = &keys.email_key {
        found = tx.query(
            "SELECT id FROM leads WHERE agent_id = $1 AND email_key = $2 AND id < $3 ORDER BY id DESC LIMIT 10",
            params![&agent, key, &lead],
            |row| row.get::<LeadId>(0),
        )?;
    }
    if let Some((phone, key)) = keys.phone_and_name() {
        let sql = "SELECT id, person_key FROM leads WHERE agent_id = $1 AND phone_key = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
        let is_same = |row: &Row<'_>| Ok((row.get::<LeadId>(0)?, row.text(1)? == key));
        found.extend(nearest(tx, sql, (agent, phone, lead), MOST, is_same)?);
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    found.truncate(MOST);
    Ok(found)
}

/// Walks over a number's leads from one of them, step by step, until `most` of the same person are found.
fn nearest(
    tx: &mut Tx<'_>,
    sql: &'static str,
    (agent, phone, from): (AgentId, &str, LeadId),
    most: usize,
    is_same: impl Fn(&Row<'_>) -> Result<(LeadId, bool), DbError>,
) -> Result<Vec<LeadId>, Error> {
    let (mut found, mut looked_at, mut from) = (Vec::new(), 0, from);
    while looked_at < NEAR {
        let step = STEPS[usize::from(looked_at > 0)];
        let rows = tx.query(sql, params![&agent, phone, &from, step], &is_same)?;
        looked_at += rows.len();
        let Some((last, _)) = rows.last() else { break };
        from = *last;
        found.extend(rows.iter().filter(|(_, is_same)| *is_same).map(|(id, _)| *id));
        if found.len() >= most || i64::try_from(rows.len()).is_ok_and(|count| count < step) {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// Makes anew what the leads after `lead` hold, once `lead` came under, left or changed these keys. Only the next few can
/// hold it.
pub(crate) fn relink_later(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, keys: &PersonKeys) -> Result<(), Error> {
    for (id, keys) in later(tx, agent, lead, keys)? {
        let linked = encode(&earlier(tx, agent, id, &keys)?);
        tx.execute(
            "UPDATE leads SET same_person_as = $3 WHERE agent_id = $1 AND id = $2",
            params![&agent, &id, &linked],
        )?;
    }
    Ok(())
}

/// The next leads after `lead` by a person of these keys, oldest first.
pub(crate) fn later(
    tx: &mut Tx<'_>,
    agent: AgentId,
    lead: LeadId,
    keys: &PersonKeys,
) -> Result<Vec<(LeadId, PersonKeys)>, Error> {
    let read = |row: &Row<'_>| {
        let keys = PersonKeys { email_key: row.get(1)?, person_key: row.get(2)? };
        Ok((row.get::<LeadId>(0)?, keys))
    };
    let mut later = Vec::new();
    if let Some(key) = &keys.email_key {
        later = tx.query(
            "SELECT id, email_key, person_key FROM leads WHERE agent_id = $1 AND email_key = $2 AND id > $3 ORDER BY id LIMIT 11",
            params![&agent, key, &lead],
            read,
        )?;
    }
    if let Some((phone, key)) = keys.phone_and_name() {
        let sql =
            "SELECT id, person_key FROM leads WHERE agent_id = $1 AND phone_key = $2 AND id > $3 ORDER BY id LIMIT $4";
        let is_same = |row: &Row<'_>| Ok((row.get::<LeadId>(0)?, row.text(1)? == key));
        for id in nearest(tx, sql, (agent, phone, lead), MOST + 1, is_same)? {
            let sql = "SELECT id, email_key, person_key FROM leads WHERE agent_id = $1 AND id = $2";
            later.extend(tx.query(sql, params![&agent, &id], read)?);
        }
    }
    later.sort_unstable_by_key(|(id, _)| *id);
    later.dedup_by_key(|(id, _)| *id);
    Ok(later)
}

/// The column's form: 16 bytes an id.
pub(crate) fn encode(ids: &[LeadId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.0).collect()
}

/// Reads the column's form.
pub(crate) fn decode(bytes: &[u8]) -> Vec<LeadId> {
    bytes.chunks_exact(16).map(|id| LeadId(id.try_into().expect("chunks of 16"))).collect()
}
