//! The strict reading of an HTTP/1 request stream (RFC 9112): where requests begin and end, or why they are refused.
//!
//! No input or output happens here, and no interpretation beyond framing. The verdict depends on the bytes alone,
//! never on how they were cut into reads.

mod authority;
mod body;
mod head;

pub use authority::{Scheme, is_authority, same_authority};
pub use head::{BodyLength, Head, MAX_FIELDS};

use body::Chunks;
use head::HeadScan;

use super::{FramingError, Limits};

/// What [`Framing::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All that was given is within the rules, and the request goes on. The number says how many bytes are
    /// settled; within a head it is 0 and the same bytes must be given again, with more behind them.
    More(usize),
    /// The head ends after that many bytes. A head without a body ends its request too.
    Head(usize),
    /// The body, and with it the request, ends after that many bytes.
    End(usize),
}

/// Follows one connection's requests.
#[derive(Debug)]
pub struct Framing {
    header_bytes: usize,
    uri_bytes: usize,
    body_bytes: fn(&str, &str) -> u64,
    state: State,
    head: Head,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    /// Bytes of the body yet to come, never 0.
    Length(u64),
    Chunked(Chunks),
}

impl Framing {
    /// At the start of a connection.
    pub fn new(limits: &Limits) -> Framing {
        Framing {
            header_bytes: limits.header_bytes,
            uri_bytes: limits.uri_bytes,
            body_bytes: limits.body_bytes,
            state: State::Head(HeadScan::default()),
            head: Head::default(),
        }
    }

    /// The head that ended last.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Judges `pending`, which starts at the first byte not settled yet.
    ///
    /// # Errors
    /// The first violation; the stream must not be followed any further.
    pub fn advance(&mut self, pending: &[u8]) -> Result<Step, FramingError> {
        match &mut self.state {
            State::Head(scan) => {
                let Some(length) = scan.advance(pending, self.header_bytes, self.uri_bytes)? else {
                    return Ok(Step::More(0));
                };
                self.head = scan.finish(pending)?;
                self.state = self.state_of_body(pending)?;
                Ok(Step::Head(length))
            }
            State::Length(left) => {
                let here = (*left).min(pending.len() as u64);
                *left -= here;
                let ended = *left == 0;
                // No truncation: `here` is at most `pending.len()`.
                Ok(self.settle(here as usize, ended))
            }
            State::Chunked(chunks) => {
                let (settled, ended) = chunks.advance(pending)?;
                Ok(self.settle(settled, ended))
            }
        }
    }

    fn state_of_body(&self, pending: &[u8]) -> Result<State, FramingError> {
        if self.head.length == BodyLength::None {
            return Ok(State::Head(HeadScan::default()));
        }
        let limit = (self.body_bytes)(self.head.method(pending), self.head.path(pending));
        match self.head.length {
            BodyLength::Known(length) if length > limit => Err(FramingError::BodyTooLarge),
            BodyLength::Known(length) => Ok(State::Length(length)),
            _ => Ok(State::Chunked(Chunks::new(limit))),
        }
    }

    fn settle(&mut self, settled: usize, ended: bool) -> Step {
        if !ended {
            return Step::More(settled);
        }
        self.state = State::Head(HeadScan::default());
        Step::End(settled)
    }
}

/// The length of the longest prefix of `bytes` whose bytes are all in `set`.
fn run(bytes: &[u8], set: &[bool; 256]) -> usize {
    bytes.iter().position(|byte| !set[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// `token` characters (RFC 9110, section 5.6.2).
static TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~", NO_HIGH);
/// Characters of a target: RFC 3986's, and those that browsers leave bare and the `http` crate takes; no `#`, no quotes,
/// no angle brackets.
static TARGET: [bool; 256] = table(b"!$%&'()*+,-./:;=?@[\\]^_{|}~", NO_HIGH);
/// Characters of a field value (RFC 9110, section 5.5): visible ones, spaces, tabs and bytes from 0x80.
static VALUE: [bool; 256] = table(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t", 0x80);
/// Characters of a chunk extension: visible ASCII, spaces and tabs.
static EXTENSION: [bool; 256] = table(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t", NO_HIGH);

const NO_HIGH: usize = 256;

/// The set of letters, digits, `marks` and the bytes from `high`.
const fn table(marks: &[u8], high: usize) -> [bool; 256] {
    let mut set = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        set[byte] = (byte as u8).is_ascii_alphanumeric() || byte >= high;
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        set[marks[at] as usize] = true;
        at += 1;
    }
    set
}

#[cfg(test)]
mod tests;
