use std::time::Duration;

use crm::{
    clients::{self, NewClient},
    values::EmailAddress,
};
use serde_json::{Value, json};
use testkit::{Caller, TestApp, on_both_engines};

const SECOND: Duration = Duration::from_secs(1);

/// Adds a client; gives back its path.
async fn add(api: &Caller, client: Value) -> String {
    let created = api.post("/api/v1/clients", &client).await.expect(201);
    format!("/api/v1/clients/{}", created.json()["clientId"].as_str().unwrap())
}

fn names(page: &Value) -> Vec<&str> {
    page["clients"].as_array().unwrap().iter().map(|client| client["name"].as_str().unwrap()).collect()
}

/// The events of the feed: name and data.
async fn events(app: &TestApp) -> Vec<(String, Value)> {
    let feed = app.agent.api.get("/api/v1/events").await.expect(200).json();
    let events = feed["events"].as_array().unwrap().iter();
    events.map(|event| (event["event"].as_str().unwrap().to_owned(), event["data"].clone())).collect()
}

/// The keys of an object as they stand in a text.
fn keys(text: &str, of: &Value) -> Vec<String> {
    let mut keys = of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    keys.sort_by_key(|key| text.find(&format!("\"{key}\":")).unwrap());
    keys
}

on_both_engines! {
    async fn a_created_client_is_read_back_as_sent_and_searches(app: TestApp) {
        let api = &app.agent.api;
        let sent = json!({"name": " Jane Doe ", "email": " Jane@Example.com ", "phone": "(555) 987-6543", "source": "Referral", "notes": "two dogs\n"});
        let created = api.post("/api/v1/clients", &sent).await.expect(201);
        let id = created.json()["clientId"].as_str().unwrap().to_owned();
        assert_eq!(created.text(), format!("{{\"success\":true,\"clientId\":\"{id}\"}}"));
        assert_eq!(created.header("location"), format!("/api/v1/clients/{id}"));

        let read = api.get(&format!("/api/v1/clients/{id}")).await.expect(200);
        let expected = json!({
            "id": id, "name": "Jane Doe", "email": "Jane@Example.com", "buyingStage": "Searching", "phone": "(555) 987-6543",
            "pipeline": "buyer", "source": "Referral", "notes": "two dogs\n",
            "createdAt": "2026-11-23T15:00:00.000Z", "updatedAt": "2026-11-23T15:00:00.000Z"
        });
        assert_eq!(read.json(), expected);
        assert_eq!(
            keys(&read.text(), &expected),
            ["id", "name", "email", "buyingStage", "phone", "pipeline", "source", "notes", "createdAt", "updatedAt"]
        );
    }

    async fn name_and_email_are_required_and_the_rest_may_be_missing(app: TestApp) {
        let api = &app.agent.api;
        for (sent, fields) in [
            (json!({}), vec!["name", "email"]),
            (json!({"name": "Jane"}), vec!["email"]),
            (json!({"name": " ", "email": "jane@example.com"}), vec!["name"]),
            (json!({"name": "Jane", "email": ""}), vec!["email"]),
            (json!({"name": "Jane", "email": null}), vec!["email"]),
            (json!({"name": "Jane", "email": "jane"}), vec!["email"]),
            (json!({"name": "Jane", "email": ["jane@example.com"]}), vec!["email"]),
            (json!({"name": "x".repeat(201), "email": "jane@example.com"}), vec!["name"]),
        ] {
            let refused = api.post("/api/v1/clients", &sent).await.expect(400).json();
            let named = refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect::<Vec<_>>();
            assert_eq!(named, fields, "{sent}");
        }
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com", "phone": "", "source": null, "notes": "  ", "buyingStage": "Closed", "id": "x"})).await;
        let client = api.get(&path).await.expect(200).json();
        assert_eq!((&client["phone"], &client["source"], &client["notes"]), (&json!(null), &json!(null), &json!(null)));
        assert_eq!(client["buyingStage"], "Searching");
    }

    async fn an_address_has_one_client_whose_empty_fields_are_filled(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com", "phone": "555-0100"})).await;
        app.clock.advance(SECOND);
        let again = api.post("/api/v1/clients", &json!({"name": "Other", "email": " JANE@example.com", "phone": "555-0199", "source": "Zillow", "notes": "hi"})).await.expect(200);
        let id = path.rsplit('/').next().unwrap();
        assert_eq!(again.text(), format!("{{\"success\":true,\"clientId\":\"{id}\"}}"));
        assert_eq!(again.header("location"), path);
        let client = api.get(&path).await.json();
        assert_eq!((&client["name"], &client["email"], &client["phone"]), (&json!("Jane"), &json!("jane@example.com"), &json!("555-0100")));
        assert_eq!((&client["source"], &client["notes"]), (&json!("Zillow"), &json!("hi")));
        assert_eq!(client["updatedAt"], "2026-11-23T15:00:01.000Z");

        app.clock.advance(SECOND);
        let _ = api.post("/api/v1/clients", &json!({"name": "Other", "email": "jane@example.com", "source": "Redfin", "notes": "ho"})).await.expect(200);
        assert_eq!(api.get(&path).await.json(), client);
        assert_eq!(api.get("/api/v1/clients").await.json()["total"], 1);
        assert_eq!(events(&app).await.len(), 1);

        let other = app.another_agent("Other Agent").await;
        let _ = other.api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201);
        let _ = other.api.get(&path).await.expect(404);
    }

    async fn a_repeated_request_gets_the_first_answer(app: TestApp) {
        let api = app.agent.api.with("Idempotency-Key", "one");
        let sent = json!({"name": "Jane", "email": "jane@example.com"});
        let first = api.post("/api/v1/clients", &sent).await.expect(201);
        let again = api.post("/api/v1/clients", &sent).await.expect(201);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
        let _ = api.post("/api/v1/clients", &json!({"name": "Jane"})).await.expect(400);
        let _ = api.post("/api/v1/clients", &json!({"name": "J", "email": "jane@example.com"})).await.expect(422);
        let api = app.agent.api.with("Idempotency-Key", "two");
        let _ = api.post("/api/v1/clients", &sent).await.expect(200);
        let _ = api.post("/api/v1/clients", &sent).await.expect(200);
    }

    async fn the_list_is_whole_without_a_limit_and_pages_with_one(app: TestApp) {
        for n in 1..=120 {
            let new = NewClient {
                name: format!("Client {n}"),
                email: EmailAddress::parse(&format!("client{n}@example.com")).unwrap(),
                phone: None,
                source: None,
                notes: None,
            };
            let _ = clients::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let api = &app.agent.api;
        let whole = api.get("/api/v1/clients").await.expect(200).json();
        assert_eq!((names(&whole).len(), &whole["total"], &whole["nextCursor"]), (120, &json!(120), &json!(null)));
        assert_eq!(whole["clients"][0]["name"], "Client 120");
        let page = api.get("/api/v1/clients?limit=100").await.expect(200).json();
        let cursor = page["nextCursor"].as_str().unwrap();
        let rest = api.get(&format!("/api/v1/clients?limit=100&cursor={cursor}")).await.expect(200).json();
        assert_eq!((names(&page).len(), names(&rest).len(), &rest["nextCursor"]), (100, 20, &json!(null)));
        assert_eq!(names(&rest)[0], "Client 20");
        assert_eq!(names(&api.get("/api/v1/clients?limit=2&offset=118").await.expect(200).json()), ["Client 2", "Client 1"]);
        for refused in ["limit=0", "limit=101", "limit=1000", "cursor=x", "sort=name", "since=yesterday"] {
            let _ = api.get(&format!("/api/v1/clients?{refused}")).await.expect(400);
        }
    }

    async fn filters_narrow_the_list_and_its_total(app: TestApp) {
        let api = &app.agent.api;
        let first = add(api, json!({"name": "A", "email": "a@example.com", "source": "Zillow"})).await;
        let _ = add(api, json!({"name": "B", "email": "b@example.com", "phone": "+1 (555) 123-4567", "source": "ZILLOW"})).await;
        app.clock.advance(10 * SECOND);
        let _ = add(api, json!({"name": "C", "email": "c@example.com"})).await;
        app.clock.advance(10 * SECOND);
        let _ = api.patch(&first, &json!({"notes": "x"})).await.expect(200);
        for (query, expected) in [
            ("email=A@Example.com", vec!["A"]),
            ("email=nobody@example.com", vec![]),
            ("phone=555.123.4567", vec!["B"]),
            ("source=zillow", vec!["B", "A"]),
            ("source=zillow&phone=5551234567", vec!["B"]),
            ("since=2026-11-23T15:00:10Z", vec!["C"]),
            ("updatedSince=2026-11-23T15:00:10Z", vec!["C", "A"]),
            ("sort=createdAt", vec!["A", "B", "C"]),
            ("sort=-updatedAt", vec!["A", "C", "B"]),
            ("status=new", vec!["C", "B", "A"]),
        ] {
            let page = api.get(&format!("/api/v1/clients?{query}")).await.expect(200).json();
            assert_eq!((names(&page), &page["total"]), (expected.clone(), &json!(expected.len())), "{query}");
        }
    }

    async fn a_change_keeps_what_it_does_not_name_and_null_clears(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com", "phone": "555-0100", "source": "Zillow", "notes": "x"})).await;
        app.clock.advance(SECOND);
        let changed = api.patch(&path, &json!({"phone": null, "email": "j@example.com", "notes": "y"})).await.expect(200).json();
        let found = ["name", "email", "phone", "source", "notes", "updatedAt"].map(|key| changed[key].clone());
        assert_eq!(found, [json!("Jane"), json!("j@example.com"), json!(null), json!("Zillow"), json!("y"), json!("2026-11-23T15:00:01.000Z")]);
        assert_eq!(api.get(&path).await.json(), changed);
        let by_old = api.get("/api/v1/clients?email=jane@example.com").await.json();
        assert_eq!(by_old["total"], 0);
        for refused in [json!({"name": ""}), json!({"name": null}), json!({"email": null}), json!({"email": " "}), json!({"email": "x"}), json!({"phone": 5})] {
            let _ = api.patch(&path, &refused).await.expect(400);
        }
        assert_eq!(api.get(&path).await.json(), changed);
        assert_eq!(events(&app).await.len(), 1);
    }

    async fn a_taken_address_is_refused_by_name(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        let _ = add(api, json!({"name": "Joe", "email": "joe@example.com"})).await;
        let refused = api.patch(&path, &json!({"email": "JOE@example.com"})).await.expect(400).json();
        assert_eq!(refused["errors"][0]["field"], "email");
        let changed = api.patch(&path, &json!({"email": "JANE@example.com"})).await.expect(200).json();
        assert_eq!(changed["email"], "JANE@example.com");
    }

    async fn another_stage_raises_an_event_and_the_same_one_none(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        app.clock.advance(SECOND);
        let moved = api.patch(&path, &json!({"buyingStage": "Touring", "notes": "moves"})).await.expect(200).json();
        assert_eq!((&moved["buyingStage"], &moved["pipeline"], &moved["notes"]), (&json!("Touring"), &json!("buyer"), &json!("moves")));
        let _ = api.patch(&path, &json!({"buyingStage": "Touring"})).await.expect(200);
        let feed = api.get("/api/v1/events").await.expect(200);
        let raised = feed.json()["events"].as_array().unwrap().clone();
        assert_eq!(raised.len(), 2);
        assert_eq!((&raised[0]["event"], &raised[1]["event"]), (&json!("client.created"), &json!("client.stage_changed")));
        let mut expected = moved.clone();
        expected["previousStage"] = json!("Searching");
        assert_eq!(raised[1]["data"], expected);
        let texts = feed.text();
        let data = texts.split("\"data\":").collect::<Vec<_>>();
        assert_eq!(keys(data[1], &raised[0]["data"])[..5], ["name", "email", "phone", "buyingStage", "id"]);
        assert_eq!(keys(data[2], &raised[1]["data"])[..5], ["name", "email", "buyingStage", "previousStage", "id"]);
    }

    async fn a_stage_name_is_sought_in_the_clients_pipeline_first(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        for (stage, pipeline) in [("Closed", "buyer"), ("Valuation", "seller"), ("Closed", "seller"), ("On Hold", "side"), ("Under Contract", "buyer")] {
            let moved = api.patch(&path, &json!({"buyingStage": stage})).await.expect(200).json();
            assert_eq!((&moved["buyingStage"], &moved["pipeline"]), (&json!(stage), &json!(pipeline)));
        }
        let stages = api.get("/api/v1/stages").await.expect(200).json();
        let closed = stages["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == "Closed" && stage["pipeline"] == "seller").unwrap();
        let moved = api.patch(&path, &json!({"buyingStage": closed["id"]})).await.expect(200).json();
        assert_eq!((&moved["buyingStage"], &moved["pipeline"]), (&json!("Closed"), &json!("seller")));
    }

    async fn an_unknown_stage_is_refused_with_those_there_are(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        for stage in [json!("Sold"), json!("searching"), json!(""), json!("  "), json!(null), json!(3)] {
            let refused = api.patch(&path, &json!({"buyingStage": stage})).await.expect(400).json();
            assert_eq!(refused["errors"][0]["field"], "buyingStage", "{stage}");
            if stage != json!(3) {
                let message = refused["errors"][0]["message"].as_str().unwrap();
                assert!(message.contains("Pre-approved") && message.contains("Listing Appointment") && message.contains("Lost"), "{message}");
            }
        }
        // The body is checked before the record is looked for.
        let gone = "/api/v1/clients/cli_01k9x3v7e8f4sahm7d9q2b5c6n";
        for path in [gone, "/api/v1/clients/nothing"] {
            let _ = api.patch(path, &json!({"buyingStage": "Sold"})).await.expect(400);
            let _ = api.patch(path, &json!({"buyingStage": "Lost"})).await.expect(404);
        }
    }

    async fn a_change_based_on_an_old_state_is_refused(app: TestApp) {
        let api = &app.agent.api;
        let path = add(api, json!({"name": "Jane", "email": "jane@example.com"})).await;
        let tag = api.get(&path).await.expect(200).header("etag").to_owned();
        let _ = api.with("If-None-Match", &tag).get(&path).await.expect(304);
        let changed = api.with("If-Match", &tag).patch(&path, &json!({"buyingStage": "Offer"})).await.expect(200);
        assert_ne!(changed.header("etag"), tag);
        let _ = api.with("If-Match", &tag).patch(&path, &json!({"buyingStage": "Closed"})).await.expect(412);
        let _ = api.with("If-Match", &tag).delete(&path).await.expect(412);
        let _ = api.with("If-Match", changed.header("etag")).delete(&path).await.expect(204);
        let _ = api.get(&path).await.expect(404);
        let _ = api.delete(&path).await.expect(404);
        assert_eq!(api.get("/api/v1/clients").await.json(), json!({"clients": [], "total": 0}));
        let again = api.post("/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"})).await.expect(201);
        assert!(!path.ends_with(again.json()["clientId"].as_str().unwrap()));
    }
}
