//! What a mail tells, without its words.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::new_showings::beginning;
use crate::{
    accounts::LINK_LASTS,
    clock::UnixMillis,
    ids::{LeadId, ShowingId, WebhookId},
    inquiries::{DOWNLOAD_LASTS, InquiryKind},
    showings::Showing,
};

/// What a mail tells. Kept as JSON, so a variant is never renamed; a new field has a default.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// A link to a new password.
    ResetPassword {
        /// What the link lets in with.
        token: String,
    },
    /// Somebody wanted to sign up with the address of an account.
    AccountKnown,
    /// A link to end signing up with.
    ConfirmSignUp {
        /// What the link makes an agent with.
        token: String,
    },
    /// A link to a new address to sign in with.
    ConfirmAddress {
        /// The address up to now.
        old: String,
        /// What the link changes it with.
        token: String,
    },
    /// The address to sign in with was changed; to the old one.
    AddressChanged {
        /// The new one.
        new: String,
    },
    /// A webhook has been failing for an hour.
    WebhookFailing {
        /// Which.
        webhook: WebhookId,
        /// The host it sends to: the rest of a URL may be a secret.
        host: String,
        /// Since when.
        since: UnixMillis,
        /// What went wrong last.
        error: Option<String>,
    },
    /// A webhook is to be disabled within a day.
    WebhookDisabledSoon {
        /// Which.
        webhook: WebhookId,
        /// The host it sends to.
        host: String,
        /// Since when it fails.
        since: UnixMillis,
        /// What went wrong last.
        error: Option<String>,
    },
    /// A webhook was disabled.
    WebhookDisabled {
        /// Which.
        webhook: WebhookId,
        /// The host it sends to.
        host: String,
        /// Whether its receiver said that it is gone; else it refused for days.
        is_gone: bool,
        /// What went wrong last.
        error: Option<String>,
    },
    /// Leads came in.
    NewLeads {
        /// The first of them.
        leads: Vec<ToldLead>,
        /// How many there are, those named among them.
        count: u32,
        /// Whether there may be more than that.
        is_least: bool,
    },
    /// Clients ask to see listings.
    ShowingsRequested {
        /// The first of them.
        showings: Vec<AskedShowing>,
        /// How many there are, those named among them.
        count: u32,
        /// The agent's time zone, an IANA name.
        zone: String,
    },
    /// To a visitor of the website: their words arrived.
    InquiryReceived {
        /// The agent's name.
        agent: String,
        /// The agent's slug.
        slug: String,
        /// Which form it was.
        asked: InquiryKind,
        /// The address of the listing that was asked about.
        address: Option<String>,
    },
    /// To a visitor of the website: the guide that they asked for.
    GuideAsked {
        /// The agent's name.
        agent: String,
        /// The agent's slug.
        slug: String,
        /// What the guide is called.
        title: String,
        /// What its link ends with.
        token: String,
    },
    /// A confirmed showing is near.
    ShowingReminder {
        /// Which.
        showing: ToldShowing,
        /// When it takes place.
        at: UnixMillis,
        /// The agent's time zone, an IANA name.
        zone: String,
    },
}

/// A showing as a mail tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldShowing {
    /// Which.
    pub id: ShowingId,
    /// The client's name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their phone number.
    pub phone: Option<String>,
    /// The listing's address.
    pub address: String,
    /// What was written, its beginning.
    pub notes: Option<String>,
}

impl ToldShowing {
    pub(crate) fn of(showing: &Showing) -> Self {
        Self {
            id: showing.id,
            name: showing.name.clone(),
            email: showing.email.clone(),
            phone: showing.phone.clone(),
            address: showing.address.clone(),
            notes: showing.notes.clone().map(beginning),
        }
    }
}

/// A request, with what its links answer it with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedShowing {
    /// Which.
    pub showing: ToldShowing,
    /// The times asked for, each with what confirms it.
    pub confirm: Vec<(UnixMillis, String)>,
    /// What declines it.
    pub decline: String,
}

/// A lead as a mail tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldLead {
    /// Which.
    pub id: LeadId,
    /// The person's name.
    pub name: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their phone number.
    pub phone: Option<String>,
    /// Where the lead came from.
    pub source: String,
    /// The property asked about.
    pub property_address: Option<String>,
    /// What they wrote, its beginning.
    pub message: Option<String>,
}

/// What covers a secret.
const MASK: &str = "••••••••";

impl Letter {
    /// The name of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ResetPassword { .. } => "reset_password",
            Self::AccountKnown => "account_known",
            Self::ConfirmSignUp { .. } => "confirm_sign_up",
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AddressChanged { .. } => "address_changed",
            Self::WebhookFailing { .. } => "webhook_failing",
            Self::WebhookDisabledSoon { .. } => "webhook_disabled_soon",
            Self::WebhookDisabled { .. } => "webhook_disabled",
            Self::NewLeads { .. } => "new_leads",
            Self::ShowingsRequested { .. } => "showings_requested",
            Self::InquiryReceived { .. } => "inquiry_received",
            Self::GuideAsked { .. } => "guide_asked",
            Self::ShowingReminder { .. } => "showing_reminder",
        }
    }

    /// Whether whoever reads it is let in: the outbox does not show that.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.lasts().is_some() || matches!(self, Self::ShowingsRequested { .. })
    }

    /// How long it is of use; a link ends.
    pub(super) fn lasts(&self) -> Option<Duration> {
        match self {
            Self::ResetPassword { .. } | Self::ConfirmSignUp { .. } | Self::ConfirmAddress { .. } => Some(LINK_LASTS),
            Self::GuideAsked { .. } => Some(DOWNLOAD_LASTS),
            _ => None,
        }
    }

    /// The same with its secret covered.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut letter = self.clone();
        match &mut letter {
            Self::ResetPassword { token }
            | Self::ConfirmSignUp { token }
            | Self::ConfirmAddress { token, .. }
            | Self::GuideAsked { token, .. } => {
                MASK.clone_into(token);
            }
            Self::ShowingsRequested { showings, .. } => {
                for asked in showings {
                    asked.confirm.iter_mut().for_each(|(_, token)| MASK.clone_into(token));
                    MASK.clone_into(&mut asked.decline);
                }
            }
            _ => {}
        }
        letter
    }
}

impl fmt::Debug for Letter {
    /// Its kind only: the rest is somebody's.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Letter({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_back_by_its_kind_and_shows_no_secret() {
        let letter = Letter::ResetPassword { token: String::from("secret-token") };
        let text = serde_json::to_string(&letter).unwrap();
        assert!(text.contains(r#""kind":"reset_password""#), "{text}");
        assert_eq!(serde_json::from_str::<Letter>(&text).unwrap(), letter);
        assert!(!format!("{letter:?}").contains("secret-token"));
        assert!(!serde_json::to_string(&letter.masked()).unwrap().contains("secret-token"));
    }
}
