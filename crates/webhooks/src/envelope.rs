//! What one attempt sends: the body, the same at every attempt, and the headers, signed anew.

use bytes::Bytes;
use crm::{
    clock::UnixMillis,
    ids::{DeliveryId, EventId},
    json,
    webhooks::Published,
};

use crate::{
    rotation::{LastAttempt, Secrets},
    signature::{self, NotASecret},
};

const USER_AGENT: &str = concat!("OrganicAgent-Webhooks/", env!("CARGO_PKG_VERSION"));

/// A delivery as it is sent.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// The delivery's id.
    pub delivery: DeliveryId,
    /// The event's id, the same at every attempt and redelivery.
    pub event: EventId,
    /// The published name of the event.
    pub kind: &'a str,
    /// The agent's number of the event; a test has none.
    pub sequence: Option<i64>,
    /// When the event happened.
    pub timestamp: UnixMillis,
    /// The agent's slug.
    pub agent: &'a str,
    /// The exact text of the event's data.
    pub data: &'a str,
}

/// The parts of a request that are the message's, and which secret its published signature was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Names as they are to be written, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// The secret of `X-OrganicAgent-Signature`.
    pub secret: Published,
}

/// The body of a message: `event`, `timestamp`, `agentId` and, last, `data` as it is stored.
#[must_use]
pub fn body(message: &Message<'_>) -> Bytes {
    let text = |text: &str| json::to_string(text).expect("a text has no numbers");
    let timestamp = message.timestamp.0.to_string();
    let (event, agent) = (text(message.kind), text(message.agent));
    let data = message.data;
    Bytes::from(format!(r#"{{"event":{event},"timestamp":"{timestamp}","agentId":{agent},"data":{data}}}"#))
}

/// Makes the envelope of an attempt at `now`. `custom` headers are the webhook's own and come last.
///
/// # Errors
/// [`NotASecret`] when a secret of the webhook holds no base64.
pub fn seal(
    message: &Message<'_>,
    secrets: &Secrets,
    last: Option<LastAttempt>,
    custom: &[(String, String)],
    now: UnixMillis,
) -> Result<Envelope, NotASecret> {
    let body = body(message);
    let id = message.event.to_string();
    let timestamp = message.timestamp.0.to_string();
    let seconds = now.0.div_euclid(1000);
    let secret = secrets.choose(last, now);

    let mut signatures = signature::standard(&secrets.current, &id, seconds, &body)?;
    if let Some(old) = secrets.old(now) {
        // Exactly one space: a library of the standard fails on an empty piece.
        signatures.push(' ');
        signatures.push_str(&signature::standard(&old.secret, &id, seconds, &body)?);
    }
    let published = signature::published(secrets.get(secret), message.data, &timestamp);

    let mut headers = vec![
        header("Content-Type", "application/json"),
        header("User-Agent", USER_AGENT),
        header("X-OrganicAgent-Signature", published),
        header("X-OrganicAgent-Timestamp", timestamp),
        header("X-OrganicAgent-Event", message.kind),
        header("X-OrganicAgent-Delivery", message.delivery.to_string()),
    ];
    headers.extend(message.sequence.map(|sequence| header("X-OrganicAgent-Sequence", sequence.to_string())));
    headers.extend([
        header("webhook-id", id),
        header("webhook-timestamp", seconds.to_string()),
        header("webhook-signature", signatures),
    ]);
    headers.extend_from_slice(custom);
    Ok(Envelope { headers, body, secret })
}

fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::Rotated;

    const DATA: &str = r#"{"name":"Zoë \"Z\" </b>","email":null,"price":750000}"#;
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NOW: UnixMillis = UnixMillis(1_711_234_999_999);

    fn message() -> Message<'static> {
        Message {
            delivery: DeliveryId([1; 16]),
            event: EventId([2; 16]),
            kind: "lead.created",
            sequence: Some(7),
            timestamp: UnixMillis(1_711_234_567_890),
            agent: "sarah-johnson",
            data: DATA,
        }
    }

    fn secrets(old: Option<&str>) -> Secrets {
        let rotated = |secret: &str| Rotated {
            secret: secret.to_owned(),
            rotated_at: UnixMillis(0),
            until: UnixMillis(NOW.0 + 1),
        };
        let published = if old.is_some() { Published::Old } else { Published::Current };
        Secrets { current: SECRET.to_owned(), old: old.map(rotated), published }
    }

    fn value<'a>(envelope: &'a Envelope, name: &str) -> &'a str {
        let mut found = envelope.headers.iter().filter(|(written, _)| written == name);
        let (_, value) = found.next().expect(name);
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    #[test]
    fn the_body_holds_the_stored_data_byte_for_byte_as_its_last_member() {
        let body = body(&message());
        let expected = format!(
            r#"{{"event":"lead.created","timestamp":"1711234567890","agentId":"sarah-johnson","data":{DATA}}}"#
        );
        assert_eq!(body, expected.as_bytes());
        // What every language but JavaScript verifies: the raw text between the first `"data":` and the last brace.
        let text = std::str::from_utf8(&body).unwrap();
        let (_, rest) = text.split_once(r#""data":"#).unwrap();
        assert_eq!(rest.strip_suffix('}'), Some(DATA));
    }

    #[test]
    fn an_attempt_is_signed_both_ways_with_its_own_time() {
        let envelope = seal(&message(), &secrets(None), None, &[], NOW).unwrap();
        assert_eq!(value(&envelope, "X-OrganicAgent-Signature"), signature::published(SECRET, DATA, "1711234567890"));
        assert_eq!(value(&envelope, "X-OrganicAgent-Timestamp"), "1711234567890");
        assert_eq!(value(&envelope, "X-OrganicAgent-Event"), "lead.created");
        assert_eq!(value(&envelope, "X-OrganicAgent-Delivery"), DeliveryId([1; 16]).to_string());
        assert_eq!(value(&envelope, "X-OrganicAgent-Sequence"), "7");
        assert_eq!(value(&envelope, "Content-Type"), "application/json");
        assert_eq!(value(&envelope, "webhook-timestamp"), "1711234999");
        let id = value(&envelope, "webhook-id").to_owned();
        assert_eq!(id, EventId([2; 16]).to_string());
        assert!(!id.contains('.'));
        let expected = signature::standard(SECRET, &id, 1_711_234_999, &envelope.body).unwrap();
        assert_eq!(value(&envelope, "webhook-signature"), expected);
        assert_eq!(envelope.secret, Published::Current);
    }

    #[test]
    fn during_a_rotation_the_standard_header_carries_both_and_the_published_one_value() {
        let envelope = seal(&message(), &secrets(Some(OLD)), None, &[], NOW).unwrap();
        let id = EventId([2; 16]).to_string();
        let of = |secret| signature::standard(secret, &id, 1_711_234_999, &envelope.body).unwrap();
        assert_eq!(value(&envelope, "webhook-signature"), format!("{} {}", of(SECRET), of(OLD)));
        assert_eq!(value(&envelope, "X-OrganicAgent-Signature"), signature::published(OLD, DATA, "1711234567890"));
        assert_eq!(envelope.secret, Published::Old);
        let refused = LastAttempt { at: UnixMillis(1), used: Published::Old, status: Some(401) };
        let envelope = seal(&message(), &secrets(Some(OLD)), Some(refused), &[], NOW).unwrap();
        assert_eq!(value(&envelope, "X-OrganicAgent-Signature"), signature::published(SECRET, DATA, "1711234567890"));
    }

    #[test]
    fn a_test_has_no_sequence_and_custom_headers_come_last() {
        let custom = [("X-Api-Key".to_owned(), "k".to_owned())];
        let test = Message { sequence: None, ..message() };
        let envelope = seal(&test, &secrets(None), None, &custom, NOW).unwrap();
        assert!(envelope.headers.iter().all(|(name, _)| name != "X-OrganicAgent-Sequence"));
        assert_eq!(envelope.headers.last(), Some(&custom[0]));
    }
}
