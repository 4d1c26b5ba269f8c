//! A forgotten password: a link by mail, without telling who has an account.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use crm::accounts;
use http::StatusCode;

use crate::{
    Site,
    assets::{self, Assets},
    fields::Fields,
    pages::{ok, page},
    seen::From,
    sign_in::too_often,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/forgot", get(show).post(ask))
}

#[derive(Template)]
#[template(path = "sign_in/forgot.html")]
struct Forgot {
    assets: &'static Assets,
    sends_mail: bool,
    /// The address that was asked for; `None` before.
    asked: Option<String>,
    error: Option<String>,
}

async fn show(State(site): State<Site>) -> Response {
    let sends_mail = site.crm.sends_mail();
    ok(&Forgot { assets: assets::get(), sends_mail, asked: None, error: None })
}

async fn ask(State(site): State<Site>, From(visitor): From, fields: Fields) -> Response {
    let (assets, sends_mail) = (assets::get(), site.crm.sends_mail());
    let email = fields.get("email").trim();
    match accounts::ask_for_link(&site.crm, email, visitor.address) {
        Ok(()) => ok(&Forgot { assets, sends_mail, asked: Some(email.to_owned()), error: None }),
        Err(rest) => {
            let error = Some(too_often(rest));
            page(StatusCode::TOO_MANY_REQUESTS, &Forgot { assets, sends_mail, asked: None, error })
        }
    }
}
