//! What the wiring gives to the listener: request ids and the look of its refusals.

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, Response, header::ACCEPT};

use super::FramingError;

/// The name under which a request appears in its answer (`X-Request-Id`), in problem documents and in logs.
/// It stands in every request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of that text; `None` unless it is 1 to 64 visible ASCII characters.
    pub fn parse(text: &str) -> Option<RequestId> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_visible || !(1..=64).contains(&text.len()) {
            return None;
        }
        let mut value = HeaderValue::from_str(text).ok()?;
        // No secret; but HTTP/2 then keeps a value that never comes again out of its compression table.
        value.set_sensitive(true);
        Some(RequestId(value))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("a request id is visible ASCII")
    }

    /// The id as the value of `X-Request-Id`.
    pub fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who reads a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A program.
    Program,
    /// Somebody before a browser: the request takes HTML for an answer.
    Person,
}

impl Reader {
    /// The reader of the answer to a request with these headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accepted.contains("text/html") { Self::Person } else { Self::Program }
    }
}

/// The listener's link to the rest of the program.
pub trait Edge: Send + Sync {
    /// A fresh id; asked once per request and once per refusal.
    fn request_id(&self) -> RequestId;

    /// The answer to a request that no handler may see. The listener adds `X-Request-Id`,
    /// `X-Content-Type-Options`, `Date` and `Connection: close` itself.
    fn refuse(&self, error: FramingError, id: &RequestId, reader: Reader) -> Response<Bytes>;

    /// A place to hand the id to inner layers in a type of their own.
    fn introduce(&self, _id: &RequestId, _extensions: &mut Extensions) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_visible_and_short() {
        assert_eq!(RequestId::parse("req_1").unwrap().as_str(), "req_1");
        for bad in ["", "a b", "é", "a\r\nb", &"x".repeat(65)] {
            assert_eq!(RequestId::parse(bad), None, "{bad:?}");
        }
    }
}
