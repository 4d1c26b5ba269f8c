//! HTML: what people look at. The API's documentation, signing in, the dashboard, and the agents' public websites.
//!
//! A request passes `guard` (security headers, cross-site posts), a page that needs it asks for `SignedIn`; a handler named after
//! its noun reads the form, calls the use case of the same noun in `crm` and renders a template. Everything works as plain HTML;
//! scripts only make it quicker.

mod assets;
mod calendar_feeds;
mod confirmations;
mod cookies;
mod dashboard;
pub mod docs;
mod fields;
mod forgotten;
mod forms;
mod guard;
mod id_in_path;
mod inbound;
mod manifests;
mod own_domain;
mod pages;
mod prose;
mod public;
mod seen;
mod served;
mod showing_letters;
mod showing_links;
mod sign_in;
mod sign_in_codes;
mod sign_up;
mod signed_in;
mod state;
mod times;
mod uploads;
mod workers;

pub use own_domain::OwnDomain;
pub use seen::Seen;
pub use state::{SignUp, Site};

use axum::{Router, body::Bytes, response::Response};
use futures_util::FutureExt;
use http::{HeaderMap, Method, Uri, header};

/// Every page but the documentation.
pub fn router(site: &Site) -> Router {
    let pages = Router::new()
        .merge(sign_in::routes())
        .merge(manifests::routes())
        .merge(workers::routes())
        .merge(sign_in_codes::routes())
        .merge(sign_up::routes())
        .merge(forgotten::routes())
        .merge(confirmations::routes())
        .merge(showing_links::routes())
        .merge(calendar_feeds::routes())
        .merge(dashboard::routes())
        .merge(public::routes())
        .with_state(site.clone());
    let forms = guard::open(public::forms().with_state(site.clone()), site);
    // Mail services post without a cookie, from wherever they are.
    let inbound = inbound::routes().with_state(site.clone());
    guard::around(pages, site).merge(forms).merge(assets::routes()).merge(inbound)
}

/// The bytes that the body of a request may have where that is more than a form's.
#[must_use]
pub fn body_bytes(method: &str, path: &str) -> Option<u64> {
    dashboard::body_bytes(method, path).or_else(|| inbound::body_bytes(method, path))
}

/// The page for what was sent and is more than the server takes: an upload that is too large.
pub fn too_large(site: &Site) -> http::Response<Bytes> {
    let (parts, body) = guard::dressed(pages::too_large(), site.is_secure()).into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).now_or_never();
    http::Response::from_parts(parts, whole.and_then(Result::ok).unwrap_or_default())
}

/// What a browser is answered where there is no page: a page that says so, or the way to the one that was meant. `None` for whoever
/// does not ask for a page.
pub fn lost(site: &Site, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = uri.path().trim_end_matches('/');
    // Only ever a path of ours: what begins with two slashes is somebody's host.
    let is_slashed = path.len() < uri.path().len() && path.starts_with('/') && !path.starts_with("//");
    // Search engines and scripts that read a website need not say that they take pages.
    let is_wanted = accepted.contains("text/html") || is_slashed && path.starts_with("/a/");
    if !matches!(*method, Method::GET | Method::HEAD) || !is_wanted {
        return None;
    }
    let answer = if is_slashed { pages::see_other(path) } else { pages::not_found() };
    Some(guard::dressed(answer, site.is_secure()))
}
