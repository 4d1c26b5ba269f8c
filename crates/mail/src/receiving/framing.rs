//! Lines and mails in a stream of bytes. Only CR LF ends a line and only CR LF . CR LF ends a mail: a server that takes less lets one
//! mail be smuggled inside another.

/// A command's line out of what has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// There is no end of a line yet.
    Unfinished,
    /// A line, without its end.
    Whole(Vec<u8>),
    /// A line that is too long, or did not end as lines do.
    Bad,
}

/// Takes the first line out of `buffer`. An overlong one is taken out as far as it has come; `is_skipping` remembers it.
pub(super) fn take_line(buffer: &mut Vec<u8>, most: usize, is_skipping: &mut bool) -> Line {
    match buffer.iter().position(|byte| *byte == b'\n') {
        None if buffer.len() < most => Line::Unfinished,
        None => {
            buffer.clear();
            *is_skipping = true;
            Line::Unfinished
        }
        Some(end) => {
            let line = buffer.drain(..=end).collect::<Vec<_>>();
            let was_skipping = std::mem::take(is_skipping);
            match line.strip_suffix(b"\r\n") {
                Some(text) if !was_skipping && line.len() <= most && !text.contains(&b'\r') && !text.contains(&0) => {
                    Line::Whole(text.to_vec())
                }
                _ => Line::Bad,
            }
        }
    }
}

/// How a mail's bytes came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is whole.
    Whole,
    /// It is larger than it may be.
    TooLarge,
    /// One of its lines is longer than it may be.
    LongLine,
    /// There is no memory for it now.
    NoRoom,
}

/// What a piece of a mail brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More is to come.
    More,
    /// The mail ended, after so many bytes of the piece.
    Ended(usize),
    /// A line ended without CR, or a CR stands alone.
    Bare,
}

/// A mail that is arriving.
#[derive(Debug)]
pub(super) struct Mail {
    bytes: Vec<u8>,
    /// The line that has begun; of an overlong one, its last byte.
    line: Vec<u8>,
    is_long: bool,
    most: usize,
    longest_line: usize,
    verdict: Verdict,
}

impl Mail {
    pub fn new(most: usize, longest_line: usize) -> Self {
        Self { bytes: Vec::new(), line: Vec::new(), is_long: false, most, longest_line, verdict: Verdict::Whole }
    }

    /// Takes more of it.
    pub fn push(&mut self, piece: &[u8]) -> Progress {
        let mut from = 0;
        while from < piece.len() {
            let end = piece[from..].iter().position(|byte| *byte == b'\n').map(|at| from + at + 1);
            let part = &piece[from..end.unwrap_or(piece.len())];
            from += part.len();
            self.extend_line(part);
            let Some(_) = end else { break };
            let Some(text) = self.line.strip_suffix(b"\r\n") else { return Progress::Bare };
            // An overlong line keeps no more than its end.
            if text.contains(&b'\r') {
                return Progress::Bare;
            }
            if text == b"." && !self.is_long {
                return Progress::Ended(from);
            }
            self.end_line();
        }
        // What cannot become a line any more is told at once: its sender may be waiting for the answer.
        match self.line.iter().position(|byte| *byte == b'\r') {
            Some(at) if at + 1 < self.line.len() => Progress::Bare,
            _ => Progress::More,
        }
    }

    fn extend_line(&mut self, part: &[u8]) {
        self.line.extend_from_slice(part);
        // The dot that was put before another is no part of the line.
        let stuffed = usize::from(self.line.starts_with(b".") && self.line != b".\r\n");
        if self.line.len() > self.longest_line + stuffed || self.is_long {
            if self.line.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n') {
                // Seen by the caller as a CR in the middle.
                self.line = b"\r?\r\n".to_vec();
                return;
            }
            self.is_long = true;
            self.refuse(Verdict::LongLine);
            let kept = self.line.len().saturating_sub(2);
            self.line.drain(..kept);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let was_long = std::mem::take(&mut self.is_long);
        if self.verdict != Verdict::Whole || was_long {
            return;
        }
        let line = line.strip_prefix(b".").unwrap_or(&line);
        if self.bytes.len() + line.len() > self.most {
            self.refuse(Verdict::TooLarge);
        } else {
            self.bytes.extend_from_slice(line);
        }
    }

    /// Keeps none of it: its end is awaited for the answer alone.
    pub fn refuse(&mut self, verdict: Verdict) {
        if self.verdict == Verdict::Whole {
            self.verdict = verdict;
            self.bytes = Vec::new();
        }
    }

