//! Search: what `q` finds once the indexer has followed.

use db::{DbError, Engine, Lane, Tx, params};
use serde_json::{Value, json};
use testkit::{Caller, TestApp, on_both_engines};

async fn create(api: &Caller, path: &str, body: &Value) -> String {
    let created = api.post(&format!("/api/v1/{path}"), body).await.expect(201).json();
    let id = created.as_object().unwrap().iter().find(|(key, _)| *key != "success").unwrap().1;
    id.as_str().unwrap().to_owned()
}

async fn index(app: &TestApp) -> usize {
    crm::search::index_all(&app.crm).await.unwrap()
}

/// The ids that a list finds, in its order.
async fn ids(api: &Caller, path: &str) -> Vec<String> {
    let list = api.get(&format!("/api/v1/{path}")).await.expect(200).json();
    let records = list.as_object().unwrap().values().find_map(Value::as_array).unwrap();
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn a_lead_is_found_by_every_text_it_holds(app: TestApp) {
        let api = &app.agent.api;
        let jane = create(api, "leads", &json!({
            "name": "José García", "email": "jose.garcia@example.com", "phone": "(555) 123-4567", "source": "Open House",
            "propertyAddress": "123 Ocean Drive, Miami", "notes": "Wants a balcony & sea view"
        })).await;
        let ming = create(api, "leads", &json!({"name": "王小明"})).await;
        assert_eq!(ids(api, "leads?q=garcia").await, [""; 0]);
        assert_eq!(index(&app).await, 2);
        for q in ["garcia", "GARC%C3%8DA%20jos", "jose.garcia@example.com", "5551234567", "+1%20555-123-4567", "ocean%20dr", "balcony", "open%20house", "123-4567"] {
            assert_eq!(ids(api, &format!("leads?q={q}")).await, [&*jane], "{q}");
        }
        assert_eq!(ids(api, "leads?q=%E5%B0%8F%E6%98%8E").await, [&*ming]);
        for q in ["garcia%20ming", "garcia%20cean", "cia", "-", "555-123-9999"] {
            let none = api.get(&format!("/api/v1/leads?q={q}")).await.expect(200).json();
            assert_eq!(none, json!({"leads": [], "total": 0}), "{q}");
        }
        assert_eq!(index(&app).await, 0);
    }

    async fn clients_and_listings_are_found_each_in_their_own_list(app: TestApp) {
        let api = &app.agent.api;
        let lead = create(api, "leads", &json!({"name": "Miami Lead"})).await;
        let client = create(api, "clients", &json!({"name": "Miami Client", "email": "c@example.com", "phone": "555-0100", "notes": "garden"})).await;
        let listing = create(api, "listings", &json!({"address": "456 Oak Ave", "price": 1, "city": "Miami", "mlsNumber": "A11234567", "description": "Near the park"})).await;
        let _ = index(&app).await;
        assert_eq!(ids(api, "leads?q=miami").await, [&*lead]);
        for q in ["miami", "5550100", "garden", "c@example.com"] {
            assert_eq!(ids(api, &format!("clients?q={q}")).await, [&*client], "{q}");
        }
        for q in ["miami", "oak%20456", "a1123", "park"] {
            assert_eq!(ids(api, &format!("listings?q={q}")).await, [&*listing], "{q}");
        }
    }

    async fn a_change_is_found_and_what_was_before_is_not(app: TestApp) {
        let api = &app.agent.api;
        let id = create(api, "leads", &json!({"name": "Jane Doe", "notes": "balcony"})).await;
        let path = format!("/api/v1/leads/{id}");
        let _ = index(&app).await;
        let _ = api.patch(&path, &json!({"name": "Jane Smith", "notes": null})).await.expect(200);
        let _ = index(&app).await;
        assert_eq!(ids(api, "leads?q=jane%20smith").await, [&*id]);
        assert_eq!(ids(api, "leads?q=doe").await, [""; 0]);
        assert_eq!(ids(api, "leads?q=balcony").await, [""; 0]);
    }

    async fn what_is_deleted_is_found_no_more_and_leaves_no_row(app: TestApp) {
        let api = &app.agent.api;
        let id = create(api, "leads", &json!({"name": "Jane Doe"})).await;
        let _ = index(&app).await;
        let _ = api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        assert_eq!(ids(api, "leads?q=jane").await, [""; 0]);
        let _ = index(&app).await;
        for table in ["SELECT COUNT(*) FROM search_terms", "SELECT COUNT(*) FROM search_records", "SELECT COUNT(*) FROM search_queue"] {
            let rows = app.crm.database().read("test", move |tx| tx.query_one(table, params![], |row| row.get::<i64>(0)));
            assert_eq!(rows.await, Ok::<_, DbError>(0), "{table}");
        }
        let lead = crm::leads::restore(&app.crm, app.agent.id, id.parse().unwrap()).await.unwrap();
        let _ = index(&app).await;
        assert_eq!(ids(api, "leads?q=jane").await, [lead.id.to_string()]);
    }

    async fn an_agent_finds_nothing_of_another(app: TestApp) {
        let _ = create(&app.agent.api, "leads", &json!({"name": "Jane"})).await;
        let other = app.another_agent("Bob").await;
        let theirs = create(&other.api, "leads", &json!({"name": "Jane"})).await;
        assert_eq!(index(&app).await, 2);
        assert_eq!(ids(&other.api, "leads?q=jane").await, [theirs]);
    }

    async fn a_search_goes_with_filters_sorts_pages_and_totals(app: TestApp) {
        let api = &app.agent.api;
        let mut made = Vec::new();
        for n in 0..7 {
            app.clock.advance(std::time::Duration::from_millis(10));
            let source = if n % 2 == 0 { "Zillow" } else { "api" };
            made.push(create(api, "leads", &json!({"name": format!("Jane Number{n}"), "source": source})).await);
        }
        let _ = create(api, "leads", &json!({"name": "Somebody Else"})).await;
        app.clock.advance(std::time::Duration::from_millis(10));
        let _ = api.patch(&format!("/api/v1/leads/{}", made[2]), &json!({"status": "contacted"})).await.expect(200);
        let _ = index(&app).await;
        let newest = made.iter().rev().cloned().collect::<Vec<_>>();
        assert_eq!(ids(api, "leads?q=jane").await, newest);
        assert_eq!(ids(api, "leads?q=jane&sort=createdAt").await, made);
        assert_eq!(ids(api, "leads?q=jane&sort=-updatedAt&limit=1").await, [&*made[2]]);
        assert_eq!(ids(api, "leads?q=jane&status=contacted").await, [&*made[2]]);
        assert_eq!(ids(api, "leads?q=jane&source=zillow").await, [&*made[6], &made[4], &made[2], &made[0]]);
        assert_eq!(ids(api, "leads?q=jane&limit=2&offset=3").await, [&*made[3], &made[2]]);
        let first = api.get("/api/v1/leads?q=jane&limit=3").await.expect(200).json();
        assert_eq!(first["total"], 7);
        let cursor = first["nextCursor"].as_str().unwrap();
        assert_eq!(ids(api, &format!("leads?q=jane&limit=4&cursor={cursor}")).await, [&*made[3], &made[2], &made[1], &made[0]]);
        assert_eq!(api.get(&format!("/api/v1/leads?q=jane&limit=4&cursor={cursor}")).await.json()["nextCursor"], Value::Null);
    }

    async fn words_that_nearly_every_record_has_are_answered_by_walking_the_list(app: TestApp) {
        let api = &app.agent.api;
        let mut found = Vec::new();
        for n in 0..9 {
            let name = if n % 3 == 0 { "Common Ordinary" } else { "Common" };
            found.push(create(api, "leads", &json!({"name": name})).await);
        }
        let _ = index(&app).await;
        make_common(&app, "common").await;
        make_common(&app, "ordinary").await;
        let both = [&*found[6], &found[3], &found[0]];
        assert_eq!(ids(api, "leads?q=common%20ordinary").await, both);
        assert_eq!(ids(api, "leads?q=ordin&sort=createdAt").await, [both[2], both[1], both[0]]);
        let list = api.get("/api/v1/leads?q=common&status=new&limit=4").await.expect(200).json();
        assert_eq!(list["total"], 9);
        let cursor = list["nextCursor"].as_str().unwrap();
        assert_eq!(ids(api, &format!("leads?q=common&status=new&limit=100&cursor={cursor}")).await.len(), 5);
        // A common word alone is counted by the index, in which it stands 10,000 times more.
        let list = api.get("/api/v1/leads?q=common&limit=4").await.expect(200).json();
        assert_eq!((&list["total"], &list["totalIsExact"]), (&json!(10_000), &json!(false)));
        // What is all on one page is counted by it.
        assert_eq!(api.get("/api/v1/leads?q=common").await.expect(200).json()["total"], 9);
        assert_eq!(ids(api, "leads?q=common&sort=-updatedAt").await.len(), 9);
    }

    async fn a_walk_that_finds_too_few_says_where_it_stopped(app: TestApp) {
        let api = &app.agent.api;
        let oldest = create(api, "leads", &json!({"name": "Rare Common"})).await;
        let _ = index(&app).await;
        make_common(&app, "common").await;
        // More records than one page may look at, none of which has the word.
        copy_leads(&app, 20_005).await;
        for sort in ["-createdAt", "-updatedAt"] {
            let list = format!("leads?q=common&status=new&sort={sort}");
            let first = api.get(&format!("/api/v1/{list}")).await.expect(200).json();
            assert_eq!((&first["leads"], &first["total"], &first["totalIsExact"]), (&json!([]), &json!(0), &json!(false)), "{sort}");
            let cursor = first["nextCursor"].as_str().unwrap();
            assert_eq!(ids(api, &format!("{list}&cursor={cursor}")).await, [&*oldest], "{sort}");
        }
        // From the other end it is the first.
        assert_eq!(ids(api, "leads?q=common&sort=createdAt").await, [&*oldest]);
    }

    async fn a_word_of_some_records_is_found_on_the_dashboard_however_far_down(app: TestApp) {
        let oldest = create(&app.agent.api, "leads", &json!({"name": "Some Body"})).await;
        let _ = index(&app).await;
        // Too many rows to begin with them, and more records before it than are walked at first.
        stand_more_often(&app, "some", 1_500).await;
        copy_leads(&app, 2_005).await;
        let mut browser = app.sign_in(&app.agent).await;
        for query in ["q=some", "q=some&status=new", "q=some+body&sort=-updatedAt"] {
            let list = browser.get(&format!("/dashboard/leads?{query}")).await.expect(200).text();
            assert!(list.contains(&oldest) && list.contains("1 found") && !list.contains("Next page"), "{query}: {list}");
        }
    }

    async fn long_notes_and_many_records_are_indexed_in_slices(app: TestApp) {
        let long = (0..1_500).map(|n| format!("word{n} ")).collect::<String>();
        for n in 0..3 {
            let _ = create(&app.agent.api, "leads", &json!({"name": format!("Long {n}"), "notes": long})).await;
        }
        for n in 0..40 {
            let _ = create(&app.agent.api, "leads", &json!({"name": format!("Short {n}")})).await;
        }
        assert_eq!(crm::search::index_due(&app.crm).await.unwrap(), 1);
        assert_eq!(crm::search::index_due(&app.crm).await.unwrap(), 1);
        assert_eq!(crm::search::index_due(&app.crm).await.unwrap(), 1);
        assert_eq!(crm::search::index_due(&app.crm).await.unwrap(), 32);
        assert_eq!(index(&app).await, 8);
        assert_eq!(ids(&app.agent.api, "leads?q=word1499").await.len(), 3);
        assert_eq!(ids(&app.agent.api, "leads?q=short&limit=100").await.len(), 40);
    }

    async fn what_older_rules_indexed_is_indexed_again(app: TestApp) {
        let id = create(&app.agent.api, "leads", &json!({"name": "Jane"})).await;
        let _ = index(&app).await;
        let aged = app.crm.database().write("test", Lane::SHARED, |tx| {
            tx.execute("UPDATE search_records SET version = 0, terms = ' api january '", params![])?;
            tx.execute("UPDATE search_terms SET term = 'january' WHERE term = 'jane'", params![])
        });
        assert_eq!(aged.await, Ok::<_, DbError>(1));
        assert_eq!(crm::search::sweep(&app.crm).await.unwrap(), 1);
        assert_eq!(crm::search::sweep(&app.crm).await.unwrap(), 0);
        assert_eq!(index(&app).await, 1);
        assert_eq!(ids(&app.agent.api, "leads?q=jane").await, [&*id]);
        assert_eq!(ids(&app.agent.api, "leads?q=january").await, [""; 0]);
    }
}

