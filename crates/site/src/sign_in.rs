//! Signing in and out, the first agent's sign-up, and links to a new password.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    accounts::{self, Entry, Refusal as Denied, SignIn},
    sessions,
    tokens::Token,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    Site,
    assets::{self, Assets},
    cookies::{self, Held},
    fields::Fields,
    pages::{Refusal, ok, page, see_other},
    seen::From,
    sign_in_codes, sign_up,
    signed_in::SignedIn,
};

pub(crate) const HOME: &str = "/dashboard";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(enter))
        .route("/favicon.ico", get(icon))
        .route("/login", get(show).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/reset/{token}", get(show_link).post(follow_link))
}

/// Whoever types the address alone means the dashboard.
async fn enter() -> Response {
    see_other(HOME)
}

/// Browsers ask for it whatever the page says.
async fn icon() -> Response {
    see_other(&assets::get().icon)
}

#[derive(Template)]
#[template(path = "sign_in/login.html")]
struct Login {
    assets: &'static Assets,
    email: String,
    next: String,
    error: Option<String>,
    can_sign_up: bool,
}

/// A page of ours to go on with, never one of another host.
pub(crate) fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next } else { "" }
}

/// The query of the sign-in page.
type Asked = Query<std::collections::HashMap<String, String>>;

async fn show(State(site): State<Site>, Query(asked): Asked, headers: HeaderMap) -> Result<Response, Refusal> {
    let next = asked.get("next").map_or("", |next| local(next)).to_owned();
    if let Some(token) = cookies::token(&site, &headers)
        && sessions::find(&site.crm, &token).await?.is_some()
    {
        return Ok(see_other(if next.is_empty() { HOME } else { &next }));
    }
    let can_sign_up = sign_up::is_open(&site).await?;
    Ok(ok(&Login { assets: assets::get(), email: String::new(), next, error: None, can_sign_up }))
}

async fn sign_in(State(site): State<Site>, From(visitor): From, headers: HeaderMap, fields: Fields) -> Response {
    let typed = SignIn { email: fields.get("email").to_owned(), password: fields.get("password").to_owned() };
    let email = typed.email.clone();
    let next = local(fields.get("next")).to_owned();
    let (status, error) = match accounts::sign_in(&site.crm, typed, visitor).await {
        Ok(entry) => {
            end_held(&site, &headers).await;
            return go_on(&site, &entry, &next);
        }
        Err(Denied::Wrong) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            String::from("No account has this e-mail address and password. Check both, capital letters too."),
        ),
        Err(Denied::Wait(rest)) => (StatusCode::TOO_MANY_REQUESTS, too_often(rest)),
        Err(Denied::Failed(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, String::from("Too many people sign in at once. Try again in a moment."))
        }
    };
    page(status, &Login { assets: assets::get(), email, next, error: Some(error), can_sign_up: false })
}

/// What is said to whoever must wait.
pub(crate) fn too_often(rest: std::time::Duration) -> String {
    match rest.as_secs() + 1 {
        1 => String::from("That was tried too often. Try again in a second."),
        seconds => format!("That was tried too often. Try again in {seconds} seconds."),
    }
}

/// Ends the session that the browser came with: a cookie from before is never signed in.
pub(crate) async fn end_held(site: &Site, headers: &HeaderMap) {
    let Some(token) = cookies::token(site, headers) else { return };
    if let Ok(Some(session)) = sessions::find(&site.crm, &token).await {
        let _ = sessions::end(&site.crm, session.agent, session.account, session.id).await;
    }
}

/// Goes on with who has given the right password: into the dashboard, or to the code.
fn go_on(site: &Site, entry: &Entry, next: &str) -> Response {
    match entry {
        Entry::In(token) => begin(site, token, if next.is_empty() { HOME } else { next }),
        Entry::Code(token) => sign_in_codes::ask(site, token, next),
    }
}

/// Goes on as who has just signed in.
pub(crate) fn begin(site: &Site, token: &Token, path: &str) -> Response {
    let mut response = see_other(path);
    response.headers_mut().insert(header::SET_COOKIE, cookies::set(site, Held::Session, token));
    response
}

async fn sign_out(
    State(site): State<Site>,
    signed_in: Result<SignedIn, Refusal>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let signed_in = match signed_in {
        Err(Refusal::Leaving(session)) => Ok(SignedIn(*session)),
        other => other,
    };
    match signed_in {
        Ok(SignedIn(session)) if fields.get("everywhere").is_empty() => {
            sessions::end(&site.crm, session.agent, session.account, session.id).await?;
        }
        Ok(SignedIn(session)) => sessions::end_all(&site.crm, session.agent, session.account).await?,
        // Who is signed out already wants nothing else.
        Err(Refusal::SignIn(_)) => {}
        Err(refusal) => return Err(refusal),
    }
    let mut response = see_other("/login");
    response.headers_mut().insert(header::SET_COOKIE, cookies::clear(&site, Held::Session));
    // Nothing of what was shown stays behind in a shared browser.
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", clear);
    Ok(response)
}

#[derive(Template)]
#[template(path = "sign_in/reset.html")]
struct Reset {
    assets: &'static Assets,
    email: Option<String>,
    error: Option<String>,
}

impl Reset {
    /// The link was used, has ended or never was.
    fn ended() -> Response {
        page(StatusCode::NOT_FOUND, &Self { assets: assets::get(), email: None, error: None })
    }
}

async fn show_link(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Reset::ended()) };
    match accounts::find_link(&site.crm, &token).await {
        Ok(link) => Ok(ok(&Reset { assets: assets::get(), email: Some(link.email), error: None })),
        Err(Error::NotFound) => Ok(Reset::ended()),
        Err(error) => Err(error.into()),
    }
}

async fn follow_link(
    State(site): State<Site>,
    Path(token): Path<String>,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Reset::ended()) };
    let password = fields.get("password").to_owned();
    match accounts::follow_link(&site.crm, &token, password, visitor).await {
        Ok(entry) => Ok(go_on(&site, &entry, "")),
        Err(Error::NotFound) => Ok(Reset::ended()),
        Err(Error::Invalid(errors)) => {
            let email = accounts::find_link(&site.crm, &token).await?.email;
            let error = errors.first().map(|error| format!("The password {}.", error.message));
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &Reset { assets: assets::get(), email: Some(email), error }))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_pages_of_ours_come_next() {
        for (next, kept) in [
            ("/dashboard/leads?q=a%20b", "/dashboard/leads?q=a%20b"),
            ("//evil.example", ""),
            ("/\\evil.example", ""),
            ("https://evil.example", ""),
            ("/\t/evil.example", ""),
            ("javascript:alert(1)", ""),
            ("", ""),
        ] {
            assert_eq!(local(next), kept, "{next}");
        }
    }
}
