//! Leads and listings from a file: the upload, what its columns are, a look at what would come of it, and the run.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Multipart, Query, State, multipart::Field as Part},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use crm::{
    AgentId, Crm, Error,
    exports::harmless,
    ids::ImportId,
    imports::{self, Column, Draft, ErrorCursor, Import, RowError, State as Stage, Subject, Upload},
    listings::{DEFAULT_CURRENCY, ListingStatus},
    sessions::Session,
};
use futures_util::stream;
use http::{StatusCode, header};
use serde_json::{Map, Value};

use super::{
    lead_sheets::row,
    leads, listings,
    shell::{Place, Shell},
    timeline::SourceNames,
};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, ok, page, see_other},
    signed_in::SignedIn,
    times::{Time, Times},
    uploads,
};

/// Records shown as they would be stored.
const SHOWN: usize = 5;
/// After so long without a step a run is no longer under way.
const STILL_MS: i64 = 60_000;

/// Where the files of a subject are, and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct About {
    subject: Subject,
    place: Place,
    /// The list that the files are for.
    list: &'static str,
    path: &'static str,
    one: &'static str,
    many: &'static str,
}

const LEADS: About = About {
    subject: Subject::Leads,
    place: Place::Leads,
    list: "/dashboard/leads",
    path: "/dashboard/leads/import",
    one: "lead",
    many: "leads",
};
const LISTINGS: About = About {
    subject: Subject::Listings,
    place: Place::Listings,
    list: "/dashboard/listings",
    path: "/dashboard/listings/import",
    one: "listing",
    many: "listings",
};

pub(super) fn routes() -> Router<Site> {
    routes_of::<LeadFiles>().merge(routes_of::<ListingFiles>())
}

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
fn routes_of<F: Files>() -> Router<Site> {
    let path = |rest: &str| format!("{}{rest}", F::ABOUT.path);
    Router::new()
        // The use case counts the bytes.
        .route(&path(""), get(show_all::<F>).merge(post(upload::<F>).layer(DefaultBodyLimit::disable())))
        .route(&path("/{id}"), get(show::<F>))
        .route(&path("/{id}/columns"), post(check::<F>))
        .route(&path("/{id}/run"), post(run::<F>))
        .route(&path("/{id}/cancel"), post(cancel::<F>))
        .route(&path("/{id}/delete"), post(delete::<F>))
        .route(&path("/{id}/errors"), get(errors::<F>))
}

/// The files of a subject, as its routes know it.
trait Files: Send + Sync + 'static {
    const ABOUT: About;
}

struct LeadFiles;
impl Files for LeadFiles {
    const ABOUT: About = LEADS;
}

struct ListingFiles;
impl Files for ListingFiles {
    const ABOUT: About = LISTINGS;
}

/// A file, and what a form puts around it.
pub(crate) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    let is_upload = method == "POST" && [LEADS.path, LISTINGS.path].contains(&path);
    is_upload.then_some(imports::MOST_BYTES + uploads::AROUND as u64)
}

impl About {
    fn path_of(self, id: ImportId) -> String {
        format!("{}/{id}", self.path)
    }

    /// So many of them.
    fn count(self, count: u64) -> String {
        format!("{count} {}", if count == 1 { self.one } else { self.many })
    }

    /// The import of an id; `None` where it is one of another subject.
    async fn find(self, site: &Site, session: &Session, id: ImportId) -> Result<Option<Import>, Error> {
        let import = imports::get(&site.crm, session.agent, id).await?;
        Ok(Some(import).filter(|import| import.subject == self.subject))
    }
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
    about: About,
    lines: Vec<Line>,
    wrong: Wrong,
}

