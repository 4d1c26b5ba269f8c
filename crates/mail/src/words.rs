//! The words of mails, in every language that has a file.

use std::sync::LazyLock;

use ::words::{Catalog, File};
pub use ::words::{Language, Words};

/// Tag and text of every file, in the order of tags.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// The language of whoever has chosen none, or one that is here no more.
const USUAL: &str = crm::mails::USUAL_LANGUAGE;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(FILES, USUAL));

/// The words of a language; the usual ones where it is not here.
pub(crate) fn of(tag: &str) -> &'static Words {
    WORDS.of(tag)
}

/// Every language, in the order of tags.
#[must_use]
pub fn languages() -> Vec<Language> {
    WORDS.languages()
}

/// The language that a browser likes best of those that are here, by its `Accept-Language` (RFC 9110, section 12.5.4).
#[must_use]
pub fn nearest(accepted: &str) -> &'static str {
    WORDS.nearest(accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_message_with_the_same_arguments() {
        assert_eq!(::words::mismatches(FILES, USUAL), Vec::<String>::new());
        let usual = ::words::messages(FILES.iter().find(|(tag, _)| *tag == USUAL).unwrap().1);
        assert!(usual.len() > 40 && usual["reset-text"].contains("email"), "{usual:?}");
    }

    #[test]
    fn there_is_english_and_spanish_and_what_is_missing_is_english() {
        let names = languages().into_iter().map(|language| language.name).collect::<Vec<_>>();
        assert_eq!(names, ["English", "Español"]);
        assert_eq!((of("es").tag, of("xx").tag, of("").tag), ("es", "en", "en"));
    }
}
