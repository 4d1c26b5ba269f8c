//! A delivery as it is when the result of an attempt comes, and what becomes of it.

use db::{Row, Tx, params};

use super::{After, Outcome};
use crate::{
    Error,
    webhooks::{Attempt, State, attempts},
};

/// A delivery as it is when its result comes.
pub(super) struct Held {
    pub state: State,
    due_at: i64,
    attempt_count: i64,
    manual_from: Option<State>,
    resume_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub attempts: Option<Vec<u8>>,
    is_test: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    pub state: State,
    pub due_at: i64,
    pub attempt_count: i64,
    /// That it is to be sent by hand.
    pub wish: Option<Wish>,
}

/// What a delivery that is to be sent by hand goes back to if that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    pub back_to: State,
    pub resume_at: Option<i64>,
}

macro_rules! find_sql {
    ($lock:literal) => {
        concat!(
            "SELECT state, due_at, attempt_count, manual_from, resume_at, finished_at, attempts,
                 CASE WHEN test_event IS NULL THEN 0 ELSE 1 END
             FROM deliveries WHERE agent_id = $1 AND webhook_id = $2 AND event_id = $3",
            $lock
        )
    };
}

impl Held {
    /// The delivery, locked: who erases a person or asks for a redelivery holds the agent's turn, not the webhook, and is waited for here.
    /// Then what they made of it is read, and they find what the result makes of it.
    pub fn find(tx: &mut Tx<'_>, outcome: &Outcome) -> Result<Option<Self>, Error> {
        let from_row = |row: &Row<'_>| {
            Ok(Self {
                state: row.get(0)?,
                due_at: row.get(1)?,
                attempt_count: row.get(2)?,
                manual_from: row.get::<Option<i64>>(3)?.and_then(State::from_number),
                resume_at: row.get(4)?,
                finished_at: row.get(5)?,
                attempts: row.get(6)?,
                is_test: row.get::<i64>(7)? == 1,
            })
        };
        let sql = match tx.lock_clause() {
            "" => find_sql!(""),
            _ => find_sql!(" FOR NO KEY UPDATE"),
        };
        Ok(tx.query_opt(sql, params![&outcome.agent, &outcome.webhook, &outcome.event], from_row)?)
    }

    /// Whether this attempt is in its log: no two of one kind begin in the same millisecond.
    pub fn has_logged(&self, attempt: &Attempt) -> bool {
        let logged = self.attempts.as_deref().map(attempts::decode).unwrap_or_default();
        logged.iter().any(|logged| logged.at == attempt.at && logged.is_manual == attempt.is_manual)
    }

    /// Whether the person whom its event is about was erased meanwhile.
    pub fn is_erased(&self, tx: &mut Tx<'_>, outcome: &Outcome) -> Result<bool, Error> {
        // Erasing cancels what is open, and only what was open is sent.
        if self.state != State::Cancelled || self.is_test {
            return Ok(false);
        }
        let sql = "SELECT 1 FROM events WHERE agent_id = $1 AND id = $2 AND data IS NOT NULL";
        Ok(tx.query_opt(sql, params![&outcome.agent, &outcome.event], |_| Ok(()))?.is_none())
    }

    pub fn next(&self, outcome: &Outcome, is_erased: bool, is_enabled: bool) -> Next {
        let is_manual = outcome.attempt.is_manual;
        let attempt_count = self.attempt_count + i64::from(!is_manual);
        let stay = Next { state: self.state, due_at: self.due_at, attempt_count, wish: None };
        let (state, due_at) = match (self.state, outcome.after) {
            // Nothing brings back what was erased.
            (State::Cancelled, _) if is_erased => return stay,
            (_, After::Delivered) => (State::Delivered, self.due_at),
            (State::Fresh | State::Retry, after) => match (is_manual, after) {
                (true, _) => (self.manual_from.unwrap_or(self.state), self.resume_at.unwrap_or(self.due_at)),
                (false, After::Retry { due_at }) => (State::Retry, due_at.0),
                (false, After::Held) => (State::Held, self.due_at),
                (false, _) => (State::Dead, self.due_at),
            },
            // Held, skipped or finished meanwhile.
            _ => return stay,
        };
        let is_to_hold = !is_enabled && matches!(state, State::Fresh | State::Retry);
        let state = if is_to_hold { State::Held } else { state };
        // Somebody asked for it by hand while this attempt of the schedule was under way. That one has begun before the wish, so the
        // wish stands, and what the schedule says waits behind it. An attempt by hand is what was asked for, whenever that was.
        let is_wished = self.manual_from.is_some() && !is_manual && state != State::Delivered;
        if is_wished {
            let wish = Wish { back_to: state, resume_at: (state == State::Retry).then_some(due_at) };
            return Next { state: State::Retry, due_at: self.due_at, attempt_count, wish: Some(wish) };
        }
        Next { state, due_at, attempt_count, wish: None }
    }
}
