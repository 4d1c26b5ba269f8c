//! Bytes of files: there once for an agent, no more than an agent may have, and at hand on the node's disk.

use std::{fs, path::Path, time::Duration};

use crm::{Settings, files::PIECE, jobs, trash};
use db::{DbError, params};
use serde_json::json;
use testkit::{Browser, Engine, TestApp, block_on, on_both_engines, on_both_engines_with, until};

use crate::photos::{count, send};

const PIECES: &str = "SELECT COUNT(*) FROM file_pieces";
const BYTES: &str =
    "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM totals WHERE kind = 'file' AND status = 'bytes'";

/// A PDF of so many bytes that is like no other of another number.
fn pdf(number: u8, bytes: usize) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.resize(bytes, number);
    pdf
}

async fn listing(app: &TestApp) -> String {
    let home = json!({"address": "456 Oak Ave", "price": 750_000});
    format!(
        "/dashboard/listings/{}",
        app.agent.api.post("/api/v1/listings", &home).await.expect(201).json()["listingId"].as_str().unwrap()
    )
}

async fn add(browser: &mut Browser, listing: &str, name: &str, bytes: &[u8]) {
    let path = format!("{listing}/documents");
    let _ = send(browser, &path, &[(name, "application/pdf", bytes)]).await.expect(303);
}

/// Where the documents of a listing are, in their order.
async fn documents(browser: &mut Browser, listing: &str) -> Vec<String> {
    let page = browser.get(listing).await.expect(200).text();
    let is_document = |part: &&str| part.starts_with(&format!("{listing}/documents/doc_")) && !part.ends_with("delete");
    page.split('"').filter(is_document).map(str::to_owned).collect()
}

async fn run_sql(app: &TestApp, sql: &'static str) {
    let ran = app.crm.database().write("test.sql", db::Lane::SHARED, move |tx| {
        tx.execute(sql, params![])?;
        Ok::<_, DbError>(())
    });
    ran.await.unwrap();
}

/// A month and more later, with all that is due done.
async fn after_the_trash(app: &TestApp) {
    app.clock.advance(trash::KEPT + Duration::from_secs(2 * 60 * 60));
    let _ = jobs::run_due(&app.crm).await.unwrap();
}

on_both_engines! {
    async fn the_same_bytes_are_there_once_until_nothing_has_them(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        let (one, other) = (listing(&app).await, listing(&app).await);
        let bytes = pdf(1, 2 * PIECE + 10);
        add(&mut browser, &one, "a.pdf", &bytes).await;
        add(&mut browser, &other, "b.pdf", &bytes).await;
        add(&mut browser, &other, "c.pdf", &bytes).await;
        assert_eq!((count(&app, PIECES).await, count(&app, "SELECT COUNT(*) FROM files").await), (3, 3));
        assert_eq!(count(&app, BYTES).await, bytes.len() as i64);
        // Another agent has them anew: nothing of one's is another's.
        let bob = app.another_agent("Bob").await;
        let mut stranger = app.sign_in(&bob).await;
        let home = bob.api.post("/api/v1/listings", &json!({"address": "1 Elm St", "price": 1})).await.expect(201).json();
        add(&mut stranger, &format!("/dashboard/listings/{}", home["listingId"].as_str().unwrap()), "a.pdf", &bytes).await;
        assert_eq!(count(&app, PIECES).await, 6);
        // The one that came first goes: the others are whole.
        let first = documents(&mut browser, &one).await.remove(0);
        let _ = browser.post(&format!("{first}/delete"), &[]).await.expect(303);
        after_the_trash(&app).await;
        let mut browser = app.sign_in(&app.agent).await;
        assert_eq!((count(&app, PIECES).await, count(&app, "SELECT COUNT(*) FROM files").await), (6, 3));
        let left = documents(&mut browser, &other).await;
        assert_eq!(left.len(), 2);
        for link in &left {
            assert_eq!(browser.get(link).await.expect(200).body, bytes);
        }
        // Bytes that are known by a file which is gone are found again.
        add(&mut browser, &one, "d.pdf", &bytes).await;
        assert_eq!(count(&app, PIECES).await, 6);
        for link in left.into_iter().chain(documents(&mut browser, &one).await) {
            let _ = browser.post(&format!("{link}/delete"), &[]).await.expect(303);
        }
        after_the_trash(&app).await;
        assert_eq!((count(&app, PIECES).await, count(&app, BYTES).await), (3, bytes.len() as i64), "the other agent's");
    }

    async fn many_who_bring_the_same_at_once_share_it(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let home = listing(&app).await;
        let bytes = pdf(1, PIECE + 10);
        let senders = (0..8).map(|_| {
            let (mut browser, home, bytes) = (browser.at(&app.base), home.clone(), bytes.clone());
            tokio::spawn(async move { add(&mut browser, &home, "a.pdf", &bytes).await })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.unwrap();
        }
        until(async || count(&app, PIECES).await == 2).await;
        assert_eq!(count(&app, BYTES).await, bytes.len() as i64);
        let mut browser = browser.at(&app.base);
        let links = documents(&mut browser, &home).await;
        assert_eq!(links.len(), 8);
        for link in links {
            assert_eq!(browser.get(&link).await.expect(200).body, bytes);
        }
    }
}

on_both_engines_with! { Settings { files_per_agent: 2 * 1024 * 1024, ..Settings::default() };
    async fn an_agent_has_no_more_than_fits(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let home = listing(&app).await;
        let big = pdf(1, 1_500_000);
        add(&mut browser, &home, "a.pdf", &big).await;
        let refused = send(&mut browser, &format!("{home}/documents"), &[("b.pdf", "application/pdf", &pdf(2, 1_500_000))]).await;
        let page = refused.expect(422).text();
        assert!(page.contains("inds no room: all your files may have 2 MiB"), "{page}");
        // What is there already takes no more room.
        add(&mut browser, &home, "c.pdf", &big).await;
        add(&mut browser, &home, "d.pdf", &pdf(3, 300_000)).await;
        until(async || count(&app, "SELECT COUNT(*) FROM files WHERE about_id IS NULL").await == 0).await;
        assert_eq!(count(&app, BYTES).await, 1_800_000);
        // Another agent has room of their own.
        let bob = app.another_agent("Bob").await;
        let made = bob.api.post("/api/v1/listings", &json!({"address": "1 Elm St", "price": 1})).await.expect(201).json();
        let mut theirs = app.sign_in(&bob).await;
        add(&mut theirs, &format!("/dashboard/listings/{}", made["listingId"].as_str().unwrap()), "a.pdf", &pdf(2, 1_500_000)).await;
    }
}

/// Pieces that lie in a folder.
fn lying(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, |entries| {
        entries.flatten().filter(|entry| !entry.file_name().to_string_lossy().starts_with("unfinished")).count()
    })
}

