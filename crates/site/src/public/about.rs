//! Who the agent is.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use http::HeaderMap;

use super::{Frame, Place, Visited, answers};
use crate::{Site, pages::Refusal};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/about", get(show))
}

#[derive(Template)]
#[template(path = "public/about.html")]
struct About {
    frame: Frame,
    areas: Vec<String>,
    spoken: Vec<String>,
}

async fn show(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let (t, profile) = (visited.words, &visited.website.profile);
    let title = t.say_with("about-title", &[("name", &profile.name)]);
    let description = t.say_with("about-description", &[("name", &profile.name)]);
    let frame = Frame::new(&site, &visited, Some(Place::About), &title, &description);
    let (areas, spoken) = (profile.service_areas.clone(), profile.languages.clone());
    Ok(answers::page(&visited, &headers, &About { frame, areas, spoken }))
}
