//! When a listing is open to whoever comes: typed and shown in the agent's time zone.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::post,
};
use crm::{
    Error,
    ids::{ListingId, OpenHouseId},
    open_houses,
};
use http::StatusCode;

use super::{
    listing::{self, TypedVisit, path},
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, page, see_other},
    signed_in::SignedIn,
    times::Times,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/listings/{id}/open-houses", post(create))
        .route("/dashboard/listings/{id}/open-houses/{open}/delete", post(delete))
}

async fn create(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let [day, starts, ends, notes] = ["day", "starts", "ends", "notes"].map(|name| fields.get(name).to_owned());
    let times = Times::of(&session.time_zone);
    let made = match (times.at(&day, &starts), times.at(&day, &ends)) {
        (Some(from), Some(to)) => open_houses::create(&site.crm, session.agent, id, from, to, &notes).await,
        _ => Err(Error::invalid("ends", "needs a day, and the times at which it begins and ends")),
    };
    match made {
        Ok(_) => Ok(see_other(&format!("{}?done=open-house-added#open", path(id)))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let mut shown = listing::Shown::read(&site, &session, Shell::new(&session, Place::Listings), id).await?;
            (shown.wrong, shown.typed) = (wrong, TypedVisit { day, starts, ends, notes });
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((id, open)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (Ok(id), Ok(open)) = (id.parse::<ListingId>(), open.parse::<OpenHouseId>()) else {
        return Ok(pages::not_found());
    };
    open_houses::delete(&site.crm, session.agent, id, open).await?;
    Ok(see_other(&format!("{}?done=open-house-deleted#open", path(id))))
}