async fn pieces_are_at_hand(engine: Engine) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("cache");
    let settings = Settings { file_cache: Some((folder.clone(), 64 * 1024 * 1024)), ..Settings::default() };
    let app = TestApp::start_with(engine, &settings).await;
    jobs::seed(&app.crm).await.unwrap();
    let mut browser = app.sign_in(&app.agent).await;
    let home = listing(&app).await;
    let bytes = pdf(1, 2 * PIECE + 10);
    add(&mut browser, &home, "a.pdf", &bytes).await;
    let link = documents(&mut browser, &home).await.remove(0);
    assert_eq!(lying(&folder), 0);
    assert_eq!(browser.get(&link).await.expect(200).body, bytes);
    until(async || lying(&folder) == 3).await;
    // What is damaged is fetched anew, and mended.
    let damaged = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    fs::write(&damaged, b"rubbish").unwrap();
    assert_eq!(browser.get(&link).await.expect(200).body, bytes);
    until(async || fs::metadata(&damaged).is_ok_and(|told| told.len() > 7)).await;
    // The database is asked for the file, and no more for its bytes.
    run_sql(&app, "UPDATE file_pieces SET number = number + 100").await;
    assert_eq!(browser.get(&link).await.expect(200).body, bytes);
    // A day later it is not there any more: the database is asked again.
    run_sql(&app, "UPDATE file_pieces SET number = number - 100").await;
    app.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
    let mut browser = app.sign_in(&app.agent).await;
    assert_eq!(browser.get(&link).await.expect(200).body, bytes);
    until(async || lying(&folder) == 3).await;
    // What is deleted is not given, though it is at hand; what is thrown away is not at hand either.
    let _ = browser.post(&format!("{link}/delete"), &[]).await.expect(303);
    let _ = browser.get(&link).await.expect(404);
    assert_eq!(lying(&folder), 3);
    after_the_trash(&app).await;
    assert_eq!((lying(&folder), count(&app, PIECES).await), (0, 0));
}

#[test]
fn pieces_are_at_hand_on_sqlite() {
    block_on(pieces_are_at_hand(Engine::Sqlite));
}

#[test]
fn pieces_are_at_hand_on_postgres() {
    block_on(pieces_are_at_hand(Engine::Postgres));
}

async fn a_folder_that_takes_nothing_fails_no_request(engine: Engine) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("cache");
    // As on a disk that is full or broken: there is no folder, and none can be made.
    fs::write(&folder, b"").unwrap();
    let settings = Settings { file_cache: Some((folder, 64 * 1024 * 1024)), ..Settings::default() };
    let app = TestApp::start_with(engine, &settings).await;
    let mut browser = app.sign_in(&app.agent).await;
    let home = listing(&app).await;
    let bytes = pdf(1, PIECE + 10);
    add(&mut browser, &home, "a.pdf", &bytes).await;
    let link = documents(&mut browser, &home).await.remove(0);
    for _ in 0..3 {
        assert_eq!(browser.get(&link).await.expect(200).body, bytes);
    }
}

#[test]
fn a_folder_that_takes_nothing_fails_no_request_on_sqlite() {
    block_on(a_folder_that_takes_nothing_fails_no_request(Engine::Sqlite));
}

#[test]
fn a_folder_that_takes_nothing_fails_no_request_on_postgres() {
    block_on(a_folder_that_takes_nothing_fails_no_request(Engine::Postgres));
}
