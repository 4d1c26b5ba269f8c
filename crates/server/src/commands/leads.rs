//! `organicagent leads …`

use std::io::{self, BufWriter, Write};

use crm::{
    AgentId, Crm,
    exports::sheets::Sheet,
    fold::fold,
    leads::{self, NewLead, STATUSES},
    pages::{Filter, Page, Sort, Start},
    values::{EmailAddress, PhoneNumber},
};
use serde_json::json;

use super::{agent_of, print};
use crate::{
    cli::{Format, LeadsCommand},
    config::Config,
    storage,
};

/// Records that are read at once.
const PAGE: u32 = 100;

/// Runs one of them.
pub(super) async fn run(config: &Config, command: LeadsCommand) -> Result<(), String> {
    match command {
        LeadsCommand::List { agent, status, source, email, phone, limit } => {
            let filter = Filter {
                status: status.map(known_status).transpose()?,
                source_key: source.map(|text| fold(&text)),
                email_key: email.map(|text| EmailAddress::key_of(&text)),
                phone_key: phone.map(|text| PhoneNumber::key_of(&text).unwrap_or_default()),
                ..Filter::default()
            };
            let crm = storage::open(config).await?;
            let agent = agent_of(&crm, &agent).await?;
            list(&crm, agent, filter, limit.unwrap_or(u64::MAX)).await?;
            crm.database().close().await;
            Ok(())
        }
        LeadsCommand::Create { agent, name, email, phone, source, property_address, notes } => {
            let fields = json!({
                "name": name, "email": email, "phone": phone, "source": source, "propertyAddress": property_address, "notes": notes,
            });
            let new = NewLead::read(fields.as_object().expect("an object")).map_err(|error| error.to_string())?;
            let crm = storage::open(config).await?;
            let agent = agent_of(&crm, &agent).await?;
            let created = leads::create(&crm, agent, new, None).await.map_err(|error| error.to_string())?;
            crm.database().close().await;
            print(&created.value.id.to_string())
        }
        LeadsCommand::Export { agent, format } => {
            let crm = storage::open(config).await?;
            let agent = agent_of(&crm, &agent).await?;
            export(&crm, agent, format).await?;
            crm.database().close().await;
            Ok(())
        }
    }
}

fn known_status(status: String) -> Result<String, String> {
    if STATUSES.contains(&status.as_str()) {
        Ok(status)
    } else {
        Err(format!("--status must be one of {}", STATUSES.join(", ")))
    }
}

async fn list(crm: &Crm, agent: AgentId, filter: Filter, mut most: u64) -> Result<(), String> {
    let mut out = Lines::new();
    let mut start = Start::Offset(0);
    while most > 0 {
        let limit = u32::try_from(most).unwrap_or(PAGE).min(PAGE);
        let page = Page { sort: Sort::NewestFirst, start, limit, counted: 0 };
        let listed = leads::list(crm, agent, filter.clone(), page).await.map_err(|error| error.to_string())?;
        for lead in &listed.items {
            out.line(&crm::json::to_string(lead).map_err(|error| error.to_string())?)?;
        }
        most -= listed.items.len() as u64;
        match listed.next {
            Some(next) => start = Start::After(next),
            None => break,
        }
    }
    out.end()
}

async fn export(crm: &Crm, agent: AgentId, format: Format) -> Result<(), String> {
    let told = |error: crm::Error| error.to_string();
    let (sheet, mut out, mut after) = (Sheet::Leads, Lines::new(), None);
    if format == Format::Csv {
        out.text(&sheet.head().map_err(told)?)?;
    }
    loop {
        let part = sheet.read(crm, agent, after.as_deref()).await.map_err(told)?;
        for record in &part.records {
            match format {
                Format::Csv => out.text(&sheet.row(record).map_err(told)?)?,
                Format::Json => out.line(record)?,
            }
        }
        after = part.next;
        if after.is_none() {
            return out.end();
        }
    }
}

/// Lines to standard output, many at a time.
struct Lines(BufWriter<io::Stdout>);

impl Lines {
    fn new() -> Self {
        Self(BufWriter::new(io::stdout()))
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.0.write_all(text.as_bytes()).map_err(explain)
    }

    fn line(&mut self, text: &str) -> Result<(), String> {
        writeln!(self.0, "{text}").map_err(explain)
    }

    fn end(mut self) -> Result<(), String> {
        self.0.flush().map_err(explain)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn explain(error: io::Error) -> String {
    format!("stdout: {error}")
}
