//! Pictures that everybody may see: those of listings that are offered, of guides, and the agent's own.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use crm::{
    Error,
    guides::{self, COVER_WIDTHS, Guide},
    ids::{ListingId, PhotoId},
    listing_photos::{self, Photo},
    listings::{self, Publicity},
    photos::{self, PhotoHash},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::visited::Visited;
use crate::{
    Site,
    pages::{self, Refusal},
    served,
};

/// A month: under one address there are always the same bytes, but a listing may be taken off the web.
const KEPT: &str = "public, max-age=2592000, immutable";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/a/{slug}/photo/{file}", get(own))
        .route("/a/{slug}/listings/{id}/photos/{file}", get(of_listing))
        .route("/a/{slug}/guides/{guide}/cover/{file}", get(cover))
}

/// A picture on a page, in the widths that it is there in.
#[derive(Clone)]
pub(crate) struct Shown {
    /// Told to who does not see it.
    pub alt: String,
    pub caption: String,
    /// The width that is shown where the browser cannot choose.
    pub source: String,
    /// Its widest.
    pub whole: String,
    pub set: String,
    pub width: u32,
    pub height: u32,
}

impl Shown {
    /// A photo of a listing, the how-manieth; `None` for one without a size.
    pub fn of(visited: &Visited, listing: ListingId, address: &str, photo: &Photo, number: usize) -> Option<Self> {
        let last = photo.sizes.last()?;
        let path = |width: u32| format!("{}/listings/{listing}/photos/{}-{width}.jpg", visited.base(), photo.id);
        let set = photo.sizes.iter().map(|size| format!("{} {}w", path(size.width), size.width));
        let middle = photo.sizes.iter().find(|size| size.width >= 640).unwrap_or(last);
        let number = number.to_string();
        let alt = match &*photo.caption {
            "" => visited.words.say_with("photo-alt", &[("number", &number), ("address", address)]),
            caption => caption.to_owned(),
        };
        Some(Self {
            alt,
            caption: photo.caption.clone(),
            source: path(middle.width),
            whole: path(last.width),
            set: set.collect::<Vec<_>>().join(", "),
            width: last.width,
            height: last.height,
        })
    }
}

/// Where the agent's own picture is.
pub(super) fn own_path(visited: &Visited, hash: &PhotoHash) -> String {
    let digits = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{}/photo/{digits}.jpg", visited.base())
}

/// Where a guide's cover is, and in which widths; `None` where it is drawn from the title.
pub(super) fn cover_paths(visited: &Visited, guide: &Guide) -> Option<(String, String)> {
    let path = |cover, width| format!("{}/guides/{}/cover/{cover}-{width}.jpg", visited.base(), guide.slug);
    guide.cover.map(|cover| {
        let set = COVER_WIDTHS.map(|width| format!("{} {width}w", path(cover, width)));
        (path(cover, COVER_WIDTHS[1]), set.join(", "))
    })
}

/// The id and the width that a file is named after.
fn named(file: &str) -> Option<(PhotoId, u32)> {
    let (id, width) = file.strip_suffix(".jpg")?.split_once('-')?;
    Some((id.parse().ok()?, width.parse().ok()?))
}

/// An answer that everybody may keep, and show on pages of their own.
fn shared(mut answer: Response) -> Response {
    if answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED {
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
        let policy = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(policy, HeaderValue::from_static("cross-origin"));
    }
    answer
}

async fn of_listing(
    State(site): State<Site>,
    visited: Visited,
    Path((_, listing, file)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = listing.parse::<ListingId>().map_err(|_| Error::NotFound)?;
    let (photo, width) = named(&file).ok_or(Error::NotFound)?;
    let agent = visited.agent();
    let listing = listings::get(&site.crm, agent, id).await?;
    if listing.status.publicity() != Publicity::Shown {
        return Ok(pages::not_found());
    }
    let file = listing_photos::file(&site.crm, agent, id, photo, width).await?;
    Ok(shared(served::answer(&site, agent, &file, &headers, None)))
}

async fn cover(
    State(site): State<Site>,
    visited: Visited,
    Path((_, guide, file)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (cover, width) = named(&file).ok_or(Error::NotFound)?;
    let agent = visited.agent();
    let guide = guides::get_published(&site.crm, agent, &guide).await?;
    let file = guides::cover_file(&site.crm, agent, guide.id, cover, width).await?;
    Ok(shared(served::answer(&site, agent, &file, &headers, None)))
}

async fn own(
    State(site): State<Site>,
    visited: Visited,
    Path((_, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let held = visited.website.photo.filter(|hash| own_path(&visited, hash).ends_with(&format!("/{file}")));
    let hash = held.ok_or(Error::NotFound)?;
    let tag = format!("\"{}\"", file.trim_end_matches(".jpg"));
    let mut answer = match served::is_held(&headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => photos::get(&site.crm, visited.agent(), hash).await?.into_response(),
    };
    let set = answer.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    set.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    set.insert(header::ETAG, HeaderValue::try_from(tag).map_err(|_| Error::NotFound)?);
    Ok(shared(answer))
}
