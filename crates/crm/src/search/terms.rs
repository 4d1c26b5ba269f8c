//! The words of texts and of queries.
//!
//! A text is folded (NFKC, lower case, no accents) and cut into words at whatever is neither letter nor digit. Scripts that
//! write no blanks between words (Han, kana, Thai and their neighbours; Hangul, whose particles cling to words) are cut into
//! overlapping pairs. An e-mail address is a word beside its parts, and so are the digits of a phone number, whatever its
//! punctuation. Each word of a query is a prefix; what a text is made of finds it, as far as it is typed.

use std::collections::BTreeSet;

use crate::fold::fold;

/// Raised whenever a text's terms change: records that were indexed by older rules are then indexed again.
pub(super) const VERSION: i64 = 1;

/// Longest term, in characters; longer words are found by their beginnings.
const MAX_TERM: usize = 64;
/// Terms kept of a record; what a long text says past them does not find it.
const MAX_TERMS: usize = 2_000;
/// Words of a query that are looked for; of more, the longest.
const MAX_WORDS: usize = 12;
/// Digits that make a phone number, at least.
const MIN_NUMBER: usize = 7;

/// The terms that texts are found by, the first texts first where there are too many.
pub(super) fn terms<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for text in texts {
        let folded = folded(text);
        for chunk in folded.split(' ') {
            if terms.len() >= MAX_TERMS {
                return terms;
            }
            add_chunk(&mut terms, chunk);
        }
        // A number may be written with blanks.
        add_numbers(&mut terms, &folded);
    }
    terms
}

fn add_chunk(terms: &mut BTreeSet<String>, chunk: &str) {
    terms.extend(addresses(chunk).filter(|run| run.contains('@')).map(cut));
    let mut joined = String::new();
    let word = chunk.trim_matches(|letter| class(letter).is_none());
    let mut is_joined = word.chars().all(|letter| class(letter).is_some() || JOINS.contains(letter));
    for (token, class) in tokens(word) {
        match class {
            Class::Word => {
                terms.insert(cut(token));
                joined.push_str(token);
            }
            Class::Unspaced => {
                terms.extend(pairs(token));
                // The last character begins no pair; alone it is found all the same.
                terms.extend(token.chars().next_back().map(String::from));
                is_joined = false;
            }
        }
    }
    if is_joined && !joined.is_empty() {
        terms.insert(cut(&joined));
    }
    add_numbers(terms, chunk);
}

/// What joins the parts of one word: O'Hara is also found as ohara.
const JOINS: &str = "'’-‐–._";

fn add_numbers(terms: &mut BTreeSet<String>, text: &str) {
    for run in text.split(|letter| !is_of_number(letter)) {
        let digits = run.chars().filter(char::is_ascii_digit).collect::<String>();
        if digits.len() < MIN_NUMBER {
            continue;
        }
        // The country code of North America is often left out.
        if digits.len() > 10 && digits.starts_with('1') {
            add_number(terms, &digits[1..]);
        }
        add_number(terms, &digits);
    }
}

fn add_number(terms: &mut BTreeSet<String>, digits: &str) {
    if digits.len() == 10 {
        let parts = [&digits[..3], &digits[3..6], &digits[6..], &digits[3..]];
        terms.extend(parts.map(str::to_owned));
    }
    terms.insert(cut(digits));
}

/// The folded words of a query. One with nothing to find, such as a lone dash, has a word that nothing has.
#[must_use]
pub fn words(query: &str) -> Vec<String> {
    let folded = folded(query);
    if let Some(number) = number(&folded) {
        return vec![number];
    }
    let mut words = Vec::new();
    for run in folded.split(' ').flat_map(addresses) {
        if run.contains('@') {
            words.push(cut(run));
            continue;
        }
        for (token, class) in tokens(run) {
            match class {
                Class::Unspaced if token.chars().nth(1).is_some() => words.extend(pairs(token)),
                _ => words.push(cut(token)),
            }
        }
    }
    if words.is_empty() && !folded.is_empty() {
        return vec![cut(&folded)];
    }
    // A word that another begins with finds nothing less than that other.
    words.sort();
    words.dedup();
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        match kept.last_mut() {
            Some(last) if word.starts_with(&**last) => *last = word,
            _ => kept.push(word),
        }
    }
    kept.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    kept.truncate(MAX_WORDS);
    kept
}