/// An id for each `n` of `counted`, with a first byte of its own.
fn id_of_n(tx: &Tx<'_>, first: &str) -> String {
    match tx.engine() {
        Engine::Sqlite => format!("unhex('{first}' || printf('%030x', n))"),
        Engine::Postgres => format!("decode('{first}' || lpad(to_hex(n), 30, '0'), 'hex')"),
    }
}

/// Gives a word more rows than a rare one has.
async fn make_common(app: &TestApp, word: &'static str) {
    stand_more_often(app, word, 10_001).await;
}

/// Gives a word so many more rows in the index, of records that there are not.
async fn stand_more_often(app: &TestApp, word: &'static str, rows: u64) {
    let agent = app.agent.id;
    let made = app.crm.database().write("test", Lane::SHARED, move |tx| {
        let sql = format!(
            "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {rows})
             INSERT INTO search_terms (agent_id, kind, term, id) SELECT $1, 'lead', $2, {} FROM counted",
            id_of_n(tx, "00")
        );
        tx.execute(&sql, params![&agent, word])
    });
    assert_eq!(made.await, Ok::<_, DbError>(rows));
}

/// Adds so many leads like the one there is, newer than it and found by no word.
async fn copy_leads(app: &TestApp, copies: u64) {
    let copied = app.crm.database().write("test", Lane::SHARED, move |tx| {
        let sql = format!(
            "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {copies})
             INSERT INTO leads (agent_id, id, name, source, source_key, status, same_person_as, updated_at)
             SELECT agent_id, {}, name, source, source_key, status, same_person_as, updated_at + n FROM leads, counted WHERE 1 = 1",
            id_of_n(tx, "7f")
        );
        tx.execute(&sql, params![])
    });
    assert_eq!(copied.await, Ok::<_, DbError>(copies));
}
