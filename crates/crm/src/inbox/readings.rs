//! What is read out of a mail. Who reads is an argument: this crate knows what a reading is, not how one is made.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// What a mail is, by its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A new prospect asks for something.
    Lead,
    /// It may be one: somebody is to look.
    #[default]
    Review,
    /// No prospect can be made of it.
    Ignored,
}

/// A value that was found, and how surely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The value as written.
    pub text: String,
    /// From 0 to 100.
    pub confidence: u8,
}

impl Found {
    /// A value with its confidence, 0 to 100.
    #[must_use]
    pub fn new(text: impl Into<String>, confidence: u8) -> Self {
        Self { text: text.into(), confidence: confidence.min(100) }
    }
}

/// What a mail service asks for before it forwards mail here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Forwarding {
    /// The code to type in there.
    pub code: Option<String>,
    /// The link that confirms: to be shown, and followed by nobody but the agent.
    pub link: Option<String>,
    /// The mailbox that is to be forwarded.
    pub mailbox: Option<String>,
}

/// A mail to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// Its text, without what it quotes.
    pub text: String,
    /// Its HTML as it came, where it has one: not safe to be shown as it is.
    pub html: Option<String>,
}

/// What was read out of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reading {
    /// What it is.
    pub verdict: Verdict,
    /// Why, in a sentence for the agent.
    pub reason: String,
    /// The consumer's name.
    pub name: Option<Found>,
    /// Where a reply reaches the consumer.
    pub email: Option<Found>,
    /// The consumer's phone number.
    pub phone: Option<Found>,
    /// The slug of where they come from.
    pub source: Option<Found>,
    /// The home that they ask about.
    pub property_address: Option<Found>,
    /// What they wrote.
    pub notes: Option<Found>,
    /// The portal's own number of the inquiry.
    pub provider_id: Option<String>,
    /// Whether it is a person's own mail, or a reply, and not a notice about one.
    pub is_personal: bool,
    /// What a mail service asks that is to forward mail here.
    pub forwarding: Option<Forwarding>,
    /// Whether a program sent it.
    pub is_automatic: bool,
    /// The domain that a true one is signed for; none where it is not known, and for what somebody passed on.
    pub provider_domain: Option<String>,
    /// Who sent it, for the list: a name, else an address.
    pub sender: String,
    /// The address that it is from.
    pub sender_address: String,
    /// Its subject.
    pub subject: String,
}

impl Reading {
    /// A reading that leaves all to the agent.
    #[must_use]
    pub fn review(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }
}

/// What is known before a mail is read: nobody of these is the consumer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Addresses of the agent's.
    pub addresses: Vec<String>,
    /// Phone numbers of the agent's.
    pub phones: Vec<String>,
    /// Names of the agent's.
    pub names: Vec<String>,
}

/// Reads mails.
pub trait Reader: Debug + Send + Sync {
    /// Reads one; never panics, whatever the bytes are.
    fn read(&self, raw: &[u8], known: &Known) -> Reading;

    /// Opens one, to be looked at.
    fn show(&self, raw: &[u8]) -> Shown;

    /// The version of the rules: what was read by older ones can be read again.
    fn rules(&self) -> i64;
}

/// Reads nothing: every mail is to be looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoReader;

impl Reader for NoReader {
    fn read(&self, _: &[u8], _: &Known) -> Reading {
        Reading::review("No reader is set up")
    }

    fn show(&self, raw: &[u8]) -> Shown {
        Shown { text: String::from_utf8_lossy(raw).into_owned(), html: None }
    }

    fn rules(&self) -> i64 {
        0
    }
}
