//! Places in long lists.

use super::Sort;
use crate::totals::Kind;

/// A place in a list: right after a record. Opaque to callers; valid while the records live, whatever is added meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(super) kind: u8,
    pub(super) sort: Sort,
    pub(super) updated_at: i64,
    pub(super) id: [u8; 16],
}

/// First byte of every cursor: its format, and with it the kind of list.
const CURSOR_VERSION: u8 = 0x20;
const CURSOR_BYTES: usize = 2 + 8 + 16;
/// What is said of a text that is no cursor of the list.
pub(super) const NO_CURSOR: &str = "must be the nextCursor of an earlier page of the same list with the same sort";

impl Cursor {
    pub(super) fn new(kind: Kind, sort: Sort, updated_at: i64, id: [u8; 16]) -> Self {
        let updated_at = if sort == Sort::LastChangedFirst { updated_at } else { 0 };
        Self { kind: kind as u8, sort, updated_at, id }
    }

    /// Reads a cursor of the given order.
    ///
    /// # Errors
    /// With a sentence for the sender when it is none, or one of another order.
    pub fn parse(text: &str, sort: Sort) -> Result<Self, &'static str> {
        let bytes = Self::decode(text).ok_or(NO_CURSOR)?;
        let (place, id) = bytes[2..].split_at(8);
        let updated_at = i64::from_be_bytes(place.try_into().expect("split at 8"));
        let id = id.try_into().expect("26 less 2 and 8 is 16");
        let kind = bytes[0] & 0x0f;
        let is_of_sort = bytes[0] & 0xf0 == CURSOR_VERSION && bytes[1] == sort as u8;
        is_of_sort.then_some(Self { kind, sort, updated_at, id }).ok_or(NO_CURSOR)
    }

    fn decode(text: &str) -> Option<[u8; CURSOR_BYTES]> {
        if text.len() != CURSOR_BYTES * 2 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        let mut bytes = [0; CURSOR_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(bytes)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:02x}{:02x}{:016x}", CURSOR_VERSION | self.kind, self.sort as u8, self.updated_at)?;
        self.id.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_round_trips_and_belongs_to_its_sort() {
        let cursor = Cursor { kind: 3, sort: Sort::LastChangedFirst, updated_at: 1_711_234_567_890, id: [7; 16] };
        let text = cursor.to_string();
        assert_eq!(Cursor::parse(&text, Sort::LastChangedFirst), Ok(cursor));
        assert!(Cursor::parse(&text, Sort::NewestFirst).is_err());
        for wrong in
            ["", "0", "lead_", &text.to_uppercase().replace('0', "G"), &text[..50], &format!("02{}", &text[2..])]
        {
            assert!(Cursor::parse(wrong, Sort::LastChangedFirst).is_err(), "{wrong}");
        }
    }
}
