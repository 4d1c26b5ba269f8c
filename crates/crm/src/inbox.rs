//! The inbox: mail that comes in, and what became of it. Each mail is kept once, raw; with it what was read out of it and how surely,
//! and its outcome: a lead, a look that the agent is to take, or nothing, with the reason. Deciding and storing are one transaction.

mod addresses;
mod decisions;
mod keys;
mod lists;
mod readings;
mod retention;
mod reviews;
mod storage;
mod taking_in;
mod trust;

pub use addresses::{Host, address, host_of, renew, token};
pub use lists::{Inbox, Message, Place, confirmations, count_waiting, get, list, of_lead, raw, show};
pub use readings::{Forwarding, Found, Known, NoReader, Reader, Reading, Shown, Verdict};
pub(crate) use retention::{SLICE, erase_of, forget_merged, prune};
pub use reviews::{REREAD, accept, count_outdated, dismiss, reread, reread_outdated, set_aside, undo};
pub use taking_in::{Incoming, TakenIn, apart, take_in};
pub use trust::{Standing, Trust};

/// The most bytes that a mail may have.
pub const MOST: usize = 10 * 1024 * 1024;

/// How a mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the listener, by SMTP.
    Smtp,
    /// To the listener, by LMTP.
    Lmtp,
    /// From the agent's mailbox, by IMAP.
    Imap,
    /// By a request to the agent's address for mail.
    Http,
    /// As a file, in the dashboard.
    Upload,
    /// As a file, by a command.
    Command,
}

impl Way {
    const ALL: [Self; 6] = [Self::Smtp, Self::Lmtp, Self::Imap, Self::Http, Self::Upload, Self::Command];

    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Http => "http",
            Self::Upload => "upload",
            Self::Command => "command",
        }
    }

    fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|way| way.name() == name).unwrap_or(Self::Smtp)
    }
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new lead.
    Lead,
    /// The agent is to look at it.
    Review,
    /// Nothing; the reason says why.
    Ignored,
    /// What it tells is known already.
    Duplicate,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Lead, Self::Review, Self::Ignored, Self::Duplicate];

    /// The published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Review => "review",
            Self::Ignored => "ignored",
            Self::Duplicate => "duplicate",
        }
    }

    fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name).unwrap_or(Self::Review)
    }
}

/// Where the inbox shows a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tray {
    /// To be looked at.
    Review,
    /// Leads were made of these.
    Lead,
    /// Nothing was made of these.
    Ignored,
    /// Asks the agent to confirm that their mail be forwarded.
    Confirmation,
}

impl Tray {
    const ALL: [Self; 4] = [Self::Review, Self::Lead, Self::Ignored, Self::Confirmation];

    /// The name in the database and in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Lead => "lead",
            Self::Ignored => "ignored",
            Self::Confirmation => "confirmation",
        }
    }

    /// The tray of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tray| tray.name() == name)
    }
}
