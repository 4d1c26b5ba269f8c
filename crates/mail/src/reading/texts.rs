//! Folded forms of labels and words, and small questions about text.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, no accents, no difference of width; white space, underscores, hyphens and dots between words become one blank.
pub(crate) fn fold(text: &str) -> String {
    super::limits::work(text.len());
    let mut folded = String::with_capacity(text.len());
    let mut due = false;
    let mut push = |letter: char| {
        if letter.is_whitespace() || matches!(letter, '_' | '-' | '‐' | '–' | '—' | '\u{1f}' | '/' | '·') {
            due = !folded.is_empty();
        } else {
            if std::mem::take(&mut due) {
                folded.push(' ');
            }
            folded.push(letter);
        }
    };
    if text.is_ascii() {
        text.chars().for_each(|letter| push(letter.to_ascii_lowercase()));
    } else {
        let lower = text.nfkc().flat_map(char::to_lowercase).collect::<String>();
        lower.nfd().filter(|letter| !is_combining_mark(*letter)).nfc().for_each(push);
    }
    folded
}

/// Whether a text holds one of `words`, as whole words; both folded.
pub(crate) fn has_word(folded: &str, words: &[&str]) -> bool {
    super::limits::work(folded.len() * words.len());
    words.iter().any(|word| find_word(folded, word).is_some())
}

/// Where `word` stands in `folded`, as a whole word.
pub(crate) fn find_word(folded: &str, word: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = folded[from..].find(word).map(|at| from + at) {
        let before = folded[..at].chars().next_back();
        let after = folded[at + word.len()..].chars().next();
        let is_wide = word.chars().next().is_some_and(is_wide);
        if is_wide || !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric) {
            return Some(at);
        }
        from = at + word.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// Letters of scripts that write without blanks.
pub(crate) fn is_wide(letter: char) -> bool {
    matches!(u32::from(letter), 0x0e00..=0x0e7f | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff)
}

/// One blank for each run of white space, seams dropped.
pub(crate) fn squeeze(text: &str) -> String {
    let text = super::pages::without_seams(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
