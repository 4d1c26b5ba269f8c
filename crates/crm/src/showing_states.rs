//! How a showing moves from request to appointment: the rules alone, without storage.

use crate::{choices::choices, clock::UnixMillis, error::FieldError, input::Given};

choices! {
    /// How far a showing is.
    ShowingStatus {
        Requested = "requested",
        Confirmed = "confirmed",
        Declined = "declined",
        Cancelled = "cancelled",
        Completed = "completed",
    }
}

impl ShowingStatus {
    /// What it can become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Requested => &[Self::Confirmed, Self::Declined, Self::Cancelled],
            Self::Confirmed => &[Self::Confirmed, Self::Declined, Self::Cancelled, Self::Completed],
            Self::Declined | Self::Cancelled | Self::Completed => &[],
        }
    }
}

/// How far a showing is, and when it takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShowingState {
    pub status: ShowingStatus,
    /// The time agreed on: there once confirmed, and kept for the record after that.
    pub confirmed_time: Option<UnixMillis>,
}

/// What is asked of a showing's state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    /// Another status, or the same again.
    pub status: Option<ShowingStatus>,
    /// The time to confirm; `null` clears it.
    pub confirmed_time: Given<UnixMillis>,
}

impl ShowingState {
    /// The state of a new request.
    pub const REQUESTED: Self = Self { status: ShowingStatus::Requested, confirmed_time: None };

    /// The state after a step taken at `now`. A step that says nothing new changes nothing.
    ///
    /// # Errors
    /// A sentence for the sender, when the step is none that this state allows.
    pub fn after(self, step: &Step, requested_times: &[UnixMillis], now: UnixMillis) -> Result<Self, FieldError> {
        let status = step.status.unwrap_or(self.status);
        let confirmed_time = match (step.status, &step.confirmed_time) {
            // Who confirms and leaves the time empty names none.
            (Some(ShowingStatus::Confirmed), Given::Null) => &Given::Absent,
            (_, given) => given,
        };
        let asked = Self { status, confirmed_time: confirmed_time.clone().or_keep(self.confirmed_time) };
        if asked == self {
            return Ok(self);
        }
        self.refuse_unless_allowed(status)?;
        match status {
            ShowingStatus::Confirmed => self.confirmed(step, requested_times, now),
            _ if asked.confirmed_time.is_some_and(|time| Some(time) != self.confirmed_time) => {
                Err(refusal("confirmedTime", "goes with the status confirmed"))
            }
            _ => Ok(asked),
        }
    }

    fn refuse_unless_allowed(self, status: ShowingStatus) -> Result<(), FieldError> {
        let (name, next) = (self.status.name(), self.status.next());
        let field = if status == self.status { "confirmedTime" } else { "status" };
        if next.is_empty() {
            return Err(refusal(field, format!("is final: a {name} showing does not change")));
        }
        if next.contains(&status) {
            return Ok(());
        }
        if status == self.status {
            return Err(refusal("confirmedTime", "goes with the status confirmed"));
        }
        let next = next.iter().map(|status| status.name()).collect::<Vec<_>>().join(", ");
        Err(refusal("status", format!("cannot be this now: a {name} showing can become {next}")))
    }

    fn confirmed(self, step: &Step, requested_times: &[UnixMillis], now: UnixMillis) -> Result<Self, FieldError> {
        let time = match (&step.confirmed_time, self.status, requested_times) {
            (Given::Value(time), ..) => *time,
            (_, ShowingStatus::Confirmed, _) => {
                return Err(refusal("confirmedTime", "is required: a confirmed showing has a time"));
            }
            (_, _, [only]) => *only,
            _ => return Err(refusal("confirmedTime", "is required: several times were requested")),
        };
        if time <= now {
            return Err(refusal("confirmedTime", "must be in the future"));
        }
        Ok(Self { status: ShowingStatus::Confirmed, confirmed_time: Some(time) })
    }
}