/// The digits of a query that is a phone number, or a part of one that is long enough.
fn number(folded: &str) -> Option<String> {
    let digits = folded.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_number = digits.len() >= MIN_NUMBER && folded.chars().all(is_of_number);
    is_number.then(|| if digits.len() == 11 && digits.starts_with('1') { digits[1..].to_owned() } else { cut(&digits) })
}

fn is_of_number(letter: char) -> bool {
    letter.is_ascii_digit() || " ()+-./".contains(letter)
}

/// Folded, with the letters of Latin and Greek that accents do not tell apart.
fn folded(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() {
        return folded;
    }
    let mut plain = String::with_capacity(folded.len());
    for letter in folded.chars() {
        match letter {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ħ' => plain.push('h'),
            'ı' => plain.push('i'),
            'ς' => plain.push('σ'),
            _ => plain.push(letter),
        }
    }
    plain
}

/// The runs of a chunk that may be e-mail addresses, from letter or digit to letter or digit.
fn addresses(chunk: &str) -> impl Iterator<Item = &str> {
    let is_of_address = |letter: char| class(letter).is_some() || "@._+-%'&".contains(letter);
    let runs = chunk.split(move |letter| !is_of_address(letter));
    runs.map(|run| run.trim_matches(|letter| class(letter).is_none())).filter(|run| !run.is_empty())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Words stand between blanks.
    Word,
    /// Words stand side by side.
    Unspaced,
}

/// What a character of a word is; `None` for what stands between words.
fn class(letter: char) -> Option<Class> {
    match letter {
        // Thai, Lao, Burmese; Hangul; Khmer; radicals, kana, bopomofo, Han; Hangul syllables; the supplementary ideographs.
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{2fdf}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{318f}'
        | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{1b000}'..='\u{1b16f}'
        | '\u{20000}'..='\u{323af}'
            if letter.is_alphabetic() =>
        {
            Some(Class::Unspaced)
        }
        _ if letter.is_alphanumeric() => Some(Class::Word),
        _ => None,
    }
}

/// The runs of one class, in order.
fn tokens(text: &str) -> impl Iterator<Item = (&str, Class)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|letter| class(letter).is_none());
        let first = class(rest.chars().next()?)?;
        let end = rest.find(|letter| class(letter) != Some(first)).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(end);
        rest = tail;
        Some((token, first))
    })
}

/// Every two neighbours.
fn pairs(run: &str) -> impl Iterator<Item = String> {
    run.chars().zip(run.chars().skip(1)).map(|(one, two)| String::from_iter([one, two]))
}

