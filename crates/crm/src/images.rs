//! Pictures from outside: decoded within bounds and drawn anew, so that nothing of the file itself is kept (no place, no camera, no
//! hidden payload).

use std::io::Cursor;

use fast_image_resize::{FilterType, IntoImageView, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};
use tokio::sync::Semaphore;

use crate::image_headers;

const QUALITY: u8 = 85;
/// Pixels on the longer side of what is uploaded, in all, and the memory for them.
const LONGEST: u32 = 12_000;
const MOST_PIXELS: u64 = 50_000_000;
pub(crate) const MOST_MEMORY: u64 = 256 * 1024 * 1024;

const NO_PICTURE: &str = "must be a JPEG, PNG or WebP picture that can be opened";
const MOVES: &str = "must be a picture that does not move";
const TOO_LARGE: &str = "must have at most 50 million pixels, and 12,000 on a side";
const TOO_COSTLY: &str = "must have fewer pixels: saved as it is (progressive or lossless) it takes too much memory to open; a plain JPEG may have 50 million";

/// One picture is drawn at a time: each may take [`MOST_MEMORY`].
pub(crate) static TURN: Semaphore = Semaphore::const_new(1);

/// A picture from outside, as it lies in its file.
pub(crate) struct Picture {
    lying: DynamicImage,
    orientation: Orientation,
}

/// A picture that was drawn.
pub(crate) struct Drawn {
    pub width: u32,
    pub height: u32,
    /// A JPEG.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Decodes an upload: a JPEG, PNG or WebP by its contents, whatever it is called. The upload is let go of as soon as it can be: it and
    /// the picture are the memory that this takes.
    ///
    /// # Errors
    /// With a sentence for the sender.
    pub fn decode(upload: Vec<u8>) -> Result<Self, &'static str> {
        let format = image::guess_format(&upload).map_err(|_| NO_PICTURE)?;
        let read = || Cursor::new(&upload[..]);
        let is_moving = match format {
            ImageFormat::Jpeg if !has_end(&upload) => return Err(NO_PICTURE),
            ImageFormat::Jpeg => false,
            ImageFormat::Png => PngDecoder::new(read()).and_then(|png| png.is_apng()).map_err(|_| NO_PICTURE)?,
            ImageFormat::WebP => WebPDecoder::new(read()).map_err(|_| NO_PICTURE)?.has_animation(),
            _ => return Err(NO_PICTURE),
        };
        if is_moving {
            return Err(MOVES);
        }
        // Before anything is allocated: not every decoder keeps to what it is told of memory.
        let header = image_headers::read(format, &upload).ok_or(NO_PICTURE)?;
        if header.width.max(header.height) > LONGEST || u64::from(header.width) * u64::from(header.height) > MOST_PIXELS
        {
            return Err(TOO_LARGE);
        }
        if header.memory > MOST_MEMORY {
            return Err(TOO_COSTLY);
        }
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(LONGEST), Some(LONGEST));
        limits.max_alloc = Some(MOST_MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(upload), format);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|error| match error {
            image::ImageError::Limits(_) => TOO_LARGE,
            _ => NO_PICTURE,
        })?;
        // What the decoder makes of it is what was judged.
        if decoder.dimensions() != (header.width, header.height) {
            return Err(NO_PICTURE);
        }
        if decoder.total_bytes() > MOST_MEMORY {
            return Err(TOO_COSTLY);
        }
        let orientation = decoder.orientation().map_err(|_| NO_PICTURE)?;
        let lying = DynamicImage::from_decoder(decoder).map_err(|_| NO_PICTURE)?;
        Ok(Self { lying, orientation })
    }

    /// Width and height, upright.
    pub fn dimensions(&self) -> (u32, u32) {
        self.turned(self.lying.width(), self.lying.height())
    }

    /// Width and height, or height and width where the picture lies on its side.
    fn turned(&self, width: u32, height: u32) -> (u32, u32) {
        match self.orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (height, width),
            _ => (width, height),
        }
    }

    /// The middle of it as a square JPEG of so many pixels a side, upright.
    ///
    /// # Errors
    /// With a sentence for the sender.
    pub fn square(self, side: u32) -> Result<Drawn, &'static str> {
        let options = ResizeOptions::new().fit_into_destination(None);
        self.drawn(side, side, &options).and_then(|picture| encode(&picture))
    }

    /// It as JPEGs of these widths, upright, the widest first. What is narrower is not widened; much higher than wide it is narrower.
    ///
    /// # Errors
    /// With a sentence for the sender.
    pub fn widths(self, widths: &[u32]) -> Result<Vec<Drawn>, &'static str> {
        let (width, height) = self.dimensions();
        let fit = |most: u32| {
            let share = (f64::from(most) / f64::from(width)).min(2.0 * f64::from(most) / f64::from(height)).min(1.0);
            let scaled = |side: u32| ((f64::from(side) * share).round() as u32).max(1);
            (scaled(width), scaled(height))
        };
        let mut sizes = widths.iter().map(|most| fit(*most)).collect::<Vec<_>>();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        sizes.dedup();
        let mut sizes = sizes.into_iter();
        let Some((width, height)) = sizes.next() else { return Ok(Vec::new()) };
        let largest = self.drawn(width, height, &ResizeOptions::new())?;
        // The others are made of the largest: what was decoded is gone by then.
        let upright = Self { lying: DynamicImage::ImageRgb8(largest), orientation: Orientation::NoTransforms };
        let mut drawn = Vec::new();
        for (width, height) in sizes {
            drawn.push(encode(&upright.resized(width, height, &ResizeOptions::new())?.to_rgb8())?);
        }
        drawn.insert(0, encode(&upright.lying.into_rgb8())?);
        Ok(drawn)
    }

    /// It upright in this size, what is transparent on white.
    fn drawn(mut self, width: u32, height: u32, options: &ResizeOptions) -> Result<RgbImage, &'static str> {
        let (lying_width, lying_height) = self.turned(width, height);
        let mut picture = self.resized(lying_width, lying_height, options)?;
        let orientation = self.orientation;
        self.lying = DynamicImage::new_rgb8(1, 1);
        picture.apply_orientation(orientation);
        if !picture.color().has_alpha() {
            return Ok(picture.into_rgb8());
        }
        let seen = picture.into_rgba8();
        Ok(RgbImage::from_fn(width, height, |x, y| {
            let [red, green, blue, alpha] = seen.get_pixel(x, y).0.map(u16::from);
            Rgb([red, green, blue]
                .map(|part| u8::try_from((part * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)))
        }))
    }

    fn resized(&self, width: u32, height: u32, options: &ResizeOptions) -> Result<DynamicImage, &'static str> {
        let mut resized = DynamicImage::new(width, height, self.lying.color());
        let is_known = self.lying.pixel_type().is_some_and(|kind| kind != PixelType::I32);
        if !is_known {
            return Err(NO_PICTURE);
        }
        let options = options.resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
        Resizer::new().resize(&self.lying, &mut resized, Some(&options)).map_err(|_| NO_PICTURE)?;
        Ok(resized)
    }
}

