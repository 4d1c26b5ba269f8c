//! A chunked body (RFC 9112, section 7.1).

use super::{EXTENSION, FramingError, TOKEN, VALUE, run};

/// Bytes of extensions in one body; hyper's decoder takes 16 KiB.
const EXTENSION_BYTES: usize = 4 * 1024;
/// Bytes of a trailer section; hyper's decoder takes 16 KiB.
const TRAILER_BYTES: usize = 8 * 1024;
/// Fields of a trailer section; hyper's decoder takes 100.
const TRAILER_FIELDS: usize = 64;
/// Digits of a chunk size: a u64's.
const SIZE_DIGITS: u8 = 16;

/// Follows a chunked body byte by byte, in whatever pieces it comes.
#[derive(Debug)]
pub(super) struct Chunks {
    at: At,
    /// Size of the chunk in hand, then its bytes to come.
    size: u64,
    digits: u8,
    /// Bytes of data that may yet be announced.
    allowed: u64,
    extension_bytes: usize,
    trailer_bytes: usize,
    trailer_fields: usize,
}

#[derive(Clone, Copy, Debug)]
enum At {
    Size,
    /// White space after a size; only `;` may follow.
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
}

impl Chunks {
    /// At the start of a body of at most `limit` bytes of data.
    pub(super) fn new(limit: u64) -> Chunks {
        Chunks {
            at: At::Size,
            size: 0,
            digits: 0,
            allowed: limit,
            extension_bytes: 0,
            trailer_bytes: 0,
            trailer_fields: 0,
        }
    }

    /// How many of `bytes` belong to the body, and whether it ends with them.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<(usize, bool), FramingError> {
        let mut pos = 0;
        while let Some(byte) = bytes.get(pos).copied() {
            let rest = &bytes[pos..];
            // How many bytes this round takes.
            let taken = match self.at {
                At::Size => self.size(byte)?,
                At::SizeSpace => self.size_space(byte)?,
                At::Extension => self.extension(rest)?,
                At::SizeLf => self.size_lf(byte)?,
                At::Data => self.data(rest.len()),
                At::DataCr => self.follow(byte, b'\r', At::DataLf, FramingError::ChunkEnd)?,
                At::DataLf => {
                    self.digits = 0;
                    self.size = 0;
                    self.follow(byte, b'\n', At::Size, FramingError::ChunkEnd)?
                }
                At::TrailerStart => self.trailer_start(byte)?,
                At::TrailerName => self.trailer_name(rest)?,
                At::TrailerValue => self.trailer_value(rest)?,
                At::TrailerLf => self.follow(byte, b'\n', At::TrailerStart, FramingError::Trailer)?,
                At::EndLf => {
                    self.follow(byte, b'\n', At::Size, FramingError::Trailer)?;
                    return Ok((pos + 1, true));
                }
            };
            pos += taken;
        }
        Ok((pos, false))
    }

    fn follow(&mut self, byte: u8, wanted: u8, next: At, error: FramingError) -> Result<usize, FramingError> {
        if byte != wanted {
            return Err(error);
        }
        self.at = next;
        Ok(1)
    }

    fn size(&mut self, byte: u8) -> Result<usize, FramingError> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if self.digits > 0 => return self.follow(byte, b'\r', At::SizeLf, FramingError::ChunkSize),
            b';' if self.digits > 0 => return self.follow(byte, b';', At::Extension, FramingError::ChunkSize),
            b' ' | b'\t' if self.digits > 0 => return self.follow(byte, byte, At::SizeSpace, FramingError::ChunkSize),
            _ => return Err(FramingError::ChunkSize),
        };
        if self.digits == SIZE_DIGITS {
            return Err(FramingError::ChunkSize);
        }
        self.digits += 1;
        self.size = self.size << 4 | u64::from(digit);
        Ok(1)
    }

    fn size_space(&mut self, byte: u8) -> Result<usize, FramingError> {
        self.count_extension(1)?;
        match byte {
            b' ' | b'\t' => Ok(1),
            _ => self.follow(byte, b';', At::Extension, FramingError::ChunkSize),
        }
    }

    fn extension(&mut self, rest: &[u8]) -> Result<usize, FramingError> {
        // Never looks further than the limit allows, so that the verdict is that of the first bad byte.
        let seen = &rest[..rest.len().min(EXTENSION_BYTES - self.extension_bytes + 1)];
        let length = run(seen, &EXTENSION);
        self.count_extension(length)?;
        match seen.get(length) {
            None => Ok(length),
            Some(b'\r') => {
                self.at = At::SizeLf;
                Ok(length + 1)
            }
            Some(_) => Err(FramingError::ChunkExtension),
        }
    }

    fn count_extension(&mut self, bytes: usize) -> Result<(), FramingError> {
        self.extension_bytes += bytes;
        match self.extension_bytes > EXTENSION_BYTES {
            true => Err(FramingError::ChunkExtension),
            false => Ok(()),
        }
    }

    fn size_lf(&mut self, byte: u8) -> Result<usize, FramingError> {
        if byte != b'\n' {
            return Err(FramingError::ChunkSize);
        }
        self.allowed = self.allowed.checked_sub(self.size).ok_or(FramingError::BodyTooLarge)?;
        self.at = match self.size {
            0 => At::TrailerStart,
            _ => At::Data,
        };
        Ok(1)
    }

    fn data(&mut self, available: usize) -> usize {
        let here = self.size.min(available as u64);
        self.size -= here;
        if self.size == 0 {
            self.at = At::DataCr;
        }
        here as usize
    }

    fn trailer_start(&mut self, byte: u8) -> Result<usize, FramingError> {
        if byte == b'\r' {
            self.at = At::EndLf;
            return Ok(1);
        }
        self.trailer_fields += 1;
        if self.trailer_fields > TRAILER_FIELDS || !TOKEN[usize::from(byte)] {
            return Err(FramingError::Trailer);
        }
        self.at = At::TrailerName;
        Ok(0)
    }

    fn trailer_name(&mut self, rest: &[u8]) -> Result<usize, FramingError> {
        let length = run(rest, &TOKEN);
        self.count_trailer(length)?;
        match rest.get(length) {
            None => Ok(length),
            Some(b':') => {
                self.at = At::TrailerValue;
                Ok(length + 1)
            }
            Some(_) => Err(FramingError::Trailer),
        }
    }

    fn trailer_value(&mut self, rest: &[u8]) -> Result<usize, FramingError> {
        let length = run(rest, &VALUE);
        self.count_trailer(length)?;
        match rest.get(length) {
            None => Ok(length),
            Some(b'\r') => {
                self.at = At::TrailerLf;
                Ok(length + 1)
            }
            Some(_) => Err(FramingError::Trailer),
        }
    }

    fn count_trailer(&mut self, bytes: usize) -> Result<(), FramingError> {
        self.trailer_bytes += bytes;
        match self.trailer_bytes > TRAILER_BYTES {
            true => Err(FramingError::Trailer),
            false => Ok(()),
        }
    }
}
