//! Addresses of homes in free text, and what a line of one goes on with.

use std::sync::LazyLock;

use regex::Regex;

use super::{limits, texts};

const STREETS: &str = r"(?:(?i:street|st|avenue|ave|av|road|rd|drive|dr|lane|ln|court|ct|circle|cir|boulevard|blvd|terrace|ter|trail|trl|parkway|pkwy|highway|hwy|square|sq|plaza|plz|crescent|cres|alley|turnpike|expressway|loop)|Way|Pl|Place|Aly|Path|Point|Pt|Ridge|Rdg|Row|Run|Walk|Crossing|Xing|Cove|Cv|Close|Gardens|Mews|Pass|Bend|Hollow|View|Vista|Commons|Pike|Broadway|Glen|Grove|Hill|Hills|Landing|Manor|Meadow|Meadows|Mill|Park|Canyon|Creek|Harbor|Island|Isle|Lake|Oaks|Pine|Pines|Spring|Springs|Station|Valley|Village|Estates|Estate|Fwy|Route|Rte|way|place|pl|WAY|PLACE|PL|COVE|CV|RUN|POINT|RIDGE|PASS)";
const STATES: &str = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|ON|BC|AB|QC|MB|SK|NS|NB|NL|PE|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming)";
const UNIT: &str = r"(?:,?\s+(?:(?i:apt|apartment|unit|suite|ste|no|floor|fl|bldg|building|lot)\.?\s*#?\s*[A-Za-z0-9-]{1,6}(?-u:\b)|#\s*[A-Za-z0-9-]{1,6}(?-u:\b)))";

/// Number and street, with what follows of unit, city, state and code.
static AMERICAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?-u:\b)(?P<street>[0-9]{{1,6}}(?:-[0-9]{{1,5}})?[A-Z]?(?:\s?½|\s1/2)?\s+(?:[A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}0-9.'’-]+\s+){{1,5}}?(?:(?i:{STREETS})(?-u:\b)\.?(?:\s+(?i:{STREETS})(?-u:\b)\.?){{0,2}}(?:\s+(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)(?-u:\b)\.?)?))(?P<unit>{UNIT}{{0,2}})(?P<rest>(?:,\s*|\s+in\s+|\s+)(?:[A-Z][A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}.'’-]+(?:\s+[A-Z][A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}.'’-]+){{0,3}}),?\s+{STATES}(?-u:\b)(?:,?\s+(?:[0-9]{{5}}(?:-[0-9]{{4}})?|[A-Z][0-9][A-Z]\s?[0-9][A-Z][0-9]))?|,\s*[0-9]{{5}}(?-u:\b))?",
    ))
    .expect("tested")
});

/// Any words between a number and `City, ST ZIP`.
static WITH_STATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?-u:\b)[0-9]{{1,6}}(?:-[0-9]{{1,5}})?[A-Z]?\s+[A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}0-9][A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}0-9.'’# /-]{{1,60}}?(?:,\s*[A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}0-9.'’# -]{{1,30}})?,\s*[A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}][A-Za-z\u{{c0}}-\u{{24f}}\u{{1e00}}-\u{{1eff}}.'’ -]{{1,30}},?\s+{STATES}(?-u:\b)(?:,?\s+(?:[0-9]{{5}}(?:-[0-9]{{4}})?|[A-Z][0-9][A-Z]\s?[0-9][A-Z][0-9])(?-u:\b))?",
    ))
    .expect("tested")
});

