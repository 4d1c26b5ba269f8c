//! Follow-ups: when the agent wants to think of a lead or a client again. One for each, and none in the API.

use std::collections::HashSet;

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{ClientId, LeadId},
    notes::About,
    totals::Kind,
};

/// Sets when to think of somebody again; `None` for never. Gives back what it was.
///
/// # Errors
/// [`Error::NotFound`] when the record is not there; storage's errors.
pub async fn set(crm: &Crm, agent: AgentId, about: About, at: Option<UnixMillis>) -> Result<Option<UnixMillis>, Error> {
    crm.change("follow_ups.set", agent, move |tx, _| {
        about.check(tx, agent)?;
        let before = take(tx, agent, about)?;
        if let Some(at) = at {
            put(tx, agent, about, at)?;
        }
        Ok(before)
    })
    .await
}

/// Stores a follow-up where there is none.
pub(crate) fn put(tx: &mut Tx<'_>, agent: AgentId, about: About, at: UnixMillis) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO follow_ups (agent_id, about_id, kind, follow_up_at) VALUES ($1, $2, $3, $4)",
        params![&agent, &about.id(), about.kind().name(), at.0],
    )?;
    Ok(())
}

/// Takes a follow-up away.
pub(crate) fn take(tx: &mut Tx<'_>, agent: AgentId, about: About) -> Result<Option<UnixMillis>, Error> {
    let before = find(tx, agent, about)?;
    if before.is_some() {
        tx.execute("DELETE FROM follow_ups WHERE agent_id = $1 AND about_id = $2", params![&agent, &about.id()])?;
    }
    Ok(before)
}

/// The follow-up within a transaction.
pub(crate) fn find(tx: &mut Tx<'_>, agent: AgentId, about: About) -> Result<Option<UnixMillis>, Error> {
    let sql = "SELECT follow_up_at FROM follow_ups WHERE agent_id = $1 AND about_id = $2";
    Ok(tx.query_opt(sql, params![&agent, &about.id()], |row| row.get(0).map(UnixMillis))?)
}

/// When to think of somebody again.
///
/// # Errors
/// Storage's errors.
pub async fn get(crm: &Crm, agent: AgentId, about: About) -> Result<Option<UnixMillis>, Error> {
    crm.db.read("follow_ups.get", move |tx| find(tx, agent, about)).await
}

/// Whether somebody's follow-up is still ahead: until then nothing is to be done.
pub(crate) fn is_ahead(tx: &mut Tx<'_>, agent: AgentId, about: About, now: UnixMillis) -> Result<bool, Error> {
    Ok(find(tx, agent, about)?.is_some_and(|at| at > now))
}

/// Those of some leads that have a follow-up, ahead or due.
///
/// # Errors
/// Storage's errors.
pub async fn among(crm: &Crm, agent: AgentId, leads: Vec<LeadId>) -> Result<HashSet<LeadId>, Error> {
    crm.db
        .read("follow_ups.among", move |tx| {
            let mut found = HashSet::new();
            for lead in leads.iter().copied() {
                if find(tx, agent, About::Lead(lead))?.is_some() {
                    found.insert(lead);
                }
            }
            Ok(found)
        })
        .await
}

/// Somebody to think of again now.
#[derive(Debug, Clone)]
pub struct Due {
    /// Who.
    pub about: About,
    /// Since when.
    pub at: UnixMillis,
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The person's phone number.
    pub phone: Option<String>,
    /// What is known.
    pub notes: Option<String>,
}

/// Follow-ups that are due, the longest waiting first: `limit` at most.
///
/// # Errors
/// Storage's errors.
pub async fn due(crm: &Crm, agent: AgentId, limit: u32) -> Result<Vec<Due>, Error> {
    let now = crm.clock.now();
    crm.db
        .read("follow_ups.due", move |tx| {
            let sql = "SELECT about_id, kind, follow_up_at FROM follow_ups WHERE agent_id = $1 AND follow_up_at <= $2
                       ORDER BY follow_up_at, about_id LIMIT $3";
            let found = tx.query(sql, params![&agent, now.0, limit], |row| {
                let id = row.get::<[u8; 16]>(0)?;
                let about = match row.text(1)? {
                    kind if kind == Kind::Lead.name() => About::Lead(LeadId(id)),
                    _ => About::Client(ClientId(id)),
                };
                Ok((about, UnixMillis(row.get(2)?)))
            })?;
            let mut due = Vec::new();
            for (about, at) in found {
                let sql = match about {
                    About::Lead(_) => "SELECT name, email, phone, notes FROM leads WHERE agent_id = $1 AND id = $2",
                    About::Client(_) => "SELECT name, email, phone, notes FROM clients WHERE agent_id = $1 AND id = $2",
                };
                due.extend(tx.query_opt(sql, params![&agent, &about.id()], |row| {
                    let (name, email, phone, notes) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                    Ok(Due { about, at, name, email, phone, notes })
                })?);
            }
            Ok(due)
        })
        .await
}
