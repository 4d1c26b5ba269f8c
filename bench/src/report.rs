//! The table.

use std::fmt::Write as _;

use crate::{load::Measured, machine::millis};

/// One line of the table.
pub struct Row {
    pub engine: &'static str,
    pub what: String,
    pub measured: Measured,
    /// Answers a second of the floor beside it.
    pub floor: Option<f64>,
    /// Processor time of the servers, in microseconds an answer.
    pub processor: f64,
    /// The most memory of one server, in bytes.
    pub memory: u64,
    /// What else there is to say.
    pub note: String,
}

impl Row {
    /// What part of the floor's rate it reaches.
    pub fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.measured.rate() / floor)
    }

    /// As a line of Markdown.
    pub fn markdown(&self) -> String {
        let latencies = &self.measured.latencies;
        let ratio = self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.3}"));
        let times = match latencies.count() {
            0 => String::from("| |"),
            _ => format!(
                "{:.2} | {:.2} | {:.1}",
                millis(latencies.quantile(0.5)),
                millis(latencies.quantile(0.99)),
                millis(latencies.longest())
            ),
        };
        format!(
            "| {} | {} | {} | {ratio} | {times} | {:.1} | {:.1} | {} |",
            self.engine,
            self.what,
            grouped(self.measured.rate()),
            self.processor,
            self.memory as f64 / f64::from(1 << 20),
            self.note,
        )
    }
}

/// Digits in groups of three.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What the project promises of a row.
pub struct Target {
    pub what: String,
    pub is_met: bool,
}

/// The whole report as Markdown.
pub fn markdown(machine: &str, rows: &[Row], targets: &[Target]) -> String {
    let mut text = format!("{machine}\n\n");
    text.push_str("| engine | what | answers/s | of the floor | p50 ms | p99 ms | longest ms | server CPU µs | server peak MiB | |\n");
    text.push_str("|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n");
    for row in rows {
        text.push_str(&row.markdown());
        text.push('\n');
    }
    text.push('\n');
    for target in targets {
        let word = if target.is_met { "reached" } else { "MISSED" };
        let _ = writeln!(text, "- {word}: {}", target.what);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([7.0, 999.4, 1_000.0, 1_234_567.0].map(grouped), ["7", "999", "1,000", "1,234,567"]);
    }
}
