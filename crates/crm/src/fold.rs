//! Folded forms: what two spellings of the same text share. Used as keys for lookups, never shown.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// `text` without differences of case, width, accents and white space: NFKC, lower case, combining marks dropped, each
/// run of white space one blank, none at the ends.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return squeeze(text.bytes().map(|byte| char::from(byte.to_ascii_lowercase())), text.len());
    }
    let lower = text.nfkc().flat_map(char::to_lowercase).collect::<String>();
    squeeze(lower.nfd().filter(|letter| !is_combining_mark(*letter)).nfc(), lower.len())
}

fn squeeze(letters: impl Iterator<Item = char>, capacity: usize) -> String {
    let mut folded = String::with_capacity(capacity);
    let mut blank_due = false;
    for letter in letters {
        if letter.is_whitespace() {
            blank_due = !folded.is_empty();
        } else {
            if std::mem::take(&mut blank_due) {
                folded.push(' ');
            }
            folded.push(letter);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_accents_and_white_space_fold_away() {
        assert_eq!(fold("  José   GARCÍA "), "jose garcia");
        assert_eq!(fold("ＡＢＣ\u{a0}１２３"), "abc 123");
        assert_eq!(fold("Zillow"), fold("ZILLOW\t"));
        assert_eq!(fold("王小明"), "王小明");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["İstanbul", "Straße", "ﬁne", "Ǆ", "e\u{301}\u{300}", "가나다"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }
}
