//! Ids: UUIDv7 (RFC 9562, section 5.7) in the database, a prefix and 26 characters of Crockford base32 in public.
//!
//! An id is drawn inside the write that uses it, under the agent's turn, and is greater than every earlier id of that
//! agent: id order is commit order, newest-first lists and cursors come from it, and it holds the time of creation.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::{
    clock::UnixMillis,
    randomness::{self, Randomness},
};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ENCODED: usize = 26;

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

/// The next UUIDv7 after `last`: of `now` when the clock has moved on, else `last` counted up by one.
pub(crate) fn next(last: &[u8; 16], now: UnixMillis, random: &dyn Randomness) -> [u8; 16] {
    let mut id = randomness::bytes::<16>(random);
    let millis = u64::try_from(now.0).unwrap_or(0);
    id[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    id[6] = 0x70 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    if id[..6] > last[..6] { id } else { successor(last) }
}

/// `id` plus one, counting in its random bits and carrying into the time, with version and variant kept.
fn successor(id: &[u8; 16]) -> [u8; 16] {
    let bits = u128::from_be_bytes(*id);
    let (time, a, b) = (bits >> 80, (bits >> 64) & 0xfff, bits & ((1 << 62) - 1));
    let counted = ((time << 74) | (a << 62) | b) + 1;
    let (time, a, b) = (counted >> 74, (counted >> 62) & 0xfff, counted & ((1 << 62) - 1));
    ((time << 80) | (0x7 << 76) | (a << 64) | (0x2 << 62) | b).to_be_bytes()
}

/// The least id of an instant: ids drawn at or after it are not below.
pub(crate) fn floor(at: UnixMillis) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&u64::try_from(at.0).unwrap_or(0).to_be_bytes()[2..]);
    id
}

/// The instant an id was drawn.
pub(crate) fn instant(id: &[u8; 16]) -> UnixMillis {
    let millis = id[..6].iter().fold(0i64, |millis, byte| (millis << 8) | i64::from(*byte));
    UnixMillis(millis)
}

fn encode(prefix: &str, id: &[u8; 16], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0u8; ENCODED];
    let mut bits = u128::from_be_bytes(*id);
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    out.write_str(prefix)?;
    out.write_str("_")?;
    out.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
}

fn decode(prefix: &str, text: &str) -> Result<[u8; 16], NotAnId> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(NotAnId)?;
    if digits.len() != ENCODED || digits.as_bytes()[0] > b'7' {
        return Err(NotAnId);
    }
    let mut bits = 0u128;
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == digit).ok_or(NotAnId)?;
        bits = (bits << 5) | value as u128;
    }
    Ok(bits.to_be_bytes())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// What public text of this kind of id begins with.
            pub const PREFIX: &'static str = $prefix;

            /// When the id was drawn.
            #[must_use]
            pub fn created_at(&self) -> UnixMillis {
                instant(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode($prefix, &self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                decode($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|NotAnId| serde::de::Error::custom("not an id"))
            }
        }

        impl db::FromColumn for $name {
            fn from_column(row: &db::Row<'_>, index: usize) -> Result<Self, db::DbError> {
                row.get(index).map(Self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let example = concat!($prefix, "_01k9x3v7e8f4sahm7d9q2b5c6n");
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some("Opaque."))
                    .examples([example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl<'a> From<&'a $name> for db::Value<'a> {
            fn from(id: &'a $name) -> Self {
                db::Value::Bytes(&id.0)
            }
        }
    )*};
}

ids! {
    /// An agent: the tenant.
    AgentId = "agt";
    /// Someone who signs in for an agent.
    AccountId = "acc";
    /// Somebody's stay in the dashboard.
    SessionId = "ses";
    /// An API key (not the key itself).
    ApiKeyId = "key";
    /// An inquiry by a person.
    LeadId = "lead";
    /// A signed-up buyer or seller.
    ClientId = "cli";
    /// A property on offer.
    ListingId = "lst";
    /// A request to see a listing.
    ShowingId = "shw";
    /// A note on a lead or client.
    NoteId = "note";
    /// A stage of a pipeline.
    StageId = "stg";
    /// Something that happened.
    EventId = "evt";
    /// A receiver of events.
    WebhookId = "whk";
    /// A copy of an agent's data.
    ExportId = "exp";
    /// One event on its way to one webhook.
    DeliveryId = "dlv";
    /// A piece of due work.
    JobId = "job";
    /// A file of leads.
    ImportId = "imp";
    /// A saved view of a list.
    ViewId = "view";
    /// Leads made one.
    MergeId = "mrg";
    /// A mail that goes out.
    MailId = "mail";
    /// A file in the database.
    FileId = "file";
    /// A photo of a listing.
    PhotoId = "pho";
    /// A document of a listing.
    DocumentId = "doc";
    /// Posts of a website.
    PostId = "pst";
    /// A guide to download.
    GuideId = "gde";
    /// A time at which a listing is open to visitors.
    OpenHouseId = "open";
    /// A time at which an agent shows nothing.
    BlockedTimeId = "blk";
    /// A browser that is told by Web Push.
    DeviceId = "dev";
    /// A message of Web Push on its way to one device.
    PushId = "push";
    /// A mail that came in.
    MessageId = "msg";
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Randomness for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn an_id_is_a_version_7_uuid_of_its_instant() {
        let id = next(&[0; 16], UnixMillis(1_711_234_567_890), &Ones);
        assert_eq!(id[6] >> 4, 7);
        assert_eq!(id[8] >> 6, 0b10);
        assert_eq!(instant(&id), UnixMillis(1_711_234_567_890));
    }

    #[test]
    fn ids_grow_when_the_clock_stands_or_goes_back() {
        let now = UnixMillis(1_711_234_567_890);
        let mut last = next(&[0; 16], now, &Ones);
        for step in 0..10 {
            let id = next(&last, UnixMillis(now.0 - step * 1000), &Ones);
            assert!(id > last);
            assert_eq!((id[6] >> 4, id[8] >> 6), (7, 0b10));
            last = id;
        }
    }

    #[test]
    fn public_form_round_trips_and_nothing_else_is_accepted() {
        let id = LeadId(next(&[0; 16], UnixMillis(1_711_234_567_890), &Ones));
        let text = id.to_string();
        assert_eq!(text.len(), "lead_".len() + 26);
        assert_eq!(text.parse(), Ok(id));
        for wrong in [
            "",
            "lead_",
            "abc123",
            &text.to_uppercase(),
            &text.replace("lead", "cli"),
            "lead_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            assert_eq!(wrong.parse::<LeadId>(), Err(NotAnId), "{wrong}");
        }
    }
}
