//! Values with a form of their own: made only by parsing, so that what exists is valid.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::fold::fold;

/// An e-mail address as typed, with a folded key that all its spellings share.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    text: String,
}

impl EmailAddress {
    /// Longest address, in characters (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// Reads what looks like `local@domain.tld`. Outer white space is cut; letters of every alphabet are allowed (RFC 6531),
    /// controls, blanks and the specials that need quoting (RFC 5322, section 3.2.3) are not.
    ///
    /// # Errors
    /// With a sentence for the sender when it does not look like an address.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const MESSAGE: &str = "must look like an e-mail address, such as john@example.com";
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(MESSAGE)?;
        let is_domain = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-' || is_mark(letter))
            });
        let is_local = !local.is_empty()
            && local.chars().all(|letter| {
                !letter.is_whitespace()
                    && !letter.is_control()
                    && !is_invisible(letter)
                    && !r#"()<>[]:;@\,""#.contains(letter)
            });
        if !is_domain || !is_local {
            return Err(MESSAGE);
        }
        if text.chars().count() > Self::MAX {
            return Err("must have at most 254 characters");
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The address as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form that all spellings share: folded but for accents, which tell addresses apart.
    #[must_use]
    pub fn key(&self) -> String {
        Self::key_of(&self.text)
    }

    /// The key of any text asked for as an address; what is no address has a key that no record has.
    #[must_use]
    pub fn key_of(text: &str) -> String {
        text.trim().nfkc().flat_map(char::to_lowercase).collect()
    }
}

fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// Format characters that show nothing or turn the direction of what follows.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("EmailAddress(…)")
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A phone number as typed, whatever was typed, with a key of its digits.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    text: String,
}

impl PhoneNumber {
    /// Longest number kept, in characters.
    pub const MAX: usize = 64;

    /// Keeps what was typed, but for outer white space.
    ///
    /// # Errors
    /// With a sentence for the sender when it is longer than [`PhoneNumber::MAX`].
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.chars().count() > Self::MAX {
            return Err("must have at most 64 characters");
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The number as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its digits, or `None` where it holds none.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        Self::key_of(&self.text)
    }

    /// The digits of any text asked for as a number: without an extension, and without the 1 of a North American
    /// number of eleven digits.
    #[must_use]
    pub fn key_of(text: &str) -> Option<String> {
        let mut digits = String::new();
        for letter in text.nfkc() {
            match letter.to_digit(10).or_else(|| decimal_digit(letter)) {
                Some(digit) => digits.extend(char::from_digit(digit, 10)),
                // "x123", "ext. 123": what follows is not part of the number.
                None if letter.is_alphabetic() && digits.len() >= 7 => break,
                None => {}
            }
        }
        if digits.len() == 11 && digits.starts_with('1') {
            digits.remove(0);
        }
        (!digits.is_empty()).then_some(digits)
    }
}

/// Decimal digits of the scripts that phone numbers are written in beside ASCII (NFKC has made the full-width ones ASCII).
fn decimal_digit(letter: char) -> Option<u32> {
    [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50]
        .into_iter()
        .find_map(|zero| (letter as u32).checked_sub(zero).filter(|digit| *digit < 10))
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PhoneNumber(…)")
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// An amount in hundredths of a currency's unit, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money {
    cents: i64,
}

impl Money {
    /// The largest amount, in units: what still prints exactly in JavaScript, with room to spare.
    pub const MAX_UNITS: f64 = 999_999_999_999.99;

