//! What stands around every page of the dashboard.

use crm::{live, sessions::Session};

use super::brands;
use crate::{
    Site,
    assets::{self, Assets},
    pages::Refusal,
};

/// A part of the dashboard, as its navigation has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Today,
    Leads,
    Inbox,
    Clients,
    Listings,
    Showings,
    Guides,
    Website,
    Api,
    Account,
}

/// The frame of a page.
pub(crate) struct Shell {
    pub assets: &'static Assets,
    pub agent_name: String,
    pub email: String,
    pub place: Place,
    /// The stylesheet of the agent's own colour.
    pub brand: Option<String>,
    pub notice: Option<Notice>,
    /// The number of the last event that the page shows, where it is kept up to date while it is open.
    pub number: Option<i64>,
}

/// What has just been done, and how to take it back.
pub(crate) struct Notice {
    pub text: String,
    pub undo: Option<Undo>,
}

/// A form that takes back what was done.
pub(crate) struct Undo {
    /// Where it is posted.
    pub action: String,
    /// The one field that it carries.
    pub name: &'static str,
    pub values: Vec<String>,
    /// And one more that is always the same.
    pub more: Option<(&'static str, &'static str)>,
}

impl Shell {
    /// The frame for a page of this place.
    pub fn new(session: &Session, place: Place) -> Self {
        let Session { agent_name, email, .. } = session.clone();
        let brand = session.brand.map(brands::path);
        Self { assets: assets::get(), agent_name, email, place, brand, notice: None, number: None }
    }

    /// The same, kept up to date while it is open. To be asked before what the page shows is read: nothing is missed then.
    pub async fn following(mut self, site: &Site, session: &Session) -> Result<Self, Refusal> {
        self.number = Some(live::number(&site.crm, session.agent).await?);
        Ok(self)
    }

