//! The photos of a listing: taking them in, showing them, their order and captions.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    Error, FieldError,
    ids::{ListingId, PhotoId},
    listing_photos::{self, Arrival, MOST_BYTES, Photo, Shift},
};
use http::{HeaderMap, StatusCode, header};

use super::{
    listing::{self, path},
    listings::PATH,
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, page, see_other},
    served,
    signed_in::SignedIn,
    uploads,
};

/// The most photos of one form. With a script they come one by one.
const TOGETHER: usize = 30;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        // The use case counts the bytes.
        .route("/dashboard/listings/{id}/photos", post(upload).layer(DefaultBodyLimit::disable()))
        .route("/dashboard/listings/{id}/photos/order", post(order))
        .route("/dashboard/listings/{id}/photos/{photo}", get(show))
        .route("/dashboard/listings/{id}/photos/{photo}/caption", post(describe))
        .route("/dashboard/listings/{id}/photos/{photo}/move", post(shift))
        .route("/dashboard/listings/{id}/photos/{photo}/delete", post(delete))
        .route("/dashboard/listings/{id}/photos/{photo}/restore", post(restore))
}

/// The bytes of a form with photos, or with documents.
pub(crate) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    let (_, end) = path.strip_prefix(PATH)?.strip_prefix('/')?.split_once('/')?;
    match (method, end) {
        ("POST", "photos") => Some((MOST_BYTES + uploads::AROUND as u64) * TOGETHER as u64),
        ("POST", "documents") => Some(crm::listing_documents::MOST_BYTES + uploads::AROUND as u64),
        _ => None,
    }
}

/// Where a photo is in the narrowest of its widths that is no narrower than this, or in its widest.
pub(super) fn source(listing: ListingId, photo: &Photo, width: u32) -> Option<String> {
    let size = photo.sizes.iter().find(|size| size.width >= width).or(photo.sizes.last())?;
    Some(format!("{}/photos/{}-{}.jpg", path(listing), photo.id, size.width))
}

/// A photo on the listing's page.
pub(super) struct Shown {
    pub id: PhotoId,
    pub caption: String,
    /// What is told of it to who does not see it.
    pub alt: String,
    pub source: String,
    pub whole: String,
    pub set: String,
    pub width: u32,
    pub height: u32,
}

impl Shown {
    /// The photos of a listing.
    pub fn all(listing: ListingId, address: &str, photos: &[Photo]) -> Vec<Self> {
        let shown = photos.iter().enumerate().filter_map(|(at, photo)| {
            let last = photo.sizes.last()?;
            let address_of = |width: u32| format!("{}/photos/{}-{width}.jpg", path(listing), photo.id);
            let set = photo.sizes.iter().map(|size| format!("{} {}w", address_of(size.width), size.width));
            let alt = match photo.caption.is_empty() {
                true => format!("Photo {} of {address}", at + 1),
                false => photo.caption.clone(),
            };
            Some(Self {
                id: photo.id,
                caption: photo.caption.clone(),
                alt,
                source: source(listing, photo, 640)?,
                whole: address_of(last.width),
                set: set.collect::<Vec<_>>().join(", "),
                width: last.width,
                height: last.height,
            })
        });
        shown.collect()
    }
}

