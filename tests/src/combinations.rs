//! Every combination of filters and orders, on both engines, against a plain model of the same list.

use std::time::Duration;

use crm::Settings;
use serde_json::{Value, json};
use testkit::{Engine, TestApp};

/// One filter: its query, and what it lets through.
struct Filter {
    query: &'static str,
    holds: fn(&Value) -> bool,
}

const FILTERS: [Filter; 6] = [
    Filter { query: "status=new", holds: |lead| lead["status"] == "new" },
    Filter {
        query: "email=A%40Example.com",
        holds: |lead| lead["email"].as_str().is_some_and(|email| email.eq_ignore_ascii_case("a@example.com")),
    },
    Filter {
        query: "phone=5550100",
        holds: |lead| lead["phone"].as_str().is_some_and(|phone| phone.replace('-', "") == "5550100"),
    },
    Filter { query: "source=ZILLOW", holds: |lead| lead["source"].as_str().unwrap().eq_ignore_ascii_case("zillow") },
    Filter {
        query: "since=2026-11-23T15:00:05.000Z",
        holds: |lead| lead["createdAt"].as_str().unwrap() >= "2026-11-23T15:00:05.000Z",
    },
    Filter {
        query: "updatedSince=2026-11-23T15:00:20.000Z",
        holds: |lead| lead["updatedAt"].as_str().unwrap() >= "2026-11-23T15:00:20.000Z",
    },
];

const SORTS: [&str; 3] = ["-createdAt", "createdAt", "-updatedAt"];

fn sort(leads: &mut [Value], order: &str) {
    let text = |lead: &Value, key: &str| lead[key].as_str().unwrap().to_owned();
    match order {
        "-createdAt" => leads.sort_by_key(|lead| std::cmp::Reverse(text(lead, "id"))),
        "createdAt" => leads.sort_by_key(|lead| text(lead, "id")),
        _ => leads.sort_by_key(|lead| std::cmp::Reverse((text(lead, "updatedAt"), text(lead, "id")))),
    }
}

/// Leads of every mixture, made one second apart, some changed later.
async fn seed(app: &TestApp) {
    let mut paths = Vec::new();
    for n in 0..12 {
        let mut lead = json!({"name": format!("Lead {n}")});
        for (bit, field, value) in [(1, "email", "a@example.com"), (2, "phone", "555-0100"), (4, "source", "Zillow")] {
            if n & bit != 0 {
                lead[field] = json!(value);
            }
        }
        let created = app.agent.api.post("/api/v1/leads", &lead).await.expect(201);
        paths.push(created.header("location").to_owned());
        app.clock.advance(Duration::from_secs(1));
    }
    app.clock.advance(Duration::from_secs(10));
    for path in paths.iter().step_by(3) {
        let _ = app.agent.api.patch(path, &json!({"status": "contacted", "notes": "called"})).await.expect(200);
        app.clock.advance(Duration::from_millis(300));
    }
}

/// Walks a list in pages of two, by cursor.
async fn walk(app: &TestApp, query: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            app.agent.api.get(&format!("/api/v1/leads?limit=2&{query}&cursor={cursor}")).await.expect(200).json();
        found.extend(page["leads"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

async fn every_combination(engine: Engine) {
    let app = TestApp::start_with(engine, &Settings { rate_limit: 1_000_000, ..Settings::default() }).await;
    seed(&app).await;
    let all = app.agent.api.get("/api/v1/leads?limit=100").await.expect(200).json();
    let all = all["leads"].as_array().unwrap();
    assert_eq!(all.len(), 12);
    for mask in 0..1_u32 << FILTERS.len() {
        let chosen = FILTERS
            .iter()
            .enumerate()
            .filter(|(bit, _)| mask & (1 << bit) != 0)
            .map(|(_, filter)| filter)
            .collect::<Vec<_>>();
        let query = chosen.iter().map(|filter| filter.query).collect::<Vec<_>>().join("&");
        for order in SORTS {
            let mut expected =
                all.iter().filter(|lead| chosen.iter().all(|filter| (filter.holds)(lead))).cloned().collect::<Vec<_>>();
            sort(&mut expected, order);
            let page =
                app.agent.api.get(&format!("/api/v1/leads?limit=100&{query}&sort={order}")).await.expect(200).json();
            assert_eq!(page["leads"], json!(expected), "{query} {order}");
            assert_eq!(page["total"], expected.len(), "{query} {order}");
            assert_eq!(walk(&app, &format!("{query}&sort={order}")).await, expected, "{query} {order} by cursor");
            if expected.len() > 2 {
                let page = app
                    .agent
                    .api
                    .get(&format!("/api/v1/leads?limit=1&offset=2&{query}&sort={order}"))
                    .await
                    .expect(200)
                    .json();
                assert_eq!(page["leads"][0], expected[2], "{query} {order} by offset");
            }
        }
    }
}

#[test]
fn every_combination_of_filters_on_sqlite() {
    testkit::block_on(every_combination(Engine::Sqlite));
}

#[test]
fn every_combination_of_filters_on_postgres() {
    testkit::block_on(every_combination(Engine::Postgres));
}
