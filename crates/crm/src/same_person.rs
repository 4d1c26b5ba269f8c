//! Inquiries by the same person: each lead holds the newest earlier ones, so that a list of leads reads no further rows.
//!
//! The same person is one with the same e-mail address, or with the same phone number and name. Of a number's leads the
//! nearest 100 are looked at: one that more people share, such as a switchboard's or a made-up one, tells nobody apart.

use db::{Tx, params};

use crate::{AgentId, Error, ids::LeadId};

/// How many earlier leads a lead holds.
pub(crate) const MOST: usize = 10;

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
        found.extend(tx.query(
            "SELECT id FROM (
                SELECT id, person_key FROM leads WHERE agent_id = $1 AND phone_key = $2 AND id < $3 ORDER BY id DESC LIMIT 100
             ) near WHERE person_key = $4 ORDER BY id DESC LIMIT 10",
            params![&agent, phone, &lead, key],
            |row| row.get::<LeadId>(0),
        )?);
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    found.truncate(MOST);
    Ok(found)
}

/// Makes anew what the leads after `lead` hold, once `lead` came under, left or changed these keys. Only the next few can
/// hold it.
pub(crate) fn relink_later(tx: &mut Tx<'_>, agent: AgentId, lead: LeadId, keys: &PersonKeys) -> Result<(), Error> {
    let read = |row: &db::Row<'_>| {
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
        later.extend(tx.query(
            "SELECT id, email_key, person_key FROM (
                SELECT id, email_key, person_key FROM leads WHERE agent_id = $1 AND phone_key = $2 AND id > $3 ORDER BY id LIMIT 100
             ) near WHERE person_key = $4 ORDER BY id LIMIT 11",
            params![&agent, phone, &lead, key],
            read,
        )?);
    }
    later.sort_unstable_by_key(|(id, _)| *id);
    later.dedup_by_key(|(id, _)| *id);
    for (id, keys) in later {
        let linked = encode(&earlier(tx, agent, id, &keys)?);
        tx.execute(
            "UPDATE leads SET same_person_as = $3 WHERE agent_id = $1 AND id = $2",
            params![&agent, &id, &linked],
        )?;
    }
    Ok(())
}

/// The column's form: 16 bytes an id.
pub(crate) fn encode(ids: &[LeadId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.0).collect()
}

/// Reads the column's form.
pub(crate) fn decode(bytes: &[u8]) -> Vec<LeadId> {
    bytes.chunks_exact(16).map(|id| LeadId(id.try_into().expect("chunks of 16"))).collect()
}
