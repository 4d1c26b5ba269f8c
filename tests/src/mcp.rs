//! Assistants at `/mcp`: keys, limits and tenants as the API has them. The protocol itself is tried by its own client, in
//! integrations/mcp.

use std::sync::Arc;

use crm::api_keys::Scopes;
use serde_json::{Value, json};
use testkit::{Answer, Caller, on_both_engines};

/// A message of a client that begins with nothing else, as the protocol allows.
async fn send(caller: &Caller, method: &str, params: Value) -> Answer {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    caller.with("accept", "application/json, text/event-stream").post("/mcp", &message).await
}

/// What a tool gives, or the sentence of its refusal.
async fn call(caller: &Caller, tool: &str, arguments: Value) -> Result<Value, String> {
    let answer = send(caller, "tools/call", json!({"name": tool, "arguments": arguments})).await.expect(200).json();
    let result = &answer["result"];
    if result["isError"] == true {
        return Err(result["content"][0]["text"].as_str().unwrap().to_owned());
    }
    Ok(result["structuredContent"].clone())
}

on_both_engines! {
    async fn a_lead_is_recorded_and_seen_at_once_by_the_api_and_the_tools(app: TestApp) {
        let api = &app.agent.api;
        let made = call(api, "create_lead", json!({"name": "Ann", "email": "ann@example.com"})).await.unwrap();
        let id = made["leadId"].as_str().unwrap();
        let lead = api.get(&format!("/api/v1/leads/{id}")).await.expect(200).json();
        assert_eq!(call(api, "get_lead", json!({"id": id})).await.unwrap(), lead);
        let changed = call(api, "update_lead", json!({"id": id, "status": "contacted"})).await.unwrap();
        assert_eq!(changed["status"], "contacted");
        assert!(call(api, "update_lead", json!({"id": id, "status": "sold"})).await.unwrap_err().contains("status"));
        let read = send(api, "resources/read", json!({"uri": "organicagent://today"})).await.expect(200).json();
        assert_eq!(read["result"]["contents"][0]["uri"], "organicagent://today", "{read}");
    }

    async fn another_agents_records_are_not_there(app: TestApp) {
        let id = app.agent.api.post("/api/v1/leads", &json!({"name": "Ann"})).await.expect(201).json()["leadId"].clone();
        let other = app.another_agent("Other Agent").await;
        let missing = call(&other.api, "get_lead", json!({"id": "lead_01kars4wg0e0pb4q1m3t5v7x9z"})).await.unwrap_err();
        assert_eq!(call(&other.api, "get_lead", json!({"id": id})).await.unwrap_err(), missing);
        assert_eq!(call(&other.api, "update_lead", json!({"id": id, "name": "B"})).await.unwrap_err(), missing);
        assert_eq!(call(&other.api, "find_leads", json!({})).await.unwrap()["total"], 0);
    }

    async fn a_key_of_either_header_opens_and_none_does_not(app: TestApp) {
        let key = app.key(app.agent.id, Scopes { can_read: true, can_write: false }, None).await;
        let nobody = app.anonymous();
        let reader = nobody.with("authorization", &format!("Bearer {key}"));
        assert_eq!(call(&reader, "find_leads", json!({})).await.unwrap()["total"], 0);
        assert!(call(&reader, "create_lead", json!({"name": "A"})).await.unwrap_err().contains("`write`"));
        assert_eq!(call(&reader, "find_leads", json!({})).await.unwrap()["total"], 0);
        for refused in [nobody.clone(), nobody.with("authorization", "Bearer oa_live_wrong"), nobody.with("x-api-key", "")] {
            let answer = send(&refused, "tools/list", json!({})).await.expect(401);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert_eq!(answer.json()["success"], false);
        }
        let _ = app.agent.api.get("/api/v1/leads").await.expect(200);
        let answer = app.anonymous().with("authorization", &format!("Bearer {key}")).get("/api/v1/leads").await;
        assert_eq!(answer.expect(401).json()["success"], false, "the API takes X-API-Key only");
    }

    async fn many_at_once_are_each_answered(app: TestApp) {
        let api = Arc::new(app.agent.api.clone());
        let calls = (0..20).map(|n| {
            let api = Arc::clone(&api);
            tokio::spawn(async move { call(&api, "create_lead", json!({"name": format!("Lead {n}")})).await.unwrap() })
        });
        for made in calls.collect::<Vec<_>>() {
            assert_eq!(made.await.unwrap()["success"], true);
        }
        assert_eq!(call(&api, "find_leads", json!({"limit": 1})).await.unwrap()["total"], 20);
    }
}
