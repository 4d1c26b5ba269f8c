//! Saved views of the list of leads.

use axum::{Router, extract::State, response::Response, routing::post};
use crm::{ids::ViewId, saved_views};

use super::{
    leads::PATH,
    lists::{Asked, LEADS},
};
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{Refusal, see_other},
    signed_in::SignedIn,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/leads/views", post(create))
        .route("/dashboard/leads/views/{id}/delete", post(delete))
}

/// Saves what the list shows. Only what a list can be narrowed by is kept of the address.
async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let query = form_urlencoded::parse(fields.get("query").as_bytes()).into_owned().collect();
    let here = Asked::read(&LEADS, &query).link(None);
    let query = here.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    saved_views::create(&site.crm, session.agent, fields.get("name"), &query).await?;
    let joint = if here.contains('?') { '&' } else { '?' };
    Ok(see_other(&format!("{here}{joint}done=view-saved")))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ViewId>,
) -> Result<Response, Refusal> {
    saved_views::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=view-deleted")))
}
