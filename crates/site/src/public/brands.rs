//! The agent's own colour, as a stylesheet of its own: pages hold no style, and a browser keeps it for good under its colour's name.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use crm::brand::{Color, Palette};
use http::header;

use super::visited::Visited;
use crate::{Site, pages};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/brand/{file}", get(show))
}

/// Where a colour's stylesheet is.
pub(super) fn path(visited: &Visited, color: Color) -> String {
    format!("{}/brand/{color}.css", visited.base())
}

async fn show(Path((_, file)): Path<(String, String)>) -> Response {
    let color = file.strip_suffix(".css").and_then(|name| Color::parse(name).ok());
    let Some(color) = color.filter(|color| format!("{color}.css") == file) else { return pages::not_found() };
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, sheet(color)).into_response()
}

/// The shades of light pages, and for what stands on dark ground the one that can be read there.
fn sheet(color: Color) -> String {
    let Palette { light, dark } = Palette::of(color);
    format!(
        ":root{{--brand:#{};--brand-strong:#{};--on-brand:#{};--brand-wash:#{};--brand-bright:#{}}}\n",
        light.brand, light.strong, light.on_brand, light.wash, dark.brand
    )
}
