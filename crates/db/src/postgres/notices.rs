//! Notices between nodes, by LISTEN and NOTIFY on connections of their own.
//!
//! Never inside a transaction that writes: a NOTIFY there takes a lock of the whole server at COMMIT, so all commits would go one
//! after another.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::connection::{Address, Connection, Role};
use crate::{DbError, Notice, Notifier, dialect::postgres::refusal, notices::Pending, params, threads};

/// Notices of so long travel together.
const JOIN: Duration = Duration::from_millis(10);
/// How often a listener looks whether it is still wanted.
const LISTEN: Duration = Duration::from_secs(1);
/// A pause after a connection has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Ids in one notice: the server takes less than 8,000 bytes.
const TOGETHER: usize = 200;

/// Begins to listen and to send on a channel. `own` tells this node's notices from the others'.
pub(crate) fn exchange(
    address: &Arc<Address>,
    channel: &'static str,
    own: [u8; 16],
    told: impl Fn(Notice) + Send + 'static,
) -> Result<Notifier, DbError> {
    let pending = Arc::<Pending>::default();
    let notifier = Notifier { pending: Arc::clone(&pending) };
    let (listener, listened) = (Arc::clone(address), Arc::clone(&pending));
    threads::spawn("db-listener", move || {
        while !listened.is_closed() {
            if let Err(error) = listen(&listener, channel, own, &listened, &told) {
                tracing::warn!(%error, "notices of other nodes are not heard");
                told(Notice::Missed);
                threads::pause(AFTER_FAILURE);
            }
        }
    })?;
    let sender = Arc::clone(address);
    threads::spawn("db-notifier", move || {
        let mut connection = None;
        while let Some(ids) = pending.take(JOIN) {
            if let Err(error) = send(&sender, &mut connection, channel, own, &ids) {
                tracing::warn!(%error, "other nodes were not told; they look by themselves");
                connection = None;
                threads::pause(AFTER_FAILURE);
            }
        }
    })?;
    Ok(notifier)
}

/// The [presences](presence_of) of the nodes that listen now, in hexadecimal digits.
pub(crate) const PRESENT: &str =
    "SELECT lpad(to_hex(CAST(classid AS BIGINT)), 8, '0') || lpad(to_hex(CAST(objid AS BIGINT)), 8, '0')
    FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The lock that a node holds as long as it listens: it goes with the connection, and that with the process.
pub(crate) fn presence_of(node: &[u8; 16]) -> [u8; 8] {
    let [lock @ .., _, _, _, _, _, _, _, _] = *node;
    lock
}

fn listen(
    address: &Address,
    channel: &str,
    own: [u8; 16],
    pending: &Pending,
    told: &impl Fn(Notice),
) -> Result<(), DbError> {
    let mut connection = Connection::open(address, Role::Statement)?;
    // Shared, for the server may still hold the session before this one for alive.
    let lock = i64::from_be_bytes(presence_of(&own));
    let held = connection.query("SELECT pg_advisory_lock_shared($1)", params![lock]);
    held.map_err(|error| refusal(&error))?;
    connection.batch(&format!("LISTEN {channel}")).map_err(|error| refusal(&error))?;
    while !pending.is_closed() {
        let heard = connection.notices(LISTEN, |payload| {
            // Whatever else arrives on the channel is not ours to understand.
            let Some((sender, ids)) = payload.split_once(' ') else { return };
            if sender != hex(&own) {
                ids.split(' ').filter_map(unhex).for_each(|id| told(Notice::Of(id)));
            }
        });
        heard.map_err(|error| refusal(&error))?;
    }
    Ok(())
}

fn send(
    address: &Address,
    held: &mut Option<Connection>,
    channel: &str,
    own: [u8; 16],
    ids: &BTreeSet<[u8; 16]>,
) -> Result<(), DbError> {
    let connection = match held.take() {
        Some(connection) => connection,
        None => Connection::open(address, Role::Statement)?,
    };
    let connection = held.insert(connection);
    let ids = ids.iter().map(hex).collect::<Vec<_>>();
    for together in ids.chunks(TOGETHER) {
        let payload = format!("{} {}", hex(&own), together.join(" "));
        let sent = connection.query("SELECT pg_notify($1, $2)", params![channel, &payload]);
        sent.map_err(|error| refusal(&error))?;
    }
    Ok(())
}

fn hex(id: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*id))
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let is_hex = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_and_nothing_else_does() {
        let id = [7; 16];
        assert_eq!(unhex(&hex(&id)), Some(id));
        for wrong in ["", "7", &"g".repeat(32), &"+".repeat(32), &"0".repeat(33)] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
