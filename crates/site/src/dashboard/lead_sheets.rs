//! Leads as a sheet: what the list shows, all of it, page after page as the browser takes it.

use std::collections::HashMap;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use crm::{
    AgentId, Crm, Error,
    exports::harmless,
    leads::{self, Lead},
    pages::{Filter, Page, Start},
};
use futures_util::stream;
use http::header;

use super::lists::{Asked, LEADS};
use crate::{Site, pages::Refusal, signed_in::SignedIn, times::Times};

const COLUMNS: [&str; 10] =
    ["id", "name", "email", "phone", "status", "source", "propertyAddress", "notes", "createdAt", "updatedAt"];
/// Leads that are read in one go.
const TOGETHER: u32 = 500;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/dashboard/leads/export", get(export))
}

/// Where the sheet goes on.
struct Rest {
    crm: Crm,
    agent: AgentId,
    filter: Filter,
    page: Page,
    head: Option<String>,
}

async fn export(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let asked = Asked::read(&LEADS, &query);
    let page = Page { start: Start::Offset(0), limit: TOGETHER, counted: 0, ..asked.page() };
    // The mark tells spreadsheets that the text is UTF-8.
    let head = Some(format!("\u{feff}{}", row(&COLUMNS.map(str::to_owned))?));
    let rest = Rest {
        crm: site.crm.clone(),
        agent: session.agent,
        filter: asked.filter(&Times::of(&session.time_zone)),
        page,
        head,
    };
    let sheet = stream::try_unfold(Some(rest), async |rest| match rest {
        Some(rest) => next(rest).await.map(Some),
        None => Ok(None),
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"leads.csv\""),
    ];
    Ok((headers, Body::from_stream(sheet)).into_response())
}

/// A piece of the sheet, and what is left. An error cuts the download short, which the browser says.
async fn next(mut rest: Rest) -> Result<(Bytes, Option<Rest>), Error> {
    let listed = leads::list(&rest.crm, rest.agent, rest.filter.clone(), rest.page).await?;
    let mut text = rest.head.take().unwrap_or_default();
    for lead in listed.items {
        text.push_str(&row(&cells(lead))?);
    }
    let rest = listed.next.map(|next| Rest { page: Page { start: Start::After(next), ..rest.page }, ..rest });
    Ok((Bytes::from(text), rest))
}

fn cells(lead: Lead) -> [String; 10] {
    let text = |value: Option<String>| harmless(value.unwrap_or_default());
    [
        lead.id.to_string(),
        harmless(lead.name),
        text(lead.email),
        text(lead.phone),
        lead.status,
        harmless(lead.source),
        text(lead.property_address),
        text(lead.notes),
        lead.created_at.to_rfc3339(),
        lead.updated_at.to_rfc3339(),
    ]
}

/// A line of a sheet.
pub(super) fn row(cells: &[String]) -> Result<String, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(cells).map_err(|error| error.to_string());
    let bytes = written.and_then(|()| writer.into_inner().map_err(|error| error.to_string()));
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
    text.map_err(|error| {
        tracing::error!(error, "a row of a sheet was not written");
        Error::Internal
    })
}
