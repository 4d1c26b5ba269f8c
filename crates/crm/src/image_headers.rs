//! What a picture's header says of it, read without a decoder: its size, and how much memory decoding it would take. Decoders allocate by
//! the header before they find out anything else.

use image::ImageFormat;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Pixels, as it lies in the file.
    pub width: u32,
    /// Pixels, as it lies in the file.
    pub height: u32,
    /// Bytes that a decoder takes at most, the picture included and the upload not.
    pub memory: u64,
}

/// Reads the header of a JPEG, PNG or WebP; `None` for one that cannot be read.
pub(crate) fn read(format: ImageFormat, upload: &[u8]) -> Option<Header> {
    match format {
        ImageFormat::Jpeg => jpeg(upload),
        ImageFormat::Png => png(upload),
        ImageFormat::WebP => webp(upload),
        _ => None,
    }
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn little(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// PNG, third edition, 11.2.1: the size stands in the first chunk. The decoder itself keeps to its bound; the picture is what it takes.
fn png(upload: &[u8]) -> Option<Header> {
    let chunk = upload.get(8..26).filter(|chunk| &chunk[4..8] == b"IHDR")?;
    let side = |at: usize| Some(u32::from_be_bytes(chunk.get(at..at + 4)?.try_into().ok()?));
    let (width, height) = (side(8)?, side(12)?);
    let samples = match chunk[17] {
        0 => 1,
        4 => 2,
        2 => 3,
        // With colours of a palette, some of them transparent, as four.
        _ => 4,
    };
    let bytes = samples * if chunk[16] == 16 { 2 } else { 1 };
    Some(Header { width, height, memory: u64::from(width) * u64::from(height) * bytes })
}

/// ISO/IEC 10918-1, B.2: a frame's header comes before its first scan. Where all scans are not in one, and in a progressive picture, the
/// decoder holds every coefficient, two bytes each, until the last of them.
fn jpeg(upload: &[u8]) -> Option<Header> {
    let mut at = 2;
    let mut frame = None;
    loop {
        let marker = *upload.get(at..at + 2).filter(|marker| marker[0] == 0xff)?.last()?;
        match marker {
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            0xd9 => return None,
            0xda => {
                let (frame, is_progressive): (Frame, bool) = frame?;
                let in_first_scan = *upload.get(at + 4)?;
                return Some(frame.header(is_progressive || usize::from(in_first_scan) < frame.samplings.len()));
            }
            _ => {
                let length = usize::try_from(big(upload, at + 2)?).ok()?;
                // Of the others there is no decoder; of a second one nobody knows which counts.
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    if !matches!(marker, 0xc0..=0xc2) || frame.is_some() {
                        return None;
                    }
                    frame = Some((Frame::read(upload.get(at + 4..at + 2 + length)?)?, marker == 0xc2));
                }
                at += 2 + length;
            }
        }
    }
}

/// A JPEG's frame.
struct Frame {
    width: u32,
    height: u32,
    /// How often each component is sampled, across and down.
    samplings: Vec<(u64, u64)>,
}

impl Frame {
    fn read(segment: &[u8]) -> Option<Self> {
        let (height, width) = (big(segment, 1)?, big(segment, 3)?);
        let components = segment.get(6..)?.chunks_exact(3).take(usize::from(*segment.get(5)?));
        let samplings = components.map(|part| (u64::from(part[1] >> 4), u64::from(part[1] & 15))).collect::<Vec<_>>();
        let is_sound = samplings.len() == usize::from(segment[5])
            && (1..=4).contains(&samplings.len())
            && samplings.iter().all(|(across, down)| (1..=4).contains(across) && (1..=4).contains(down));
        (is_sound && width > 0 && height > 0).then_some(Self { width, height, samplings })
    }

    fn header(&self, holds_coefficients: bool) -> Header {
        let Self { width, height, samplings } = self;
        let most = |side: fn(&(u64, u64)) -> u64| samplings.iter().map(side).max().unwrap_or(1);
        let units = u64::from(*width).div_ceil(8 * most(|sampling| sampling.0))
            * u64::from(*height).div_ceil(8 * most(|sampling| sampling.1));
        let coefficients = samplings.iter().map(|(across, down)| units * 64 * across * down * 2).sum::<u64>();
        let colours = if samplings.len() == 1 { 1 } else { 3 };
        let picture = u64::from(*width) * u64::from(*height) * colours;
        let memory = if holds_coefficients { picture + coefficients } else { picture };
        Header { width: *width, height: *height, memory }
    }
}

/// RFC 9649, section 2: chunks behind twelve bytes. A picture with more than one says its size first, and it has to be that of the others.
fn webp(upload: &[u8]) -> Option<Header> {
    let (mut at, mut said) = (12, None);
    let mut has_alpha = false;
    loop {
        let name = upload.get(at..at + 4)?;
        let length = usize::try_from(little(upload, at + 4)?).ok()?;
        let body = upload.get(at + 8..)?;
        match name {
            b"VP8X" if said.is_none() => {
                let side = |at: usize| {
                    let [low, middle, high] = body.get(at..at + 3)?.try_into().ok()?;
                    Some(u32::from_le_bytes([low, middle, high, 0]) + 1)
                };
                said = Some((side(4)?, side(7)?));
            }
            b"ALPH" => has_alpha = true,
            // RFC 6386, section 9.1.
            b"VP8 " => {
                let side =
                    |at: usize| Some(u32::from(u16::from_le_bytes([*body.get(at)?, *body.get(at + 1)?])) & 0x3fff);
                // Its planes, the picture, and what is transparent once as it is decoded and once as it is used.
                return webp_of(said, (side(6)?, side(8)?), if has_alpha { 11 } else { 5 });
            }
            // RFC 9649, section 3.4.
            b"VP8L" => {
                let bits = little(body, 1)?;
                // Four bytes of a pixel as it is decoded, and as many as it is used.
                return webp_of(said, ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1), 8);
            }
            _ => {}
        }
        at = at.checked_add(8)?.checked_add(length)?.checked_add(length % 2)?;
    }
}

