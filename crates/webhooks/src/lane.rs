//! The deliveries of one webhook on their way: which attempt starts when, as a pure state machine.
//!
//! A shell drives it: it tells what happened ([`Input`]) and does what comes out ([`Command`]). The database holds the backlog,
//! the lane a window of it. Nothing is written before an attempt, so after a crash a new lane begins with what is open in
//! the database, and what was on its way is sent again.
//!
//! - **Order**: the first attempt of an event waits until the first attempt of the one before it with the same key has ended,
//!   whatever came out, and is committed. To wait for success would let one bad event hold up a client for three days.
//! - **Slots**: from 1 to 16 attempts at a time. Each 2xx adds one; a failure, or a minute without traffic, leaves one.
//! - **Failing**: after three failures in a row one attempt at a time and at most one a second. New events come first and serve
//!   as probes. The first 2xx ends it, and what waits for its retry becomes due at once.
//! - **Pauses**: a receiver that is overloaded and says until when gets nothing by then, but for what is asked for by hand: that is one
//!   attempt, and somebody waits for it. Whoever changes or enables the webhook ends the pause, for it may go elsewhere now.
//! - **Turns**: of four starts one belongs to retries and one to manual redeliveries, so neither starves the other.
//!
//! Times are those of [`Clock::monotonic`](crm::clock::Clock::monotonic): a jump of the wall clock stops no lane.

mod window;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crm::{
    AgentId,
    ids::{EventId, WebhookId},
};

use self::window::{State, Window};
use crate::budget::{Budget, Standing};

/// How many attempts of a webhook run at a time at most.
pub const MAX_SLOTS: u32 = 16;
/// After so many failures in a row a webhook is failing.
pub const FAILING: u32 = 3;
/// How long a failing webhook rests between two attempts.
const PACE: Duration = Duration::from_secs(1);
/// After so long without traffic nothing is known about what a receiver bears.
const QUIET: Duration = Duration::from_secs(60);
/// What must be left of a lease to start an attempt: as long as one takes, and then its commit.
const LEASE_LEFT: Duration = Duration::from_secs(20);

/// Names a lane.
pub type LaneId = (AgentId, WebhookId);

/// Why a delivery is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It was never tried.
    Fresh,
    /// It failed, and its pause is over.
    Retries,
    /// Somebody asked for it: a redelivery or a test, one attempt outside the schedule, which says nothing about the health.
    Manual,
}

/// A delivery as the lane knows it. Its body is read when it starts, so what was erased or cancelled until then is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The event, or the id of a test.
    pub event: EventId,
    /// Whose first attempts go in order.
    pub key: [u8; 16],
    /// Why it is due.
    pub source: Source,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Success,
    /// Anything else, and how long the receiver wants no traffic at all.
    Failure(Option<Duration>),
    /// 410: nobody will be there again.
    Gone,
    /// Nothing was sent, for the delivery is no longer open, and nothing has to be committed. Something happened behind the
    /// lane's back, so it looks at everything anew: what is held now may be open again before what comes after it.
    Withdrawn,
}

/// What a lane is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// Time went by, or a slot of the budget became free.
    Tick,
    /// There may be more of this kind in the database.
    Available(Source),
    /// The answer to a [`Command::Load`].
    Loaded {
        /// As in the command.
        source: Source,
        /// What was found, in order.
        tickets: Vec<Ticket>,
        /// Whether it was less than the command's limit.
        is_all: bool,
        /// With [`Source::Retries`]: after how long the next one becomes due that is not due yet.
        next_in: Option<Duration>,
    },
    /// An attempt ended.
    Answered(EventId, Answer),
    /// Its result is stored; for a failure, after how long the delivery is due again.
    Committed(EventId, Option<Duration>),
    /// The webhook is enabled, and may have been changed: everything is looked at anew.
    Enabled,
    /// Its owner has changed it: what its receiver asked for before no longer counts.
    Changed,
    /// The webhook was disabled. Manual attempts go on.
    Disabled,
    /// The lease lasts until then.
    Leased(Duration),
    /// Another node has the webhook, or it was deleted.
    Lost,
}

/// What a lane wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send this, and answer with [`Input::Answered`].
    Start(Ticket),
    /// Read deliveries and answer with [`Input::Loaded`]: fresh ones by event and after one, retries that are due by that time.
    Load {
        /// Which ones.
        source: Source,
        /// Fresh ones: those after this event.
        after: Option<EventId>,
        /// How many at most.
        limit: usize,
    },
    /// Make all waiting retries due now, then tell [`Input::Available`].
    Release,
    /// Tell [`Input::Tick`] at this time. Replaces an earlier wish.
    Wake(Duration),
}

/// One webhook's lane.
#[derive(Debug)]
pub struct Lane {
    id: LaneId,
    window: Window,
    slots: u32,
    /// Failures in a row.
    streak: u32,
    standing: Standing,
    mode: Mode,
    lease_until: Option<Duration>,
    paused_until: Duration,
    /// Attempts that were under way when the webhook was changed. How long their receiver wants to rest says nothing about the one of now.
    outdated: Vec<EventId>,
    started_at: Option<Duration>,
    traffic_at: Duration,
    wake_at: Option<Duration>,
    turn: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    On,
    Off,
    /// Only waits for the attempts that are under way.
    Lost,
}

impl Lane {
    /// A lane of a webhook that is enabled, whose last attempt said so much and which has failed so many times in a row. It begins with
    /// an [`Input::Tick`].
    #[must_use]
    pub fn new(id: LaneId, streak: u32, standing: Standing) -> Self {
        Self {
            id,
            window: Window::default(),
            slots: 1,
            streak,
            standing,
            mode: Mode::On,
            lease_until: None,
            paused_until: Duration::ZERO,
            outdated: Vec::new(),
            started_at: None,
            traffic_at: Duration::ZERO,
            wake_at: None,
            turn: 0,
        }
    }

