//! The documents of a listing.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    AgentId, Crm, Error,
    ids::{DocumentId, ListingId},
    listing_documents::{self, Arrival},
};
use http::{HeaderMap, StatusCode};

use super::{
    listing::{self, path},
    shell::{Place, Shell},
};
use crate::{
    Site,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, page, see_other},
    served,
    signed_in::SignedIn,
    uploads,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        // The use case counts the bytes.
        .route("/dashboard/listings/{id}/documents", post(upload).layer(DefaultBodyLimit::disable()))
        .route("/dashboard/listings/{id}/documents/{document}", get(show))
        .route("/dashboard/listings/{id}/documents/{document}/delete", post(delete))
        .route("/dashboard/listings/{id}/documents/{document}/restore", post(restore))
}

async fn upload(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    uploads::Form(mut form): uploads::Form,
) -> Result<Response, Refusal> {
    match take(&site.crm, session.agent, id, &mut form).await {
        Ok(_) => Ok(see_other(&format!("{}?done=document-added#documents", path(id)))),
        Err(Refusal::Failed(Error::Invalid(errors))) => {
            // What is not read by then would cut the connection off before the answer is read.
            uploads::drain(&mut form).await;
            let mut shown = listing::Shown::read(&site, &session, Shell::new(&session, Place::Listings), id).await?;
            let message = errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; ");
            shown.wrong = Wrong::of(Error::invalid("document", message))?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes the form's file in.
async fn take(crm: &Crm, agent: AgentId, id: ListingId, form: &mut Multipart) -> Result<DocumentId, Refusal> {
    while let Some(mut part) = form.next_field().await.map_err(|_| Refusal::BadUpload)? {
        let name = part.file_name().unwrap_or_default().to_owned();
        if part.name() != Some("file") || name.is_empty() {
            continue;
        }
        let mut arrival = Arrival::begin(crm, agent, id, &name).await?;
        while let Some(bytes) = part.chunk().await.map_err(|_| Refusal::BadUpload)? {
            arrival.push(&bytes).await?;
        }
        return Ok(arrival.finish(crm, agent).await?);
    }
    Err(Error::invalid("document", "choose a PDF first").into())
}

/// The ids in a path.
fn ids(listing: &str, document: &str) -> Result<(ListingId, DocumentId), Error> {
    match (listing.parse(), document.parse()) {
        (Ok(listing), Ok(document)) => Ok((listing, document)),
        _ => Err(Error::NotFound),
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, document)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (listing, document) = ids(&listing, &document)?;
    let (name, file) = listing_documents::file(&site.crm, session.agent, listing, document).await?;
    Ok(served::answer(&site, session.agent, &file, &headers, Some(&name)))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, document)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (listing, document) = ids(&listing, &document)?;
    listing_documents::delete(&site.crm, session.agent, listing, document).await?;
    Ok(see_other(&format!("{}?done=document-deleted&undo={document}", path(listing))))
}

async fn restore(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, document)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (listing, document) = ids(&listing, &document)?;
    listing_documents::restore(&site.crm, session.agent, listing, document).await?;
    Ok(see_other(&format!("{}?done=undone#documents", path(listing))))
}
