//! A letter in words: what a mail says, before it has a form.

use crm::{
    clock::UnixMillis,
    ids::{LeadId, WebhookId},
    mails::{Letter, ToldLead},
};

use crate::{
    headers::{SUBJECT, VALUE, lines, one_line},
    inquiries, showings,
    words::Words,
};

/// What a mail says.
pub(crate) struct Said {
    pub subject: String,
    pub heading: String,
    pub paragraphs: Vec<String>,
    pub items: Vec<Item>,
    pub button: Option<Link>,
    /// In small letters, below.
    pub notes: Vec<String>,
}

/// A thing that a mail lists.
pub(crate) struct Item {
    pub title: String,
    pub facts: Vec<Fact>,
    /// Text of several lines.
    pub quote: Option<Fact>,
    pub links: Vec<Link>,
}

/// A value and what it is.
pub(crate) struct Fact {
    pub name: String,
    pub value: String,
    /// `mailto:` or `tel:`.
    pub href: Option<String>,
}

/// A link and what it says.
pub(crate) struct Link {
    pub text: String,
    pub url: String,
}

/// Longest part of a message that a mail repeats.
pub(crate) const QUOTE: usize = 1_001;

/// Puts a letter into words. `site`: the server's public URL.
pub(crate) fn compose(letter: Option<&Letter>, words: &Words, recipient: &str, site: &str) -> Said {
    let Some(letter) = letter else {
        return Said::of(words, "unknown-subject", words.say("unknown-text"));
    };
    let email = one_line(recipient, VALUE);
    match letter {
        Letter::ResetPassword { token } => {
            Said::of(words, "reset-subject", words.say_with("reset-text", &[("email", &email)]))
                .linking(words.say("reset-button"), format!("{site}/reset/{token}"))
                .noting([words.say("link-note"), words.say("reset-note")])
        }
        Letter::AccountKnown => Said::of(words, "known-subject", words.say_with("known-text", &[("email", &email)]))
            .linking(words.say("known-button"), format!("{site}/login"))
            .noting([words.say("known-note")]),
        Letter::ConfirmSignUp { token } => {
            // Without the name that was given: a stranger may have put anything there, for somebody else's mailbox.
            Said::of(words, "sign-up-subject", words.say("sign-up-text"))
                .linking(words.say("sign-up-button"), format!("{site}/signup/{token}"))
                .noting([words.say("link-note"), words.say_with("sign-up-note", &[("email", &email)])])
        }
        Letter::ConfirmAddress { old, token } => {
            let text = words.say_with("address-text", &[("old", &one_line(old, VALUE)), ("new", &email)]);
            Said::of(words, "address-subject", text)
                .linking(words.say("address-button"), format!("{site}/confirm-address/{token}"))
                .noting([words.say("link-note"), words.say("address-note")])
        }
        Letter::AddressChanged { new } => {
            let text = words.say_with("changed-text", &[("old", &email), ("new", &one_line(new, VALUE))]);
            Said::of(words, "changed-subject", text).noting([words.say("changed-note")])
        }
        Letter::WebhookFailing { webhook, host, since, error } => {
            let text = words.say_with("webhook-failing-text", &[("host", host), ("since", &instant(*since))]);
            about_webhook(words, "webhook-failing-subject", text, (*webhook, host, error.as_deref()), site)
        }
        Letter::WebhookDisabledSoon { webhook, host, since, error } => {
            let text = words.say_with("webhook-soon-text", &[("host", host), ("since", &instant(*since))]);
            about_webhook(words, "webhook-soon-subject", text, (*webhook, host, error.as_deref()), site)
        }
        Letter::WebhookDisabled { webhook, host, is_gone, error } => {
            let name = if *is_gone { "webhook-gone-text" } else { "webhook-refused-text" };
            let text = words.say_with(name, &[("host", host)]);
            about_webhook(words, "webhook-disabled-subject", text, (*webhook, host, error.as_deref()), site)
        }
        Letter::NewLeads { leads, count, is_least } => new_leads(words, leads, *count, *is_least, site),
        Letter::ShowingsRequested { showings, count, zone } => showings::asked(words, showings, *count, zone, site),
        Letter::InquiryReceived { agent, slug, asked, address } => {
            inquiries::received(words, agent, slug, (*asked, address.as_deref()), &email, site)
        }
        Letter::GuideAsked { agent, slug, title, token } => {
            inquiries::guide(words, (agent, slug), title, token, &email, site)
        }
        Letter::ShowingReminder { showing, at, zone } => showings::reminder(words, showing, *at, zone, site),
    }
}

