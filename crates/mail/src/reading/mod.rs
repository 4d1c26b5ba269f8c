//! Mail that comes in: who asks about which home, read out of a message that nobody promised a form for.
//!
//! [`read`] is a function of the bytes and of what is [`Known`]: no clock, no network, no database. Its stages, each a module:
//!
//! 1. `mime`, `headers`, `charsets`, `transfer`: the parts of the message, within limits, whatever is broken;
//! 2. `pages`, `markup`: lines and cells, the same for text and HTML;
//! 3. `letters`, `wrappers`: forwards are unwrapped, answers lose what they quote;
//! 4. `envelopes`: what can be no lead by its envelope;
//! 5. `structured`: lead metadata, ADF, h-card, JSON, links;
//! 6. `providers`: who sends what, kept as data (`providers.toml`);
//! 7. `labels`, `facts`: labels in many languages (`labels.toml`) and the values beside, below or under them;
//! 8. `fallbacks`, `addresses`, `contacts`: headers, subject, free text; what is no person's is dropped; `candidates` chooses;
//! 9. `topics` (with the words of `vocabulary.toml`), `verdicts`: a lead, something to look at, or nothing, with the reason in words.

mod addresses;
mod candidates;
mod charsets;
mod contacts;
mod entities;
mod envelopes;
mod facts;
mod fallbacks;
mod forwardings;
mod headers;
mod labels;
mod letters;
mod limits;
mod markup;
mod mime;
mod notes;
mod origins;
mod pages;
mod providers;
mod structured;
mod texts;
mod topics;
mod transfer;
mod verdicts;
mod vocabulary;
mod wrappers;

pub use forwardings::Forwarding;
pub use headers::Mailbox;
pub use limits::{MAX_DECODED_BYTES, MAX_DEPTH, MAX_PARTS};

/// What belongs to the agent and so is never a consumer's.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The agent's addresses: their own, that of their inbox here, a team's.
    pub emails: Vec<String>,
    /// The agent's phone numbers, in any form.
    pub phones: Vec<String>,
    /// The agent's names, as they stand in mails.
    pub names: Vec<String>,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Somebody new asks.
    Lead,
    /// A person should look.
    Review,
    /// No new prospect can be made of it.
    Ignored,
}

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Machine-readable: lead metadata, ADF, h-card, JSON.
    Structured,
    /// Beside, below or under a label.
    Label,
    /// The target of a link.
    Link,
    /// The subject line.
    Subject,
    /// `From`, `Reply-To` or another header.
    Header,
    /// Free text.
    Text,
    /// What is known of the sender.
    Provider,
}

impl Origin {
    /// The name that is stored and shown: `label`, `header`, ….
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Structured => "structured",
            Self::Label => "label",
            Self::Link => "link",
            Self::Subject => "subject",
            Self::Header => "header",
            Self::Text => "text",
            Self::Provider => "provider",
        }
    }
}

/// A value, with how surely and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: String,
    /// How sure it is, in percent: 1 to 100.
    pub confidence: u8,
    /// Where it was found.
    pub origin: Origin,
    /// The words it was found in, 160 characters at most.
    pub evidence: String,
}

/// A further fact that the message tells, such as a move-in date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is, as the message calls it.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What a message told. Absent is what it holds no value for.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What the message is.
    pub verdict: Verdict,
    /// Why, in words for the agent.
    pub reason: String,
    /// The consumer's name, as written.
    pub name: Option<Found>,
    /// Where an answer reaches the consumer: their own address, else the portal's relay; never a shared sender.
    pub email: Option<Found>,
    /// The consumer's phone as printed, without extension.
    pub phone: Option<Found>,
    /// Where the lead comes from: one of the slugs of `docs/mail.md`.
    pub source: Option<Found>,
    /// The home that is asked about, its parts joined with `, `.
    pub property_address: Option<Found>,
    /// The person's message, and what else they told.
    pub notes: Option<Found>,
    /// What else was found: MLS number, listing's URL, move-in date, ….
    pub facts: Vec<Fact>,
    /// Who the message is from technically, such as `followupboss`, when the sender is known to be one of those.
    pub provider: Option<&'static str>,
    /// The provider's domain that a real one would be signed for; absent for forwards and unknown senders.
    pub provider_domain: Option<String>,
    /// The provider's own number of the inquiry: the same inquiry has the same one.
    pub provider_id: Option<String>,
    /// `Message-ID` without its brackets.
    pub message_id: Option<String>,
    /// The messages that it answers.
    pub in_reply_to: Vec<String>,
    /// Whether it answers an earlier message.
    pub is_reply: bool,
    /// Whether a program sent it, so that nothing may be answered automatically.
    pub is_automatic: bool,
    /// Whether it came forwarded by a person; then `sender` is who wrote first, `forwarder` who passed it on.
    pub is_forwarded: bool,
    /// Who wrote it, within forwards.
    pub sender: Option<Mailbox>,
    /// Who forwarded it.
    pub forwarder: Option<Mailbox>,
    /// The subject, within forwards.
    pub subject: String,
    /// When it says that it was sent, in milliseconds since 1970.
    pub sent_at_ms: Option<i64>,
    /// A mail service asks whether mail may be forwarded here: must be shown to the agent.
    pub forwarding: Option<Forwarding>,
    /// The text to show, 20,000 characters at most.
    pub text: String,
    /// The HTML part as it came, for showing after it was cleaned; 1 MiB at most.
    pub html: Option<String>,
}

/// Reads a message.
///
/// Never fails: what cannot be read is ignored with a reason. Takes time and memory in proportion to the message, up to the
/// limits of `limits.rs`.
#[must_use]
pub fn read(raw: &[u8], known: &Known) -> Reading {
    verdicts::judge(raw, known)
}
