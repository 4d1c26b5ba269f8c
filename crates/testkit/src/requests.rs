//! An HTTP client for tests: real sockets, whole answers.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// A client of one server, with headers that it always sends.
#[derive(Clone)]
pub struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    headers: Vec<(String, String)>,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text; empty where it is not sent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// The answer itself, if it has this status.
    ///
    /// # Panics
    /// With the whole answer, if it has another.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }
}

impl Caller {
    /// A caller of the server at `base` (scheme and authority).
    #[must_use]
    pub fn new(base: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base: base.to_owned(), headers: Vec::new() }
    }

    /// The same caller, sending one more header with every request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut caller = self.clone();
        caller.headers.push((name.to_owned(), value.to_owned()));
        caller
    }

    /// The same caller with this API key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        self.with("X-API-Key", key)
    }

    /// Sends a request as it is.
    ///
    /// # Panics
    /// When no whole answer comes.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        self.try_send(method, path, body).await.unwrap_or_else(|error| panic!("no answer from {path}: {error}"))
    }

    /// Sends a request to a server that may go away meanwhile.
    ///
    /// # Errors
    /// What went wrong, when no whole answer came.
    pub async fn try_send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.into())).expect("the test's request is well-formed");
        let response = self.client.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
        Ok(Answer { status: StatusCode::as_u16(&parts.status), headers: parts.headers, body })
    }

    /// GET of something that goes on: the answer as soon as it begins.
    ///
    /// # Panics
    /// When none does.
    pub async fn open(&self, path: &str) -> http::Response<hyper::body::Incoming> {
        let mut request = Request::builder().uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::new())).expect("the test's request is well-formed");
        self.client.request(request).await.unwrap_or_else(|error| panic!("no answer from {path}: {error:?}"))
    }

    /// POST of JSON to a server that may go away meanwhile; `None` when no whole answer came.
    pub async fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.with("Content-Type", "application/json").try_send(Method::POST, path, body.to_string()).await.ok()
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Bytes::new()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.with("Content-Type", "application/json").send(Method::POST, path, body.to_string()).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.with("Content-Type", "application/json").send(Method::PATCH, path, body.to_string()).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Bytes::new()).await
    }
}
