//! Settings → Account: the password, and where one is signed in.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    accounts::{self, Refusal as Denied},
    ids::SessionId,
    sessions::{self, Seat, Session},
    two_step::{self, Status},
};
use http::StatusCode;

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    seen::From,
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/settings/account";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/settings/account/password", post(change_password))
        .route("/dashboard/settings/account/sessions/{id}/end", post(end))
}

/// A browser that is signed in.
struct Row {
    id: SessionId,
    browser: String,
    address: String,
    began: Time,
    used: Time,
    is_this: bool,
}

impl Row {
    fn of(seat: Seat, session: &Session, times: &Times) -> Self {
        Self {
            id: seat.id,
            browser: seat.user_agent.as_deref().map_or_else(|| String::from("A browser"), browser),
            address: seat.address.unwrap_or_default(),
            began: times.show(seat.id.created_at()),
            used: times.show(seat.used_at),
            is_this: seat.id == session.id,
        }
    }
}

/// A browser and its system in two words, of what it calls itself.
pub(super) fn browser(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // The order matters: each of the first calls itself by the names of those after it too.
    let name =
        find(&[("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ => user_agent.chars().take(40).collect(),
    }
}

#[derive(Template)]
#[template(path = "dashboard/account.html")]
pub(super) struct Account {
    shell: Shell,
    rows: Vec<Row>,
    two_step: Status,
    wrong: Wrong,
    sends_mail: bool,
    /// The new address as it was typed.
    new_address: String,
}

impl Account {
    pub(super) async fn read(site: &Site, session: &Session, shell: Shell, wrong: Wrong) -> Result<Self, Refusal> {
        let times = Times::of(&session.time_zone);
        let seats = sessions::list(&site.crm, session.agent, session.account).await?;
        let rows = seats.into_iter().map(|seat| Row::of(seat, session, &times)).collect();
        let two_step = two_step::status(&site.crm, session.agent, session.account).await?;
        let (sends_mail, new_address) = (site.crm.sends_mail(), String::new());
        Ok(Self { shell, rows, two_step, wrong, sends_mail, new_address })
    }

    /// The same with this new address typed.
    pub(super) fn with_address(mut self, address: &str) -> Self {
        address.clone_into(&mut self.new_address);
        self
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Account::read(&site, &session, shell, Wrong::default()).await?))
}

async fn change_password(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let [old, new] = ["password", "newPassword"].map(|field| fields.get(field).to_owned());
    let (status, error) = match accounts::change_password(&site.crm, &session, old, new, visitor.address).await {
        Ok(()) => return Ok(see_other(&format!("{PATH}?done=password-changed"))),
        Err(Denied::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, Error::invalid("old", "this is not your password")),
        Err(Denied::Wait(rest)) => {
            let text = format!("that was tried too often: try again in {} seconds", rest.as_secs() + 1);
            (StatusCode::TOO_MANY_REQUESTS, Error::invalid("old", text))
        }
        Err(Denied::Failed(error)) => (StatusCode::UNPROCESSABLE_ENTITY, error),
    };
    let wrong = Wrong::of(error)?;
    let shell = Shell::new(&session, Place::Account);
    Ok(page(status, &Account::read(&site, &session, shell, wrong).await?))
}

async fn end(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<SessionId>,
) -> Result<Response, Refusal> {
    sessions::end(&site.crm, session.agent, session.account, id).await?;
    Ok(see_other(&format!("{PATH}?done=session-ended")))
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_told_in_two_words() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Windows");
        assert_eq!(browser(&format!("{chrome} Edg/140.0")), "Edge on Windows");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Safari/604.1";
        assert_eq!(browser(safari), "Safari on iPhone");
        assert_eq!(browser("curl/8.0"), "curl/8.0");
    }
}
