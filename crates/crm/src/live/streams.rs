//! The pages that are open, within bounds.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{
    Notify,
    mpsc::{self, Receiver, Sender},
};

use super::{News, TOLD_AGAIN, What, glances::Glance};
use crate::{
    AgentId,
    clock::UnixMillis,
    ids::{SessionId, WebhookId},
    sessions::Session,
};

/// Pages of one session; the oldest gives way. Over HTTP/1 a page that was left is noticed only by the next line written to it, so
/// refusing the newest would refuse whoever just goes from page to page.
const PER_SESSION: usize = 8;
/// Pages of one process: half of the connections that a listener takes, so that requests always find room.
const IN_ALL: usize = 512;
/// News that wait for a page. One that reads so slowly is cut off, and goes on from its number when it comes back.
const WAITING: usize = TOLD_AGAIN as usize + 28;

/// There is room for no more pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// The pages that are open in this process.
pub struct Live {
    most: usize,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    is_closed: bool,
    /// By the order of their coming.
    streams: BTreeMap<u64, Stream>,
}

struct Stream {
    agent: AgentId,
    session: SessionId,
    webhook: Option<WebhookId>,
    /// The number of the last event that the page knows; `None` before it is looked for the first time.
    sequence: Option<i64>,
    /// Not looked for yet.
    is_fresh: bool,
    news: Sender<News>,
}

/// A page's place; given back when dropped.
pub struct Subscription {
    live: Arc<Live>,
    number: u64,
    news: Receiver<News>,
}

/// What is to be looked at for the pages of one agent.
#[derive(Debug, Default, Clone)]
pub(super) struct Wanted {
    pub sessions: BTreeSet<SessionId>,
    pub webhooks: BTreeSet<WebhookId>,
    pub sequences: BTreeSet<i64>,
    streams: BTreeSet<u64>,
}

/// What has been found for them, beside what the glance itself says.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Nouns whose records may have changed.
    pub nouns: BTreeSet<&'static str>,
    /// Webhooks whose logs have.
    pub logs: BTreeSet<WebhookId>,
}

impl Default for Live {
    fn default() -> Self {
        Self::bounded(IN_ALL)
    }
}

impl Live {
    /// Room for so many pages.
    #[must_use]
    pub fn bounded(most: usize) -> Self {
        Self { most, state: Mutex::default(), arrived: Notify::new() }
    }

    /// A page of a session, which knows the agent's events up to `after`; one that does not say knows all that are recorded. It may show
    /// the log of a webhook.
    ///
    /// # Errors
    /// [`Full`], also once the server stops.
    pub fn subscribe(
        self: &Arc<Self>,
        session: &Session,
        after: Option<i64>,
        webhook: Option<WebhookId>,
    ) -> Result<Subscription, Full> {
        let (sender, news) = mpsc::channel(WAITING);
        let mut state = self.state();
        let own = state.streams.iter().filter(|(_, stream)| stream.session == session.id);
        let own = own.map(|(number, _)| *number).collect::<Vec<_>>();
        if own.len() >= PER_SESSION
            && let Some(mut oldest) = state.streams.remove(&own[0])
        {
            oldest.tell(What::Replaced);
        }
        if state.is_closed || state.streams.len() >= self.most {
            return Err(Full);
        }
        let number = state.next;
        state.next += 1;
        let stream = Stream {
            agent: session.agent,
            session: session.id,
            webhook,
            sequence: after,
            is_fresh: true,
            news: sender,
        };
        state.streams.insert(number, stream);
        drop(state);
        self.arrived.notify_one();
        Ok(Subscription { live: Arc::clone(self), number, news })
    }

    /// Waits for a page that is not looked for yet. For one watcher.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// How many pages are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().streams.len()
    }

    /// Ends every page, and takes no more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.streams.clear();
    }

    /// The agents of the pages, and which of them have one that is not looked for yet.
    pub(super) fn agents(&self) -> HashMap<AgentId, bool> {
        let mut agents = HashMap::new();
        for stream in self.state().streams.values() {
            *agents.entry(stream.agent).or_default() |= stream.is_fresh;
        }
        agents
    }

    /// Whose page shows the log of a webhook.
    pub(super) fn agent_of(&self, webhook: WebhookId) -> Option<AgentId> {
        let state = self.state();
        state.streams.values().find(|stream| stream.webhook == Some(webhook)).map(|stream| stream.agent)
    }

    /// What is to be looked at for the pages of an agent.
    pub(super) fn wanted(&self, agent: AgentId) -> Wanted {
        let mut wanted = Wanted::default();
        for (number, stream) in self.state().streams.iter().filter(|(_, stream)| stream.agent == agent) {
            wanted.streams.insert(*number);
            wanted.sessions.insert(stream.session);
            wanted.webhooks.extend(stream.webhook);
            wanted.sequences.extend(stream.sequence);
        }
        wanted
    }

    /// Tells the pages that were looked for what there is.
    pub(super) fn tell(&self, wanted: &Wanted, glance: &Glance, found: &Found, now: UnixMillis) {
        let mut state = self.state();
        for number in &wanted.streams {
            let Some(stream) = state.streams.get_mut(number) else { continue };
            let is_in = glance.sessions.get(&stream.session).is_some_and(|until| *until > now);
            if !is_in {
                stream.tell(What::SignedOut);
            }
            if !is_in || !stream.catch_up(glance, found) {
                state.streams.remove(number);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// Says one thing. Whether there was room for it.
    fn tell(&mut self, what: What) -> bool {
        self.news.try_send(News { sequence: self.sequence.unwrap_or(0), what }).is_ok()
    }

    /// Says all that is new, in order. Whether the page takes it.
    fn catch_up(&mut self, glance: &Glance, found: &Found) -> bool {
        self.is_fresh = false;
        let newest = glance.sequence;
        let known = self.sequence.unwrap_or(newest);
        self.sequence = Some(newest);
        let missed = newest - known;
        let mut goes_on = true;
        if missed != 0 {
            let events = glance.events.iter().filter(|event| event.sequence > known).cloned().collect::<Vec<_>>();
            // More than is told again, or pruned by now, or a number of another database.
            let is_whole = (1..=TOLD_AGAIN).contains(&missed) && i64::try_from(events.len()) == Ok(missed);
            if is_whole {
                goes_on = events.into_iter().all(|event| self.news.try_send(event).is_ok());
            } else {
                goes_on = self.tell(What::Reload);
            }
        }
        if goes_on && !found.nouns.is_empty() {
            goes_on = self.tell(What::Changed(found.nouns.iter().copied().collect()));
        }
        match self.webhook.filter(|webhook| found.logs.contains(webhook)) {
            Some(webhook) if goes_on => self.tell(What::Deliveries(webhook)),
            _ => goes_on,
        }
    }
}

impl Subscription {
    /// The next news; `None` when there will be none: the session has ended, the server stops, or the page reads too slowly.
    pub async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.live.state().streams.remove(&self.number);
    }
}
