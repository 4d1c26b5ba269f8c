//! What people and programs write for a price, an area, a day, a status, as the API has it.

use serde_json::{Number, Value};

use super::{
    columns::key,
    listing_columns::{Kind, Orders},
};
use crate::listings::{FeeFrequency, ListingStatus, PropertySubType, PropertyType};

/// Square feet of a square metre and of an acre.
const SQUARE_METRE: f64 = 10.763_910_416_709_722;
const ACRE: f64 = 43_560.0;

/// A number as written in a sheet, with currency, unit and signs between thousands; `None` where it is none.
///
/// A lone point or comma before exactly three digits stands between thousands in an amount or an area, unless a nought stands before
/// it, and is a decimal one elsewhere.
pub(super) fn number(text: &str, kind: Kind) -> Option<f64> {
    let text = text.trim();
    let (begins, ends) = (text.find(|c: char| c.is_ascii_digit())?, text.rfind(|c: char| c.is_ascii_digit())? + 1);
    let (before, digits, after) = (&text[..begins], &text[begins..ends], text[ends..].trim());
    let is_negative = before.trim_end().ends_with('-') || before.trim_end().ends_with('−');
    let digits = digits.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')).collect::<String>();
    if !digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) {
        return None;
    }
    let is_grouped = |sign: char| {
        let groups = digits.split(sign).collect::<Vec<_>>();
        let are_threes = groups[1..].iter().all(|group| group.len() == 3) && (1..=3).contains(&groups[0].len());
        are_threes && !groups[0].starts_with('0') && (groups.len() > 2 || matches!(kind, Kind::Money | Kind::Area))
    };
    let plain = match (digits.rfind('.'), digits.rfind(',')) {
        (Some(point), Some(comma)) if point > comma => digits.replace(',', ""),
        (Some(_), Some(_)) => digits.replace('.', "").replace(',', "."),
        (Some(_), None) if is_grouped('.') => digits.replace('.', ""),
        (None, Some(_)) if is_grouped(',') => digits.replace(',', ""),
        (None, Some(_)) => digits.replace(',', "."),
        _ => digits,
    };
    let number = plain.parse::<f64>().ok()?;
    let times = match (kind, after.to_ascii_lowercase().as_str()) {
        (Kind::Money, "k") => 1e3,
        (Kind::Money, "m") => 1e6,
        _ => 1.0,
    };
    let number = number * times;
    Some(if is_negative { -number } else { number })
}

/// The currency that is written beside an amount, by its sign or its three capitals; `None` where there is none, or only a dollar's
/// sign, which many currencies have.
pub(super) fn currency(text: &str) -> Option<String> {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| word.len() == 3);
    let code = words.find(|word| word.bytes().all(|letter| letter.is_ascii_uppercase())).map(str::to_owned);
    let of_sign = || {
        let signs = [('€', "EUR"), ('£', "GBP"), ('₹', "INR"), ('₱', "PHP")];
        signs.iter().find(|(sign, _)| text.contains(*sign)).map(|(_, code)| (*code).to_owned())
    };
    code.or_else(of_sign)
}

/// Whether an area is in acres.
pub(super) fn is_in_acres(unit: &str) -> bool {
    matches!(key(unit).as_str(), "acres" | "acre" | "ac")
}

/// A number of JSON, whole where it is.
pub(super) fn value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// An area in square feet, of one in this unit; whole, as nobody measures finer.
pub(super) fn square_feet(area: f64, unit: &str) -> f64 {
    let feet = match key(unit).as_str() {
        "squaremeters" | "squaremetres" | "squaremeter" | "sqm" | "m2" | "m" => SQUARE_METRE,
        _ if is_in_acres(unit) => ACRE,
        _ => 1.0,
    };
    (area * feet).round()
}

/// Yes or no.
pub(super) fn flag(text: &str) -> Option<bool> {
    match key(text).as_str() {
        "yes" | "y" | "true" | "1" | "si" | "x" | "private" | "privada" => Some(true),
        "no" | "n" | "false" | "0" | "none" => Some(false),
        _ => None,
    }
}

