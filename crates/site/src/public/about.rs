//! Who the agent is.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use http::HeaderMap;

use super::{Frame, Place, Visited, answers, home::initials, ld};
use crate::{
    Site,
    pages::Refusal,
    prose::{self, Block},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/about", get(show))
}

#[derive(Template)]
#[template(path = "public/about.html")]
struct About {
    frame: Frame,
    title: String,
    intro: String,
    initials: String,
    blocks: Vec<Block>,
    areas: Vec<String>,
    spoken: String,
}

async fn show(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let (t, profile) = (visited.words, &visited.website.profile);
    let texts = visited.website.look.texts(t.tag);
    let title = t.say_with("about-title", &[("name", &profile.name)]);
    let intro = if texts.intro.is_empty() { t.say("home-intro") } else { texts.intro };
    let description = match &*texts.about {
        "" => t.say_with("about-description", &[("name", &profile.name)]),
        about => about.to_owned(),
    };
    let mut frame = Frame::new(&site, &visited, Some(Place::About), &title, &description);
    frame.title = title.clone();
    frame.tell(&[ld::agent(&site, &visited), ld::way(&site, &visited, &[(&title, "/about")])]);
    let about = About {
        frame,
        title,
        intro,
        initials: initials(&profile.name),
        blocks: prose::blocks(&texts.about),
        areas: profile.service_areas.clone(),
        spoken: profile.languages.join(", "),
    };
    Ok(answers::page(&visited, &headers, &about))
}
