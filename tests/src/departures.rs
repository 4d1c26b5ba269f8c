//! An agent's data on the way out: copies to download, and leaving.

use std::{collections::BTreeMap, time::Duration};

use crm::{departures::TABLES, jobs};
use db::{DbError, params};
use serde_json::{Value, json};
use testkit::{Browser, TestAgent, TestApp, browser::PASSWORD, on_both_engines, until};

const PATH: &str = "/dashboard/settings/data";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The files of an archive, read from its central directory as programs read it; each checksum is compared.
pub(crate) fn unpacked(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let word = |at: usize| usize::from(u16::from_le_bytes(zip[at..at + 2].try_into().unwrap()));
    let long = |at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap());
    let end = zip.len() - 22;
    assert_eq!(&zip[end..end + 4], b"PK\x05\x06");
    let mut at = long(end + 16) as usize;
    let mut files = BTreeMap::new();
    for _ in 0..word(end + 10) {
        assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
        let (size, length, begin) = (long(at + 24) as usize, word(at + 28), long(at + 42) as usize);
        let name = String::from_utf8(zip[at + 46..at + 46 + length].to_vec()).unwrap();
        assert_eq!(&zip[begin..begin + 4], b"PK\x03\x04");
        let data = begin + 30 + word(begin + 26) + word(begin + 28);
        let bytes = zip[data..data + size].to_vec();
        assert_eq!(crc(&bytes), long(at + 16), "{name}");
        files.insert(name, bytes);
        at += 46 + length;
    }
    assert_eq!(at, end);
    files
}

/// CRC-32 of ISO 3309, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (0..8).fold(crc, |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
    !bytes.iter().fold(!0, |crc, byte| crc >> 8 ^ step((crc ^ u32::from(*byte)) & 0xff))
}

/// The id of the newest copy.
pub(crate) fn copy_of(page: &str) -> String {
    let id = page.split("/settings/data/exp_").nth(1).unwrap().split('/').next().unwrap();
    format!("exp_{id}")
}

async fn leave(browser: &mut Browser, agent: &TestAgent) {
    let fields = [("slug", agent.slug.as_str()), ("password", PASSWORD)];
    assert_eq!(browser.post(&format!("{PATH}/leave"), &fields).await.expect(303).header("location"), "/login");
}

/// How many rows each table has of an agent; those with none are left out.
async fn rows(app: &TestApp, agent: crm::AgentId) -> BTreeMap<String, i64> {
    let read = app.crm.database().read("test.rows", move |tx| {
        let mut rows = BTreeMap::new();
        for table in tx.tables()? {
            let column = if table.name == "agents" { "id" } else { "agent_id" };
            if !table.columns.iter().any(|held| held.name == column) || table.name == "settings" {
                continue;
            }
            if column == "id" || table.columns.iter().any(|held| held.name == "agent_id") {
                let sql = format!("SELECT COUNT(*) FROM {} WHERE {column} = $1", table.name);
                let count = tx.query_one(&sql, params![&agent], |row| row.get::<i64>(0))?;
                if count > 0 {
                    rows.insert(table.name, count);
                }
            }
        }
        Ok::<_, DbError>(rows)
    });
    read.await.unwrap()
}

