//! What stands around every page of the dashboard.

use crm::sessions::Session;

use crate::assets::{self, Assets};

/// A part of the dashboard, as its navigation has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Api,
}

/// The frame of a page.
pub(crate) struct Shell {
    pub assets: &'static Assets,
    pub agent_name: String,
    pub email: String,
    pub place: Place,
    pub notice: Option<&'static str>,
}

impl Shell {
    /// The frame for a page of this place.
    pub fn new(session: &Session, place: Place) -> Self {
        let Session { agent_name, email, .. } = session.clone();
        Self { assets: assets::get(), agent_name, email, place, notice: None }
    }

    /// The same, saying what has just been done: one of a few words, as they stand in the address.
    pub fn saying(mut self, done: Option<&str>) -> Self {
        self.notice = done.and_then(|done| {
            Some(match done {
                "key-revoked" => "The key is revoked. Whatever still uses it is refused from now on.",
                "webhook-saved" => "The webhook is saved.",
                "webhook-deleted" => "The webhook is deleted.",
                "webhook-enabled" => "The webhook is enabled.",
                "webhook-disabled" => "The webhook is disabled. Events are held until you enable it again.",
                "test-sent" => "A test event is on its way. It stands first in the log below.",
                "redelivered" => "It is sent again.",
                "all-redelivered" => "Everything not delivered since then is sent again, in order.",
                "none-redelivered" => "Everything since then was delivered: there is nothing to send again.",
                _ => return None,
            })
        });
        self
    }
}
