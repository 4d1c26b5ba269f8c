//! JSON as JavaScript writes it: `JSON.stringify(JSON.parse(text)) === text` for all that this module encodes.
//!
//! The published webhook check re-serialises `data` in JavaScript, so what is signed must come out of that round trip
//! byte for byte. String escapes of `serde_json` are already those of ECMAScript (ECMA-262, QuoteJSONString); its
//! numbers are not, so they are written here by Number::toString. Integers past 2^53 are refused. Keys come from
//! structs, in their order; a key that looks like an array index would be moved by `JSON.parse` and must not be used.

use std::io;

use serde::Serialize;

/// The largest integer that a JavaScript number holds exactly: 2^53.
pub const MAX_SAFE: u64 = 1 << 53;

/// Writes numbers as ECMAScript's Number::toString does.
struct EcmaScript;

impl serde_json::ser::Formatter for EcmaScript {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let mut buffer = ryu_js::Buffer::new();
        writer.write_all(buffer.format_finite(value).as_bytes())
    }

    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, f64::from(value))
    }

    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() > MAX_SAFE {
            return Err(io::Error::other("an integer past 2^53 does not survive JavaScript"));
        }
        write!(writer, "{value}")
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > MAX_SAFE {
            return Err(io::Error::other("an integer past 2^53 does not survive JavaScript"));
        }
        write!(writer, "{value}")
    }
}

/// `value` as compact JSON text in ECMAScript form.
///
/// # Errors
/// When `value` holds an integer past 2^53 or a map with keys that are no strings.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut text = Vec::with_capacity(512);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, EcmaScript))?;
    Ok(String::from_utf8(text).expect("serde_json writes UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_javascript_prints_them() {
        for (number, text) in [
            (750_000.0, "750000"),
            (2.5, "2.5"),
            (-0.0, "0"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
        ] {
            assert_eq!(to_string(&number).unwrap(), text);
        }
    }

    #[test]
    fn only_what_ecmascript_escapes_is_escaped() {
        assert_eq!(
            to_string("\u{8}\t\n\u{c}\r\u{b}\u{1f}\"\\/<\u{7f}\u{2028}\u{feff}é😀").unwrap(),
            "\"\\b\\t\\n\\f\\r\\u000b\\u001f\\\"\\\\/<\u{7f}\u{2028}\u{feff}é😀\""
        );
    }

    #[test]
    fn an_integer_past_2_to_the_53_is_refused() {
        assert_eq!(to_string(&(1u64 << 53)).unwrap(), "9007199254740992");
        assert!(to_string(&((1u64 << 53) + 1)).is_err());
        assert!(to_string(&(-(1i64 << 53) - 1)).is_err());
    }
}
