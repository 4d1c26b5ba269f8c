//! What a message may cost, whatever it claims to be.

/// Bytes of a message that are looked at; the rest is as if it were not there.
pub(crate) const MAX_RAW_BYTES: usize = 64 << 20;
/// Bytes of one header line, unfolded; the rest of it is dropped.
pub(crate) const MAX_HEADER_BYTES: usize = 16 << 10;
/// Header lines of one part.
pub(crate) const MAX_HEADERS: usize = 500;
/// Parts of a message, nested ones counted.
pub const MAX_PARTS: usize = 1_000;
/// How deep parts are looked into.
pub const MAX_DEPTH: usize = 20;
/// Bytes of text decoded out of a message, over all parts.
pub const MAX_DECODED_BYTES: usize = 8 << 20;
/// Lines of a page.
pub(crate) const MAX_LINES: usize = 20_000;
/// Bytes of one line.
pub(crate) const MAX_LINE_BYTES: usize = 32 << 10;
/// Links of a page.
pub(crate) const MAX_LINKS: usize = 2_000;
/// Bytes of a link that are kept.
pub(crate) const MAX_LINK_BYTES: usize = 4 << 10;
/// Forwards within forwards.
pub(crate) const MAX_FORWARDS: usize = 8;
/// Characters of a value that is no note.
pub(crate) const MAX_VALUE: usize = 500;
/// Characters of notes, and of the text to show.
pub(crate) const MAX_NOTES: usize = 20_000;
/// Bytes of HTML that are handed on for showing.
pub(crate) const MAX_SHOWN_HTML: usize = 1 << 20;
/// Characters of evidence.
pub(crate) const MAX_EVIDENCE: usize = 160;