fn refusal(field: &'static str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    const NOW: UnixMillis = UnixMillis(1_000);
    const SOON: UnixMillis = UnixMillis(2_000);
    const LATER: UnixMillis = UnixMillis(3_000);

    fn step(status: ShowingStatus, confirmed_time: Given<UnixMillis>) -> Step {
        Step { status: Some(status), confirmed_time }
    }

    fn confirmed_at(time: UnixMillis) -> ShowingState {
        ShowingState { status: ShowingStatus::Confirmed, confirmed_time: Some(time) }
    }

    #[test]
    fn the_only_requested_time_is_the_one_confirmed() {
        let confirm = step(ShowingStatus::Confirmed, Given::Absent);
        assert_eq!(ShowingState::REQUESTED.after(&confirm, &[SOON], NOW), Ok(confirmed_at(SOON)));
        assert_eq!(ShowingState::REQUESTED.after(&confirm, &[SOON, LATER], NOW).unwrap_err().field, "confirmedTime");
        assert_eq!(ShowingState::REQUESTED.after(&confirm, &[NOW], NOW).unwrap_err().field, "confirmedTime");
    }

    #[test]
    fn a_confirmed_showing_can_be_moved_to_another_time() {
        let moved = Step { status: None, confirmed_time: Given::Value(LATER) };
        assert_eq!(confirmed_at(SOON).after(&moved, &[SOON], NOW), Ok(confirmed_at(LATER)));
        assert!(confirmed_at(SOON).after(&Step { status: None, confirmed_time: Given::Null }, &[SOON], NOW).is_err());
        let confirm = step(ShowingStatus::Confirmed, Given::Null);
        assert_eq!(confirmed_at(SOON).after(&confirm, &[SOON], NOW), Ok(confirmed_at(SOON)));
    }

    #[test]
    fn saying_the_same_again_is_no_error_even_when_the_time_has_passed() {
        let confirm = step(ShowingStatus::Confirmed, Given::Value(SOON));
        assert_eq!(confirmed_at(SOON).after(&confirm, &[SOON], LATER), Ok(confirmed_at(SOON)));
    }

    #[test]
    fn a_final_status_says_so() {
        let declined = ShowingState { status: ShowingStatus::Declined, confirmed_time: None };
        let refused = declined.after(&step(ShowingStatus::Confirmed, Given::Value(SOON)), &[SOON], NOW).unwrap_err();
        assert_eq!(
            (refused.field.as_str(), refused.message.as_str()),
            ("status", "is final: a declined showing does not change")
        );
    }

    fn any_step() -> impl Strategy<Value = (Step, UnixMillis)> {
        let statuses = ShowingStatus::WORDS.iter().map(|(_, status)| *status).collect::<Vec<_>>();
        let status = proptest::option::of(select(statuses));
        let time =
            prop_oneof![Just(Given::Absent), Just(Given::Null), (0..6i64).prop_map(|t| Given::Value(UnixMillis(t)))];
        (status, time, 0..6i64)
            .prop_map(|(status, confirmed_time, now)| (Step { status, confirmed_time }, UnixMillis(now)))
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_state_stays_sound(
            steps in proptest::collection::vec(any_step(), 0..12),
            requested in proptest::collection::btree_set(0..6i64, 1..=3),
        ) {
            let requested = requested.into_iter().map(UnixMillis).collect::<Vec<_>>();
            let mut state = ShowingState::REQUESTED;
            for (step, now) in steps {
                let Ok(next) = state.after(&step, &requested, now) else { continue };
                // What was asked is what comes out.
                prop_assert!(step.status.is_none_or(|status| status == next.status));
                if let Given::Value(time) = step.confirmed_time {
                    prop_assert_eq!(next.confirmed_time, Some(time));
                }
                if next != state {
                    prop_assert!(state.status.next().contains(&next.status));
                    // Only confirming sets a time, and only one to come.
                    if next.status == ShowingStatus::Confirmed {
                        prop_assert!(next.confirmed_time.is_some_and(|time| time > now));
                    } else {
                        prop_assert!(next.confirmed_time.is_none() || next.confirmed_time == state.confirmed_time);
                    }
                }
                match next.status {
                    ShowingStatus::Requested => prop_assert_eq!(next.confirmed_time, None),
                    ShowingStatus::Confirmed => prop_assert!(next.confirmed_time.is_some()),
                    _ => {}
                }
                // The same step again changes nothing.
                prop_assert_eq!(next.after(&step, &requested, now).ok(), Some(next));
                state = next;
            }
        }
    }
}