/// Streets as other countries write them.
static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:(?-u:\b)(?:Calle|C/|Avenida|Avda\.?|Av\.|Paseo|Plaza|Carrera|Camino|Carrer|Ronda|Rua|Travessa|Alameda|Praça|Via|Viale|Piazza|Corso|Largo|Vicolo)\s+[A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}.'’ºª -]{2,40}?,?\s*(?:n[.º°]\s*)?[0-9]{1,5}(?:\s?[A-Za-z](?-u:\b))?(?:,?\s*[0-9]{1,2}[ºª°]\s?\w{0,3})?(?:,\s*(?:[0-9]{4,5}(?:-[0-9]{3})?\s+)?[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]{2,30}(?:[ -](?:(?:de|la|las|los|del|do|da|di|el|y|e)(?-u:\b)|[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]+)){0,4})?)",
        r"|(?:(?-u:\b)[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}-]{2,}(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|ring|straat|laan|plein|gracht|kade|gatan|vägen|vej|gade|veien|gata|katu)\s+[0-9]{1,4}\s?[a-zA-Z]?(?-u:\b)(?:,\s*(?:[0-9]{4,5}(?:\s?[A-Z]{2})?\s+)?[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}-]{2,30}(?:\s[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}-]+)?)?)",
        r"|(?:(?-u:\b)[0-9]{1,4}(?:\s?(?:bis|ter))?,?\s+(?:rue|avenue|boulevard|bd|place|chemin|allée|impasse|quai|cours|route)\s+[A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’ -]{2,40}?(?:,\s*(?:[0-9]{5}\s+)?[A-Z\u{c0}-\u{de}\u{100}-\u{17f}][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}'’-]{2,30}(?:\s[A-Z\u{c0}-\u{de}\u{100}-\u{17f}0-9][A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}0-9]*)?)?(?:$|[.,;!?\n]))",
        r"|(?:[\p{Han}]{2,3}[都道府県][\p{Han}\p{Hiragana}\p{Katakana}]{1,12}[市区町村][\p{Han}\p{Hiragana}\p{Katakana}]{0,10}[0-9]{1,4}(?:[-－丁目番地号0-9]){0,12})",
        r"|(?:[\p{Han}]{1,10}[市区區县縣][\p{Han}]{1,12}[路街道巷][\p{Han}]{0,4}[0-9]{1,5}[号號弄][\p{Han}0-9]{0,12})",
    ))
    .expect("tested")
});

/// The first address in a text, parts as written.
pub(crate) fn find(text: &str) -> Option<String> {
    all(text).into_iter().next()
}

/// The addresses in a text, in their order.
pub(crate) fn all(text: &str) -> Vec<String> {
    let text = super::pages::cut(text, limits::MAX_LINE_BYTES);
    limits::work(text.len());
    if !text.contains(char::is_numeric) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for address in WITH_STATE.find_iter(text).take(20) {
        let tight = tighten(address.as_str());
        let start = address.end() - tight.len();
        if !is_price_or_time(text, start, tight) {
            found.push((start, address.end(), tight.to_owned()));
        }
    }
    for address in AMERICAN.find_iter(text).take(20) {
        let overlaps = found.iter().any(|(start, end, _)| address.start() < *end && address.end() > *start);
        if !overlaps && !is_price_or_time(text, address.start(), address.as_str()) {
            found.push((address.start(), address.end(), address.as_str().to_owned()));
        }
    }
    for address in ELSEWHERE.find_iter(text).take(20) {
        let overlaps = found.iter().any(|(start, end, _)| address.start() < *end && address.end() > *start);
        if !overlaps {
            found.push((address.start(), address.end(), address.as_str().to_owned()));
        }
    }
    found.sort_by_key(|(start, ..)| *start);
    // A full stop ends the sentence, not the street.
    found.into_iter().map(|(.., address)| tidy(&address).trim_end_matches('.').to_owned()).collect()
}

/// A match of any words may begin too early: `2 tickets to 12 Main St, …`. It begins at the last number of a street.
fn tighten(address: &str) -> &str {
    static INNER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:at|on|about|for|to|see|of|in|is|the)\s+([0-9]{1,6}[A-Z]?\s+\S.*)$").expect("tested")
    });
    INNER.captures(address).and_then(|found| found.get(1)).map_or(address, |inner| inner.as_str())
}

fn is_price_or_time(text: &str, start: usize, address: &str) -> bool {
    let before = text[..start].trim_end().chars().next_back();
    let is_in_number =
        matches!(before, Some('.' | ',')) && text[..start].ends_with(|letter: char| !letter.is_whitespace());
    if matches!(before, Some('$' | '€' | '£' | '#')) || is_in_number {
        return true;
    }
    let folded = texts::fold(address);
    let second = folded.split(' ').nth(1).unwrap_or_default();
    matches!(
        second,
        "am" | "pm"
            | "a.m."
            | "p.m."
            | "bed"
            | "beds"
            | "bd"
            | "bedroom"
            | "bedrooms"
            | "br"
            | "bath"
            | "baths"
            | "ba"
            | "sqft"
            | "sq"
            | "minutes"
            | "min"
            | "days"
            | "day"
            | "years"
            | "year"
            | "weeks"
            | "months"
            | "people"
            | "and"
            | "of"
            | "or"
            | "homes"
            | "new"
            | "properties"
            | "listings"
            | "hours"
            | "miles"
            | "million"
            | "percent"
            | "to"
            | "at"
            | "story"
            | "car"
            | "acres"
            | "acre"
            | "units"
            | "offers"
            | "showings"
            | "photos"
            | "in"
            | "on"
            | "for"
            | "the"
            | "is"
            | "was"
            | "my"
            | "i"
            | "we"
            | "with"
            | "but"
            | "because"
    )
}

