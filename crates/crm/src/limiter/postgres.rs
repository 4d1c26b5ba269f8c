//! The sliding log of keys that several nodes share: a row of instants per key, by the database's clock.

use std::time::Duration;

use db::{Tx, params};

use super::{Admission, WINDOW};
use crate::{
    Error,
    api_keys::{self, HeldKey},
    clock::UnixMillis,
};

/// Above this limit a row would grow past what is cheap to write again for each request: each node then counts for itself.
pub(crate) const MOST: u32 = 10_000;

/// Finds a key and counts one request, in one statement that commits by itself.
///
/// `ON CONFLICT DO UPDATE` locks the key's row first and computes afterwards, from the row's newest version, so requests of one
/// key take turns and each reads the clock in its turn (a volatile function in a subquery of its own: `OFFSET 0` keeps it
/// there). Should the clock have gone back, what was logged after "now" counts as of now: that errs on the safe side, and a
/// key is never stuck for longer than a window.
const ADMIT: &str = "
    WITH found AS MATERIALIZED (
        SELECT agent_id, id, name, can_read, can_write, expires_at, last_used_at FROM api_keys
        WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
    ), counted AS (
        INSERT INTO key_windows AS held (key_id, instants, asked_at, is_admitted)
        SELECT found.id, ARRAY[clock.now], clock.now, 1
        FROM found, (SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now OFFSET 0) clock
        ON CONFLICT (key_id) DO UPDATE SET (instants, asked_at, is_admitted) = (
            SELECT
                CASE WHEN cardinality(live.instants) < $3 THEN live.instants || live.now ELSE live.instants END,
                live.now,
                CASE WHEN cardinality(live.instants) < $3 THEN 1 ELSE 0 END
            FROM (
                SELECT clock.now, ARRAY(
                    SELECT LEAST(instant, clock.now) FROM unnest(held.instants) instant
                    WHERE instant > clock.now - $4 ORDER BY instant
                ) AS instants
                FROM (SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now OFFSET 0) clock
                OFFSET 0
            ) live
        )
        RETURNING is_admitted, cardinality(instants) AS used, instants[1] + $4 - asked_at AS reset_after
    )
    SELECT found.agent_id, found.id, found.name, found.can_read, found.can_write, found.expires_at, found.last_used_at,
        counted.is_admitted, counted.used, counted.reset_after
    FROM found, counted";

/// Finds the key of a hash that is good at `now` and counts a request of it. `None` when there is none.
pub(crate) fn admit(tx: &mut Tx<'_>, hash: &[u8; 32], now: UnixMillis, limit: u32) -> Result<Option<HeldKey>, Error> {
    let window = i64::try_from(WINDOW.as_micros()).expect("a minute");
    let found = tx.query_opt(ADMIT, params![hash, now.0, limit, window], |row| {
        let mut held = api_keys::from_row(row)?;
        let used = u32::try_from(row.get::<i64>(8)?).unwrap_or(u32::MAX);
        held.caller.admission = Admission {
            is_admitted: row.get(7)?,
            limit,
            remaining: limit.saturating_sub(used),
            reset_after: Duration::from_micros(u64::try_from(row.get::<i64>(9)?).unwrap_or(0)),
        };
        Ok(held)
    })?;
    Ok(found)
}