    /// Bytes that are held.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The mail, or why there is none.
    pub fn finish(self) -> Result<Vec<u8>, Verdict> {
        match self.verdict {
            Verdict::Whole => Ok(self.bytes),
            verdict => Err(verdict),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> (Progress, Result<Vec<u8>, Verdict>) {
        let mut mail = Mail::new(10_000, 1_000);
        let progress = mail.push(bytes);
        (progress, mail.finish())
    }

    #[test]
    fn a_mail_ends_at_its_dot_and_stuffed_dots_are_taken_off() {
        let (progress, mail) = all(b"A: b\r\n\r\n..x\r\n.\r\nQUIT\r\n");
        assert_eq!((progress, mail), (Progress::Ended(16), Ok(b"A: b\r\n\r\n.x\r\n".to_vec())));
        assert_eq!(all(b".\r\n"), (Progress::Ended(3), Ok(Vec::new())));
    }

    #[test]
    fn nothing_but_cr_lf_ends_a_line() {
        for bytes in [
            &b"a\n"[..],
            b"a\r\n.\n",
            b"a\n.\r\n",
            b"a\n.\n",
            b"a\r.\r\n",
            b"a\r\n.\r.\r\n",
            b"a\r\r\n",
            b"\r\n\r.\r\n",
            b"a\rb",
        ] {
            assert_eq!(all(bytes).0, Progress::Bare, "{:?}", String::from_utf8_lossy(bytes));
        }
        let long = [vec![b'x'; 2_000], b"\rx".to_vec()].concat();
        assert_eq!(all(&long).0, Progress::Bare);
        let long = [vec![b'x'; 2_000], b"\n".to_vec()].concat();
        assert_eq!(all(&long).0, Progress::Bare);
    }

    #[test]
    fn lines_and_mails_have_bounds() {
        let line = |length: usize| [vec![b'x'; length], b"\r\n.\r\n".to_vec()].concat();
        assert!(all(&line(998)).1.is_ok());
        assert_eq!(all(&line(999)), (Progress::Ended(1_004), Err(Verdict::LongLine)));
        // A dot at the end of an overlong line ends nothing.
        let dotted = [vec![b'x'; 1_500], b".\r\n.\r\n".to_vec()].concat();
        assert_eq!(all(&dotted).0, Progress::Ended(dotted.len()));
        let many = [b"0123456789\r\n".repeat(900), b".\r\n".to_vec()].concat();
        assert_eq!(all(&many), (Progress::Ended(many.len()), Err(Verdict::TooLarge)));
        let stuffed = [b".".to_vec(), vec![b'.'; 998], b"\r\n.\r\n".to_vec()].concat();
        assert_eq!(all(&stuffed).1.unwrap().len(), 1_000);
    }

    #[test]
    fn a_command_ends_with_cr_lf_and_is_no_longer_than_it_may_be() {
        let mut is_skipping = false;
        let mut take = |text: &[u8]| take_line(&mut text.to_vec(), 20, &mut is_skipping);
        assert_eq!(take(b"NOOP\r\nQUIT\r\n"), Line::Whole(b"NOOP".to_vec()));
        assert_eq!(take(b"NOOP\r"), Line::Unfinished);
        for bad in [&b"NOOP\n"[..], b"NO\rOP\r\n", b"N\0\r\n", b"NOOP 123456789012345678\r\n"] {
            assert_eq!(take(bad), Line::Bad);
        }
        let (mut buffer, mut is_skipping) = (vec![b'x'; 30], false);
        assert_eq!(take_line(&mut buffer, 20, &mut is_skipping), Line::Unfinished);
        assert!(buffer.is_empty() && is_skipping);
        buffer.extend(b"x\r\nNOOP\r\n");
        assert_eq!(take_line(&mut buffer, 20, &mut is_skipping), Line::Bad);
        assert_eq!(take_line(&mut buffer, 20, &mut is_skipping), Line::Whole(b"NOOP".to_vec()));
    }

    proptest! {
        /// However a mail is cut on its way, it comes out the same.
        #[test]
        fn where_a_mail_is_cut_does_not_matter(
            bytes in prop::collection::vec(prop::sample::select(b"ab.\r\n".to_vec()), 0..60),
            cut in 0_usize..60,
        ) {
            let cut = cut.min(bytes.len());
            let mut mail = Mail::new(40, 8);
            let whole = mail.push(&bytes);
            let whole_mail = mail.finish();
            let mut mail = Mail::new(40, 8);
            let progress = match mail.push(&bytes[..cut]) {
                Progress::More => match mail.push(&bytes[cut..]) {
                    Progress::Ended(at) => Progress::Ended(at + cut),
                    other => other,
                },
                other => other,
            };
            prop_assert_eq!(&progress, &whole);
            if whole != Progress::Bare {
                prop_assert_eq!(mail.finish(), whole_mail);
            }
        }
    }
}
