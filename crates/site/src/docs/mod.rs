//! `/docs`: the API's documentation for a person, rendered from the OpenAPI document, with the reader's own base URL.
//!
//! One page, readable without JavaScript and without a network: everything is embedded.

mod examples;
mod operations;

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;

use operations::Section;

const STYLE: &str = include_str!("../../assets/docs/docs.css");
const SCRIPT: &str = include_str!("../../assets/docs/docs.js");

/// Nothing but this page's own style and script; no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One kind of error, as the page explains it.
#[derive(Debug, Clone)]
pub struct ErrorKind {
    /// The last part of the problem's type; the anchor on the page.
    pub slug: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The title.
    pub title: &'static str,
}

#[derive(Template)]
#[template(path = "docs/page.html")]
struct Page<'a> {
    base_url: &'a str,
    sections: Vec<Section>,
    errors: Vec<ErrorGroup<'a>>,
    error_example: String,
    rate_limit: u32,
}

struct ErrorGroup<'a> {
    kind: &'a ErrorKind,
    advice: &'static str,
}

/// What to do about an error.
fn advice(slug: &str) -> &'static str {
    match slug {
        "bad-request" => "Read errors: each names a field and says what to send instead. Nothing was stored.",
        "unauthorized" => {
            "Send a valid key in X-API-Key, once. A key in the URL is no key. Revoked and expired keys are refused at once."
        }
        "forbidden" => "The key lacks the scope: reading needs read, everything else needs write.",
        "not-found" => "There is no such path, or no such record of this key's agent.",
        "method-not-allowed" => "Allow lists the methods that the path has.",
        "request-timeout" => "The headers must arrive within 10 seconds and the whole request within 30.",
        "precondition-failed" => {
            "The record has changed since the ETag in If-Match. Read it again and repeat the change."
        }
        "content-too-large" => "A body has at most 256 KiB.",
        "uri-too-long" => "A URL has at most 8 KiB. Long filters belong in several requests.",
        "idempotency-key-reused" => {
            "An Idempotency-Key belongs to one body for 24 hours. Use a new key for a new request."
        }
        "quota-exceeded" => "Wait as many seconds as Retry-After says. RateLimit on every answer tells what is left.",
        "headers-too-large" => "The headers have at most 16 KiB together.",
        "unavailable" => "Nothing was stored. Try again after Retry-After.",
        "outcome-unknown" => {
            "The server lost sight of the commit. Repeat with the same Idempotency-Key: it makes no second record."
        }
        _ => "A fault on the server's side. Its log has the cause under the request id in instance.",
    }
}

/// The documentation as routes: the page, its style and its script.
///
/// # Panics
/// Never for a document of the API's own making.
pub fn router<S>(document: &Value, errors: &[ErrorKind], base_url: &str, rate_limit: u32) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let page = Page {
        base_url,
        sections: operations::sections(document, base_url),
        errors: errors.iter().map(|kind| ErrorGroup { kind, advice: advice(kind.slug) }).collect(),
        error_example: examples::pretty(&examples::of_schema(document, &document["components"]["schemas"]["Problem"])),
        rate_limit,
    };
    let page = Bytes::from(page.render().expect("the template renders into memory"));
    let serve_page = move || std::future::ready(answer("text/html; charset=utf-8", page.clone()));
    let serve_style = || std::future::ready(answer("text/css; charset=utf-8", Bytes::from_static(STYLE.as_bytes())));
    let serve_script =
        || std::future::ready(answer("text/javascript; charset=utf-8", Bytes::from_static(SCRIPT.as_bytes())));
    #[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
    Router::new()
        .route("/docs", get(serve_page))
        .route("/docs/docs.css", get(serve_style))
        .route("/docs/docs.js", get(serve_script))
}

fn answer(media_type: &'static str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    (headers, body).into_response()
}
