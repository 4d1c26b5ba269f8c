//! Leaving: an agent asks to be erased. At once nothing of theirs works any more; for thirty days they can take it back by signing in; then
//! every row of theirs goes, in slices.

use std::{net::IpAddr, sync::Arc, time::Duration};

use db::{Tx, params};

use crate::{
    AgentId, Crm, Error,
    sessions::Session,
    two_step::{self, Refusal},
    webhooks,
};

/// How long it can be taken back.
pub const GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Rows that are erased in one transaction.
const TOGETHER: i64 = 500;
/// Transactions of one run of the job.
pub(crate) const SLICE: usize = 40;

/// Every table with rows of an agent, but `agents`, `turns` and `departures`, with what tells its rows of one agent apart. Who could
/// sign in goes first. A test compares it with the schema.
pub const TABLES: &[(&str, &str)] = &[
    ("sessions", "id"),
    ("pushes", "id"),
    ("devices", "id"),
    ("reset_links", "id"),
    ("pending_sign_ins", "id"),
    ("address_changes", "id"),
    ("showing_links", "id"),
    ("calendar_feeds", "agent_id"),
    ("domains", "name"),
    ("hosts", "name"),
    ("recovery_codes", "account_id, code_hash"),
    ("two_steps", "account_id"),
    ("accounts", "id"),
    ("api_keys", "id"),
    ("export_parts", "export_id, file, part"),
    ("export_files", "export_id, file"),
    ("exports", "id"),
    ("photos", "agent_id"),
    ("profiles", "agent_id"),
    ("websites", "agent_id"),
    ("posts", "id"),
    ("mail_records", "record_id, mail_id"),
    ("mails", "id"),
    ("mail_settings", "agent_id"),
    ("lead_mails", "agent_id"),
    ("inbound_addresses", "agent_id"),
    ("inbound_messages", "id"),
    ("import_rows", "hash"),
    ("imported_listings", "hash"),
    ("import_pieces", "import_id, number"),
    ("imports", "id"),
    ("follow_ups", "about_id"),
    ("tags", "kind, tag_key, about_id"),
    ("tag_totals", "kind, tag_key"),
    ("next_steps", "client_id"),
    ("saved_views", "id"),
    ("merges", "id"),
    ("inquiries", "lead_id, id"),
    ("first_answers", "lead_id"),
    ("file_pieces", "file_id, number"),
    ("files", "id"),
    ("attachments", "id"),
    ("listing_prices", "listing_id, id"),
    ("open_houses", "id"),
    ("showing_steps", "showing_id, id"),
    ("showing_reminders", "showing_id"),
    ("guide_leads", "lead_id"),
    ("website_inquiries", "lead_id"),
    ("website_forms", "agent_id"),
    ("visits", "day, page, origin"),
    ("guides", "id"),
    ("availabilities", "agent_id"),
    ("blocked_times", "id"),
    ("showing_rules", "listing_id"),
    ("taken_times", "is_confirmed, starts_at, showing_id"),
    ("deliveries", "webhook_id, event_id"),
    ("webhooks", "id"),
    ("events", "id"),
    ("notes", "about_id, id"),
    ("trash", "id"),
    ("trashed_showings", "id"),
    ("showings", "id"),
    ("listings", "id"),
    ("clients", "id"),
    ("leads", "id"),
    ("stages", "id"),
    ("sources", "source_key"),
    ("search_queue", "id"),
    ("search_terms", "kind, term, id"),
    ("search_records", "id"),
    ("idempotency_keys", "scope, idempotency_key"),
    ("totals", "kind, status"),
];

