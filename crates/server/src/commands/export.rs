//! `organicagent export --agent SLUG DIR`: everything of one agent, as CSV for spreadsheets and JSON for programs.
//!
//! Each list is read page by page, so that an export of millions takes no more memory than one of ten. Secrets and hashes are
//! no part of any record.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use crm::{
    AgentId, Crm, agents, clients,
    events::{self, EventFilter},
    exports::{self, harmless},
    json, leads, listings,
    pages::{Filter, Listed, Page, Sort, Start},
    showings, stages, webhooks,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::print;
use crate::{config::Config, files::NewFile, storage};

/// Records read at once.
const PAGE: u32 = 500;

const WEBHOOKS: &[&str] = &["id", "url", "events", "description", "enabled", "createdAt", "updatedAt", "headers"];
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
const NOTES: &[&str] = &["id", "about", "text", "createdAt"];
const EXTRAS: &[&str] = &["about", "kind", "text"];
const EVENTS: &[&str] = &["id", "sequence", "event", "timestamp", "agentId", "data"];
const STAGES: &[&str] = &["id", "name", "pipeline"];

/// The agent, as the export tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedAgent<'a> {
    agent_id: &'a str,
    name: &'a str,
    email: &'a str,
    time_zone: &'a str,
}

/// Writes everything of an agent into a folder.
pub(super) async fn run(config: &Config, slug: &str, folder: &Path) -> Result<(), String> {
    make_folder(folder)?;
    let crm = storage::open(config).await?;
    let records = write(&crm, slug, folder).await?;
    crm.database().close().await;
    print(&format!("{}: {records} records", folder.display()))
}

/// Writes everything of the agent of that slug into an existing folder. Says how many records there are.
///
/// # Errors
/// A sentence for the operator.
pub async fn write(crm: &Crm, slug: &str, folder: &Path) -> Result<u64, String> {
    let agent = agents::get_by_slug(crm, slug).await.map_err(|error| match error {
        crm::Error::NotFound => format!("there is no agent {slug:?}"),
        other => other.to_string(),
    })?;
    let id = agent.id;
    let told =
        ExportedAgent { agent_id: &agent.slug, name: &agent.name, email: &agent.email, time_zone: &agent.time_zone };
    let mut file = begin(folder, "agent.json")?;
    let text = json::to_string(&told).map_err(|error| error.to_string())?;
    writeln!(file, "{text}").and_then(|()| finish(file)).map_err(|error| explain(folder, &error))?;
    let mut records = 1;
    records += sheet(folder, "leads", LEADS, async |page| leads::list(crm, id, Filter::default(), page).await).await?;
    records +=
        sheet(folder, "clients", CLIENTS, async |page| clients::list(crm, id, Filter::default(), page).await).await?;
    records += sheet(folder, "listings", LISTINGS, async |page| listings::list(crm, id, Filter::default(), page).await)
        .await?;
    records += sheet(folder, "showings", SHOWINGS, async |page| showings::list(crm, id, Filter::default(), page).await)
        .await?;
    records += write_notes(crm, id, folder).await?;
    records += write_extras(crm, id, folder).await?;
    records += write_events(crm, id, folder).await?;
    records += write_stages(crm, id, folder).await?;
    records += write_webhooks(crm, id, folder).await?;
    Ok(records)
}

fn make_folder(folder: &Path) -> Result<(), String> {
    let explain = |error: io::Error| explain(folder, &error);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(explain)?;
    if fs::read_dir(folder).map_err(explain)?.next().is_some() {
        return Err(format!("{}: the folder is not empty; an export never overwrites", folder.display()));
    }
    Ok(())
}

/// Writes one list, oldest first.
async fn sheet<T: Serialize>(
    folder: &Path,
    name: &str,
    columns: &'static [&'static str],
    list: impl AsyncFn(Page) -> Result<Listed<T>, crm::Error>,
) -> Result<u64, String> {
    let mut sheet = Sheet::begin(folder, name, columns)?;
    let mut start = Start::Offset(0);
    loop {
        let page =
            list(Page { sort: Sort::OldestFirst, start, limit: PAGE }).await.map_err(|error| error.to_string())?;
        sheet.add_all(&page.items)?;
        match page.next {
            Some(next) => start = Start::After(next),
            None => return sheet.finish(),
        }
    }
}

async fn write_notes(crm: &Crm, agent: AgentId, folder: &Path) -> Result<u64, String> {
    let mut sheet = Sheet::begin(folder, "notes", NOTES)?;
    let mut after = None;
    loop {
        let page = exports::notes(crm, agent, after, PAGE).await.map_err(|error| error.to_string())?;
        sheet.add_all(&page.notes)?;
        after = page.next;
        if after.is_none() {
            return sheet.finish();
        }
    }
}

