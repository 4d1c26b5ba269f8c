//! The code after the password, of whoever has chosen to be asked for one.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    tokens::Token,
    two_step::{self, Refusal as Denied},
};
use http::{HeaderMap, StatusCode, header};

use crate::{
    Site,
    assets::{self, Assets},
    cookies::{self, Held},
    fields::Fields,
    pages::{Refusal, ok, page, see_other},
    seen::From,
    sign_in::{HOME, begin, end_held, local, too_often},
};

const PATH: &str = "/login/code";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(enter))
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct Code {
    assets: &'static Assets,
    next: String,
    error: Option<String>,
}

/// Sends whoever has given the password to the page of the code.
pub(crate) fn ask(site: &Site, token: &Token, next: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let mut response = see_other(&if next.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") });
    response.headers_mut().insert(header::SET_COOKIE, cookies::set(site, Held::Pending, token));
    response
}

async fn show(
    State(site): State<Site>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let next = asked.get("next").map_or("", |next| local(next)).to_owned();
    let is_pending = match cookies::find(&site, &headers, Held::Pending) {
        Some(token) => two_step::is_pending(&site.crm, &token).await?,
        None => false,
    };
    if !is_pending {
        return Ok(see_other("/login"));
    }
    Ok(ok(&Code { assets: assets::get(), next, error: None }))
}

async fn enter(
    State(site): State<Site>,
    From(visitor): From,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Some(token) = cookies::find(&site, &headers, Held::Pending) else { return Ok(see_other("/login")) };
    let next = local(fields.get("next")).to_owned();
    let (status, error) = match two_step::enter(&site.crm, &token, fields.get("code"), visitor).await {
        Ok(session) => {
            end_held(&site, &headers).await;
            let mut response = begin(&site, &session, if next.is_empty() { HOME } else { &next });
            response.headers_mut().append(header::SET_COOKIE, cookies::clear(&site, Held::Pending));
            return Ok(response);
        }
        Err(Denied::Failed(Error::NotFound)) => return Ok(see_other("/login")),
        Err(Denied::Failed(error)) => return Err(error.into()),
        Err(denied) => explain(&denied),
    };
    Ok(page(status, &Code { assets: assets::get(), next, error: Some(error) }))
}

/// What is said to whoever gives no right code.
pub(crate) fn explain(denied: &Denied) -> (StatusCode, String) {
    match denied {
        Denied::Wait(rest) => (StatusCode::TOO_MANY_REQUESTS, too_often(*rest)),
        Denied::OnlyRecovery => (
            StatusCode::TOO_MANY_REQUESTS,
            String::from(
                "Too many wrong codes were given within a day, so only a recovery code is taken. If they were not yours, somebody knows your password: change it.",
            ),
        ),
        _ => (
            StatusCode::UNPROCESSABLE_ENTITY,
            String::from(
                "That is not the code of this moment. Each is taken once: wait for the next, and see that your phone’s clock is right.",
            ),
        ),
    }
}
