//! A receiver does not wait for others.

use std::{net::IpAddr, sync::Arc};

use serde_json::json;
use testkit::{
    Engine, Sink, TestAgent, TestApp, block_on,
    sending::{Arrangement, Limits},
    until,
};
use webhooks::resolver::{Answer, Lookup};

use crate::hooks::{Hook, lead, settings};

/// Names of `example` are never told; every other is this machine's.
#[derive(Debug)]
struct Silence;

impl Lookup for Silence {
    fn lookup<'a>(&'a self, name: &'a str) -> Answer<'a> {
        Box::pin(async move {
            if name.ends_with(".example") {
                std::future::pending::<()>().await;
            }
            Ok(vec![IpAddr::from([127, 0, 0, 1])])
        })
    }
}

/// Agents with webhooks to names that are never told, 50 each, and an event for each of them.
async fn silent_agents(app: &TestApp, count: usize) -> Vec<TestAgent> {
    let mut agents = Vec::new();
    for n in 0..count {
        let agent = app.another_agent(&format!("Silent {n}")).await;
        for m in 0..50 {
            let hook = json!({"url": format!("http://silent-{n}-{m}.example:8080/")});
            let _ = agent.api.post("/api/v1/webhooks", &hook).await.expect(201);
        }
        let _ = agent.api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201);
        agents.push(agent);
    }
    agents
}

/// How many deliveries of an agent's webhooks have an attempt in their log.
async fn attempted(agent: &TestAgent) -> usize {
    let mut count = 0;
    let webhooks = agent.api.get("/api/v1/webhooks").await.expect(200).json();
    for webhook in webhooks["webhooks"].as_array().unwrap() {
        let path = format!("/api/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap());
        let log = agent.api.get(&path).await.expect(200).json();
        let deliveries = log["deliveries"].as_array().unwrap();
        count += deliveries.iter().filter(|delivery| delivery["attempts"] != json!([])).count();
    }
    count
}

async fn two_hundred_silent_names(engine: Engine) {
    let app = TestApp::start_with(engine, &settings()).await;
    let sink = Sink::start().await;
    let hook = Hook::make(&app, &sink.url("/hook")).await;
    let silent = silent_agents(&app, 4).await;
    // As long as a name may take: none of them ends while this test looks.
    let limits = Limits { name: std::time::Duration::from_secs(14), ..Limits::default() };
    let arrangement = Arrangement { lookup: Arc::new(Silence), limits, ..Arrangement::default() };
    let _sending = app.send_webhooks_with(arrangement);
    for n in 0..20 {
        lead(&app, &format!("Healthy {n}")).await;
        sink.wait_for("/hook", n + 1).await;
    }
    hook.delivered().await;
    let mut ended = 0;
    for agent in &silent {
        ended += attempted(agent).await;
    }
    assert_eq!(ended, 0, "the healthy one was served while all the others hung");
    until(async || attempted(&silent[0]).await == 50).await;
}

#[test]
fn names_that_are_never_told_hold_up_nobody_on_sqlite() {
    block_on(two_hundred_silent_names(Engine::Sqlite));
}

#[test]
fn names_that_are_never_told_hold_up_nobody_on_postgres() {
    block_on(two_hundred_silent_names(Engine::Postgres));
}
