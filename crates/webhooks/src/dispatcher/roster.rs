//! The lanes that are open on this node, when each wants to be woken, and what they ask for.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use crm::{AgentId, clock::UnixMillis};

use super::Opened;
use crate::{
    budget::{Budget, SLOTS},
    lane::{Command, Input, Lane, LaneId},
};

/// A lane without anything to do is closed after so long.
const IDLE: Duration = Duration::from_secs(60);

pub(super) struct Roster {
    lanes: HashMap<LaneId, Entry>,
    budget: Budget<LaneId>,
    wakes: BTreeSet<(Duration, LaneId)>,
    commands: Vec<(LaneId, Command)>,
}

enum Entry {
    /// Being opened. It then looks for all there is, so what is told meanwhile is not lost, but whether the webhook was enabled
    /// or disabled meanwhile has to be looked at again.
    Expected {
        is_changed: bool,
    },
    Open(Box<Open>),
}

struct Open {
    lane: Lane,
    epoch: i64,
    /// When its webhook was last changed, as far as is known.
    changed_at: UnixMillis,
    wake_at: Option<Duration>,
    used_at: Duration,
    is_lost: bool,
}

impl Default for Roster {
    fn default() -> Self {
        Self { lanes: HashMap::new(), budget: Budget::new(SLOTS), wakes: BTreeSet::new(), commands: Vec::new() }
    }
}

impl Roster {
    /// Whether the lane is open.
    pub fn has(&self, id: LaneId) -> bool {
        matches!(self.lanes.get(&id), Some(Entry::Open(_)))
    }

    /// Whether the lane is open and waits for its webhook to be enabled.
    pub fn is_off(&self, id: LaneId) -> bool {
        matches!(self.lanes.get(&id), Some(Entry::Open(open)) if !open.lane.is_on())
    }

    /// Notes that a lane is to be opened. Whether that is new.
    pub fn expect(&mut self, id: LaneId) -> bool {
        let is_new = !self.lanes.contains_key(&id);
        if is_new {
            self.lanes.insert(id, Entry::Expected { is_changed: false });
        }
        is_new
    }

    /// Notes that a webhook was changed whose lane is being opened.
    pub fn note_change(&mut self, id: LaneId) {
        if let Some(Entry::Expected { is_changed }) = self.lanes.get_mut(&id) {
            *is_changed = true;
        }
    }

    /// Opens an expected lane. Whether its webhook was changed since it is expected.
    pub fn open(&mut self, id: LaneId, opened: &Opened, now: Duration) -> bool {
        let is_changed = matches!(self.lanes.get(&id), Some(Entry::Expected { is_changed: true }));
        let lane = Lane::new(id, opened.failures, opened.standing);
        let lease = opened.lease;
        let epoch = lease.map_or(0, |lease| lease.epoch);
        let changed_at = opened.settings.changed_at;
        let open = Open { lane, epoch, changed_at, wake_at: None, used_at: now, is_lost: false };
        self.lanes.insert(id, Entry::Open(Box::new(open)));
        if let Some(lease) = lease {
            self.tell(id, Input::Leased(lease.until), now);
        }
        if !opened.settings.is_enabled {
            self.tell(id, Input::Disabled, now);
        }
        self.tell(id, Input::Tick, now);
        is_changed
    }

    /// Whether the webhook of an open lane was changed since the last call.
    pub fn is_news(&mut self, id: LaneId, changed_at: UnixMillis) -> bool {
        match self.lanes.get_mut(&id) {
            Some(Entry::Open(open)) => std::mem::replace(&mut open.changed_at, changed_at) != changed_at,
            _ => false,
        }
    }

    /// A lane that cannot be opened here.
    pub fn forget(&mut self, id: LaneId) {
        self.lanes.remove(&id);
    }

    /// The epoch of an open lane.
    pub fn epoch(&self, id: LaneId) -> i64 {
        match self.lanes.get(&id) {
            Some(Entry::Open(open)) => open.epoch,
            _ => 0,
        }
    }

    /// Tells a lane what happened, and others that there is room for them.
    pub fn tell(&mut self, id: LaneId, input: Input, now: Duration) {
        self.apply(id, input, now);
        while let Some(next) = self.budget.call_next() {
            self.apply(next, Input::Tick, now);
        }
    }

    fn apply(&mut self, id: LaneId, input: Input, now: Duration) {
        let Some(Entry::Open(open)) = self.lanes.get_mut(&id) else { return };
        open.used_at = now;
        open.is_lost |= matches!(input, Input::Lost);
        let mut commands = Vec::new();
        open.lane.apply(input, now, &mut self.budget, &mut commands);
        for command in commands {
            match command {
                Command::Wake(at) => {
                    if let Some(before) = open.wake_at.replace(at) {
                        self.wakes.remove(&(before, id));
                    }
                    self.wakes.insert((at, id));
                }
                command => self.commands.push((id, command)),
            }
        }
    }

    /// Wakes the lanes whose time has come.
    pub fn wake(&mut self, now: Duration) {
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= now) {
            self.wakes.remove(&(at, id));
            if let Some(Entry::Open(open)) = self.lanes.get_mut(&id) {
                open.wake_at = None;
            }
            self.tell(id, Input::Tick, now);
        }
    }

    /// How long nothing is due, at most `most`.
    pub fn sleep(&self, now: Duration, most: Duration) -> Duration {
        self.wakes.first().map_or(most, |(at, _)| at.saturating_sub(now).min(most))
    }

    /// What the lanes have asked for since the last call.
    pub fn commands(&mut self) -> Vec<(LaneId, Command)> {
        std::mem::take(&mut self.commands)
    }

    /// Closes lanes that have had nothing to do for a while. One that waits for a retry stays. Which were closed.
    pub fn drop_idle(&mut self, now: Duration) -> Vec<LaneId> {
        let is_to_stay = |entry: &Entry| match entry {
            Entry::Expected { .. } => true,
            Entry::Open(open) => {
                let is_of_use = open.wake_at.is_some() || now.saturating_sub(open.used_at) < IDLE;
                !open.lane.is_idle() || (is_of_use && !open.is_lost)
            }
        };
        let closed = self.lanes.extract_if(|_, entry| !is_to_stay(entry));
        closed.map(|(id, _)| id).collect()
    }

    /// Notes until when the leases of open lanes hold, but for those that are lost.
    pub fn lease(&mut self, until: Duration, lost: &[LaneId], now: Duration) {
        for id in self.open_lanes() {
            let input = if lost.contains(&id) { Input::Lost } else { Input::Leased(until) };
            self.tell(id, input, now);
        }
    }

    /// The open lanes of an agent.
    pub fn lanes_of(&self, agent: AgentId) -> Vec<LaneId> {
        let of = self.lanes.iter().filter(|(id, entry)| id.0 == agent && matches!(entry, Entry::Open(_)));
        of.map(|(id, _)| *id).collect()
    }

    /// How many attempts are under way.
    pub fn in_flight(&self) -> u32 {
        self.budget.taken()
    }

    /// Starts nothing more; what is under way goes on.
    pub fn stop(&mut self, now: Duration) {
        for id in self.open_lanes() {
            self.tell(id, Input::Lost, now);
        }
        self.commands.clear();
    }

    /// The lanes that this node serves.
    pub fn open_lanes(&self) -> Vec<LaneId> {
        let open = self.lanes.iter().filter(|(_, entry)| matches!(entry, Entry::Open(open) if !open.is_lost));
        open.map(|(id, _)| *id).collect()
    }
}