/// What stands beside leads and clients and is not in the API: tags, follow-ups and the like.
async fn write_extras(crm: &Crm, agent: AgentId, folder: &Path) -> Result<u64, String> {
    let mut sheet = Sheet::begin(folder, "extras", EXTRAS)?;
    let mut after = None;
    loop {
        let (extras, next) = exports::extras(crm, agent, after, PAGE).await.map_err(|error| error.to_string())?;
        sheet.add_all(&extras)?;
        after = next;
        if after.is_none() {
            return sheet.finish();
        }
    }
}

async fn write_events(crm: &Crm, agent: AgentId, folder: &Path) -> Result<u64, String> {
    let mut sheet = Sheet::begin(folder, "events", EVENTS)?;
    let mut filter = EventFilter { kind: None, after: None, limit: PAGE };
    loop {
        let page = events::list(crm, agent, filter.clone()).await.map_err(|error| error.to_string())?;
        sheet.add_all(&page)?;
        match page.last() {
            Some(last) if page.len() == PAGE as usize => filter.after = Some(last.id),
            _ => return sheet.finish(),
        }
    }
}

async fn write_stages(crm: &Crm, agent: AgentId, folder: &Path) -> Result<u64, String> {
    let mut sheet = Sheet::begin(folder, "stages", STAGES)?;
    sheet.add_all(&stages::list(crm, agent).await.map_err(|error| error.to_string())?)?;
    sheet.finish()
}

/// Without secrets, and with the values of headers masked.
async fn write_webhooks(crm: &Crm, agent: AgentId, folder: &Path) -> Result<u64, String> {
    let mut sheet = Sheet::begin(folder, "webhooks", WEBHOOKS)?;
    sheet.add_all(&webhooks::list(crm, agent).await.map_err(|error| error.to_string())?)?;
    sheet.finish()
}

/// One list in both forms: `NAME.csv`, and `NAME.json`, an array with a record a line.
struct Sheet {
    csv: csv::Writer<BufWriter<NewFile>>,
    json: BufWriter<NewFile>,
    columns: &'static [&'static str],
    name: String,
    records: u64,
}

impl Sheet {
    fn begin(folder: &Path, name: &str, columns: &'static [&'static str]) -> Result<Self, String> {
        let csv = begin(folder, &format!("{name}.csv"))?;
        let json = begin(folder, &format!("{name}.json"))?;
        // RFC 4180, section 2: lines end with CRLF.
        let csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(csv);
        let mut sheet = Self { csv, json, columns, name: name.to_owned(), records: 0 };
        sheet.csv.write_record(columns).map_err(|error| sheet.explain(&error))?;
        Ok(sheet)
    }

    fn add_all<T: Serialize>(&mut self, records: &[T]) -> Result<(), String> {
        records.iter().try_for_each(|record| self.add(record))
    }

    fn add<T: Serialize>(&mut self, record: &T) -> Result<(), String> {
        let text = json::to_string(record).map_err(|error| self.explain(&error))?;
        let separator = if self.records == 0 { "[\n" } else { ",\n" };
        write!(self.json, "{separator}{text}").map_err(|error| self.explain(&error))?;
        let fields: HashMap<&str, &RawValue> = serde_json::from_str(&text).map_err(|error| self.explain(&error))?;
        let mut cells =
            self.columns.iter().map(|column| fields.get(column).map_or(Cow::Borrowed(""), |value| cell(value.get())));
        let written = cells.try_for_each(|cell| self.csv.write_field(cell.as_bytes()));
        let written = written.and_then(|()| self.csv.write_record(None::<&[u8]>));
        written.map_err(|error| self.explain(&error))?;
        self.records += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<u64, String> {
        let end = if self.records == 0 { "[]\n" } else { "\n]\n" };
        let (name, records) = (self.name, self.records);
        let finished = self.json.write_all(end.as_bytes()).and_then(|()| finish(self.json));
        let finished = finished.and_then(|()| finish(self.csv.into_inner().map_err(csv::IntoInnerError::into_error)?));
        finished.map_err(|error| format!("{name}: {error}"))?;
        Ok(records)
    }

    fn explain(&self, error: &dyn std::fmt::Display) -> String {
        format!("{}: {error}", self.name)
    }
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

fn begin(folder: &Path, name: &str) -> Result<BufWriter<NewFile>, String> {
    let path = folder.join(name);
    NewFile::create(&path).map(BufWriter::new).map_err(|error| explain(&path, &error))
}

fn finish(file: BufWriter<NewFile>) -> io::Result<()> {
    file.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
}

fn explain(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

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
