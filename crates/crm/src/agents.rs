//! Agents: the tenants. An agent is made with one account that signs in for it, its turn and its pipelines.

use db::{Engine, Lane, Tx, params};
use serde::Serialize;

use crate::{
    AgentId, Crm, Error, ids,
    input::max,
    stages,
    values::{EmailAddress, Slug},
};

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// The id; never shown in public, where the slug stands for the agent.
    pub id: AgentId,
    /// The public name in addresses, and `agentId` in webhooks.
    pub slug: String,
    /// The name as written.
    pub name: String,
    /// Where mail for the agent goes.
    pub email: String,
    /// IANA name of the agent's time zone.
    pub time_zone: String,
}

/// An agent to be made.
#[derive(Debug, Clone)]
pub struct NewAgent {
    /// The name as written.
    pub name: String,
    /// Signs in with it; one account per address.
    pub email: EmailAddress,
    /// The slug asked for; else one is made from the name.
    pub slug: Option<Slug>,
    /// IANA name of the agent's time zone.
    pub time_zone: String,
    /// Argon2id hash of the account's password; without one nobody can sign in yet.
    pub password_hash: Option<String>,
}

/// Namesakes tried before giving up.
const NAMESAKES: u32 = 10_000;

/// Makes an agent and its first account.
///
/// # Errors
/// [`Error::Invalid`] for a blank or long name, a slug asked for that is taken, an e-mail address that has an account.
pub async fn create(crm: &Crm, new: NewAgent) -> Result<Agent, Error> {
    let name = checked_name(&new.name)?;
    let state = crm.clone();
    crm.db.write("agents.create", Lane::SHARED, move |tx| insert(tx, &state, &name, &new)).await
}

/// A name with its outer white space cut, if that is one.
pub(crate) fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > max::NAME {
        return Err(Error::invalid("name", format!("must have 1 to {} characters", max::NAME)));
    }
    Ok(name.to_owned())
}

/// Whether there is any agent; nobody else makes the first one until the transaction has ended.
pub(crate) fn is_any(tx: &mut Tx<'_>) -> Result<bool, Error> {
    if tx.engine() == Engine::Postgres {
        tx.batch("LOCK TABLE agents IN SHARE ROW EXCLUSIVE MODE")?;
    }
    Ok(tx.query_opt("SELECT 1 FROM agents LIMIT 1", &[], |_| Ok(()))?.is_some())
}

pub(crate) fn insert(tx: &mut Tx<'_>, crm: &Crm, name: &str, new: &NewAgent) -> Result<Agent, Error> {
    let email_key = new.email.key();
    let has_account = tx.query_opt("SELECT 1 FROM accounts WHERE email_key = $1", params![&email_key], |_| Ok(()))?;
    if has_account.is_some() {
        return Err(Error::invalid("email", "belongs to an account already"));
    }
    let slug = match &new.slug {
        Some(slug) if is_taken(tx, slug)? => return Err(Error::invalid("slug", "is taken by another agent")),
        Some(slug) => slug.clone(),
        None => free_slug(tx, &Slug::from_name(name))?,
    };
    let now = crm.clock.now();
    let id = AgentId(ids::next(&[0; 16], now, &*crm.random));
    let account = ids::next(&id.0, now, &*crm.random);
    let agent = Agent {
        id,
        slug: slug.as_str().to_owned(),
        name: name.to_owned(),
        email: new.email.as_str().to_owned(),
        time_zone: new.time_zone.clone(),
    };
    tx.execute(
        "INSERT INTO agents (id, slug, name, email, time_zone) VALUES ($1, $2, $3, $4, $5)",
        params![&id, &agent.slug, &agent.name, &agent.email, &agent.time_zone],
    )?;
    let last = stages::insert_defaults(tx, id, account, now, &*crm.random)?;
    tx.execute("INSERT INTO turns (agent_id, last_id, last_sequence) VALUES ($1, $2, 0)", params![&id, &last])?;
    tx.execute(
        "INSERT INTO accounts (agent_id, id, name, email, email_key, password_hash) VALUES ($1, $2, $3, $4, $5, $6)",
        params![&id, &account, &agent.name, &agent.email, &email_key, new.password_hash.as_deref()],
    )?;
    Ok(agent)
}

fn is_taken(tx: &mut Tx<'_>, slug: &Slug) -> Result<bool, Error> {
    let taken = tx.query_opt("SELECT 1 FROM agents WHERE slug = $1", params![slug.as_str()], |_| Ok(()))?;
    Ok(taken.is_some())
}

fn free_slug(tx: &mut Tx<'_>, slug: &Slug) -> Result<Slug, Error> {
    for n in 1..=NAMESAKES {
        let numbered = slug.numbered(n);
        if !is_taken(tx, &numbered)? {
            return Ok(numbered);
        }
    }
    Err(Error::invalid("name", "has too many namesakes; give a slug"))
}

/// The agent of a slug.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn get_by_slug(crm: &Crm, slug: &str) -> Result<Agent, Error> {
    let slug = slug.to_owned();
    crm.db
        .read("agents.get_by_slug", move |tx| {
            let sql = "SELECT id, slug, name, email, time_zone FROM agents WHERE slug = $1";
            tx.query_opt(sql, params![&slug], from_row)?.ok_or(Error::NotFound)
        })
        .await
}

/// The agent of an id.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn get(crm: &Crm, id: AgentId) -> Result<Agent, Error> {
    crm.db
        .read("agents.get", move |tx| {
            let sql = "SELECT id, slug, name, email, time_zone FROM agents WHERE id = $1";
            tx.query_opt(sql, params![&id], from_row)?.ok_or(Error::NotFound)
        })
        .await
}

/// Every agent, oldest first.
pub async fn list(crm: &Crm) -> Result<Vec<Agent>, Error> {
    crm.db
        .read("agents.list", |tx| {
            Ok(tx.query("SELECT id, slug, name, email, time_zone FROM agents ORDER BY id", &[], from_row)?)
        })
        .await
}

/// The slug and the name of an agent, within a transaction.
pub(crate) fn named(tx: &mut Tx<'_>, agent: AgentId) -> Result<(String, String), Error> {
    let sql = "SELECT slug, name FROM agents WHERE id = $1";
    tx.query_opt(sql, params![&agent], |row| Ok((row.get(0)?, row.get(1)?)))?.ok_or(Error::NotFound)
}

/// The slug of an agent, within a transaction.
pub(crate) fn slug(tx: &mut Tx<'_>, agent: AgentId) -> Result<String, Error> {
    tx.query_opt("SELECT slug FROM agents WHERE id = $1", params![&agent], |row| row.get(0))?.ok_or(Error::NotFound)
}

fn from_row(row: &db::Row<'_>) -> Result<Agent, db::DbError> {
    Ok(Agent { id: row.get(0)?, slug: row.get(1)?, name: row.get(2)?, email: row.get(3)?, time_zone: row.get(4)? })
}
