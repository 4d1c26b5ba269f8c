//! The words of the public pages, one file for each language.

use std::sync::LazyLock;

use words::{Catalog, File, Words};

const FILES: &[File] = &[("en", include_str!("../../words/en.ftl")), ("es", include_str!("../../words/es.ftl"))];
const USUAL: &str = "en";

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(FILES, USUAL));

/// The words of a language; English where there are none.
pub(crate) fn of(tag: &str) -> &'static Words {
    WORDS.of(tag)
}

/// The language that a browser likes best of these.
pub(crate) fn liked(accepted: &str, offered: &[String]) -> Option<&'static str> {
    WORDS.liked(accepted, |tag| offered.iter().any(|offered| offered == tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_message_with_the_same_arguments() {
        assert_eq!(words::mismatches(FILES, USUAL), Vec::<String>::new());
        let tags = FILES.iter().map(|(tag, _)| *tag).collect::<Vec<_>>();
        assert_eq!(tags, crm::websites::LANGUAGES);
    }
}
