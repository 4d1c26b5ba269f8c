//! Headers that an agent adds to a webhook's requests, such as the receiver's API key. Sealed at rest, masked in answers.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    AgentId, Crm, Error,
    error::FieldError,
    ids::WebhookId,
    randomness::Randomness,
    seal::{Keyring, Place},
};

/// The most headers of one webhook.
pub const MAX_HEADERS: usize = 10;
/// What stands for a value in answers. Sent back, it means the value that is there.
pub const MASK: &str = "••••";
const MAX_NAME: usize = 100;
const MAX_VALUE: usize = 1_000;
const COLUMN: &str = "webhooks.headers";
const FIELD: &str = "headers";

/// Names that we or HTTP own, in lower case.
const OWNED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-for",
    "x-request-id",
];
/// What such names begin with.
const OWNED_PREFIXES: [&str; 4] = ["content-", "proxy-", "webhook-", "x-organicagent-"];

/// A header as answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomHeader {
    /// The name.
    #[schema(example = "Authorization")]
    pub name: String,
    /// Always masked.
    #[schema(example = "••••")]
    pub value: String,
}

/// Names with values, in the order given.
pub(super) type Pairs = Vec<(String, String)>;

/// Reads headers from outside: an object of names and values, or a list of `{"name","value"}`. Errors are added to `errors`.
pub(super) fn read(given: &Value, errors: &mut Vec<FieldError>) -> Pairs {
    let mut refuse = |field: String, message: String| errors.push(FieldError { field, message });
    let pairs: Vec<(String, Option<&Value>, Option<&Value>)> = match given {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (format!("{FIELD}.{name}"), None, Some(value))).collect()
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, item)| (format!("{FIELD}[{place}]"), item.get("name"), item.get("value")))
            .collect(),
        _ => {
            refuse(FIELD.to_owned(), String::from("must be an object of names and values, or a list of {name, value}"));
            return Vec::new();
        }
    };
    if pairs.len() > MAX_HEADERS {
        refuse(FIELD.to_owned(), format!("must have at most {MAX_HEADERS}"));
        return Vec::new();
    }
    let mut headers = Pairs::new();
    for (field, name, value) in pairs {
        let name = match given {
            Value::Object(_) => Some(field[FIELD.len() + 1..].to_owned()),
            _ => name.and_then(Value::as_str).map(str::to_owned),
        };
        let (Some(name), Some(value)) = (name, value.and_then(Value::as_str)) else {
            refuse(field, String::from("must have a name and a value, both strings"));
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if let Err(message) = check_name(name).and_then(|()| check_value(value)) {
            refuse(field, message.to_owned());
        } else if headers.iter().any(|(held, _)| held.eq_ignore_ascii_case(name)) {
            refuse(field, String::from("is there twice"));
        } else {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    headers
}

fn check_name(name: &str) -> Result<(), &'static str> {
    // A token (RFC 9110, section 5.6.2).
    let is_token = (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token {
        return Err("must have a name of 1 to 100 letters, digits and hyphens");
    }
    let lower = name.to_ascii_lowercase();
    if OWNED.contains(&lower.as_str()) || OWNED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err("is a header that is set for you or belongs to HTTP itself");
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), &'static str> {
    if value == MASK {
        return Ok(());
    }
    if value.is_empty() || value.len() > MAX_VALUE || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err("must have a value of 1 to 1,000 printable ASCII characters");
    }
    Ok(())
}

/// What is kept when `given` is set where `held` was: a masked value is the one held under that name.
///
/// # Errors
/// [`Error::Invalid`] for a masked value of a name that has none.
pub(super) fn unmasked(given: &[(String, String)], held: &[(String, String)]) -> Result<Pairs, Error> {
    let mut errors = Vec::new();
    let mut headers = Pairs::new();
    for (name, value) in given {
        let kept = held.iter().find(|(held, _)| held.eq_ignore_ascii_case(name));
        match (value == MASK, kept) {
            (false, _) => headers.push((name.clone(), value.clone())),
            (true, Some((_, kept))) => headers.push((name.clone(), kept.clone())),
            (true, None) => errors.push(FieldError {
                field: format!("{FIELD}.{name}"),
                message: String::from("has no value yet that the mask could stand for"),
            }),
        }
    }
    if errors.is_empty() { Ok(headers) } else { Err(Error::Invalid(errors)) }
}

/// The headers as answers show them.
pub(super) fn masked(headers: &[(String, String)]) -> Vec<CustomHeader> {
    headers.iter().map(|(name, _)| CustomHeader { name: name.clone(), value: MASK.to_owned() }).collect()
}

/// The headers as the database keeps them; `None` for none.
pub(super) fn seal(
    keyring: &Keyring,
    random: &dyn Randomness,
    agent: AgentId,
    webhook: WebhookId,
    headers: &[(String, String)],
) -> Option<Vec<u8>> {
    if headers.is_empty() {
        return None;
    }
    let text = serde_json::to_vec(headers).expect("pairs of texts are JSON");
    Some(keyring.seal(random, Place { agent, column: COLUMN, row: &webhook.0 }, &text))
}

/// The headers that were sealed.
///
/// # Errors
/// [`Error::Internal`] when they do not open.
pub(super) fn open(crm: &Crm, agent: AgentId, webhook: WebhookId, sealed: Option<&[u8]>) -> Result<Pairs, Error> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let text = crm.keyring.open(Place { agent, column: COLUMN, row: &webhook.0 }, sealed)?;
    serde_json::from_slice(&text).map_err(|cause| {
        tracing::error!(%cause, "a webhook's headers cannot be read");
        Error::Internal
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn errors_of(given: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        read(given, &mut errors);
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn an_object_and_a_list_say_the_same() {
        let mut errors = Vec::new();
        let object = read(&json!({"Authorization": "Bearer x", "X-Key": "y"}), &mut errors);
        let list = json!([{"name": "Authorization", "value": "Bearer x"}, {"name": "X-Key", "value": "y"}]);
        assert_eq!(object, read(&list, &mut errors));
        assert_eq!((object.len(), errors.len()), (2, 0));
    }

    #[test]
    fn names_that_belong_to_others_and_odd_values_are_refused() {
        for name in [
            "Host",
            "content-type",
            "Content-Length",
            "Connection",
            "Transfer-Encoding",
            "USER-AGENT",
            "X-OrganicAgent-Signature",
            "webhook-id",
            "Proxy-Authorization",
            "",
            "a b",
            "a:b",
            "é",
        ] {
            assert_eq!(errors_of(&json!({name: "x"})), [format!("headers.{name}")], "{name}");
        }
        for value in [json!("a\r\nb"), json!("é"), json!(""), json!(1), json!(null), json!("x".repeat(1_001))] {
            assert_eq!(errors_of(&json!({"X-Key": value})), ["headers.X-Key"], "{value}");
        }
        assert_eq!(errors_of(&json!("x")), ["headers"]);
        assert_eq!(
            errors_of(&json!([{"name": "A", "value": "1"}, {"name": "a", "value": "2"}, 3])),
            ["headers[1]", "headers[2]"]
        );
        let many = (0..11).map(|n| (format!("X-{n}"), json!("x"))).collect::<serde_json::Map<_, _>>();
        assert_eq!(errors_of(&Value::Object(many)), ["headers"]);
    }

    #[test]
    fn a_mask_stands_for_the_value_that_is_there() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let held = [pair("X-Key", "secret")];
        assert_eq!(unmasked(&[pair("x-key", MASK)], &held), Ok(vec![pair("x-key", "secret")]));
        assert!(unmasked(&[pair("X-Other", MASK)], &held).is_err());
    }
}
