//! One lead: all that is known of the person, what happened, and what to do next.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error, guides,
    ids::{LeadId, MergeId},
    inbox, inquiries,
    leads::{self, Lead, LeadChange, NewLead, merges},
    notes::{self, About, NewNote},
    sessions::Session,
    sources::{self, LeadSource},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    follow_ups::FollowUp,
    guide, inbox_message,
    inquiry::{self, Origin},
    leads::{PATH, delete_all, dialled, statuses, tone, words},
    shell::{Place, Shell, Undo},
    tags::Tags,
    timeline::{SourceNames, Timeline},
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

/// Where a lead comes from that an agent writes down.
const OWN_SOURCE: &str = "dashboard";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/leads/new", get(show_new).post(create))
        .route("/dashboard/leads/{id}", get(show))
        .route("/dashboard/leads/{id}/edit", get(show_edit).post(update))
        .route("/dashboard/leads/{id}/status", post(set_status))
        .route("/dashboard/leads/{id}/notes", post(add_note))
        .route("/dashboard/leads/{id}/convert", post(convert))
        .route("/dashboard/leads/{id}/delete", post(delete))
        .merge(inquiry::routes())
}

/// The path of a lead's page.
pub(super) fn path(id: LeadId) -> String {
    format!("{PATH}/{id}")
}

/// The fields of a lead's form, by the names that the API has for them.
const FIELDS: [&str; 6] = ["name", "email", "phone", "source", "propertyAddress", "notes"];

/// What is typed into the form of a lead.
#[derive(Default)]
struct Typed {
    name: String,
    email: String,
    phone: String,
    source: String,
    property_address: String,
    notes: String,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        let [name, email, phone, source, property_address, notes] = FIELDS.map(|field| fields.get(field).to_owned());
        Self { name, email, phone, source, property_address, notes }
    }

    fn of(lead: &Lead) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            name: lead.name.clone(),
            email: text(&lead.email),
            phone: text(&lead.phone),
            source: lead.source.clone(),
            property_address: text(&lead.property_address),
            notes: text(&lead.notes),
        }
    }

    /// The same as the API takes it; a blank field clears.
    fn fields(&self) -> Map<String, Value> {
        let values = [&self.name, &self.email, &self.phone, &self.source, &self.property_address, &self.notes];
        let value = |text: &String| if text.trim().is_empty() { Value::Null } else { json!(text) };
        FIELDS.iter().zip(values).map(|(name, text)| ((*name).to_owned(), value(text))).collect()
    }
}

#[derive(Template)]
#[template(path = "dashboard/lead_form.html")]
struct Form {
    shell: Shell,
    title: &'static str,
    action: String,
    back: String,
    typed: Typed,
    wrong: Wrong,
    sources: Vec<LeadSource>,
    is_new: bool,
    /// Makes a second arrival of a new one known.
    once: String,
    /// The record that the form was filled with, by its last change.
    seen: String,
    has_changed: bool,
}

async fn show_new(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    Ok(ok(&new_form(&site, &session, Typed::default(), Wrong::default()).await?))
}