on_both_engines! {
    async fn a_copy_is_made_in_slices_on_any_node_and_downloaded_by_its_owner(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for n in 0..2_750 {
            let new = json!({"name": format!("=Lead {n}"), "notes": "Zoë ".repeat(40)});
            let new = crm::leads::NewLead::read(new.as_object().unwrap()).unwrap();
            crm::leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let other = app.another_agent("Bob").await;
        let _ = other.api.post("/api/v1/leads", &json!({"name": "Bob's own"})).await.expect(201);
        let _ = browser.post(PATH, &[]).await.expect(303);
        let page = browser.post(PATH, &[]).await.expect(422).text();
        assert!(page.contains("Being made") && page.contains("A copy is being made already."));
        // Two nodes take turns at it, and a run that is done twice adds nothing.
        let node = app.another_node().await;
        while jobs::run_due(&app.crm).await.unwrap() + jobs::run_due(&node.crm).await.unwrap() > 0 {}
        let page = browser.get(PATH).await.expect(200).text();
        assert!(page.contains("Ready") && page.contains("5520 records"), "{page}");
        let path = format!("{PATH}/{}/download", copy_of(&page));
        let refused = browser.post(&path, &[("password", "not my password at all")]).await.expect(422).text();
        assert!(refused.contains("This is not your password."));
        let zip = browser.at(&node.base).post(&path, &[("password", PASSWORD)]).await.expect(200);
        assert_eq!(zip.header("content-type"), "application/zip");
        assert!(zip.header("content-disposition").starts_with(&format!("attachment; filename=\"{}-", app.agent.slug)));
        let files = unpacked(&zip.body);
        let folder = tempfile::tempdir().unwrap();
        server::commands::export::write(&app.crm, &app.agent.slug, folder.path()).await.unwrap();
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            assert!(files[&name] == std::fs::read(entry.path()).unwrap(), "{name} is as the command writes it");
            names.push(name);
        }
        names.sort();
        assert_eq!(files.keys().cloned().collect::<Vec<_>>(), names);
        assert_eq!(serde_json::from_slice::<Vec<Value>>(&files["leads.json"]).unwrap().len(), 2_750);
        assert!(!files.values().any(|bytes| bytes.windows(3).any(|part| part == b"Bob")));
        // Nobody else's, and gone after a week or when it is deleted.
        let mut stranger = app.sign_in(&other).await;
        let _ = stranger.post(&path, &[("password", PASSWORD)]).await.expect(404);
        let _ = stranger.post(&path.replace("download", "delete"), &[]).await.expect(404);
        let _ = browser.post(PATH, &[]).await.expect(303);
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        let second = copy_of(&browser.get(PATH).await.text());
        let _ = browser.post(&format!("{PATH}/{second}/delete"), &[]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{second}/download"), &[("password", PASSWORD)]).await.expect(404);
        app.clock.advance(7 * DAY);
        jobs::seed(&app.crm).await.unwrap();
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        let left = rows(&app, app.agent.id).await;
        assert!(!left.contains_key("exports") && !left.contains_key("export_parts") && !left.contains_key("export_files"), "{left:?}");
    }

    async fn leaving_stops_everything_at_once_and_can_be_taken_back(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut elsewhere = browser.clone();
        let _ = app.agent.api.post("/api/v1/webhooks", &json!({"url": "https://example.com/hook"})).await.expect(201);
        let _ = app.agent.api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        for (slug, password) in [("someone-else", PASSWORD), (app.agent.slug.as_str(), "not my password at all")] {
            let _ = browser.post(&format!("{PATH}/leave"), &[("slug", slug), ("password", password)]).await.expect(422);
        }
        leave(&mut browser, &app.agent).await;
        assert_eq!(elsewhere.get("/dashboard").await.expect(303).header("location"), "/login?next=%2Fdashboard");
        let _ = app.agent.api.get("/api/v1/leads").await.expect(401);
        let read = app.crm.database().read("test", |tx| tx.query_one("SELECT COUNT(*) FROM webhooks WHERE is_enabled = 1", &[], |row| row.get::<i64>(0)));
        assert_eq!(read.await, Ok::<i64, DbError>(0));
        let _ = browser.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        for path in ["/dashboard", "/dashboard/leads", "/dashboard/settings/api"] {
            assert_eq!(browser.get(path).await.expect(303).header("location"), "/dashboard/leaving");
        }
        assert_eq!(browser.post("/dashboard/settings/api/keys", &[("name", "Mine")]).await.expect(303).header("location"), "/dashboard/leaving");
        assert!(browser.get("/dashboard/leaving").await.expect(200).text().contains("You are leaving"));
        let mut out = browser.clone();
        assert_eq!(out.post("/logout", &[]).await.expect(303).header("location"), "/login");
        let _ = browser.post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(303);
        app.clock.advance(Duration::from_secs(60 * 60));
        let _ = browser.post("/dashboard/leaving", &[]).await.expect(303);
        assert!(browser.get("/dashboard/leads").await.expect(200).text().contains("Jane"));
        app.clock.advance(31 * DAY);
        jobs::seed(&app.crm).await.unwrap();
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        assert_eq!(rows(&app, app.agent.id).await["leads"], 1);
    }

    async fn after_the_grace_no_row_of_the_agent_is_left_and_others_keep_theirs(app: TestApp) {
        crate::backup::fill(&app).await;
        let other = app.another_agent("Other Agent").await;
        let _ = other.api.post("/api/v1/leads", &json!({"name": "Theirs"})).await.expect(201);
        crm::search::index_all(&app.crm).await.unwrap();
        for n in 0..600 {
            let new = json!({"name": format!("Lead {n}")});
            let new = crm::leads::NewLead::read(new.as_object().unwrap()).unwrap();
            crm::leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let mut browser = app.sign_in(&app.agent).await;
        let _ = browser.post(PATH, &[]).await.expect(303);
        jobs::seed(&app.crm).await.unwrap();
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        let held = rows(&app, app.agent.id).await;
        let known = TABLES.iter().map(|(table, _)| *table).chain(["agents", "turns", "departures", "jobs"]).collect::<Vec<_>>();
        for table in held.keys() {
            assert!(known.contains(&table.as_str()), "{table} is not erased");
        }
        let theirs = rows(&app, other.id).await;
        leave(&mut browser, &app.agent).await;
        app.clock.advance(30 * DAY - Duration::from_millis(1));
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        assert!(rows(&app, app.agent.id).await["leads"] > 600);
        app.clock.advance(Duration::from_secs(60 * 60));
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        assert_eq!(rows(&app, app.agent.id).await, BTreeMap::new());
        let now = rows(&app, other.id).await;
        assert_eq!((now.get("leads"), now.get("stages"), now.get("accounts")), (theirs.get("leads"), theirs.get("stages"), theirs.get("accounts")));
        let _ = app.browser().post("/login", &[("email", &app.agent.email), ("password", PASSWORD)]).await.expect(422);
        let _ = other.api.get("/api/v1/leads").await.expect(200);
        until(async || app.browser().get("/login").await.status == 200).await;
    }

    async fn every_table_of_an_agent_is_erased_with_it(app: TestApp) {
        let read = app.crm.database().read("test.tables", |tx| tx.tables());
        let tables = read.await.unwrap_or_else(|error: DbError| panic!("{error}"));
        for table in tables.iter().filter(|table| table.columns.iter().any(|column| column.name == "agent_id")) {
            let is_known = TABLES.iter().any(|(name, _)| *name == table.name) || ["turns", "departures", "jobs"].contains(&table.name.as_str());
            assert!(is_known, "{} is not erased: name it in departures::TABLES", table.name);
        }
    }
}
