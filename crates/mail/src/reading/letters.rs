//! A message opened: what it says of itself, and the letter within its wrappers.

use std::borrow::Cow;

use super::{
    Known, Mailbox, Reading, Verdict,
    contacts::{self, Others},
    envelopes, limits, markup,
    mime::Message,
    pages::{Page, cut},
    providers, wrappers,
};

/// A message unwrapped.
pub(crate) struct Letter {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub pages: Vec<Page>,
    /// A person passed it on.
    pub is_forwarded: bool,
    /// It was passed on, and who wrote it is not told.
    pub is_sender_lost: bool,
    pub is_reply: bool,
    pub is_list: bool,
    /// It invites to something.
    pub has_calendar: bool,
    pub forwarder: Option<Mailbox>,
    pub others: Others,
    pub files: Vec<String>,
}

pub(crate) fn blank(message: &Message, subject: &str, from: &Mailbox) -> Reading {
    let headers = &message.headers;
    let id = |text: &str| text.split('>').next().unwrap_or_default().trim().trim_start_matches('<').trim().to_owned();
    let message_id = headers.get("message-id").map(|text| id(&text)).filter(|text| !text.is_empty());
    let mut in_reply_to = Vec::new();
    for name in ["in-reply-to", "references"] {
        let field = headers.get(name).unwrap_or_default();
        for one in field.split_whitespace().map(id).filter(|one| one.contains('@')).take(50) {
            if !in_reply_to.contains(&one) {
                in_reply_to.push(one);
            }
        }
    }
    let html =
        message.texts.iter().find(|text| text.is_html).map(|text| cut(&text.text, limits::MAX_SHOWN_HTML).to_owned());
    Reading {
        verdict: Verdict::Ignored,
        reason: String::new(),
        name: None,
        email: None,
        phone: None,
        source: None,
        property_address: None,
        notes: None,
        facts: Vec::new(),
        provider: None,
        provider_domain: None,
        provider_id: None,
        message_id,
        is_reply: headers.has("in-reply-to") && wrappers::subject(subject).0.is_reply,
        in_reply_to,
        is_automatic: envelopes::is_automatic(message),
        is_forwarded: false,
        sender: (!from.address.is_empty()).then(|| from.clone()),
        forwarder: None,
        subject: subject.to_owned(),
        sent_at_ms: headers.get("date").and_then(|date| sent_at(&date)),
        forwarding: None,
        text: String::new(),
        html,
    }
}

fn sent_at(date: &str) -> Option<i64> {
    let date = date.split('(').next().unwrap_or(date).trim();
    jiff::fmt::rfc2822::parse(date).ok().map(|moment| moment.timestamp().as_millisecond())
}

pub(crate) fn pages(message: &Message) -> Vec<Page> {
    let html = message.texts.iter().filter(|text| text.is_html).map(|text| markup::page(&text.text));
    let plain = message.texts.iter().filter(|text| !text.is_html).map(|text| Page::of_text(&text.text, text.is_flowed));
    html.chain(plain).filter(|page| !page.lines.is_empty() || !page.metas.is_empty()).take(20).collect()
}

pub(crate) fn shown(pages: &[Page]) -> String {
    let plain = pages.iter().find(|page| !page.is_html && page.lines.len() > 1).or_else(|| pages.first());
    plain.map(|page| page.text(limits::MAX_NOTES)).unwrap_or_default()
}

