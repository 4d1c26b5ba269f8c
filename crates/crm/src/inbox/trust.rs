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
    /// The domains that it is signed for, whether or not the signatures hold.
    pub signed_for: Vec<String>,
    /// What it comes to.
    pub standing: Standing,
}

impl Trust {
    /// The same of a mail that says that it is from a portal: one that is not signed for the portal's domain, and was not found to be from
    /// there, is not.
    #[must_use]
    pub fn of_portal(mut self, domain: Option<&str>) -> Self {
        let Some(domain) = domain else { return self };
        let is_of =
            |signed: &String| signed == domain || signed.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        if self.standing == Standing::Unknown && !self.signed_for.iter().any(is_of) {
            self.standing = Standing::Unverified;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portals_mail_without_its_signature_is_not_verified() {
        let trust = |signed: &[&str]| Trust {
            signed_for: signed.iter().map(|one| (*one).to_owned()).collect(),
            ..Trust::default()
        };
        assert_eq!(trust(&[]).of_portal(None).standing, Standing::Unknown);
        for (signed, expected) in [
            (&["zillow.com"][..], Standing::Unknown),
            (&["amazonses.com", "convo.zillow.com"], Standing::Unknown),
            (&["evilzillow.com"], Standing::Unverified),
            (&[], Standing::Unverified),
        ] {
            assert_eq!(trust(signed).of_portal(Some("zillow.com")).standing, expected, "{signed:?}");
        }
        let verified = Trust { standing: Standing::Verified, ..Trust::default() };
        assert_eq!(verified.of_portal(Some("zillow.com")).standing, Standing::Verified);
    }
}
