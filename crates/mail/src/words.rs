//! The words of mails, in every language that has a file.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// Tag and text of every file, in the order of tags.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// The language of whoever has chosen none, or one that is here no more.
const USUAL: &str = crm::mails::USUAL_LANGUAGE;

/// A language that mails are written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its tag, such as `es`.
    pub tag: &'static str,
    /// What it calls itself.
    pub name: String,
}

/// The words of one language.
pub(crate) struct Words {
    /// The language's tag.
    pub tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| FILES.iter().map(|(tag, text)| Words::read(tag, text)).collect());

impl Words {
    fn read(tag: &'static str, text: &str) -> Self {
        let language = tag.parse::<LanguageIdentifier>().expect("a file is named after its language");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Marks around arguments would show in subjects; what is put in has lost its own by then.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    /// A message without arguments.
    pub fn say(&self, name: &str) -> String {
        self.say_with(name, &[])
    }

    /// A message with words put in.
    pub fn say_with(&self, name: &str, words: &[(&'static str, &str)]) -> String {
        self.format(name, &words.iter().map(|(name, word)| (*name, *word)).collect())
    }

    /// A message about so many, with a word put in.
    pub fn say_count(&self, name: &str, count: u32, word: (&'static str, &str)) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
        args.set(word.0, word.1);
        self.format(name, &args)
    }

    fn format(&self, name: &str, args: &FluentArgs<'_>) -> String {
        let mut errors = Vec::new();
        let pattern = self.bundle.get_message(name).and_then(|message| message.value());
        let text = pattern.map(|pattern| self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned());
        if text.is_none() || !errors.is_empty() {
            tracing::error!(name, language = self.tag, ?errors, "words are missing");
        }
        text.unwrap_or_else(|| name.to_owned())
    }
}

/// The words of a language; the usual ones where it is not here.
pub(crate) fn of(tag: &str) -> &'static Words {
    let find = |tag: &str| WORDS.iter().find(|words| words.tag == tag);
    find(tag).or_else(|| find(USUAL)).expect("the usual language has a file")
}

/// Every language, in the order of tags.
#[must_use]
pub fn languages() -> Vec<Language> {
    WORDS.iter().map(|words| Language { tag: words.tag, name: words.say("language") }).collect()
}

/// The language that a browser likes best of those that are here, by its `Accept-Language` (RFC 9110, section 12.5.4).
#[must_use]
pub fn nearest(accepted: &str) -> &'static str {
    let mut liked = accepted.split(',').take(20).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let primary = parts.next()?.split('-').next()?.to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok())?;
        let words = WORDS.iter().find(|words| words.tag == primary)?;
        (weight > 0.0).then_some((weight, words.tag))
    });
    let first = liked.next();
    // Of several that are liked alike the first one counts.
    let best = liked.fold(first, |best: Option<(f32, _)>, next| best.filter(|best| best.0 >= next.0).or(Some(next)));
    best.map_or(USUAL, |(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The messages of a file, each with the arguments that it takes.
    fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut messages = BTreeMap::<String, BTreeSet<String>>::new();
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) =
                line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                name.clone_into(&mut current);
                assert!(messages.insert(current.clone(), BTreeSet::new()).is_none(), "{name} stands there twice");
            }
            let arguments = line.split('$').skip(1).map(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                rest[..end].to_owned()
            });
            messages.entry(current.clone()).or_default().extend(arguments);
        }
        messages.remove("");
        messages
    }

    #[test]
    fn every_language_has_every_message_with_the_same_arguments() {
        let usual = messages(FILES.iter().find(|(tag, _)| *tag == USUAL).unwrap().1);
        assert!(usual.len() > 40 && usual["reset-text"].contains("email"), "{usual:?}");
        for (tag, text) in FILES {
            assert_eq!(messages(text), usual, "{tag}");
            assert!(FluentResource::try_new((*text).to_owned()).is_ok(), "{tag} is no Fluent");
            for name in usual.keys() {
                assert!(
                    of(tag).bundle.get_message(name).is_some_and(|message| message.value().is_some()),
                    "{tag}: {name}"
                );
            }
        }
    }

    #[test]
    fn there_is_english_and_spanish_and_what_is_missing_is_english() {
        let names = languages().into_iter().map(|language| language.name).collect::<Vec<_>>();
        assert_eq!(names, ["English", "Español"]);
        assert_eq!((of("es").tag, of("xx").tag, of("").tag), ("es", "en", "en"));
    }

    #[test]
    fn a_browser_is_answered_in_the_language_that_it_likes_best() {
        for (accepted, tag) in [
            ("es-MX,es;q=0.9,en;q=0.8", "es"),
            ("de, es;q=0.5, en;q=0.7", "en"),
            ("es;q=0", "en"),
            ("en, es", "en"),
            ("", "en"),
            ("nonsense;;q=x,,*", "en"),
        ] {
            assert_eq!(nearest(accepted), tag, "{accepted}");
        }
    }
}
