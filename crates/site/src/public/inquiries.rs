//! Forms as they come in: from a page of the website, from a frame or a form on another site of the agent's, or from a program.
//!
//! They need no cookie, so they are no use to whoever forges a request, and stand outside the guard against cross-site posts.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{FromRequestParts, Path, State},
    response::{IntoResponse, Response},
    routing::post,
};
use crm::{
    Error, guides,
    ids::ListingId,
    inquiries::{self, Arrival, CAMPAIGN, InquiryKind, Received, Refused, Sent, Subject, Typed},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;

use super::{
    Visited, answers, contact, embed,
    guide::Landing,
    inquiry::{self, Inquiry},
    listing, thanks,
};
use crate::{
    Site,
    fields::Fields,
    pages::{self, Refusal},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/a/{slug}/contact", post(contact))
        .route("/a/{slug}/valuation", post(valuation))
        .route("/a/{slug}/listings/{id}", post(question))
        .route("/a/{slug}/guides/{guide}", post(guide))
}

/// Who sent a form, as far as the headers say.
pub(super) struct Sender {
    /// The origin of the page that sent it.
    origin: Option<String>,
    /// The page.
    page: Option<String>,
    wants_json: bool,
}

impl<S: Sync> FromRequestParts<S> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let accepted = text(header::ACCEPT).unwrap_or_default();
        Ok(Self {
            origin: text(header::ORIGIN).filter(|origin| *origin != "null").map(str::to_owned),
            page: text(header::REFERER).map(str::to_owned),
            wants_json: accepted.contains("application/json") && !accepted.contains("text/html"),
        })
    }
}

async fn contact(
    State(site): State<Site>,
    visited: Visited,
    sender: Sender,
    fields: Fields,
) -> Result<Response, Refusal> {
    receive(&site, visited, sender, Subject::Contact, &fields).await
}

async fn valuation(
    State(site): State<Site>,
    visited: Visited,
    sender: Sender,
    fields: Fields,
) -> Result<Response, Refusal> {
    receive(&site, visited, sender, Subject::Valuation, &fields).await
}

