//! kill -9 while leads come in from a file: it goes on where it was, and no row comes in twice.

use std::{fmt::Write, time::Duration};

use serde_json::Value;
use testkit::{Browser, Caller, Engine, process::Home};

use super::{leads, leads_with_events, rounds};

/// Rows of the file: more than a start of the server takes in before it is killed.
const ROWS: usize = 5_000;

/// A browser that has just set a password by the link that the command prints.
pub(super) async fn sign_in(home: &Home, slug: &str, base: &str) -> Browser {
    let printed = home.place.output_of(&["agent", "reset-password", "--agent", slug]);
    let token = printed.split("/reset/").nth(1).unwrap_or_else(|| panic!("a link: {printed}"));
    let token = token.split_whitespace().next().unwrap();
    let mut browser = Browser::new(base);
    let _ = browser.post(&format!("/reset/{token}"), &[("password", "three green doors and a lamp")]).await.expect(303);
    browser
}

async fn survive(engine: Engine) {
    let home = Home::new(engine);
    let slug = home.place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = home.place.output_of(&["key", "create", "--agent", &slug, "--name", "Count"]);
    let mut server = home.place.serve();
    let browser = sign_in(&home, &slug, &server.base).await;
    let file = (0..ROWS).fold(String::from("Name,Email\n"), |mut file, n| {
        let _ = writeln!(file, "Person {n},p{n}@example.com");
        file
    });
    let sent = browser.at(&server.base).post_file("/dashboard/leads/import", "leads.csv", file.as_bytes()).await;
    let path = sent.expect(303).header("location").to_owned();
    let _ = browser.at(&server.base).post(&format!("{path}/run"), &[]).await.expect(303);

    let (mut before, mut kills) = (0, 0);
    loop {
        let api = Caller::new(&server.base).with_key(&key);
        let total = || async { api.get("/api/v1/leads?limit=1").await.expect(200).json()["total"].as_u64().unwrap() };
        let mut now = total().await;
        while now == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
            now = total().await;
        }
        before = now;
        if now == ROWS as u64 {
            break;
        }
        // Once it has gone on, a moment that differs from round to round. Not as often as elsewhere: a job whose holder is gone
        // waits for the end of its claim.
        if kills < rounds().div_ceil(3) {
            tokio::time::sleep(Duration::from_millis(kills * 37 % 110)).await;
            server.kill();
            kills += 1;
            server = home.place.serve();
        }
    }
    assert!(kills > 0, "the file was taken in before the first kill");

    let api = Caller::new(&server.base).with_key(&key);
    let (found, total) = leads(&api).await;
    let names = found.values().collect::<std::collections::HashSet<_>>();
    assert_eq!((names.len(), total), (ROWS, ROWS as u64), "every row is there once");
    assert_eq!(leads_with_events(&api).await, found.keys().cloned().collect(), "each with one event");
    // And the import says so itself, when it is at its end.
    let mut browser = browser.at(&server.base);
    loop {
        let page = browser.get(&path).await.expect(200).text();
        if page.contains(&format!("<dt>Leads imported</dt><dd>{ROWS}<")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let feed: Value = api.get("/api/v1/events?limit=1").await.expect(200).json();
    assert_eq!(feed["events"][0]["sequence"], 1);
    server.kill();
}

#[test]
fn killed_on_sqlite_an_import_goes_on_and_takes_no_row_twice() {
    testkit::block_on(survive(Engine::Sqlite));
}

#[test]
fn killed_on_postgres_an_import_goes_on_and_takes_no_row_twice() {
    testkit::block_on(survive(Engine::Postgres));
}
