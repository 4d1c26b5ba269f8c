//! A request as a receiver of webhooks got it, and whether it is what was published: checked without the sender's own code.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// A request as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// Header names and values, as they were written and in their order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The number of the connection that it came over, from 1.
    pub connection: usize,
}

impl Received {
    /// Takes a whole request from the front of what was read.
    pub(crate) fn take(buffer: &mut Vec<u8>, connection: usize) -> Option<Self> {
        let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let mut request = Self { method: method.to_owned(), path, headers, body: Vec::new(), connection };
        let length = request.header("content-length").parse::<usize>().unwrap_or(0);
        if buffer.len() < end + 4 + length {
            return None;
        }
        request.body = buffer[end + 4..end + 4 + length].to_vec();
        buffer.drain(..end + 4 + length);
        Some(request)
    }

    /// A header's value, by its name in whatever case; empty where it was not sent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The body.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("bodies are UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("bodies are JSON")
    }

    /// `webhook-id`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// `X-OrganicAgent-Sequence`; 0 where it was not sent.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        self.header("x-organicagent-sequence").parse().unwrap_or(0)
    }

    /// `name` of the event's `data`.
    #[must_use]
    pub fn name(&self) -> String {
        self.json()["data"]["name"].as_str().unwrap_or_default().to_owned()
    }

    /// The signed text of `data`, cut out of the body.
    ///
    /// # Panics
    /// When the body has no `data`.
    #[must_use]
    pub fn data(&self) -> &str {
        let (_, rest) = self.text().split_once(r#""data":"#).expect("the body has data");
        rest.strip_suffix('}').expect("data is the last member")
    }

    /// Whether the published signature was made with this secret.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = format!("{}{}", self.data(), self.header("x-organicagent-timestamp"));
        let hex: String =
            hmac::sign(&key, signed.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.header("x-organicagent-signature") == hex
    }

    /// Whether one of the standard signatures was made with this secret.
    ///
    /// # Panics
    /// When the secret is none.
    #[must_use]
    pub fn is_standard_signed_with(&self, secret: &str) -> bool {
        let decoded = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("a secret");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &decoded);
        let signed = [format!("{}.{}.", self.id(), self.header("webhook-timestamp")).as_bytes(), &self.body].concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed).as_ref()));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}
