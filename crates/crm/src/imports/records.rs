//! Files of JSON: the records in them, one on each line, so that from there on they are rows like others.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{checks::MOST_ROWS, rows::LONGEST};

/// What stands between the cells of a row that is a record. No JSON has it as it is, so there is one cell.
pub(super) const DELIMITER: u8 = 1;

/// An answer with the records in it: as OData (RESO Web API) has them, and under names that others give them.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, alias = "listings", alias = "results")]
    value: List<'a>,
}

/// Records, no more than an import may have: a short file can name very many.
struct List<'a> {
    records: Vec<&'a RawValue>,
    /// Whether there are more.
    is_cut: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Records;

        impl<'de> Visitor<'de> for Records {
            type Value = List<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of records")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
                let mut records = Vec::new();
                while (records.len() as u64) < MOST_ROWS {
                    let Some(record) = from.next_element()? else { return Ok(List { records, is_cut: false }) };
                    records.push(record);
                }
                let mut is_cut = false;
                while from.next_element::<IgnoredAny>()?.is_some() {
                    is_cut = true;
                }
                Ok(List { records, is_cut })
            }
        }

        from.deserialize_seq(Records)
    }
}

/// Whether a file is JSON rather than a table: it begins with a bracket.
pub(super) fn is_json(head: &[u8]) -> bool {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    head.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b'[' | b'{'))
}

/// The records of a file, one on each line: those of a list, of an answer that holds one, or one after the other.
///
/// # Errors
/// What is wrong with the file, in words for whoever made it.
pub(super) fn lines(file: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(file).map_err(|_| String::from("must be UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |error: serde_json::Error| format!("cannot be read as JSON: {error}");
    let mut lines = String::with_capacity(text.len());
    for part in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let part = part.map_err(wrong)?.get();
        let list: List<'_> = if part.starts_with('[') {
            serde_json::from_str(part).map_err(wrong)?
        } else {
            match serde_json::from_str::<Answer<'_>>(part) {
                Ok(Answer { value }) => value,
                Err(_) => {
                    push(&mut lines, part);
                    continue;
                }
            }
        };
        if list.is_cut {
            return Err(String::from("has more than 100,000 records: split the file"));
        }
        list.records.iter().for_each(|record| push(&mut lines, record.get()));
    }
    Ok(lines)
}

/// Adds a record. Line ends stand only between its members: within texts JSON has none.
fn push(lines: &mut String, record: &str) {
    if record.len() >= LONGEST {
        lines.push_str("too long");
    } else {
        lines.extend(record.chars().map(|letter| if matches!(letter, '\n' | '\r') { ' ' } else { letter }));
    }
    lines.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_stand_in_lists_answers_and_one_after_the_other() {
        let both = "{\"a\": 1}\n{\"b\":  \"x\\ny\"}\n";
        for file in [
            "[{\"a\": 1},\n {\"b\":  \"x\\ny\"}]",
            "\u{feff}{\"@odata.context\": \"x\", \"value\": [{\"a\": 1}, {\"b\":  \"x\\ny\"}], \"@odata.nextLink\": \"y\"}",
            "{\"listings\":[{\"a\": 1}, {\"b\":  \"x\\ny\"}],\"total\":2}",
            "{\"a\": 1}\n{\"b\":  \"x\\ny\"}\n",
        ] {
            assert!(is_json(file.as_bytes()));
            assert_eq!(lines(file.as_bytes()).as_deref(), Ok(both), "{file}");
        }
        assert_eq!(lines(b"{\"a\":\n[1,\r\n2]}").as_deref(), Ok("{\"a\": [1,  2]}\n"));
        assert_eq!(lines(b"[]").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert!(lines(b"[{\"a\": 1},\n {oops}]").unwrap_err().contains("line 2"));
        assert!(lines(b"[1, 2").is_err());
        assert!(lines(b"[\"\xff\"]").is_err());
        assert!(lines("[".repeat(1_000).as_bytes()).is_err());
        assert!(!is_json(b"name,price\n"));
    }

    #[test]
    fn more_records_than_an_import_may_have_are_refused_before_they_are_kept() {
        let many = format!("[{}0]", "0,".repeat(100_000));
        assert!(lines(many.as_bytes()).unwrap_err().contains("split the file"));
        assert!(lines(format!("{{\"value\":{many}}}").as_bytes()).unwrap_err().contains("split the file"));
    }

    #[test]
    fn a_record_that_is_too_long_is_one_bad_row() {
        let file = format!("[{{\"a\":\"{}\"}},{{}}]", "x".repeat(LONGEST));
        assert_eq!(lines(file.as_bytes()).as_deref(), Ok("too long\n{}\n"));
    }
}
