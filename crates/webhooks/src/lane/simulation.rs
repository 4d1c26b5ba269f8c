//! Seeded histories of one lane: a database, a receiver, an owner and crashes, each effect at a random moment.
//!
//! What must hold: everything arrives at least once or is shown dead; first attempts of a key start in order; never more
//! attempts at a time than there are slots; nothing is sent twice without a crash, nor early; what is held or cancelled is
//! not sent.

use std::sync::atomic::{AtomicU64, Ordering};

use crm::randomness::Randomness;

use super::*;
use crate::{
    budget,
    retries::{self, ATTEMPTS, Next},
};

const HISTORIES: u64 = 100_000;
const STEPS: usize = 60;
const ID: LaneId = (AgentId([1; 16]), WebhookId([2; 16]));

/// SplitMix64.
struct Dice(AtomicU64);

impl Dice {
    fn draw(&self) -> u64 {
        let mut bits = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&self, limit: usize) -> usize {
        (self.draw() % limit as u64) as usize
    }

    fn pick<T>(&self, from: &mut Vec<T>) -> Option<T> {
        if from.is_empty() { None } else { Some(from.swap_remove(self.below(from.len()))) }
    }
}

impl Randomness for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.draw() as u8);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Fresh,
    Retry,
    Delivered,
    Dead,
    Held,
    Cancelled,
}

/// A row of the table of deliveries. Its event is its place.
#[derive(Debug)]
struct Row {
    key: u8,
    status: Status,
    due_at: Duration,
    attempts: u32,
    /// By hand, before its first attempt of the schedule.
    is_tried: bool,
    /// Somebody asked for a redelivery.
    is_wished: bool,
    /// How often it has arrived, and how often it may.
    arrived: u32,
    allowed: u32,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    event: usize,
    is_manual: bool,
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    flight: Flight,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

struct World {
    dice: Dice,
    now: Duration,
    // What outlives a crash.
    rows: Vec<Row>,
    is_enabled: bool,
    health: u32,
    // What does not.
    lane: Lane,
    budget: Budget<LaneId>,
    flights: Vec<Flight>,
    outcomes: Vec<Outcome>,
    untold: Vec<Input>,
    asked: Vec<Command>,
    read: Vec<Input>,
    releases: u32,
    wake_at: Option<Duration>,
    // What the lane is held to.
    mood: u16,
    slots: usize,
    streak: u32,
    paused_until: Duration,
    /// Under way when the webhook was changed.
    outdated: Vec<usize>,
    started_at: Option<Duration>,
}

fn id(event: usize) -> EventId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(event as u64 + 1).to_be_bytes());
    EventId(bytes)
}

