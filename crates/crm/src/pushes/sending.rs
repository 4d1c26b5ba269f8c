//! What the sender does to the queue: claims, and says how it went. No transaction is open while it talks to a push service.

use std::time::Duration;

use db::{Engine, Lane, Tx, params};

use super::{LASTS, Notice, Subscription, devices, place};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::{DeviceId, PushId},
    mails, randomness,
};

/// How long a claim holds; longer than any attempt.
pub const LEASE: Duration = Duration::from_secs(60);

/// What a push waits after each attempt that failed for now; after the last, and when its day is over, it is given up.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(15),
    minutes(1),
    minutes(5),
    minutes(15),
    minutes(60),
    minutes(2 * 60),
    minutes(4 * 60),
    minutes(6 * 60),
    minutes(8 * 60),
];

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// The longest text that is kept of a failure, in characters.
const ERROR_KEPT: usize = 300;

/// A push that this process sends.
#[derive(Debug)]
pub struct Claimed {
    /// Whose it is.
    pub agent: AgentId,
    /// Which push; the same at every attempt.
    pub id: PushId,
    /// To which device.
    pub device: DeviceId,
    /// How it is reached; `None` when that cannot be read.
    pub subscription: Option<Subscription>,
    /// The tag of the agent's language.
    pub language: String,
    /// What it tells; `None` when it cannot be read.
    pub notice: Option<Notice>,
    attempts: i64,
    claim: [u8; 16],
}