fn encode(picture: &RgbImage) -> Result<Drawn, &'static str> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture).map_err(|_| NO_PICTURE)?;
    Ok(Drawn { width: picture.width(), height: picture.height(), bytes })
}

/// Whether a JPEG has its end (EOI) behind its first scan (ISO/IEC 10918-1, annex B): a decoder paints what is missing grey.
fn has_end(jpeg: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = jpeg.get(at..at + 4) {
        match marker {
            0xff => at += 1,
            0xda => return jpeg[at..].windows(2).any(|pair| pair == [0xff, 0xd9]),
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
        DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn widths(upload: &[u8]) -> Vec<(u32, u32)> {
        let drawn = Picture::decode(upload.to_vec()).unwrap().widths(&[320, 640, 1280, 1920]).unwrap();
        for picture in &drawn {
            let read = image::load_from_memory(&picture.bytes).unwrap();
            assert_eq!((read.width(), read.height()), (picture.width, picture.height));
        }
        drawn.iter().map(|picture| (picture.width, picture.height)).collect()
    }

    #[test]
    fn a_picture_comes_in_the_widths_that_it_has() {
        let large = encoded(2400, 1600, ImageFormat::Jpeg);
        assert_eq!(widths(&large), [(1920, 1280), (1280, 853), (640, 427), (320, 213)]);
        assert_eq!(widths(&encoded(900, 600, ImageFormat::WebP)), [(900, 600), (640, 427), (320, 213)]);
        assert_eq!(widths(&encoded(1, 1, ImageFormat::Png)), [(1, 1)]);
        assert_eq!(widths(&encoded(12_000, 2, ImageFormat::Png)).first(), Some(&(1920, 1)));
        assert_eq!(widths(&encoded(2, 12_000, ImageFormat::Png)).first(), Some(&(1, 3840)));
    }

    #[test]
    fn every_kind_of_pixel_is_drawn() {
        let picture = DynamicImage::new_rgba8(700, 500);
        for picture in [
            DynamicImage::from(picture.to_luma8()),
            DynamicImage::from(picture.to_luma_alpha8()),
            DynamicImage::from(picture.to_luma16()),
            DynamicImage::from(picture.to_luma_alpha16()),
            DynamicImage::from(picture.to_rgb16()),
            DynamicImage::from(picture.to_rgba16()),
            picture,
        ] {
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
            assert_eq!(widths(&bytes.into_inner()), [(700, 500), (640, 457), (320, 229)], "{:?}", picture.color());
        }
    }

    #[test]
    fn what_is_cut_off_or_moves_is_refused() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let whole = encoded(300, 300, format);
            for length in [8, whole.len() / 2, whole.len() - 20] {
                assert!(Picture::decode(whole[..length].to_vec()).is_err(), "{format:?} {length}");
            }
        }
        // The chunk that makes a PNG move, 10,000 times (PNG, third edition, 11.3.6.1), with its checksum.
        let mut chunk = b"acTL".to_vec();
        chunk.extend(10_000u32.to_be_bytes());
        chunk.extend([0; 4]);
        let sum = crc32fast::hash(&chunk);
        let png = encoded(4, 4, ImageFormat::Png);
        let moving = [&png[..33], &8u32.to_be_bytes(), &chunk, &sum.to_be_bytes(), &png[33..]].concat();
        assert_eq!(Picture::decode(moving).err(), Some(MOVES));
    }

    #[test]
    fn a_size_that_is_only_claimed_costs_nothing() {
        // U3: 20,000 by 20,000 pixels, and a little more than 50 million, said in a PNG's header whose checksum is right.
        for side in [20_000u32, 7_100] {
            let mut png = encoded(4, 4, ImageFormat::Png);
            png[16..20].copy_from_slice(&side.to_be_bytes());
            png[20..24].copy_from_slice(&side.to_be_bytes());
            let sum = crc32fast::hash(&png[12..29]);
            png[29..33].copy_from_slice(&sum.to_be_bytes());
            assert_eq!(Picture::decode(png).err(), Some(TOO_LARGE), "{side}");
        }
    }
}
