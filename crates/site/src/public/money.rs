//! Amounts and counts in words.

use crm::{listings::Bathrooms, values::Money};

/// An amount as it stands on a page: `$750,000`, `€1,250.50`, `CHF 900`.
pub(crate) fn amount(money: Money, currency: &str) -> String {
    let (units, cents) = (money.cents() / 100, money.cents() % 100);
    let cents = if cents == 0 { String::new() } else { format!(".{cents:02}") };
    let sign = match currency {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "CAD" => "CA$",
        "AUD" => "A$",
        "MXN" => "MX$",
        other => return format!("{other}\u{a0}{}{cents}", grouped(units)),
    };
    format!("{sign}{}{cents}", grouped(units))
}

/// A whole number with its thousands set apart.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its fraction, as short as it can be: `2.5`.
pub(crate) fn decimal(number: f64) -> String {
    let fraction = (number.fract() * 100.0).round() / 100.0;
    let whole = grouped(number.trunc() as i64);
    if fraction == 0.0 { whole } else { format!("{whole}{}", fraction.to_string().trim_start_matches(['-', '0'])) }
}

/// How many bathrooms: `2.5`.
pub(crate) fn bathrooms(bathrooms: Bathrooms) -> String {
    decimal(bathrooms.rooms())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_cents_shown_where_there_are_some() {
        let told = |cents, currency| amount(Money::from_cents(cents), currency);
        assert_eq!(told(75_000_000, "USD"), "$750,000");
        assert_eq!(told(125_050, "EUR"), "€1,250.50");
        assert_eq!(told(99_900, "CHF"), "CHF\u{a0}999");
        assert_eq!(told(5, "USD"), "$0.05");
        assert_eq!(
            (grouped(1_000), grouped(999_999_999_999)),
            (String::from("1,000"), String::from("999,999,999,999"))
        );
        assert_eq!(
            (decimal(2.5), decimal(0.25), decimal(3.0), decimal(1234.75)),
            (String::from("2.5"), String::from("0.25"), String::from("3"), String::from("1,234.75"))
        );
    }
}
