//! Files of JSON: the records in them, one on each line, so that from there on they are rows like others.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rows::LONGEST;

/// What stands between the cells of a row that is a record. No JSON has it as it is, so there is one cell.
pub(super) const DELIMITER: u8 = 1;

/// An answer with the records in it: as OData (RESO Web API) has them, and under names that others give them.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, alias = "listings", alias = "results", alias = "data", alias = "items", alias = "bundle")]
    value: Vec<&'a RawValue>,
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
    let wrong = |error: serde_json::Error| format!("is no JSON: {error}");
    let mut lines = String::with_capacity(text.len());
    for part in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let part = part.map_err(wrong)?.get();
        if part.starts_with('[') {
            for record in serde_json::from_str::<Vec<&RawValue>>(part).map_err(wrong)? {
                push(&mut lines, record.get());
            }
        } else if let Ok(answer) = serde_json::from_str::<Answer<'_>>(part) {
            answer.value.iter().for_each(|record| push(&mut lines, record.get()));
        } else {
            push(&mut lines, part);
        }
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
    fn a_record_that_is_too_long_is_one_bad_row() {
        let file = format!("[{{\"a\":\"{}\"}},{{}}]", "x".repeat(LONGEST));
        assert_eq!(lines(file.as_bytes()).as_deref(), Ok("too long\n{}\n"));
    }
}