fn number(event: EventId) -> usize {
    usize::from(event.0[15]) + usize::from(event.0[14]) * 256 - 1
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            dice: Dice(AtomicU64::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))),
            now: Duration::from_secs(1000),
            rows: Vec::new(),
            is_enabled: true,
            health: 0,
            lane: Lane::new(ID, 0, Standing::Unproven),
            budget: Budget::new(budget::SLOTS),
            flights: Vec::new(),
            outcomes: Vec::new(),
            untold: Vec::new(),
            asked: Vec::new(),
            read: Vec::new(),
            releases: 0,
            wake_at: None,
            mood: 200,
            slots: 1,
            streak: 0,
            paused_until: Duration::ZERO,
            outdated: Vec::new(),
            started_at: None,
        }
    }

    fn tell(&mut self, input: Input) {
        let mut commands = Vec::new();
        self.lane.apply(input, self.now, &mut self.budget, &mut commands);
        for command in commands {
            match command {
                Command::Start(ticket) => self.start(ticket),
                Command::Load { .. } => self.asked.push(command),
                Command::Release => self.releases += 1,
                Command::Wake(at) => self.wake_at = Some(at),
            }
        }
    }

    /// What the shell does at a start: it reads the delivery, and sends it if it is still open.
    fn start(&mut self, ticket: Ticket) {
        let event = number(ticket.event);
        let is_manual = ticket.source == Source::Manual;
        let flying = self.flights.len();
        assert!(flying < self.slots, "{} attempts in {} slots", flying + 1, self.slots);
        assert!(is_manual || self.now >= self.paused_until, "started in a pause");
        if self.streak >= FAILING {
            assert_eq!(flying, 0, "a failing webhook has two attempts");
            assert!(self.started_at.is_none_or(|at| self.now >= at + PACE), "a failing webhook is hurried");
        }
        let is_twice = self.flights.iter().any(|flight| flight.event == event)
            || self.outcomes.iter().any(|outcome| outcome.flight.event == event);
        assert!(!is_twice, "event {event} starts while its attempt is open");
        self.started_at = Some(self.now);

        self.flights.push(Flight { event, is_manual });
        let row = &self.rows[event];
        let is_open = match ticket.source {
            Source::Fresh => row.status == Status::Fresh,
            Source::Retries => row.status == Status::Retry,
            Source::Manual => row.is_wished,
        };
        if !is_open {
            self.untold.push(Input::Answered(ticket.event, Answer::Withdrawn));
            return;
        }
        if ticket.source == Source::Retries {
            assert!(row.due_at <= self.now, "event {event} is retried early");
        }
        if ticket.source == Source::Fresh {
            let earlier = self.rows[..event].iter().filter(|earlier| earlier.key == row.key);
            assert!(earlier.clone().all(|earlier| earlier.status != Status::Fresh), "event {event} overtakes");
        }
    }

    fn answer(&mut self) {
        let is_withdrawn = |flight: &Flight, untold: &[Input]| {
            untold.iter().any(|input| matches!(input, Input::Answered(event, _) if *event == id(flight.event)))
        };
        let mut sent: Vec<_> =
            self.flights.iter().copied().filter(|flight| !is_withdrawn(flight, &self.untold)).collect();
        let Some(flight) = self.dice.pick(&mut sent) else { return };
        self.flights.retain(|other| other.event != flight.event);
        let status = if self.dice.below(10) == 0 { 500 } else { self.mood };
        let status = Some(status).filter(|status| *status != 0);
        let asked = Duration::from_secs(self.dice.below(100) as u64);
        let retry_after = Some(asked).filter(|_| status == Some(503));
        let pause = retries::pause(status, retry_after);
        let answer = match status {
            Some(200) => Answer::Success,
            Some(410) => Answer::Gone,
            _ => Answer::Failure(pause),
        };
        if answer == Answer::Success {
            let row = &mut self.rows[flight.event];
            row.arrived += 1;
            assert!(row.arrived <= row.allowed, "event {} arrives {} times", flight.event, row.arrived);
        }
        let is_outdated = self.outdated.contains(&flight.event);
        self.outdated.retain(|event| *event != flight.event);
        if !flight.is_manual {
            if !is_outdated {
                self.paused_until = self.paused_until.max(self.now + pause.unwrap_or_default());
            }
            let is_success = answer == Answer::Success;
            self.slots = if is_success { (self.slots + 1).min(MAX_SLOTS as usize) } else { 1 };
            self.streak = if is_success { 0 } else { self.streak + 1 };
        }
        self.outcomes.push(Outcome { flight, status, retry_after });
        self.tell(Input::Answered(id(flight.event), answer));
    }

    /// Commits a result; the lane hears of it later, or never.
    fn commit(&mut self) {
        let Some(outcome) = self.dice.pick(&mut self.outcomes) else { return };
        let Flight { event, is_manual } = outcome.flight;
        let row = &mut self.rows[event];
        let mut retry_in = None;
        if is_manual {
            row.is_wished = false;
            if outcome.status == Some(200) {
                row.status = Status::Delivered;
            } else if row.status == Status::Retry {
                self.untold.push(Input::Available(Source::Retries));
            }
        } else {
            row.attempts += 1;
            let next = retries::next(row.attempts, outcome.status, outcome.retry_after, &self.dice);
            self.health = if next == Next::Delivered { 0 } else { self.health + 1 };
            let is_open = matches!(row.status, Status::Fresh | Status::Retry | Status::Held);
            match next {
                Next::Delivered => {
                    row.status = Status::Delivered;
                    row.is_wished = false;
                }
                Next::Dead if is_open => row.status = Status::Dead,
                Next::Retry(delay) if is_open => {
                    row.status = if row.status == Status::Held { Status::Held } else { Status::Retry };
                    row.due_at = self.now + delay;
                    retry_in = Some(delay);
                }
                Next::Held => self.switch_off(),
                Next::Dead | Next::Retry(_) => {}
            }
        }
        self.untold.push(Input::Committed(id(event), retry_in));
    }

    fn switch_off(&mut self) {
        self.is_enabled = false;
        for row in &mut self.rows {
            if matches!(row.status, Status::Fresh | Status::Retry) {
                row.status = Status::Held;
            }
        }
        self.untold.push(Input::Disabled);
    }

    fn switch_on(&mut self) {
        self.is_enabled = true;
        for row in &mut self.rows {
            if row.status == Status::Held {
                row.status = if row.attempts == 0 && !row.is_tried { Status::Fresh } else { Status::Retry };
                row.due_at = self.now;
            }
        }
        self.untold.push(Input::Enabled);
    }

    /// The lane hears of something that happened. News of the webhook keep their order.
    fn hear(&mut self) {
        if self.untold.is_empty() {
            return;
        }
        let is_switch = |input: &Input| matches!(input, Input::Enabled | Input::Disabled);
        let mut place = self.dice.below(self.untold.len());
        if is_switch(&self.untold[place]) {
            place = self.untold.iter().position(is_switch).unwrap_or(place);
        }
        let input = self.untold.remove(place);
        if matches!(input, Input::Enabled) && !self.lane.is_on() {
            self.end_pause();
        }
        if let Input::Answered(event, _) = input {
            self.flights.retain(|flight| flight.event != number(event));
        }
        self.tell(input);
    }

    /// What was asked for by who is asked no longer counts.
    fn end_pause(&mut self) {
        self.paused_until = Duration::ZERO;
        self.outdated = self.flights.iter().map(|flight| flight.event).collect();
    }

    fn change(&mut self) {
        self.end_pause();
        self.tell(Input::Changed);
    }

    /// The database answers a read.
    fn look(&mut self) {
        let Some(Command::Load { source, after, limit }) = self.dice.pick(&mut self.asked) else { return };
        let mut found: Vec<usize> = (0..self.rows.len())
            .filter(|event| match (source, &self.rows[*event]) {
                (Source::Fresh, row) => row.status == Status::Fresh && after.is_none_or(|after| id(*event) > after),
                (Source::Retries, row) => row.status == Status::Retry && row.due_at <= self.now,
                (Source::Manual, row) => row.is_wished,
            })
            .collect();
        if source == Source::Retries {
            found.sort_by_key(|event| (self.rows[*event].due_at, *event));
        }
        found.truncate(limit);
        let waiting = self.rows.iter().filter(|row| row.status == Status::Retry && row.due_at > self.now);
        let next_in = waiting.map(|row| row.due_at - self.now).min().filter(|_| source == Source::Retries);
        let ticket = |event: &usize| Ticket { event: id(*event), key: [self.rows[*event].key; 16], source };
        let tickets: Vec<_> = found.iter().map(ticket).collect();
        let is_all = tickets.len() < limit;
        self.read.push(Input::Loaded { source, tickets, is_all, next_in });
    }

    fn release(&mut self) {
        if self.releases == 0 {
            return;
        }
        self.releases -= 1;
        for row in self.rows.iter_mut().filter(|row| row.status == Status::Retry) {
            row.due_at = row.due_at.min(self.now);
        }
        self.untold.push(Input::Available(Source::Retries));
    }

    fn happen(&mut self) {
        if self.rows.len() >= 40 {
            return;
        }
        for _ in 0..=self.dice.below(4) {
            let key = self.dice.below(3) as u8;
            let status = if self.is_enabled { Status::Fresh } else { Status::Held };
            let due_at = self.now;
            self.rows.push(Row {
                key,
                status,
                due_at,
                attempts: 0,
                is_tried: false,
                is_wished: false,
                arrived: 0,
                allowed: 1,
            });
        }
        self.untold.push(Input::Available(Source::Fresh));
    }

    fn cancel(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        let event = self.dice.below(self.rows.len());
        let row = &mut self.rows[event];
        if matches!(row.status, Status::Fresh | Status::Retry | Status::Held) {
            row.status = Status::Cancelled;
            row.is_wished = false;
        }
    }

    fn redeliver(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        let event = self.dice.below(self.rows.len());
        let row = &mut self.rows[event];
        if !row.is_wished && row.status != Status::Cancelled {
            row.is_wished = true;
            row.allowed += 1;
            if row.status == Status::Fresh {
                row.status = Status::Retry;
                row.is_tried = true;
            }
            self.untold.push(Input::Available(Source::Manual));
        }
    }

    fn crash(&mut self) {
        let lost = self.flights.iter().chain(self.outcomes.iter().map(|outcome| &outcome.flight));
        for flight in lost {
            self.rows[flight.event].allowed += 1;
        }
        self.flights.clear();
        self.outcomes.clear();
        self.untold.clear();
        self.outdated.clear();
        self.asked.clear();
        self.read.clear();
        self.releases = 0;
        self.wake_at = None;
        self.budget = Budget::new(budget::SLOTS);
        self.lane = Lane::new(ID, self.health, Standing::Unproven);
        (self.slots, self.streak, self.started_at, self.paused_until) = (1, self.health, None, Duration::ZERO);
        if !self.is_enabled {
            self.tell(Input::Disabled);
        }
        self.tell(Input::Tick);
    }

    fn pass(&mut self) {
        let is_long = self.dice.below(2) == 0;
        self.now = match self.wake_at {
            Some(at) if is_long && at > self.now => at,
            _ => self.now + Duration::from_millis(self.dice.below(1500) as u64),
        };
        if self.wake_at.is_some_and(|at| at <= self.now) {
            self.wake_at = None;
            self.tell(Input::Tick);
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..20 => self.answer(),
            20..38 => self.commit(),
            38..54 => self.hear(),
            54..62 => self.look(),
            62..70 => {
                if let Some(input) = self.dice.pick(&mut self.read) {
                    self.tell(input);
                }
            }
            70..80 => self.pass(),
            80..88 => self.happen(),
            88 => self.cancel(),
            89 => self.redeliver(),
            90 | 91 => self.release(),
            92 => self.crash(),
            93 if self.is_enabled => self.switch_off(),
            93 | 94 if !self.is_enabled => self.switch_on(),
            98 => self.change(),
            95..98 => self.mood = [200, 200, 500, 0, 503, 410][self.dice.below(6)],
            _ => self.tell(Input::Tick),
        }
    }

    /// The receiver recovers, the owner enables the webhook, and nobody crashes any more.
    fn settle(&mut self) {
        self.mood = 200;
        for source in [Source::Fresh, Source::Retries, Source::Manual] {
            self.untold.push(Input::Available(source));
        }
        for _ in 0..10_000 {
            self.answer();
            self.commit();
            self.hear();
            self.look();
            if let Some(input) = self.dice.pick(&mut self.read) {
                self.tell(input);
            }
            self.release();
            let is_busy = !self.flights.is_empty()
                || !self.outcomes.is_empty()
                || !self.untold.is_empty()
                || !self.asked.is_empty()
                || !self.read.is_empty();
            if is_busy {
                continue;
            }
            // A 410 from before was committed after all.
            if !self.is_enabled {
                self.switch_on();
                continue;
            }
            match self.wake_at.take() {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.tell(Input::Tick);
                }
                None => return,
            }
        }
        panic!("it does not come to rest");
    }

    fn check(&self) {
        assert_eq!(self.budget.taken(), 0, "slots that nobody gave back");
        assert!(self.lane.is_idle(), "the lane is not idle");
        for (event, row) in self.rows.iter().enumerate() {
            let is_settled = match row.status {
                Status::Delivered => row.arrived > 0,
                Status::Dead => row.attempts >= ATTEMPTS,
                Status::Cancelled => true,
                Status::Fresh | Status::Retry | Status::Held => false,
            };
            assert!(is_settled && !row.is_wished, "event {event} is left: {row:?}");
        }
    }
}

#[test]
fn whatever_happens_everything_arrives_in_order_or_is_shown_dead() {
    for seed in 0..HISTORIES {
        let told = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            world.tell(Input::Tick);
            for _ in 0..STEPS {
                world.step();
            }
            world.settle();
            world.check();
        });
        if let Err(cause) = told {
            println!("the history of seed {seed}");
            std::panic::resume_unwind(cause);
        }
    }
}
