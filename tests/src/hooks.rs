//! A webhook at a receiver of the test, and what its owner sees of it.

use serde_json::{Value, json};
use testkit::{Caller, Received, Settings, Sink, TestApp, until};

/// Tests that look again and again need more than 100 requests a minute.
pub fn settings() -> Settings {
    Settings { rate_limit: 1_000_000, ..Settings::default() }
}

/// A webhook of an agent.
#[derive(Clone)]
pub struct Hook {
    api: Caller,
    /// Its path in the API.
    pub path: String,
    /// Its secret.
    pub secret: String,
}

impl Hook {
    /// One for all events, at a URL.
    pub async fn make(app: &TestApp, url: &str) -> Self {
        Self::make_with(app, &json!({"url": url})).await
    }

    pub async fn make_with(app: &TestApp, webhook: &Value) -> Self {
        let made = app.agent.api.post("/api/v1/webhooks", webhook).await.expect(201).json();
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        Self { api: app.agent.api.clone(), path: format!("/api/v1/webhooks/{}", text("id")), secret: text("secret") }
    }

    pub async fn read(&self) -> Value {
        self.api.get(&self.path).await.expect(200).json()
    }

    pub async fn health(&self) -> Value {
        self.read().await["health"].clone()
    }

    pub async fn change(&self, change: Value) {
        let _ = self.api.patch(&self.path, &change).await.expect(200);
    }

    /// Asks for something below its path that is answered 202; how many deliveries that makes.
    pub async fn ask(&self, what: &str, body: Value) -> u64 {
        let asked = self.api.post(&format!("{}/{what}", self.path), &body).await.expect(202).json();
        asked["deliveries"].as_u64().unwrap()
    }

    /// Gives it a new secret; the old one.
    pub async fn rotate(&mut self, body: Value) -> String {
        let rotated = self.api.post(&format!("{}/rotate-secret", self.path), &body).await.expect(200).json();
        std::mem::replace(&mut self.secret, rotated["secret"].as_str().unwrap().to_owned())
    }

    /// Its deliveries, oldest first, at most 100.
    pub async fn deliveries(&self) -> Vec<Value> {
        let list = self.api.get(&format!("{}/deliveries?limit=100", self.path)).await.expect(200).json();
        list["deliveries"].as_array().unwrap().iter().rev().cloned().collect()
    }

    /// Their statuses.
    pub async fn statuses(&self) -> Vec<String> {
        self.deliveries().await.iter().map(|delivery| text(&delivery["status"])).collect()
    }

    /// How many attempts are in the log.
    pub async fn attempts(&self) -> usize {
        self.deliveries().await.iter().map(|delivery| delivery["attempts"].as_array().unwrap().len()).sum()
    }

    /// Waits until so many attempts are in the log.
    #[track_caller]
    pub fn logged(&self, attempts: usize) -> impl Future<Output = ()> {
        until(async move || self.attempts().await >= attempts)
    }

    /// Waits until everything has arrived.
    #[track_caller]
    pub fn delivered(&self) -> impl Future<Output = ()> {
        until(async || self.statuses().await.iter().all(|status| status == "delivered"))
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Creates a lead; its id.
pub async fn lead(app: &TestApp, name: &str) -> String {
    text(&app.agent.api.post("/api/v1/leads", &json!({"name": name})).await.expect(201).json()["leadId"])
}

/// Creates a client; its path.
pub async fn client(app: &TestApp, name: &str) -> String {
    let body = json!({"name": name, "email": format!("{}@example.com", name.to_lowercase())});
    format!(
        "/api/v1/clients/{}",
        text(&app.agent.api.post("/api/v1/clients", &body).await.expect(201).json()["clientId"])
    )
}

/// Moves a client on to a stage.
pub async fn stage(app: &TestApp, client: &str, stage: &str) {
    let _ = app.agent.api.patch(client, &json!({"buyingStage": stage})).await.expect(200);
}

/// The sequences of requests, in their order.
pub fn sequences(received: &[Received]) -> Vec<i64> {
    received.iter().map(Received::sequence).collect()
}

pub fn names(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::name).collect()
}

/// A receiver and a webhook for it at `/hook`.
pub async fn receiver(app: &TestApp) -> (Sink, Hook) {
    let sink = Sink::start().await;
    let hook = Hook::make(app, &sink.url("/hook")).await;
    (sink, hook)
}
