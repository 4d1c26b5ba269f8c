//! The address at which an agent gets mail in: a token nobody can guess, at the domain that the operator set.

use db::params;

use crate::{AgentId, Crm, Error, randomness};

/// Lower case and unlike one another: mail servers change the case of addresses, people copy them by hand.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits.
const LENGTH: usize = 20;

/// Whose mail a token takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// The agent.
    pub agent: AgentId,
}

/// The agent's token; made at the first call.
///
/// # Errors
/// Storage's errors.
pub async fn token(crm: &Crm, agent: AgentId) -> Result<String, Error> {
    const SQL: &str = "SELECT token FROM inbound_addresses WHERE agent_id = $1";
    let held = crm
        .db
        .read("inbox.token", move |tx| Ok::<_, Error>(tx.query_opt(SQL, params![&agent], |row| row.get::<String>(0))?));
    if let Some(token) = held.await? {
        return Ok(token);
    }
    let new = randomness::text(&*crm.random, ALPHABET, LENGTH);
    crm.change("inbox.make_token", agent, move |tx, turn| {
        tx.execute(
            "INSERT INTO inbound_addresses (agent_id, token, created_at) VALUES ($1, $2, $3) ON CONFLICT (agent_id) DO NOTHING",
            params![&agent, &new, turn.now.0],
        )?;
        tx.query_opt(SQL, params![&agent], |row| row.get(0))?.ok_or(Error::Internal)
    })
    .await
}

/// The agent's address for mail; `None` where the operator has set no domain.
///
/// # Errors
/// Storage's errors.
pub async fn address(crm: &Crm, agent: AgentId) -> Result<Option<String>, Error> {
    match crm.inbound_domain() {
        None => Ok(None),
        Some(domain) => Ok(Some(format!("{}@{domain}", token(crm, agent).await?))),
    }
}

/// Gives the agent another address: what is sent to the one before is refused from now on.
///
/// # Errors
/// Storage's errors.
pub async fn renew(crm: &Crm, agent: AgentId) -> Result<String, Error> {
    let new = randomness::text(&*crm.random, ALPHABET, LENGTH);
    crm.change("inbox.renew", agent, move |tx, turn| {
        tx.execute(
            "INSERT INTO inbound_addresses (agent_id, token, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (agent_id) DO UPDATE SET token = excluded.token, created_at = excluded.created_at",
            params![&agent, &new, turn.now.0],
        )?;
        Ok(new.clone())
    })
    .await
}

/// Whose token it is, in whatever case; `None` for nobody's, and for that of somebody who is leaving.
///
/// # Errors
/// Storage's errors.
pub async fn host_of(crm: &Crm, token: &str) -> Result<Option<Host>, Error> {
    let token = token.to_ascii_lowercase();
    if token.len() != LENGTH || !token.bytes().all(|letter| ALPHABET.contains(&letter)) {
        return Ok(None);
    }
    crm.db
        .read("inbox.host", move |tx| {
            let sql = "SELECT a.agent_id FROM inbound_addresses a WHERE a.token = $1
                       AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.agent_id = a.agent_id)";
            Ok(tx.query_opt(sql, params![&token], |row| row.get(0))?.map(|agent| Host { agent }))
        })
        .await
}
