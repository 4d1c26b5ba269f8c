//! A notice in words: what a device shows.

use crm::pushes::{Notice, PushedLead};

use crate::{headers::one_line, words};

/// Longest title and text, in characters: less is shown on any screen, and the whole has to fit into a message.
const TITLE: usize = 120;
const BODY: usize = 240;

/// What a device shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// In large letters.
    pub title: String,
    /// Below.
    pub body: String,
    /// The tag of the language of both.
    pub language: &'static str,
}

/// Puts a notice into words of a language.
#[must_use]
pub fn notification(notice: &Notice, language: &str) -> Notification {
    let words = words::of(language);
    let (title, body) = match notice {
        Notice::Test => (words.say("push-test-title"), words.say("push-test-text")),
        Notice::NewLeads { leads, count, is_least } => {
            let name = leads.first().map(|lead| one_line(&lead.name, TITLE)).unwrap_or_default();
            let title = match is_least {
                true => words.say_with("many-leads-heading", &[("count", &count.to_string())]),
                false => words.say_count("new-leads-subject", *count, ("name", &name)),
            };
            match (&leads[..], count) {
                ([lead], 1) => (title, about(words, lead)),
                _ => (title, names(words, leads.iter().map(|lead| lead.name.as_str()), *count)),
            }
        }
        Notice::ShowingsRequested { showings, count } => {
            let name = showings.first().map(|showing| one_line(&showing.name, TITLE)).unwrap_or_default();
            let title = words.say_count("showings-requested-subject", *count, ("name", &name));
            match (&showings[..], count) {
                ([showing], 1) => (title, one_line(&showing.address, BODY)),
                _ => (title, names(words, showings.iter().map(|showing| showing.name.as_str()), *count)),
            }
        }
    };
    Notification { title: one_line(&title, TITLE), body: one_line(&body, BODY), language: words.tag }
}

/// Where a lead came from, and about what.
fn about(words: &words::Words, lead: &PushedLead) -> String {
    let source = words.say_with("push-source", &[("source", &one_line(&lead.source, 80))]);
    match &lead.property_address {
        Some(address) => format!("{source} · {}", one_line(address, 120)),
        None => source,
    }
}

/// The first few, and how many more.
fn names<'a>(words: &words::Words, named: impl ExactSizeIterator<Item = &'a str>, count: u32) -> String {
    let more = count.saturating_sub(u32::try_from(named.len()).unwrap_or(u32::MAX));
    let names = named.map(|name| one_line(name, 50)).collect::<Vec<_>>().join(", ");
    if more == 0 { names } else { words.say_count("push-more", more, ("names", &names)) }
}

#[cfg(test)]
mod tests {
    use crm::ids::LeadId;

    use super::*;

    fn lead(name: &str, property_address: Option<&str>) -> PushedLead {
        let property_address = property_address.map(str::to_owned);
        PushedLead { id: LeadId([1; 16]), name: name.to_owned(), source: String::from("Zillow"), property_address }
    }

    fn said(leads: Vec<PushedLead>, count: u32, is_least: bool, language: &str) -> (String, String) {
        let Notification { title, body, .. } = notification(&Notice::NewLeads { leads, count, is_least }, language);
        (title, body)
    }

    #[test]
    fn a_lead_is_told_by_name_and_several_by_their_number() {
        let jane = || lead("Jane\nDoe\u{202e}", Some("12 Oak Street"));
        let pair = |title: &str, body: &str| (title.to_owned(), body.to_owned());
        assert_eq!(said(vec![jane()], 1, false, "en"), pair("New lead: Jane Doe", "From Zillow · 12 Oak Street"));
        assert_eq!(said(vec![lead("Ana", None)], 1, false, "es"), pair("Nuevo contacto: Ana", "De Zillow"));
        let three = || ["A", "B", "C"].map(|name| lead(name, None)).to_vec();
        assert_eq!(said(three(), 3, false, "en"), pair("3 new leads", "A, B, C"));
        assert_eq!(said(three(), 4, false, "en"), pair("4 new leads", "A, B, C and one more"));
        assert_eq!(said(three(), 12, false, "es"), pair("12 contactos nuevos", "A, B, C y 9 más"));
        assert_eq!(said(three(), 50, true, "en").0, "More than 50 new leads");
    }

    #[test]
    fn the_longest_fits_into_a_message() {
        let long = "\u{1f3e0}".repeat(500);
        let (title, body) = said(vec![lead(&long, Some(&long))], 1, false, "en");
        assert!(title.len() + body.len() < 2_000, "{} {}", title.len(), body.len());
    }
}
