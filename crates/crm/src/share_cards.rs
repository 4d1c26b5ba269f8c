//! A picture of a website for where it is passed on and has no photo: a house in white on the agent's colour.

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};

use crate::{
    Error,
    brand::{Color, Palette},
};

/// Pixels across, as the networks ask for them.
pub const WIDTH: u32 = 1200;
/// Pixels down.
pub const HEIGHT: u32 = 630;
const QUALITY: u8 = 85;

type Point = (f64, f64);

/// The lines of the house.
const LINES: [(Point, Point); 14] = [
    ((400.0, 300.0), (600.0, 150.0)),
    ((600.0, 150.0), (800.0, 300.0)),
    ((440.0, 275.0), (440.0, 470.0)),
    ((760.0, 275.0), (760.0, 470.0)),
    ((380.0, 470.0), (820.0, 470.0)),
    ((565.0, 470.0), (565.0, 385.0)),
    ((635.0, 470.0), (635.0, 385.0)),
    ((565.0, 385.0), (635.0, 385.0)),
    ((480.0, 330.0), (530.0, 330.0)),
    ((530.0, 330.0), (530.0, 380.0)),
    ((530.0, 380.0), (480.0, 380.0)),
    ((480.0, 380.0), (480.0, 330.0)),
    ((670.0, 330.0), (720.0, 330.0)),
    ((720.0, 330.0), (720.0, 380.0)),
];
/// The rest of the second window.
const MORE: [(Point, Point); 2] = [((720.0, 380.0), (670.0, 380.0)), ((670.0, 380.0), (670.0, 330.0))];
/// Half of a line's width.
const HALF: f64 = 6.0;

/// How far a point is from a line.
fn distance((x, y): Point, ((ax, ay), (bx, by)): (Point, Point)) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - ax - along * dx).hypot(y - ay - along * dy)
}

/// Draws it, as a JPEG.
///
/// # Errors
/// [`Error::Internal`] where it cannot be encoded.
pub fn draw(color: Color) -> Result<Vec<u8>, Error> {
    let Color(ground) = Palette::of(color).light.brand;
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let point = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        let lines = LINES.iter().chain(&MORE);
        let near = lines.map(|line| distance(point, *line)).fold(f64::INFINITY, f64::min);
        let share = (HALF + 0.5 - near).clamp(0.0, 1.0);
        Rgb(ground.map(|part| (f64::from(part) + (255.0 - f64::from(part)) * share).round() as u8))
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture).map_err(|_| Error::Internal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_has_its_size_its_colour_and_a_house() {
        let drawn = draw(Color([0x1d, 0x6b, 0x45])).unwrap();
        let picture = image::load_from_memory(&drawn).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (WIDTH, HEIGHT));
        assert!(picture.get_pixel(20, 20).0[0] < 60 && picture.get_pixel(600, 470).0[0] > 200);
    }
}
