//! The agent's own colour, as a stylesheet of its own: pages hold no style, and a browser keeps it for good under its colour's name.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use crm::brand::{Color, Palette, Shades};
use http::header;

use crate::{Site, pages};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/dashboard/brand/{file}", get(show))
}

/// Where a colour's stylesheet is.
pub(crate) fn path(color: Color) -> String {
    format!("/dashboard/brand/{color}.css")
}

async fn show(Path(file): Path<String>) -> Response {
    let color = file.strip_suffix(".css").and_then(|name| Color::parse(name).ok());
    let Some(color) = color.filter(|color| format!("{color}.css") == file) else { return pages::not_found() };
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, sheet(color)).into_response()
}

fn sheet(color: Color) -> String {
    let Palette { light, dark } = Palette::of(color);
    let pick = |shade: fn(Shades) -> Color| format!("light-dark(#{}, #{})", shade(light), shade(dark));
    format!(
        ":root {{\n  --brand: {};\n  --brand-strong: {};\n  --on-brand: {};\n  --brand-wash: {};\n}}\n",
        pick(|shades| shades.brand),
        pick(|shades| shades.strong),
        pick(|shades| shades.on_brand),
        pick(|shades| shades.wash),
    )
}
