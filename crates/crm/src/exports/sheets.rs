//! The lists of an export, page by page, as CSV for spreadsheets and JSON for programs: what the command writes into a folder and what
//! the dashboard offers to download are the same.

use std::{borrow::Cow, collections::HashMap};

use db::{Tx, params};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{NoteCursor, extras, harmless, notes};
use crate::{
    AgentId, Crm, Error, agents, availability,
    blocked_times::{self, BlockedTime},
    clients,
    clock::UnixMillis,
    events::{self, EventFilter},
    guides,
    ids::{EventId, GuideId, NoteId},
    json, leads, listings,
    pages::{Cursor, Filter, Listed, Page, Sort, Start},
    profiles, showings, stages, webhooks,
};

/// Records read at once.
pub const PAGE: u32 = 500;

/// A list of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// Leads.
    Leads,
    /// Clients.
    Clients,
    /// Listings.
    Listings,
    /// Showings.
    Showings,
    /// Notes on leads and clients.
    Notes,
    /// What stands beside leads, clients and listings and is not in the API: tags, follow-ups, showing rules and the like.
    Extras,
    /// What happened.
    Events,
    /// The stages of the pipelines.
    Stages,
    /// Where events are sent, without secrets and with the values of headers masked.
    Webhooks,
    /// Guides; their PDFs and covers are files of their own.
    Guides,
}

/// A page of a list.
#[derive(Debug)]
pub struct Part {
    /// Each record as JSON, oldest first.
    pub records: Vec<String>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Sheet {
    /// Every list, in the order in which an export has them.
    pub const ALL: [Self; 10] = [
        Self::Leads,
        Self::Clients,
        Self::Listings,
        Self::Showings,
        Self::Notes,
        Self::Extras,
        Self::Events,
        Self::Stages,
        Self::Webhooks,
        Self::Guides,
    ];

    /// What its files are called, without their endings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Clients => "clients",
            Self::Listings => "listings",
            Self::Showings => "showings",
            Self::Notes => "notes",
            Self::Extras => "extras",
            Self::Events => "events",
            Self::Stages => "stages",
            Self::Guides => "guides",
            Self::Webhooks => "webhooks",
        }
    }

    /// Reads the page after a place; the first without one. Only the last is ever without a record.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a place of another list; storage's errors.
    pub async fn read(self, crm: &Crm, agent: AgentId, after: Option<&str>) -> Result<Part, Error> {
        let mut part = self.read_page(crm, agent, after).await?;
        while let (true, Some(next)) = (part.records.is_empty(), &part.next) {
            part = self.read_page(crm, agent, Some(next)).await?;
        }
        Ok(part)
    }

    async fn read_page(self, crm: &Crm, agent: AgentId, after: Option<&str>) -> Result<Part, Error> {
        let all = Filter::default();
        match self {
            Self::Leads => listed(&leads::list(crm, agent, all, page(after)?).await?),
            Self::Clients => listed(&clients::list(crm, agent, all, page(after)?).await?),
            Self::Listings => listed(&listings::list(crm, agent, all, page(after)?).await?),
            Self::Showings => listed(&showings::list(crm, agent, all, page(after)?).await?),
            Self::Notes => {
                let page = notes(crm, agent, after.map(note_place).transpose()?, PAGE).await?;
                Ok(Part {
                    records: told(&page.notes)?,
                    next: page.next.map(|NoteCursor(about, id)| {
                        format!("{:032x}{:032x}", u128::from_be_bytes(about), u128::from_be_bytes(id.0))
                    }),
                })
            }
            Self::Extras => {
                let after = after.map(|text| serde_json::from_str(text).map_err(|_| no_place())).transpose()?;
                let (extras, next) = extras(crm, agent, after, PAGE).await?;
                let next = next.map(|next| serde_json::to_string(&next).map_err(|error| broken(&error)));
                Ok(Part { records: told(&extras)?, next: next.transpose()? })
            }
            Self::Events => {
                let after = after.map(|text| text.parse::<EventId>().map_err(|_| no_place())).transpose()?;
                let page = events::list(crm, agent, EventFilter { kind: None, after, limit: PAGE }).await?;
                let next = page.last().filter(|_| page.len() == PAGE as usize).map(|last| last.id.to_string());
                Ok(Part { records: told(&page)?, next })
            }
            Self::Stages => {
                let stages = stages::list(crm, agent).await?;
                let stages = stages.iter().map(|stage| ExportedStage { stage, kind: stage.kind }).collect::<Vec<_>>();
                Ok(Part { records: told(&stages)?, next: None })
            }
            Self::Guides => {
                let guides = guides::list(crm, agent).await?;
                let guides = guides.iter().map(ExportedGuide::from).collect::<Vec<_>>();
                Ok(Part { records: told(&guides)?, next: None })
            }
            Self::Webhooks => Ok(Part { records: told(&webhooks::list(crm, agent).await?)?, next: None }),
        }
    }

    /// The columns of its CSV.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Webhooks => WEBHOOKS,
            Self::Leads => LEADS,
            Self::Clients => CLIENTS,
            Self::Listings => LISTINGS,
            Self::Showings => SHOWINGS,
            Self::Notes => &["id", "about", "text", "createdAt"],
            Self::Extras => &["about", "kind", "text"],
            Self::Events => &["id", "sequence", "event", "timestamp", "agentId", "data"],
            Self::Stages => &["id", "name", "pipeline", "kind"],
            Self::Guides => GUIDES,
        }
    }

    /// The first line of its CSV.
    ///
    /// # Errors
    /// None that can be met: a line in memory is written.
    pub fn head(self) -> Result<String, Error> {
        line(self.columns().iter().map(|column| Cow::Borrowed(*column)))
    }

    /// A record as a line of its CSV.
    ///
    /// # Errors
    /// [`Error::Internal`] for what is no JSON object.
    pub fn row(self, record: &str) -> Result<String, Error> {
        let fields: HashMap<&str, &RawValue> = serde_json::from_str(record).map_err(|error| broken(&error))?;
        line(
            self.columns().iter().map(|column| fields.get(column).map_or(Cow::Borrowed(""), |value| cell(value.get()))),
        )
    }
}