async fn question(
    State(site): State<Site>,
    visited: Visited,
    sender: Sender,
    Path((_, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    match id.parse::<ListingId>() {
        Ok(id) => receive(&site, visited, sender, Subject::Question(id), &fields).await,
        Err(_) => Ok(answers::not_found(&site, &visited)),
    }
}

async fn guide(
    State(site): State<Site>,
    visited: Visited,
    sender: Sender,
    Path((_, slug)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    receive(&site, visited, sender, Subject::Guide(slug), &fields).await
}

async fn receive(
    site: &Site,
    visited: Visited,
    sender: Sender,
    subject: Subject,
    fields: &Fields,
) -> Result<Response, Refusal> {
    let visited = visited.speaking(fields.get("language"));
    let agent = visited.agent();
    let other_sites = inquiries::other_sites(&site.crm, agent).await?;
    let origin =
        sender.origin.as_deref().filter(|origin| inquiries::is_of_other_site(&other_sites, origin)).map(str::to_owned);
    let mut answer = if let Err(wait) = inquiries::admit(&site.crm, visited.arrived.address) {
        let mut answer = match sender.wants_json {
            true => (
                StatusCode::TOO_MANY_REQUESTS,
                axum::Json(json!({"success": false, "error": visited.words.say("form-many-text")})),
            )
                .into_response(),
            false => answers::said(site, &visited, StatusCode::TOO_MANY_REQUESTS, "form-many-title", "form-many-text"),
        };
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        answer
    } else {
        let typed = Typed {
            name: fields.get("name").to_owned(),
            email: fields.get("email").to_owned(),
            phone: fields.get("phone").to_owned(),
            address: fields.get("address").to_owned(),
            message: fields.get("message").to_owned(),
        };
        let sent = Sent {
            subject: subject.clone(),
            typed: typed.clone(),
            arrival: arrival(&visited, &sender, fields),
            language: visited.words.tag.to_owned(),
            consent: inquiry::consent(&visited),
            token: fields.get("token").to_owned(),
            trap: fields.get(inquiry::TRAP).to_owned(),
            is_from_own_site: origin.is_some(),
            address: visited.arrived.address,
        };
        match inquiries::receive(&site.crm, agent, sent).await {
            Ok(received) => {
                let back = Some(fields.get("return")).filter(|back| inquiries::is_of_other_site(&other_sites, back));
                thanked(site, &visited, &sender, (subject.kind(), &received), back, fields).await?
            }
            Err(Refused::Failed(Error::NotFound)) if sender.wants_json => (
                StatusCode::NOT_FOUND,
                axum::Json(json!({"success": false, "error": visited.words.say("missing-title")})),
            )
                .into_response(),
            Err(Refused::Failed(Error::NotFound)) => answers::not_found(site, &visited),
            Err(Refused::Failed(error)) => return Err(error.into()),
            Err(Refused::Wrong(wrong)) => {
                let form = Inquiry::of(site, &visited, &subject, &typed, &wrong);
                match sender.wants_json {
                    true => refused(&form),
                    false if !fields.get("framed").is_empty() => embed::page(
                        site,
                        &visited,
                        StatusCode::UNPROCESSABLE_ENTITY,
                        form.framed(),
                        subject.kind(),
                        &other_sites,
                    ),
                    false => page(site, &visited, &subject, form).await?,
                }
            }
        }
    };
    // A script on one of the agent's sites may read the answer.
    if let Some(Ok(origin)) = origin.map(HeaderValue::try_from) {
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    }
    Ok(answer)
}

/// Where a form comes from: as the page wrote it into the form, else as the headers say.
fn arrival(visited: &Visited, sender: &Sender, fields: &Fields) -> Arrival {
    let given = |name: &str| Some(fields.get(name).trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    // Only ever a path, or an address on the web: it is shown as a link.
    let is_place = |place: &String| {
        (place.starts_with('/') && !place.starts_with("//"))
            || place.starts_with("https://")
            || place.starts_with("http://")
    };
    let of_sender = || sender.page.clone().or_else(|| sender.origin.clone());
    let page = given("page").filter(is_place).or_else(of_sender).or_else(|| visited.arrived.arrival.page.clone());
    let referrer = given("referrer").filter(is_place);
    let campaign = CAMPAIGN.iter().filter_map(|name| Some(((*name).to_owned(), given(name)?)));
    let mut campaign = campaign.collect::<Vec<_>>();
    if campaign.is_empty() {
        campaign.clone_from(&visited.arrived.arrival.campaign);
    }
    Arrival { page, referrer, campaign }
}

/// The answer to an inquiry that is taken in.
async fn thanked(
    site: &Site,
    visited: &Visited,
    sender: &Sender,
    (kind, received): (InquiryKind, &Received),
    back: Option<&str>,
    fields: &Fields,
) -> Result<Response, Refusal> {
    let link = received.guide.map(|guide| inquiries::download_link(&site.crm, visited.agent(), guide, received.lead));
    if sender.wants_json {
        let mut told = json!({"success": true});
        if let Some(link) = &link {
            told["download"] = json!(visited.canonical(site, &format!("/downloads/{link}"), visited.words.tag));
        }
        return Ok((StatusCode::CREATED, axum::Json(told)).into_response());
    }
    Ok(match back {
        Some(back) => pages::see_other(back),
        None => pages::see_other(&thanks::path(visited, kind, link.as_deref(), !fields.get("framed").is_empty())),
    })
}

/// What is wrong, for a program.
fn refused(form: &Inquiry) -> Response {
    let wrong =
        form.inputs.iter().filter_map(|input| Some(json!({"field": input.name, "message": input.wrong.as_ref()?})));
    let told = json!({"success": false, "error": form.wrong, "errors": wrong.collect::<Vec<_>>()});
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(told)).into_response()
}

/// The page of the form again, with what was typed.
async fn page(site: &Site, visited: &Visited, subject: &Subject, form: Inquiry) -> Result<Response, Refusal> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(match subject {
        Subject::Contact => pages::page(status, &contact::Contact::new(site, visited, form)),
        Subject::Valuation => pages::page(status, &contact::Valuation::new(site, visited, form)),
        Subject::Question(id) => match listing::find(site, visited, &id.to_string()).await? {
            listing::Found::Listing(listing) => {
                pages::page(status, &listing::Home::read(site, visited, &listing, &HashMap::new(), form).await?)
            }
            listing::Found::Gone => answers::gone(site, visited),
            listing::Found::Nothing => answers::not_found(site, visited),
        },
        Subject::Guide(slug) => match guides::get_published(&site.crm, visited.agent(), slug).await {
            Ok(_) => pages::page(status, &Landing::read(site, visited, slug, form).await?),
            Err(Error::NotFound) => answers::not_found(site, visited),
            Err(error) => return Err(error.into()),
        },
    })
}
