//! Time as an argument: the domain never asks the machine.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::temporal::DateTimePrinter};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the time comes from: the machine's clocks in the server, a manual one in tests.
pub trait Clock: Send + Sync {
    /// The wall clock, in milliseconds since the Unix epoch. May jump.
    fn now(&self) -> UnixMillis;
    /// Time since some fixed instant of this process. Never goes back, so that limits and deadlines outlive a jump of [`Clock::now`].
    fn monotonic(&self) -> Duration;
}

/// An instant in milliseconds since the Unix epoch, UTC. As text (and in JSON) RFC 3339 with exactly three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// 0001-01-01 and 9999-12-31: what RFC 3339 can write.
    pub const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_207_200_000;

    /// What [`UnixMillis::parse`] reads, for whoever sent something else.
    pub const FORMS: &str = "must be a time as RFC 3339 has it (2026-11-23T15:00:00Z) or milliseconds since 1970";

    /// The instant `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The instant `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Reads an RFC 3339 instant (with its offset) or a whole number of milliseconds since the Unix epoch.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let millis = match text.parse::<i64>() {
            Ok(millis) => millis,
            Err(_) => return Self::parse_rfc3339(text),
        };
        Self::RANGE.contains(&millis).then_some(Self(millis))
    }

    /// Reads an RFC 3339 instant; a fraction finer than a millisecond is cut.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date_time, fraction, offset) = split_rfc3339(text)?;
        let timestamp = format!("{date_time}.{fraction:.3}{offset}").parse::<Timestamp>().ok()?;
        let millis = timestamp.duration_since(Timestamp::UNIX_EPOCH).as_millis();
        i64::try_from(millis).ok().filter(|millis| Self::RANGE.contains(millis)).map(Self)
    }

    /// RFC 3339 in UTC with three decimals: `2026-11-23T22:31:00.123Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let mut text = String::with_capacity(24);
        let clamped = self.0.clamp(*Self::RANGE.start(), *Self::RANGE.end());
        let timestamp = Timestamp::UNIX_EPOCH
            .checked_add(SignedDuration::from_millis(clamped))
            .expect("RANGE lies within jiff's range");
        DateTimePrinter::new()
            .precision(Some(3))
            .print_timestamp(&timestamp, &mut text)
            .expect("a String takes all text");
        text
    }
}

/// Date and time, fraction of a second and offset, as the grammar of RFC 3339 (section 5.6) has them, with a blank for `T` too.
/// What parses instants beneath takes more: names of zones, offsets of a day, a comma.
fn split_rfc3339(text: &str) -> Option<(&str, &str, &str)> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes();
    let has_shape = bytes.len() > SHAPE.len()
        && bytes.iter().zip(SHAPE).all(|(byte, expected)| match expected {
            b'0' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' '),
            mark => byte == mark,
        });
    let (date_time, rest) = has_shape.then(|| text.split_at_checked(SHAPE.len())).flatten()?;
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit())?),
        None => ("0", rest),
    };
    let is_offset = match offset.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', hours @ .., b':', tens, ones] => {
            let minutes = [*tens, *ones];
            hours.len() == 2
                && hours.iter().chain(&minutes).all(u8::is_ascii_digit)
                && hours <= b"23".as_slice()
                && minutes <= *b"59"
        }
        _ => false,
    };
    (is_offset && !fraction.is_empty()).then_some((date_time, fraction, offset))
}

impl utoipa::PartialSchema for UnixMillis {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .examples(["2026-11-23T15:00:00.000Z"])
            .into()
    }
}

impl utoipa::ToSchema for UnixMillis {}

impl Serialize for UnixMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for UnixMillis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 instant"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_with_three_decimals_in_utc() {
        assert_eq!(UnixMillis(1_711_234_567_890).to_rfc3339(), "2024-03-23T22:56:07.890Z");
        assert_eq!(UnixMillis(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn rfc3339_and_milliseconds_are_read_alike() {
        let expected = Some(UnixMillis(1_711_234_567_890));
        assert_eq!(UnixMillis::parse("1711234567890"), expected);
        assert_eq!(UnixMillis::parse("2024-03-23T22:56:07.890Z"), expected);
        assert_eq!(UnixMillis::parse("2024-03-23T18:56:07.890999-04:00"), expected);
        assert_eq!(UnixMillis::parse("2024-03-23t22:56:07.890123456789z"), expected);
        assert_eq!(UnixMillis::parse("2024-03-23 22:56:08Z"), Some(UnixMillis(1_711_234_568_000)));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2024-03-23",
            "2024-03-23T22:56:07",
            "2024-13-01T00:00:00Z",
            "99999999999999999",
            "2024-03-23T22:56Z",
            "2024-03-23T22:56:07+02",
            "2024-03-23T22:56:07+0200",
            "2024-03-23T22:56:07+25:00",
            "2024-03-23T22:56:07+02:60",
            "2024-03-23T22:56:07+02:00[Europe/Paris]",
            "2024-03-23T22:56:07Z[UTC]",
            "2024-03-23T22:56:07,5Z",
            "2024-03-23T22:56:07.Z",
            "2024-03-23T22:56:07é",
            "2024-03-23T22:56:é7Z",
        ] {
            assert_eq!(UnixMillis::parse(text), None, "{text}");
        }
    }
}