impl All {
    async fn read(site: &Site, session: &Session, about: About, shell: Shell, wrong: Wrong) -> Result<Self, Error> {
        let (times, now) = (Times::of(&session.time_zone), site.crm.clock().now());
        let lines = imports::list(&site.crm, session.agent, about.subject).await?.into_iter().map(|import| Line {
            id: import.id,
            when: times.show_near(import.updated_at, now),
            words: match import.state {
                Stage::Arriving | Stage::Checked => String::from("Waits for you"),
                Stage::Running => format!("{} of {} rows", import.rows_done(), import.rows_found),
                Stage::Done if import.changed > 0 => {
                    format!("{} imported, {} changed", about.count(import.imported), import.changed)
                }
                Stage::Done => format!("{} imported", about.count(import.imported)),
                Stage::Cancelled => format!("Stopped after {}", about.count(import.imported)),
            },
            file_name: import.file_name,
        });
        Ok(Self { shell, about, lines: lines.collect(), wrong })
    }
}

async fn show_all<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let shell = Shell::new(&session, F::ABOUT.place).saying(query.get("done").map(String::as_str));
    Ok(ok(&All::read(&site, &session, F::ABOUT, shell, Wrong::default()).await?))
}

async fn upload<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    uploads::Form(mut form): uploads::Form,
) -> Result<Response, Refusal> {
    match take(&site.crm, session.agent, F::ABOUT.subject, &mut form).await {
        Ok(id) => Ok(see_other(&F::ABOUT.path_of(id))),
        Err(Refusal::Failed(error)) => {
            let shell = Shell::new(&session, F::ABOUT.place);
            let all = All::read(&site, &session, F::ABOUT, shell, Wrong::of(error)?).await?;
            Ok(page(StatusCode::BAD_REQUEST, &all))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes the form's file in, and reads it once.
async fn take(crm: &Crm, agent: AgentId, subject: Subject, form: &mut Multipart) -> Result<ImportId, Refusal> {
    while let Some(part) = form.next_field().await.map_err(|_| Refusal::BadForm)? {
        if part.name() != Some("file") {
            continue;
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let mut upload = Upload::begin(crm, agent, subject, &name).await?;
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
    field: String,
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

/// A listing as it would be stored.
struct Listing {
    address: String,
    sizes: String,
    price: String,
    status: &'static str,
    description: Option<String>,
}

impl Listing {
    fn of(fields: &Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let said = |name: &str, unit: &str| Some(format!("{} {unit}", fields.get(name)?));
        let sizes = [said("bedrooms", "beds"), said("bathrooms", "baths"), said("sqft", "sq ft")];
        let status = text("status").and_then(|status| {
            ListingStatus::WORDS.iter().find(|(word, _)| *word == status).map(|(_, status)| *status)
        });
        let price = fields.get("price").and_then(Value::as_f64).unwrap_or_default();
        Self {
            address: text("address").unwrap_or_default().to_owned(),
            sizes: sizes.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            price: listings::amount(price, text("currency").unwrap_or(DEFAULT_CURRENCY)),
            status: listings::words(status.unwrap_or(ListingStatus::Active)),
            description: text("description").map(str::to_owned),
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/import.html")]
struct Shown {
    shell: Shell,
    about: About,
    path: String,
    import: Import,
    separated: &'static str,
    choices: Vec<Choice>,
    fields: Vec<(&'static str, &'static str)>,
    leads: Vec<Lead>,
    listings: Vec<Listing>,
    is_still: bool,
    wrong: Wrong,
}

impl Shown {
    /// Whether a column has days that nothing tells the order of by itself.
    fn has_days(&self) -> bool {
        const DAYS: [&str; 3] = ["closeDate", "onMarketDate", "expirationDate"];
        self.choices.iter().any(|choice| DAYS.contains(&choice.field.as_str()))
    }

    async fn read(site: &Site, session: &Session, about: About, import: Import, wrong: Wrong) -> Result<Self, Error> {
        let mut shown = Self {
            shell: Shell::new(session, about.place),
            about,
            path: about.path_of(import.id),
            separated: match import.delimiter {
                b';' => "semicolons",
                b'\t' => "tabs",
                _ => "commas",
            },
            choices: Vec::new(),
            fields: about.subject.fields(),
            leads: Vec::new(),
            listings: Vec::new(),
            is_still: site.crm.clock().now().0 - import.updated_at.0 > STILL_MS,
            wrong,
            import,
        };
        if shown.import.state != Stage::Checked {
            return Ok(shown);
        }
        let preview = imports::preview(&site.crm, session.agent, &shown.import, SHOWN).await?;
        if !shown.import.is_of_records() {
            let columns = shown.import.columns.iter().zip(preview.samples).enumerate();
            let choice = |(n, (column, sample)): (usize, (&Column, String))| {
                let Column { header, field } = column.clone();
                Choice { name: format!("column{n}"), header, sample, field }
            };
            shown.choices = columns.map(choice).collect();
        }
        let names = SourceNames::read(&site.crm, session.agent).await?;
        for draft in preview.drafts {
            match draft {
                Draft::Lead(draft) => shown.leads.push(Lead {
                    name: draft.lead.name,
                    email: draft.lead.email.map(|email| email.as_str().to_owned()),
                    phone: draft.lead.phone.map(|phone| phone.as_str().to_owned()),
                    about: draft.lead.property_address,
                    notes: draft.lead.notes,
                    source: names.of(&draft.lead.source),
                    status: leads::words(draft.status),
                }),
                Draft::Listing(draft) => shown.listings.push(Listing::of(&draft.fields)),
            }
        }
        Ok(shown)
    }

    /// How much of the file is done, in hundredths.
    fn share(&self) -> u64 {
        self.import.rows_done() * 100 / self.import.rows_found.max(1)
    }

    /// What the button does that takes it in.
    fn what(&self) -> String {
        let Import { rows_good, rows_changed, .. } = self.import;
        match (rows_good, rows_changed) {
            (good, 0) => format!("Import {}", self.about.count(good)),
            (0, changed) => format!("Change {}", self.about.count(changed)),
            (good, changed) => format!("Import {}, change {changed}", self.about.count(good)),
        }
    }
}

async fn show<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ImportId>,
) -> Result<Response, Refusal> {
    let Some(import) = F::ABOUT.find(&site, &session, id).await? else { return Ok(pages::not_found()) };
    Ok(ok(&Shown::read(&site, &session, F::ABOUT, import, Wrong::default()).await?))
}

async fn check<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ImportId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Some(import) = F::ABOUT.find(&site, &session, id).await? else { return Ok(pages::not_found()) };
    let known = F::ABOUT.subject.fields();
    let chosen = import.columns.iter().enumerate().map(|(n, column)| {
        let chosen = fields.get(&format!("column{n}"));
        let field = known.iter().find(|(name, _)| *name == chosen).map_or(&*column.field, |(name, _)| name);
        Column { header: column.header.clone(), field: field.to_owned() }
    });
    match imports::check(&site.crm, session.agent, import.id, Some(chosen.collect())).await {
        Ok(_) => Ok(see_other(&F::ABOUT.path_of(import.id))),
        Err(error) => {
            let shown = Shown::read(&site, &session, F::ABOUT, import, Wrong::of(error)?).await?;
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

async fn run<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ImportId>,
) -> Result<Response, Refusal> {
    let Some(Import { id, .. }) = F::ABOUT.find(&site, &session, id).await? else { return Ok(pages::not_found()) };
    imports::start(&site.crm, session.agent, id).await?;
    Ok(see_other(&F::ABOUT.path_of(id)))
}

async fn cancel<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ImportId>,
) -> Result<Response, Refusal> {
    let Some(Import { id, .. }) = F::ABOUT.find(&site, &session, id).await? else { return Ok(pages::not_found()) };
    imports::cancel(&site.crm, session.agent, id).await?;
    Ok(see_other(&F::ABOUT.path_of(id)))
}

async fn delete<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ImportId>,
) -> Result<Response, Refusal> {
    let Some(Import { id, .. }) = F::ABOUT.find(&site, &session, id).await? else { return Ok(pages::not_found()) };
    imports::delete(&site.crm, session.agent, id).await?;
    Ok(see_other(&format!("{}?done=import-deleted", F::ABOUT.path)))
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
async fn errors<F: Files>(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<ImportId>,
) -> Result<Response, Refusal> {
    let Some(import) = F::ABOUT.find(&site, &session, id).await? else { return Ok(pages::not_found()) };
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