/// A day as `YYYY-MM-DD`: as RFC 3339 has it, with or without a time, or with the month first, or the day where it can be no month.
pub(super) fn date(text: &str) -> Option<String> {
    let day = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let parts = day.split(['-', '/', '.']).map(str::parse::<i16>).collect::<Result<Vec<_>, _>>().ok()?;
    let [first, second, third] = parts[..] else { return None };
    let (year, month, day) = match (first, second, third) {
        (1000.., month, day) => (first, month, day),
        (13..=31, month, year) => (year, month, first),
        // Where points are written, the day stands first.
        (_, month, year) if day.contains('.') => (year, month, first),
        (month, day, year) => (year, month, day),
    };
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (year >= 1000).then(|| date.to_string())
}

/// The three numbers of a day that has its year last and says nothing of their order.
fn unordered(text: &str) -> Option<[i16; 3]> {
    let day = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let parts = day.split(['-', '/']).map(str::parse::<i16>).collect::<Result<Vec<_>, _>>().ok()?;
    let parts: [i16; 3] = parts.try_into().ok()?;
    (parts[0] < 1000 && parts[2] >= 1000).then_some(parts)
}

/// A day that is written with the day first, as `YYYY-MM-DD`; `None` for one that is written otherwise.
pub(super) fn by_day(text: &str) -> Option<String> {
    let [day, month, year] = unordered(text)?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// Which order a day can only be in.
pub(super) fn orders(text: &str) -> Orders {
    let Some([first, second, _]) = unordered(text) else { return Orders::default() };
    Orders { is_day_first: (13..=31).contains(&first), is_month_first: (13..=31).contains(&second) }
}

/// What others call a status, by its letters.
const STATUSES: [(&str, ListingStatus); 24] = [
    ("incomplete", ListingStatus::Draft),
    ("borrador", ListingStatus::Draft),
    ("forsale", ListingStatus::Active),
    ("forrent", ListingStatus::Active),
    ("available", ListingStatus::Active),
    ("activo", ListingStatus::Active),
    ("activa", ListingStatus::Active),
    ("enventa", ListingStatus::Active),
    ("disponible", ListingStatus::Active),
    ("proximamente", ListingStatus::ComingSoon),
    ("contingent", ListingStatus::ActiveUnderContract),
    ("undercontract", ListingStatus::Pending),
    ("reservado", ListingStatus::Pending),
    ("reservada", ListingStatus::Pending),
    ("sold", ListingStatus::Closed),
    ("leased", ListingStatus::Closed),
    ("rented", ListingStatus::Closed),
    ("vendido", ListingStatus::Closed),
    ("vendida", ListingStatus::Closed),
    ("onhold", ListingStatus::Hold),
    ("offmarket", ListingStatus::Withdrawn),
    ("cancelled", ListingStatus::Canceled),
    ("cancelado", ListingStatus::Canceled),
    ("caducado", ListingStatus::Expired),
];

/// The word that the API has for one of a field's values; `None` where it has none.
pub(super) fn word(name: &str, text: &str) -> Option<&'static str> {
    fn of<T: Copy>(words: &[(&'static str, T)], wanted: &str) -> Option<&'static str> {
        words.iter().map(|(word, _)| *word).find(|word| key(word) == wanted)
    }
    let wanted = key(text);
    match name {
        "status" => of(ListingStatus::WORDS, &wanted)
            .or_else(|| STATUSES.iter().find(|(known, _)| *known == wanted).map(|(_, status)| status.name())),
        "propertyType" => of(PropertyType::WORDS, &wanted),
        "propertySubType" => match wanted.as_str() {
            "singlefamily" | "house" | "casa" | "chalet" => Some("Single Family Residence"),
            "condo" => Some("Condominium"),
            "townhome" => Some("Townhouse"),
            "piso" | "apartamento" | "flat" => Some("Apartment"),
            _ => of(PropertySubType::WORDS, &wanted),
        },
        "associationFeeFrequency" => match wanted.as_str() {
            "yearly" | "annual" => Some("Annually"),
            _ => of(FeeFrequency::WORDS, &wanted),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, amount) in [
            ("$750,000", 750_000.0),
            ("750000", 750_000.0),
            ("750.000 €", 750_000.0),
            ("1.250.000,50", 1_250_000.5),
            ("US$ 1,250,000.50", 1_250_000.5),
            ("750 000", 750_000.0),
            ("1'250'000", 1_250_000.0),
            ("749,9", 749.9),
            ("750k", 750_000.0),
            ("1.2M", 1_200_000.0),
            ("-5", -5.0),
        ] {
            assert_eq!(number(text, Kind::Money), Some(amount), "{text}");
        }
        for text in ["", "call", "3+1", "1/2"] {
            assert_eq!(number(text, Kind::Money), None, "{text}");
        }
        assert_eq!(number("25.123", Kind::Number), Some(25.123));
        assert_eq!(number("25,5", Kind::Number), Some(25.5));
        assert_eq!(number("-80.2434", Kind::Number), Some(-80.2434));
        assert_eq!(number("-80,243", Kind::Number), Some(-80.243));
        assert_eq!(number("0.250", Kind::Area), Some(0.25));
        for (text, code) in [("1.250.000 €", Some("EUR")), ("MXN 5", Some("MXN")), ("$5", None), ("5 k", None)] {
            assert_eq!(currency(text).as_deref(), code, "{text}");
        }
        assert_eq!(number("2,400 sq ft", Kind::Area), Some(2_400.0));
        assert_eq!(square_feet(100.0, "Square Meters"), 1_076.0);
        assert_eq!(square_feet(0.25, "Acres"), 10_890.0);
    }

    #[test]
    fn days_are_read_as_they_are_written() {
        for (text, day) in [
            ("2026-12-15", "2026-12-15"),
            ("2026-12-15T10:00:00Z", "2026-12-15"),
            ("12/5/2026", "2026-12-05"),
            ("15/12/2026", "2026-12-15"),
            ("5.12.2026", "2026-12-05"),
        ] {
            assert_eq!(date(text).as_deref(), Some(day), "{text}");
        }
        for text in ["", "soon", "2026-02-30", "13/13/2026", "12/5/26"] {
            assert_eq!(date(text), None, "{text}");
        }
        for (text, day) in [
            ("3/4/2026", Some("2026-04-03")),
            ("3-4-2026 10:00", Some("2026-04-03")),
            ("2026-04-03", None),
            ("3.4.2026", None),
            ("x", None),
        ] {
            assert_eq!(by_day(text).as_deref(), day, "{text}");
        }
        assert_eq!(by_day("1/31/2026").and_then(|day| date(&day)), None);
        for (text, first, second) in [
            ("31/1/2026", true, false),
            ("1/31/2026", false, true),
            ("1/1/2026", false, false),
            ("2026-01-31", false, false),
        ] {
            assert_eq!(orders(text), Orders { is_day_first: first, is_month_first: second }, "{text}");
        }
    }

    #[test]
    fn words_of_others_are_those_of_the_api() {
        assert_eq!(word("status", "Active Under Contract"), Some("active_under_contract"));
        assert_eq!(word("status", "ComingSoon"), Some("coming_soon"));
        assert_eq!(word("status", "SOLD"), Some("closed"));
        assert_eq!(word("status", "Delete"), None);
        assert_eq!(word("propertySubType", "SingleFamilyResidence"), Some("Single Family Residence"));
        assert_eq!(word("propertyType", "residential lease"), Some("Residential Lease"));
        assert_eq!(word("associationFeeFrequency", "monthly"), Some("Monthly"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
            let _ = (number(&text, Kind::Money), date(&text), by_day(&text), orders(&text), flag(&text), word("status", &text));
        }

        #[test]
        fn an_amount_with_signs_between_thousands_is_itself(cents in 0_i64..100_000_000_000) {
            let (units, rest) = (cents / 100, cents % 100);
            let mut grouped = units.to_string();
            let mut place = grouped.len();
            while place > 3 {
                place -= 3;
                grouped.insert(place, ',');
            }
            prop_assert_eq!(number(&format!("${grouped}.{rest:02}"), Kind::Money), Some(cents as f64 / 100.0));
            let other = grouped.replace(',', ".");
            prop_assert_eq!(number(&format!("{other},{rest:02} €"), Kind::Money), Some(cents as f64 / 100.0));
        }
    }
}
