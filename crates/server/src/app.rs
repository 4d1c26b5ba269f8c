//! The whole program as one HTTP service: known hosts, request ids, health, metrics, the API.

use std::{net::SocketAddr, sync::Arc};

use api::{Api, ClientAddress, Problem, ProblemCode, RequestId};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use crm::{Crm, randomness};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::hosts::Hosts;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What the outermost layer knows.
#[derive(Clone)]
pub struct App {
    crm: Crm,
    hosts: Arc<Hosts>,
}

impl App {
    /// The program over a domain, answering for these hosts.
    #[must_use]
    pub fn new(crm: Crm, hosts: Hosts) -> Self {
        Self { crm, hosts: Arc::new(hosts) }
    }

    /// Every route.
    pub fn router(self) -> Router {
        let api = api::router(Api::new(self.crm.clone()));
        #[expect(clippy::disallowed_methods, reason = "routes that are no part of the API")]
        let probes = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).with_state(self.clone());
        Router::new().merge(probes).merge(api).fallback(unknown).layer(middleware::from_fn_with_state(self, outermost))
    }

    /// A new request id.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        RequestId(format!("req_{}", randomness::text(self.crm.random(), LETTERS, 26)))
    }
}

/// Answers while the process runs.
async fn healthz() -> &'static str {
    "ok"
}

/// Answers 200 while requests can be served, else 503.
async fn readyz(State(app): State<App>) -> Response {
    if app.crm.database().ready().await {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "not ready").into_response()
    }
}

async fn unknown(request: Request) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    Problem::new(ProblemCode::NotFound, "There is nothing at this path. The API lives under /api/v1.").render(&id)
}

/// What every request passes first and every answer gets last.
async fn outermost(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = sent_id(&request).unwrap_or_else(|| app.request_id());
    request.extensions_mut().insert(id.clone());
    if let Some(peer) = request.extensions().get::<SocketAddr>().copied() {
        request.extensions_mut().insert(ClientAddress(peer.ip()));
    }
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let mut response = if is_probe || app.hosts.knows(&request) {
        next.run(request).await
    } else {
        Problem::new(ProblemCode::NotFound, "There is nothing here.").render(&id)
    };
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::try_from(id.0).expect("an id is visible ASCII"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The caller's own request id, where it is a plain word: it ties the caller's log to ours.
fn sent_id(request: &Request) -> Option<RequestId> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_word = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_word.then(|| RequestId(text.to_owned()))
}
