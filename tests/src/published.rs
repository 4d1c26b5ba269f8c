//! The published documentation, word for word: its own text is the input of these tests.

use serde_json::{Value, json};
use testkit::on_both_engines;

const PUBLISHED: &str = include_str!("../../docs/reference/api-v1-published.txt");

/// The JSON objects that stand after `heading` in the published text, in order.
fn examples_after(heading: &str) -> Vec<Value> {
    let mut rest = PUBLISHED.split_once(heading).unwrap_or_else(|| panic!("{heading} is published")).1;
    let mut examples = Vec::new();
    while let Some(at) = rest.find("{\n") {
        let mut values = serde_json::Deserializer::from_str(&rest[at..]).into_iter::<Value>();
        let value = values.next().expect("an object begins here").expect("the published JSON is valid");
        rest = &rest[at + values.byte_offset()..];
        examples.push(value);
    }
    examples
}

/// Checks that every key of the published example is in the answer, in the same order and of the same type.
fn assert_has_published_shape(answer: &Value, example: &Value) {
    match (answer, example) {
        (Value::Object(answer), Value::Object(example)) => {
            for (key, value) in example {
                assert_has_published_shape(answer.get(key).unwrap_or_else(|| panic!("{key} is missing")), value);
            }
        }
        (Value::Array(answer), Value::Array(example)) => assert_has_published_shape(&answer[0], &example[0]),
        _ => assert_eq!(std::mem::discriminant(answer), std::mem::discriminant(example)),
    }
}

on_both_engines! {
    async fn create_and_list_leads_as_published(app: TestApp) {
        let api = &app.agent.api;
        let examples = examples_after("/api/v1/leadsCreate a new lead");
        let (request, created, listed) = (&examples[0], &examples[1], &examples[2]);
        let answer = api.post("/api/v1/leads", request).await.expect(201).json();
        assert_has_published_shape(&answer, created);
        assert_eq!(answer.as_object().unwrap().len(), created.as_object().unwrap().len());
        let query = PUBLISHED.split_once("Query params: ").unwrap().1.lines().next().unwrap();
        let list = api.get(&format!("/api/v1/leads{query}")).await.expect(200).json();
        assert_has_published_shape(&list, listed);
        for key in ["name", "email", "status"] {
            assert_eq!(list["leads"][0][key], listed["leads"][0][key]);
        }
        assert_eq!(list["total"], 1);
        assert_eq!(list["leads"][0]["id"], answer["leadId"]);
    }

    async fn list_listings_as_published(app: TestApp) {
        let api = &app.agent.api;
        let example = &examples_after("/api/v1/listingsList active listings")[0];
        let mut listing = example["listings"][0].clone();
        let _ = listing.as_object_mut().unwrap().remove("id");
        let created = api.post("/api/v1/listings", &listing).await.expect(201).json();
        assert_eq!(created["success"], json!(true));
        let _ = api.post("/api/v1/listings", &json!({"address": "A closed one", "price": 1, "status": "closed"})).await.expect(201);
        let text = api.get("/api/v1/listings").await.expect(200).text();
        // The published record is the beginning of ours, word for word.
        let published = PUBLISHED.split_once("/api/v1/listingsList active listings").unwrap().1.split_once("\"id\": \"lst1\",\n").unwrap().1;
        let published = published.split_once('}').unwrap().0.lines().map(|line| line.replace("\": ", "\":")).collect::<String>();
        assert!(text.starts_with(&format!("{{\"listings\":[{{\"id\":{},{published},", created["listingId"])), "{text}");
        let list = serde_json::from_str::<Value>(&text).unwrap();
        assert_has_published_shape(&list, example);
        assert_eq!(list["listings"].as_array().unwrap().len(), 1);
    }

    async fn create_and_list_clients_as_published(app: TestApp) {
        let api = &app.agent.api;
        let examples = examples_after("/api/v1/clientsCreate a new client");
        let (request, created, listed) = (&examples[0], &examples[1], &examples[2]);
        let answer = api.post("/api/v1/clients", request).await.expect(201).json();
        assert_has_published_shape(&answer, created);
        assert_eq!(answer.as_object().unwrap().len(), created.as_object().unwrap().len());
        let list = api.get("/api/v1/clients").await.expect(200).json();
        assert_has_published_shape(&list, listed);
        for key in ["name", "email", "buyingStage"] {
            assert_eq!(list["clients"][0][key], listed["clients"][0][key]);
        }
        assert_eq!(list["clients"][0]["id"], answer["clientId"]);
        for missing in ["name", "email"] {
            let mut request = request.clone();
            let _ = request.as_object_mut().unwrap().remove(missing);
            let _ = api.post("/api/v1/clients", &request).await.expect(400);
        }
    }

    async fn the_published_event_has_the_published_shape(app: TestApp) {
        let example = &examples_after("| client.stage_changed |")[0];
        let _ = app.agent.api.post("/api/v1/leads", &example["data"]).await.expect(201);
        let feed = app.agent.api.get("/api/v1/events").await.expect(200).json();
        let event = &feed["events"][0];
        assert_has_published_shape(event, example);
        assert_eq!((&event["event"], &event["agentId"]), (&example["event"], &example["agentId"]));
        let published = example["data"].as_object().unwrap();
        for (key, value) in published {
            assert_eq!(event["data"][key], *value);
        }
        let keys = event["data"].as_object().unwrap().keys().take(published.len()).collect::<Vec<_>>();
        assert_eq!(keys, published.keys().collect::<Vec<_>>(), "the published keys come first, in the published order");
        let names = crm::events::EventKind::ALL.map(|kind| format!("| {} |", kind.name()));
        assert!(names.iter().all(|name| PUBLISHED.contains(name)));
    }

    async fn each_published_error_has_its_published_meaning(app: TestApp) {
        let table = PUBLISHED.split_once("| Status | Meaning |").unwrap().1;
        let document: Value = serde_json::from_str(&app.anonymous().get("/api/v1/openapi.json").await.expect(200).text()).unwrap();
        let described = &document["paths"]["/api/v1/leads/{id}"]["get"]["responses"];
        let mut count = 0;
        for row in table.lines().filter(|line| line.starts_with("| ")) {
            let (status, meaning) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
            assert_eq!(described[status]["description"], meaning);
            count += 1;
        }
        assert_eq!(count, 5);
    }

    async fn the_published_curl_line_works(app: TestApp) {
        let line = PUBLISHED.split_once("}curl ").expect("a curl line").1;
        let line = line.split_once("'/api").expect("the next heading").0;
        let line = format!("curl {line}'").replace("https://organicagent.io", &app.base).replace("your_api_key_here", &app.agent.key);
        let output = tokio::task::spawn_blocking(move || std::process::Command::new("sh").arg("-c").arg(format!("{line} -s -w ' %{{http_code}}'")).output());
        let output = output.await.unwrap().expect("curl runs");
        let answer = String::from_utf8(output.stdout).unwrap();
        let (body, status) = answer.rsplit_once(' ').unwrap();
        assert_eq!(status, "201", "{answer}");
        let body = serde_json::from_str::<Value>(body).unwrap();
        assert_eq!(body["success"], json!(true));
        let lead = app.agent.api.get(&format!("/api/v1/leads/{}", body["leadId"].as_str().unwrap())).await.expect(200).json();
        assert_eq!((&lead["name"], &lead["email"], &lead["phone"]), (&json!("Jane Doe"), &json!("jane@example.com"), &json!("555-0100")));
    }
}
