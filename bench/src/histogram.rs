//! Latencies, counted in buckets that are at most 1.6 % wide.

use std::time::Duration;

/// Buckets per power of two.
const FINE: usize = 64;
const FINE_BITS: u32 = FINE.trailing_zeros();
/// The largest value is past 2^40 ns: some 18 minutes.
const POWERS: usize = 36;

/// A histogram of nanoseconds.
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    longest: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; FINE * POWERS], count: 0, longest: 0 }
    }
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.count += 1;
        self.longest = self.longest.max(nanos);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn add(&mut self, other: &Self) {
        for (count, added) in self.counts.iter_mut().zip(&other.counts) {
            *count += added;
        }
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
    }

    /// The latency that this share of the requests did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(end(bucket).min(self.longest));
            }
        }
        Duration::from_nanos(self.longest)
    }

    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest)
    }
}

/// Values below `FINE` have a bucket each; above, every power of two is cut into `FINE`.
fn bucket(nanos: u64) -> usize {
    let power = nanos.max(1).ilog2().saturating_sub(FINE_BITS);
    let bucket = ((power as usize) << FINE_BITS) + usize::try_from(nanos >> power).unwrap_or(usize::MAX / 2);
    bucket.min(FINE * POWERS - 1)
}

/// The largest value of a bucket.
fn end(bucket: usize) -> u64 {
    let power = (bucket >> FINE_BITS).saturating_sub(1);
    let fine = (bucket - (power << FINE_BITS)) as u64;
    ((fine + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_in_its_bucket_and_the_bucket_is_narrow() {
        for nanos in (0..200_000).chain((1..1_000).map(|step| step * 987_654_321)) {
            let held = end(bucket(nanos));
            assert!(held >= nanos && held as f64 <= nanos as f64 * (1.0 + 1.0 / FINE as f64) + 1.0, "{nanos}: {held}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_recorded_values() {
        let mut histogram = Histogram::default();
        for micros in 1..=1_000 {
            histogram.record(Duration::from_micros(micros));
        }
        let median = histogram.quantile(0.5).as_micros();
        assert!((500..=508).contains(&median), "{median}");
        assert_eq!(histogram.quantile(1.0), histogram.longest());
        assert_eq!(histogram.longest(), Duration::from_millis(1));
    }
}