/// A stage, as an export tells it: with what it means.
#[derive(Serialize)]
struct ExportedStage<'a> {
    #[serde(flatten)]
    stage: &'a stages::Stage,
    kind: stages::Kind,
}

/// A guide, as an export tells it: with what its PDF is saved as.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedGuide<'a> {
    id: GuideId,
    title: &'a str,
    slug: &'a str,
    status: guides::GuideStatus,
    headline: Option<&'a str>,
    text: Option<&'a str>,
    points: &'a [String],
    file_name: Option<&'a str>,
    downloads: i64,
    leads: i64,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

impl<'a> From<&'a guides::Guide> for ExportedGuide<'a> {
    fn from(guide: &'a guides::Guide) -> Self {
        let guides::Guide {
            id,
            title,
            slug,
            status,
            headline,
            text,
            points,
            document,
            cover: _,
            downloads,
            leads,
            created_at,
            updated_at,
        } = guide;
        Self {
            id: *id,
            title,
            slug,
            status: *status,
            headline: headline.as_deref(),
            text: text.as_deref(),
            points,
            file_name: document.as_ref().map(|document| document.name.as_str()),
            downloads: *downloads,
            leads: *leads,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

/// The agent, as an export tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedAgent {
    agent_id: String,
    email: String,
    #[serde(flatten)]
    profile: profiles::Profile,
    availability: ExportedAvailability,
    blocked_times: Vec<ExportedBlock>,
}

/// When the agent shows homes, as an export tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedAvailability {
    hours: String,
    showing_minutes: i64,
    notice_minutes: i64,
    travel_minutes: i64,
    days_ahead: i64,
}

/// A blocked time to come, as an export tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedBlock {
    starts_at: UnixMillis,
    ends_at: UnixMillis,
    note: Option<String>,
}

/// The agent's own record, as JSON.
///
/// # Errors
/// [`Error::NotFound`] when there is no such agent.
pub async fn agent(crm: &Crm, id: AgentId) -> Result<String, Error> {
    let agent = agents::get(crm, id).await?;
    let profile = profiles::get(crm, id).await?;
    let kept = availability::get(crm, id).await?;
    let availability = ExportedAvailability {
        hours: kept.hours.to_string(),
        showing_minutes: kept.showing_minutes,
        notice_minutes: kept.notice_minutes,
        travel_minutes: kept.travel_minutes,
        days_ahead: kept.days_ahead,
    };
    let blocked = blocked_times::list(crm, id).await?.into_iter();
    let blocked =
        blocked.map(|BlockedTime { starts_at, ends_at, note, .. }| ExportedBlock { starts_at, ends_at, note });
    let blocked_times = blocked.collect();
    let told = ExportedAgent { agent_id: agent.slug, email: agent.email, profile, availability, blocked_times };
    json::to_string(&told).map_err(|error| broken(&error))
}

/// How many records an export will have, about: what its progress is measured by.
pub(super) fn count(tx: &mut Tx<'_>, agent: AgentId) -> Result<i64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM totals WHERE agent_id = $1";
    let records = tx.query_one(sql, params![&agent], |row| row.get::<i64>(0))?;
    let events =
        tx.query_opt("SELECT last_sequence FROM turns WHERE agent_id = $1", params![&agent], |row| row.get(0))?;
    Ok(records + events.unwrap_or(0))
}