    /// The same, saying what has just been done: one of a few words, as they stand in the address.
    pub fn saying(mut self, done: Option<&str>) -> Self {
        let text = done.and_then(|done| {
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
                "lead-added" => "The lead is recorded.",
                "lead-saved" => "The lead is saved.",
                "not-spam" => "It is no spam: it stands among your leads.",
                "is-junk" => "It is junk. It stays among your leads under that status.",
                "forms-saved" => "The sites are saved.",
                "note-added" => "The note is kept.",
                "client-added" => "The client is added.",
                "client-known" => "A client with this e-mail address was here already: this is the one.",
                "client-saved" => "The client is saved.",
                "client-restored" => "The client is back.",
                "showing-confirmed" => "The showing is confirmed.",
                "showing-declined" => "The showing is declined.",
                "showing-cancelled" => "The showing is cancelled.",
                "showing-completed" => "The showing took place.",
                "showing-taken-back" => "It is taken back: the showing is what it was before.",
                "showing-moved" => "The showing is moved.",
                "showing-added" => "The showing is added, and confirmed.",
                "showing-saved" => "The notes are saved.",
                "domain-added" => "The domain is noted. Whether it leads here is being looked at now.",
                "domain-checked" => "It is being looked at now. Load the page again in a moment.",
                "feed-ended" => "The address has ended. Calendars that subscribed to it get nothing more.",
                "password-changed" => "The password is changed. Every other session has ended.",
                "two-step-off" => "Two-step sign-in is off. Your password alone lets you in.",
                "export-begun" => "Your copy is being made. This page shows how far it is; you need not wait here.",
                "export-deleted" => "The copy is deleted.",
                "stayed" => {
                    "You stay. Keys remain revoked and webhooks disabled: make and enable them again under API."
                }
                "stage-added" => "The stage is added.",
                "stage-saved" => "The stage is renamed.",
                "stage-meant" => "What the stage means is saved.",
                "stages-ordered" => "The order is changed.",
                "stage-deleted" => "The stage is deleted, and its clients have moved.",
                "profile-saved" => "The profile is saved.",
                "photo-saved" => "The photo is saved.",
                "photo-removed" => "The photo is removed.",
                "address-asked" => "A link is on its way to the new address. Nothing is changed until you follow it.",
                "address-changed" => "The address is changed. You sign in with the new one from now on.",
                "device-added" => "This device is told of new leads and showings from now on.",
                "device-removed" => "The device is told nothing more.",
                "device-tested" => "A test is on its way. It shows up on the device within seconds.",
                "notifications-saved" => "The notifications are saved.",
                "mail-again" => "It is on its way once more.",
                "session-ended" => "Signed out there.",
                "converted" => "The person is a client now.",
                "view-saved" => "The view is saved.",
                "view-deleted" => "The view is deleted.",
                "next-step-saved" => "The next step is saved.",
                "import-deleted" => "The file is thrown away. What came in from it stays.",
                "listing-added" => "The listing is added. Photos come next.",
                "listing-saved" => "The listing is saved.",
                "listing-published" => "The listing is published.",
                "listing-restored" => "The listing is back.",
                "photos-added" => "The photos are added.",
                "photos-ordered" => "The order is changed.",
                "caption-saved" => "The caption is saved.",
                "document-added" => "The document is added.",
                "open-house-added" => "The open house is added.",
                "open-house-deleted" => "The open house is deleted.",
                "availability-saved" => "The availability is saved.",
                "blocked" => "The time is blocked.",
                "showing-rules-saved" => "The showing rules are saved.",
                "guide-added" => "The guide is made, as a draft. Add its PDF, then publish it.",
                "guide-saved" => "The guide is saved.",
                "guide-document-added" => "The PDF is added.",
                "guide-document-restored" => "The PDF from before is back.",
                "guide-cover-restored" => "The cover from before is back.",
                "guide-cover-added" => "The cover is set.",
                "guide-cover-removed" => "The picture is removed: the cover is drawn from the title.",
                "guide-published" => "The guide is published.",
                "guide-withdrawn" => "The guide is a draft again: you alone see it.",
                "guide-restored" => "The guide is back.",
                "guides-ordered" => "The order is changed.",
                "website-saved" => "It is saved. Look at it below, and publish it when it is right.",
                "website-published" => "The changes are published.",
                "website-discarded" => "The changes are gone. The website is as visitors see it.",
                "post-added" => "The post is kept as a draft. Look at it below, and publish it when it is right.",
                "post-saved" => "The post is saved.",
                "post-published" => "The post is published.",
                "post-withdrawn" => "The post is a draft again: you alone see it.",
                "post-deleted" => "The post is deleted.",
                "inbox-renewed" => "You have a new address. The one before takes nothing any more.",
                "mail-read-again" => "It is read again, by the rules of today.",
                "undone" => "Taken back.",
                "none-chosen" => "No lead was ticked, so nothing was changed.",
                _ => return None,
            })
        });
        self.notice = text.map(|text| Notice { text: text.to_owned(), undo: None });
        self
    }

    /// The same, saying what became of a follow-up, with the way back: `undo` is the record's id and the instant from before.
    pub fn saying_follow_up(self, done: Option<&str>, undo: Option<&String>) -> Self {
        let undo = undo.and_then(|undo| undo.split_once('.'));
        let text = match done {
            Some("followed-up") => "Done: there is nothing to follow up on.",
            Some("follow-up-set") => "Kept: it stands under Today when it is due.",
            done => return self.saying(done),
        };
        let undo = undo.and_then(|(id, before)| {
            let kind = if id.starts_with("lead_") { "leads" } else { "clients" };
            let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let action = format!("/dashboard/{kind}/{id}/follow-up");
            let values = vec![before.to_owned()];
            (is_plain(id) && is_plain(before)).then_some(Undo {
                action,
                name: "at",
                values,
                more: Some(("when", "was")),
            })
        });
        self.noting(text.to_owned(), undo)
    }

    /// The same, saying this.
    pub fn noting(mut self, text: String, undo: Option<Undo>) -> Self {
        self.notice = Some(Notice { text, undo });
        self
    }
}