/// Asks that an agent be erased, for who gives the password, a code where one is asked for, and the agent's slug. Sessions, links and the calendar's feed
/// end, devices are told nothing more, keys are revoked, webhooks are disabled.
///
/// # Errors
/// [`Refusal`]; [`Error::Invalid`] for another slug.
pub async fn request(
    crm: &Crm,
    session: &Session,
    slug: &str,
    password: String,
    code: &str,
    from: IpAddr,
) -> Result<(), Refusal> {
    if slug.trim() != session.slug {
        return Err(
            Error::invalid("slug", format!("type “{}”, so that nothing is erased by mistake", session.slug)).into()
        );
    }
    two_step::confirm_owner(crm, session, password, code, from).await?;
    let changes = Arc::clone(&crm.changes);
    crm.change("departures.request", session.agent, move |tx, turn| {
        let agent = turn.agent;
        tx.execute(
            "INSERT INTO departures (agent_id, due_at) VALUES ($1, $2) ON CONFLICT (agent_id) DO NOTHING",
            params![&agent, turn.now.plus(GRACE).0],
        )?;
        for sql in [
            "DELETE FROM sessions WHERE agent_id = $1",
            "DELETE FROM devices WHERE agent_id = $1",
            "DELETE FROM pushes WHERE agent_id = $1",
            "DELETE FROM reset_links WHERE agent_id = $1",
            "DELETE FROM pending_sign_ins WHERE agent_id = $1",
            "DELETE FROM address_changes WHERE agent_id = $1",
            "DELETE FROM showing_links WHERE agent_id = $1",
            "DELETE FROM calendar_feeds WHERE agent_id = $1",
        ] {
            tx.execute(sql, params![&agent])?;
        }
        changes.note_keys(tx);
        let sql = "UPDATE api_keys SET revoked_at = $2 WHERE agent_id = $1 AND revoked_at IS NULL";
        tx.execute(sql, params![&agent, turn.now.0])?;
        webhooks::disable_all(tx, turn)
    })
    .await?;
    Ok(())
}

/// Takes it back. Keys stay revoked and webhooks disabled.
///
/// # Errors
/// [`Error::NotFound`] for who is not leaving, or whose time is over.
pub async fn take_back(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    crm.change("departures.take_back", agent, move |tx, turn| {
        let sql = "DELETE FROM departures WHERE agent_id = $1 AND due_at > $2";
        if tx.execute(sql, params![&turn.agent, turn.now.0])? == 0 {
            return Err(Error::NotFound);
        }
        Ok(())
    })
    .await
}

/// Erases some of an agent whose time is over. Says how many transactions that took: as many as [`SLICE`] means that there is more.
pub(crate) async fn erase_due(crm: &Crm) -> Result<usize, Error> {
    let mut count = 0;
    while count < SLICE {
        let now = crm.clock.now();
        let due = crm.db.read("departures.find_due", move |tx| {
            let sql = "SELECT agent_id FROM departures WHERE due_at <= $1 ORDER BY due_at LIMIT 1";
            Ok::<_, Error>(tx.query_opt(sql, params![now.0], |row| row.get::<AgentId>(0))?)
        });
        let Some(agent) = due.await? else { break };
        let changes = Arc::clone(&crm.changes);
        let erased = crm.change_in_background("departures.erase", agent, move |tx, turn| {
            // Taken back in this very moment it stays.
            let sql = "SELECT 1 FROM departures WHERE agent_id = $1 AND due_at <= $2";
            if tx.query_opt(sql, params![&turn.agent, turn.now.0], |_| Ok(()))?.is_none() {
                return Ok(());
            }
            changes.note_keys(tx);
            erase_some(tx, turn.agent)
        });
        match erased.await {
            // Another node was quicker.
            Ok(()) | Err(Error::NotFound) => count += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Erases [`TOGETHER`] rows of the first table that has any; at the end the agent.
fn erase_some(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), Error> {
    let mut left = TOGETHER;
    for (table, key) in TABLES {
        let sql = format!(
            "DELETE FROM {table} WHERE agent_id = $1 AND ({key}) IN (SELECT {key} FROM {table} WHERE agent_id = $1 LIMIT $2)"
        );
        let gone = tx.execute(&sql, params![&agent, left])?;
        left -= i64::try_from(gone).unwrap_or(TOGETHER);
        if left <= 0 {
            return Ok(());
        }
    }
    for sql in [
        "DELETE FROM jobs WHERE agent_id = $1",
        "DELETE FROM departures WHERE agent_id = $1",
        "DELETE FROM turns WHERE agent_id = $1",
        "DELETE FROM agents WHERE id = $1",
    ] {
        tx.execute(sql, params![&agent])?;
    }
    Ok(())
}
