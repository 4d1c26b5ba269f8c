//! Sends what is queued. A push is claimed, sent, and then it is noted how that went, with no transaction open in between: a sender that
//! dies leaves a claim that ends, and the next attempt is the same message by its topic and tag.

use std::{pin::pin, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use crm::{
    Crm,
    pushes::{self, Claimed, Notice, Outcome, ServerKey},
    randomness,
};
use serde_json::json;
use tokio::{sync::OnceCell, task::JoinSet, time::sleep};
use webhooks::client::{Attempt, Client, Request};

use crate::{
    encryption::{Fresh, Recipient, encrypt},
    vapid,
};

/// How often to look for what falls due, or was queued by another process.
const POLL: Duration = Duration::from_secs(1);
/// Attempts that are under way at once: a push service that hangs holds up its own messages, not those of others.
const TOGETHER: usize = 32;
/// What is under way may end in, when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What sends. Cheap to clone.
#[derive(Clone)]
pub struct Pusher {
    client: Arc<Client>,
    subject: Arc<str>,
    key: Arc<OnceCell<ServerKey>>,
}

impl Pusher {
    /// What sends through this client, for the server at this public URL.
    #[must_use]
    pub fn new(client: Arc<Client>, public_url: &str) -> Self {
        Self { client, subject: vapid::subject(public_url).into(), key: Arc::default() }
    }

    /// Sends one push; what came of it.
    ///
    /// # Errors
    /// Storage's errors, when the installation's key is not read.
    pub async fn send(&self, crm: &Crm, push: &Claimed) -> Result<Outcome, crm::Error> {
        let key = self.key.get_or_try_init(|| pushes::server_key(crm)).await?;
        let now = crm.clock().now();
        let left = push.left(now);
        if left < Duration::from_secs(1) {
            return Ok(Outcome::Never(String::from(
                "Its time is over: nothing was heard of the push service for a day.",
            )));
        }
        let (Some(subscription), Some(notice)) = (&push.subscription, &push.notice) else {
            return Ok(Outcome::Never(String::from("It cannot be read: its key is gone, or a newer version made it.")));
        };
        let body = subscription.public_key().zip(subscription.secret()).and_then(|(public_key, secret)| {
            let fresh = Fresh {
                private_key: *ServerKey::generate(crm.random()).private(),
                salt: randomness::bytes(crm.random()),
            };
            let recipient = Recipient { public_key: &public_key, secret: &secret };
            encrypt(payload(push, notice).as_bytes(), recipient, &fresh)
        });
        let authorization = vapid::authorization(key, &subscription.endpoint, &self.subject, now);
        let Some((body, authorization)) = body.zip(authorization) else {
            return Ok(Outcome::Never(String::from("It cannot be encrypted for this device.")));
        };
        let headers = [
            ("Authorization", authorization),
            ("Content-Type", String::from("application/octet-stream")),
            ("Content-Encoding", String::from("aes128gcm")),
            ("TTL", left.as_secs().to_string()),
            ("Urgency", String::from("high")),
            // Sent twice it is told once (RFC 8030, section 5.4).
            ("Topic", BASE64_URL_SAFE_NO_PAD.encode(push.id.0)),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let request = Request { url: &subscription.endpoint, headers: &headers, body: Bytes::from(body) };
        Ok(outcome(self.client.attempt(&request).await))
    }
}

/// What the service worker shows. Paths only: the rest of an address is the device's own.
fn payload(push: &Claimed, notice: &Notice) -> String {
    let said = mail::notification(notice, &push.language);
    let path = match notice {
        Notice::NewLeads { leads, count: 1, is_least: false } if leads.len() == 1 => {
            format!("/dashboard/leads/{}", leads[0].id)
        }
        Notice::NewLeads { .. } => String::from("/dashboard/leads"),
        Notice::ShowingsRequested { showings, count: 1 } if showings.len() == 1 => {
            format!("/dashboard/showings/{}", showings[0].id)
        }
        Notice::ShowingsRequested { .. } => String::from("/dashboard/showings"),
        Notice::Test => String::from("/dashboard/settings/notifications"),
    };
    json!({"title": said.title, "body": said.body, "url": path, "tag": push.id.to_string(), "lang": said.language})
        .to_string()
}

/// What an answer means (RFC 8030, sections 5, 7.2, 7.3 and 8.4).
fn outcome(attempt: Attempt) -> Outcome {
    if attempt.is_success() {
        return Outcome::Sent;
    }
    let error = attempt.error.unwrap_or_default();
    match attempt.status {
        Some(404 | 410) => Outcome::Gone,
        Some(408 | 425 | 429 | 500..) | None => Outcome::Later(error, attempt.retry_after),
        Some(_) => Outcome::Never(error),
    }
}

/// Claims what is due, as much as there is room for, and begins to send it. Says how much that was.
async fn begin(crm: &Crm, pusher: &Pusher, under_way: &mut JoinSet<()>) -> Result<usize, crm::Error> {
    let room = TOGETHER.saturating_sub(under_way.len());
    if room == 0 {
        return Ok(0);
    }
    let claimed = pushes::claim(crm, u32::try_from(room).unwrap_or(u32::MAX)).await?;
    let count = claimed.len();
    for push in claimed {
        let (crm, pusher) = (crm.clone(), pusher.clone());
        under_way.spawn(async move {
            let settled = match pusher.send(&crm, &push).await {
                Ok(outcome) => {
                    if let Outcome::Later(error, _) | Outcome::Never(error) = &outcome {
                        tracing::warn!(push = %push.id, device = %push.device, error, "a push was not sent");
                    }
                    pushes::settle(&crm, &push, outcome).await.map(drop)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = settled {
                tracing::warn!(push = %push.id, %error, "a push is sent again when its claim ends");
            }
        });
    }
    Ok(count)
}

/// Sends all that is due now. Says how many attempts that took.
///
/// # Errors
/// Storage's errors.
pub async fn send_due(crm: &Crm, pusher: &Pusher) -> Result<usize, crm::Error> {
    let (mut attempts, mut under_way) = (0, JoinSet::new());
    loop {
        attempts += begin(crm, pusher, &mut under_way).await?;
        if under_way.join_next().await.is_none() {
            return Ok(attempts);
        }
    }
}

/// Sends until `stopped`; what is under way then has a few seconds to end.
pub async fn run(crm: Crm, pusher: Pusher, stopped: impl Future<Output = ()>) {
    let mut stopped = pin!(stopped);
    let mut under_way = JoinSet::new();
    loop {
        match begin(&crm, &pusher, &mut under_way).await {
            // There may be more.
            Ok(count) if count > 0 && under_way.len() < TOGETHER => {}
            Ok(_) => tokio::select! {
                biased;
                () = &mut stopped => break,
                Some(_) = under_way.join_next() => {}
                () = crm.push_is_due() => {}
                () = sleep(POLL) => {}
            },
            Err(error) => {
                tracing::warn!(%error, "nothing is pushed for now");
                tokio::select! {
                    biased;
                    () = &mut stopped => break,
                    () = sleep(POLL) => {}
                }
            }
        }
    }
    let ended = async { while under_way.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, ended).await;
}
