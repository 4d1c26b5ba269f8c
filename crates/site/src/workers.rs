//! The service worker (W3C, Service Workers): what a browser runs when something is pushed to it.

use std::sync::OnceLock;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;

use crate::{Site, assets};

/// Its address stays the same: a browser looks there for a newer one, and what it may do is what stands below its address.
const PATH: &str = "/service-worker.js";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show))
}

/// The same for everybody: it is read without a session.
async fn show() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text =
        TEXT.get_or_init(|| include_str!("../assets/worker/worker.js").replace("%ICON%", &assets::get().icon_192));
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, text.as_str()).into_response()
}
