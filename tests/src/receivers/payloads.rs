//! Data of events as bad as it can be: every character of Unicode, numbers at their edges, long notes, empty fields, nesting.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// How many characters of Unicode's whole each payload carries beside what is drawn: 100,000 payloads carry all of it.
const SHARE: u32 = 12;
/// The characters of Unicode: all code points but the surrogates.
const CHARACTERS: u32 = 0x11_0000 - 0x800;
/// As long as notes may be.
const LONGEST: u64 = 20_000;

/// Characters that some encoder, decoder or reader of lines treats in its own way.
const SPECIAL: [char; 36] = [
    '"',
    '\\',
    '/',
    '<',
    '>',
    '&',
    '\'',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    ' ',
    '\0',
    '\u{1}',
    '\u{8}',
    '\t',
    '\n',
    '\u{b}',
    '\u{c}',
    '\r',
    '\u{1f}',
    '\u{7f}',
    '\u{80}',
    '\u{85}',
    '\u{a0}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{2028}',
    '\u{2029}',
    '\u{feff}',
    '\u{fffd}',
    '\u{ffff}',
    '\u{10000}',
    '\u{10ffff}',
];

/// Texts that look like something else.
const LOOKALIKES: [&str; 14] = [
    "",
    " ",
    r#""data":"#,
    r#"","data":{"name":"Eve"},"timestamp":"1"#,
    r#"{"event":"lead.created","timestamp":"1711234567890","agentId":"eve","data":{}}"#,
    r"\u2028",
    r"\ud83d\ude00",
    "null",
    "1e400",
    "</script><!-- -->",
    "e\u{301} n\u{303} \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{202e}txt",
    "__proto__",
    "%00%0d%0a",
    "9007199254740993",
];

/// The names that fields have; those at the end are the envelope's.
const NAMES: [&str; 14] = [
    "notes",
    "phone",
    "address",
    "price",
    "bathrooms",
    "sqft",
    "lotSizeAcres",
    "requestedTimes",
    "features",
    "previousStage",
    "data",
    "timestamp",
    "event",
    "agentId",
];

/// Numbers from a seed (splitmix64).
pub struct Draw(u64);

impl Draw {
    /// The numbers of one payload.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut mixed = Self(seed ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93));
        Self(mixed.next())
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    /// Sixteen bytes, for an id.
    pub fn id(&mut self) -> [u8; 16] {
        ((u128::from(self.next()) << 64) | u128::from(self.next())).to_be_bytes()
    }

    /// A secret as webhooks have it.
    pub fn secret(&mut self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let letters = (0..32).map(|_| char::from(self.pick(LETTERS)));
        format!("whsec_{}", letters.collect::<String>())
    }
}

