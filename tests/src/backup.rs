//! Backups: everything goes from one engine to the other and back, whole or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use crm::{
    backup::{self, BackupError, LEFT_OUT, Restore, TABLES},
    clock::UnixMillis,
    follow_ups, imports, jobs,
    leads::{self, NewLead, merges},
    migrations::MIGRATIONS,
    next_steps,
    notes::About,
    saved_views, seal, tags,
};
use db::{Database, DbError, Engine, Lane, params};
use serde_json::{Value, json};
use testkit::{EmptyDatabase, TestApp, on_both_engines};

/// One row of every table at least.
pub(crate) async fn fill(app: &TestApp) {
    let _ = crm::calendar_feeds::renew(&app.crm, app.agent.id).await.unwrap();
    let _ = crm::inbox::token(&app.crm, app.agent.id).await.unwrap();
    let raw = b"Subject: Not a lead that anybody would know\r\n\r\nHello\0\xff".to_vec();
    let incoming = crm::inbox::Incoming { raw, way: crm::inbox::Way::Upload, trust: None };
    let _ = crm::inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap();
    crm::domains::add(&app.crm, app.agent.id, "sarah-homes.example", None).await.unwrap();
    let look = crm::domains::claim(&app.crm).await.unwrap().unwrap();
    crm::domains::settle(&app.crm, &look, Ok(()), true).await.unwrap();
    crm::certificates::keep_account(&app.crm, "https://ca.example/directory", b"{}").await.unwrap();
    let api = &app.agent.api;
    seal::adopt(app.crm.database(), app.crm.keyring()).await.unwrap();
    let mut leads = Vec::new();
    for n in 0..40 {
        let lead = json!({"name": format!("王小明 \"{n}\"\\\u{2028}"), "email": format!("n{n}@example.com"), "notes": "=1+1\r\n\tZoë", "source": "Zillow"});
        leads.push(api.post("/api/v1/leads", &lead).await.expect(201).json()["leadId"].as_str().unwrap().to_owned());
    }
    let note = json!({"text": "Called back."});
    let _ =
        api.with("Idempotency-Key", "once").post(&format!("/api/v1/leads/{}/notes", leads[0]), &note).await.expect(201);
    let _ = api.delete(&format!("/api/v1/leads/{}", leads[1])).await.expect(204);
    let client = api
        .post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"}))
        .await
        .expect(201)
        .json()["clientId"]
        .clone();
    let other = api
        .post("/api/v1/clients", &json!({"name": "John", "email": "john@example.com", "source": "a friend"}))
        .await
        .expect(201)
        .json()["clientId"]
        .clone();
    let listing =
        json!({"address": "456 Oak Ave", "price": 750000.5, "bathrooms": 2.25, "latitude": 25.76, "longitude": -80.19});
    let listing = api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].clone();
    for client in [&client, &other] {
        let showing = json!({"clientId": client, "listingId": listing, "requestedTimes": ["2026-12-01T15:00:00Z"]});
        let made = api.post("/api/v1/showings", &showing).await.expect(201);
        let confirmed = json!({"status": "confirmed", "confirmedTime": "2027-01-02T15:00:00Z"});
        // The second one overlaps it.
        let _ = api.patch(made.header("location"), &confirmed).await;
    }
    let _ = api.delete(&format!("/api/v1/clients/{}", other.as_str().unwrap())).await.expect(204);
    crm::mails::change_settings(&app.crm, app.agent.id, crm::mails::MailSettings::default()).await.unwrap();
    crm::mails::tell_leads(&app.crm).await.unwrap();
    crm::search::index_all(&app.crm).await.unwrap();
    let _ = api.post("/api/v1/leads", &json!({"name": "Not indexed yet"})).await.expect(201);
    let agent = app.agent.id;
    let mut upload = imports::Upload::begin(&app.crm, agent, imports::Subject::Leads, "a.csv").await.unwrap();
    upload.push(b"Name\nImported\n").await.unwrap();
    let id = upload.finish().await.unwrap();
    let about = About::Client(client.as_str().unwrap().parse().unwrap());
    follow_ups::set(&app.crm, agent, about, Some(UnixMillis(1_800_000_000_000))).await.unwrap();
    tags::add(&app.crm, agent, vec![about], "Investor").await.unwrap();
    next_steps::set(&app.crm, agent, client.as_str().unwrap().parse().unwrap(), "We call.").await.unwrap();
    saved_views::create(&app.crm, agent, "New", "status=new").await.unwrap();
    let of = |n: usize| leads[n].parse().unwrap();
    let all = of(2);
    let choice = merges::Choice {
        name: all,
        email: all,
        phone: all,
        source: all,
        property_address: all,
        notes: all,
        status: all,
    };
    merges::merge(&app.crm, agent, of(2), vec![of(3)], choice).await.unwrap();
    imports::start(&app.crm, agent, id).await.unwrap();
    let mut upload = imports::Upload::begin(&app.crm, agent, imports::Subject::Listings, "b.csv").await.unwrap();
    upload.push(b"Address,Price\n1 Imported St,5\n").await.unwrap();
    let id = upload.finish().await.unwrap();
    imports::start(&app.crm, agent, id).await.unwrap();
    let _ = jobs::run_due(&app.crm).await.unwrap();
    // What the API cannot make yet.
    let done = app.crm.database().write("test.fill", Lane::of(&agent.0), move |tx| {
        let (id, odd) = ([7u8; 16], (0..=255).collect::<Vec<u8>>());
        tx.execute(
            "INSERT INTO webhooks (agent_id, id, url, events, is_enabled, secret, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![&agent, &id, "https://example.com", "", true, &odd, i64::MAX],
        )?;
        tx.execute(
            "INSERT INTO deliveries (agent_id, webhook_id, event_id, id, state, due_at) VALUES ($1, $2, $2, $2, 0, $3)",
            params![&agent, &id, i64::MIN],
        )?;
        tx.execute(
            "INSERT INTO jobs (id, kind, payload, due_at, attempts) VALUES ($1, $2, $3, $4, $5)",
            params![&id, "none", "{}", 0, 3],
        )
    });
    assert_eq!(done.await, Ok::<u64, DbError>(1));
    crate::public_site::fill_rows(app).await;
    // What follows is no picture, which the website would show.
    crate::inquiries::fill_rows(app).await;
    crate::account_rows::fill(app).await;
}

