//! The picture of a website where it is passed on and has no photo.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use crm::{brand::Color, share_cards};
use http::header;

use super::Visited;
use crate::{
    Site,
    pages::{self, Refusal},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/card/{file}", get(show))
}

/// Where the card of a colour is.
pub(super) fn path(visited: &Visited, color: Color) -> String {
    format!("{}/card/{color}.jpg", visited.base())
}

async fn show(visited: Visited, Path((_, file)): Path<(String, String)>) -> Result<Response, Refusal> {
    let color = file.strip_suffix(".jpg").and_then(|name| Color::parse(name).ok());
    // Only the agent's own: another would be drawn for nothing.
    let held = visited.website.profile.brand.as_deref().and_then(|brand| Color::parse(brand).ok());
    let Some(color) = color.filter(|color| *color == held.unwrap_or(super::frame::USUAL_COLOR)) else {
        return Ok(pages::not_found());
    };
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "public, max-age=2592000")];
    Ok((headers, share_cards::draw(color)?).into_response())
}
