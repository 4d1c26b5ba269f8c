//! Leads of one person made one: what would come of it, field by field, and the way back.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    ids::{LeadId, MergeId},
    leads::{
        Lead,
        merges::{self, Choice},
    },
};

use super::{
    lead,
    leads::words,
    shell::{Place, Shell},
    timeline::SourceNames,
};
use crate::{
    Site,
    fields::Fields,
    id_in_path::Id,
    pages::{self, Refusal, ok, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/leads/{id}/merge", get(show).post(merge))
        .route("/dashboard/leads/{id}/unmerge", post(undo))
}

/// Another lead of the person.
struct Other {
    id: LeadId,
    name: String,
    reach: String,
    source: String,
    status: &'static str,
    came: Time,
}

/// A field, and what it can be.
struct Field {
    name: &'static str,
    words: &'static str,
    values: Vec<Value>,
}

/// A value of a field, and whose it is.
struct Value {
    lead: LeadId,
    text: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "dashboard/merge.html")]
struct Shown {
    shell: Shell,
    path: String,
    name: String,
    came: Time,
    others: Vec<Other>,
    fields: Vec<Field>,
}

/// The fields that are chosen, with their words.
const FIELDS: [(&str, &str); 7] = [
    ("name", "Name"),
    ("phone", "Phone"),
    ("email", "E-mail"),
    ("propertyAddress", "About"),
    ("source", "Source"),
    ("status", "Status"),
    ("notes", "What they said"),
];

fn value_of(lead: &Lead, field: &str, names: &SourceNames) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match field {
        "name" => lead.name.clone(),
        "phone" => text(&lead.phone),
        "email" => text(&lead.email),
        "propertyAddress" => text(&lead.property_address),
        "source" => names.of(&lead.source),
        "status" => words(&lead.status).to_owned(),
        _ => text(&lead.notes),
    }
}

/// What a field can be: each value once, the kept lead's first; the first that says something is chosen.
fn field(all: &[&Lead], (name, words): (&'static str, &'static str), names: &SourceNames) -> Field {
    let mut values = Vec::<Value>::new();
    for lead in all {
        let text = value_of(lead, name, names);
        if !text.is_empty() && !values.iter().any(|value| value.text == text) {
            values.push(Value { lead: lead.id, is_chosen: values.is_empty(), text });
        }
    }
    Field { name, words, values }
}

async fn show(State(site): State<Site>, SignedIn(session): SignedIn, Id(id): Id<LeadId>) -> Result<Response, Refusal> {
    let (kept, others) = merges::candidates(&site.crm, session.agent, id).await?;
    let names = SourceNames::read(&site.crm, session.agent).await?;
    let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
    let all = std::iter::once(&kept).chain(&others).collect::<Vec<_>>();
    let fields = FIELDS.map(|of| field(&all, of, &names)).into_iter().filter(|field| !field.values.is_empty());
    let fields = fields.collect();
    Ok(ok(&Shown {
        shell: Shell::new(&session, Place::Leads),
        path: lead::path(id),
        came: times.show_near(kept.created_at, now),
        fields,
        others: others
            .into_iter()
            .map(|lead| Other {
                id: lead.id,
                reach: [lead.phone, lead.email].into_iter().flatten().collect::<Vec<_>>().join(" · "),
                source: names.of(&lead.source),
                status: words(&lead.status),
                came: times.show_near(lead.created_at, now),
                name: lead.name,
            })
            .collect(),
        name: kept.name,
    }))
}

async fn merge(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<LeadId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let others = fields.all("lead").filter_map(|id| id.parse().ok()).take(merges::MOST + 1).collect::<Vec<LeadId>>();
    // A value of somebody who is left out is not taken: the kept lead's stands.
    let chosen = FIELDS.map(|(name, _)| (name, fields.get(name).parse::<LeadId>().unwrap_or(id)));
    let chosen = HashMap::from(chosen);
    let of = |name: &str| chosen.get(name).copied().unwrap_or(id);
    let choice = Choice {
        name: of("name"),
        email: of("email"),
        phone: of("phone"),
        source: of("source"),
        property_address: of("propertyAddress"),
        notes: of("notes"),
        status: of("status"),
    };
    let merge = merges::merge(&site.crm, session.agent, id, others, choice).await?;
    Ok(see_other(&format!("{}?done=merged&undo={merge}", lead::path(id))))
}

async fn undo(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let (Ok(_), Ok(merge)) = (id.parse::<LeadId>(), fields.get("merge").parse::<MergeId>()) else {
        return Ok(pages::not_found());
    };
    let kept = merges::undo(&site.crm, session.agent, merge).await?;
    Ok(see_other(&format!("{}?done=undone", lead::path(kept))))
}