    /// Reads an amount in units with at most two decimals.
    ///
    /// # Errors
    /// With a sentence for the sender when it is negative, too large or finer than a hundredth.
    pub fn parse(units: f64) -> Result<Self, &'static str> {
        if !(0.0..=Self::MAX_UNITS).contains(&units) {
            return Err("must be between 0 and 999999999999.99");
        }
        let money = Self { cents: (units * 100.0).round() as i64 };
        if money.units() == units { Ok(money) } else { Err("must have at most 2 decimals") }
    }

    /// An amount as stored.
    #[must_use]
    pub fn from_cents(cents: i64) -> Self {
        Self { cents }
    }

    /// In hundredths of a unit, as stored.
    #[must_use]
    pub fn cents(self) -> i64 {
        self.cents
    }

    /// In units.
    #[must_use]
    pub fn units(self) -> f64 {
        self.cents as f64 / 100.0
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.units())
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// An agent's public name in addresses: lower-case ASCII letters, digits and single hyphens between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    /// Longest slug, in characters.
    pub const MAX: usize = 64;

    /// Reads a slug as given.
    ///
    /// # Errors
    /// With a sentence for the sender when it has another form.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_slug = !text.is_empty()
            && text.len() <= Self::MAX
            && text
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if is_slug {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 1 to 64 lower-case letters, digits and single hyphens, such as sarah-johnson")
        }
    }

    /// A slug made from a name in any alphabet: transliterated, folded, cut at a word; `agent` where nothing is left.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::from_text(name, "agent")
    }

    /// The same of any text, with what it is where nothing is left.
    #[must_use]
    pub fn from_text(name: &str, otherwise: &'static str) -> Self {
        let latin = fold(&deunicode::deunicode(name));
        let mut slug = String::new();
        for word in latin.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            let word = &word[..word.len().min(Self::MAX - 8)];
            // Eight characters are left for a number that tells namesakes apart.
            if slug.len() + 1 + word.len() > Self::MAX - 8 && !slug.is_empty() {
                break;
            }
            if !slug.is_empty() {
                slug.push('-');
            }
            slug.push_str(word);
        }
        if slug.is_empty() {
            slug.push_str(otherwise);
        }
        Self(slug)
    }

    /// The slug that the `n`th namesake gets: itself for 1, else with `-n`.
    #[must_use]
    pub fn numbered(&self, n: u32) -> Self {
        if n == 1 { self.clone() } else { Self(format!("{}-{n}", self.0)) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_alphabet_are_kept_as_typed() {
        for text in ["john@example.com", "o'hara+zillow@mail.example.co.uk", "用户@例子.广告", "JANE@EXAMPLE.COM"]
        {
            assert_eq!(EmailAddress::parse(&format!(" {text} ")).unwrap().as_str(), text);
        }
        assert_eq!(EmailAddress::parse("JANE@Example.com").unwrap().key(), "jane@example.com");
        assert_ne!(EmailAddress::key_of("jose@example.com"), EmailAddress::key_of("josé@example.com"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "john",
            "@example.com",
            "john@",
            "john@example",
            "john@@example.com",
            "a b@example.com",
            "john@example..com",
            "john@-example.com",
            "john@example.com\r\nBcc: eve@example.com",
            "<john@example.com>",
            "a@b.com, c@d.com",
            "\u{202e}a@b.com",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_phone_number_keeps_what_was_typed_and_its_digits_find_it() {
        let phone = PhoneNumber::parse(" (555) 123-4567 ").unwrap();
        assert_eq!(phone.as_str(), "(555) 123-4567");
        for text in [
            "555.123.4567",
            "+1 555 123 4567",
            "1-555-123-4567",
            "(555) 123-4567 ext. 89",
            "５５５１２３４５６７",
            "٥٥٥١٢٣٤٥٦٧",
        ] {
            assert_eq!(PhoneNumber::key_of(text), phone.key(), "{text}");
        }
        assert_eq!(PhoneNumber::key_of("555-0100").as_deref(), Some("5550100"));
        assert_eq!(PhoneNumber::parse("ask for Bob").unwrap().key(), None);
    }

    #[test]
    fn money_is_exact_to_the_hundredth() {
        for (units, cents) in
            [(750_000.0, 75_000_000), (0.1, 10), (1234.56, 123_456), (999_999_999_999.99, 99_999_999_999_999)]
        {
            let money = Money::parse(units).unwrap();
            assert_eq!((money.cents(), money.units()), (cents, units));
        }
        for units in [-1.0, 0.001, 1e12, f64::NAN, f64::INFINITY] {
            assert!(Money::parse(units).is_err(), "{units}");
        }
    }

    #[test]
    fn a_slug_comes_from_a_name_in_any_alphabet() {
        for (name, slug) in [
            ("Sarah Johnson", "sarah-johnson"),
            ("José Núñez-Ruiz", "jose-nunez-ruiz"),
            ("Дмитрий", "dmitrii"),
            ("王 小明", "wang-xiao-ming"),
            ("!!!", "agent"),
        ] {
            assert_eq!(Slug::from_name(name).as_str(), slug);
            assert!(Slug::parse(Slug::from_name(name).as_str()).is_ok());
        }
        assert_eq!(Slug::from_name("A").numbered(2).as_str(), "a-2");
        for wrong in ["", "-a", "a--b", "A", "a_b", "ü"] {
            assert!(Slug::parse(wrong).is_err(), "{wrong}");
        }
    }
}
