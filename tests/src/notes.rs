use serde_json::{Value, json};
use testkit::{Caller, on_both_engines};

/// A lead and a client; the paths of their notes.
async fn people(api: &Caller) -> [String; 2] {
    let lead = api.post("/api/v1/leads", &json!({"name": "Lead"})).await.expect(201).json();
    let client =
        api.post("/api/v1/clients", &json!({"name": "Client", "email": "c@example.com"})).await.expect(201).json();
    [
        format!("/api/v1/leads/{}/notes", lead["leadId"].as_str().unwrap()),
        format!("/api/v1/clients/{}/notes", client["clientId"].as_str().unwrap()),
    ]
}

fn texts(page: &Value) -> Vec<&str> {
    page["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn a_note_is_kept_as_sent_and_read_newest_first(app: TestApp) {
        let api = &app.agent.api;
        for path in people(api).await {
            assert_eq!(api.get(&path).await.expect(200).json(), json!({"notes": []}));
            let created = api.post(&path, &json!({"text": " first\n", "id": "x"})).await.expect(201);
            let id = created.json()["noteId"].as_str().unwrap().to_owned();
            assert_eq!(created.text(), format!("{{\"success\":true,\"noteId\":\"{id}\"}}"));
            assert_eq!(created.header("location"), format!("{path}/{id}"));
            let note = api.get(&format!("{path}/{id}")).await.expect(200).json();
            assert_eq!(note, json!({"id": id, "text": " first\n", "createdAt": "2026-11-23T15:00:00.000Z"}));
            let _ = api.post(&path, &json!({"text": "second"})).await.expect(201);
            let page = api.get(&path).await.expect(200).json();
            assert_eq!(texts(&page), ["second", " first\n"]);
            assert_eq!(page["notes"][1], note);
        }
    }

    async fn notes_are_paged(app: TestApp) {
        let api = &app.agent.api;
        let [path, other] = people(api).await;
        for n in 1..=5 {
            let _ = api.post(&path, &json!({"text": format!("{n}")})).await.expect(201);
        }
        let _ = api.post(&other, &json!({"text": "another's"})).await.expect(201);
        let mut found = Vec::new();
        let mut next = format!("{path}?limit=2");
        loop {
            let page = api.get(&next).await.expect(200).json();
            assert!(page["notes"].as_array().unwrap().len() <= 2);
            found.extend(texts(&page).into_iter().map(str::to_owned));
            match page["nextCursor"].as_str() {
                Some(cursor) => next = format!("{path}?limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(found, ["5", "4", "3", "2", "1"]);
        assert_eq!(api.get(&format!("{path}?limit=5")).await.expect(200).json()["nextCursor"], json!(null));
        for refused in ["limit=0", "limit=101", "limit=x", "cursor=x", "limit=1&limit=2"] {
            let _ = api.get(&format!("{path}?{refused}")).await.expect(400);
        }
    }

    async fn a_note_needs_a_text_and_then_a_record(app: TestApp) {
        let api = &app.agent.api;
        let [lead, client] = people(api).await;
        let id = lead.split('/').nth(4).unwrap();
        for path in [&lead, &client, "/api/v1/leads/lead_01k9x3v7e8f4sahm7d9q2b5c6n/notes", "/api/v1/clients/nothing/notes"] {
            for refused in [json!({}), json!({"text": ""}), json!({"text": " \n"}), json!({"text": null}), json!({"text": 5}), json!({"text": "x".repeat(20_001)})] {
                let problem = api.post(path, &refused).await.expect(400).json();
                assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
                assert_eq!(problem["errors"][0]["field"], "text");
            }
        }
        let _ = api.post(&lead, &json!({"text": "王".repeat(20_000)})).await.expect(201);
        for path in [
            String::from("/api/v1/leads/lead_01k9x3v7e8f4sahm7d9q2b5c6n/notes"),
            String::from("/api/v1/clients/nothing/notes"),
            format!("/api/v1/clients/{}/notes", id.replace("lead_", "cli_")),
        ] {
            let _ = api.post(&path, &json!({"text": "x"})).await.expect(404);
            let _ = api.get(&path).await.expect(404);
            let _ = api.get(&format!("{path}?limit=0")).await.expect(400);
        }
        let other = app.another_agent("Other Agent").await;
        for path in [&lead, &client] {
            let _ = other.api.post(path, &json!({"text": "x"})).await.expect(404);
            let _ = other.api.get(path).await.expect(404);
        }
    }

    async fn a_repeated_request_makes_one_note(app: TestApp) {
        let api = app.agent.api.with("Idempotency-Key", "one");
        let [lead, client] = people(&app.agent.api).await;
        let first = api.post(&lead, &json!({"text": "x"})).await.expect(201);
        let again = api.post(&lead, &json!({"text": "x"})).await.expect(201);
        assert_eq!((again.text(), again.header("idempotent-replayed")), (first.text(), "true"));
        let _ = api.post(&lead, &json!({"text": "y"})).await.expect(422);
        let elsewhere = api.post(&client, &json!({"text": "x"})).await.expect(201);
        assert_ne!(elsewhere.text(), first.text());
        assert_eq!(texts(&app.agent.api.get(&lead).await.json()), ["x"]);
    }

    async fn a_note_changes_nothing_of_its_record(app: TestApp) {
        let api = &app.agent.api;
        let [notes, _] = people(api).await;
        let lead = notes.strip_suffix("/notes").unwrap();
        let before = api.get(lead).await.expect(200);
        app.clock.advance(std::time::Duration::from_secs(5));
        let _ = api.post(&notes, &json!({"text": "x"})).await.expect(201);
        let after = api.get(lead).await.expect(200);
        assert_eq!((after.text(), after.header("etag")), (before.text(), before.header("etag")));
        let note = api.get(&notes).await.json()["notes"][0]["id"].as_str().unwrap().to_owned();
        let another = api.post("/api/v1/leads", &json!({"name": "Another"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let _ = api.get(&format!("/api/v1/leads/{another}/notes/{note}")).await.expect(404);
    }
}
