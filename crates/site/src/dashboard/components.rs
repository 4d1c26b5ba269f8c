//! All components on one page: what there is to build a page of, and how it looks in both schemes.

use askama::Template;
use axum::{Router, response::Response, routing::get};
use crm::Error;

use super::shell::{Notice, Place, Shell};
use crate::{
    Site,
    forms::Wrong,
    pages::{Refusal, ok},
    signed_in::SignedIn,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/dashboard/components", get(show))
}

/// Every icon of `icons.svg`.
const ICONS: &str = include_str!("../../assets/app/icons.svg");

#[derive(Template)]
#[template(path = "dashboard/components.html")]
struct Components {
    shell: Shell,
    icons: Vec<&'static str>,
    colors: &'static [&'static str],
    wrong: Wrong,
}

const COLORS: [&str; 10] =
    ["brand", "brand-strong", "brand-wash", "page", "paper", "raised", "ink", "muted", "good-wash", "bad-wash"];

async fn show(SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    let mut shell = Shell::new(&session, Place::Account);
    shell.notice = Some(Notice { text: String::from("This is how something just done is told."), undo: None });
    let icons = ICONS.split("<symbol id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let wrong = Wrong::of(Error::invalid("sample", "must be an address such as jane@example.com"))?;
    Ok(ok(&Components { shell, icons, colors: &COLORS, wrong }))
}
