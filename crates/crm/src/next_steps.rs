//! Next steps: what comes next for a client, in words that the client will see.

use db::{Tx, params};

use crate::{AgentId, Crm, Error, ids::ClientId, notes::About};

/// The most characters.
pub const MAX: usize = 500;

/// What comes next for a client.
///
/// # Errors
/// Storage's errors.
pub async fn get(crm: &Crm, agent: AgentId, client: ClientId) -> Result<Option<String>, Error> {
    crm.db.read("next_steps.get", move |tx| find(tx, agent, client)).await
}

fn find(tx: &mut Tx<'_>, agent: AgentId, client: ClientId) -> Result<Option<String>, Error> {
    let sql = "SELECT text FROM next_steps WHERE agent_id = $1 AND client_id = $2";
    Ok(tx.query_opt(sql, params![&agent, &client], |row| row.get(0))?)
}

/// Says what comes next; a blank text, that nothing does.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] for a text that is too long; storage's errors.
pub async fn set(crm: &Crm, agent: AgentId, client: ClientId, text: &str) -> Result<(), Error> {
    let text = text.trim().to_owned();
    if text.chars().nth(MAX).is_some() {
        return Err(Error::invalid("nextStep", format!("must have at most {MAX} characters")));
    }
    crm.change("next_steps.set", agent, move |tx, _| {
        About::Client(client).check(tx, agent)?;
        take(tx, agent, client)?;
        if text.is_empty() { Ok(()) } else { put(tx, agent, client, &text) }
    })
    .await
}

/// Stores what comes next where nothing is said.
pub(crate) fn put(tx: &mut Tx<'_>, agent: AgentId, client: ClientId, text: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO next_steps (agent_id, client_id, text) VALUES ($1, $2, $3)",
        params![&agent, &client, text],
    )?;
    Ok(())
}

/// Takes away what is said.
pub(crate) fn take(tx: &mut Tx<'_>, agent: AgentId, client: ClientId) -> Result<Option<String>, Error> {
    let text = find(tx, agent, client)?;
    tx.execute("DELETE FROM next_steps WHERE agent_id = $1 AND client_id = $2", params![&agent, &client])?;
    Ok(text)
}