/// Unwraps a message: those attached, those quoted.
pub(crate) fn open(
    outer: Message,
    outer_pages: Vec<Page>,
    outer_from: Mailbox,
    subject: &str,
    others: &mut Others,
    reading: &mut Reading,
    known: &Known,
) -> Option<Letter> {
    let mut message = outer;
    let mut pages = outer_pages;
    let mut from = outer_from;
    let mut forwarder = None;
    let mut subject = Cow::Borrowed(subject);
    let mut is_list = envelopes::is_list(&message);
    add_recipients(&message, others);
    let mut depth = 0;
    while !message.messages.is_empty() && depth < limits::MAX_FORWARDS {
        let inner = message.messages.remove(0);
        if inner.headers.is_empty() && inner.texts.is_empty() {
            break;
        }
        depth += 1;
        others.add_email(&from.address);
        others.add_name(&from.name);
        forwarder.get_or_insert(from);
        subject = Cow::Owned(inner.headers.get("subject").unwrap_or_default());
        from = inner.headers.mailboxes("from").into_iter().next().unwrap_or_default();
        if let Some(reason) = envelopes::reject(&inner, &subject) {
            reading.reason = reason.to_owned();
            reading.is_forwarded = true;
            return None;
        }
        pages = self::pages(&inner);
        is_list = envelopes::is_list(&inner);
        add_recipients(&inner, others);
        message = inner;
    }
    let (prefixes, base) = wrappers::subject(&subject);
    let mut base = cut(base, limits::MAX_SUBJECT).to_owned();
    let mut reply_to = message.headers.mailboxes("reply-to").into_iter().next();
    let was_from = from.clone();
    let is_agents = known.emails.iter().any(|email| email.eq_ignore_ascii_case(&from.address));
    let mut opened = Vec::new();
    let mut layers = Vec::new();
    let mut was_answer = false;
    for page in pages {
        let unwrapped = wrappers::unwrap(
            page,
            wrappers::Prefixes { is_forward: prefixes.is_forward || is_agents && !prefixes.is_reply, ..prefixes },
        );
        was_answer |= unwrapped.was_answer;
        if unwrapped.layers.len() > layers.len() || layers.is_empty() {
            layers = unwrapped.layers;
        }
        opened.push(unwrapped.page);
    }
    let is_inline = !layers.is_empty();
    let is_passed_on = (prefixes.is_forward || is_agents) && !prefixes.is_reply && forwarder.is_none();
    let is_sender_lost = !is_inline && is_passed_on && providers::by_address(&from.address).is_none();
    if is_inline || is_sender_lost {
        others.add_email(&was_from.address);
        others.add_name(&was_from.name);
        forwarder.get_or_insert(was_from);
        reply_to = None;
    }
    if let Some(innermost) = layers.pop() {
        for layer in &layers {
            layer.to.iter().for_each(|to| others.add_email(to));
            if let Some(from) = &layer.from {
                others.add_email(&from.address);
            }
        }
        innermost.to.iter().for_each(|to| others.add_email(to));
        from = innermost.from.unwrap_or_default();
        reply_to = innermost.reply_to;
        if let Some(subject) = innermost.subject {
            base = cut(wrappers::subject(&subject).1, limits::MAX_SUBJECT).to_owned();
        }
        is_list = false;
    }
    Some(Letter {
        from,
        reply_to,
        subject: base,
        pages: opened,
        is_forwarded: forwarder.is_some(),
        is_sender_lost,
        is_reply: was_answer && !is_inline || prefixes.is_reply && message.headers.has("in-reply-to"),
        is_list,
        has_calendar: message.has_calendar,
        forwarder,
        others: Others::default(),
        files: message
            .files
            .into_iter()
            .map(|file| file.text)
            .chain(message.texts.into_iter().map(|text| text.text))
            .collect(),
    })
}

/// Whoever a message went to is the agent, or one of theirs.
fn add_recipients(message: &Message, others: &mut Others) {
    for name in [
        "to",
        "cc",
        "delivered-to",
        "x-forwarded-to",
        "x-forwarded-for",
        "x-original-to",
        "envelope-to",
        "resent-to",
        "resent-from",
    ] {
        for mailbox in message.headers.mailboxes(name) {
            others.add_email(&mailbox.address);
            if name == "to" {
                others.add_name(&mailbox.name);
            }
        }
        for field in message.headers.all(name).take(5) {
            let emails = contacts::emails(&field).map(str::to_owned).collect::<Vec<_>>();
            emails.iter().for_each(|email| others.add_email(email));
        }
    }
}