fn cut(term: &str) -> String {
    term.chars().take(MAX_TERM).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the index does: every word of the query begins a term of the text.
    fn finds(query: &str, text: &str) -> bool {
        let terms = terms([text]);
        let words = words(query);
        !words.is_empty() && words.iter().all(|word| terms.iter().any(|term| term.starts_with(word)))
    }

    #[test]
    fn words_are_found_by_their_beginnings_without_case_and_accents() {
        let text = "José GARCÍA-Núñez, 123 Main St; Łódź, STRASSE";
        for query in [
            "jose",
            "JOSÉ",
            "garc",
            "nunez jo",
            "garcianunez",
            "garcía-nú",
            "123 main",
            "lodz",
            "straße",
            "ł",
            "main 12",
        ] {
            assert!(finds(query, text), "{query}: {:?} in {:?}", words(query), terms([text]));
        }
        for query in ["osé", "garcias", "jose x", "1234", "-", "🏠", "'"] {
            assert!(!finds(query, text), "{query}");
        }
    }

    #[test]
    fn scripts_without_blanks_are_found_from_within() {
        for (text, query) in [
            ("王小明", "王"),
            ("王小明", "小明"),
            ("王小明", "明"),
            ("王小明", "王小明"),
            ("北京市朝阳区123号", "朝阳"),
            ("abc王小明", "小明"),
            ("さくらマンション", "マンション"),
            ("김철수입니다", "철수"),
            ("สวัสดีครับ", "ครับ"),
        ] {
            assert!(finds(query, text), "{query} in {text}");
        }
        assert!(!finds("明小", "王小明"));
        assert_eq!(words("北京市"), ["京市", "北京"]);
    }

    #[test]
    fn an_address_is_found_whole_and_by_its_parts() {
        let text = "write to <John.Smith+home@Mail.Example.com>, please";
        for query in
            ["john.smith+home@mail.example.com", "john.smith+home@ma", "smith", "example", "mail.example.com", "john.s"]
        {
            assert!(finds(query, text), "{query}");
        }
        assert!(!finds("john@mail.example.com", text));
        assert!(finds("jane@x.com", "mailto:jane@x.com"));
    }

    #[test]
    fn a_phone_number_is_found_however_it_is_typed() {
        for text in ["(555) 123-4567", "555.123.4567", "5551234567", "+1 555 123 4567", "call 1-555-123-4567 now"] {
            for query in [
                "(555) 123-4567",
                "5551234567",
                "+1 (555) 123-4567",
                "123-4567",
                "555 123",
                "5551234",
                "4567",
                "1 555 123 4567",
            ] {
                assert!(finds(query, text), "{query} in {text}: {:?}", terms([text]));
            }
            assert!(!finds("555 123 4568", text));
        }
        assert!(finds("555-0100", "5550100"));
        assert!(finds("+44 20 7946", "+44 (20) 7946 0958"));
    }

    #[test]
    fn a_word_within_another_is_looked_for_once() {
        assert_eq!(words("jo john jo"), ["john"]);
        assert_eq!(words("a b c d e f g h i j k l m n o p").len(), MAX_WORDS);
    }

    #[test]
    fn a_long_text_has_a_bounded_number_of_terms() {
        let text = (0..50_000).map(|n| format!("w{n} ")).collect::<String>();
        let terms = terms(["first", &text]);
        assert!(terms.contains("first") && terms.len() <= MAX_TERMS + 1, "{}", terms.len());
        let long = "x".repeat(20_000);
        assert!(finds(&long, &long));
    }

    #[test]
    fn folding_a_letter_twice_changes_nothing() {
        let mut odd = Vec::new();
        for letter in '\0'..=char::MAX {
            let once = folded(&letter.to_string());
            if folded(&once) != once {
                odd.push(letter);
            }
        }
        assert!(odd.is_empty(), "{odd:?}");
    }

    /// Letters of many scripts, marks, digits and punctuation, close together.
    fn text() -> impl Strategy<Value = String> {
        let letter = prop_oneof![
            8 => "[a-zA-Z]",
            4 => "[0-9]",
            4 => "[ @.,'()+-/]",
            2 => "[àéîõüçñßøłđœæþıİς]",
            2 => "[一-龥ぁ-んァ-ヶ가-힣ก-ฮ]",
            1 => "[\u{300}-\u{36f}]",
            1 => "\\PC",
            1 => any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(letter, 0..40).prop_map(|letters| letters.concat())
    }

    proptest! {
        #[test]
        fn folding_is_idempotent(text in text()) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn whatever_is_typed_of_a_chunk_finds_its_text(before in text(), chunk in text(), after in text()) {
            let chunk = folded(&chunk).replace(' ', "");
            let text = format!("{before} {chunk} {after}");
            for end in chunk.char_indices().map(|(at, letter)| at + letter.len_utf8()) {
                let typed = &chunk[..end];
                // Punctuation alone is nothing to look for.
                if typed.chars().any(|letter| class(letter).is_some()) {
                    prop_assert!(finds(typed, &text), "{typed:?} in {text:?}: {:?} of {:?}", words(typed), terms([&*text]));
                }
            }
        }

        #[test]
        fn terms_and_words_are_short_and_hold_no_blank(text in text()) {
            for term in terms([&*text]).into_iter().chain(words(&text)) {
                prop_assert!(!term.is_empty() && term.chars().count() <= MAX_TERM, "{term:?}");
            }
            prop_assert!(terms([&*text]).iter().all(|term| !term.contains(' ')));
        }
    }
}