/// A value that an event's data may hold; the encoder sees the same calls as from a struct of Rust's.
pub enum Json {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Record(Vec<(&'static str, Json)>),
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Signed(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => serializer.collect_seq(values),
            Self::Record(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// The data of a payload. `id` stands in it once, as the published records have it.
pub fn data(draw: &mut Draw, index: u64, id: &str) -> Json {
    let mut fields = vec![
        ("name", Json::Text(share(index))),
        ("email", maybe_text(draw)),
        ("source", Json::Text(draw.pick(&LOOKALIKES).to_owned())),
        ("id", Json::Text(id.to_owned())),
        ("number", number(draw)),
    ];
    let first = draw.below(NAMES.len() as u64);
    for step in 0..draw.below(6) {
        let name = NAMES[usize::try_from((first + step) % NAMES.len() as u64).unwrap()];
        fields.push((name, value(draw, 0)));
    }
    if index.is_multiple_of(200) {
        fields.push(("longNotes", Json::Text(text(draw, LONGEST))));
    }
    Json::Record(fields)
}

/// The payload's part of all characters.
fn share(index: u64) -> String {
    let first = u32::try_from(index * u64::from(SHARE) % u64::from(CHARACTERS)).unwrap();
    (first..first + SHARE).map(|number| character(number % CHARACTERS)).collect()
}

/// The characters in order, counted without the surrogates.
fn character(number: u32) -> char {
    let point = if number < 0xd800 { number } else { number + 0x800 };
    char::from_u32(point).expect("no surrogate and not too large")
}

fn text(draw: &mut Draw, length: u64) -> String {
    let style = draw.below(4);
    let mut text = String::with_capacity(usize::try_from(length).unwrap());
    for _ in 0..length {
        text.push(match style {
            0 => draw.pick(&SPECIAL),
            1 => character(u32::try_from(draw.below(u64::from(CHARACTERS))).unwrap()),
            2 => char::from(u8::try_from(draw.below(0x80)).unwrap()),
            _ => character(u32::try_from(draw.below(0x1_0000 - 0x800)).unwrap()),
        });
    }
    text
}

fn maybe_text(draw: &mut Draw) -> Json {
    match draw.below(4) {
        0 => Json::Null,
        1 => Json::Text(draw.pick(&LOOKALIKES).to_owned()),
        _ => {
            let length = draw.below(40);
            Json::Text(text(draw, length))
        }
    }
}

fn value(draw: &mut Draw, depth: u64) -> Json {
    match draw.below(if depth < 6 { 8 } else { 6 }) {
        0 => Json::Bool(draw.below(2) == 0),
        1 | 2 => number(draw),
        3..=5 => maybe_text(draw),
        6 => Json::List((0..draw.below(5)).map(|_| value(draw, depth + 1)).collect()),
        _ => Json::Record(vec![("name", maybe_text(draw)), ("value", value(draw, depth + 1))]),
    }
}

/// A number that JavaScript holds exactly: integers to ±2^53, and any finite double.
fn number(draw: &mut Draw) -> Json {
    const MAX: u64 = crm::json::MAX_SAFE;
    let signed = |number: u64, is_negative: bool| {
        let number = i64::try_from(number).unwrap();
        Json::Signed(if is_negative { -number } else { number })
    };
    match draw.below(8) {
        0 => {
            let near = MAX - draw.below(3);
            signed(near, draw.below(2) == 0)
        }
        1 => Json::Unsigned(draw.next() >> (11 + draw.below(53))),
        2 => {
            let number = draw.next() >> (11 + draw.below(53));
            signed(number, draw.below(2) == 0)
        }
        3 => Json::Float(draw.pick(&[
            0.0,
            -0.0,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            f64::EPSILON,
            5e-324,
            -5e-324,
            2.225_073_858_507_201e-308,
            9_007_199_254_740_993.0,
            123_456_789_012_345_680.0,
            0.1,
            0.1 + 0.2,
            1.0 / 3.0,
        ])),
        // Around the powers of ten, where the notation changes, and their neighbours.
        4 | 5 => {
            let power = i32::try_from(draw.below(617)).unwrap() - 308;
            let bits = 10f64.powi(power).to_bits();
            near(draw, bits)
        }
        6 => {
            let edge: f64 = draw.pick(&[1e-7, 1e-6, 1e20, 1e21, 1e22]);
            near(draw, edge.to_bits())
        }
        _ => {
            let number = f64::from_bits(draw.next());
            Json::Float(if number.is_finite() { number } else { 0.5 })
        }
    }
}

fn near(draw: &mut Draw, bits: u64) -> Json {
    let bits = (bits + draw.below(5)).saturating_sub(2);
    let number = f64::from_bits(bits);
    let number = if number.is_finite() { number } else { f64::MAX };
    Json::Float(if draw.below(2) == 0 { number } else { -number })
}

#[test]
fn a_hundred_thousand_payloads_carry_every_character() {
    let mut seen = vec![false; CHARACTERS as usize];
    for index in 0..100_000 {
        let first = u32::try_from(index * u64::from(SHARE) % u64::from(CHARACTERS)).unwrap();
        for number in first..first + SHARE {
            seen[(number % CHARACTERS) as usize] = true;
        }
    }
    assert!(seen.iter().all(|seen| *seen));
    assert_eq!(share(0).chars().next(), Some('\0'));
    assert_eq!(character(CHARACTERS - 1), '\u{10ffff}');
    assert_eq!((character(0xd7ff), character(0xd800)), ('\u{d7ff}', '\u{e000}'));
}
