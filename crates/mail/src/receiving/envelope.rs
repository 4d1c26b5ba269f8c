//! Who hands a mail over, and who looks at that.

use std::{future::Future, net::IpAddr, pin::Pin};

use crm::inbox::Trust;

/// What a mail came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// One answer for a mail.
    Smtp,
    /// One answer for each recipient.
    Lmtp,
}

/// What is known of a mail beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The address of who hands it over.
    pub peer: IpAddr,
    /// What they call themselves.
    pub greeting: String,
    /// The return path; empty for a mail that wants no answer.
    pub sender: String,
    /// By what it comes.
    pub protocol: Protocol,
    /// Whether it comes over TLS.
    pub is_encrypted: bool,
}

/// Tells whether a mail is from whom it says.
pub trait Checker: Send + Sync {
    /// What there is to say; `None` for nothing. Whoever asks gives up after a while.
    fn check<'a>(
        &'a self,
        envelope: &'a Envelope,
        raw: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Option<Trust>> + Send + 'a>>;
}
