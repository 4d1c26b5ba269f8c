//! Devices: browsers that are told by Web Push. Each is known by a token in a cookie of its own, so that whoever signs in there later is
//! the one whose signing out ends it.

use db::{Lane, Tx, params};

use super::{Notice, Subscription, queue_for};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{AccountId, DeviceId, SessionId},
    sessions::Session,
    tokens::Token,
};

/// Devices that an agent may have told.
pub const MOST: i64 = 20;
/// What is kept of what a browser calls itself.
const USER_AGENT: usize = 300;

/// A device as its owner sees it in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// When a push service last took something for it.
    pub told_at: Option<UnixMillis>,
    /// Since when it could not be told, and what went wrong last.
    pub failing: Option<(UnixMillis, String)>,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Has a device told from now on: the one of `token`, which has this subscription. The same endpoint is the same device, and a device has
/// one endpoint; whoever else was told there is no longer.
///
/// # Errors
/// [`Error::Invalid`] for the device after [`MOST`].
pub async fn save(
    crm: &Crm,
    session: &Session,
    token: &Token,
    user_agent: Option<&str>,
    subscription: Subscription,
) -> Result<DeviceId, Error> {
    let Session { id: session, agent, account, .. } = *session;
    let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT).collect::<String>());
    let (own, hash) = (crm.clone(), token.hash());
    crm.change("devices.save", agent, move |tx, turn| {
        leave(tx, agent, account, &hash)?;
        let endpoint = subscription.endpoint_hash();
        let sql = "SELECT id FROM devices WHERE agent_id = $1 AND endpoint_hash = $2";
        let known = tx.query_opt(sql, params![&agent, &endpoint], |row| row.get::<DeviceId>(0))?;
        let id = known.unwrap_or_else(|| DeviceId(turn.next_id()));
        let sql = "SELECT id FROM devices WHERE agent_id = $1 AND token_hash = $2 AND id <> $3";
        let replaced = tx.query(sql, params![&agent, &hash, &id], |row| row.get(0))?;
        end(tx, agent, &replaced)?;
        let sealed = subscription.seal(&own, agent, &id)?;
        if known.is_some() {
            tx.execute(
                "UPDATE devices SET account_id = $3, session_id = $4, token_hash = $5, subscription = $6, user_agent = $7,
                     failing_since = NULL, last_error = NULL WHERE agent_id = $1 AND id = $2",
                params![&agent, &id, &account, &session, &hash, &sealed, user_agent.as_deref()],
            )?;
            return Ok(id);
        }
        let sql = "SELECT COUNT(*) FROM devices WHERE agent_id = $1";
        if tx.query_one(sql, params![&agent], |row| row.get::<i64>(0))? >= MOST {
            return Err(Error::invalid("device", format!("{MOST} devices are told already: remove one of them first")));
        }
        tx.execute(
            "INSERT INTO devices (agent_id, id, account_id, session_id, token_hash, endpoint_hash, subscription, user_agent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![&agent, &id, &account, &session, &hash, &endpoint, &sealed, user_agent.as_deref()],
        )?;
        Ok(id)
    })
    .await
}

/// The devices of an account, newest first.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, account: AccountId, this: Option<&Token>) -> Result<Vec<Device>, Error> {
    let this = this.map(Token::hash);
    crm.db
        .read("devices.list", move |tx| {
            let sql = "SELECT id, user_agent, told_at, failing_since, last_error, token_hash FROM devices
                       WHERE agent_id = $1 AND account_id = $2 ORDER BY id DESC LIMIT $3";
            Ok(tx.query(sql, params![&agent, &account, MOST], |row| {
                let since = row.get::<Option<i64>>(3)?.map(UnixMillis);
                let error = row.get::<Option<String>>(4)?;
                Ok(Device {
                    id: row.get(0)?,
                    user_agent: row.get(1)?,
                    told_at: row.get::<Option<i64>>(2)?.map(UnixMillis),
                    failing: since.map(|since| (since, error.unwrap_or_default())),
                    is_this: Some(row.get::<[u8; 32]>(5)?) == this,
                })
            })?)
        })
        .await
}

/// Has a device told no longer; what waits for it is dropped.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove(crm: &Crm, agent: AgentId, account: AccountId, id: DeviceId) -> Result<(), Error> {
    crm.db
        .write("devices.remove", Lane::of(&agent.0), move |tx| {
            get(tx, agent, account, id)?;
            end(tx, agent, &[id])
        })
        .await
}

