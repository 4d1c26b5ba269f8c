//! What a mail is about, by its words: an inquiry, an offer of services, a notice about something else.

use super::{
    candidates::Candidates,
    letters::Letter,
    pages::cut,
    providers::{Kind, Provider},
    texts::{fold, has_word},
    vocabulary,
};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Somebody looks for, or wants to sell, a home.
    Interest,
    /// It may be so.
    Perhaps,
    /// Somebody sells something to the agent.
    Pitch,
    /// A notice of another kind, with the reason to ignore it.
    Notice(&'static str),
    Other,
}

/// What a letter is about.
pub(crate) fn of(letter: &Letter, provider: Option<&'static Provider>, found: &Candidates) -> Topic {
    let subject = fold(&letter.subject);
    let text = letter.pages.first().map(|page| page.text(8_000)).unwrap_or_default();
    let body = fold(cut(&text, 8_000));
    let words = found.message().map_or_else(|| body.clone(), fold);
    if is_pitch(&subject, &words) && provider.is_none_or(|provider| provider.kind == Kind::Form) {
        return Topic::Pitch;
    }
    if provider.is_none_or(|provider| provider.kind != Kind::Portal)
        && let Some(reason) = notice(&subject, &body, provider, found.is_form())
    {
        return Topic::Notice(reason);
    }
    if provider.is_none() && !found.is_form() && is_agents(letter, &body) {
        return Topic::Notice("Another agent writes.");
    }
    let about = format!("{subject} {words}");
    let has_address =
        super::addresses::find(&letter.subject).is_some() || super::addresses::find(cut(&text, 4_000)).is_some();
    let is_plainly_home = has_address || has_word(&about, vocabulary::list("homes_plain"));
    let is_home = is_plainly_home || has_word(&about, vocabulary::list("homes"));
    let is_wish = has_word(&about, vocabulary::list("wishes"));
    let asks = about.contains(['?', '？', '¿']);
    match (is_home, is_wish) {
        (true, true) => Topic::Interest,
        (true, false) if is_plainly_home && asks => Topic::Interest,
        (false, false) => Topic::Other,
        _ => Topic::Perhaps,
    }
}

/// Somebody sells something: search engines, leads, websites, money.
fn is_pitch(subject: &str, words: &str) -> bool {
    let hits = vocabulary::list("pitches")
        .iter()
        .filter(|word| has_word(words, &[word]) || has_word(subject, &[word]))
        .count();
    hits >= 2 || hits == 1 && !has_word(words, vocabulary::list("not_pitches"))
}

/// Mail of the trade and of machines that brings nobody new.
fn notice(subject: &str, body: &str, provider: Option<&Provider>, is_form: bool) -> Option<&'static str> {
    let in_subject = |words: &[&str]| has_word(subject, words);
    let in_body = |words: &[&str]| has_word(body, words);
    if in_subject(vocabulary::list("subjects_signing")) {
        return Some("A notice about documents to sign.");
    }
    if in_subject(vocabulary::list("subjects_receipts")) {
        return Some("A receipt or a bill.");
    }
    if in_subject(vocabulary::list("subjects_showings"))
        || in_body(&["showing agent", "buyer's agent feedback"]) && in_subject(&["showing", "feedback", "appointment"])
    {
        return Some("A notice about a showing with another agent.");
    }
    if is_form {
        return None;
    }
    if in_subject(vocabulary::list("subjects_reports")) {
        return Some("A newsletter or a report.");
    }
    if in_subject(vocabulary::list("subjects_alerts")) {
        return Some("An alert about listings.");
    }
    if in_subject(vocabulary::list("subjects_agents")) || in_body(vocabulary::list("bodies_agents")) {
        return Some("Another agent tells of a listing.");
    }
    if in_subject(vocabulary::list("subjects_team")) || in_body(vocabulary::list("bodies_team")) {
        return Some("Mail within the team.");
    }
    if in_subject(vocabulary::list("subjects_sales"))
        || in_body(&["earnest money", "closing disclosure", "clear to close", "title company", "escrow officer"])
    {
        return Some("Mail about a sale that is under way.");
    }
    if in_subject(vocabulary::list("subjects_accounts")) {
        return Some("A notice about an account.");
    }
    if provider.is_none() && in_body(vocabulary::list("bodies_lists")) {
        return Some("Mail that goes to a list of people.");
    }
    None
}

/// Whether another agent writes, about clients or listings of theirs: by domain or signature, and by what they talk of.
fn is_agents(letter: &Letter, body: &str) -> bool {
    let domain = fold(letter.from.address.rsplit('@').next().unwrap_or_default());
    let is_trade = vocabulary::list("agent_domains").iter().any(|word| domain.contains(word));
    let lines = letter.pages.first().map(|page| page.lines.as_slice()).unwrap_or_default();
    let signature = lines.iter().rev().take(10).map(|line| fold(cut(&line.text, 200))).collect::<Vec<_>>().join(" ");
    let signs = has_word(&signature, vocabulary::list("agent_signatures"));
    let talks = has_word(body, vocabulary::list("agent_talk"));
    talks && (is_trade || signs)
}
