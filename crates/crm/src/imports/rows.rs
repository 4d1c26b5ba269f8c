//! The rows of a file as bytes: delimiters, quotes (RFC 4180, and what is sent instead of it), encodings.

use std::borrow::Cow;

/// The longest row, in bytes. In a longer one a quote was not closed.
pub(super) const LONGEST: usize = 128 * 1024;
/// The most columns.
pub(super) const MOST_COLUMNS: usize = 200;

/// How the bytes of a file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// Windows-1252: what spreadsheets of the West write where nobody told them otherwise.
    Windows1252,
}

/// What Windows-1252 has where Latin-1 has control characters; the five that it leaves open stay what they are there.
const FROM_80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The name in the database and on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The encoding of a name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Utf8, Self::Windows1252].into_iter().find(|encoding| encoding.name() == name)
    }

    /// The text of some bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Windows1252 => bytes
                .iter()
                .map(|byte| match byte {
                    0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
                    byte => char::from(*byte),
                })
                .collect(),
        }
    }
}

/// Tells, piece after piece, whether bytes are UTF-8.
#[derive(Debug, Default)]
pub(super) struct Utf8Check {
    rest: Vec<u8>,
    is_wrong: bool,
}

impl Utf8Check {
    pub fn push(&mut self, piece: &[u8]) {
        if self.is_wrong {
            return;
        }
        let bytes = if self.rest.is_empty() { Cow::Borrowed(piece) } else { Cow::Owned([&self.rest, piece].concat()) };
        match std::str::from_utf8(&bytes) {
            Ok(_) => self.rest.clear(),
            // A character that the next piece completes.
            Err(error) if error.error_len().is_none() => self.rest = bytes[error.valid_up_to()..].to_vec(),
            Err(_) => self.is_wrong = true,
        }
    }

    pub fn encoding(&self) -> Encoding {
        if self.is_wrong || !self.rest.is_empty() { Encoding::Windows1252 } else { Encoding::Utf8 }
    }
}

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote is opened and never closed, or the row is longer than [`LONGEST`].
    Quote,
    /// More cells than [`MOST_COLUMNS`].
    Wide,
    /// A NUL, which no text has.
    Nul,
}

impl Broken {
    /// In words for whoever made the file.
    pub fn words(self) -> &'static str {
        match self {
            Self::Quote => "a quote (\") is opened and not closed, or the row is longer than 128 KiB",
            Self::Wide => "has more than 200 columns",
            Self::Nul => "has a character that no text has (NUL): save the file as CSV with UTF-8",
        }
    }
}

/// A row, where it ends, and on how many lines it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub end: usize,
    pub lines: u64,
    pub cells: Result<Vec<Vec<u8>>, Broken>,
}

impl Row {
    /// Whether nothing stands in it: such rows are passed over.
    pub fn is_blank(&self) -> bool {
        self.cells.as_ref().is_ok_and(|cells| cells.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)))
    }
}

/// Whether the bytes at hand are the file's last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Follows,
    Ends,
}

/// The row that begins at `at`; `None` at the end, and where the bytes at hand end within a row that is not too long.
///
/// A row whose quote is never closed is what stands up to the end of its first line: those after it are not lost with it.
pub(super) fn next(bytes: &[u8], at: usize, delimiter: u8, rest: Rest) -> Option<Row> {
    if at >= bytes.len() {
        return None;
    }
    let mut cells = vec![Vec::new()];
    let (mut is_quoted, mut begins) = (false, true);
    let mut place = at;
    while let Some(byte) = bytes.get(place) {
        if place - at >= LONGEST {
            return first_line(bytes, at, rest);
        }
        place += 1;
        let cell = cells.last_mut().expect("there is one from the start");
        match *byte {
            b'"' if is_quoted && bytes.get(place) == Some(&b'"') => {
                cell.push(b'"');
                place += 1;
            }
            // The other half of what may be a doubled quote has still to come.
            b'"' if is_quoted && place == bytes.len() && rest == Rest::Follows => return None,
            b'"' if is_quoted => is_quoted = false,
            b'"' if begins => (is_quoted, begins) = (true, false),
            byte if is_quoted => cell.push(byte),
            byte if byte == delimiter => {
                cells.push(Vec::new());
                begins = true;
            }
            byte @ (b'\n' | b'\r') => {
                if byte == b'\r' && place == bytes.len() && rest == Rest::Follows {
                    return None;
                }
                if byte == b'\r' && bytes.get(place) == Some(&b'\n') {
                    place += 1;
                }
                return Some(whole(bytes, at, place, cells));
            }
            byte => {
                // Blanks before a quote are no text yet.
                begins &= byte == b' ';
                cell.push(byte);
            }
        }
        if begins && bytes.get(place) == Some(&b'"') {
            cells.last_mut().expect("there is one from the start").clear();
        }
    }
    match rest {
        Rest::Follows => None,
        Rest::Ends if is_quoted => first_line(bytes, at, rest),
        Rest::Ends => Some(whole(bytes, at, place, cells)),
    }
}

fn whole(bytes: &[u8], at: usize, end: usize, cells: Vec<Vec<u8>>) -> Row {
    let row = &bytes[at..end];
    let lines = row.iter().filter(|byte| **byte == b'\n').count();
    let returns = row.iter().filter(|byte| **byte == b'\r').count();
    let lines = lines.max(returns).max(1) as u64;
    let cells = match cells {
        _ if row.contains(&0) => Err(Broken::Nul),
        cells if cells.len() > MOST_COLUMNS => Err(Broken::Wide),
        cells => Ok(cells),
    };
    Row { end, lines, cells }
}

