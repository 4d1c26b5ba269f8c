//! Whether a mail is from whom it says: what SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) found.

use serde::{Deserialize, Serialize};

/// What the checks come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The domain that it names has sent or signed it.
    Verified,
    /// The domain that it names says that it has not.
    Unverified,
    /// Nothing could be told.
    #[default]
    Unknown,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trust {
    /// The result of SPF, by its name in RFC 8601.
    pub spf: String,
    /// The same of DKIM.
    pub dkim: String,
    /// The same of DMARC.
    pub dmarc: String,
    /// The domain of the sender that it names.
    pub domain: String,
    /// What it comes to.
    pub standing: Standing,
}
