//! An agent's own colour, and the shades of it that a page can be read in.
//!
//! A colour is taken as it is where it can be read, and otherwise made darker (on light pages) or lighter (on dark ones) until
//! it can: 4.5 to 1, the least that WCAG 2.2 asks of text (success criterion 1.4.3).

use std::fmt;

/// The least contrast of text.
const READABLE: f64 = 4.5;
/// What text in the colour stands on: of the surfaces of a light and of a dark page the one nearest to it.
const LIGHT_SURFACE: Color = Color([0xf3, 0xf5, 0xf3]);
const DARK_SURFACE: Color = Color([0x21, 0x26, 0x2a]);
const DARK_PAPER: Color = Color([0x19, 0x1d, 0x20]);
const WHITE: Color = Color([255; 3]);
const INK: Color = Color([0x0b, 0x0d, 0x0e]);
/// Steps from a colour to black or white.
const STEPS: u16 = 64;

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub [u8; 3]);

impl Color {
    /// Six hexadecimal digits, with or without `#`.
    ///
    /// # Errors
    /// A sentence for the person.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = text.trim();
        let digits = digits.strip_prefix('#').unwrap_or(digits);
        let is_hex = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = if is_hex { u32::from_str_radix(digits, 16).ok() } else { None };
        let [_, red, green, blue] = number.ok_or("must be six hexadecimal digits, such as #1d6b45")?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }

    /// Relative luminance, as WCAG 2.2 defines it.
    #[must_use]
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast with another colour, from 1 to 21, as WCAG 2.2 defines it.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(two) / one.min(two)
    }

    /// So many of [`STEPS`] of the way to another colour.
    fn toward(self, other: Self, steps: u16) -> Self {
        let mixed = std::array::from_fn(|part| {
            let sum = u16::from(self.0[part]) * (STEPS - steps) + u16::from(other.0[part]) * steps;
            u8::try_from((sum + STEPS / 2) / STEPS).unwrap_or(u8::MAX)
        });
        Self(mixed)
    }

    /// The first shade on the way to another colour that can be read on all of these.
    fn readable_on(self, surfaces: &[Self], toward: Self) -> Self {
        let shades = (0..=STEPS).map(|steps| self.toward(toward, steps));
        let is_readable = |shade: &Self| surfaces.iter().all(|surface| shade.contrast(*surface) >= READABLE);
        shades.into_iter().find(is_readable).unwrap_or(toward)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(out, "{red:02x}{green:02x}{blue:02x}")
    }
}

/// The shades of one scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shades {
    /// Links, and the first button of a form.
    pub brand: Color,
    /// The same under the pointer, and text on `wash`.
    pub strong: Color,
    /// Text on either of them.
    pub on_brand: Color,
    /// What stands behind the chosen part of a menu.
    pub wash: Color,
}

/// An agent's shades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// On light pages.
    pub light: Shades,
    /// On dark ones.
    pub dark: Shades,
}

impl Palette {
    /// The shades of a colour.
    #[must_use]
    pub fn of(color: Color) -> Self {
        let wash = color.toward(WHITE, STEPS - 6);
        let brand = color.readable_on(&[LIGHT_SURFACE, wash], INK);
        let strong = brand.toward(INK, 16).readable_on(&[LIGHT_SURFACE, wash], INK);
        let light = Shades { brand, strong, on_brand: WHITE, wash };
        let wash = color.toward(DARK_PAPER, STEPS - 8);
        let brand = color.readable_on(&[DARK_SURFACE, wash, INK], WHITE);
        let strong = brand.toward(WHITE, 20);
        let dark = Shades { brand, strong, on_brand: INK, wash };
        Self { light, dark }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(color: Color) {
        let Palette { light, dark } = Palette::of(color);
        for (shades, surfaces) in [
            (light, [WHITE, LIGHT_SURFACE, Color([0xf6, 0xf7, 0xf5])]),
            (dark, [DARK_PAPER, DARK_SURFACE, Color([0x10, 0x13, 0x15])]),
        ] {
            let Shades { brand, strong, on_brand, wash } = shades;
            let pairs = surfaces.into_iter().chain([wash]).flat_map(|surface| [(brand, surface), (strong, surface)]);
            for (text, surface) in pairs.chain([(on_brand, brand), (on_brand, strong)]) {
                assert!(text.contrast(surface) >= READABLE, "#{color}: #{text} on #{surface} in {shades:?}");
            }
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let contrast = |one, two| (Color::parse(one).unwrap().contrast(Color::parse(two).unwrap()) * 100.0).round();
        assert_eq!(contrast("#000000", "#ffffff"), 2_100.0);
        assert_eq!(contrast("777777", "ffffff"), 448.0);
        assert_eq!(contrast("#0000ff", "#ffffff"), 859.0);
    }

    #[test]
    fn a_colour_that_can_be_read_is_kept() {
        let green = Color::parse("#1D6B45").unwrap();
        assert_eq!(Palette::of(green).light.brand, green);
        assert_eq!(green.to_string(), "1d6b45");
        for wrong in ["", "#12345", "1234567", "+12345", "red", "#12345é"] {
            assert!(Color::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_colour_of_a_grid_over_all_can_be_read() {
        let parts = || (0..=255u8).step_by(17);
        for red in parts() {
            for green in parts() {
                for blue in parts() {
                    check(Color([red, green, blue]));
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn every_colour_can_be_read(color: [u8; 3]) {
            check(Color(color));
        }
    }
}