pub(crate) async fn archive(database: &Database) -> Vec<u8> {
    let database = database.clone();
    let written = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        backup::write(&database, None, UnixMillis(0), &mut bytes).map(|_| bytes)
    });
    written.await.unwrap().unwrap()
}

pub(crate) async fn restore(archive: &[u8], database: &Database) -> Result<(), BackupError> {
    let summary = backup::verify(archive)?;
    let restore = Restore::begin(database, &summary).await?;
    restore.load(archive).await?;
    restore.finish().await
}

/// Every line but the first, which names the engine, and the last, which depends on it.
fn rows(archive: &[u8]) -> Vec<&str> {
    let lines: Vec<&str> = std::str::from_utf8(archive).unwrap().lines().collect();
    lines[1..lines.len() - 1].to_vec()
}

/// The rows of each table, by column.
fn tables(archive: &[u8]) -> BTreeMap<String, Vec<BTreeMap<String, Value>>> {
    let mut tables = BTreeMap::<String, Vec<BTreeMap<String, Value>>>::new();
    let (mut table, mut columns) = (String::new(), Vec::new());
    for line in BufReader::new(archive).lines() {
        match serde_json::from_str(&line.unwrap()).unwrap() {
            Value::Array(row) => {
                let row = columns.iter().cloned().zip(row).collect();
                tables.entry(table.clone()).or_default().push(row);
            }
            head if head["table"].is_string() => {
                table = head["table"].as_str().unwrap().to_owned();
                columns = head["columns"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|column| column[0].as_str().unwrap().to_owned())
                    .collect();
            }
            _ => {}
        }
    }
    tables
}

async fn counts(database: &Database) -> BTreeMap<&'static str, i64> {
    let counted = database.read("test.counts", |tx| {
        let count = |table: &&'static str| {
            let count = tx.query_one(&format!("SELECT COUNT(*) FROM {table}"), params![], |row| row.get(0))?;
            Ok((*table, count))
        };
        TABLES.iter().map(count).collect::<Result<_, DbError>>()
    });
    counted.await.unwrap()
}

pub(crate) fn other(engine: Engine) -> Engine {
    match engine {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    }
}

