//! Saved views: lists of leads that the agent looks at again and again, each a name for what the list's address says.

use db::params;

use crate::{AgentId, Crm, Error, ids::ViewId, input::max};

/// The most views of an agent.
pub const MOST: i64 = 30;
/// The most characters of a name.
pub const MAX_NAME: usize = 50;

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// The id.
    pub id: ViewId,
    /// The name.
    pub name: String,
    /// What stands in the list's address after the question mark.
    pub query: String,
}

/// The agent's views, in the order in which they were saved.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId) -> Result<Vec<SavedView>, Error> {
    crm.db
        .read("saved_views.list", move |tx| {
            let sql = "SELECT id, name, query FROM saved_views WHERE agent_id = $1 ORDER BY id LIMIT $2";
            let view = |row: &db::Row<'_>| Ok(SavedView { id: row.get(0)?, name: row.get(1)?, query: row.get(2)? });
            Ok(tx.query(sql, params![&agent, MOST], view)?)
        })
        .await
}

/// Saves a view.
///
/// # Errors
/// [`Error::Invalid`] for a name that is missing or too long, and beyond [`MOST`]; storage's errors.
pub async fn create(crm: &Crm, agent: AgentId, name: &str, query: &str) -> Result<ViewId, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().nth(MAX_NAME).is_some() {
        return Err(Error::invalid("name", format!("must have 1 to {MAX_NAME} characters")));
    }
    if query.len() > max::URL {
        return Err(Error::invalid("query", "is too long"));
    }
    let query = query.to_owned();
    crm.change("saved_views.create", agent, move |tx, turn| {
        let sql = "SELECT COUNT(*) FROM saved_views WHERE agent_id = $1";
        if tx.query_one(sql, params![&agent], |row| row.get::<i64>(0))? >= MOST {
            return Err(Error::invalid("name", format!("must wait: {MOST} views are saved already")));
        }
        let id = ViewId(turn.next_id());
        tx.execute(
            "INSERT INTO saved_views (agent_id, id, name, query) VALUES ($1, $2, $3, $4)",
            params![&agent, &id, &name, &query],
        )?;
        Ok(id)
    })
    .await
}

/// Deletes a view.
///
/// # Errors
/// [`Error::NotFound`]; storage's errors.
pub async fn delete(crm: &Crm, agent: AgentId, id: ViewId) -> Result<(), Error> {
    crm.change("saved_views.delete", agent, move |tx, _| {
        match tx.execute("DELETE FROM saved_views WHERE agent_id = $1 AND id = $2", params![&agent, &id])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    })
    .await
}
