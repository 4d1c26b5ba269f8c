//! One row at least of every table that belongs to an agent's account, as a backup and an erasure meet them.

use db::{DbError, Lane, params};
use testkit::TestApp;

/// Puts them in for the first agent.
pub(crate) async fn fill(app: &TestApp) {
    let agent = app.agent.id;
    let filled = app.crm.database().write("test.fill_account", Lane::of(&agent.0), move |tx| {
        let (id, odd) = ([9u8; 16], (0..=255).collect::<Vec<u8>>());
        tx.execute(
            "INSERT INTO two_steps (agent_id, account_id, secret, last_step, wrong, wrong_since) VALUES ($1, $2, $3, 1, 2, 3)",
            params![&agent, &id, &odd],
        )?;
        let sql = "INSERT INTO profiles (agent_id, languages, service_areas) VALUES ($1, '', '')";
        tx.execute(sql, params![&agent])?;
        tx.execute("INSERT INTO photos (agent_id, hash, bytes) VALUES ($1, $2, $2)", params![&agent, &odd])?;
        tx.execute("INSERT INTO departures (agent_id, due_at) VALUES ($1, $2)", params![&[8u8; 16], i64::MAX])?;
        let sql = "INSERT INTO files (agent_id, id, about_id, hash, size, media_type, width, height) VALUES ($1, $2, $2, $3, 256, 'image/jpeg', 1, 1)";
        tx.execute(sql, params![&agent, &id, &odd])?;
        let sql = "INSERT INTO file_pieces (agent_id, file_id, number, bytes) VALUES ($1, $2, 0, $3)";
        tx.execute(sql, params![&agent, &id, &odd])?;
        let sql = "INSERT INTO attachments (agent_id, id, listing_id, kind, place, words) VALUES ($1, $2, $2, 'photo', 0, '')";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO listing_prices (agent_id, listing_id, id, price, currency) VALUES ($1, $2, $2, 100, 'USD')";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO open_houses (agent_id, id, listing_id, starts_at, ends_at) VALUES ($1, $2, $2, 1, 2)";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO guides (agent_id, id, title, slug, status, place, cover_id, downloads, leads, updated_at, points)
                   VALUES ($1, $2, 'Guide', 'guide', 'draft', 0, $2, 1, 2, 3, 'a')";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO guide_leads (agent_id, lead_id, guide_id) VALUES ($1, $2, $2)";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO availabilities (agent_id, hours, showing_minutes, notice_minutes, travel_minutes, days_ahead)
                   VALUES ($1, '[[],[],[],[],[],[],[]]', 30, 0, 0, 60)";
        tx.execute(sql, params![&agent])?;
        let sql = "INSERT INTO blocked_times (agent_id, id, starts_at, ends_at) VALUES ($1, $2, 1, 2)";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO showing_rules (agent_id, listing_id, status, requirements, notice_minutes)
                   VALUES ($1, $2, 'On Hold', '', 0)";
        tx.execute(sql, params![&agent, &id])?;
        let sql = "INSERT INTO recovery_codes (agent_id, account_id, code_hash) VALUES ($1, $2, $3)";
        tx.execute(sql, params![&agent, &id, &odd])
    });
    assert_eq!(filled.await.map(drop), Ok::<(), DbError>(()));
}