on_both_engines! {
    async fn every_row_survives_the_way_to_the_other_engine_and_back(app: TestApp) {
        fill(&app).await;
        let first = archive(app.crm.database()).await;
        let there = EmptyDatabase::open(other(app.engine)).await;
        restore(&first, &there.database).await.unwrap();
        let second = archive(&there.database).await;
        let back = EmptyDatabase::open(app.engine).await;
        restore(&second, &back.database).await.unwrap();
        assert_eq!(rows(&second), rows(&first));
        assert_eq!(rows(&archive(&back.database).await), rows(&first));
        let counted = counts(app.crm.database()).await;
        assert_eq!(counts(&there.database).await, counted);
        for (table, count) in counted {
            assert!(count > 0, "{table} is not tested: it has no row");
        }
    }

    async fn a_restored_server_goes_on_where_the_other_stopped(app: TestApp) {
        fill(&app).await;
        let there = EmptyDatabase::open(other(app.engine)).await;
        restore(&archive(app.crm.database()).await, &there.database).await.unwrap();
        let (clock, random) = (Arc::clone(&app.clock), Arc::new(testkit::manual::SeededRandomness::new(99)));
        let crm = crm::Crm::new(there.database.clone(), clock, random, app.crm.keyring().clone(), &crm::Settings::default());
        let feed = |crm: crm::Crm| async move {
            crm::events::list(&crm, app.agent.id, crm::events::EventFilter { limit: 1_000, ..Default::default() }).await.unwrap()
        };
        let before = feed(crm.clone()).await.last().unwrap().sequence;
        let new = NewLead::read(json!({"name": "After"}).as_object().unwrap()).unwrap();
        leads::create(&crm, app.agent.id, new, None).await.unwrap();
        assert_eq!(feed(crm.clone()).await.last().unwrap().sequence, before + 1);
        let (query, wanted) = (crm::search::words("王小明"), 38);
        let filter = crm::pages::Filter { words: query, ..Default::default() };
        let page = crm::pages::Page { sort: Default::default(), start: crm::pages::Start::Offset(0), limit: 100, counted: 0 };
        assert_eq!(leads::list(&crm, app.agent.id, filter, page).await.unwrap().items.len(), wanted);
    }

    async fn a_backup_among_writes_holds_what_was_acknowledged_and_nothing_half(app: TestApp) {
        let (acknowledged, is_over) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(AtomicBool::new(false)));
        let writers = (0..8).map(|writer| {
            let (crm, agent) = (app.crm.clone(), app.agent.id);
            let (acknowledged, is_over) = (Arc::clone(&acknowledged), Arc::clone(&is_over));
            tokio::spawn(async move {
                for n in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let new = json!({"name": format!("Lead {writer} {n}")});
                    let new = NewLead::read(new.as_object().unwrap()).unwrap();
                    let lead = leads::create(&crm, agent, new, None).await.unwrap();
                    let id = lead.value.id.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                    acknowledged.lock().unwrap().insert(id);
                }
            })
        });
        let writers = writers.collect::<Vec<_>>();
        let mut sizes = BTreeSet::new();
        for _ in 0..10 {
            while acknowledged.lock().unwrap().len() < 50 * (sizes.len() + 1) {
                tokio::task::yield_now().await;
            }
            let before = acknowledged.lock().unwrap().clone();
            let bytes = archive(app.crm.database()).await;
            backup::verify(&bytes[..]).unwrap();
            let tables = tables(&bytes);
            let ids = |table: &str, column: &str| -> BTreeSet<String> {
                tables[table].iter().map(|row| row[column].as_str().unwrap().to_owned()).collect()
            };
            let held = ids("leads", "id");
            assert!(held.is_superset(&before), "{} acknowledged leads are missing", before.difference(&held).count());
            assert_eq!(ids("events", "entity_id"), held);
            let total = tables["totals"].iter().find(|row| row["kind"] == "lead").unwrap();
            assert_eq!(total["total"], json!(held.len()));
            assert_eq!(tables["turns"][0]["last_sequence"], json!(held.len()));
            sizes.insert(held.len());
        }
        is_over.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
    }

    async fn a_database_with_an_agent_is_never_overwritten(app: TestApp) {
        let api = &app.agent.api;
        let bytes = archive(app.crm.database()).await;
        let _ = api.post("/api/v1/leads", &json!({"name": "Kept"})).await.expect(201);
        let refused = restore(&bytes, app.crm.database()).await.unwrap_err();
        assert!(matches!(&refused, BackupError::Refused(why) if why.contains("never overwrites")), "{refused}");
        assert_eq!(api.get("/api/v1/leads").await.expect(200).json()["total"], 1);
        assert!(!backup::is_restoring(app.crm.database()).await.unwrap());
    }

    async fn a_restore_that_was_broken_off_is_begun_again(app: TestApp) {
        fill(&app).await;
        let bytes = archive(app.crm.database()).await;
        let there = EmptyDatabase::open(other(app.engine)).await;
        let summary = backup::verify(&bytes[..]).unwrap();
        let broken = Restore::begin(&there.database, &summary).await.unwrap();
        let _ = broken.load(&bytes[..bytes.len() * 3 / 4]).await.unwrap_err();
        drop(broken);
        assert!(backup::is_restoring(&there.database).await.unwrap());
        assert!(counts(&there.database).await["agents"] > 0, "something was there already");
        let database = there.database.clone();
        let refused = tokio::task::spawn_blocking(move || backup::write(&database, None, UnixMillis(0), Vec::new()));
        assert!(matches!(refused.await.unwrap(), Err(BackupError::Refused(_))));

        restore(&bytes, &there.database).await.unwrap();
        assert!(!backup::is_restoring(&there.database).await.unwrap());
        assert_eq!(rows(&archive(&there.database).await), rows(&bytes));
    }

    async fn a_database_that_was_only_migrated_can_be_restored_into(app: TestApp) {
        fill(&app).await;
        let bytes = archive(app.crm.database()).await;
        let there = EmptyDatabase::open(app.engine).await;
        let database = there.database.clone();
        tokio::task::spawn_blocking(move || database.migrate(MIGRATIONS)).await.unwrap().unwrap();
        seal::adopt(&there.database, &seal::Keyring::generate(&testkit::manual::SeededRandomness::new(5))).await.unwrap();
        restore(&bytes, &there.database).await.unwrap();
        assert_eq!(seal::fingerprint(&there.database).await.unwrap(), Some(app.crm.keyring().fingerprint()));
        assert_eq!(rows(&archive(&there.database).await), rows(&bytes));
    }

    async fn an_archive_of_an_older_schema_is_brought_up_to_date(app: TestApp) {
        // Before the table `settings` was made.
        let old = EmptyDatabase::open(app.engine).await;
        let database = old.database.clone();
        tokio::task::spawn_blocking(move || database.migrate(&MIGRATIONS[..3])).await.unwrap().unwrap();
        let insert = old.database.write("test.insert", Lane::SHARED, |tx| {
            let sql = "INSERT INTO agents (id, slug, name, email, time_zone) VALUES ($1, 'a', 'A', 'a@example.com', 'UTC')";
            tx.execute(sql, params![&[1u8; 16]])
        });
        assert_eq!(insert.await, Ok::<u64, DbError>(1));
        let bytes = archive(&old.database).await;
        let there = EmptyDatabase::open(other(app.engine)).await;
        restore(&bytes, &there.database).await.unwrap();
        let database = there.database.clone();
        let version = tokio::task::spawn_blocking(move || database.schema_version()).await.unwrap().unwrap();
        assert_eq!(version, MIGRATIONS.last().unwrap().version);
        assert_eq!(counts(&there.database).await["agents"], 1);
    }

    async fn no_table_is_forgotten(app: TestApp) {
        let tables = app.crm.database().read("test.tables", |tx| tx.tables()).await.unwrap();
        for table in &tables {
            let is_listed = [TABLES, LEFT_OUT, &["schema_migrations"]].iter().any(|list| list.contains(&table.name.as_str()));
            assert!(is_listed, "{}: say in crm's backup/mod.rs whether backups hold it", table.name);
            assert!(!table.key().is_empty(), "{} has no primary key", table.name);
        }
        for name in TABLES {
            let table = tables.iter().find(|table| table.name == *name).unwrap_or_else(|| panic!("there is no table {name}"));
            assert!(table.columns.iter().all(|column| column.kind.is_some()), "{name} has a column of one engine's own");
        }
    }
}