impl Claimed {
    /// How long it is still worth telling.
    #[must_use]
    pub fn left(&self, now: UnixMillis) -> Duration {
        let age = u64::try_from(now.0 - self.id.created_at().0).unwrap_or(0);
        LASTS.saturating_sub(Duration::from_millis(age))
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The push service took it.
    Sent,
    /// It did not for now, in words; and what it asked to wait.
    Later(String, Option<Duration>),
    /// It never will take this one. In words.
    Never(String),
    /// The device has no subscription any more.
    Gone,
}

/// Claims the pushes that have been due for longest, `most` at most. One that another process has claimed is left to it, until
/// [`LEASE`] is over: then its sender has died, and it is sent again as the same message.
///
/// # Errors
/// Storage's errors.
pub async fn claim(crm: &Crm, most: u32) -> Result<Vec<Claimed>, Error> {
    let now = crm.clock.now();
    let due = crm.db.read("pushes.find_due", move |tx| {
        let sql = "SELECT 1 FROM pushes WHERE due_at <= $1 ORDER BY due_at LIMIT 1";
        Ok::<_, Error>(tx.query_opt(sql, params![now.0], |_| Ok(()))?)
    });
    if due.await?.is_none() {
        return Ok(Vec::new());
    }
    let number = randomness::bytes::<16>(&*crm.random);
    let own = crm.clone();
    crm.db.write_in_background("pushes.claim", Lane::SHARED, move |tx| claim_due(tx, &own, now, number, most)).await
}

macro_rules! due_sql {
    ($lock:literal) => {
        concat!(
            "SELECT agent_id, id, device_id, notice, attempts FROM pushes WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
            $lock
        )
    };
}

fn claim_due(tx: &mut Tx<'_>, crm: &Crm, now: UnixMillis, claim: [u8; 16], most: u32) -> Result<Vec<Claimed>, Error> {
    let sql = match tx.engine() {
        Engine::Sqlite => due_sql!(""),
        Engine::Postgres => due_sql!(" FOR UPDATE SKIP LOCKED"),
    };
    let due = tx.query(sql, params![now.0, most], |row| {
        let (agent, id) = (row.get::<AgentId>(0)?, row.get::<PushId>(1)?);
        let opened = crm.keyring.open(place(agent, &id), row.bytes(3)?);
        let opened = opened.inspect_err(|error| tracing::error!(%error, push = %id, "a notice is lost"));
        Ok(Claimed {
            agent,
            id,
            device: row.get(2)?,
            subscription: None,
            language: String::new(),
            notice: opened.ok().and_then(|text| serde_json::from_slice(&text).ok()),
            attempts: row.get::<i64>(4)? + 1,
            claim,
        })
    })?;
    let mut claimed = Vec::with_capacity(due.len());
    for mut push in due {
        let (agent, id) = (push.agent, push.id);
        let sql = "SELECT subscription FROM devices WHERE agent_id = $1 AND id = $2";
        let read = |row: &db::Row<'_>| Ok(Subscription::open(crm, agent, &push.device, row.bytes(0)?));
        let Some(subscription) = tx.query_opt(sql, params![&agent, &push.device], read)? else {
            tx.execute("DELETE FROM pushes WHERE agent_id = $1 AND id = $2", params![&agent, &id])?;
            continue;
        };
        tx.execute(
            "UPDATE pushes SET due_at = $3, claim = $4, attempts = $5 WHERE agent_id = $1 AND id = $2",
            params![&agent, &id, now.plus(LEASE).0, &claim, push.attempts],
        )?;
        push.subscription = subscription;
        push.language = mails::find_settings(tx, agent)?.language;
        claimed.push(push);
    }
    Ok(claimed)
}

/// When a push is tried again after so many attempts; `None` when it is given up.
fn next_attempt(id: &PushId, attempts: i64, asked: Option<Duration>, now: UnixMillis) -> Option<UnixMillis> {
    let pause = usize::try_from(attempts - 1).ok().and_then(|made| PAUSES.get(made))?;
    let due_at = now.plus((*pause).max(asked.unwrap_or_default()));
    (due_at < id.created_at().plus(LASTS)).then_some(due_at)
}

/// Says how a claimed push went. Whether the claim still held; if not, whoever took it over decides.
///
/// # Errors
/// Storage's errors: then it is sent again when the claim ends, as the same message.
pub async fn settle(crm: &Crm, push: &Claimed, outcome: Outcome) -> Result<bool, Error> {
    let now = crm.clock.now();
    let (agent, id, device, claim, attempts) = (push.agent, push.id, push.device, push.claim, push.attempts);
    crm.db
        .write_in_background("pushes.settle", Lane::SHARED, move |tx| {
            let sql = "SELECT 1 FROM pushes WHERE agent_id = $1 AND id = $2 AND claim = $3";
            if tx.query_opt(sql, params![&agent, &id, &claim], |_| Ok(()))?.is_none() {
                return Ok(false);
            }
            let (error, due_at) = match &outcome {
                Outcome::Gone => return devices::end(tx, agent, &[device]).map(|()| true),
                Outcome::Sent => (None, None),
                Outcome::Never(error) => (Some(error), None),
                Outcome::Later(error, asked) => (Some(error), next_attempt(&id, attempts, *asked, now)),
            };
            // The device first, as everybody does: so nobody waits for one another.
            match error {
                None => tx.execute(
                    "UPDATE devices SET told_at = $3, failing_since = NULL, last_error = NULL WHERE agent_id = $1 AND id = $2",
                    params![&agent, &device, now.0],
                )?,
                Some(error) => {
                    let error = error.chars().take(ERROR_KEPT).collect::<String>();
                    tx.execute(
                        "UPDATE devices SET failing_since = COALESCE(failing_since, $3), last_error = $4
                         WHERE agent_id = $1 AND id = $2",
                        params![&agent, &device, now.0, &error],
                    )?
                }
            };
            let changed = match due_at {
                Some(due_at) => tx.execute(
                    "UPDATE pushes SET due_at = $4, claim = NULL WHERE agent_id = $1 AND id = $2 AND claim = $3",
                    params![&agent, &id, &claim, due_at.0],
                )?,
                None => tx.execute(
                    "DELETE FROM pushes WHERE agent_id = $1 AND id = $2 AND claim = $3",
                    params![&agent, &id, &claim],
                )?,
            };
            Ok(changed == 1)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    struct Zeros;
    impl randomness::Randomness for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_push_is_tried_for_a_day_and_no_sooner_than_the_push_service_asks() {
        let start = UnixMillis(1_700_000_000_000);
        let id = PushId(ids::next(&[0; 16], start, &Zeros));
        let wait = |attempts, asked: Option<u64>| {
            next_attempt(&id, attempts, asked.map(Duration::from_secs), start).map(|at| (at.0 - start.0) / 1_000)
        };
        assert_eq!(
            (wait(1, None), wait(2, None), wait(9, None), wait(10, None)),
            (Some(15), Some(60), Some(28_800), None)
        );
        assert_eq!((wait(1, Some(120)), wait(1, Some(1)), wait(1, Some(86_400))), (Some(120), Some(15), None));
    }
}
