//! Signing up as an agent, where the operator lets people.

use std::net::IpAddr;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use crm::{
    Error,
    accounts::{self, Refusal as Denied, SignUp as Typed},
};
use http::{HeaderMap, StatusCode, header};
use jiff::tz::TimeZone;

use crate::{
    Site,
    assets::{self, Assets},
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page},
    seen::From,
    sign_in::{HOME, begin, too_often},
    state::SignUp,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/signup", get(show).post(sign_up))
}

#[derive(Template)]
#[template(path = "sign_in/signup.html")]
struct Form {
    assets: &'static Assets,
    is_open: bool,
    asks_code: bool,
    /// Whether a mail is on its way: nothing else is told.
    is_mailed: bool,
    name: String,
    email: String,
    wrong: Wrong,
}

impl Form {
    fn closed() -> Response {
        let form = Self {
            assets: assets::get(),
            is_open: false,
            asks_code: false,
            is_mailed: false,
            name: String::new(),
            email: String::new(),
            wrong: Wrong::default(),
        };
        page(StatusCode::NOT_FOUND, &form)
    }
}

/// Whether somebody may sign up now.
pub(crate) async fn is_open(site: &Site) -> Result<bool, Error> {
    match site.sign_up {
        SignUp::Open => Ok(true),
        SignUp::Closed => Ok(false),
        SignUp::First => accounts::is_unclaimed(&site.crm).await,
    }
}

async fn show(State(site): State<Site>) -> Result<Response, Refusal> {
    if !is_open(&site).await? {
        return Ok(Form::closed());
    }
    let (name, email) = (String::new(), String::new());
    let asks_code = site.set_up_code.is_some();
    Ok(ok(&Form {
        assets: assets::get(),
        is_open: true,
        asks_code,
        is_mailed: false,
        name,
        email,
        wrong: Wrong::default(),
    }))
}

async fn sign_up(
    State(site): State<Site>,
    From(visitor): From,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Refusal> {
    let only_first = match site.sign_up {
        SignUp::Open => false,
        SignUp::First => true,
        SignUp::Closed => return Ok(Form::closed()),
    };
    let [name, email, password] = ["name", "email", "password"].map(|field| fields.get(field).to_owned());
    // What the browser says of itself, where it is a zone.
    let zone = Some(fields.get("timeZone")).filter(|zone| !zone.is_empty() && TimeZone::get(zone).is_ok());
    let time_zone = zone.unwrap_or(&site.time_zone).to_owned();
    if site.sign_up == SignUp::Open && site.crm.sends_mail() {
        let typed = Typed { name, email, password, time_zone };
        return ask_by_mail(&site, typed, &headers, visitor.address).await;
    }
    let made = match &site.set_up_code {
        Some(code) if only_first && fields.get("code").trim() != &**code => {
            Err(Error::invalid("code", "is not the one that the server printed in its log at this start"))
        }
        _ => {
            let typed = Typed { name: name.clone(), email: email.clone(), password, time_zone };
            accounts::sign_up(&site.crm, typed, only_first, visitor).await
        }
    };
    match made {
        Ok(token) => Ok(begin(&site, &token, HOME)),
        Err(Error::NotFound) => Ok(Form::closed()),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let asks_code = site.set_up_code.is_some();
            let form = Form { assets: assets::get(), is_open: true, asks_code, is_mailed: false, name, email, wrong };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

/// Where anybody may sign up and mail goes out: what is so stands in a mail, and the answer is the same for every address.
async fn ask_by_mail(site: &Site, typed: Typed, headers: &HeaderMap, from: IpAddr) -> Result<Response, Refusal> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (name, email) = (typed.name.clone(), typed.email.trim().to_owned());
    let asked = accounts::ask_to_sign_up(&site.crm, typed, mail::nearest(accepted), from).await;
    let (status, is_mailed, error) = match asked {
        Ok(()) => (StatusCode::OK, true, None),
        Err(Denied::Wait(rest)) => {
            (StatusCode::TOO_MANY_REQUESTS, false, Some(Error::invalid("email", too_often(rest))))
        }
        Err(Denied::Wrong) => return Err(Error::Internal.into()),
        Err(Denied::Failed(error)) => (StatusCode::UNPROCESSABLE_ENTITY, false, Some(error)),
    };
    let wrong = error.map(Wrong::of).transpose()?.unwrap_or_default();
    let form = Form { assets: assets::get(), is_open: true, asks_code: false, is_mailed, name, email, wrong };
    Ok(page(status, &form))
}