impl Said {
    pub fn of(words: &Words, subject: &str, text: String) -> Self {
        let subject = words.say(subject);
        Self {
            heading: subject.clone(),
            subject,
            paragraphs: vec![text],
            items: Vec::new(),
            button: None,
            notes: Vec::new(),
        }
    }

    pub fn linking(mut self, text: String, url: String) -> Self {
        self.button = Some(Link { text, url });
        self
    }

    pub fn noting<const N: usize>(mut self, notes: [String; N]) -> Self {
        self.notes = notes.into();
        self
    }
}

/// UTC, in the form that is read alike everywhere.
fn instant(at: UnixMillis) -> String {
    let text = at.to_rfc3339();
    text.get(..16).map_or(text.clone(), |minute| format!("{} UTC", minute.replace('T', " ")))
}

fn about_webhook(
    words: &Words,
    subject: &str,
    text: String,
    (webhook, host, error): (WebhookId, &str, Option<&str>),
    site: &str,
) -> Said {
    let subject = one_line(&words.say_with(subject, &[("host", host)]), SUBJECT);
    let items = error.map(|error| Item {
        title: words.say("webhook-error"),
        facts: Vec::new(),
        quote: Some(Fact { name: String::new(), value: one_line(error, VALUE), href: None }),
        links: Vec::new(),
    });
    let url = format!("{site}/dashboard/settings/api/webhooks/{webhook}");
    let said = Said {
        heading: subject.clone(),
        subject,
        paragraphs: vec![text],
        items: items.into_iter().collect(),
        button: None,
        notes: Vec::new(),
    };
    said.linking(words.say("webhook-button"), url)
}

fn new_leads(words: &Words, leads: &[ToldLead], count: u32, is_least: bool, site: &str) -> Said {
    let name = leads.first().map_or("", |lead| &lead.name);
    let name = one_line(name, 100);
    let many = || words.say_with("many-leads-heading", &[("count", &count.to_string())]);
    let (subject, heading) = if is_least {
        (many(), many())
    } else {
        let heading = words.say_count("new-leads-heading", count, ("name", &name));
        (words.say_count("new-leads-subject", count, ("name", &name)), heading)
    };
    let rest = if is_least { 0 } else { count.saturating_sub(u32::try_from(leads.len()).unwrap_or(u32::MAX)) };
    let mut said = Said {
        subject: one_line(&subject, SUBJECT),
        heading,
        paragraphs: Vec::new(),
        items: leads.iter().map(|lead| item(words, lead, site)).collect(),
        button: None,
        notes: vec![words.say_with("leads-note", &[("url", &format!("{site}/dashboard/settings/notifications"))])],
    };
    if rest > 0 {
        said.notes.insert(0, words.say_count("new-leads-more", rest, ("name", "")));
    }
    if leads.len() == 1 && count == 1 {
        // One lead: its link is what the mail is for.
        said.button = said.items.first_mut().and_then(|item| item.links.pop());
        return said;
    }
    said.linking(words.say("leads-open"), format!("{site}/dashboard/leads"))
}

fn item(words: &Words, lead: &ToldLead, site: &str) -> Item {
    let fact = |name: &str, value: &str, href: Option<String>| Fact {
        name: words.say(name),
        value: one_line(value, VALUE),
        href,
    };
    let facts = [
        lead.phone.as_deref().map(|phone| fact("lead-phone", phone, tel(phone))),
        lead.email.as_deref().map(|email| fact("lead-email", email, mailto(email))),
        lead.property_address.as_deref().map(|address| fact("lead-property", address, None)),
        Some(fact("lead-source", &lead.source, None)),
    ];
    let quote = lead.message.as_deref().map(|message| lines(message, QUOTE)).filter(|text| !text.is_empty());
    Item {
        title: one_line(&lead.name, 200),
        facts: facts.into_iter().flatten().collect(),
        quote: quote.map(|value| Fact { name: words.say("lead-message"), value, href: None }),
        links: vec![Link { text: words.say("lead-open"), url: lead_url(site, lead.id) }],
    }
}

fn lead_url(site: &str, id: LeadId) -> String {
    format!("{site}/dashboard/leads/{id}")
}

pub(crate) fn tel(phone: &str) -> Option<String> {
    let digits = phone.chars().filter(char::is_ascii_digit).collect::<String>();
    let plus = if phone.trim_start().starts_with('+') { "+" } else { "" };
    (digits.len() >= 5).then(|| format!("tel:{plus}{digits}"))
}

/// An address may hold what means something in a link.
pub(crate) fn mailto(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let encode =
        |part: &str| percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string();
    Some(format!(
        "mailto:{}@{}",
        encode(local).replace("%2E", "."),
        encode(domain).replace("%2E", ".").replace("%2D", "-")
    ))
}
