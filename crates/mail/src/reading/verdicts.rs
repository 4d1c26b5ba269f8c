//! All stages put together: a lead, something to look at, or nothing, with the reason in words.

use super::{
    Known, Reading, Verdict,
    candidates::{self, Candidates},
    contacts::Others,
    envelopes, forwardings,
    letters::{self, Letter},
    mime, origins,
    providers::{self, Kind, Provider},
    topics::{self, Topic},
};

/// Reads a message.
pub(crate) fn judge(raw: &[u8], known: &Known) -> Reading {
    let outer = mime::parse(raw);
    let mut others = Others::new(known);
    let shown_subject = outer.headers.get("subject").unwrap_or_default();
    let outer_from = outer.headers.mailboxes("from").into_iter().next().unwrap_or_default();
    let mut reading = letters::blank(&outer, &shown_subject, &outer_from);

    let outer_pages = letters::pages(&outer);
    reading.text = letters::shown(&outer_pages);
    if let Some(forwarding) = forwardings::find(&outer_from, &shown_subject, &outer_pages) {
        reading.forwarding = Some(forwarding);
        reading.reason = "A mail service asks to confirm that it may forward mail here.".to_owned();
        reading.is_automatic = true;
        return reading;
    }
    if let Some(reason) = envelopes::reject(&outer, &shown_subject) {
        reading.reason = reason.to_owned();
        reading.is_automatic = true;
        return reading;
    }
    let letter = letters::open(outer, outer_pages, outer_from, &shown_subject, &mut others, &mut reading, known);
    let Some(mut letter) = letter else { return reading };
    letter.others = others;
    let sender = letter.from.address.clone();
    letter.others.set_sender(&sender);
    reading.subject.clone_from(&letter.subject);
    reading.is_forwarded = letter.is_forwarded;
    reading.forwarder.clone_from(&letter.forwarder);
    reading.is_reply |= letter.is_reply;
    let is_nobody = letter.is_sender_lost || letter.from.address.is_empty() && letter.from.name.is_empty();
    reading.sender = (!is_nobody).then(|| letter.from.clone());
    decide(&mut letter, &mut reading);
    reading
}

fn decide(letter: &mut Letter, reading: &mut Reading) {
    let by_content = || if letter.is_sender_lost { origins::by_content(letter) } else { None };
    let provider = providers::by_address(&letter.from.address).or_else(by_content);
    reading.provider = provider.map(|provider| provider.slug.as_str());
    if !letter.is_forwarded {
        reading.provider_domain =
            provider.and_then(|provider| provider.domain(&letter.from.address)).map(str::to_owned);
    }
    let found = candidates::gather(letter, provider, reading);
    found.choose(letter, provider, reading);
    let (verdict, reason) = conclude(letter, provider, &found, reading);
    reading.verdict = verdict;
    reading.reason = reason;
}

/// What it is, by all that was found.
fn conclude(
    letter: &Letter,
    provider: Option<&'static Provider>,
    found: &Candidates,
    reading: &Reading,
) -> (Verdict, String) {
    let ignored = |reason: &str| (Verdict::Ignored, reason.to_owned());
    let has_contact = reading.email.is_some() || reading.phone.is_some();
    let folded_subject = super::texts::fold(&letter.subject);
    if let Some(imitated) = providers::imitated_by(&letter.from.address) {
        return ignored(&format!("The sender {} only looks like {}.", letter.from.address, imitated.slug));
    }
    if provider.is_some_and(|provider| provider.is_noise(&letter.from.address, &folded_subject)) {
        return ignored(&format!("{} sends this kind of mail about other things than new leads.", letter.from.address));
    }
    let is_portal = provider.is_some_and(|provider| provider.kind == Kind::Portal);
    if letter.has_calendar && !is_portal && !found.is_form() {
        return ignored("A calendar invitation.");
    }
    let topic = topics::of(letter, provider, found);
    let is_form = found.is_form();
    match topic {
        Topic::Pitch => return ignored("Somebody offers a service."),
        Topic::Notice(reason) if !found.has_structure => return ignored(reason),
        _ => {}
    }
    if found.has_structure && has_contact {
        return (Verdict::Lead, format!("It holds a lead that is machine-readable{}.", named(reading)));
    }
    let kind = provider.map(|provider| provider.kind);
    let is_portal = matches!(kind, Some(Kind::Portal | Kind::Crm | Kind::OpenHouse | Kind::Form));
    if is_portal || letter.is_sender_lost && is_form {
        let is_news = super::texts::has_word(&folded_subject, super::vocabulary::list("subjects_leads"));
        if !has_contact && letter.is_forwarded && (is_news || reading.property_address.is_some()) {
            let reason = "A lead whose address the forward dropped: let the mailbox forward by a rule, or answer on the sender's site.";
            return (Verdict::Review, reason.to_owned());
        }
        if !has_contact {
            return ignored("It names nobody who could be reached: what it tells of stands on the sender's own site.");
        }
        if letter.is_reply && !is_form {
            return ignored("An answer in a conversation that is already going on.");
        }
        let is_sure =
            |found: &Option<super::Found>| found.as_ref().is_some_and(|found| found.origin != super::Origin::Text);
        if !is_form && !is_news && !is_sure(&reading.email) && !is_sure(&reading.phone) {
            let reason = "Its sender passes leads on, but this does not read like one.";
            return (Verdict::Review, reason.to_owned());
        }
        return (
            Verdict::Lead,
            format!("A lead that {} passed on.", provider.map_or("somebody", |provider| provider.slug.as_str())),
        );
    }
    if is_form && has_contact && letter.is_list && found.message().is_none() && topic != Topic::Interest {
        return ignored("Mail that goes to a list of people.");
    }
    if is_form && has_contact {
        return (Verdict::Lead, "A form that somebody filled in.".to_owned());
    }
    if letter.is_reply {
        return ignored("An answer in a conversation that is already going on.");
    }
    if letter.is_list {
        return ignored("Mail that goes to a list of people.");
    }
    // A site's own address, with the person behind `Reply-To`.
    let is_passed_on = super::contacts::is_shared(&letter.from.address) && has_contact;
    let has_person_behind = letter
        .reply_to
        .as_ref()
        .is_some_and(|reply_to| super::fallbacks::is_persons(&reply_to.address, &letter.others));
    let is_news = super::texts::has_word(&folded_subject, super::vocabulary::list("subjects_leads"));
    if is_passed_on && topic == Topic::Interest && (has_person_behind || is_news && reading.email.is_some()) {
        return (Verdict::Lead, "An inquiry that a website passed on.".to_owned());
    }
    let is_persons = reading.email.is_some() && !super::contacts::is_shared(&letter.from.address);
    match topic {
        Topic::Interest if is_persons => (Verdict::Lead, "Somebody asks directly.".to_owned()),
        Topic::Interest if has_contact => {
            (Verdict::Review, "It reads like an inquiry, but who asks is not clear.".to_owned())
        }
        Topic::Perhaps if is_persons => {
            (Verdict::Review, "A person wrote; whether they look for a home is not clear.".to_owned())
        }
        _ => ignored("It does not read like an inquiry about a home."),
    }
}

fn named(reading: &Reading) -> String {
    reading.source.as_ref().map(|source| format!(", from {}", source.value)).unwrap_or_default()
}
