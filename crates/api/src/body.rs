//! Request bodies: one JSON object, read strictly.
//!
//! What two parsers could read differently is refused: duplicate keys, NUL, lone surrogates, numbers that JavaScript would
//! round, depth past [`DEPTH`].

use std::fmt;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use crm::json::MAX_SAFE;
use http::{HeaderMap, header};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::Problem;

/// The largest body, in bytes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// The deepest nesting of arrays and objects.
pub(crate) const DEPTH: u8 = 32;

/// The members of a request's JSON object, and its bytes for idempotency.
pub(crate) struct Fields {
    pub members: Map<String, Value>,
    pub bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        refuse_other_types(request.headers())?;
        let bytes = read(request, state).await?;
        let members = parse_object(&bytes)?;
        Ok(Self { members, bytes })
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let bytes = Bytes::from_request(request, state).await;
    bytes.map_err(|_| Problem::bad_request("The body could not be read."))
}

/// As [`Fields`], for a request that may have no body: it is then as one without members.
pub(crate) struct OptionalFields(pub Fields);

impl<S: Send + Sync> FromRequest<S> for OptionalFields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(Fields { members: Map::new(), bytes }));
        }
        refuse_other_types(&headers)?;
        Ok(Self(Fields { members: parse_object(&bytes)?, bytes }))
    }
}

fn refuse_other_types(headers: &HeaderMap) -> Result<(), Problem> {
    const MESSAGE: &str = "Send the body as JSON: Content-Type: application/json, without Content-Encoding.";
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(media_type), None) = (types.next(), types.next()) else {
        return Err(Problem::bad_request(MESSAGE));
    };
    let essence = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let encoding = headers.get(header::CONTENT_ENCODING).map(|encoding| encoding.as_bytes());
    let is_plain = encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case(b"identity"));
    if essence.eq_ignore_ascii_case("application/json") && is_plain {
        Ok(())
    } else {
        Err(Problem::bad_request(MESSAGE))
    }
}

/// Reads a JSON object (RFC 8259), strictly.
///
/// # Errors
/// A 400 that says what is wrong and where.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Problem::bad_request(format!("The body is not valid JSON: {error}.")))?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Problem::bad_request("The body must be one JSON object, such as {\"name\": \"Jane Doe\"}.")),
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: u8,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH {
            return Err(E::custom(format_args!("nested deeper than {DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

fn without_nul<E: serde::de::Error>(text: &str) -> Result<&str, E> {
    if text.contains('\0') { Err(E::custom("a text holds the character NUL")) } else { Ok(text) }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
        if number.unsigned_abs() > MAX_SAFE {
            return Err(E::custom("a number is past 2^53"));
        }
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        if number > MAX_SAFE {
            return Err(E::custom("a number is past 2^53"));
        }
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        // Written with a fraction or an exponent, 2^53 itself cannot be told any more from what lies past it.
        let number = Number::from_f64(number).filter(|_| number.abs() < MAX_SAFE as f64);
        number.map(Value::Number).ok_or_else(|| E::custom("a number is past 2^53"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        without_nul(text).map(|text| Value::String(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        without_nul::<E>(&text)?;
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut members = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            without_nul::<A::Error>(&key)?;
            let value = entries.next_value_seed(deeper)?;
            if members.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read() {
        let members =
            parse_object(br#" {"name": "J\u00f6rg \ud83d\ude00", "price": 2.5, "list": [1, null, true]} "#).unwrap();
        assert_eq!(members["name"], "Jörg 😀");
        assert_eq!(members["price"], 2.5);
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        for text in [
            r#"{"email": "a@b.co", "email": "c@d.co"}"#,
            r#"{"x": {"a": 1, "a": 2}}"#,
            r#"{"name": "a\u0000b"}"#,
            r#"{"a\u0000b": 1}"#,
            r#"{"name": "\ud800"}"#,
            r#"{"n": 1e999}"#,
            r#"{"n": NaN}"#,
            r#"{"n": 9007199254740993}"#,
            r#"{"n": -9007199254740993}"#,
            r#"{"n": 18446744073709551616}"#,
            r#"{"n": 9007199254740993.0}"#,
            r#"{"n": -9007199254740993.0}"#,
            r#"{"n": 9.007199254740993e15}"#,
            r#"{"n": 1e16}"#,
            r#"{"n": 01}"#,
            r#"{"name": "a",}"#,
            r#"{"name": "a"} x"#,
            "{\"name\": \"a\nb\"}",
            "[]",
            "\"text\"",
            "null",
            "",
        ] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_object(b"{\"name\": \"\xff\"}").is_err());
        assert!(parse_object(b"{\"name\": \"\xc0\x80\"}").is_err());
    }

    #[test]
    fn nesting_ends_at_the_bound() {
        let nested = |depth: usize| format!("{{\"x\": {}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(parse_object(nested(usize::from(DEPTH)).as_bytes()).is_ok());
        assert!(parse_object(nested(usize::from(DEPTH) + 1).as_bytes()).is_err());
        assert!(parse_object(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn the_largest_exact_numbers_are_read() {
        for number in
            ["9007199254740992", "-9007199254740992", "9007199254740991.0", "9.007199254740991e15", "0.1", "-0"]
        {
            assert!(parse_object(format!("{{\"n\": {number}}}").as_bytes()).is_ok(), "{number}");
        }
    }
}