/// Parts joined with `, `, no white space beside what it needs, no full stop at the end but that of an abbreviation.
pub(crate) fn tidy(address: &str) -> String {
    let lines = address.lines().map(texts::squeeze).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    let joined = lines.iter().map(|line| line.trim_end_matches(',')).collect::<Vec<_>>().join(", ");
    let joined = joined.replace(" ,", ",");
    let text = joined.trim_matches(|letter: char| {
        letter.is_whitespace()
            || matches!(
                letter,
                ',' | ';' | ':' | '-' | '–' | '!' | '?' | '"' | '“' | '”' | '*' | '(' | '>' | '<' | '。' | '、'
            )
    });
    let text = text
        .strip_suffix('.')
        .filter(|text| {
            !text.ends_with("St") && !text.ends_with("Ave") && !text.ends_with("Rd") && !text.ends_with("Dr")
        })
        .unwrap_or(text);
    let text = if text.matches('(').count() == text.matches(')').count() { text } else { text.trim_end_matches(')') };
    super::pages::cut(text, limits::MAX_VALUE).to_owned()
}

/// Whether a line goes on with the address that stands in the line before: city, state, code.
pub(crate) fn continues(before: &str, line: &str) -> bool {
    static CITY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"^(?:[\p{{L}}][\p{{L}}.'’ -]{{1,40}},\s*)?(?:[\p{{L}}][\p{{L}}.'’ -]{{1,40}},?\s+)?(?:{STATES},?\s+\d{{5}}(?:-\d{{4}})?|{STATES}|\d{{4,5}}(?:-\d{{3,4}})?\s+[\p{{L}}][\p{{L}}.'’ -]{{1,40}}|[\p{{L}}][\p{{L}} ]+\s+[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?:,?\s+(?:USA|US|United States|Canada))?\.?$"
        ))
        .expect("tested")
    });
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?i:apt|unit|suite|ste|apartment|#|piso)\.?\s*#?\s*[\w-]{1,8}$").expect("tested")
    });
    let line = line.trim().trim_end_matches(',');
    static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r",.*[0-9]{5}").expect("tested"));
    let has_code = CODE.is_match(before);
    (CITY.is_match(line) && !has_code || PART.is_match(line))
        && before.contains(|letter: char| letter.is_ascii_digit())
        && line.len() < 90
}

/// Whether a value can be an address at all: letters and a number, or several parts; no link, no sentence.
pub(crate) fn is_plausible(value: &str) -> bool {
    let has_letters = value.chars().any(char::is_alphabetic);
    let has_digit = value.chars().any(char::is_numeric);
    has_letters
        && value.chars().count() >= 6
        && value.chars().count() <= 200
        && !value.contains("http")
        && !value.contains('@')
        && (has_digit || value.matches(',').count() >= 1)
        && !value.ends_with(['?', '!'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_prose() {
        for (text, address) in [
            ("I saw 123 Main St, Austin, TX 78701 online", "123 Main St, Austin, TX 78701"),
            ("about 4521 W Maple Ave Apt 3B, Austin, TX, 78701.", "4521 W Maple Ave Apt 3B, Austin, TX, 78701"),
            ("Is 12 Oak Lane still available?", "12 Oak Lane"),
            ("the house at 88 Via Bella, Carmel, CA 93923", "88 Via Bella, Carmel, CA 93923"),
            ("3 bedrooms at 9 Elm Court #2, Salem, OR 97301", "9 Elm Court #2, Salem, OR 97301"),
            ("Wohnung in der Lindenstraße 5, 10969 Berlin gesehen", "Lindenstraße 5, 10969 Berlin"),
            ("el piso de Calle Mayor 12, 28013 Madrid", "Calle Mayor 12, 28013 Madrid"),
        ] {
            assert_eq!(find(text).as_deref(), Some(address), "{text}");
        }
        for text in ["I have 3 kids and 2 dogs", "call me at 5 pm on the road", "$1,200 St"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn a_second_line_is_city_and_state() {
        assert!(continues("123 Main St", "Austin, TX 78701"));
        assert!(continues("123 Main St", "Unit 5"));
        assert!(continues("Lindenstraße 5", "10969 Berlin"));
        assert!(!continues("123 Main St", "I want to see it"));
        assert!(!continues("123 Main St", "Jane Doe"));
    }
}
