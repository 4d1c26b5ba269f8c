//! The part of a webhook's backlog that is in memory, and what is known about the rest.

use std::time::Duration;

use crm::ids::EventId;

use super::{Command, Source, Ticket};
use crate::budget::Standing;

/// How many deliveries fit in at most, by source: neither the fresh ones nor the retries can take all of it.
const EACH: usize = 20;
const BOTH: usize = 28;
const MANUAL: usize = 4;
/// With so many results that are not committed yet, no more is read. They do not take the place of fresh deliveries, so that one commit
/// can hold many; a crash sends them again.
const UNCOMMITTED: usize = 128;

/// Who comes first at which turn; who is next when that one has nothing to start follows from [`REST`].
const TURNS: [Source; 4] = [Source::Fresh, Source::Retries, Source::Fresh, Source::Manual];
const FAILING_TURNS: [Source; 4] = [Source::Fresh, Source::Fresh, Source::Fresh, Source::Manual];
const REST: [Source; 3] = [Source::Fresh, Source::Retries, Source::Manual];

/// Where a delivery of the window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// For its turn.
    Waiting,
    /// On its way, in a slot of this standing.
    Flying(Standing),
    /// Its result is not committed yet.
    Answered,
}

#[derive(Debug)]
struct Entry {
    ticket: Ticket,
    state: State,
    /// The sources that it was found in while it was here already.
    again: [bool; 3],
}

/// What is known about the deliveries of one source that are not in the window.
#[derive(Debug)]
struct Shelf {
    may_have_more: bool,
    load: Option<Load>,
}

/// A read that is under way. What it finds may be from before what happens meanwhile.
#[derive(Debug, Default)]
struct Load {
    /// How many of its source are in the window when it is done, at most.
    reserved: usize,
    is_stale: bool,
    is_rung: bool,
    settled: Vec<EventId>,
}

#[derive(Debug)]
pub(super) struct Window {
    entries: Vec<Entry>,
    shelves: [Shelf; 3],
    /// Fresh deliveries up to this event have been read.
    cursor: Option<EventId>,
    /// When the next retry becomes due that is not in the window.
    retry_at: Option<Duration>,
}

impl Default for Window {
    fn default() -> Self {
        let shelf = || Shelf { may_have_more: true, load: None };
        Self { entries: Vec::new(), shelves: [shelf(), shelf(), shelf()], cursor: None, retry_at: None }
    }
}

impl Window {
    /// There may be more of `source` in the database.
    pub(super) fn expect(&mut self, source: Source) {
        let shelf = &mut self.shelves[source as usize];
        shelf.may_have_more = true;
        if let Some(load) = &mut shelf.load {
            load.is_rung = true;
        }
    }

    /// Takes in what a read has found.
    pub(super) fn fill(&mut self, source: Source, tickets: Vec<Ticket>, is_all: bool, next_at: Option<Duration>) {
        let Some(load) = self.shelves[source as usize].load.take() else { return };
        let is_outdated = source == Source::Fresh && tickets.iter().any(|ticket| load.settled.contains(&ticket.event));
        if load.is_stale || is_outdated {
            self.expect(source);
            return;
        }
        let mut may_have_more = !is_all || load.is_rung;
        for ticket in tickets {
            if source == Source::Fresh {
                self.cursor = self.cursor.max(Some(ticket.event));
            } else if load.settled.contains(&ticket.event) || self.room(source) == 0 {
                may_have_more = true;
                continue;
            }
            match self.entries.iter_mut().find(|entry| entry.ticket.event == ticket.event) {
                // The result of one by hand may be stored already, and this the next wish.
                Some(entry) if entry.ticket.source == source => {
                    entry.again[source as usize] |= source == Source::Manual && entry.state == State::Answered;
                }
                // Somebody asked for it: it need not wait as the others of its kind do.
                Some(entry) if source == Source::Manual && entry.state == State::Waiting => {
                    entry.again[entry.ticket.source as usize] = true;
                    entry.ticket.source = source;
                }
                Some(entry) => entry.again[source as usize] = true,
                None => {
                    let ticket = Ticket { source, ..ticket };
                    self.entries.push(Entry { ticket, state: State::Waiting, again: [false; 3] });
                }
            }
        }
        self.shelves[source as usize].may_have_more = may_have_more;
        if source == Source::Retries {
            self.retry_at = earlier(self.retry_at, next_at);
        }
    }

    /// Removes a delivery whose result is committed, or that is no longer open.
    pub(super) fn settle(&mut self, event: EventId, retry_at: Option<Duration>) {
        if let Some(place) = self.entries.iter().position(|entry| entry.ticket.event == event) {
            let entry = self.entries.remove(place);
            for source in REST.into_iter().filter(|source| entry.again[*source as usize]) {
                self.expect(source);
            }
            if entry.again[Source::Fresh as usize] {
                // The cursor is past it.
                self.restart();
            }
        }
        for load in self.shelves.iter_mut().filter_map(|shelf| shelf.load.as_mut()) {
            load.settled.push(event);
        }
        self.retry_at = earlier(self.retry_at, retry_at);
    }

    /// Looks at everything anew, except what is under way.
    pub(super) fn restart(&mut self) {
        self.hold();
        self.cursor = None;
        self.retry_at = None;
    }

    /// Drops what waits, except what somebody asked for, and what is being read.
    pub(super) fn hold(&mut self) {
        self.entries.retain(|entry| entry.state != State::Waiting || entry.ticket.source == Source::Manual);
        for shelf in &mut self.shelves {
            shelf.may_have_more = true;
            if let Some(load) = &mut shelf.load {
                load.is_stale = true;
            }
        }
    }

