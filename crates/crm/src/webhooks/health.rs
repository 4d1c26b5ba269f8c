//! How a receiver does: what its owner sees, and when a webhook is disabled.

use std::time::Duration;

use db::Row;

use crate::{choices::choices, clock::UnixMillis};

/// A webhook that has been refusing for so long is disabled when a delivery of it is given up.
pub const DISABLED_AFTER: Duration = Duration::from_secs(5 * 24 * 60 * 60);

choices! {
    /// Who disabled a webhook.
    DisabledBy {
        Owner = "owner",
        Gone = "gone",
        Failing = "failing",
    }
}

/// What the owner of a failing webhook is told, once in each failing spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It has been failing for an hour.
    Failing,
    /// It will be disabled within a day.
    DisabledSoon,
    /// It is disabled.
    Disabled,
}

impl Notice {
    /// The bit in [`Health::noticed`].
    #[must_use]
    pub fn bit(self) -> i64 {
        match self {
            Self::Failing => 1,
            Self::DisabledSoon => 2,
            Self::Disabled => 4,
        }
    }
}

/// How a receiver does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Attempts that succeeded, ever.
    pub delivered: i64,
    /// Attempts that failed, ever.
    pub failed: i64,
    /// Failures in a row.
    pub failures: i64,
    /// The first failure since the last success, or since the last time when nothing waited for its retry.
    pub failing_since: Option<UnixMillis>,
    /// The last 2xx.
    pub last_success_at: Option<UnixMillis>,
    /// The last attempt that failed.
    pub last_failure_at: Option<UnixMillis>,
    /// What went wrong then.
    pub last_error: Option<String>,
    /// Who disabled the webhook; `None` while it is enabled.
    pub disabled_by: Option<DisabledBy>,
    /// Since when.
    pub disabled_at: Option<UnixMillis>,
    /// The notices raised in this failing spell: the sum of [`Notice::bit`].
    pub noticed: i64,
}

/// The columns that [`Health::from_row`] reads, in its order.
macro_rules! health_columns {
    () => {
        "delivered, failed, failures, failing_since, last_success_at, last_failure_at, last_error, disabled_by, disabled_at, noticed"
    };
}
pub(super) use health_columns;

impl Health {
    /// Reads the columns from `first` on.
    pub(super) fn from_row(row: &Row<'_>, first: usize) -> Result<Self, db::DbError> {
        let instant = |index| row.get::<Option<i64>>(index).map(|millis| millis.map(UnixMillis));
        Ok(Self {
            delivered: row.get(first)?,
            failed: row.get(first + 1)?,
            failures: row.get(first + 2)?,
            failing_since: instant(first + 3)?,
            last_success_at: instant(first + 4)?,
            last_failure_at: instant(first + 5)?,
            last_error: row.get(first + 6)?,
            disabled_by: row.get(first + 7)?,
            disabled_at: instant(first + 8)?,
            noticed: row.get(first + 9)?,
        })
    }

    /// Of all attempts that were ever made, the part that succeeded.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let all = self.delivered + self.failed;
        (all > 0).then(|| (self.delivered as f64 / all as f64 * 10_000.0).round() / 10_000.0)
    }

    /// Notes a success at `at`.
    pub(super) fn succeed(&mut self, at: UnixMillis) {
        self.delivered += 1;
        self.failures = 0;
        self.failing_since = None;
        self.noticed = 0;
        self.last_success_at = self.last_success_at.max(Some(at));
    }

    /// Forgets since when it has been failing: what fails now is a spell of its own.
    pub(super) fn begin_spell(&mut self) {
        self.failing_since = None;
        self.noticed = 0;
    }

    /// Notes a failure at `at`.
    pub(super) fn fail(&mut self, at: UnixMillis, error: Option<&str>) {
        self.failed += 1;
        self.failures += 1;
        self.failing_since.get_or_insert(at);
        self.last_failure_at = self.last_failure_at.max(Some(at));
        self.last_error = error.map(str::to_owned);
    }

    /// Whether a webhook of which a delivery was just given up is to be disabled. A delivery that is given up alone says
    /// little: it takes three days. Nor do two say more when the first was over before the second came: a webhook may have one event a
    /// week, and two hiccups in a row are not five days of refusals.
    pub(super) fn has_failed_for_long(&self, now: UnixMillis) -> bool {
        self.failing_since.is_some_and(|since| since <= now.minus(DISABLED_AFTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    #[test]
    fn only_five_days_without_a_success_are_long() {
        let mut health = Health::default();
        assert!(!health.has_failed_for_long(UnixMillis(100 * DAY)));
        health.fail(UnixMillis(0), Some("connection refused"));
        health.fail(UnixMillis(4 * DAY), None);
        assert!(!health.has_failed_for_long(UnixMillis(5 * DAY - 1)));
        assert!(health.has_failed_for_long(UnixMillis(5 * DAY)));
        health.succeed(UnixMillis(5 * DAY));
        health.fail(UnixMillis(6 * DAY), None);
        assert!(!health.has_failed_for_long(UnixMillis(10 * DAY)));
        assert_eq!((health.delivered, health.failed, health.failures), (1, 3, 1));
        assert_eq!(health.success_rate(), Some(0.25));
    }
}
