//! The words by which texts are judged: `vocabulary.toml`.

use std::{collections::HashMap, sync::LazyLock};

static LISTS: LazyLock<HashMap<String, Vec<&'static str>>> = LazyLock::new(|| {
    let lists = toml::from_str::<HashMap<String, Vec<String>>>(include_str!("vocabulary.toml"));
    let lists = lists.expect("vocabulary.toml is tested").into_iter();
    // They live as long as the program.
    let leak = |word: String| &*word.leak();
    lists.map(|(name, words)| (name, words.into_iter().map(leak).collect())).collect()
});

/// The list of that name; none when there is no such list, which a test rules out.
pub(crate) fn list(name: &str) -> &'static [&'static str] {
    LISTS.get(name).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_that_is_asked_for_is_there() {
        let sources = [
            include_str!("candidates.rs"),
            include_str!("contacts.rs"),
            include_str!("envelopes.rs"),
            include_str!("facts.rs"),
            include_str!("fallbacks.rs"),
            include_str!("topics.rs"),
            include_str!("verdicts.rs"),
            include_str!("wrappers.rs"),
        ];
        let asked = sources.iter().flat_map(|source| source.split("vocabulary::list(\"").skip(1));
        let asked = asked.filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
        assert!(asked.len() > 30);
        for name in asked {
            assert!(!list(name).is_empty(), "{name}");
        }
    }
}