/// Queues a notice for one device, to see whether it comes. One that waits is enough.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn test(crm: &Crm, agent: AgentId, account: AccountId, id: DeviceId) -> Result<(), Error> {
    let own = crm.clone();
    crm.db
        .write("devices.test", Lane::of(&agent.0), move |tx| {
            get(tx, agent, account, id)?;
            let sql = "SELECT 1 FROM pushes WHERE agent_id = $1 AND device_id = $2 LIMIT 1";
            if tx.query_opt(sql, params![&agent, &id], |_| Ok(()))?.is_some() {
                return Ok(());
            }
            queue_for(tx, &own, agent, id, &Notice::Test)
        })
        .await?;
    crm.push_is_queued();
    Ok(())
}

fn get(tx: &mut Tx<'_>, agent: AgentId, account: AccountId, id: DeviceId) -> Result<(), Error> {
    let sql = "SELECT 1 FROM devices WHERE agent_id = $1 AND id = $2 AND account_id = $3";
    tx.query_opt(sql, params![&agent, &id, &account], |_| Ok(()))?.ok_or(Error::NotFound)
}

/// Every device of an agent.
pub(super) fn ids(tx: &mut Tx<'_>, agent: AgentId) -> Result<Vec<DeviceId>, Error> {
    let sql = "SELECT id FROM devices WHERE agent_id = $1 ORDER BY id";
    Ok(tx.query(sql, params![&agent], |row| row.get(0))?)
}

/// Whether an agent has any.
pub(crate) fn has_any(tx: &mut Tx<'_>, agent: AgentId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM devices WHERE agent_id = $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![&agent], |_| Ok(()))?.is_some())
}

/// Somebody has signed in on the device of this token: it is theirs from now on, and ends with this session.
pub(crate) fn follow(
    tx: &mut Tx<'_>,
    agent: AgentId,
    account: AccountId,
    session: SessionId,
    token: &Token,
) -> Result<(), Error> {
    let hash = token.hash();
    leave(tx, agent, account, &hash)?;
    let sql = "UPDATE devices SET session_id = $2 WHERE agent_id = $1 AND token_hash = $3";
    tx.execute(sql, params![&agent, &session, &hash])?;
    Ok(())
}

/// Ends what anybody else is told on a device.
fn leave(tx: &mut Tx<'_>, agent: AgentId, account: AccountId, token_hash: &[u8; 32]) -> Result<(), Error> {
    let sql = "SELECT agent_id, id FROM devices WHERE token_hash = $1 AND (agent_id <> $2 OR account_id <> $3)";
    let others = tx.query(sql, params![token_hash, &agent, &account], |row| {
        Ok((row.get::<AgentId>(0)?, row.get::<DeviceId>(1)?))
    })?;
    for (other, id) in others {
        end(tx, other, &[id])?;
    }
    Ok(())
}

/// A session has ended by its owner's will: its device is told no longer.
pub(crate) fn end_with_session(
    tx: &mut Tx<'_>,
    agent: AgentId,
    account: AccountId,
    session: SessionId,
) -> Result<(), Error> {
    let sql = "SELECT id FROM devices WHERE agent_id = $1 AND account_id = $2 AND session_id = $3";
    let ended = tx.query(sql, params![&agent, &account, &session], |row| row.get(0))?;
    end(tx, agent, &ended)
}

/// Every session of an account but `kept` has ended: so have all other devices, those too whose session ended by itself.
pub(crate) fn end_but_of_session(
    tx: &mut Tx<'_>,
    agent: AgentId,
    account: AccountId,
    kept: Option<SessionId>,
) -> Result<(), Error> {
    // No session has the id of nothing but zeros.
    let kept = kept.unwrap_or(SessionId([0; 16]));
    let sql = "SELECT id FROM devices WHERE agent_id = $1 AND account_id = $2 AND session_id <> $3";
    let ended = tx.query(sql, params![&agent, &account, &kept], |row| row.get(0))?;
    end(tx, agent, &ended)
}

/// The device first and then what waits for it, as everybody does: so nobody waits for one another.
pub(super) fn end(tx: &mut Tx<'_>, agent: AgentId, ids: &[DeviceId]) -> Result<(), Error> {
    for id in ids {
        tx.execute("DELETE FROM devices WHERE agent_id = $1 AND id = $2", params![&agent, id])?;
        tx.execute("DELETE FROM pushes WHERE agent_id = $1 AND device_id = $2", params![&agent, id])?;
    }
    Ok(())
}
