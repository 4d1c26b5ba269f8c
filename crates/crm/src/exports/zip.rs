//! A ZIP archive of files whose sizes and checksums are known, stored as they are (APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 and
//! 4.3.16). What it is made of comes before the bytes of each file, so an archive of any size is sent while it is read.

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub name: String,
    pub size: u32,
    pub crc: u32,
    /// Where its header begins.
    pub offset: u32,
}

/// Version 2.0 of the format, the names in UTF-8 (section 4.4.4, bit 11), and 1 January 1980: no time of this machine's.
const VERSION: u16 = 20;
const FLAGS: u16 = 1 << 11;
const STORED: u16 = 0;
const TIME: u16 = 0;
const DATE: u16 = 0x21;

impl Entry {
    /// What both headers say of it.
    fn told(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [VERSION, FLAGS, STORED, TIME, DATE] {
            bytes.extend(word.to_le_bytes());
        }
        for word in [self.crc, self.size, self.size] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(u16::try_from(self.name.len()).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    /// What stands before its bytes.
    pub fn header(&self) -> Vec<u8> {
        [b"PK\x03\x04", &self.told()[..], self.name.as_bytes()].concat()
    }

    fn record(&self) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.told());
        // No comment, the first disk, no attributes.
        bytes.extend([0; 10]);
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes
    }
}

/// What stands after all files.
pub(super) fn end(entries: &[Entry]) -> Vec<u8> {
    let records = entries.iter().flat_map(Entry::record).collect::<Vec<_>>();
    let begin =
        entries.last().map_or(0, |last| last.offset + u32::try_from(last.header().len()).unwrap_or(0) + last.size);
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX).to_le_bytes();
    let length = u32::try_from(records.len()).unwrap_or(u32::MAX).to_le_bytes();
    let closing = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &length, &begin.to_le_bytes(), &[0, 0]].concat();
    [records, closing].concat()
}
