//! The manifest by which the dashboard is installed on a phone (W3C, Web Application Manifest).

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;
use serde_json::json;

use crate::{Site, assets};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/manifest.webmanifest", get(show))
}

/// The same for everybody: it is read without a session.
async fn show() -> Response {
    let assets = assets::get();
    let icon = |src: &str, sizes: &str, purpose: &str| json!({"src": src, "sizes": sizes, "type": "image/png", "purpose": purpose});
    let manifest = json!({
        "name": "OrganicAgent",
        "short_name": "OrganicAgent",
        "id": "/dashboard",
        "start_url": "/dashboard",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f7f5",
        "theme_color": "#1d6b45",
        "icons": [
            icon(&assets.icon_192, "192x192", "any"),
            icon(&assets.icon_512, "512x512", "any"),
            icon(&assets.icon_maskable, "512x512", "maskable"),
        ],
        "shortcuts": [
            {"name": "Add a lead", "url": "/dashboard/leads/new"},
            {"name": "Clients", "url": "/dashboard/clients/board"},
        ],
    });
    let headers =
        [(header::CONTENT_TYPE, "application/manifest+json"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, manifest.to_string()).into_response()
}