async fn new_form(site: &Site, session: &Session, typed: Typed, wrong: Wrong) -> Result<Form, Refusal> {
    Ok(Form {
        shell: Shell::new(session, Place::Leads),
        title: "Add a lead",
        action: String::from("/dashboard/leads/new"),
        back: PATH.to_owned(),
        typed,
        wrong,
        sources: sources::list(&site.crm, session.agent).await?,
        is_new: true,
        once: token(site),
        seen: String::new(),
        has_changed: false,
    })
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let typed = Typed::read(&fields);
    let made = match NewLead::read(&typed.fields()) {
        Ok(new) => {
            let source = if typed.source.trim().is_empty() { OWN_SOURCE.to_owned() } else { new.source.clone() };
            leads::create_quietly(&site.crm, session.agent, NewLead { source, ..new }, fields.once(PATH)).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => Ok(see_other(&format!("{}?done=lead-added", path(made.value.id)))),
        Err(error) => {
            let form = new_form(&site, &session, typed, Wrong::of(error)?).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn show_edit(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
) -> Result<Response, Refusal> {
    let lead = leads::get(&site.crm, session.agent, id).await?;
    Ok(ok(&edit_form(&site, &session, &lead, Typed::of(&lead)).await?))
}

/// The form of a lead as it is at one look: what it was filled with and what it is compared with later are the same.
async fn edit_form(site: &Site, session: &Session, lead: &Lead, typed: Typed) -> Result<Form, Refusal> {
    Ok(Form {
        shell: Shell::new(session, Place::Leads),
        title: "Change the lead",
        action: format!("{}/edit", path(lead.id)),
        back: path(lead.id),
        typed,
        wrong: Wrong::default(),
        sources: sources::list(&site.crm, session.agent).await?,
        is_new: false,
        once: String::new(),
        seen: lead.updated_at.to_rfc3339(),
        has_changed: false,
    })
}

async fn update(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::read(&fields);
    let changed = match LeadChange::read(&typed.fields()) {
        Ok(change) => {
            let seen = fields.get("seen").to_owned();
            let is_as_seen = move |lead: &Lead| seen.is_empty() || lead.updated_at.to_rfc3339() == seen;
            leads::update(&site.crm, session.agent, id, change, is_as_seen).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&format!("{}?done=lead-saved", path(id)))),
        Err(error) => {
            let lead = leads::get(&site.crm, session.agent, id).await?;
            let form = edit_form(&site, &session, &lead, typed).await?;
            if error == Error::PreconditionFailed {
                return Ok(page(StatusCode::CONFLICT, &Form { has_changed: true, ..form }));
            }
            // What was seen stays what it was, or a change from meanwhile would be lost after all.
            let (wrong, seen) = (Wrong::of(error)?, fields.get("seen").to_owned());
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &Form { wrong, seen, ..form }))
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/lead.html")]
struct Shown {
    shell: Shell,
    path: String,
    lead: Lead,
    source: String,
    status: &'static str,
    tone: &'static str,
    statuses: Vec<(&'static str, &'static str)>,
    came: Time,
    dialled: Option<String>,
    follow_up: Option<FollowUp>,
    tags: Tags,
    /// What it brought along from the website.
    origin: Option<Origin>,
    /// Merges that can be taken apart.
    merges: Vec<(MergeId, Time)>,
    timeline: Timeline,
    typed_note: String,
    wrong: Wrong,
    once: String,
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let done = query.get("done").map(String::as_str);
    let shell = Shell::new(&session, Place::Leads).following(&site, &session).await?;
    let merge = query.get("undo").filter(|_| done == Some("merged")).and_then(|undo| undo.parse::<MergeId>().ok());
    let shell = match merge {
        Some(merge) => {
            let (action, values) = (format!("{}/unmerge", path(id)), vec![merge.to_string()]);
            let undo = Undo { action, name: "merge", values, more: None };
            shell.noting(String::from("They are one now. For 30 days it can be taken apart."), Some(undo))
        }
        None => shell.saying_follow_up(done, query.get("undo")),
    };
    Ok(ok(&Shown::read(&site, &session, shell, id).await?))
}

impl Shown {
    async fn read(site: &Site, session: &Session, shell: Shell, id: LeadId) -> Result<Self, Refusal> {
        let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
        let lead = leads::get(&site.crm, session.agent, id).await?;
        let names = SourceNames::read(&site.crm, session.agent).await?;
        let mut timeline = Timeline::new(&session.time_zone, now);
        let title = format!("Came in from {}", names.of(&lead.source));
        timeline.add(lead.created_at, "inbox", title, lead.notes.clone(), None);
        timeline.add_notes(&site.crm, session.agent, About::Lead(id)).await?;
        for mail in inbox::of_lead(&site.crm, session.agent, id).await? {
            let title = if mail.outcome == inbox::Outcome::Lead { "Came by mail" } else { "A mail" };
            let text = Some(mail.subject.clone()).filter(|subject| !subject.is_empty());
            timeline.add(mail.came_at(), "mail", title.to_owned(), text, Some(inbox_message::path(mail.id)));
        }
        for earlier in &lead.same_person_as {
            // One that was deleted meanwhile is no part of the story.
            let Ok(earlier) = leads::get(&site.crm, session.agent, *earlier).await else { continue };
            let title = format!("Asked before, from {}", names.of(&earlier.source));
            let text = earlier.property_address.or(earlier.notes);
            timeline.add(earlier.created_at, "history", title, text, Some(path(earlier.id)));
        }
        let (asked, merges) = merges::of(&site.crm, session.agent, id).await?;
        let asking = [id].into_iter().chain(asked.iter().map(|inquiry| inquiry.id)).collect::<Vec<_>>();
        let came = inquiries::of(&site.crm, session.agent, asking.clone()).await?;
        for came in came.iter().filter(|came| came.lead != id) {
            let origin = Origin::of(site, session, came);
            timeline.add(came.lead.created_at(), "inbox", String::from(origin.form), Some(origin.told()), None);
        }
        let origin = came.iter().find(|came| came.lead == id).map(|came| Origin::of(site, session, came));
        for (lead, guide, title) in guides::asked_for(&site.crm, session.agent, asking).await? {
            timeline.add(
                lead.created_at(),
                "book-open",
                format!("Asked for “{title}”"),
                None,
                Some(guide::path(guide)),
            );
        }
        for inquiry in asked {
            let title = format!("Asked as well, from {}", names.of(&inquiry.source));
            let text = [inquiry.property_address, inquiry.notes].into_iter().flatten().collect::<Vec<_>>().join("\n");
            timeline.add(inquiry.id.created_at(), "inbox", title, Some(text).filter(|text| !text.is_empty()), None);
        }
        Ok(Self {
            shell,
            origin,
            merges: merges.into_iter().map(|merge| (merge.id, times.show_near(merge.merged_at, now))).collect(),
            path: path(id),
            source: names.of(&lead.source),
            status: words(&lead.status),
            tone: tone(&lead.status),
            statuses: statuses(),
            came: times.show(lead.created_at),
            dialled: lead.phone.as_deref().map(dialled).filter(|digits| !digits.is_empty()),
            lead,
            follow_up: FollowUp::read(site, session, About::Lead(id)).await?,
            tags: Tags::read(site, session, About::Lead(id)).await?,
            timeline: timeline.sorted(),
            typed_note: String::new(),
            wrong: Wrong::default(),
            once: token(site),
        })
    }
}

async fn set_status(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let given = Map::from_iter([(String::from("status"), json!(fields.get("status")))]);
    leads::update(&site.crm, session.agent, id, LeadChange::read(&given)?, |_| true).await?;
    Ok(see_other(&format!("{}?done=lead-saved", path(id))))
}

async fn add_note(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let text = fields.get("text").to_owned();
    let given = Map::from_iter([(String::from("text"), json!(text))]);
    let made = match NewNote::read(&given) {
        Ok(new) => notes::create(&site.crm, session.agent, About::Lead(id), new, fields.once("notes")).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => Ok(see_other(&format!("{}?done=note-added", path(id)))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shell = Shell::new(&session, Place::Leads);
            let shown = Shown { typed_note: text, wrong, ..Shown::read(&site, &session, shell, id).await? };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

async fn convert(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
) -> Result<Response, Refusal> {
    leads::convert(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=converted", path(id))))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
) -> Result<Response, Refusal> {
    let deleted = delete_all(&site, session.agent, &[id]).await?;
    Ok(see_other(&format!("{PATH}?done=deleted&undo={}", deleted.join(","))))
}
