//! A page as an answer, and what is answered where there is none.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use crm::sessions::Session;
use http::StatusCode;

use crate::assets::{self, Assets};

/// Renders a template.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page was not rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.").into_response()
        }
    }
}

/// A page with status 200.
pub(crate) fn ok(template: &impl Template) -> Response {
    page(StatusCode::OK, template)
}

/// Goes on with another page, which is fetched with GET. What is no address, as a forged field may have it, leads to the dashboard.
pub(crate) fn see_other(path: &str) -> Response {
    let is_address = path.bytes().all(|byte| byte.is_ascii_graphic());
    Redirect::to(if is_address { path } else { "/dashboard" }).into_response()
}

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody is signed in; the page to come back to, `None` for a form.
    SignIn(Option<String>),
    /// The agent is about to be erased: all there is for them is to take it back.
    Leaving(Box<Session>),
    /// The body is no form, or more than one takes.
    BadForm,
    /// The same of a form with a file.
    BadUpload,
    /// The use case did nothing.
    Failed(crm::Error),
}

impl From<crm::Error> for Refusal {
    fn from(error: crm::Error) -> Self {
        Self::Failed(error)
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    assets: &'static Assets,
    title: &'static str,
    text: String,
    retry: bool,
}

/// What says that an upload is more than the server takes.
pub(crate) fn too_large() -> Response {
    let text = "Nothing of it was kept. Go back, and choose a smaller file: a photo may have 15 MiB, a PDF 25 MiB, a spreadsheet 20 MiB; of many photos, send some after the others.";
    let (title, text) = ("That is too large", String::from(text));
    page(StatusCode::PAYLOAD_TOO_LARGE, &Message { assets: assets::get(), title, text, retry: false })
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        use crm::Error::*;
        let (status, title, text) = match self {
            Self::SignIn(None) => {
                let assets = assets::get();
                return page(StatusCode::UNAUTHORIZED, &SignedOut { assets });
            }
            Self::SignIn(Some(target)) => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", &target).finish();
                return see_other(&format!("/login?{query}"));
            }
            Self::Leaving(_) => return see_other("/dashboard/leaving"),
            Self::BadForm => (
                StatusCode::BAD_REQUEST,
                "That form could not be read",
                String::from("Go back, and send it again. A form takes at most 256 KiB of text."),
            ),
            Self::BadUpload => (
                StatusCode::BAD_REQUEST,
                "That file could not be read",
                String::from(
                    "Go back, and choose another, or send it again: on a poor connection it may have broken off.",
                ),
            ),
            Self::Failed(error) => match error {
                NotFound => return not_found(),
                Invalid(_) => (StatusCode::BAD_REQUEST, "That did not work", error.to_string()),
                PreconditionFailed | IdempotencyKeyReused => (
                    StatusCode::CONFLICT,
                    "Somebody else was quicker",
                    String::from("It has changed meanwhile. Go back, load the page again and repeat your change."),
                ),
                Unavailable => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Too much at once",
                    String::from("Nothing was stored. Try again in a moment."),
                ),
                OutcomeUnknown => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "It is not certain whether that was stored",
                    String::from("Look at the page before you try again."),
                ),
                Internal => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something broke",
                    String::from("It is our fault, and the log has it. Nothing of yours is lost; try again."),
                ),
            },
        };
        let retry = status.is_server_error();
        page(status, &Message { assets: assets::get(), title, text, retry })
    }
}

/// What is answered to a form of somebody who is signed out: what was typed is still in the browser.
#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    assets: &'static Assets,
}

/// There is nothing here.
pub(crate) fn not_found() -> Response {
    let text = String::from("It may have been moved or deleted, or the address has a typing error.");
    page(StatusCode::NOT_FOUND, &Message { assets: assets::get(), title: "There is no such page", text, retry: false })
}
