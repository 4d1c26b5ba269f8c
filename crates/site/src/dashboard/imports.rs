//! Leads from a file: the upload, what its columns are, a look at what would come of it, and the run.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Multipart, Path, Query, State, multipart::Field as Part},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    AgentId, Crm, Error,
    exports::harmless,
    ids::ImportId,
    imports::{self, Column, ErrorCursor, Field, Import, RowError, State as Stage, Upload},
    sessions::Session,
};
use futures_util::stream;
use http::{StatusCode, header};

use super::{
    lead_sheets::row,
    leads::words,
    shell::{Place, Shell},
    timeline::SourceNames,
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{self, Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
    uploads,
};

const PATH: &str = "/dashboard/leads/import";
/// Leads shown as they would be stored.
const SHOWN: usize = 5;
/// After so long without a step a run is no longer under way.
const STILL_MS: i64 = 60_000;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        // The use case counts the bytes.
        .route(PATH, get(show_all).merge(post(upload).layer(DefaultBodyLimit::disable())))
        .route("/dashboard/leads/import/{id}", get(show))
        .route("/dashboard/leads/import/{id}/columns", post(check))
        .route("/dashboard/leads/import/{id}/run", post(run))
        .route("/dashboard/leads/import/{id}/cancel", post(cancel))
        .route("/dashboard/leads/import/{id}/delete", post(delete))
        .route("/dashboard/leads/import/{id}/errors", get(errors))
}

/// A file, and what a form puts around it.
pub(crate) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    (method == "POST" && path == PATH).then_some(imports::MOST_BYTES + uploads::AROUND as u64)
}

fn path(id: ImportId) -> String {
    format!("{PATH}/{id}")
}

/// An import in the list.
struct Line {
    id: ImportId,
    file_name: String,
    when: Time,
    words: String,
}

#[derive(Template)]
#[template(path = "dashboard/imports.html")]
struct All {
    shell: Shell,
    lines: Vec<Line>,
    wrong: Wrong,
}

impl All {
    async fn read(site: &Site, session: &Session, shell: Shell, wrong: Wrong) -> Result<Self, Error> {
        let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
        let lines = imports::list(&site.crm, session.agent).await?.into_iter().map(|import| Line {
            id: import.id,
            when: times.show_near(import.updated_at, now),
            words: match import.state {
                Stage::Arriving | Stage::Checked => String::from("Waits for you"),
                Stage::Running => {
                    format!("{} of {} rows", import.imported + import.known + import.failed, import.rows_found)
                }
                Stage::Done => format!("{} leads imported", import.imported),
                Stage::Cancelled => format!("Stopped after {} leads", import.imported),
            },
            file_name: import.file_name,
        });
        Ok(Self { shell, lines: lines.collect(), wrong })
    }
}

async fn show_all(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, Place::Leads).saying(query.get("done").map(String::as_str));
    Ok(ok(&All::read(&site, &session, shell, Wrong::default()).await?))
}

