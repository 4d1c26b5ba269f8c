//! What a home would cost a month: a loan paid back in equal parts, with the taxes and fees that are known.

use std::collections::HashMap;

use crm::{
    listings::{FeeFrequency, Listing},
    values::Money,
};

use super::money::{amount, decimal};

/// What is taken where nobody has said anything else.
const DOWN: f64 = 20.0;
const RATE: f64 = 6.5;
const YEARS: f64 = 30.0;

/// An estimate, with what it rests on.
pub(crate) struct Estimate {
    pub monthly: String,
    /// Its parts: loan, taxes, fees, as far as they are known.
    pub loan: String,
    pub taxes: Option<String>,
    pub fees: Option<String>,
    /// How much is lent.
    pub lent: String,
    /// As the fields have it.
    pub down: String,
    pub rate: String,
    pub years: String,
}

/// What each month costs for this loan, at this rate a year in hundredths, over so many years.
fn monthly(lent: f64, rate: f64, years: f64) -> f64 {
    let months = years * 12.0;
    let step = rate / 1_200.0;
    if step == 0.0 {
        return lent / months;
    }
    // The annuity formula.
    lent * step / (1.0 - (1.0 + step).powf(-months))
}

/// What of a fee falls on a month; `None` for one that is paid once.
fn per_month(fee: Money, frequency: FeeFrequency) -> Option<f64> {
    let times_a_year = match frequency {
        FeeFrequency::Annually | FeeFrequency::Seasonal => 1.0,
        FeeFrequency::SemiAnnually => 2.0,
        FeeFrequency::Quarterly => 4.0,
        FeeFrequency::BiMonthly => 6.0,
        FeeFrequency::Monthly => 12.0,
        FeeFrequency::SemiMonthly => 24.0,
        FeeFrequency::BiWeekly => 26.0,
        FeeFrequency::Weekly => 52.0,
        FeeFrequency::Daily => 365.0,
        FeeFrequency::OneTime => return None,
    };
    Some(fee.units() * times_a_year / 12.0)
}

impl Estimate {
    /// For a listing, with what the query of the page says; what it says wrong counts as not said.
    pub fn of(listing: &Listing, query: &HashMap<String, String>) -> Option<Self> {
        let price = listing.price.units();
        if price <= 0.0 {
            return None;
        }
        let given = |name: &str, usual: f64, least: f64, most: f64| {
            let number = query.get(name).and_then(|text| text.trim().replace(',', ".").parse::<f64>().ok());
            number.filter(|number| (least..=most).contains(number)).unwrap_or(usual)
        };
        let (down, rate) = (given("down", DOWN, 0.0, 100.0), given("rate", RATE, 0.0, 30.0));
        let years = given("years", YEARS, 1.0, 50.0).round();
        let lent = price * (1.0 - down / 100.0);
        let loan = monthly(lent, rate, years);
        let taxes = listing.details.tax_annual_amount.map(|tax| tax.units() / 12.0);
        let frequency = listing.details.association_fee_frequency.unwrap_or(FeeFrequency::Monthly);
        let fees = listing.details.association_fee.and_then(|fee| per_month(fee, frequency));
        let told = |units: f64| amount(Money::from_cents(units.round() as i64 * 100), &listing.currency);
        Some(Self {
            monthly: told(loan + taxes.unwrap_or(0.0) + fees.unwrap_or(0.0)),
            loan: told(loan),
            taxes: taxes.map(told),
            fees: fees.map(told),
            lent: told(lent),
            down: decimal(down),
            rate: decimal(rate),
            years: decimal(years),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_is_paid_back_in_equal_parts() {
        // 600,000 at 6.5 % over 30 years, as published tables have it.
        assert!((monthly(600_000.0, 6.5, 30.0) - 3_792.41).abs() < 0.01);
        assert!((monthly(120_000.0, 0.0, 10.0) - 1_000.0).abs() < 0.01);
    }

    #[test]
    fn a_fee_is_spread_over_its_months() {
        let fee = Money::from_cents(120_000);
        assert_eq!(per_month(fee, FeeFrequency::Quarterly), Some(400.0));
        assert_eq!(per_month(fee, FeeFrequency::OneTime), None);
    }
}
