//! Links by mail that confirm something: a new address, a sign-up. Looking at one does nothing (mail scanners do); its form does.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use crm::{Error, accounts, tokens::Token};
use http::StatusCode;

use crate::{
    SignUp, Site,
    assets::{self, Assets},
    pages::{Refusal, ok, page},
    seen::From,
    sign_in::{HOME, begin},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/confirm-address/{token}", get(show_address).post(confirm_address))
        .route("/signup/{token}", get(show_sign_up).post(confirm_sign_up))
}

/// What a page behind a link says.
#[derive(Template)]
#[template(path = "sign_in/confirmation.html")]
struct Confirmation {
    assets: &'static Assets,
    title: &'static str,
    text: String,
    /// The button that confirms; none when there is nothing left to do.
    button: Option<&'static str>,
}

impl Confirmation {
    fn new(title: &'static str, text: String, button: Option<&'static str>) -> Self {
        Self { assets: assets::get(), title, text, button }
    }

    /// The link was used, has ended or never was.
    fn ended() -> Response {
        let text = String::from("A link holds for an hour and for one use. Ask for a new one.");
        page(StatusCode::NOT_FOUND, &Self::new("This link has ended", text, None))
    }

    /// The address has an account by now.
    fn taken() -> Response {
        let text = String::from("There is an account with this e-mail address already. Sign in with it.");
        page(StatusCode::CONFLICT, &Self::new("This address has an account", text, None))
    }
}

async fn show_address(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Confirmation::ended()) };
    match accounts::find_address_link(&site.crm, &token).await {
        Ok(link) => {
            let text = format!("The account of {} is to sign in with {} from now on.", link.old, link.new);
            Ok(ok(&Confirmation::new("Confirm your new address", text, Some("Confirm the new address"))))
        }
        Err(Error::NotFound) => Ok(Confirmation::ended()),
        Err(error) => Err(error.into()),
    }
}

async fn confirm_address(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Confirmation::ended()) };
    match accounts::follow_address_link(&site.crm, &token).await {
        Ok(()) => {
            let text = String::from("From now on you sign in with it. The old address was told.");
            Ok(ok(&Confirmation::new("Your address is changed", text, None)))
        }
        Err(Error::NotFound) => Ok(Confirmation::ended()),
        Err(Error::Invalid(_)) => Ok(Confirmation::taken()),
        Err(error) => Err(error.into()),
    }
}

async fn show_sign_up(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let Some(token) = token_of(&site, &token) else { return Ok(Confirmation::ended()) };
    match accounts::find_sign_up(&site.crm, &token).await {
        Ok(email) => {
            let text = format!("One step is left for {email}.");
            Ok(ok(&Confirmation::new("Finish signing up", text, Some("Finish and sign in"))))
        }
        Err(Error::NotFound) => Ok(Confirmation::ended()),
        Err(error) => Err(error.into()),
    }
}

async fn confirm_sign_up(
    State(site): State<Site>,
    Path(token): Path<String>,
    From(visitor): From,
) -> Result<Response, Refusal> {
    let Some(token) = token_of(&site, &token) else { return Ok(Confirmation::ended()) };
    match accounts::follow_sign_up(&site.crm, &token, visitor).await {
        Ok(session) => Ok(begin(&site, &session, HOME)),
        Err(Error::NotFound) => Ok(Confirmation::ended()),
        Err(Error::Invalid(_)) => Ok(Confirmation::taken()),
        Err(error) => Err(error.into()),
    }
}

/// A sign-up's token, while anybody may sign up.
fn token_of(site: &Site, text: &str) -> Option<Token> {
    Token::parse(text).filter(|_| site.sign_up == SignUp::Open)
}
