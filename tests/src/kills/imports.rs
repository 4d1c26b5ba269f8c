//! kill -9 while leads or listings come in from a file: it goes on where it was, and no row comes in twice.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};
use testkit::{Browser, Caller, Engine, process::Home};

use super::{records, rounds, with_events};

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

/// What comes in: the list that it stands in, the field that tells its records apart, the file, and what the page calls them.
struct Subject {
    list: &'static str,
    field: &'static str,
    heading: &'static str,
    file: fn() -> String,
}

const LEADS: Subject = Subject {
    list: "leads",
    field: "name",
    heading: "Leads imported",
    file: || {
        (0..ROWS).fold(String::from("Name,Email\n"), |mut file, n| {
            let _ = writeln!(file, "Person {n},p{n}@example.com");
            file
        })
    },
};

/// As an MLS gives them out.
const LISTINGS: Subject = Subject {
    list: "listings",
    field: "address",
    heading: "Listings imported",
    file: || {
        let record = |n| json!({"ListingKey": n, "UnparsedAddress": format!("{n} Main St"), "ListPrice": 100_000 + n});
        json!({"value": (0..ROWS).map(record).collect::<Vec<_>>()}).to_string()
    },
};

async fn survive(engine: Engine, subject: &Subject) {
    let Subject { list, field, heading, file } = subject;
    let home = Home::new(engine);
    let slug = home.place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = home.place.output_of(&["key", "create", "--agent", &slug, "--name", "Count"]);
    let mut server = home.place.serve();
    let browser = sign_in(&home, &slug, &server.base).await;
    let upload = format!("/dashboard/{list}/import");
    let sent = browser.at(&server.base).post_file(&upload, "file", file().as_bytes()).await;
    let path = sent.expect(303).header("location").to_owned();
    let _ = browser.at(&server.base).post(&format!("{path}/run"), &[]).await.expect(303);

    let (mut before, mut kills) = (0, 0);
    loop {
        let api = Caller::new(&server.base).with_key(&key);
        let counted = format!("/api/v1/{list}?limit=1");
        let total = || async { api.get(&counted).await.expect(200).json()["total"].as_u64().unwrap() };
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
    let (found, total) = records(&api, list, field).await;
    let names = found.values().collect::<std::collections::HashSet<_>>();
    assert_eq!((names.len(), total), (ROWS, ROWS as u64), "every row is there once");
    assert_eq!(with_events(&api).await, found.keys().cloned().collect(), "each with one event");
    // And the import says so itself, when it is at its end.
    let mut browser = browser.at(&server.base);
    loop {
        let page = browser.get(&path).await.expect(200).text();
        if page.contains(&format!("<dt>{heading}</dt><dd>{ROWS}<")) {
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
    testkit::block_on(survive(Engine::Sqlite, &LEADS));
}

#[test]
fn killed_on_postgres_an_import_goes_on_and_takes_no_row_twice() {
    testkit::block_on(survive(Engine::Postgres, &LEADS));
}

#[test]
fn killed_on_sqlite_an_import_of_listings_makes_none_twice() {
    testkit::block_on(survive(Engine::Sqlite, &LISTINGS));
}

#[test]
fn killed_on_postgres_an_import_of_listings_makes_none_twice() {
    testkit::block_on(survive(Engine::Postgres, &LISTINGS));
}
