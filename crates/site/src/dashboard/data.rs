//! Settings → Your data: copies to download, and leaving.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    Crm, Error, FieldError, departures,
    exports::copies::{self, Copy, Reading, State as Stands},
    ids::ExportId,
    sessions::Session,
    two_step::{self, Refusal as Denied},
};
use futures_util::stream;
use http::{StatusCode, header};

use super::shell::{Place, Shell};
use crate::{
    Site,
    assets::{self, Assets},
    cookies::{self, Held},
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, ok, page, see_other},
    seen::From,
    sign_in_codes::explain,
    signed_in::SignedIn,
    times::{Time, Times},
};

const PATH: &str = "/dashboard/settings/data";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(request))
        .route("/dashboard/settings/data/{id}/download", post(download))
        .route("/dashboard/settings/data/{id}/delete", post(delete))
        .route("/dashboard/settings/data/leave", post(leave))
        .route("/dashboard/leaving", get(leaving).post(stay))
}

/// A copy as the page shows it.
struct Row {
    copy: Copy,
    made: Time,
    ends: Time,
    /// `1.4 MB`.
    size: String,
    /// Of a hundred.
    share: i64,
}

impl Row {
    fn of(copy: Copy, times: &Times) -> Self {
        let bytes = copy.bytes;
        let size = match bytes {
            ..1_000_000 => format!("{} KB", (bytes + 999) / 1_000),
            _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        };
        let share = (copy.records * 100 / copy.expected.max(1)).clamp(1, 99);
        Self { made: times.show(copy.id.created_at()), ends: times.show(copy.expires_at), size, share, copy }
    }

    fn is_making(&self) -> bool {
        self.copy.state == Stands::Making
    }

    fn is_ready(&self) -> bool {
        self.copy.state == Stands::Ready
    }
}

#[derive(Template)]
#[template(path = "dashboard/data.html")]
struct Data {
    shell: Shell,
    rows: Vec<Row>,
    slug: String,
    asks_code: bool,
    wrong: Wrong,
}

impl Data {
    async fn read(site: &Site, session: &Session, shell: Shell, wrong: Wrong) -> Result<Self, Refusal> {
        let times = Times::of(&session.time_zone);
        let copies = copies::list(&site.crm, session.agent).await?;
        let rows = copies.into_iter().map(|copy| Row::of(copy, &times)).collect();
        let asks_code = two_step::status(&site.crm, session.agent, session.account).await?.is_on;
        Ok(Self { shell, rows, slug: session.slug.clone(), asks_code, wrong })
    }

    /// The page, saying what was wrong with one of its forms.
    async fn refuse(site: &Site, session: &Session, denied: Denied, form: &str) -> Result<Response, Refusal> {
        let (status, field, message) = match denied {
            Denied::Password => {
                (StatusCode::UNPROCESSABLE_ENTITY, "password", String::from("this is not your password"))
            }
            Denied::Failed(Error::Invalid(errors)) => {
                let message = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
                (StatusCode::UNPROCESSABLE_ENTITY, "slug", message)
            }
            Denied::Failed(error) => return Err(error.into()),
            denied => {
                let (status, message) = explain(&denied);
                let field = if matches!(denied, Denied::Wait(_)) { "password" } else { "code" };
                (status, field, message.trim_end_matches('.').to_owned())
            }
        };
        let wrong = Wrong::of(Error::Invalid(vec![FieldError { field: format!("{form}-{field}"), message }]))?;
        let shown = Self::read(site, session, Shell::new(session, Place::Account), wrong).await?;
        Ok(page(status, &shown))
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Account).saying(query.get("done").map(String::as_str));
    Ok(ok(&Data::read(&site, &session, shell, Wrong::default()).await?))
}

async fn request(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    match copies::request(&site.crm, session.agent).await {
        Ok(_) => Ok(see_other(&format!("{PATH}?done=export-begun"))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shown = Data::read(&site, &session, Shell::new(&session, Place::Account), wrong).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ExportId>,
) -> Result<Response, Refusal> {
    copies::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=export-deleted")))
}

async fn download(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    Path(form): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Ok(id) = form.parse::<ExportId>() else { return Ok(pages::not_found()) };
    let password = fields.get("password").to_owned();
    let confirmed = two_step::confirm_owner(&site.crm, &session, password, fields.get("code"), visitor.address).await;
    if let Err(denied) = confirmed {
        return Data::refuse(&site, &session, denied, &form).await;
    }
    let reading = copies::open(&site.crm, session.agent, id).await?;
    let name = format!("attachment; filename=\"{}-{}.zip\"", session.slug, day(id));
    let headers = [(header::CONTENT_TYPE, "application/zip"), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, Body::from_stream(pieces(site.crm.clone(), reading))).into_response())
}

fn day(id: ExportId) -> String {
    id.created_at().to_rfc3339().chars().take(10).collect()
}

/// The archive, read while it is sent. An error cuts the download short, which the browser says.
fn pieces(crm: Crm, reading: Reading) -> impl stream::Stream<Item = Result<Bytes, Error>> {
    stream::try_unfold((crm, reading), async |(crm, mut reading)| {
        let piece = reading.next(&crm).await?;
        Ok(piece.map(|piece| (Bytes::from(piece), (crm, reading))))
    })
}

async fn leave(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let [slug, password, code] = ["slug", "password", "code"].map(|field| fields.get(field).to_owned());
    match departures::request(&site.crm, &session, &slug, password, &code, visitor.address).await {
        Ok(()) => {
            let mut response = see_other("/login");
            response.headers_mut().insert(header::SET_COOKIE, cookies::clear(&site, Held::Session));
            Ok(response)
        }
        Err(denied) => Data::refuse(&site, &session, denied, "leave").await,
    }
}

#[derive(Template)]
#[template(path = "dashboard/leaving.html")]
struct Leaving {
    assets: &'static Assets,
    name: String,
    due: Time,
}

async fn leaving(signed_in: Result<SignedIn, Refusal>) -> Result<Response, Refusal> {
    match signed_in {
        Ok(_) => Ok(see_other("/dashboard")),
        Err(Refusal::Leaving(session)) => {
            let due = Times::of(&session.time_zone).show(session.leaves_at.unwrap_or(session.id.created_at()));
            Ok(ok(&Leaving { assets: assets::get(), name: session.agent_name, due }))
        }
        Err(refusal) => Err(refusal),
    }
}

async fn stay(State(site): State<Site>, signed_in: Result<SignedIn, Refusal>) -> Result<Response, Refusal> {
    match signed_in {
        Ok(_) => {}
        Err(Refusal::Leaving(session)) => departures::take_back(&site.crm, session.agent).await?,
        Err(refusal) => return Err(refusal),
    }
    Ok(see_other(&format!("{PATH}?done=stayed")))
}
