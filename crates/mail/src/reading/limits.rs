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

/// Characters of a subject that are read.
pub(crate) const MAX_SUBJECT: usize = 1_000;

/// Tells that `bytes` bytes were gone over: the tests count what a message costs. Nothing outside tests.
#[inline]
pub(crate) fn work(bytes: usize) {
    #[cfg(test)]
    tests::WORK.with(|work| work.set(work.get() + bytes as u64));
    #[cfg(not(test))]
    let _ = bytes;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::reading::{Known, read};

    thread_local! {
        pub(super) static WORK: Cell<u64> = const { Cell::new(0) };
    }

    fn cost(raw: &[u8]) -> u64 {
        WORK.with(|work| work.set(0));
        let _ = read(raw, &Known::default());
        WORK.with(Cell::get)
    }

    /// Eight times as much costs at most ten times as much, whatever it is made of.
    #[test]
    fn the_work_grows_with_the_size() {
        const SMALL: usize = 10 << 17;
        let html = "Content-Type: text/html\n\n";
        let text = "\n";
        let mixed = "Content-Type: multipart/mixed; boundary=b\n\n";
        for (head, piece) in [
            (html, "<"),
            (html, "<a ='>"),
            (html, "<div>"),
            (html, "<table><tr><td>"),
            (html, "<p class='fn' style='display:none'>x"),
            (html, "<!--"),
            (html, "<script>"),
            (html, "&amp"),
            (html, "<a href='https://x.example/?url=https://y.example'>"),
            (html, "<td>Name<td>Phone<tr>"),
            (text, "Name: "),
            (text, ":"),
            (text, "a:b=c|"),
            (text, "Name: x\n"),
            (text, "1 Main St, "),
            (text, "12 Oak "),
            (text, "512-555-"),
            (text, "a@"),
            (text, "a@b.example,"),
            (text, "> "),
            (text, "From: a@b.example\n"),
            (text, "---- Forwarded message ----\nFrom: a@b.example\nDate: x\nSubject: y\n\n"),
            (text, "<http://x.example> ["),
            (text, "<adf><prospect>"),
            (text, "{\"a\":"),
            (mixed, "--b\n\nx\n"),
            (mixed, "--b\nContent-Type: multipart/mixed; boundary=b\n\n"),
            (mixed, "--b\nContent-Type: message/rfc822\n\n"),
            ("", "Subject: =?utf-8?q?a?= \n"),
            ("", "To: a@b.example, =?utf-8?b?YQ==?= <c@d.example>\n "),
            ("Subject: ", "=?utf-8?q?=?="),
            ("Subject: ", "lead - A "),
        ] {
            let [small, large] = [SMALL, SMALL * 8].map(|size| {
                let raw = format!("{head}{}", piece.repeat((size - head.len()) / piece.len()));
                cost(raw.as_bytes())
            });
            assert!(large <= small * 10 + 4_000_000, "{piece:?}: {small} for 1.25 MiB, {large} for 10 MiB");
            assert!(large <= 10 << 31, "{piece:?}: {large} for 10 MiB");
        }
    }
}
