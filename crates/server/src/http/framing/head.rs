//! The head of a request: request line and field lines (RFC 9112, sections 2 to 6).

use std::ops::Range;

use super::{FramingError, Scheme, TARGET, TOKEN, VALUE, is_authority, run, same_authority};

/// Field lines a request may have; as many as hyper's parser takes.
pub const MAX_FIELDS: usize = 100;
/// The longest method; longer than any registered one.
const METHOD_BYTES: usize = 32;

/// How a request's body is delimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none.
    #[default]
    None,
    /// A Content-Length above 0.
    Known(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// What framing needs to know of a complete head. Ranges count from the head's first byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    method: Range<usize>,
    target: Range<usize>,
    /// The body's delimiter.
    pub length: BodyLength,
    /// Whether there is an Expect field, whatever it says.
    pub has_expect: bool,
}

impl Head {
    /// The method, out of the bytes that start with this head.
    pub fn method<'a>(&self, head: &'a [u8]) -> &'a str {
        text(&head[self.method.clone()])
    }

    /// The target's path without its query, out of the bytes that start with this head.
    pub fn path<'a>(&self, head: &'a [u8]) -> &'a str {
        let target = text(&head[self.target.clone()]);
        let path = match absolute(target.as_bytes()) {
            Some((_, authority)) => match &target[authority.end..] {
                "" => "/",
                rest => rest,
            },
            None => target,
        };
        path.split('?').next().unwrap_or(path)
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("methods and targets were found to be ASCII")
}

/// A head in the making: where the scan stands and what it has seen. `pos` never goes back, so a head that comes
/// byte by byte costs as much as one that comes at once.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    at: At,
    pos: usize,
    /// Where the element in hand began.
    mark: usize,
    /// Where the header section began.
    fields_at: usize,
    fields: usize,
    method: Range<usize>,
    target: Range<usize>,
    name: Range<usize>,
    minor: u8,
    host: Option<Range<usize>>,
    length: Option<u64>,
    chunked: bool,
    has_expect: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Start,
    BlankLf,
    Method,
    Target,
    Version,
    FieldStart,
    Name,
    Value,
    ValueLf,
    EndLf,
}

impl HeadScan {
    /// Goes on in `head`, which starts with the head's first byte; the head's length once it is complete.
    pub(super) fn advance(
        &mut self,
        head: &[u8],
        header_bytes: usize,
        uri_bytes: usize,
    ) -> Result<Option<usize>, FramingError> {
        loop {
            // The header section is looked at up to its limit only: a head that does not end there is too large.
            let in_fields = self.fields_at > 0;
            let section_end = self.fields_at + header_bytes;
            let seen = match in_fields {
                true => &head[..head.len().min(section_end)],
                false => head,
            };
            let Some(byte) = seen.get(self.pos).copied() else {
                return match in_fields && self.pos >= section_end {
                    true => Err(FramingError::HeadersTooLarge),
                    false => Ok(None),
                };
            };
            match self.at {
                At::Start => {
                    // One empty line before a request line is ignored (RFC 9112, section 2.2).
                    if byte == b'\r' && self.pos == 0 {
                        self.at = At::BlankLf;
                        self.pos = 1;
                    } else {
                        self.at = At::Method;
                        self.mark = self.pos;
                    }
                }
                At::BlankLf => {
                    expect(byte, b'\n')?;
                    self.at = At::Start;
                    self.pos += 1;
                }
                At::Method => self.method(seen)?,
                At::Target => self.target(seen, uri_bytes)?,
                At::Version => self.version(byte)?,
                At::FieldStart => self.field_start(byte)?,
                At::Name => self.name(seen)?,
                At::Value => self.value(seen)?,
                At::ValueLf => {
                    expect(byte, b'\n')?;
                    self.at = At::FieldStart;
                    self.pos += 1;
                }
                At::EndLf => {
                    expect(byte, b'\n')?;
                    self.pos += 1;
                    return Ok(Some(self.pos));
                }
            }
        }
    }

    /// The complete head's meaning; `head` starts with its first byte.
    pub(super) fn finish(&self, head: &[u8]) -> Result<Head, FramingError> {
        if self.host.is_none() && self.minor == 1 {
            return Err(FramingError::HostMissing);
        }
        if self.chunked && self.minor == 0 {
            return Err(FramingError::EncodingVersion);
        }
        let target = &head[self.target.clone()];
        if let (Some((scheme, authority)), Some(host)) = (absolute(target), &self.host)
            && !same_authority(&target[authority], &head[host.clone()], scheme)
        {
            return Err(FramingError::HostMismatch);
        }
        let length = match (self.chunked, self.length) {
            (true, _) => BodyLength::Chunked,
            (false, None | Some(0)) => BodyLength::None,
            (false, Some(length)) => BodyLength::Known(length),
        };
        Ok(Head { method: self.method.clone(), target: self.target.clone(), length, has_expect: self.has_expect })
    }

    fn method(&mut self, seen: &[u8]) -> Result<(), FramingError> {
        self.pos += run(&seen[self.pos..], &TOKEN);
        if self.pos - self.mark > METHOD_BYTES {
            return Err(FramingError::Method);
        }
        let Some(byte) = seen.get(self.pos) else {
            return Ok(());
        };
        if self.pos == self.mark || *byte != b' ' {
            return Err(FramingError::RequestLine);
        }
        self.method = self.mark..self.pos;
        if &seen[self.method.clone()] == b"CONNECT" {
            return Err(FramingError::Method);
        }
        self.pos += 1;
        self.mark = self.pos;
        self.at = At::Target;
        Ok(())
    }

