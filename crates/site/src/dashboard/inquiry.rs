//! What a lead brought along from the website, and those that may be spam.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    ids::LeadId,
    inquiries::{self, Doubt, Finding, Inquiry, InquiryKind, Standing},
    sessions::Session,
};

use super::{
    lead, listing,
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

pub(super) const PATH: &str = "/dashboard/leads/doubtful";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).route("/dashboard/leads/{id}/judge", post(judge))
}

/// Which form it was, in words.
fn form(kind: InquiryKind) -> &'static str {
    match kind {
        InquiryKind::Contact => "Contact form",
        InquiryKind::Question => "Question about a listing",
        InquiryKind::Valuation => "Home valuation",
        InquiryKind::Guide => "Request for a guide",
    }
}

/// A doubt, in words.
fn words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NoToken => "It was not sent from one of your pages, nor from a site that you have named.",
        Doubt::ForgedToken => "Its form was not made by your website, or for another page of it.",
        Doubt::TooQuick => "It was sent within two seconds: people take longer to write.",
        Doubt::OldPage => "The page that it was sent from was more than a day old.",
        Doubt::Trap => "A field was filled in that nobody sees.",
        Doubt::LinkInName => "The name has a link in it.",
        Doubt::Links => "The message has several links.",
        Doubt::Markup => "The message has HTML or other markup.",
        Doubt::Many => "Many messages came from the same connection within ten minutes.",
    }
}

/// What a lead brought along.
pub(super) struct Origin {
    pub form: &'static str,
    pub language: String,
    /// Name, value and where it leads.
    pub facts: Vec<(&'static str, String, Option<String>)>,
    pub consent: Option<(String, Time)>,
    pub doubts: Vec<&'static str>,
    /// Whether somebody has still to say what it is.
    pub is_open: bool,
    pub is_held: bool,
}

impl Origin {
    /// Of an inquiry.
    pub fn of(site: &Site, session: &Session, inquiry: &Inquiry) -> Self {
        let times = Times::of(&session.time_zone);
        let on_web = |address: &str| {
            (address.starts_with("https://") || address.starts_with("http://")).then(|| address.to_owned())
        };
        let form = form(inquiry.kind);
        let mut facts = vec![("Form", form.to_owned(), inquiry.listing.map(listing::path))];
        if let Some(page) = &inquiry.arrival.page {
            let link = if page.starts_with('/') { Some(format!("{}{page}", site.public_url)) } else { on_web(page) };
            facts.push(("Page", page.clone(), link));
        }
        if let Some(referrer) = &inquiry.arrival.referrer {
            facts.push(("Came from", referrer.clone(), on_web(referrer)));
        }
        for (name, value) in &inquiry.arrival.campaign {
            let name = match name.as_str() {
                "utm_source" => "Campaign source",
                "utm_medium" => "Campaign medium",
                "utm_campaign" => "Campaign",
                "utm_term" => "Campaign term",
                _ => "Campaign content",
            };
            facts.push((name, value.clone(), None));
        }
        let language = match inquiry.language.as_str() {
            "en" => "English",
            "es" => "Spanish",
            other => other,
        };
        facts.push(("Language", language.to_owned(), None));
        Self {
            form,
            language: inquiry.language.clone(),
            facts,
            consent: inquiry.consent.as_ref().map(|(text, at)| (text.clone(), times.show_full(*at))),
            doubts: inquiry.doubts.iter().map(|doubt| words(*doubt)).collect(),
            is_open: inquiry.standing == Standing::Doubtful,
            is_held: inquiry.is_held,
        }
    }

    /// All of it as lines.
    pub fn told(&self) -> String {
        let facts = self.facts.iter().skip(1).map(|(name, value, _)| format!("{name}: {value}"));
        facts.collect::<Vec<_>>().join("\n")
    }
}

/// A doubtful one in the list.
struct Row {
    path: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    text: Option<String>,
    came: Time,
    form: &'static str,
    doubts: Vec<&'static str>,
    is_held: bool,
}

#[derive(Template)]
#[template(path = "dashboard/doubtful.html")]
struct Doubtful {
    shell: Shell,
    rows: Vec<Row>,
    is_cut: bool,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Leads).following(&site, &session).await?;
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let found = inquiries::doubtful(&site.crm, session.agent).await?;
    let is_cut = i64::try_from(found.len()).is_ok_and(|count| count >= inquiries::LISTED);
    let rows = found.into_iter().map(|(lead, inquiry)| Row {
        path: lead::path(lead.id),
        came: times.show_near(lead.created_at, now),
        name: lead.name,
        email: lead.email,
        phone: lead.phone,
        text: lead.notes.or(lead.property_address),
        form: form(inquiry.kind),
        doubts: inquiry.doubts.iter().map(|doubt| words(*doubt)).collect(),
        is_held: inquiry.is_held,
    });
    let rows = rows.collect();
    Ok(ok(&Doubtful { shell: shell.saying(query.get("done").map(String::as_str)), rows, is_cut }))
}

async fn judge(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (finding, done) = match fields.get("found") {
        "good" => (Finding::Good, "not-spam"),
        "junk" => (Finding::Junk, "is-junk"),
        _ => return Err(Error::invalid("found", "must be good or junk").into()),
    };
    inquiries::judge(&site.crm, session.agent, id, finding).await?;
    let to = if fields.get("here") == "list" { PATH.to_owned() } else { lead::path(id) };
    Ok(see_other(&format!("{to}?done={done}")))
}