fn webp_of(said: Option<(u32, u32)>, (width, height): (u32, u32), bytes: u64) -> Option<Header> {
    let is_one = said.is_none_or(|said| said == (width, height));
    is_one.then_some(Header { width, height, memory: u64::from(width) * u64::from(height) * bytes })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

    use super::*;

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// The header of a JPEG: its frame, and its first scan of so many components.
    fn jpeg(marker: u8, (width, height): (u16, u16), samplings: &[u8], in_first_scan: u8) -> Vec<u8> {
        let length = u16::try_from(8 + 3 * samplings.len()).unwrap().to_be_bytes();
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, marker, length[0], length[1], 8];
        bytes.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
        bytes.push(u8::try_from(samplings.len()).unwrap());
        for (nth, sampling) in (1..).zip(samplings) {
            bytes.extend([nth, *sampling, 0]);
        }
        bytes.extend([0xff, 0xda, 0, 6, in_first_scan, 1, 0, 0]);
        bytes
    }

    #[test]
    fn the_size_is_that_of_the_picture() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let read = |bytes: Vec<u8>| read(format, &bytes).map(|header| (header.width, header.height));
            assert_eq!(read(encoded(RgbImage::new(301, 17), format)), Some((301, 17)), "{format:?}");
            assert_eq!(read(encoded(GrayImage::new(17, 301), format)), Some((17, 301)), "{format:?}");
            let whole = encoded(RgbImage::new(301, 17), format);
            assert_eq!(read(whole[..16].to_vec()), None, "{format:?}");
        }
        assert_eq!(read(ImageFormat::Png, &encoded(RgbaImage::new(3, 2), ImageFormat::Png)).unwrap().memory, 24);
    }

    #[test]
    fn a_progressive_jpeg_takes_its_coefficients_too() {
        let size = (8_000, 6_000);
        let memory = |marker, samplings: &[u8], scanned| {
            read(ImageFormat::Jpeg, &jpeg(marker, size, samplings, scanned)).unwrap().memory / 48_000_000
        };
        assert_eq!(memory(0xc0, &[0x11, 0x11, 0x11], 3), 3);
        assert_eq!(memory(0xc2, &[0x11, 0x11, 0x11], 3), 9);
        assert_eq!(memory(0xc2, &[0x22, 0x11, 0x11], 3), 6);
        assert_eq!(memory(0xc2, &[0x11], 1), 3);
        // One component after the other.
        assert_eq!(memory(0xc0, &[0x22, 0x11, 0x11], 1), 6);
    }

    #[test]
    fn a_frame_that_is_none_is_no_header() {
        for (marker, samplings) in
            [(0xc3, &[0x11, 0x11, 0x11][..]), (0xc0, &[]), (0xc0, &[0x11, 0x01]), (0xc0, &[0x55])]
        {
            assert_eq!(read(ImageFormat::Jpeg, &jpeg(marker, (8, 8), samplings, 1)), None, "{marker:x} {samplings:?}");
        }
        let twice =
            [jpeg(0xc0, (8, 8), &[0x11], 1)[..21].to_vec(), jpeg(0xc2, (9_000, 9_000), &[0x11], 1)[8..].to_vec()];
        assert_eq!(read(ImageFormat::Jpeg, &twice.concat()), None);
    }

    #[test]
    fn a_small_webp_with_a_large_picture_inside_is_none() {
        let small = encoded(RgbImage::new(4, 4), ImageFormat::WebP);
        let wrapped = |width: u32, inside: &[u8]| {
            let side = (width - 1).to_le_bytes();
            let mut bytes = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
            bytes.extend([&side[..3], &3u32.to_le_bytes()[..3], inside].concat());
            bytes
        };
        assert!(read(ImageFormat::WebP, &wrapped(4, &small[12..])).is_some());
        assert_eq!(read(ImageFormat::WebP, &wrapped(5, &small[12..])), None);
        let lossy = b"VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f";
        assert_eq!(read(ImageFormat::WebP, &wrapped(4, lossy)), None);
        let alone = read(ImageFormat::WebP, &[b"RIFF\0\0\0\0WEBP", &lossy[..]].concat()).unwrap();
        assert_eq!((alone.width, alone.height, alone.memory), (16_383, 16_383, 16_383 * 16_383 * 5));
    }
}
