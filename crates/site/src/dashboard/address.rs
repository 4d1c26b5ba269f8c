//! Settings → Account: the address to sign in with.

use axum::{Router, extract::State, response::Response, routing::post};
use crm::{
    Error,
    accounts::{self, Asked, Refusal as Denied},
};
use http::StatusCode;

use super::{
    account::{Account, PATH},
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, page, see_other},
    seen::From,
    signed_in::SignedIn,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/dashboard/settings/account/address", post(change))
}

async fn change(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (email, password) = (fields.get("email").trim(), fields.get("password").to_owned());
    let asked = accounts::ask_for_address(&site.crm, &session, password, email, visitor.address).await;
    let (status, error) = match asked {
        Ok(Asked::Mailed) => return Ok(see_other(&format!("{PATH}?done=address-asked"))),
        Ok(Asked::Changed) => return Ok(see_other(&format!("{PATH}?done=address-changed"))),
        Err(Denied::Wrong) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Error::invalid("confirm", "this is not your password"))
        }
        Err(Denied::Wait(rest)) => {
            let text = format!("that was tried too often: try again in {} seconds", rest.as_secs() + 1);
            (StatusCode::TOO_MANY_REQUESTS, Error::invalid("confirm", text))
        }
        Err(Denied::Failed(error)) => (StatusCode::UNPROCESSABLE_ENTITY, error),
    };
    let wrong = Wrong::of(error)?;
    let shell = Shell::new(&session, Place::Account);
    let account = Account::read(&site, &session, shell, wrong).await?;
    Ok(page(status, &account.with_address(email)))
}