    fn target(&mut self, seen: &[u8], uri_bytes: usize) -> Result<(), FramingError> {
        self.pos += run(&seen[self.pos..], &TARGET);
        if self.pos - self.mark > uri_bytes {
            return Err(FramingError::TargetTooLong);
        }
        let Some(byte) = seen.get(self.pos) else {
            return Ok(());
        };
        match byte {
            b' ' => {}
            b'\r' | b'\n' => return Err(FramingError::RequestLine),
            _ => return Err(FramingError::Target),
        }
        self.target = self.mark..self.pos;
        let target = &seen[self.target.clone()];
        let known = match target.first() {
            Some(b'/') => true,
            Some(b'*') => target.len() == 1 && &seen[self.method.clone()] == b"OPTIONS",
            _ => absolute(target).is_some_and(|(_, authority)| is_authority(&target[authority])),
        };
        if !known {
            return Err(FramingError::Target);
        }
        self.pos += 1;
        self.mark = self.pos;
        self.at = At::Version;
        Ok(())
    }

    fn version(&mut self, byte: u8) -> Result<(), FramingError> {
        match (self.pos - self.mark, byte) {
            (at @ 0..=6, byte) if byte == b"HTTP/1."[at] => {}
            (7, b'0' | b'1') => self.minor = byte - b'0',
            (8, b'\r') => {}
            (9, b'\n') => {
                self.at = At::FieldStart;
                self.fields_at = self.pos + 1;
            }
            (9, _) | (8, b'\n') => return Err(FramingError::LineEnding),
            (8, b' ' | b'\t') => return Err(FramingError::RequestLine),
            (0, b' ') => return Err(FramingError::RequestLine),
            _ => return Err(FramingError::Version),
        }
        self.pos += 1;
        Ok(())
    }

    fn field_start(&mut self, byte: u8) -> Result<(), FramingError> {
        match byte {
            b'\r' => {
                self.at = At::EndLf;
                self.pos += 1;
            }
            b'\n' => return Err(FramingError::LineEnding),
            b' ' | b'\t' => return Err(FramingError::Folding),
            _ if self.fields == MAX_FIELDS => return Err(FramingError::TooManyFields),
            _ => {
                self.fields += 1;
                self.mark = self.pos;
                self.at = At::Name;
            }
        }
        Ok(())
    }

    fn name(&mut self, seen: &[u8]) -> Result<(), FramingError> {
        self.pos += run(&seen[self.pos..], &TOKEN);
        let Some(byte) = seen.get(self.pos) else {
            return Ok(());
        };
        if self.pos == self.mark || *byte != b':' {
            return Err(FramingError::FieldName);
        }
        self.name = self.mark..self.pos;
        self.pos += 1;
        self.mark = self.pos;
        self.at = At::Value;
        Ok(())
    }

    fn value(&mut self, seen: &[u8]) -> Result<(), FramingError> {
        self.pos += run(&seen[self.pos..], &VALUE);
        let Some(byte) = seen.get(self.pos) else {
            return Ok(());
        };
        match byte {
            b'\r' => self.field(seen)?,
            b'\n' => return Err(FramingError::LineEnding),
            _ => return Err(FramingError::FieldValue),
        }
        self.pos += 1;
        self.at = At::ValueLf;
        Ok(())
    }

    /// Takes note of a field that bears on framing; `mark..pos` is its value.
    fn field(&mut self, seen: &[u8]) -> Result<(), FramingError> {
        let name = &seen[self.name.clone()];
        // Most fields are told apart by their length alone.
        let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
        match name.len() {
            4 if is(b"host") => {
                let value = self.value_range(seen);
                if self.host.is_some() {
                    return Err(FramingError::HostRepeated);
                }
                if !is_authority(&seen[value.clone()]) {
                    return Err(FramingError::HostInvalid);
                }
                self.host = Some(value);
            }
            6 if is(b"expect") => self.has_expect = true,
            14 if is(b"content-length") => {
                let value = self.value_range(seen);
                if self.length.is_some() {
                    return Err(FramingError::LengthRepeated);
                }
                if self.chunked {
                    return Err(FramingError::LengthWithEncoding);
                }
                self.length = Some(decimal(&seen[value]).ok_or(FramingError::LengthInvalid)?);
            }
            17 if is(b"transfer-encoding") => {
                let value = self.value_range(seen);
                if self.length.is_some() {
                    return Err(FramingError::LengthWithEncoding);
                }
                // Names of codings are case-insensitive (RFC 9112, section 7).
                if self.chunked || !seen[value].eq_ignore_ascii_case(b"chunked") {
                    return Err(FramingError::EncodingInvalid);
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// The value in hand without the white space around it.
    fn value_range(&self, seen: &[u8]) -> Range<usize> {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let value = &seen[self.mark..self.pos];
        let start = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
        let end = value.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
        self.mark + start..self.mark + end
    }
}

/// CR was seen: only LF may follow.
fn expect(byte: u8, wanted: u8) -> Result<(), FramingError> {
    match byte == wanted {
        true => Ok(()),
        false => Err(FramingError::LineEnding),
    }
}

/// Scheme and authority's place in a target in absolute form; `None` for the other forms.
fn absolute(target: &[u8]) -> Option<(Scheme, Range<usize>)> {
    let (scheme, start) = match target {
        [b'/' | b'*', ..] => return None,
        _ if starts_with(target, b"http://") => (Scheme::Http, 7),
        _ if starts_with(target, b"https://") => (Scheme::Https, 8),
        _ => return None,
    };
    let length = target[start..].iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(target.len() - start);
    Some((scheme, start..start + length))
}

fn starts_with(target: &[u8], prefix: &[u8]) -> bool {
    target.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// 1 to 19 decimal digits: no sign, no list, no other base, nothing that overflows.
fn decimal(digits: &[u8]) -> Option<u64> {
    if !(1..=19).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}
