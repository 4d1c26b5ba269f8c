//! The export: everything of one agent, as CSV and JSON.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use server::commands::export;
use testkit::on_both_engines;

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json_of(folder: &Path, name: &str) -> Vec<Value> {
    serde_json::from_str(&read(folder, &format!("{name}.json"))).unwrap()
}

fn csv_of(folder: &Path, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let text = read(folder, &format!("{name}.csv"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (header, rows)
}

/// A column of a list.
fn column(folder: &Path, name: &str, column: &str) -> Vec<String> {
    let (header, rows) = csv_of(folder, name);
    let place = header.iter().position(|name| name == column).unwrap();
    rows.into_iter().map(|row| row[place].clone()).collect()
}

on_both_engines! {
    async fn an_export_holds_every_record_as_the_api_shows_it(app: TestApp) {
        let api = &app.agent.api;
        let other = app.another_agent("Bob").await;
        let _ = other.api.post("/api/v1/leads", &json!({"name": "Bob's own"})).await.expect(201);
        let lead = api.post("/api/v1/leads", &json!({"name": "John \"J\"\nSmith, Jr.", "phone": "+1 555"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let gone = api.post("/api/v1/leads", &json!({"name": "Gone"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let client = api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201).json()["clientId"].as_str().unwrap().to_owned();
        let listing = json!({"address": "456 Oak Ave", "price": 750000, "bathrooms": 2.5, "longitude": -80.19, "hasPool": true});
        let listing = api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].as_str().unwrap().to_owned();
        let showing = json!({"clientId": client, "listingId": listing, "requestedTimes": ["2026-12-01T15:00:00Z", "2026-12-02T15:00:00Z"]});
        let showing = api.post("/api/v1/showings", &showing).await.expect(201).json()["showingId"].as_str().unwrap().to_owned();
        for path in [format!("/api/v1/leads/{lead}/notes"), format!("/api/v1/leads/{gone}/notes"), format!("/api/v1/clients/{client}/notes")] {
            let _ = api.post(&path, &json!({"text": "Called."})).await.expect(201);
        }
        let _ = api.delete(&format!("/api/v1/leads/{gone}")).await.expect(204);

        let _ = api.post("/api/v1/webhooks", &json!({"url": "https://example.com/hook", "headers": {"X-Key": "hidden"}})).await.expect(201);
        let folder = tempfile::tempdir().unwrap();
        let records = export::write(&app.crm, &app.agent.slug, folder.path()).await.unwrap();
        for (name, path) in [("leads", format!("/api/v1/leads/{lead}")), ("clients", format!("/api/v1/clients/{client}")), ("listings", format!("/api/v1/listings/{listing}")), ("showings", format!("/api/v1/showings/{showing}"))] {
            let record = api.get(&path).await.expect(200);
            assert_eq!(json_of(folder.path(), name), [record.json()], "{name}");
            let text = read(folder.path(), &format!("{name}.json"));
            assert_eq!(text.lines().nth(1), Some(&*record.text()), "{name}: byte for byte");
            let (header, rows) = csv_of(folder.path(), name);
            let keys: BTreeSet<String> = record.json().as_object().unwrap().keys().cloned().collect();
            assert_eq!(header.iter().cloned().collect::<BTreeSet<_>>(), keys, "{name}: a column for every field");
            assert_eq!(rows.len(), 1, "{name}");
        }
        assert_eq!(column(folder.path(), "leads", "name"), ["John \"J\"\nSmith, Jr."]);
        assert_eq!(column(folder.path(), "leads", "phone"), ["'+1 555"]);
        assert_eq!(column(folder.path(), "listings", "longitude"), ["-80.19"]);
        assert_eq!(column(folder.path(), "listings", "price"), ["750000"]);
        assert_eq!(column(folder.path(), "showings", "requestedTimes"), ["2026-12-01T15:00:00.000Z 2026-12-02T15:00:00.000Z"]);
        let about: BTreeSet<String> = column(folder.path(), "notes", "about").into_iter().collect();
        assert_eq!(about, BTreeSet::from([lead, client]));
        let feed = api.get("/api/v1/events").await.json();
        assert_eq!(json!(json_of(folder.path(), "events")), feed["events"]);
        assert_eq!(json_of(folder.path(), "stages").len(), 20);
        assert_eq!(json_of(folder.path(), "stages")[7]["kind"], "closed");
        assert_eq!(column(folder.path(), "stages", "kind").iter().filter(|kind| *kind == "resting").count(), 2);
        assert_eq!(json_of(folder.path(), "webhooks"), [api.get("/api/v1/webhooks").await.expect(200).json()["webhooks"][0].clone()]);
        assert!(!read(folder.path(), "webhooks.json").contains("whsec_"));
        let agent: Value = serde_json::from_str(&read(folder.path(), "agent.json")).unwrap();
        assert_eq!(agent["agentId"], json!(app.agent.slug));
        assert_eq!(records, 1 + 4 + 2 + 5 + 20 + 1);
        let everything = fs::read_dir(folder.path()).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
        let everything = everything.collect::<String>();
        assert!(!everything.contains("Bob") && !everything.contains("oa_live_"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 21);
    }

    async fn an_export_longer_than_a_page_is_whole_and_in_order(app: TestApp) {
        for n in 0..1_203 {
            let new = json!({"name": format!("=Lead {n}")});
            let new = crm::leads::NewLead::read(new.as_object().unwrap()).unwrap();
            crm::leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        export::write(&app.crm, &app.agent.slug, folder.path()).await.unwrap();
        let names: Vec<String> = (0..1_203).map(|n| format!("'=Lead {n}")).collect();
        assert_eq!(column(folder.path(), "leads", "name"), names);
        assert_eq!(json_of(folder.path(), "events").len(), 1_203);
    }

    async fn an_export_of_nobody_is_refused(app: TestApp) {
        let folder = tempfile::tempdir().unwrap();
        let refused = export::write(&app.crm, "nobody", folder.path()).await.unwrap_err();
        assert_eq!(refused, "there is no agent \"nobody\"");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