fn first_line(bytes: &[u8], at: usize, rest: Rest) -> Option<Row> {
    let end = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map(|length| at + length + 1);
    let end = match end {
        // Both bytes of one line's end.
        Some(end) if bytes[end - 1] == b'\r' && bytes.get(end) == Some(&b'\n') => end + 1,
        Some(end) => end,
        None if rest == Rest::Ends => bytes.len(),
        // A line without an end: as much of it as is at hand, and what follows is the next.
        None => bytes.len(),
    };
    Some(Row { end, lines: 1, cells: Err(Broken::Quote) })
}

/// The delimiter of a file that begins so: the one by which most rows have as many cells as the first.
pub(super) fn delimiter_of(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let (mut at, mut widths) = (0, Vec::new());
        while let Some(row) = next(head, at, delimiter, Rest::Ends).filter(|_| widths.len() < 20) {
            at = row.end;
            widths.extend(row.cells.ok().map(|cells| cells.len()));
        }
        let first = widths.first().copied().unwrap_or(0);
        let alike = widths.iter().filter(|width| **width == first && first > 1).count();
        (alike, first)
    };
    let best = [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| score(*delimiter));
    best.filter(|best| score(*best).0 > 0).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8], delimiter: u8) -> Vec<Result<Vec<String>, Broken>> {
        let (mut at, mut rows) = (0, Vec::new());
        while let Some(row) = next(bytes, at, delimiter, Rest::Ends) {
            assert!(row.end > at, "every row goes on");
            at = row.end;
            rows.push(row.cells.map(|cells| cells.iter().map(|cell| Encoding::Utf8.decode(cell)).collect()));
        }
        rows
    }

    fn texts(row: &[&str]) -> Result<Vec<String>, Broken> {
        Ok(row.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_hold_delimiters_lines_and_quotes() {
        let rows = all(b"a,\"b, \"\"c\"\"\r\nd\",e\r\nf,,\"\"\ng 5\" h, \"i\" ,", b',');
        assert_eq!(rows, [texts(&["a", "b, \"c\"\r\nd", "e"]), texts(&["f", "", ""]), texts(&["g 5\" h", "i ", ""])]);
    }

    #[test]
    fn a_quote_that_is_never_closed_breaks_its_own_line_only() {
        let rows = all(b"a,b\n\"c,d\ne,f\ng,h\n", b',');
        assert_eq!(rows, [texts(&["a", "b"]), Err(Broken::Quote), texts(&["e", "f"]), texts(&["g", "h"])]);
        let long = [b"\"".as_slice(), &[b'x'; LONGEST], b"\ny,z\n"].concat();
        assert_eq!(all(&long, b','), [Err(Broken::Quote), texts(&["y", "z"])]);
    }

    #[test]
    fn nul_and_too_many_columns_are_told() {
        assert_eq!(all(b"a\0,b\nc\n", b','), [Err(Broken::Nul), texts(&["c"])]);
        assert_eq!(all(&b",".repeat(MOST_COLUMNS), b','), [Err(Broken::Wide)]);
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_a_table() {
        assert_eq!(delimiter_of(b"name;email;notes\nAda;a@b.c;one, two\n"), b';');
        assert_eq!(delimiter_of(b"name\temail\nAda\ta@b.c\n"), b'\t');
        assert_eq!(delimiter_of(b"name,email\n\"Lovelace; Ada\",a@b.c\n"), b',');
        assert_eq!(delimiter_of(b"name\nAda\n"), b',');
    }

    #[test]
    fn what_is_no_utf_8_is_windows_1252() {
        let mut check = Utf8Check::default();
        let text = "Zoë “Ω” 王".as_bytes();
        text.chunks(1).for_each(|piece| check.push(piece));
        assert_eq!(check.encoding(), Encoding::Utf8);
        let mut check = Utf8Check::default();
        check.push(b"Jos\xe9 \x80 5");
        assert_eq!(check.encoding(), Encoding::Windows1252);
        assert_eq!(Encoding::Windows1252.decode(b"Jos\xe9 \x80\x935\x94"), "José €“5”");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in proptest::collection::vec(proptest::collection::vec("[^\0\r]{0,9}", 1..5), 1..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let bytes = writer.into_inner().unwrap();
            // Blanks before a quote are the one thing that is not kept, and no writer leaves them unquoted before one.
            prop_assume!(!bytes.windows(2).any(|pair| pair == b" \""));
            let read = all(&bytes, b',').into_iter().map(Result::unwrap).collect::<Vec<_>>();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn any_bytes_come_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = all(&bytes, b',');
        }

        #[test]
        fn a_row_is_the_same_however_much_of_the_file_is_at_hand(bytes in "[ab,\"\r\n]{0,40}", cut in 0..40usize) {
            let bytes = bytes.as_bytes();
            let cut = cut.min(bytes.len());
            if let Some(row) = next(&bytes[..cut], 0, b',', Rest::Follows) {
                prop_assert_eq!(Some(row), next(bytes, 0, b',', Rest::Ends));
            }
        }
    }
}
