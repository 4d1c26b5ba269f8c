use std::time::Duration;

use crm::{Error, clients, ids::ClientId, ids::LeadId, leads, trash};
use db::{Lane, params};
use serde_json::{Value, json};
use testkit::{Caller, TestApp, on_both_engines};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After this a new minute of the key's limit begins, too.
const LATER: Duration = Duration::from_secs(61);

/// Adds a lead; gives back its id.
async fn add_lead(api: &Caller, lead: Value) -> LeadId {
    let created = api.post("/api/v1/leads", &lead).await.expect(201).json();
    created["leadId"].as_str().unwrap().parse().unwrap()
}

/// Adds a client; gives back its id.
async fn add_client(api: &Caller, client: Value) -> ClientId {
    let created = api.post("/api/v1/clients", &client).await.expect(201).json();
    created["clientId"].as_str().unwrap().parse().unwrap()
}

/// What a query counts of the agent's rows.
async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let agent = app.agent.id;
    let counted =
        app.crm.database().read("test.count", move |tx| tx.query_one(sql, params![&agent], |row| row.get::<i64>(0)));
    counted.await.unwrap()
}

on_both_engines! {
    async fn a_deleted_lead_comes_back_whole(app: TestApp) {
        let api = &app.agent.api;
        let first = add_lead(api, json!({"name": "Jane", "email": "jane@example.com", "source": "Zillow", "notes": "x"})).await;
        let second = add_lead(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        let path = format!("/api/v1/leads/{first}");
        let _ = api.patch(&path, &json!({"status": "nurture"})).await.expect(200);
        let _ = api.post(&format!("{path}/notes"), &json!({"text": "called"})).await.expect(201);
        let before = api.get(&path).await.expect(200).json();
        let _ = api.delete(&path).await.expect(204);
        let _ = api.get(&format!("{path}/notes")).await.expect(404);
        let _ = api.post(&format!("{path}/notes"), &json!({"text": "again"})).await.expect(404);
        app.clock.advance(LATER);

        let restored = leads::restore(&app.crm, app.agent.id, first).await.unwrap();
        let after = api.get(&path).await.expect(200).json();
        let mut expected = before.clone();
        expected["updatedAt"] = json!("2026-11-23T15:01:01.000Z");
        assert_eq!(after, expected);
        assert_eq!(restored.status, "nurture");
        assert_eq!(api.get("/api/v1/leads?status=nurture").await.json()["total"], 1);
        assert_eq!(api.get("/api/v1/leads?email=jane@example.com").await.json()["total"], 2);
        assert_eq!(api.get(&format!("/api/v1/leads/{second}")).await.json()["samePersonAs"], json!([first.to_string()]));
        assert_eq!(api.get(&format!("{path}/notes")).await.expect(200).json()["notes"][0]["text"], "called");
        assert_eq!(leads::restore(&app.crm, app.agent.id, first).await, Err(Error::NotFound));
    }

    async fn a_deleted_client_comes_back_on_its_stage(app: TestApp) {
        let api = &app.agent.api;
        let id = add_client(api, json!({"name": "Jane", "email": "jane@example.com", "phone": "555-0100"})).await;
        let path = format!("/api/v1/clients/{id}");
        let _ = api.patch(&path, &json!({"buyingStage": "Valuation"})).await.expect(200);
        let before = api.patch(&path, &json!({"buyingStage": "Closed"})).await.expect(200).json();
        let _ = api.post(&format!("{path}/notes"), &json!({"text": "called"})).await.expect(201);
        let _ = api.delete(&path).await.expect(204);
        let other = app.another_agent("Other Agent").await;
        assert_eq!(clients::restore(&app.crm, other.id, id).await, Err(Error::NotFound));
        let _ = clients::restore(&app.crm, app.agent.id, id).await.unwrap();
        assert_eq!(api.get(&path).await.expect(200).json(), before);
        assert_eq!(before["pipeline"], "seller");
        assert_eq!(api.get("/api/v1/clients?phone=5550100").await.json()["total"], 1);
        assert_eq!(api.get("/api/v1/clients").await.json()["total"], 1);
        assert_eq!(api.get(&format!("{path}/notes")).await.expect(200).json()["notes"][0]["text"], "called");
    }

    async fn a_client_does_not_come_back_to_an_address_that_is_taken(app: TestApp) {
        let api = &app.agent.api;
        let id = add_client(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        let _ = api.delete(&format!("/api/v1/clients/{id}")).await.expect(204);
        let newer = add_client(api, json!({"name": "Jane again", "email": "JANE@example.com"})).await;
        let refused = clients::restore(&app.crm, app.agent.id, id).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid(errors) if errors[0].field == "email"), "{refused}");
        assert_eq!(api.get("/api/v1/clients").await.json()["total"], 1);
        let _ = api.delete(&format!("/api/v1/clients/{newer}")).await.expect(204);
        let _ = clients::restore(&app.crm, app.agent.id, id).await.unwrap();
    }

    async fn what_is_deleted_can_come_back_for_thirty_days_and_no_longer(app: TestApp) {
        let api = &app.agent.api;
        let [first, second] = [add_lead(api, json!({"name": "A"})).await, add_lead(api, json!({"name": "B"})).await];
        for id in [first, second] {
            let _ = api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        }
        app.clock.advance(trash::KEPT - Duration::from_millis(1));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(0));
        let _ = leads::restore(&app.crm, app.agent.id, first).await.unwrap();
        app.clock.advance(Duration::from_millis(1));
        // Too late, whether the job has come by or not.
        assert_eq!(leads::restore(&app.crm, app.agent.id, second).await, Err(Error::NotFound));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(0));
        assert_eq!(leads::restore(&app.crm, app.agent.id, second).await, Err(Error::NotFound));
        let _ = api.get(&format!("/api/v1/leads/{first}")).await.expect(200);
    }

    async fn erasing_a_person_leaves_only_numbers(app: TestApp) {
        let api = &app.agent.api;
        let kept = add_lead(api, json!({"name": "Kept", "email": "kept@example.com"})).await;
        let lead = add_lead(api, json!({"name": "Zaphod", "email": "zaphod@example.com", "notes": "zaphod"})).await;
        let client = add_client(api, json!({"name": "Zaphod", "email": "zaphod@example.com"})).await;
        let _ = api.patch(&format!("/api/v1/clients/{client}"), &json!({"buyingStage": "Offer"})).await.expect(200);
        for path in [format!("/api/v1/leads/{kept}"), format!("/api/v1/leads/{lead}"), format!("/api/v1/clients/{client}")] {
            let _ = api.post(&format!("{path}/notes"), &json!({"text": "zaphod called"})).await.expect(201);
        }
        let before = api.get("/api/v1/events").await.expect(200).json();
        for path in [format!("/api/v1/leads/{lead}"), format!("/api/v1/clients/{client}")] {
            let _ = api.delete(&path).await.expect(204);
        }
        assert_eq!(api.get("/api/v1/events").await.expect(200).json(), before);
        app.clock.advance(31 * DAY);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(2));

        let after = api.get("/api/v1/events").await.expect(200).json();
        let mut expected = before.clone();
        for n in 1..4 {
            expected["events"][n]["data"] = json!(null);
        }
        assert_eq!(after, expected);
        assert_eq!(after["events"].as_array().unwrap().len(), 4);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM trash WHERE agent_id = $1").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM notes WHERE agent_id = $1").await, 1);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM events WHERE agent_id = $1 AND data IS NULL").await, 3);
        assert_eq!(api.get("/api/v1/leads").await.json()["total"], 1);
    }

    async fn the_showings_of_a_client_go_and_come_with_it(app: TestApp) {
        let api = &app.agent.api;
        let client = add_client(api, json!({"name": "Zaphod", "email": "zaphod@example.com"})).await;
        let listing = api.post("/api/v1/listings", &json!({"address": "123 Main St", "price": 750_000})).await.expect(201).json();
        let asked = json!({"clientId": client.to_string(), "listingId": listing["listingId"], "requestedTimes": ["2026-11-25T15:00:00Z"]});
        let showing = api.post("/api/v1/showings", &asked).await.expect(201).json()["showingId"].as_str().unwrap().to_owned();
        let (client_path, showing_path) = (format!("/api/v1/clients/{client}"), format!("/api/v1/showings/{showing}"));
        let _ = api.delete(&client_path).await.expect(204);
        let _ = api.get(&showing_path).await.expect(404);
        assert_eq!(api.get("/api/v1/showings").await.expect(200).json()["total"], 0);
        let _ = clients::restore(&app.crm, app.agent.id, client).await.unwrap();
        let _ = api.get(&showing_path).await.expect(200);
        assert_eq!(api.get("/api/v1/showings").await.expect(200).json()["total"], 1);

        let _ = api.delete(&client_path).await.expect(204);
        app.clock.advance(31 * DAY);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(1));
        let events = api.get("/api/v1/events").await.expect(200).json();
        let kept = events["events"].as_array().unwrap().iter().map(|event| (event["event"].as_str().unwrap(), event["data"].is_null()));
        assert_eq!(kept.collect::<Vec<_>>(), [("client.created", true), ("listing.created", false), ("showing.requested", true)]);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM trashed_showings WHERE agent_id = $1").await, 0);
    }

    async fn what_was_not_sent_of_an_erased_person_is_cancelled(app: TestApp) {
        let api = &app.agent.api;
        let agent = app.agent.id;
        let write = app.crm.database().write("test.webhook", Lane::of(&agent.0), move |tx| {
            tx.execute(
                "INSERT INTO webhooks (agent_id, id, url, events, is_enabled, secret, updated_at) VALUES ($1, $2, $3, '', 0, $2, 0)",
                params![&agent, &[7u8; 16], "https://example.com/hook"],
            )
        });
        assert_eq!(write.await, Ok(1));
        let _ = add_lead(api, json!({"name": "Kept"})).await;
        let sent = add_lead(api, json!({"name": "Sent"})).await;
        let deliver = app.crm.database().write("test.deliver", Lane::of(&agent.0), move |tx| {
            tx.execute(
                "UPDATE deliveries SET state = 2 WHERE agent_id = $1 AND event_id IN (SELECT id FROM events WHERE agent_id = $1 AND entity_id = $2)",
                params![&agent, &sent],
            )
        });
        assert_eq!(deliver.await, Ok(1));
        let held = add_lead(api, json!({"name": "Held"})).await;
        for id in [sent, held] {
            let _ = api.delete(&format!("/api/v1/leads/{id}")).await.expect(204);
        }
        assert_eq!(count(&app, "SELECT COUNT(*) FROM deliveries WHERE agent_id = $1 AND state = 4").await, 2);
        app.clock.advance(31 * DAY);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(2));
        for (state, expected) in [
            ("SELECT COUNT(*) FROM deliveries WHERE agent_id = $1 AND state = 4", 1),
            ("SELECT COUNT(*) FROM deliveries WHERE agent_id = $1 AND state = 2", 1),
            ("SELECT COUNT(*) FROM deliveries WHERE agent_id = $1 AND state = 5", 1),
        ] {
            assert_eq!(count(&app, state).await, expected, "{state}");
        }
    }

    async fn erasing_goes_in_slices(app: TestApp) {
        let many = trash::SLICE + 20;
        for n in 0..many {
            let new = leads::NewLead { name: format!("Lead {n}"), email: None, phone: None, source: String::from("api"), property_address: None, notes: None };
            let created = leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
            leads::delete(&app.crm, app.agent.id, created.value.id, |_| true).await.unwrap();
        }
        app.clock.advance(31 * DAY);
        assert_eq!(trash::erase_due(&app.crm).await, Ok(trash::SLICE));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(20));
        assert_eq!(trash::erase_due(&app.crm).await, Ok(0));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM events WHERE agent_id = $1 AND data IS NOT NULL").await, 0);
    }
}
