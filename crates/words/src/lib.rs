//! Words in several languages: a Fluent file for each, chosen by tag or by what a browser likes best.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// Tag and text of a file.
pub type File = (&'static str, &'static str);

/// A language that there are words in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its tag, such as `es`.
    pub tag: &'static str,
    /// What it calls itself.
    pub name: String,
}

/// The words of one language.
pub struct Words {
    /// The language's tag.
    pub tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Words").field("tag", &self.tag).finish_non_exhaustive()
    }
}

impl Words {
    fn read((tag, text): File) -> Self {
        let language = tag.parse::<LanguageIdentifier>().expect("a file is named after its language");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Marks around arguments would show in subjects; what is put in has lost its own by then.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    /// Whether there is such a message.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.bundle.get_message(name).is_some_and(|message| message.value().is_some())
    }

    /// A message without arguments.
    #[must_use]
    pub fn say(&self, name: &str) -> String {
        self.say_with(name, &[])
    }

    /// A message with words put in.
    #[must_use]
    pub fn say_with(&self, name: &str, words: &[(&'static str, &str)]) -> String {
        self.format(name, &words.iter().map(|(name, word)| (*name, *word)).collect())
    }

    /// A message about so many, with a word put in.
    #[must_use]
    pub fn say_count(&self, name: &str, count: u32, word: (&'static str, &str)) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
        args.set(word.0, word.1);
        self.format(name, &args)
    }

    /// A message about so many.
    #[must_use]
    pub fn say_number(&self, name: &str, count: u32) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
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

/// The words of every language that has a file.
#[derive(Debug)]
pub struct Catalog {
    words: Vec<Words>,
    usual: &'static str,
}

impl Catalog {
    /// The words of these files; `usual` is the language of whoever has chosen none, or one that is here no more.
    #[must_use]
    pub fn new(files: &[File], usual: &'static str) -> Self {
        Self { words: files.iter().map(|file| Words::read(*file)).collect(), usual }
    }

    /// The words of a language; the usual ones where it is not here.
    ///
    /// # Panics
    /// Where the usual language has no file.
    #[must_use]
    pub fn of(&self, tag: &str) -> &Words {
        let find = |tag: &str| self.words.iter().find(|words| words.tag == tag);
        find(tag).or_else(|| find(self.usual)).expect("the usual language has a file")
    }

    /// Every language, in the order of the files.
    #[must_use]
    pub fn languages(&self) -> Vec<Language> {
        self.words.iter().map(|words| Language { tag: words.tag, name: words.say("language") }).collect()
    }

    /// The language that a browser likes best of those that are here and `is_offered` allows, by its `Accept-Language` (RFC 9110,
    /// section 12.5.4).
    #[must_use]
    pub fn liked(&self, accepted: &str, is_offered: impl Fn(&str) -> bool) -> Option<&'static str> {
        let mut liked = accepted.split(',').take(20).filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let primary = parts.next()?.split('-').next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
            let words = self.words.iter().find(|words| words.tag == primary && is_offered(words.tag))?;
            (weight > 0.0).then_some((weight, words.tag))
        });
        let first = liked.next();
        // Of several that are liked alike the first one counts.
        let best =
            liked.fold(first, |best: Option<(f32, _)>, next| best.filter(|best| best.0 >= next.0).or(Some(next)));
        best.map(|(_, tag)| tag)
    }

    /// The same of all of them, or the usual one.
    #[must_use]
    pub fn nearest(&self, accepted: &str) -> &'static str {
        self.liked(accepted, |_| true).unwrap_or(self.usual)
    }
}

/// The messages of a file, each with the arguments that it takes.
#[must_use]
pub fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::<String, BTreeSet<String>>::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let begun = line.split_once(" =").filter(|_| line.starts_with(|letter: char| letter.is_ascii_lowercase()));
        if let Some((name, _)) = begun {
            name.clone_into(&mut current);
            messages.insert(current.clone(), BTreeSet::new());
        }
        let arguments = line.split('$').skip(1).map(|rest| {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        messages.entry(current.clone()).or_default().extend(arguments);
    }
    messages.remove("");
    messages
}

/// Where the files of several languages do not have the same messages with the same arguments, or say something twice; empty where all
/// is well.
#[must_use]
pub fn mismatches(files: &[File], usual: &str) -> Vec<String> {
    let Some((_, text)) = files.iter().find(|(tag, _)| *tag == usual) else {
        return vec![format!("{usual} is missing")];
    };
    let expected = messages(text);
    let mut wrong = Vec::new();
    for file @ (tag, text) in files {
        let (held, words) = (messages(text), Words::read(*file));
        for name in expected.keys().chain(held.keys()) {
            if expected.get(name) != held.get(name) || !words.has(name) {
                wrong.push(format!("{tag}: {name}"));
            }
        }
        let begun = text.lines().filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()));
        let begun = begun.filter(|line| line.contains(" =")).count();
        if begun != held.len() || FluentResource::try_new((*text).to_owned()).is_err() {
            wrong.push(format!("{tag} says something twice, or is no Fluent"));
        }
    }
    wrong.dedup();
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &[File] = &[
        ("en", "language = English\nhello = Hello { $name }\n"),
        ("es", "language = Español\nhello = Hola { $name }\n"),
    ];

    #[test]
    fn a_browser_is_answered_in_the_language_that_it_likes_best() {
        let catalog = Catalog::new(FILES, "en");
        for (accepted, tag) in [
            ("es-MX,es;q=0.9,en;q=0.8", "es"),
            ("de, es;q=0.5, en;q=0.7", "en"),
            ("es;q=0", "en"),
            ("en, es", "en"),
            ("", "en"),
            ("nonsense;;q=x,,*", "en"),
        ] {
            assert_eq!(catalog.nearest(accepted), tag, "{accepted}");
        }
        assert_eq!(catalog.liked("es, en;q=0.1", |tag| tag == "en"), Some("en"));
        assert_eq!(catalog.liked("es", |tag| tag == "en"), None);
    }

    #[test]
    fn what_is_missing_is_told_and_said_in_the_usual_language() {
        let catalog = Catalog::new(FILES, "en");
        assert_eq!((catalog.of("es").tag, catalog.of("xx").tag), ("es", "en"));
        assert_eq!(catalog.of("es").say_with("hello", &[("name", "Ana")]), "Hola Ana");
        assert!(mismatches(FILES, "en").is_empty());
        let other = [FILES[0], ("es", "language = Español\nhello = Hola { $nombre }\n")];
        assert_eq!(mismatches(&other, "en"), ["es: hello"]);
        let less = [FILES[0], ("es", "language = Español\n")];
        assert_eq!(mismatches(&less, "en"), ["es: hello"]);
    }
}
