//! Secrets that sign a webhook's requests: sealed at rest, shown once, replaced with an overlap.

use std::time::Duration;

use db::params;
use serde::{Deserialize, Serialize};

use super::{Published, registrations};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    idempotency::{Answer, Once},
    ids::WebhookId,
    randomness::{self, Randomness},
    seal::{Keyring, Place},
};

/// How long the secret before a rotation goes on signing.
pub const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

const CURRENT: &str = "webhooks.secret";
const OLD: &str = "webhooks.old_secret";
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The secrets in force.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The newest: `whsec_` and base64 of 24 bytes.
    pub current: String,
    /// The one before the last rotation, and until when it signs too.
    pub old: Option<(String, UnixMillis)>,
    /// Which of them was last answered with a 2xx: the published signature uses it first.
    pub published: Published,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secrets(…, {:?})", self.published)
    }
}

/// A new secret. Base64 of 24 random bytes, drawn again while it holds `+` or `/` so that a double click selects it: each text
/// of 32 other letters is then equally likely, which is how it is drawn.
pub(super) fn generate(random: &dyn Randomness) -> String {
    format!("whsec_{}", randomness::text(random, LETTERS, 32))
}

pub(super) fn seal(
    keyring: &Keyring,
    random: &dyn Randomness,
    agent: AgentId,
    webhook: WebhookId,
    secret: &str,
) -> Vec<u8> {
    keyring.seal(random, Place { agent, column: CURRENT, row: &webhook.0 }, secret.as_bytes())
}

pub(super) fn open(keyring: &Keyring, agent: AgentId, webhook: WebhookId, sealed: &[u8]) -> Result<String, Error> {
    open_at(keyring, Place { agent, column: CURRENT, row: &webhook.0 }, sealed)
}

pub(super) fn open_old(keyring: &Keyring, agent: AgentId, webhook: WebhookId, sealed: &[u8]) -> Result<String, Error> {
    open_at(keyring, Place { agent, column: OLD, row: &webhook.0 }, sealed)
}

fn open_at(keyring: &Keyring, place: Place<'_>, sealed: &[u8]) -> Result<String, Error> {
    String::from_utf8(keyring.open(place, sealed)?).map_err(|_| Error::Internal)
}

/// A sealed secret in an answer that is kept for repeats: never in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed(pub Vec<u8>);

impl Serialize for Sealed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |place: usize| text.get(place..place + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes = (0..text.len()).step_by(2).map(byte).collect::<Option<Vec<_>>>();
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not hexadecimal"))
    }
}

/// When the secret before a rotation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStart {
    /// After [`OVERLAP`].
    WithOverlap,
    /// At once: it has leaked.
    Now,
}

/// The outcome of [`rotate`].
#[derive(Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The new secret, in clear.
    pub secret: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    secret: Sealed,
}

/// Gives a webhook a new secret. The old one signs beside it for a day, or no more; one that is older still ends.
///
/// # Errors
/// [`Error::NotFound`], [`Error::IdempotencyKeyReused`].
pub async fn rotate(
    crm: &Crm,
    agent: AgentId,
    id: WebhookId,
    start: RotationStart,
    once: Option<Once>,
) -> Result<Answer<Rotated>, Error> {
    let keyring = std::sync::Arc::clone(&crm.keyring);
    let answer = crm
        .change_once("webhooks.rotate", agent, once, move |tx, turn| {
            let held = registrations::find_row(tx, agent, id)?;
            let secret = seal(&keyring, turn.random(), agent, id, &generate(turn.random()));
            let old = match start {
                RotationStart::Now => None,
                RotationStart::WithOverlap => {
                    let old = open(&keyring, agent, id, &held.secret)?;
                    Some(keyring.seal(turn.random(), Place { agent, column: OLD, row: &id.0 }, old.as_bytes()))
                }
            };
            let until = old.as_ref().map(|_| turn.now.plus(OVERLAP).0);
            tx.execute(
                "UPDATE webhooks SET secret = $3, old_secret = $4, old_secret_until = $5, published_secret = $6, updated_at = $7
                 WHERE agent_id = $1 AND id = $2",
                params![&agent, &id, &secret, old.as_deref(), until, old.is_some(), turn.now.0.max(held.updated_at)],
            )?;
            Ok(Kept { secret: Sealed(secret) })
        })
        .await?;
    let secret = open(&crm.keyring, agent, id, &answer.value.secret.0)?;
    Ok(Answer { value: Rotated { secret }, is_replayed: answer.is_replayed })
}

/// The secret of a webhook, in clear: for its signed-in owner, who has given the password again.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn reveal(crm: &Crm, agent: AgentId, id: WebhookId) -> Result<String, Error> {
    let sealed = crm
        .db
        .read("webhooks.reveal", move |tx| Ok::<_, Error>(registrations::find_row(tx, agent, id)?.secret))
        .await?;
    open(&crm.keyring, agent, id, &sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Steps(std::sync::atomic::AtomicU8);

    impl Randomness for Steps {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(37, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_secret_is_base64_of_24_bytes_in_one_word() {
        let secret = generate(&Steps(0.into()));
        let base64 = secret.strip_prefix("whsec_").unwrap();
        assert_eq!(base64.len(), 24 * 8 / 6);
        assert!(base64.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn a_kept_secret_is_read_back() {
        let sealed = Sealed((0..=255).collect());
        assert_eq!(serde_json::from_str::<Sealed>(&serde_json::to_string(&sealed).unwrap()).unwrap(), sealed);
    }
}
