//! `organicagent webhook listen`: a receiver on this machine, for whoever writes one.
//!
//! It registers a webhook of its own, verifies each request by both signatures, prints it, and takes the webhook away when it is stopped.

use std::net::SocketAddr;

use ::webhooks::signature;
use axum::{Router, body::Bytes, extract::State, routing::post};
use crm::{
    AgentId, Crm,
    clock::UnixMillis,
    events::{self, EventFilter},
    ids::EventId,
    webhooks::{self, NewWebhook},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json, value::RawValue};
use tokio::{net::TcpListener, sync::mpsc};

use super::{agent_of, print};
use crate::{config::Config, storage};

/// Events of the feed that are read at once.
const PAGE: u32 = 100;
/// Requests that wait to be printed.
const WAITING: usize = 64;
/// How old a request may be, in seconds, as the libraries of Standard Webhooks have it.
const TOLERANCE: i64 = 5 * 60;

/// What `webhook listen` is told.
pub(super) struct Listen {
    pub agent: String,
    pub on: SocketAddr,
    pub event: Vec<String>,
    pub after: Option<String>,
    pub count: Option<u64>,
}

/// Receives until it is stopped.
pub(super) async fn run(config: &Config, listen: Listen) -> Result<(), String> {
    if !listen.on.ip().is_loopback() {
        return Err(format!(
            "--on {}: it is for this machine: use a loopback address, such as 127.0.0.1:9000",
            listen.on
        ));
    }
    let crm = storage::open(config).await?;
    let agent = agent_of(&crm, &listen.agent).await?;
    let mut left = listen.count.unwrap_or(u64::MAX);
    if let Some(after) = &listen.after {
        replay(&crm, agent, after, &listen.event, &mut left).await?;
    }
    let received = if left > 0 { receive(&crm, agent, &listen, left).await } else { Ok(()) };
    crm.database().close().await;
    received
}

/// Prints the feed from after an event to its end.
async fn replay(crm: &Crm, agent: AgentId, after: &str, names: &[String], left: &mut u64) -> Result<(), String> {
    let mut after = match after {
        "start" => None,
        id => Some(id.parse::<EventId>().map_err(|_| format!("--after {id:?} is no event's id"))?),
    };
    loop {
        let filter = EventFilter { kind: None, after, limit: PAGE };
        let page = events::list(crm, agent, filter).await.map_err(|error| error.to_string())?;
        for event in &page {
            if *left == 0 {
                return Ok(());
            }
            if names.is_empty() || names.contains(&event.event) {
                let line = json!({"from": "feed", "id": event.id, "sequence": event.sequence});
                print(&with_event(line, &event.event, &event.timestamp, &event.agent_id, event.data.as_deref())?)?;
                *left -= 1;
            }
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

/// A line with the members of an event, `data` as it is signed.
fn with_event(
    line: Value,
    event: &str,
    timestamp: &str,
    agent: &str,
    data: Option<&RawValue>,
) -> Result<String, String> {
    let Value::Object(mut members) = line else { unreachable!("it is an object") };
    for (name, text) in [("event", event), ("timestamp", timestamp), ("agentId", agent)] {
        members.insert(name.to_owned(), json!(text));
    }
    let head = Value::Object(members).to_string();
    let head = head.strip_suffix('}').ok_or("an object ends so")?;
    Ok(format!("{head},\"data\":{}}}", data.map_or("null", RawValue::get)))
}

/// Registers, prints what comes, and takes the webhook away.
async fn receive(crm: &Crm, agent: AgentId, listen: &Listen, mut left: u64) -> Result<(), String> {
    let listener = TcpListener::bind(listen.on).await.map_err(|error| format!("{}: {error}", listen.on))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let fields = json!({"url": format!("http://{address}/"), "events": listen.event, "description": "organicagent webhook listen"});
    let new = NewWebhook::read(fields.as_object().expect("an object"), crm.webhook_url_rule()).map_err(|error| {
        format!("{error}. To receive here, run this command and the server with ORGANICAGENT_WEBHOOK_ALLOW=127.0.0.0/8")
    })?;
    let made = webhooks::create(crm, agent, new, None).await.map_err(|error| error.to_string())?.value;
    let (sender, mut lines) = mpsc::channel(WAITING);
    let state = Receiver { secret: made.secret.clone(), crm: crm.clone(), lines: sender };
    #[expect(clippy::disallowed_methods, reason = "it is no part of the API")]
    let router = Router::new().route("/", post(take)).with_state(state);
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let mut printed = print(
        &json!({"listening": format!("http://{address}/"), "webhook": made.webhook.id, "secret": made.secret})
            .to_string(),
    );
    while printed.is_ok() && left > 0 {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => {
                    printed = print(&line);
                    left -= 1;
                }
                None => break,
            },
            () = stopped() => break,
        }
    }
    serving.abort();
    let deleted = webhooks::delete(crm, agent, made.webhook.id, |_| true).await.map_err(|error| error.to_string());
    printed.and(deleted)
}

/// Ends when somebody stops the command.
async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut ended = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(ended) => ended,
            Err(_) => return drop(interrupted.await),
        };
        tokio::select! {
            _ = interrupted => {}
            _ = ended.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}

/// What a request is judged by.
#[derive(Clone)]
struct Receiver {
    secret: String,
    crm: Crm,
    lines: mpsc::Sender<String>,
}

/// What is read of a body.
#[derive(serde::Deserialize)]
struct Body<'a> {
    event: String,
    timestamp: String,
    #[serde(rename = "agentId")]
    agent_id: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(event) = serde_json::from_slice::<Body<'_>>(&body) else { return StatusCode::BAD_REQUEST };
    let data = event.data.map_or("null", RawValue::get);
    let published = signature::published(&receiver.secret, data, text("x-organicagent-timestamp"));
    let is_published = is_same(&published, text("x-organicagent-signature"));
    let seconds = text("webhook-timestamp").parse::<i64>().unwrap_or_default();
    let standard = signature::standard(&receiver.secret, text("webhook-id"), seconds, &body).unwrap_or_default();
    let UnixMillis(now) = receiver.crm.clock().now();
    let is_fresh = (now / 1000).abs_diff(seconds) <= TOLERANCE.unsigned_abs();
    let is_standard = is_fresh && text("webhook-signature").split(' ').any(|given| is_same(&standard, given));
    let line = json!({
        "from": "webhook", "id": text("webhook-id"), "sequence": text("x-organicagent-sequence").parse::<i64>().ok(),
        "verified": is_published && is_standard,
    });
    let status = if is_published && is_standard { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    let Ok(line) = with_event(line, &event.event, &event.timestamp, &event.agent_id, event.data) else {
        return StatusCode::BAD_REQUEST;
    };
    match receiver.lines.send(line).await {
        Ok(()) => status,
        // It is being stopped: the server sends this one to nobody.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn is_same(ours: &str, theirs: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes()).is_ok()
}
