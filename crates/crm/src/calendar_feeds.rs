//! The feed of an agent's calendar, for a calendar of theirs to subscribe to: its address is all that whoever has it needs.

use std::{collections::HashMap, time::Duration};

use db::params;

use crate::{
    AgentId, Crm, Error,
    appointments::{self, Span},
    availability,
    clock::UnixMillis,
    ids::ShowingId,
    tokens::Token,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How far back a feed goes.
pub const BACK: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How far ahead.
pub const AHEAD: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a feed holds.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The agent's name.
    pub name: String,
    /// The agent's time zone, an IANA name.
    pub zone: String,
    /// What stands in its span. What waits for an answer is none of it.
    pub span: Span,
    /// How long a showing takes that is not known to take otherwise.
    pub lasts: Duration,
    /// When each showing ends that is agreed on: as long as one took when that was.
    pub ends: HashMap<ShowingId, UnixMillis>,
    /// How often each showing changed since it was requested.
    pub steps: HashMap<ShowingId, u32>,
}

/// Makes an agent's feed, with a new address: one that there was ends.
///
/// # Errors
/// Storage's errors.
pub async fn renew(crm: &Crm, agent: AgentId) -> Result<Token, Error> {
    let token = Token::generate(&*crm.random);
    let hash = token.hash();
    crm.change("calendar_feeds.renew", agent, move |tx, turn| {
        tx.execute(
            "INSERT INTO calendar_feeds (agent_id, token_hash, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (agent_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at",
            params![&agent, &hash, turn.now.0],
        )?;
        Ok(())
    })
    .await?;
    Ok(token)
}

/// Ends an agent's feed.
///
/// # Errors
/// Storage's errors.
pub async fn revoke(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    crm.change("calendar_feeds.revoke", agent, move |tx, _| {
        tx.execute("DELETE FROM calendar_feeds WHERE agent_id = $1", params![&agent])?;
        Ok(())
    })
    .await
}

/// Since when an agent's feed has its address; `None` where there is no feed.
///
/// # Errors
/// Storage's errors.
pub async fn created_at(crm: &Crm, agent: AgentId) -> Result<Option<UnixMillis>, Error> {
    crm.db
        .read("calendar_feeds.find", move |tx| {
            let sql = "SELECT created_at FROM calendar_feeds WHERE agent_id = $1";
            Ok(tx.query_opt(sql, params![&agent], |row| row.get(0).map(UnixMillis))?)
        })
        .await
}

/// What the feed of an address holds: from [`BACK`] to [`AHEAD`], and where that is too much, what is to come rather than what was.
///
/// # Errors
/// [`Error::NotFound`] when there is no such feed, or no more.
pub async fn read(crm: &Crm, token: &Token) -> Result<Feed, Error> {
    let hash = token.hash();
    let found = crm.db.read("calendar_feeds.open", move |tx| {
        let sql = "SELECT f.agent_id, a.name, a.time_zone FROM calendar_feeds f JOIN agents a ON a.id = f.agent_id
                   WHERE f.token_hash = $1";
        tx.query_opt(sql, params![&hash], |row| Ok((row.get::<AgentId>(0)?, row.get(1)?, row.get(2)?)))?
            .ok_or(Error::NotFound)
    });
    let (agent, name, zone) = found.await?;
    // Whole days: the same is read all day long, unless something changes.
    let today = crm.clock.now().0.div_euclid(DAY.as_millis() as i64) * DAY.as_millis() as i64;
    let (from, until) = (UnixMillis(today).minus(BACK), UnixMillis(today).plus(AHEAD));
    // What is to come first: where there is more than a feed holds, it is the past that is missing.
    let span = appointments::around(crm, agent, (from, UnixMillis(today), until)).await?;
    let ids = span.showings.iter().map(|showing| showing.id).collect::<Vec<_>>();
    let steps = crm.db.read("calendar_feeds.steps", move |tx| {
        let steps = "SELECT COUNT(*) FROM showing_steps WHERE agent_id = $1 AND showing_id = $2";
        let ends =
            "SELECT ends_at FROM taken_times WHERE agent_id = $1 AND showing_id = $2 AND is_confirmed = 1 LIMIT 1";
        let mut told = Vec::with_capacity(ids.len());
        for id in &ids {
            let steps = tx.query_one(steps, params![&agent, id], |row| row.get::<i64>(0))?;
            let ends = tx.query_opt(ends, params![&agent, id], |row| row.get(0).map(UnixMillis))?;
            told.push((*id, u32::try_from(steps).unwrap_or(u32::MAX), ends));
        }
        Ok::<_, Error>(told)
    });
    let told = steps.await?;
    let ends = told.iter().filter_map(|(id, _, ends)| Some((*id, (*ends)?))).collect();
    let steps = told.into_iter().map(|(id, steps, _)| (id, steps)).collect();
    let minutes = availability::get(crm, agent).await?.showing_minutes;
    let lasts = Duration::from_secs(u64::try_from(minutes).unwrap_or(0) * 60);
    Ok(Feed { name, zone, span, lasts, ends, steps })
}
