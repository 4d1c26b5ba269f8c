//! The files of a guide: its PDF and its cover, taken in and shown to its agent.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    AgentId, Crm, Error, FieldError,
    guides::{self, CoverArrival, DocumentArrival},
    ids::GuideId,
    listing_documents, listing_photos,
    sessions::Session,
};
use http::{HeaderMap, StatusCode, header};

use super::{
    guide::{path, refused},
    guides::PATH,
};
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{self, Refusal, see_other},
    served,
    signed_in::SignedIn,
    uploads,
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        // The use cases count the bytes.
        .route("/dashboard/guides/{id}/document", post(take_document).layer(DefaultBodyLimit::disable()))
        .route("/dashboard/guides/{id}/document/{document}", get(document))
        .route("/dashboard/guides/{id}/document/restore", post(restore_document))
        .route("/dashboard/guides/{id}/cover/restore", post(restore_cover))
        .route("/dashboard/guides/{id}/cover", post(take_cover).layer(DefaultBodyLimit::disable()))
        .route("/dashboard/guides/{id}/cover/remove", post(remove_cover))
        .route("/dashboard/guides/{id}/cover/{file}", get(cover))
}

/// The bytes of a form with a PDF or a cover.
pub(crate) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    let (_, end) = path.strip_prefix(PATH)?.strip_prefix('/')?.split_once('/')?;
    match (method, end) {
        ("POST", "document") => Some(listing_documents::MOST_BYTES + uploads::AROUND as u64),
        ("POST", "cover") => Some(listing_photos::MOST_BYTES + uploads::AROUND as u64),
        _ => None,
    }
}

/// Which of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Document,
    Cover,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Cover => "cover",
        }
    }
}

async fn take_document(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    headers: HeaderMap,
    uploads::Form(form): uploads::Form,
) -> Result<Response, Refusal> {
    take(&site, &session, id, &headers, form, Part::Document).await
}

async fn take_cover(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    headers: HeaderMap,
    uploads::Form(form): uploads::Form,
) -> Result<Response, Refusal> {
    take(&site, &session, id, &headers, form, Part::Cover).await
}

async fn take(
    site: &Site,
    session: &Session,
    id: GuideId,
    headers: &HeaderMap,
    mut form: Multipart,
    part: Part,
) -> Result<Response, Refusal> {
    let is_script = headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/plain");
    match receive(&site.crm, session.agent, id, &mut form, part).await {
        Ok(before) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("done", &format!("guide-{}-added", part.name()));
            if let Some(before) = before {
                query.append_pair("undo", &before);
            }
            let mut answer = see_other(&format!("{}?{}#{}", path(id), query.finish(), part.name()));
            if is_script {
                // It goes there by itself.
                *answer.status_mut() = StatusCode::NO_CONTENT;
            }
            Ok(answer)
        }
        Err(Refusal::Failed(Error::Invalid(errors))) => {
            // What is not read by then would cut the connection off before the answer is read.
            uploads::drain(&mut form).await;
            let message = errors.into_iter().map(|FieldError { message, .. }| message).collect::<Vec<_>>().join("; ");
            match is_script {
                true => Ok((StatusCode::UNPROCESSABLE_ENTITY, message).into_response()),
                false => refused(site, session, id, Error::invalid(part.name(), message)).await,
            }
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes the form's file in. What names the one that was there before, where one was: its id, and of a PDF its name.
async fn receive(
    crm: &Crm,
    agent: AgentId,
    id: GuideId,
    form: &mut Multipart,
    of: Part,
) -> Result<Option<String>, Refusal> {
    while let Some(mut part) = form.next_field().await.map_err(|_| Refusal::BadUpload)? {
        let name = part.file_name().unwrap_or_default().to_owned();
        if part.name() != Some("file") || name.is_empty() {
            continue;
        }
        return match of {
            Part::Document => {
                let mut arrival = DocumentArrival::begin(crm, agent, id, &name).await?;
                while let Some(bytes) = part.chunk().await.map_err(|_| Refusal::BadUpload)? {
                    arrival.push(&bytes).await?;
                }
                let (_, before) = arrival.finish(crm, agent).await?;
                Ok(before.map(|before| format!("{}.{}", before.id, before.name)))
            }
            Part::Cover => {
                let mut arrival = CoverArrival::begin(crm, agent, id).await?;
                while let Some(bytes) = part.chunk().await.map_err(|_| Refusal::BadUpload)? {
                    arrival.push(&bytes).await?;
                }
                let (_, before) = arrival.finish(crm, agent).await?;
                Ok(before.map(|before| before.to_string()))
            }
        };
    }
    let what = if of == Part::Document { "choose a PDF first" } else { "choose a picture first" };
    Err(Error::invalid("file", what).into())
}

async fn document(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((guide, document)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (Ok(guide), Ok(document)) = (guide.parse(), document.parse()) else { return Ok(pages::not_found()) };
    let (name, file) = guides::document_file(&site.crm, session.agent, guide, document).await?;
    Ok(served::answer(&site, session.agent, &file, &headers, Some(&name)))
}

async fn cover(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((guide, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let parts = file.strip_suffix(".jpg").and_then(|name| name.split_once('-'));
    let Some((Ok(cover), Ok(width))) = parts.map(|(cover, width)| (cover.parse(), width.parse::<u32>())) else {
        return Ok(pages::not_found());
    };
    let Ok(guide) = guide.parse() else { return Ok(pages::not_found()) };
    let file = guides::cover_file(&site.crm, session.agent, guide, cover, width).await?;
    Ok(served::answer(&site, session.agent, &file, &headers, None))
}

async fn remove_cover(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
) -> Result<Response, Refusal> {
    let before = guides::remove_cover(&site.crm, session.agent, id).await?;
    let undo = before.map(|before| format!("&undo={before}")).unwrap_or_default();
    Ok(see_other(&format!("{}?done=guide-cover-removed{undo}#cover", path(id))))
}

async fn restore_document(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (document, name) = fields.get("undo").split_once('.').ok_or(Error::NotFound)?;
    let document = document.parse().map_err(|_| Error::NotFound)?;
    guides::restore_document(&site.crm, session.agent, id, document, name).await?;
    Ok(see_other(&format!("{}?done=guide-document-restored#document", path(id))))
}

async fn restore_cover(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<GuideId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let cover = fields.get("undo").parse().map_err(|_| Error::NotFound)?;
    guides::restore_cover(&site.crm, session.agent, id, cover).await?;
    Ok(see_other(&format!("{}?done=guide-cover-restored#cover", path(id))))
}
