//! What visitors of a website are told by mail: that their words arrived, and where the guide is that they asked for. Nothing that a visitor
//! typed stands in it, for anybody can type anybody's address.

use crm::inquiries::InquiryKind;

use crate::{
    compose::Said,
    headers::{SUBJECT, VALUE, one_line},
    words::Words,
};

/// That an inquiry arrived.
pub(crate) fn received(
    words: &Words,
    agent: &str,
    slug: &str,
    (asked, address): (InquiryKind, Option<&str>),
    email: &str,
    site: &str,
) -> Said {
    let agent = one_line(agent, VALUE);
    let (subject, text) = match (asked, address) {
        (InquiryKind::Question, Some(address)) => (
            "inquiry-question-subject",
            words.say_with("inquiry-question-text", &[("agent", &agent), ("address", &one_line(address, VALUE))]),
        ),
        (InquiryKind::Valuation, _) => {
            ("inquiry-valuation-subject", words.say_with("inquiry-valuation-text", &[("agent", &agent)]))
        }
        _ => ("inquiry-contact-subject", words.say_with("inquiry-contact-text", &[("agent", &agent)])),
    };
    let mut said = Said::of(words, subject, text);
    said.paragraphs.push(words.say_with("inquiry-reply", &[("agent", &agent)]));
    said.linking(words.say("inquiry-button"), format!("{site}/a/{slug}")).noting([note(words, &agent, email)])
}

/// Where the guide is.
pub(crate) fn guide(
    words: &Words,
    (agent, slug): (&str, &str),
    title: &str,
    token: &str,
    email: &str,
    site: &str,
) -> Said {
    let (agent, title) = (one_line(agent, VALUE), one_line(title, VALUE));
    let text = words.say_with("guide-text", &[("title", &title), ("agent", &agent)]);
    let subject = one_line(&words.say_with("guide-subject", &[("title", &title)]), SUBJECT);
    let said = Said { heading: subject.clone(), subject, ..Said::of(words, "guide-button", text) };
    said.linking(words.say("guide-button"), format!("{site}/a/{slug}/downloads/{token}"))
        .noting([words.say("guide-note"), note(words, &agent, email)])
}

fn note(words: &Words, agent: &str, email: &str) -> String {
    words.say_with("inquiry-note", &[("email", email), ("agent", agent)])
}
