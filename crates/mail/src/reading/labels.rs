//! What a label says that its value is: `labels.toml`, with what may stand around a label taken off.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use super::texts;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Name,
    FirstName,
    LastName,
    Email,
    Phone,
    Message,
    /// The home that is asked about, beyond doubt.
    Address,
    /// An address of something.
    AnyAddress,
    /// Where the consumer lives.
    ContactAddress,
    Street,
    Unit,
    City,
    State,
    Zip,
    /// The home: an address, a title, or both.
    Property,
    Source,
    Mls,
    Url,
    /// Something else of the inquiry.
    Fact,
    /// The agent's, an office's, a portal's.
    Foreign,
    /// No value follows.
    Heading,
}

#[derive(Deserialize)]
struct Labels {
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    qualifiers: Vec<String>,
    suffixes: Vec<String>,
    #[serde(flatten)]
    fields: HashMap<Field, Labels>,
}

struct Dictionary {
    fields: HashMap<String, Field>,
    qualifiers: Vec<String>,
    suffixes: Vec<String>,
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let file = toml::from_str::<File>(include_str!("labels.toml")).expect("labels.toml is tested");
    let mut fields = HashMap::new();
    // What is certain wins where a word stands under two fields.
    let mut sorted = file.fields.into_iter().collect::<Vec<_>>();
    sorted.sort_by_key(|(field, _)| std::cmp::Reverse(*field as u8));
    for (field, labels) in sorted {
        fields.extend(labels.labels.iter().map(|label| (texts::fold(label), field)));
    }
    let fold = |words: Vec<String>| words.iter().map(|word| texts::fold(word)).collect::<Vec<_>>();
    Dictionary { fields, qualifiers: fold(file.qualifiers), suffixes: fold(file.suffixes) }
});

/// Characters of a label at most; longer ones are prose.
pub(crate) const MAX_LABEL: usize = 60;

/// What a label says, if it is one.
pub(crate) fn find(label: &str) -> Option<Field> {
    if label.len() > MAX_LABEL * 3 {
        return None;
    }
    super::limits::work(label.len());
    let label = strip(label);
    if label.is_empty() || label.len() > MAX_LABEL * 2 {
        return None;
    }
    let folded = texts::fold(&spaced(&label));
    let folded = folded.trim();
    look(folded).or_else(|| look(&texts::fold(&label))).or_else(|| look(&folded.replace('.', "")))
}

fn look(folded: &str) -> Option<Field> {
    let dictionary = &*DICTIONARY;
    let mut rest = folded;
    for _ in 0..4 {
        if let Some(field) = dictionary.fields.get(rest) {
            return Some(*field);
        }
        if let Some(shorter) = dictionary.suffixes.iter().find_map(|suffix| rest.strip_suffix(suffix.as_str())) {
            rest = shorter.trim_end();
            continue;
        }
        let shorter = dictionary.qualifiers.iter().filter_map(|qualifier| {
            let after = rest.strip_prefix(qualifier.as_str())?;
            let is_wide = qualifier.chars().next_back().is_some_and(texts::is_wide);
            (after.starts_with(' ') || is_wide && !after.is_empty()).then(|| after.trim_start())
        });
        rest = shorter.min_by_key(|shorter| shorter.len())?;
    }
    None
}

/// Without bullets, numbers, stars, brackets and what they hold: `* 1. Email (required):` is `Email`.
fn strip(label: &str) -> String {
    let label = texts::squeeze(label);
    let mut label = label.trim_matches(|letter: char| {
        letter.is_whitespace()
            || matches!(
                letter,
                '*' | ':'
                    | '：'
                    | '?'
                    | '？'
                    | '•'
                    | '·'
                    | '-'
                    | '–'
                    | '—'
                    | '>'
                    | '"'
                    | '\''
                    | '“'
                    | '”'
                    | '|'
                    | '='
                    | '_'
                    | '#'
                    | '['
                    | ']'
                    | '【'
                    | '】'
                    | '■'
                    | '●'
                    | '▪'
                    | '◆'
                    | '・'
                    | '{'
                    | '}'
                    | ','
                    | '.'
                    | '!'
                    | '✓'
                    | '»'
            )
    });
    // A number of the list, and pictures.
    label = label
        .trim_start_matches(|letter: char| matches!(u32::from(letter), 0x2190..=0x2bff | 0x1f000..=0x1faff | 0xfe0f));
    let digits = label.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && digits < 3 && label[digits..].starts_with(['.', ')']) {
        label = label[digits + 1..].trim_start();
    }
    if let Some(open) = label.find(['(', '（', '[']).filter(|open| *open > 0) {
        let inside = &label[open..];
        let after =
            inside.find([')', '）', ']']).map_or("", |close| inside[close..].trim_start_matches([')', '）', ']']));
        if after.trim().is_empty() {
            label = label[..open].trim_end();
        }
    }
    label.trim_start().trim_end_matches(['*', ' ', ':', '：']).to_owned()
}

/// `fullName` as `full Name`.
fn spaced(label: &str) -> String {
    let mut spaced = String::with_capacity(label.len() + 4);
    let (mut was_small, mut was_large) = (false, false);
    let mut letters = label.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_large = letter.is_ascii_uppercase();
        let begins_word = was_large && is_large && letters.peek().is_some_and(char::is_ascii_lowercase);
        if was_small && is_large || begins_word {
            spaced.push(' ');
        }
        was_small = letter.is_ascii_lowercase();
        was_large = is_large;
        spaced.push(letter);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_in_any_dress() {
        for (label, field) in [
            ("Name", Field::Name),
            ("*Your Name (required):*", Field::Name),
            ("full_name", Field::Name),
            ("fullName", Field::Name),
            ("Consumer Name", Field::Name),
            ("1. E-mail Address *", Field::Email),
            ("Phone#", Field::Phone),
            ("Teléfono", Field::Phone),
            ("お電話番号", Field::Phone),
            ("您的姓名", Field::Name),
            ("MLSID #", Field::Mls),
            ("MLSNumber", Field::Mls),
            ("MLS #", Field::Mls),
            ("Lead Source", Field::Source),
            ("Agent Name", Field::Foreign),
            ("E-Mail-Adresse", Field::Email),
            ("Move-in Date", Field::Fact),
        ] {
            assert_eq!(find(label), Some(field), "{label}");
        }
        for label in ["", "Hello Jane", "Company Slogan", "I would like to ask about your name"] {
            assert_eq!(find(label), None, "{label}");
        }
    }
}
