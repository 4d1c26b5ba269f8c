//! What became of a showing, step by step.

use db::{Row, Tx, params};

use crate::{
    AgentId, Crm, Error, clock::UnixMillis, ids, ids::ShowingId, showings::Showing, showings::ShowingStatus,
    turns::Turn,
};

/// The most characters of what is said to the client with a step.
pub const MOST_WORDS: usize = 1_000;
/// Steps that are read of a showing, the last ones.
const READ: i64 = 100;

/// A step of a showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowingStep {
    /// When it was taken.
    pub at: UnixMillis,
    /// What the showing became.
    pub status: ShowingStatus,
    /// The time that it then had.
    pub confirmed_time: Option<UnixMillis>,
    /// What the agent said to the client.
    pub words: Option<String>,
}

/// Records that a showing has become what it is.
pub(crate) fn record(tx: &mut Tx<'_>, turn: &mut Turn, showing: &Showing, words: Option<&str>) -> Result<(), Error> {
    let id = turn.next_id();
    tx.execute(
        "INSERT INTO showing_steps (agent_id, showing_id, id, status, confirmed_time, words) VALUES ($1, $2, $3, $4, $5, $6)",
        params![&turn.agent, &showing.id, &id, showing.status, showing.confirmed_time.map(|time| time.0), words],
    )?;
    Ok(())
}

/// What was said to the client with the last step of a showing.
pub(crate) fn last_words(tx: &mut Tx<'_>, agent: AgentId, showing: ShowingId) -> Result<Option<String>, Error> {
    let sql = "SELECT words FROM showing_steps WHERE agent_id = $1 AND showing_id = $2 ORDER BY id DESC LIMIT 1";
    Ok(tx.query_opt(sql, params![&agent, &showing], |row| row.get::<Option<String>>(0))?.flatten())
}

/// The steps of a showing, the last first. One that was taken before they were kept is missing.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, showing: ShowingId) -> Result<Vec<ShowingStep>, Error> {
    crm.db
        .read("showing_steps.list", move |tx| {
            let sql = "SELECT id, status, confirmed_time, words FROM showing_steps
                       WHERE agent_id = $1 AND showing_id = $2 ORDER BY id DESC LIMIT $3";
            Ok(tx.query(sql, params![&agent, &showing, READ], |row: &Row<'_>| {
                Ok(ShowingStep {
                    at: ids::instant(&row.get::<[u8; 16]>(0)?),
                    status: row.get(1)?,
                    confirmed_time: row.get::<Option<i64>>(2)?.map(UnixMillis),
                    words: row.get(3)?,
                })
            })?)
        })
        .await
}