fn page(after: Option<&str>) -> Result<Page, Error> {
    let start = match after {
        Some(text) => Start::After(Cursor::parse(text, Sort::OldestFirst).map_err(|_| no_place())?),
        None => Start::Offset(0),
    };
    Ok(Page { sort: Sort::OldestFirst, start, limit: PAGE, counted: 0 })
}

fn listed<T: Serialize>(page: &Listed<T>) -> Result<Part, Error> {
    Ok(Part { records: told(&page.items)?, next: page.next.as_ref().map(ToString::to_string) })
}

fn told<T: Serialize>(records: &[T]) -> Result<Vec<String>, Error> {
    records.iter().map(|record| json::to_string(record).map_err(|error| broken(&error))).collect()
}

fn no_place() -> Error {
    Error::invalid("place", "is none of this list")
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    tracing::error!(%error, "a record was not written into an export");
    Error::Internal
}

fn note_place(text: &str) -> Result<NoteCursor, Error> {
    let number = |part: Option<&str>| part.and_then(|part| u128::from_str_radix(part, 16).ok()).ok_or_else(no_place);
    let (about, id) = (number(text.get(..32))?, number(text.get(32..))?);
    Ok(NoteCursor(about.to_be_bytes(), NoteId(id.to_be_bytes())))
}

/// A line of CSV (RFC 4180, section 2: it ends with CRLF).
fn line<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> Result<String, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for cell in cells {
        writer.write_field(cell.as_bytes()).map_err(|error| broken(&error))?;
    }
    writer.write_record(None::<&[u8]>).map_err(|error| broken(&error))?;
    let bytes = writer.into_inner().map_err(|error| broken(&error))?;
    String::from_utf8(bytes).map_err(|error| broken(&error))
}

/// What a spreadsheet is to show of a JSON value: nothing for `null`, the elements of a list between blanks.
fn cell(json: &str) -> Cow<'_, str> {
    match json.as_bytes().first() {
        Some(b'"') => harmless(serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())).into(),
        Some(b'[') => match serde_json::from_str::<Vec<String>>(json) {
            Ok(items) => harmless(items.join(" ")).into(),
            Err(_) => Cow::Borrowed(json),
        },
        Some(b'n') => Cow::Borrowed(""),
        // Numbers, true and false are no formulas; an object begins with a brace.
        _ => Cow::Borrowed(json),
    }
}

const WEBHOOKS: &[&str] = &["id", "url", "events", "description", "enabled", "createdAt", "updatedAt", "headers"];
const GUIDES: &[&str] = &[
    "id",
    "title",
    "slug",
    "status",
    "headline",
    "text",
    "points",
    "fileName",
    "downloads",
    "leads",
    "createdAt",
    "updatedAt",
];
const LEADS: &[&str] = &[
    "id",
    "name",
    "email",
    "status",
    "phone",
    "source",
    "propertyAddress",
    "notes",
    "samePersonAs",
    "createdAt",
    "updatedAt",
];
const CLIENTS: &[&str] =
    &["id", "name", "email", "buyingStage", "phone", "pipeline", "source", "notes", "createdAt", "updatedAt"];
const LISTINGS: &[&str] = &[
    "id",
    "address",
    "price",
    "bedrooms",
    "bathrooms",
    "sqft",
    "status",
    "currency",
    "mlsNumber",
    "propertyType",
    "propertySubType",
    "description",
    "city",
    "stateOrProvince",
    "postalCode",
    "countyOrParish",
    "country",
    "unitNumber",
    "latitude",
    "longitude",
    "lotSizeSqft",
    "yearBuilt",
    "garageSpaces",
    "hasPool",
    "associationFee",
    "associationFeeFrequency",
    "taxAnnualAmount",
    "originalPrice",
    "closePrice",
    "closeDate",
    "onMarketDate",
    "expirationDate",
    "virtualTourUrl",
    "privateRemarks",
    "showingInstructions",
    "createdAt",
    "updatedAt",
];
const SHOWINGS: &[&str] = &[
    "id",
    "status",
    "clientId",
    "listingId",
    "requestedTimes",
    "confirmedTime",
    "notes",
    "name",
    "email",
    "phone",
    "address",
    "createdAt",
    "updatedAt",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_a_formula_is_quoted_and_numbers_are_not() {
        for (json, shown) in [
            (r#""=1+1""#, "'=1+1"),
            (r#""+1 555""#, "'+1 555"),
            (r#""-x""#, "'-x"),
            (r#""@SUM(A1)""#, "'@SUM(A1)"),
            (r#""\tx""#, "'\tx"),
            (r#""\rx""#, "'\rx"),
            (r#""Zoë = \"fine\"""#, "Zoë = \"fine\""),
            (r#"["=a","b"]"#, "'=a b"),
            ("-80.19", "-80.19"),
            ("null", ""),
            ("true", "true"),
            ("[]", ""),
        ] {
            assert_eq!(cell(json), shown, "{json}");
        }
    }
}
