//! Tags: put on and taken off on a person's page.

use axum::{Router, extract::State, response::Response, routing::post};
use crm::{
    Error,
    ids::{ClientId, LeadId},
    notes::About,
    sessions::Session,
    tags,
};

use super::{client, lead};
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
        .route("/dashboard/leads/{id}/tags", post(change_lead))
        .route("/dashboard/clients/{id}/tags", post(change_client))
}

/// The tags of a person, and those to choose from.
pub(super) struct Tags {
    pub held: Vec<String>,
    pub known: Vec<String>,
}

impl Tags {
    /// Of a lead or a client.
    pub async fn read(site: &Site, session: &Session, about: About) -> Result<Self, Error> {
        let held = tags::list(&site.crm, session.agent, about).await?;
        let known = match about {
            About::Lead(_) => tags::of_leads(&site.crm, session.agent).await?,
            About::Client(_) => tags::of_clients(&site.crm, session.agent).await?,
        };
        Ok(Self { held, known })
    }
}

async fn change_lead(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    change(&site, &session, About::Lead(id), &lead::path(id), &fields).await
}

async fn change_client(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ClientId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    change(&site, &session, About::Client(id), &client::path(id), &fields).await
}

/// One tag off, else one on.
async fn change(
    site: &Site,
    session: &Session,
    about: About,
    page: &str,
    fields: &Fields,
) -> Result<Response, Refusal> {
    match fields.get("off") {
        "" => drop(tags::add(&site.crm, session.agent, vec![about], fields.get("tag")).await?),
        off => tags::remove(&site.crm, session.agent, vec![about], off).await?,
    }
    Ok(see_other(page))
}
