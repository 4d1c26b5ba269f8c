//! Idempotency keys: the same request twice makes one record and gets the same answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! The key is looked up and kept in the transaction that does the work, under the agent's turn: a second request that
//! runs at the same time waits for the first.

use std::time::Duration;

use db::{Lane, Tx, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::{AgentId, Crm, Error, clock::UnixMillis, turns::Turn};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Answers that [`prune`] throws away at most.
pub(crate) const PRUNED_AT_ONCE: usize = 500;

/// A request that is to take effect once.
#[derive(Debug, Clone)]
pub struct Once {
    /// What the key counts within, such as `POST /leads`.
    pub scope: String,
    /// The key as sent.
    pub key: String,
    /// SHA-256 of the request's body: the same key with another body is refused.
    pub fingerprint: [u8; 32],
}

impl Once {
    /// The request of a form. Its token and what was typed are the key: the same again is the same request, and who goes back and
    /// types something else makes another.
    #[must_use]
    pub fn of_form(scope: &str, token: &str, body: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
        let fingerprint: [u8; 32] = digest.as_ref().try_into().expect("SHA-256 gives 32 bytes");
        let typed = fingerprint[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self { scope: format!("form {scope}"), key: format!("{token}.{typed}"), fingerprint }
    }
}

/// The answer of a use case, first or repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What was done.
    pub value: T,
    /// Whether it was done by an earlier request with the same key.
    pub is_replayed: bool,
}

impl<T> Answer<T> {
    /// The answer of a request that did the work.
    pub fn first(value: T) -> Self {
        Self { value, is_replayed: false }
    }
}

/// The kept answer, or that of `change`, which is then kept. An error is not kept: the key stays free.
pub(crate) fn answer<T, F>(tx: &mut Tx<'_>, turn: &mut Turn, once: &Once, change: F) -> Result<Answer<T>, Error>
where
    T: Serialize + DeserializeOwned,
    F: Fn(&mut Tx<'_>, &mut Turn) -> Result<T, Error>,
{
    if let Some(kept) = find(tx, turn.agent, once, turn.now)? {
        return Ok(kept);
    }
    let value = change(tx, turn)?;
    let answer = serde_json::to_string(&value).map_err(|cause| {
        tracing::error!(%cause, "an answer cannot be kept");
        Error::Internal
    })?;
    tx.execute(
        "INSERT INTO idempotency_keys (agent_id, scope, idempotency_key, fingerprint, answer, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (agent_id, scope, idempotency_key)
         DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, expires_at = excluded.expires_at",
        params![&turn.agent, &once.scope, &once.key, &once.fingerprint, &answer, turn.now.plus(KEPT).0],
    )?;
    Ok(Answer::first(value))
}

/// The kept answer of a request, for work that takes several transactions; within one, [`answer`] looks itself.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] when it is that of another body.
pub(crate) fn find<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    agent: AgentId,
    once: &Once,
    now: UnixMillis,
) -> Result<Option<Answer<T>>, Error> {
    let kept = tx.query_opt(
        "SELECT fingerprint, answer FROM idempotency_keys
         WHERE agent_id = $1 AND scope = $2 AND idempotency_key = $3 AND expires_at > $4",
        params![&agent, &once.scope, &once.key, now.0],
        |row| Ok((row.get::<[u8; 32]>(0)?, row.get::<String>(1)?)),
    )?;
    let Some((fingerprint, answer)) = kept else { return Ok(None) };
    if fingerprint != once.fingerprint {
        return Err(Error::IdempotencyKeyReused);
    }
    let value = serde_json::from_str(&answer).map_err(|cause| {
        tracing::error!(%cause, "a kept answer cannot be read");
        Error::Internal
    })?;
    Ok(Some(Answer { value, is_replayed: true }))
}

/// Throws answers away that are past their time, [`PRUNED_AT_ONCE`] at most. Says how many.
///
/// # Errors
/// Storage's errors.
pub(crate) async fn prune(crm: &Crm) -> Result<usize, Error> {
    let now = crm.clock.now();
    crm.db
        .write_in_background("idempotency.prune", Lane::SHARED, move |tx| {
            let pruned = tx.execute(
                "DELETE FROM idempotency_keys WHERE (agent_id, scope, idempotency_key) IN (
                     SELECT agent_id, scope, idempotency_key FROM idempotency_keys WHERE expires_at <= $1
                     ORDER BY expires_at LIMIT $2
                 ) AND expires_at <= $1",
                params![now.0, PRUNED_AT_ONCE as i64],
            )?;
            Ok(usize::try_from(pruned).unwrap_or(usize::MAX))
        })
        .await
}