    /// Takes in what happened and adds what is to be done to `commands`.
    pub fn apply(&mut self, input: Input, now: Duration, budget: &mut Budget<LaneId>, commands: &mut Vec<Command>) {
        match input {
            Input::Tick => {}
            Input::Available(source) => self.window.expect(source),
            Input::Loaded { source, tickets, is_all, next_in } => {
                let next_at = next_in.map(|pause| now + pause);
                self.window.fill(source, tickets, is_all, next_at);
            }
            Input::Answered(event, answer) => self.answered(event, answer, now, budget, commands),
            Input::Committed(event, retry_in) => self.window.settle(event, retry_in.map(|pause| now + pause)),
            Input::Changed => self.end_pause(),
            Input::Enabled if self.mode != Mode::Lost => {
                if self.mode == Mode::Off {
                    self.end_pause();
                }
                self.mode = Mode::On;
                self.window.restart();
            }
            Input::Disabled if self.mode != Mode::Lost => self.disable(),
            Input::Enabled | Input::Disabled => {}
            Input::Leased(until) => self.lease_until = Some(until),
            Input::Lost => {
                self.mode = Mode::Lost;
                self.window.clear();
            }
        }
        if self.mode == Mode::Lost {
            self.window.forget_answered();
            return;
        }
        self.window.note_due_retries(now);
        self.start(now, budget, commands);
        self.window.load(self.mode == Mode::On, commands);
        self.wake(now, commands);
    }

    /// Whether its webhook is enabled, as far as the lane was told.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.mode == Mode::On
    }

    /// Whether three or more attempts in a row have failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.streak >= FAILING
    }

    /// How many attempts may run at a time.
    #[must_use]
    pub fn slots(&self) -> u32 {
        if self.is_failing() { 1 } else { self.slots }
    }

    /// How many attempts are under way.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.window.in_flight()
    }

    /// Whether the lane holds nothing and expects nothing before its wake.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.window.is_idle(self.mode == Mode::On)
    }

    fn answered(
        &mut self,
        event: EventId,
        answer: Answer,
        now: Duration,
        budget: &mut Budget<LaneId>,
        commands: &mut Vec<Command>,
    ) {
        let Some((ticket, standing)) = self.window.land(event) else { return };
        budget.give_back(standing);
        self.traffic_at = now;
        let is_outdated = self.outdated.contains(&event);
        self.outdated.retain(|outdated| *outdated != event);
        match answer {
            Answer::Withdrawn => {
                self.window.settle(event, None);
                self.window.restart();
            }
            Answer::Gone if ticket.source != Source::Manual => self.disable(),
            Answer::Failure(Some(pause)) if ticket.source != Source::Manual && !is_outdated => {
                self.paused_until = self.paused_until.max(now + pause);
            }
            Answer::Success | Answer::Failure(_) | Answer::Gone => {}
        }
        if ticket.source == Source::Manual || answer == Answer::Withdrawn {
            return;
        }
        if answer == Answer::Success {
            if self.is_failing() && self.mode == Mode::On {
                commands.push(Command::Release);
            }
            self.streak = 0;
            self.slots = (self.slots + 1).min(MAX_SLOTS);
            self.standing = Standing::Proven;
        } else {
            self.streak = self.streak.saturating_add(1);
            self.slots = 1;
            self.standing = Standing::Unproven;
        }
    }

    fn disable(&mut self) {
        if self.mode == Mode::On {
            self.mode = Mode::Off;
            self.window.hold();
        }
    }

    fn end_pause(&mut self) {
        self.paused_until = Duration::ZERO;
        self.outdated = self.window.flying();
    }

    fn start(&mut self, now: Duration, budget: &mut Budget<LaneId>, commands: &mut Vec<Command>) {
        if self.window.in_flight() == 0 && now.saturating_sub(self.traffic_at) >= QUIET {
            self.slots = 1;
        }
        while self.may_start_at(now) <= now && self.window.in_flight() < self.slots() {
            let place = match now < self.paused_until {
                true => self.window.pick_manual(),
                false => self.window.pick(self.turn, self.is_failing()),
            };
            let Some(place) = place else { return };
            if !budget.take(self.id, self.standing) {
                return;
            }
            commands.push(Command::Start(self.window.launch(place, self.standing)));
            self.turn = self.turn.wrapping_add(1);
            self.started_at = Some(now);
            self.traffic_at = now;
        }
    }

    /// The earliest time at which an attempt by hand may start, as far as it depends on time; `Duration::MAX` without a lease. Others wait
    /// for the end of a pause too.
    fn may_start_at(&self, now: Duration) -> Duration {
        if self.lease_until.is_some_and(|until| until < now + LEASE_LEFT) {
            return Duration::MAX;
        }
        match self.started_at {
            Some(started_at) if self.is_failing() => started_at + PACE,
            _ => Duration::ZERO,
        }
    }

    fn wake(&mut self, now: Duration, commands: &mut Vec<Command>) {
        let pause_end = if self.window.pick_manual().is_some() { Duration::ZERO } else { self.paused_until };
        let start_at = Some(self.may_start_at(now).max(pause_end)).filter(|at| {
            let is_possible = *at > now && *at < Duration::MAX;
            is_possible && self.window.in_flight() < self.slots() && self.window.holds(State::Waiting)
        });
        let retry_at = self.window.retry_at().filter(|_| self.mode == Mode::On);
        let wake_at = start_at.into_iter().chain(retry_at).min();
        if wake_at != self.wake_at {
            self.wake_at = wake_at;
            commands.extend(wake_at.map(Command::Wake));
        }
    }
}
