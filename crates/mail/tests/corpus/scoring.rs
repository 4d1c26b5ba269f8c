//! Compares what is read out of mails with what stands beside them, and counts.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use mail::reading::{self, Known, Reading, Verdict};
use serde_json::{Map, Value};

/// The fields that are scored.
pub const FIELDS: [&str; 6] = ["name", "email", "phone", "source", "propertyAddress", "notes"];

/// What was right and wrong of a field.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Read and expected.
    pub right: u32,
    /// Read, but another value or none is expected.
    pub wrong: u32,
    /// Expected, but another value or none was read.
    pub missed: u32,
}

impl Count {
    /// Of what was read, the share that is right; 1 when nothing was read.
    pub fn precision(self) -> f64 {
        share(self.right, self.wrong)
    }

    /// Of what is expected, the share that was read; 1 when nothing is expected.
    pub fn recall(self) -> f64 {
        share(self.right, self.missed)
    }
}

fn share(right: u32, other: u32) -> f64 {
    if right + other == 0 { 1.0 } else { f64::from(right) / f64::from(right + other) }
}

/// What a folder of mails came to.
#[derive(Debug, Default)]
pub struct Score {
    /// Mails read.
    pub mails: u32,
    /// By field; `isLead` counts leads.
    pub counts: BTreeMap<&'static str, Count>,
    /// Each difference, in words.
    pub differences: Vec<String>,
}

impl Score {
    /// A table: precision and recall by field.
    pub fn table(&self) -> String {
        let mut table = format!("{} mails\n{:<16} {:>9} {:>9}\n", self.mails, "field", "precision", "recall");
        for (field, count) in &self.counts {
            let _ = writeln!(table, "{field:<16} {:>8.1}% {:>8.1}%", count.precision() * 100.0, count.recall() * 100.0);
        }
        table
    }
}

/// Reads each `.eml` of a folder that has a `.json` beside it.
pub fn score(folder: &Path) -> Score {
    let mut score = Score::default();
    for field in FIELDS.into_iter().chain(["isLead"]) {
        score.counts.insert(field, Count::default());
    }
    let files = fs::read_dir(folder).expect("the folder of mails").map(|file| file.expect("a file").path());
    let mut files =
        files.filter(|file| file.extension().is_some_and(|extension| extension == "eml")).collect::<Vec<_>>();
    files.sort();
    for file in files {
        let expected = fs::read(file.with_extension("json")).expect("the JSON beside the mail");
        let expected = serde_json::from_slice::<Map<String, Value>>(&expected).expect("JSON");
        let reading = reading::read(&fs::read(&file).expect("the mail"), &Known::default());
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        compare(&name, &expected, &reading, &mut score);
    }
    score
}

fn compare(name: &str, expected: &Map<String, Value>, reading: &Reading, score: &mut Score) {
    score.mails += 1;
    let is_lead = expected["isLead"] == Value::Bool(true);
    let was_lead = reading.verdict == Verdict::Lead;
    let count = score.counts.entry("isLead").or_default();
    match (is_lead, was_lead) {
        (true, true) => count.right += 1,
        (true, false) => count.missed += 1,
        (false, true) => count.wrong += 1,
        (false, false) => {}
    }
    if is_lead != was_lead {
        score.differences.push(format!("{name}: isLead is {is_lead}, read {:?}: {}", reading.verdict, reading.reason));
    }
    if !is_lead {
        return;
    }
    for field in FIELDS {
        let found = match field {
            "name" => &reading.name,
            "email" => &reading.email,
            "phone" => &reading.phone,
            "source" => &reading.source,
            "propertyAddress" => &reading.property_address,
            _ => &reading.notes,
        };
        let found = found.as_ref().map(|found| found.value.as_str());
        let wanted = expected.get(field).and_then(Value::as_str);
        // Where nothing was written down for notes, any text of the mail may stand there.
        if field == "notes" && wanted.is_none() {
            continue;
        }
        let count = score.counts.entry(field).or_default();
        let is_right = match (wanted, found) {
            (Some(wanted), Some(found)) => squeeze(wanted) == squeeze(found),
            _ => false,
        };
        match (wanted, found) {
            (None, None) => continue,
            _ if is_right => {
                count.right += 1;
                continue;
            }
            (Some(_), Some(_)) => {
                count.wrong += 1;
                count.missed += 1;
            }
            (Some(_), None) => count.missed += 1,
            (None, Some(_)) => count.wrong += 1,
        }
        score.differences.push(format!("{name}: {field} is {wanted:?}, read {found:?}"));
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