    /// Drops all that is not under way.
    pub(super) fn clear(&mut self) {
        self.entries.retain(|entry| matches!(entry.state, State::Flying(_)));
        for shelf in &mut self.shelves {
            *shelf = Shelf { may_have_more: false, load: None };
        }
    }

    /// Drops what waits for its commit.
    pub(super) fn forget_answered(&mut self) {
        self.entries.retain(|entry| entry.state != State::Answered);
    }

    /// The place of the delivery that starts next, if any can.
    pub(super) fn pick(&self, turn: usize, is_failing: bool) -> Option<usize> {
        let turns = if is_failing { &FAILING_TURNS } else { &TURNS };
        let first = turns[turn % turns.len()];
        std::iter::once(first).chain(REST).find_map(|source| match source {
            Source::Fresh => self.pick_fresh(),
            _ => self.pick_of(source),
        })
    }

    /// The place of the next delivery that somebody asked for.
    pub(super) fn pick_manual(&self) -> Option<usize> {
        self.pick_of(Source::Manual)
    }

    fn pick_of(&self, source: Source) -> Option<usize> {
        self.entries.iter().position(|entry| entry.ticket.source == source && entry.state == State::Waiting)
    }

    /// The first fresh one before which no first attempt of its key is open.
    fn pick_fresh(&self) -> Option<usize> {
        let is_fresh = |entry: &&Entry| entry.ticket.source == Source::Fresh;
        let is_untried = |entry: &&Entry| is_fresh(entry) || entry.again[Source::Fresh as usize];
        let is_before = |other: &Entry, entry: &Entry| {
            other.ticket.key == entry.ticket.key
                && (other.state != State::Waiting || other.ticket.event < entry.ticket.event)
        };
        self.entries.iter().position(|entry| {
            let is_first = || !self.entries.iter().filter(is_untried).any(|other| is_before(other, entry));
            is_fresh(&entry) && entry.state == State::Waiting && is_first()
        })
    }

    /// Sends off what [`Window::pick`] found.
    pub(super) fn launch(&mut self, place: usize, standing: Standing) -> Ticket {
        let entry = &mut self.entries[place];
        entry.state = State::Flying(standing);
        entry.ticket
    }

    /// The attempt that has ended, and the standing of its slot.
    pub(super) fn land(&mut self, event: EventId) -> Option<(Ticket, Standing)> {
        let entry = self.entries.iter_mut().find(|entry| entry.ticket.event == event)?;
        let State::Flying(standing) = entry.state else { return None };
        entry.state = State::Answered;
        Some((entry.ticket, standing))
    }

    /// Asks for more where the window is half empty.
    pub(super) fn load(&mut self, is_on: bool, commands: &mut Vec<Command>) {
        if self.entries.iter().filter(|entry| entry.state == State::Answered).count() >= UNCOMMITTED {
            return;
        }
        for source in REST {
            let (room, capacity) = (self.room(source), self.capacity(source));
            let after = self.cursor.filter(|_| source == Source::Fresh);
            let shelf = &mut self.shelves[source as usize];
            let is_wanted = shelf.may_have_more && (is_on || source == Source::Manual);
            if !is_wanted || shelf.load.is_some() || room * 2 < capacity || room == 0 {
                continue;
            }
            // Retries that are in the window are found again, so there must be room for others behind them.
            let limit = if source == Source::Fresh { room } else { capacity };
            shelf.may_have_more = false;
            shelf.load = Some(Load { reserved: capacity, ..Load::default() });
            if source == Source::Retries {
                self.retry_at = None;
            }
            commands.push(Command::Load { source, after, limit });
        }
    }

    /// When a retry has become due since it was last read which are.
    pub(super) fn note_due_retries(&mut self, now: Duration) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.expect(Source::Retries);
        }
    }

    pub(super) fn retry_at(&self) -> Option<Duration> {
        self.retry_at
    }

    pub(super) fn in_flight(&self) -> u32 {
        let flying = self.entries.iter().filter(|entry| matches!(entry.state, State::Flying(_))).count();
        u32::try_from(flying).unwrap_or(u32::MAX)
    }

    /// What is on its way.
    pub(super) fn flying(&self) -> Vec<EventId> {
        let flying = self.entries.iter().filter(|entry| matches!(entry.state, State::Flying(_)));
        flying.map(|entry| entry.ticket.event).collect()
    }

    pub(super) fn holds(&self, state: State) -> bool {
        self.entries.iter().any(|entry| entry.state == state)
    }

    pub(super) fn is_idle(&self, is_on: bool) -> bool {
        let is_wanted = |source: Source| is_on || source == Source::Manual;
        let expects = REST.into_iter().any(|source| {
            let shelf = &self.shelves[source as usize];
            shelf.load.is_some() || (shelf.may_have_more && is_wanted(source))
        });
        self.entries.is_empty() && !expects
    }

    /// How many of the window's places are taken. Those of the others are found again until they are committed.
    fn count(&self, source: Source) -> usize {
        let takes = |entry: &&Entry| source != Source::Fresh || entry.state != State::Answered;
        self.entries.iter().filter(|entry| entry.ticket.source == source).filter(takes).count()
    }

    fn capacity(&self, source: Source) -> usize {
        // What is being read has its place already.
        let taken_by = |source: Source| {
            let load = self.shelves[source as usize].load.as_ref();
            self.count(source).max(load.map_or(0, |load| load.reserved)).min(EACH)
        };
        match source {
            Source::Fresh => EACH.min(BOTH - taken_by(Source::Retries)),
            Source::Retries => EACH.min(BOTH - taken_by(Source::Fresh)),
            Source::Manual => MANUAL,
        }
    }

    fn room(&self, source: Source) -> usize {
        self.capacity(source).saturating_sub(self.count(source))
    }
}

fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