async fn upload(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    match take(&site.crm, session.agent, &mut form).await {
        Ok(id) => Ok(see_other(&path(id))),
        Err(Refusal::Failed(error)) => {
            let shell = Shell::new(&session, Place::Leads);
            let all = All::read(&site, &session, shell, Wrong::of(error)?).await?;
            Ok(page(StatusCode::BAD_REQUEST, &all))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes the form's file in, and reads it once.
async fn take(crm: &Crm, agent: AgentId, form: &mut Multipart) -> Result<ImportId, Refusal> {
    while let Some(part) = form.next_field().await.map_err(|_| Refusal::BadForm)? {
        if part.name() != Some("file") {
            continue;
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let mut upload = Upload::begin(crm, agent, &name).await?;
        if let Err(refusal) = fill(&mut upload, part).await {
            upload.abandon().await?;
            return Err(refusal);
        }
        let id = upload.id();
        let checked = match upload.finish().await {
            Ok(id) => imports::check(crm, agent, id, None).await,
            Err(error) => Err(error),
        };
        if let Err(error) = checked {
            imports::delete(crm, agent, id).await?;
            return Err(error.into());
        }
        return Ok(id);
    }
    Err(Error::invalid("file", "is required").into())
}

async fn fill(upload: &mut Upload, mut part: Part<'_>) -> Result<(), Refusal> {
    while let Some(bytes) = part.chunk().await.map_err(|_| Refusal::BadForm)? {
        upload.push(&bytes).await?;
    }
    Ok(())
}

/// A column with the menu of what it can be.
struct Choice {
    name: String,
    header: String,
    sample: String,
    field: Field,
}

/// A lead as it would be stored.
struct Lead {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    about: Option<String>,
    notes: Option<String>,
    source: String,
    status: &'static str,
}

#[derive(Template)]
#[template(path = "dashboard/import.html")]
struct Shown {
    shell: Shell,
    path: String,
    import: Import,
    separated: &'static str,
    choices: Vec<Choice>,
    fields: &'static [(Field, &'static str, &'static str)],
    leads: Vec<Lead>,
    rows_done: u64,
    is_still: bool,
    wrong: Wrong,
}

impl Shown {
    async fn read(site: &Site, session: &Session, import: Import, wrong: Wrong) -> Result<Self, Error> {
        let mut shown = Self {
            shell: Shell::new(session, Place::Leads),
            path: path(import.id),
            separated: match import.delimiter {
                b';' => "semicolons",
                b'\t' => "tabs",
                _ => "commas",
            },
            choices: Vec::new(),
            fields: &Field::NAMES,
            leads: Vec::new(),
            rows_done: import.imported + import.known + import.failed,
            is_still: site.crm.clock().now().0 - import.updated_at.0 > STILL_MS,
            wrong,
            import,
        };
        if shown.import.state != Stage::Checked {
            return Ok(shown);
        }
        let preview = imports::preview(&site.crm, session.agent, &shown.import, SHOWN).await?;
        let choices = shown.import.columns.iter().zip(preview.samples).enumerate().map(|(n, (column, sample))| {
            Choice { name: format!("column{n}"), header: column.header.clone(), sample, field: column.field }
        });
        shown.choices = choices.collect();
        let names = SourceNames::read(&site.crm, session.agent).await?;
        let leads = preview.drafts.into_iter().map(|draft| Lead {
            name: draft.lead.name,
            email: draft.lead.email.map(|email| email.as_str().to_owned()),
            phone: draft.lead.phone.map(|phone| phone.as_str().to_owned()),
            about: draft.lead.property_address,
            notes: draft.lead.notes,
            source: names.of(&draft.lead.source),
            status: words(draft.status),
        });
        shown.leads = leads.collect();
        Ok(shown)
    }

    /// How much of the file is done, in hundredths.
    fn share(&self) -> u64 {
        self.rows_done * 100 / self.import.rows_found.max(1)
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(id) = id.parse::<ImportId>() else { return Ok(pages::not_found()) };
    let import = imports::get(&site.crm, session.agent, id).await?;
    Ok(ok(&Shown::read(&site, &session, import, Wrong::default()).await?))
}

async fn check(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Ok(id) = id.parse::<ImportId>() else { return Ok(pages::not_found()) };
    let import = imports::get(&site.crm, session.agent, id).await?;
    let chosen = import.columns.iter().enumerate().map(|(n, column)| {
        let field = Field::from_name(fields.get(&format!("column{n}"))).unwrap_or(column.field);
        Column { header: column.header.clone(), field }
    });
    match imports::check(&site.crm, session.agent, id, Some(chosen.collect())).await {
        Ok(_) => Ok(see_other(&path(id))),
        Err(error) => {
            let shown = Shown::read(&site, &session, import, Wrong::of(error)?).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

async fn run(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(id) = id.parse::<ImportId>() else { return Ok(pages::not_found()) };
    imports::start(&site.crm, session.agent, id).await?;
    Ok(see_other(&path(id)))
}

async fn cancel(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(id) = id.parse::<ImportId>() else { return Ok(pages::not_found()) };
    imports::cancel(&site.crm, session.agent, id).await?;
    Ok(see_other(&path(id)))
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(id) = id.parse::<ImportId>() else { return Ok(pages::not_found()) };
    imports::get(&site.crm, session.agent, id).await?;
    imports::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{PATH}?done=import-deleted")))
}

/// Where the sheet of errors goes on.
struct Rest {
    crm: Crm,
    agent: AgentId,
    import: Import,
    after: Option<ErrorCursor>,
    head: Option<String>,
}

/// Every row that cannot be taken in, with its line, why, and what stands in it, to be put right and sent again.
async fn errors(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(id) = id.parse::<ImportId>() else { return Ok(pages::not_found()) };
    let import = imports::get(&site.crm, session.agent, id).await?;
    let headers = import.columns.iter().map(|column| harmless(column.header.clone()));
    let cells = [String::from("line"), String::from("error")].into_iter().chain(headers).collect::<Vec<_>>();
    let head = Some(format!("\u{feff}{}", row(&cells)?));
    let rest = Rest { crm: site.crm.clone(), agent: session.agent, import, after: None, head };
    let sheet = stream::try_unfold(Some(rest), async |rest| match rest {
        Some(rest) => next(rest).await.map(Some),
        None => Ok(None),
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"errors.csv\""),
    ];
    Ok((headers, Body::from_stream(sheet)).into_response())
}

async fn next(mut rest: Rest) -> Result<(Bytes, Option<Rest>), Error> {
    let (errors, after) = imports::errors(&rest.crm, rest.agent, &rest.import, rest.after).await?;
    let mut text = rest.head.take().unwrap_or_default();
    for RowError { line, message, cells } in errors {
        let cells = [line.to_string(), message].into_iter().chain(cells).map(harmless).collect::<Vec<_>>();
        text.push_str(&row(&cells)?);
    }
    Ok((Bytes::from(text), after.map(|after| Rest { after: Some(after), ..rest })))
}
