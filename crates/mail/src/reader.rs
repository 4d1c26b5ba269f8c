//! The reader of mails that the inbox is given.

use crm::inbox::{self, Known, Reader, Shown};

use crate::reading::{self, Verdict};

/// The version of the rules: one more each time that they read better, so that what older ones did not understand is offered to be read again.
const RULES: i64 = 1;

/// Reads mails by [`reading::read`].
#[derive(Debug, Clone, Copy, Default)]
pub struct MailReader;

impl Reader for MailReader {
    fn read(&self, raw: &[u8], known: &Known) -> inbox::Reading {
        let Known { addresses, phones, names } = known.clone();
        summary(reading::read(raw, &reading::Known { emails: addresses, phones, names }))
    }

    fn show(&self, raw: &[u8]) -> Shown {
        let reading::Reading { text, html, .. } = reading::read(raw, &reading::Known::default());
        Shown { text, html }
    }

    fn rules(&self) -> i64 {
        RULES
    }
}

/// What the inbox keeps of a reading.
fn summary(read: reading::Reading) -> inbox::Reading {
    let found = |found: Option<reading::Found>| found.map(|found| inbox::Found::new(found.value, found.confidence));
    let is_direct = read.source.as_ref().is_some_and(|source| source.value == "email");
    let sender = read.sender.unwrap_or_default();
    inbox::Reading {
        verdict: match read.verdict {
            Verdict::Lead => inbox::Verdict::Lead,
            Verdict::Review => inbox::Verdict::Review,
            Verdict::Ignored => inbox::Verdict::Ignored,
        },
        reason: read.reason,
        is_personal: !read.is_automatic && (read.is_reply || is_direct),
        name: found(read.name),
        email: found(read.email),
        phone: found(read.phone),
        source: found(read.source),
        property_address: found(read.property_address),
        notes: found(read.notes),
        provider_id: read.provider_id,
        forwarding: read.forwarding.map(|asked| inbox::Forwarding {
            code: asked.code,
            link: asked.link,
            mailbox: asked.mailbox,
        }),
        is_automatic: read.is_automatic,
        provider_domain: read.provider_domain,
        sender: if sender.name.is_empty() { sender.address.clone() } else { sender.name },
        sender_address: sender.address,
        subject: read.subject,
    }
}
