//! Plans on SQLite: lists and look-ups go through the index of what they ask for, in a database of any size.

use db::Value;
use testkit::{Engine, TestApp, block_on};

async fn rows(app: &TestApp, sql: String, column: usize) -> Vec<String> {
    let read = app.crm.database().read("test.rows", move |tx| {
        let params = (0..sql.matches('$').count()).map(|_| Value::Text("x")).collect::<Vec<_>>();
        tx.query(&sql, &params, |row| row.get::<String>(column))
    });
    read.await.unwrap()
}

#[test]
fn every_index_has_statistics() {
    block_on(async {
        let app = TestApp::start(Engine::Sqlite).await;
        let known = rows(&app, "SELECT idx FROM sqlite_stat1 ORDER BY idx".to_owned(), 0).await;
        // A table stands for its primary key; an index that SQLite names is one.
        let sql = "SELECT name FROM sqlite_schema
                   WHERE type IN ('table', 'index') AND substr(name, 1, 7) <> 'sqlite_' AND name <> 'schema_migrations' ORDER BY name";
        assert_eq!(known, rows(&app, sql.to_owned(), 0).await);
    });
}

#[test]
fn a_filter_is_answered_by_its_index() {
    block_on(async {
        let app = TestApp::start(Engine::Sqlite).await;
        for (table, filter, order, index) in [
            ("leads", "", "t.id DESC", "PRIMARY KEY"),
            ("leads", "AND t.id < $2", "t.id DESC", "PRIMARY KEY"),
            ("leads", "AND t.status = $2", "t.id DESC", "INDEX leads_status_idx"),
            ("leads", "AND t.status = $2 AND t.id > $3", "t.id", "INDEX leads_status_idx"),
            ("leads", "AND t.source_key = $2", "t.id DESC", "INDEX leads_source_idx"),
            ("leads", "AND t.email_key = $2", "t.id DESC", "INDEX leads_email_idx"),
            (
                "leads",
                "AND t.status = $2 AND t.source_key = $3 AND t.email_key = $4",
                "t.id DESC",
                "INDEX leads_email_idx",
            ),
            ("leads", "AND t.phone_key = $2", "t.id DESC", "INDEX leads_phone_idx"),
            ("leads", "", "t.updated_at DESC, t.id DESC", "INDEX leads_updated_idx"),
            ("leads", "AND (t.updated_at, t.id) < ($2, $3)", "t.updated_at DESC, t.id DESC", "INDEX leads_updated_idx"),
            ("clients", "AND t.email_key = $2", "t.id DESC", "INDEX clients_email_key"),
            ("clients", "AND t.phone_key = $2", "t.id DESC", "INDEX clients_phone_idx"),
            ("clients", "AND t.source_key = $2", "t.id DESC", "INDEX clients_source_idx"),
            ("clients", "", "t.updated_at DESC, t.id DESC", "INDEX clients_updated_idx"),
            ("clients", "AND t.stage_id = $2", "t.updated_at DESC, t.id DESC", "INDEX clients_stage_idx"),
            ("clients", "AND t.stage_id = $2", "t.id DESC", "INDEX clients_stage_created_idx"),
            ("clients", "AND t.stage_id = $2", "t.id", "INDEX clients_stage_created_idx"),
            (
                "clients",
                "AND t.stage_id = $2 AND t.id >= $3 AND t.id < $4",
                "t.id DESC",
                "INDEX clients_stage_created_idx",
            ),
            ("clients", "", "t.id DESC", "PRIMARY KEY"),
            ("listings", "AND t.status = $2", "t.id DESC", "INDEX listings_status_idx"),
            ("listings", "", "t.updated_at DESC, t.id DESC", "INDEX listings_updated_idx"),
            ("showings", "AND t.status = $2", "t.id DESC", "INDEX showings_status_idx"),
            ("showings", "AND t.client_id = $2", "t.id DESC", "INDEX showings_client_idx"),
            ("showings", "AND t.listing_id = $2", "t.id DESC", "INDEX showings_listing_idx"),
            ("showings", "AND t.client_id = $2 AND t.status = $3", "t.id DESC", "INDEX showings_client_idx"),
            ("events", "AND t.event = $2 AND t.id > $3", "t.id", "INDEX events_event_idx"),
            ("events", "AND t.id > $2", "t.id", "PRIMARY KEY"),
        ] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT t.* FROM {table} t WHERE t.agent_id = $1 {filter} ORDER BY {order} LIMIT 51"
            );
            let plan = rows(&app, sql, 3).await;
            // One step: nothing is sorted.
            assert_eq!(plan.len(), 1, "{table} {filter}: {plan:?}");
            assert!(plan[0].starts_with(&format!("SEARCH t USING {index} (agent_id=?")), "{table} {filter}: {plan:?}");
        }
    });
}

#[test]
fn changed_records_are_found_by_their_index_and_sorted() {
    block_on(async {
        let app = TestApp::start(Engine::Sqlite).await;
        for order in ["+t.id DESC", "+t.id"] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT t.* FROM leads t WHERE t.agent_id = $1 AND t.updated_at >= $2 ORDER BY {order} LIMIT 51"
            );
            let plan = rows(&app, sql, 3).await;
            assert!(
                plan[0].starts_with("SEARCH t USING INDEX leads_updated_idx (agent_id=? AND updated_at>?"),
                "{plan:?}"
            );
        }
    });
}

#[test]
fn records_of_some_days_are_found_as_they_were_made_and_sorted() {
    block_on(async {
        let app = TestApp::start(Engine::Sqlite).await;
        for (narrowed, found) in [
            ("", "PRIMARY KEY (agent_id=? AND id>?"),
            ("AND t.stage_id = $4", "INDEX clients_stage_created_idx (agent_id=? AND stage_id=? AND id>?"),
        ] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT t.* FROM clients t WHERE t.agent_id = $1 AND t.id >= $2 AND t.id < $3 {narrowed}
                 ORDER BY +t.updated_at DESC, t.id DESC LIMIT 51"
            );
            let plan = rows(&app, sql, 3).await;
            assert!(plan[0].starts_with(&format!("SEARCH t USING {found}")), "{plan:?}");
        }
    });
}

#[test]
fn what_is_taken_at_a_time_is_found_without_looking_at_the_rest() {
    block_on(async {
        let app = TestApp::start(Engine::Sqlite).await;
        let sql = "EXPLAIN QUERY PLAN SELECT starts_at FROM taken_times
                   WHERE agent_id = $1 AND is_confirmed = $2 AND starts_at > $3 AND starts_at < $4 AND ends_at > $5
                   ORDER BY starts_at LIMIT 1";
        let plan = rows(&app, sql.to_owned(), 3).await;
        let found = "PRIMARY KEY (agent_id=? AND is_confirmed=? AND starts_at>? AND starts_at<?)";
        assert_eq!(plan, [format!("SEARCH taken_times USING {found}")]);
        let sql = "EXPLAIN QUERY PLAN DELETE FROM taken_times WHERE agent_id = $1 AND showing_id = $2";
        let plan = rows(&app, sql.to_owned(), 3).await;
        assert!(plan[0].contains("INDEX taken_times_showing_idx (agent_id=? AND showing_id=?)"), "{plan:?}");
    });
}
