//! `organicagent email …`

use std::{io::Read, path::Path};

use crm::{
    agents,
    inbox::{self, Incoming, TakenIn, Way},
};
use mail::reading::{self, Found, Known, Reading, Verdict};
use serde_json::{Map, Value};

use super::print;
use crate::{config::Config, storage};

/// Bytes of a mail at most; what is longer is read as far as that.
const MAX_BYTES: u64 = 64 << 20;

/// Reads each file and prints what it tells, one JSON line each. A file that cannot be read does not keep the others from it.
pub(super) fn parse(files: &[impl AsRef<Path>]) -> Result<(), String> {
    let mut unread = Vec::new();
    for file in files.iter().map(AsRef::as_ref) {
        match bytes_of(file) {
            Ok(raw) => print(&line(file, &reading::read(&raw, &Known::default())).to_string())?,
            Err(error) => unread.push(format!("{}: {error}", file.display())),
        }
    }
    if unread.is_empty() { Ok(()) } else { Err(unread.join("; ")) }
}

/// Takes each file in and prints what was read and what became of it, one JSON line each, as soon as it is kept. A file that cannot be read
/// does not keep the others from it.
pub(super) async fn import(config: &Config, agent: &str, files: &[impl AsRef<Path>]) -> Result<(), String> {
    let crm = storage::open(config).await?;
    let agent = agents::get_by_slug(&crm, agent).await.map_err(|error| match error {
        crm::Error::NotFound => format!("there is no agent {agent:?}"),
        other => other.to_string(),
    })?;
    let mut failed = Vec::new();
    for file in files.iter().map(AsRef::as_ref) {
        let taken = match bytes_of(file) {
            Ok(raw) => {
                let incoming = Incoming { raw, way: Way::Command, trust: None };
                inbox::take_in(&crm, agent.id, incoming).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match taken {
            Ok(taken) => print(&taken_line(file, &taken).to_string())?,
            Err(error) => failed.push(format!("{}: {error}", file.display())),
        }
    }
    crm.database().close().await;
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// What is printed of a mail that was taken in: as [`line`], and what became of it.
fn taken_line(file: &Path, taken: &TakenIn) -> Value {
    let mut line = Map::new();
    let reading = &taken.reading;
    line.insert("file".to_owned(), file.display().to_string().into());
    let is_lead = match reading.verdict {
        inbox::Verdict::Lead => Value::Bool(true),
        inbox::Verdict::Ignored => Value::Bool(false),
        inbox::Verdict::Review => Value::Null,
    };
    line.insert("isLead".to_owned(), is_lead);
    line.insert("reason".to_owned(), taken.reason.clone().into());
    for (key, found) in [
        ("name", &reading.name),
        ("email", &reading.email),
        ("phone", &reading.phone),
        ("source", &reading.source),
        ("propertyAddress", &reading.property_address),
        ("notes", &reading.notes),
    ] {
        if let Some(found) = found {
            line.insert(key.to_owned(), found.text.clone().into());
        }
    }
    line.insert("outcome".to_owned(), taken.outcome.name().into());
    line.insert("leadId".to_owned(), taken.lead.map(|lead| lead.to_string()).into());
    line.into()
}

fn bytes_of(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES).read_to_end(&mut raw)?;
    } else {
        std::fs::File::open(file)?.take(MAX_BYTES).read_to_end(&mut raw)?;
    }
    Ok(raw)
}

/// What is printed of a mail: only what it holds.
pub(super) fn line(file: &Path, reading: &Reading) -> Value {
    let mut line = Map::new();
    line.insert("file".to_owned(), file.display().to_string().into());
    let is_lead = match reading.verdict {
        Verdict::Lead => Value::Bool(true),
        Verdict::Ignored => Value::Bool(false),
        Verdict::Review => Value::Null,
    };
    line.insert("isLead".to_owned(), is_lead);
    line.insert("reason".to_owned(), reading.reason.clone().into());
    let mut add = |key: &str, found: &Option<Found>| {
        if let Some(found) = found {
            line.insert(key.to_owned(), found.value.clone().into());
        }
    };
    add("name", &reading.name);
    add("email", &reading.email);
    add("phone", &reading.phone);
    // Of what is no lead there is nothing to come from anywhere.
    let source = reading.source.clone().filter(|_| reading.verdict != Verdict::Ignored);
    add("source", &source);
    add("propertyAddress", &reading.property_address);
    add("notes", &reading.notes);
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_only_what_the_mail_does() {
        let raw = b"From: Web <noreply@site.example>\nSubject: Contact\n\nName: Jane Doe\nPhone: (512) 555-0142 x12\nMessage: Is it free?\n";
        let reading = reading::read(raw, &Known::default());
        assert_eq!(
            line(Path::new("a.eml"), &reading).to_string(),
            r#"{"file":"a.eml","isLead":true,"reason":"A form that somebody filled in.","name":"Jane Doe","phone":"(512) 555-0142","source":"website","notes":"Is it free?"}"#
        );
        let reading = reading::read(b"", &Known::default());
        let line = line(Path::new("b.eml"), &reading);
        assert_eq!((line["isLead"].as_bool(), line.get("name"), line.get("source")), (Some(false), None, None));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = parse(&["/nowhere/a.eml"]).unwrap_err();
        assert!(error.starts_with("/nowhere/a.eml: "), "{error}");
    }
}
