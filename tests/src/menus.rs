use serde_json::{Value, json};
use testkit::on_both_engines;

fn named<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn an_agent_begins_with_three_pipelines(app: TestApp) {
        let list = app.agent.api.get("/api/v1/stages").await.expect(200).json();
        let stages = list["stages"].as_array().unwrap();
        let of = |pipeline: &str| stages.iter().filter(|stage| stage["pipeline"] == pipeline).map(|stage| stage["name"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(of("buyer"), ["New", "Consultation", "Pre-approved", "Searching", "Touring", "Offer", "Under Contract", "Closed", "Past Client"]);
        assert_eq!(of("seller"), ["New", "Valuation", "Listing Appointment", "Signed", "Preparing", "Active", "Under Contract", "Closed", "Past Client"]);
        assert_eq!(of("side"), ["On Hold", "Lost"]);
        assert_eq!(stages.len(), 20);
        assert_eq!(stages[0].as_object().unwrap().len(), 3);
        let mut ids = named(&list["stages"], "id");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 20);
        let other = app.another_agent("Other Agent").await;
        assert_ne!(other.api.get("/api/v1/stages").await.json()["stages"][0]["id"], stages[0]["id"]);
    }

    async fn the_usual_sources_come_first_then_those_used(app: TestApp) {
        let api = &app.agent.api;
        let usual = api.get("/api/v1/sources").await.expect(200).json();
        let ids = named(&usual["sources"], "id");
        assert_eq!(ids.len(), 18);
        assert!(["zillow", "realtor.com", "open-house", "past_client", "api"].iter().all(|id| ids.contains(id)));
        assert_eq!(usual["sources"][ids.iter().position(|id| *id == "zillow").unwrap()], json!({"id": "zillow", "name": "Zillow"}));

        let _ = api.post("/api/v1/leads", &json!({"name": "A", "source": "Yard Sign "})).await.expect(201);
        let _ = api.post("/api/v1/leads", &json!({"name": "B", "source": "yard sign"})).await.expect(201);
        let _ = api.post("/api/v1/leads", &json!({"name": "C", "source": "ZILLOW"})).await.expect(201);
        let lead = api.post("/api/v1/leads", &json!({"name": "D"})).await.expect(201).json()["leadId"].as_str().unwrap().to_owned();
        let _ = api.patch(&format!("/api/v1/leads/{lead}"), &json!({"source": "Chamber of Commerce"})).await.expect(200);
        let client = json!({"name": "E", "email": "e@example.com", "source": "Ägypten-Reise"});
        let _ = api.post("/api/v1/clients", &client).await.expect(201);
        let used = api.get("/api/v1/sources").await.expect(200).json();
        assert_eq!(used["sources"].as_array().unwrap()[..18], usual["sources"].as_array().unwrap()[..]);
        assert_eq!(used["sources"].as_array().unwrap()[18..], [
            json!({"id": "agypten-reise", "name": "Ägypten-Reise"}),
            json!({"id": "chamber of commerce", "name": "Chamber of Commerce"}),
            json!({"id": "yard sign", "name": "Yard Sign"}),
        ]);
        let found = api.get("/api/v1/leads?source=yard%20sign").await.expect(200).json();
        assert_eq!(found["total"], 2);
        let other = app.another_agent("Other Agent").await;
        assert_eq!(other.api.get("/api/v1/sources").await.json(), usual);
    }
}
