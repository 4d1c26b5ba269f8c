//! Which secret signs while two are live.
//!
//! For a day after a rotation `webhook-signature` carries both, but `X-OrganicAgent-Signature` has room for one: the published
//! check compares it whole. So it uses the secret that was last answered with 2xx, at first the old one, and after a refusal
//! that delivery's next attempt uses the other. A receiver that switches at any moment loses nothing: its first call fails,
//! the one five seconds later passes.

use crm::{clock::UnixMillis, webhooks::Published};

/// The secrets of a webhook that are live at an attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The newest.
    pub current: String,
    /// The one before it, while a rotation lasts.
    pub old: Option<Rotated>,
    /// The one that the published signature was last answered 2xx with; [`Published::Old`] right after a rotation.
    pub published: Published,
}

/// A secret that is on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The secret.
    pub secret: String,
    /// When the newer one came.
    pub rotated_at: UnixMillis,
    /// From when on it no longer signs.
    pub until: UnixMillis,
}

/// How a delivery's last attempt ended, as far as the choice of the secret goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAttempt {
    /// When it began.
    pub at: UnixMillis,
    /// The secret of its published signature, in the words of its time.
    pub used: Published,
    /// The status it was answered with, if it was answered.
    pub status: Option<u16>,
}

impl Secrets {
    /// The old secret, while it is live.
    #[must_use]
    pub fn old(&self, now: UnixMillis) -> Option<&Rotated> {
        self.old.as_ref().filter(|old| now < old.until)
    }

    /// The secret that signs the published way at an attempt of a delivery whose last attempt ended as told.
    #[must_use]
    pub fn choose(&self, last: Option<LastAttempt>, now: UnixMillis) -> Published {
        let Some(old) = self.old(now) else { return Published::Current };
        // What was tried before the rotation says nothing about the new secret.
        let refused =
            last.filter(|last| last.at >= old.rotated_at && last.status.is_some_and(|status| !is_success(status)));
        refused.map_or(self.published, |last| last.used.other())
    }

    /// The text of a secret.
    #[must_use]
    pub fn get(&self, which: Published) -> &str {
        match (which, &self.old) {
            (Published::Old, Some(old)) => &old.secret,
            _ => &self.current,
        }
    }
}

/// Whether a status means that the delivery has arrived.
#[must_use]
pub fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Secrets are not printed, not even by mistake.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Secrets").field("published", &self.published).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Rotated {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Rotated")
            .field("rotated_at", &self.rotated_at)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROTATED: UnixMillis = UnixMillis(1_000_000);
    const UNTIL: UnixMillis = UnixMillis(1_000_000 + 86_400_000);

    fn rotated(published: Published) -> Secrets {
        let old = Rotated { secret: "old".to_owned(), rotated_at: ROTATED, until: UNTIL };
        Secrets { current: "new".to_owned(), old: Some(old), published }
    }

    fn last(at: i64, used: Published, status: Option<u16>) -> Option<LastAttempt> {
        Some(LastAttempt { at: UnixMillis(at), used, status })
    }

    #[test]
    fn a_refusal_makes_the_next_attempt_use_the_other_secret() {
        let secrets = rotated(Published::Old);
        let now = UnixMillis(1_005_000);
        assert_eq!(secrets.choose(None, now), Published::Old);
        for status in [301, 400, 401, 500] {
            assert_eq!(secrets.choose(last(1_000_001, Published::Old, Some(status)), now), Published::Current);
            assert_eq!(secrets.choose(last(1_000_001, Published::Current, Some(status)), now), Published::Old);
        }
        assert_eq!(
            secrets.choose(last(1_000_001, Published::Current, None), now),
            Published::Old,
            "no answer is no refusal"
        );
        assert_eq!(
            secrets.choose(last(999_999, Published::Current, Some(401)), now),
            Published::Old,
            "of before the rotation"
        );
        let switched = rotated(Published::Current);
        assert_eq!(
            switched.choose(last(999_999, Published::Current, Some(401)), now),
            Published::Current,
            "of before the rotation"
        );
    }

    #[test]
    fn the_old_secret_ends_with_its_day() {
        let secrets = rotated(Published::Old);
        assert_eq!(secrets.choose(None, UnixMillis(UNTIL.0 - 1)), Published::Old);
        assert_eq!(secrets.choose(None, UNTIL), Published::Current);
        assert_eq!(secrets.choose(last(UNTIL.0 - 1, Published::Current, Some(500)), UNTIL), Published::Current);
        assert!(!format!("{secrets:?}").contains("new"));
    }

    /// A receiver that knows the old secret only, and from some attempt on the new one only.
    #[test]
    fn a_receiver_that_switches_at_any_attempt_loses_nothing() {
        for switches_at in 0..8 {
            let mut secrets = rotated(Published::Old);
            for delivery in 0..8 {
                let mut attempt_at = ROTATED.0 + delivery * 60_000;
                let mut earlier = None;
                for attempt in 0..2 {
                    let used = secrets.choose(earlier, UnixMillis(attempt_at));
                    let known = if delivery >= switches_at { Published::Current } else { Published::Old };
                    let status = if used == known { 200 } else { 401 };
                    assert!(
                        status == 200 || attempt == 0,
                        "delivery {delivery} of a switch at {switches_at} fails twice"
                    );
                    if status == 200 {
                        secrets.published = used;
                        break;
                    }
                    earlier = last(attempt_at, used, Some(status));
                    attempt_at += 5_000;
                }
            }
        }
    }
}
