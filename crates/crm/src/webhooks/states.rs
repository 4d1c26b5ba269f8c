//! How far a delivery is: as the database numbers it and as the API names it.

use crate::choices::choices;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Never tried.
    Fresh,
    /// To be tried again, or by hand.
    Retry,
    /// Answered with a 2xx.
    Delivered,
    /// Given up.
    Dead,
    /// Held back while its webhook is disabled.
    Held,
    /// Not to be sent: skipped, or its person was erased.
    Cancelled,
}

impl State {
    const ALL: [Self; 6] = [Self::Fresh, Self::Retry, Self::Delivered, Self::Dead, Self::Held, Self::Cancelled];

    /// The number in the database.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Fresh => 0,
            Self::Retry => 1,
            Self::Delivered => 2,
            Self::Dead => 3,
            Self::Held => 4,
            Self::Cancelled => 5,
        }
    }

    /// The state of a number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// Whether it has still to be sent.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Fresh | Self::Retry | Self::Held)
    }
}

impl db::FromColumn for State {
    fn from_column(row: &db::Row<'_>, index: usize) -> Result<Self, db::DbError> {
        let number = row.get::<i64>(index)?;
        Self::from_number(number).ok_or_else(|| db::DbError::Internal(format!("column {index} is no state")))
    }
}

impl From<State> for db::Value<'_> {
    fn from(state: State) -> Self {
        db::Value::Int(state.number())
    }
}

choices! {
    /// How far a delivery is, as the API tells it.
    DeliveryStatus {
        Pending = "pending",
        Delivered = "delivered",
        Failed = "failed",
        Held = "held",
        Cancelled = "cancelled",
    }
}

impl From<State> for DeliveryStatus {
    fn from(state: State) -> Self {
        match state {
            State::Fresh | State::Retry => Self::Pending,
            State::Delivered => Self::Delivered,
            State::Dead => Self::Failed,
            State::Held => Self::Held,
            State::Cancelled => Self::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_from_its_number() {
        for state in State::ALL {
            assert_eq!(State::from_number(state.number()), Some(state));
        }
        assert_eq!(State::from_number(6), None);
    }
}