async fn upload(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    headers: HeaderMap,
    uploads::Form(mut form): uploads::Form,
) -> Result<Response, Refusal> {
    let (mut arrived, mut wrong) = (Vec::new(), Vec::new());
    let mut refuse = |name: &str, error: Error| match error {
        Error::Invalid(errors) => {
            let told = |error: FieldError| match name {
                "" => error.message,
                name => format!("“{name}” {}", error.message),
            };
            wrong.extend(errors.into_iter().map(told));
            Ok(())
        }
        error => Err(error),
    };
    while let Some(mut part) = form.next_field().await.map_err(|_| Refusal::BadUpload)? {
        let name = shortened(part.file_name().unwrap_or_default());
        if part.name() != Some("file") || part.file_name().is_none_or(str::is_empty) {
            continue;
        }
        if arrived.len() == TOGETHER {
            refuse("", Error::invalid("file", "at most 30 photos come together: send the others after these"))?;
            break;
        }
        let mut arrival = match Arrival::begin(&site.crm, session.agent, id).await {
            Ok(arrival) => arrival,
            Err(error) => {
                refuse(&name, error)?;
                continue;
            }
        };
        let mut pushed = Ok(());
        while let (Ok(()), Some(bytes)) = (&pushed, part.chunk().await.map_err(|_| Refusal::BadUpload)?) {
            pushed = arrival.push(&bytes).await;
        }
        match pushed {
            Ok(()) => arrived.push((name, arrival)),
            Err(error) => refuse(&name, error)?,
        }
    }
    // All has come: who sends has no clock running while the photos are drawn.
    let count = arrived.len();
    for (name, arrival) in arrived {
        if let Err(error) = arrival.finish(&site.crm, session.agent).await {
            refuse(&name, error)?;
        }
    }
    if count == 0 && wrong.is_empty() {
        wrong.push(String::from("choose a photo first"));
    }
    let is_script = headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/plain");
    match (wrong.is_empty(), is_script) {
        (true, true) => Ok(StatusCode::NO_CONTENT.into_response()),
        (true, false) => Ok(see_other(&format!("{}?done=photos-added#photos", path(id)))),
        (false, true) => Ok((StatusCode::UNPROCESSABLE_ENTITY, wrong.join("; ")).into_response()),
        (false, false) => {
            let mut shown = listing::Shown::read(&site, &session, Shell::new(&session, Place::Listings), id).await?;
            shown.wrong = Wrong::of(Error::invalid("photos", wrong.join("; ")))?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

/// A file's name as an error tells it.
fn shortened(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

/// The ids in a path.
fn ids(listing: &str, photo: &str) -> Result<(ListingId, PhotoId), Error> {
    match (listing.parse(), photo.parse()) {
        (Ok(listing), Ok(photo)) => Ok((listing, photo)),
        _ => Err(Error::NotFound),
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let parts = file.strip_suffix(".jpg").and_then(|name| name.split_once('-'));
    let Some((photo, Ok(width))) = parts.map(|(photo, width)| (photo, width.parse::<u32>())) else {
        return Ok(pages::not_found());
    };
    let (listing, photo) = ids(&listing, photo)?;
    let file = listing_photos::file(&site.crm, session.agent, listing, photo, width).await?;
    Ok(served::answer(&site, session.agent, &file, &headers, None))
}

async fn describe(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, photo)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (listing, photo) = ids(&listing, &photo)?;
    listing_photos::describe(&site.crm, session.agent, listing, photo, fields.get("caption")).await?;
    Ok(see_other(&format!("{}?done=caption-saved#{photo}", path(listing))))
}

async fn shift(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, photo)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (listing, photo) = ids(&listing, &photo)?;
    let shift = match fields.get("to") {
        "earlier" => Shift::Earlier,
        "later" => Shift::Later,
        "first" => Shift::First,
        _ => return Ok(pages::not_found()),
    };
    listing_photos::shift(&site.crm, session.agent, listing, photo, shift).await?;
    Ok(see_other(&format!("{}?done=photos-ordered#{photo}", path(listing))))
}

/// What dragging sends: every photo, in its new order.
async fn order(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ListingId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let wanted = fields.all("photo").take(listing_photos::MOST).filter_map(|id| id.parse().ok()).collect();
    listing_photos::order(&site.crm, session.agent, id, wanted).await?;
    Ok(see_other(&format!("{}?done=photos-ordered#photos", path(id))))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, photo)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (listing, photo) = ids(&listing, &photo)?;
    listing_photos::delete(&site.crm, session.agent, listing, photo).await?;
    Ok(see_other(&format!("{}?done=photo-deleted&undo={photo}", path(listing))))
}

async fn restore(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path((listing, photo)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (listing, photo) = ids(&listing, &photo)?;
    listing_photos::restore(&site.crm, session.agent, listing, photo).await?;
    Ok(see_other(&format!("{}?done=undone#{photo}", path(listing))))
}
