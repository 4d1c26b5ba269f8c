//! The one task that looks for all pages.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::broadcast::{Receiver, error::RecvError, error::TryRecvError},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    Live, Telling,
    glances::Glance,
    streams::{Found, Wanted},
};
use crate::{AgentId, Crm, Error, ids::WebhookId};

/// What is told within so long is looked at together.
const JOIN: Duration = Duration::from_millis(40);
/// How often it is looked for what nobody told of: another process's changes, a lost notice, a session that ran out.
const LOOK: Duration = Duration::from_secs(1);
/// Agents that are looked at in one read; and, where a notice may be lost, those that are looked at in turn with each look.
const TOGETHER: usize = 64;

/// Tells the pages of `live` what changes, until `stopped`; then every page ends, and none is taken any more.
pub async fn watch(crm: Crm, live: Arc<Live>, stopped: impl Future<Output = ()>) {
    let is_exchanging = crm.tellings.exchange(&crm).unwrap_or_else(|error| {
        tracing::error!(%error, "changes of other nodes are looked for once a second only");
        false
    });
    let mut watcher = Watcher::default();
    tokio::select! {
        () = stopped => {}
        () = watcher.run(&crm, &live) => {}
    }
    live.close();
    if is_exchanging {
        crm.tellings.end_exchange();
    }
}

/// What is known of the agents that have a page open.
#[derive(Default)]
struct Watcher {
    agents: HashMap<AgentId, Glance>,
    due: Due,
    /// [`db::Version::foreign`] of the last look.
    foreign: Option<u64>,
    /// The agent that was looked at last in turn.
    last_in_turn: Option<AgentId>,
}

/// Who is to be looked at, and what is known to have changed.
#[derive(Default)]
struct Due {
    agents: HashMap<AgentId, BTreeSet<&'static str>>,
    is_everybody: bool,
}

impl Watcher {
    async fn run(&mut self, crm: &Crm, live: &Live) {
        loop {
            live.arrived().await;
            // Before the first look: what is committed from now on is told.
            let mut tellings = crm.tellings.listen();
            let mut look = interval(LOOK);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while live.count() > 0 {
                self.look(crm, live).await;
                tokio::select! {
                    told = tellings.recv() => match told {
                        Ok(telling) => self.due.add(telling, live),
                        Err(RecvError::Lagged(_) | RecvError::Closed) => self.due.is_everybody = true,
                    },
                    () = live.arrived() => {}
                    _ = look.tick() => self.look_around(crm, live),
                }
                sleep(JOIN).await;
                self.due.drain(&mut tellings, live);
            }
            *self = Self::default();
        }
    }

    /// Notes who is to be looked at although nobody told.
    fn look_around(&mut self, crm: &Crm, live: &Live) {
        let now = crm.clock.now();
        let ended = self.agents.iter().filter(|(_, glance)| glance.first_end().is_some_and(|end| end <= now));
        for (agent, _) in ended {
            self.due.agents.entry(*agent).or_default();
        }
        if crm.shares_its_database() {
            let mut agents = live.agents().into_keys().collect::<Vec<_>>();
            agents.sort_unstable();
            let begun = agents.iter().position(|agent| Some(*agent) > self.last_in_turn).unwrap_or(0);
            agents.rotate_left(begun);
            agents.truncate(TOGETHER);
            self.last_in_turn = agents.last().copied();
            for agent in agents {
                self.due.agents.entry(agent).or_default();
            }
        } else if let Some(version) = crm.db.version() {
            // Our own commits were told; another process's were not.
            self.due.is_everybody |= self.foreign != Some(version.foreign);
            self.foreign = Some(version.foreign);
        }
    }

    /// Looks at everybody who is due, and tells.
    async fn look(&mut self, crm: &Crm, live: &Live) {
        let agents = live.agents();
        self.agents.retain(|agent, _| agents.contains_key(agent));
        let due = std::mem::take(&mut self.due);
        let wanted = agents
            .into_iter()
            .filter(|(agent, is_fresh)| *is_fresh || due.is_everybody || due.agents.contains_key(agent))
            .map(|(agent, _)| (agent, live.wanted(agent)))
            .collect::<Vec<_>>();
        for part in wanted.chunks(TOGETHER) {
            match read(crm, part.to_vec()).await {
                Ok(glances) => {
                    let now = crm.clock.now();
                    for ((agent, wanted), glance) in part.iter().zip(glances) {
                        let nouns = due.agents.get(agent).cloned().unwrap_or_default();
                        let found = self.compare(*agent, &glance, nouns);
                        live.tell(wanted, &glance, &found, now);
                        self.agents.insert(*agent, glance);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "open pages are not told of changes; trying again");
                    self.due.is_everybody = true;
                }
            }
        }
    }

    /// What differs from the last look, and what was told.
    fn compare(&self, agent: AgentId, glance: &Glance, nouns: BTreeSet<&'static str>) -> Found {
        let mut found = Found { nouns, logs: BTreeSet::new() };
        let Some(last) = self.agents.get(&agent) else { return found };
        let changed = glance.nouns.iter().filter(|(noun, state)| last.nouns.get(*noun) != Some(state));
        found.nouns.extend(changed.map(|(noun, _)| *noun));
        let logs = glance.logs.iter().filter(|(webhook, log)| last.logs.get(webhook).is_some_and(|held| held != *log));
        found.logs.extend(logs.map(|(webhook, _)| *webhook));
        found
    }
}

impl Due {
    fn add(&mut self, telling: Telling, live: &Live) {
        match telling {
            Telling::Records(agent, noun) => {
                self.agents.entry(agent).or_default().insert(noun);
            }
            Telling::Deliveries(agent, _) | Telling::Sessions(agent) => {
                self.agents.entry(agent).or_default();
            }
            Telling::Elsewhere(id) => match live.agent_of(WebhookId(id)) {
                Some(agent) => {
                    self.agents.entry(agent).or_default();
                }
                None => {
                    self.agents.entry(AgentId(id)).or_default().insert("*");
                }
            },
            Telling::Missed => self.is_everybody = true,
        }
    }

    fn drain(&mut self, tellings: &mut Receiver<Telling>, live: &Live) {
        loop {
            match tellings.try_recv() {
                Ok(telling) => self.add(telling, live),
                Err(TryRecvError::Lagged(_)) => self.is_everybody = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

async fn read(crm: &Crm, wanted: Vec<(AgentId, Wanted)>) -> Result<Vec<Glance>, Error> {
    let read = crm
        .db
        .read("live.glance", move |tx| wanted.iter().map(|(agent, wanted)| Glance::read(tx, *agent, wanted)).collect());
    read.await
}
