//! Settings → Profile: what an agent says of themselves, and their picture.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    photos::{self, PhotoHash},
    profiles::{self, TypedProfile},
    sessions::Session,
};
use http::{StatusCode, header};

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{self, Refusal, ok, page, see_other},
    signed_in::SignedIn,
    uploads::{self, Upload},
};

/// Where a picture is sent.
pub(crate) const PHOTO: &str = "/dashboard/settings/profile/photo";
const PATH: &str = "/dashboard/settings/profile";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(save))
        .route(PHOTO, post(upload).layer(uploads::bound()))
        .route("/dashboard/settings/profile/photo/remove", post(remove))
        .route("/dashboard/photos/{file}", get(photo))
}

#[derive(Template)]
#[template(path = "dashboard/profile.html")]
struct Profile {
    shell: Shell,
    typed: TypedProfile,
    /// The colour to choose from, also where none is chosen.
    color: String,
    photo: Option<String>,
    zones: Vec<String>,
    wrong: Wrong,
}

/// Where a picture is.
fn photo_path(hash: &PhotoHash) -> String {
    let digits = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("/dashboard/photos/{digits}.jpg")
}

fn hash_of(file: &str) -> Option<PhotoHash> {
    let digits = file.strip_suffix(".jpg").filter(|digits| digits.len() == 64 && digits.is_ascii())?;
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

impl Profile {
    const OWN_COLOR: &'static str = "#1d6b45";

    async fn with(
        site: &Site,
        session: &Session,
        shell: Shell,
        typed: Option<TypedProfile>,
        wrong: Wrong,
    ) -> Result<Self, Refusal> {
        let typed = match typed {
            Some(typed) => typed,
            None => {
                let held = profiles::get(&site.crm, session.agent).await?;
                TypedProfile {
                    name: held.name,
                    time_zone: held.time_zone,
                    licence: held.licence.unwrap_or_default(),
                    brokerage: held.brokerage.unwrap_or_default(),
                    phone: held.phone.unwrap_or_default(),
                    languages: held.languages.join("\n"),
                    service_areas: held.service_areas.join("\n"),
                    brand: held.brand.map(|brand| format!("#{brand}")).unwrap_or_default(),
                }
            }
        };
        let photo = photos::find(&site.crm, session.agent).await?.map(|hash| photo_path(&hash));
        let color = if typed.brand.is_empty() { Self::OWN_COLOR.to_owned() } else { typed.brand.clone() };
        Ok(Self { shell, typed, color, photo, zones: profiles::time_zones(), wrong })
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Profile::with(&site, &session, shell, None, Wrong::default()).await?))
}

async fn save(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let field = |name| fields.get(name).to_owned();
    let typed = TypedProfile {
        name: field("name"),
        time_zone: field("zone"),
        licence: field("licence"),
        brokerage: field("brokerage"),
        phone: field("phone"),
        languages: field("languages"),
        service_areas: field("serviceAreas"),
        // A field for a colour is never empty, so a tick says whether it counts.
        brand: if fields.get("ownColor").is_empty() { String::new() } else { field("brand") },
    };
    match profiles::replace(&site.crm, session.agent, &typed).await {
        Ok(()) => Ok(see_other(&format!("{PATH}?done=profile-saved"))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shell = Shell::new(&session, Place::Account);
            let form = Profile::with(&site, &session, shell, Some(typed), wrong).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn upload(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Upload(file): Upload,
) -> Result<Response, Refusal> {
    let kept = match file {
        Some(file) => photos::replace(&site.crm, session.agent, file).await,
        None => Err(crm::Error::invalid("photo", "choose a file first")),
    };
    match kept {
        Ok(()) => Ok(see_other(&format!("{PATH}?done=photo-saved"))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let form = Profile::with(&site, &session, Shell::new(&session, Place::Account), None, wrong).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn remove(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    photos::remove(&site.crm, session.agent).await?;
    Ok(see_other(&format!("{PATH}?done=photo-removed")))
}

async fn photo(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(file): Path<String>,
) -> Result<Response, Refusal> {
    let Some(hash) = hash_of(&file) else { return Ok(pages::not_found()) };
    let bytes = photos::get(&site.crm, session.agent, hash).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}
