//! The shell around the lanes: reads what is due, sends it, records what came of it.
//!
//! One task owns all lanes and decides; it never waits for the database or a receiver. What takes time runs beside it and comes
//! back as a [`Message`]:
//!
//! 1. A commit rings the bell of the outbox (or another node tells, or the look once a second finds): a lane opens, or looks again.
//! 2. The lane asks for deliveries and starts attempts. Those of one turn are prepared in one read, bodies and settings as they
//!    are at that moment, so what was erased, disabled or changed until then is obeyed.
//! 3. Each attempt runs by itself. Its result goes to the recorder: one transaction at a time with all results that came in
//!    during the last, so that under load many share a commit and alone none waits.
//! 4. Only then the lane goes on with the same key.
//!
//! Nothing is written before an attempt, so a crash loses nothing and at worst sends again, with the same `webhook-id`.

mod leases;
mod roster;
mod tasks;

use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};

use crm::{
    AgentId, Crm,
    clock::UnixMillis,
    ids::EventId,
    webhooks::{
        Ring, State,
        dispatch::{self, NodeId, Notifier},
        outbox::{After, Outcome, Recorded},
    },
};
use tokio::sync::mpsc::{self, Receiver, Sender};

use self::{leases::Leases, roster::Roster, tasks::Tasks};
use crate::{
    budget::Standing,
    client::{self, Client},
    lane::{Answer, Command, Input, LaneId, Source},
    retries::{self, Next},
};

/// How often it is looked for what nobody told of: another process's events, a lost notice, a lease that ran out.
const LOOK: Duration = Duration::from_secs(1);
/// Results recorded in one transaction at most.
const RECORDED_TOGETHER: usize = 256;
/// Messages taken in before what they ask for is done.
const TURN: usize = 256;
/// Messages that wait; a task that has one more waits itself.
const MESSAGES: usize = 1_024;
/// A pause after storage has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long a stop waits for attempts that are under way: as long as one takes, and then its record.
const STOPPING: Duration = Duration::from_secs(20);

/// What comes back from what runs beside.
enum Message {
    /// Webhooks that have something to send: of the look, or told by another node.
    Found(Vec<LaneId>),
    /// A lane may begin. `None`: not here, or the webhook is gone.
    Opened(LaneId, Option<Opened>),
    /// How a changed webhook is now; `None` when it is deleted.
    Checked(LaneId, Option<Checked>),
    /// What a read has found.
    Loaded(LaneId, Input),
    /// An attempt ended, or there was nothing to send.
    Ended(LaneId, EventId, Ended),
    /// Results are stored.
    Recorded(Vec<Outcome>, Vec<Recorded>),
    /// Storage refused them.
    NotRecorded(Vec<Outcome>),
    /// The retries of a webhook are due now.
    Released(LaneId),
    /// Leases hold until then; those that are lost.
    Renewed { until: Duration, lost: Vec<LaneId> },
}

/// How a lane begins.
struct Opened {
    failures: u32,
    standing: Standing,
    settings: Checked,
    lease: Option<Lease>,
}

/// What a lane has to know of its webhook's settings.
#[derive(Clone, Copy)]
struct Checked {
    is_enabled: bool,
    changed_at: UnixMillis,
}

/// The right to serve a webhook.
#[derive(Clone, Copy)]
struct Lease {
    epoch: i64,
    /// On the monotonic clock.
    until: Duration,
}

/// What came of a start.
enum Ended {
    Sent(Sent),
    /// No longer open, or storage did not say.
    Withdrawn,
}

/// An attempt with what was known when it began.
struct Sent {
    attempt: client::Attempt,
    published: crm::webhooks::Published,
    attempt_count: u32,
    is_manual: bool,
}

/// Sends what is in the outboxes until `stopped`; attempts that are under way then end and are recorded.
pub async fn run(crm: Crm, client: Arc<Client>, stopped: impl Future<Output = ()>) {
    let (sender, messages) = mpsc::channel(MESSAGES);
    let node = NodeId::draw(crm.random());
    let leases = crm.shares_its_database().then(Leases::new);
    let (tell, told) = mpsc::channel(MESSAGES);
    // A notice too many is a notice lost: there is the look.
    let notifier = dispatch::exchange_notices(&crm, node, move |agent| {
        let _ = tell.try_send(agent);
    });
    let notifier = notifier.unwrap_or_else(|error| {
        tracing::error!(%error, "webhooks of other nodes are looked for once a second only");
        None
    });
    let tasks = Tasks::new(crm.clone(), client, node, sender);
    let mut dispatcher = Dispatcher {
        roster: Roster::default(),
        outcomes: Vec::new(),
        is_recording: false,
        ended: 0,
        stored: 0,
        releases: Vec::new(),
        is_looking: false,
        checking: HashMap::new(),
        notifier,
        leases,
        crm,
        tasks,
    };
    dispatcher.serve(messages, told, stopped).await;
}

struct Dispatcher {
    crm: Crm,
    tasks: Tasks,
    roster: Roster,
    leases: Option<Leases>,
    /// Tells other nodes, where there are any.
    notifier: Option<Notifier>,
    /// Results to be recorded when the recorder is free.
    outcomes: Vec<Outcome>,
    is_recording: bool,
    /// How many results have come in, and how many of them are stored, which happens in their order.
    ended: u64,
    stored: u64,
    /// Webhooks whose retries are to be released, each once so many results are stored: a failure from before, stored after it, would
    /// leave its delivery to the schedule.
    releases: Vec<(u64, LaneId)>,
    is_looking: bool,
    /// Webhooks that are being looked at because they were changed, and whether they were changed again.
    checking: HashMap<LaneId, bool>,
}

impl Dispatcher {
    async fn serve(
        &mut self,
        mut messages: Receiver<Message>,
        mut told: Receiver<Option<AgentId>>,
        stopped: impl Future<Output = ()>,
    ) {
        let mut stopped = pin!(stopped);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let wake = self.roster.sleep(self.crm.clock().monotonic(), LOOK);
            tokio::select! {
                () = &mut stopped => break,
                rings = self.crm.outbox().heard() => self.heard(rings),
                Some(agent) = told.recv() => self.told(agent),
                Some(message) = messages.recv() => self.take(message, &mut messages),
                () = tokio::time::sleep(wake) => {}
                _ = look.tick() => self.look(),
            }
            self.go_on();
        }
        self.end(messages).await;
    }

    /// Lets what is under way end, and records it.
    async fn end(&mut self, mut messages: Receiver<Message>) {
        let (now, held) = (self.now(), self.roster.open_lanes());
        self.roster.stop(now);
        let all_done = async {
            loop {
                self.record();
                if self.roster.in_flight() == 0 && self.outcomes.is_empty() && !self.is_recording {
                    break;
                }
                let Some(message) = messages.recv().await else { break };
                self.take(message, &mut messages);
            }
        };
        if tokio::time::timeout(STOPPING, all_done).await.is_err() {
            tracing::warn!("stopped while webhooks were being sent: they will be sent again");
        }
        if self.leases.is_some() {
            self.tasks.give_back_now(held).await;
        }
    }

    fn now(&self) -> Duration {
        self.crm.clock().monotonic()
    }

    /// Takes in a message, and what else is there.
    fn take(&mut self, first: Message, messages: &mut Receiver<Message>) {
        self.note(first);
        for _ in 1..TURN {
            let Ok(message) = messages.try_recv() else { break };
            self.note(message);
        }
    }

    fn heard(&mut self, rings: Vec<(AgentId, crm::ids::WebhookId, Ring)>) {
        for (agent, webhook, ring) in rings {
            let (id, source) = match ring {
                Ring::Fresh => ((agent, webhook), Source::Fresh),
                Ring::Retries => ((agent, webhook), Source::Retries),
                Ring::Manual => ((agent, webhook), Source::Manual),
                Ring::Changed => {
                    self.check((agent, webhook));
                    continue;
                }
            };
            if self.roster.has(id) {
                self.tell(id, Input::Available(source));
            } else {
                self.open(id);
                self.pass_on(agent);
            }
        }
    }

    /// Tells other nodes of an agent whose webhook is not served here, as far as is known.
    fn pass_on(&self, agent: AgentId) {
        if let Some(notifier) = &self.notifier {
            notifier.send(agent.0);
        }
    }

    /// Another node changed something of an agent's. What nobody serves it serves itself.
    fn told(&mut self, agent: Option<AgentId>) {
        let Some(agent) = agent else { return self.was_away() };
        for id in self.roster.lanes_of(agent) {
            self.look_again(id);
            self.check(id);
        }
    }

    /// Others may have taken this node for dead, and what they serve now is lost here.
    fn was_away(&self) {
        if self.leases.is_some() {
            self.tasks.renew(self.roster.open_lanes());
        }
    }

    /// Looks for what nobody told of.
    fn look(&mut self) {
        let now = self.now();
        let closed = self.roster.drop_idle(now);
        if let Some(leases) = &mut self.leases {
            if !closed.is_empty() {
                self.tasks.give_back(closed);
            }
            if leases.is_due(now) {
                self.tasks.renew(self.roster.open_lanes());
            }
        }
        if !self.is_looking {
            self.is_looking = true;
            self.tasks.look();
        }
    }

    fn note(&mut self, message: Message) {
        match message {
            Message::Found(found) => {
                self.is_looking = false;
                found.into_iter().for_each(|id| self.found(id));
            }
            Message::Opened(id, opened) => self.opened(id, opened),
            Message::Checked(id, checked) => self.checked(id, checked),
            Message::Loaded(id, input) => self.tell(id, input),
            Message::Ended(id, event, ended) => self.ended(id, event, ended),
            Message::Recorded(outcomes, recorded) => {
                self.is_recording = false;
                self.stored += outcomes.len() as u64;
                for (outcome, recorded) in outcomes.iter().zip(recorded) {
                    self.recorded(outcome, recorded);
                }
            }
            Message::NotRecorded(mut outcomes) => {
                self.is_recording = false;
                outcomes.iter_mut().for_each(|outcome| outcome.is_repeated = true);
                outcomes.append(&mut self.outcomes);
                self.outcomes = outcomes;
            }
            Message::Released(id) => self.tell(id, Input::Available(Source::Retries)),
            Message::Renewed { until, lost } => {
                let now = self.now();
                self.roster.lease(until, &lost, now);
            }
        }
    }

    /// A webhook that has something open: whoever serves it already looks for all of it.
    fn found(&mut self, id: LaneId) {
        if self.roster.has(id) {
            self.look_again(id);
            // Of a disabled one nothing is open, so it may have been enabled through another node, which rings only its own bell.
            if self.roster.is_off(id) {
                self.check(id);
                // Or whoever disabled it was interrupted before all was held.
                self.tasks.hold(id);
            }
        } else {
            self.open(id);
        }
    }

    /// Has a lane look for deliveries of every kind.
    fn look_again(&mut self, id: LaneId) {
        for source in [Source::Fresh, Source::Retries, Source::Manual] {
            self.tell(id, Input::Available(source));
        }
    }

    /// Looks how a changed webhook is now. One look at a time, so that the last answer is the newest.
    fn check(&mut self, id: LaneId) {
        if !self.roster.has(id) {
            self.pass_on(id.0);
            self.open(id);
            return self.roster.note_change(id);
        }
        let is_new = self.checking.insert(id, true).is_none();
        if is_new {
            self.checking.insert(id, false);
            self.tasks.check(id);
        }
    }

    fn checked(&mut self, id: LaneId, checked: Option<Checked>) {
        let is_changed_again = self.checking.remove(&id).unwrap_or(false);
        // By its time: that it was disabled and enabled again may not be seen otherwise.
        if checked.is_some_and(|checked| self.roster.is_news(id, checked.changed_at)) {
            self.tell(id, Input::Changed);
        }
        let input = match checked {
            Some(Checked { is_enabled: true, .. }) => Input::Enabled,
            Some(Checked { is_enabled: false, .. }) => Input::Disabled,
            None => Input::Lost,
        };
        self.tell(id, input);
        if is_changed_again {
            self.check(id);
        }
    }

    fn open(&mut self, id: LaneId) {
        if self.roster.expect(id) {
            self.tasks.open(id, self.leases.is_some());
        }
    }

    fn opened(&mut self, id: LaneId, opened: Option<Opened>) {
        let now = self.now();
        match opened {
            // What was read when it opened may be from before the change.
            Some(opened) if self.roster.open(id, &opened, now) => self.check(id),
            Some(_) => {}
            None => self.roster.forget(id),
        }
    }

    fn tell(&mut self, id: LaneId, input: Input) {
        let now = self.now();
        self.roster.tell(id, input, now);
    }

    fn ended(&mut self, id: LaneId, event: EventId, ended: Ended) {
        let sent = match ended {
            Ended::Sent(sent) => sent,
            Ended::Withdrawn => return self.tell(id, Input::Answered(event, Answer::Withdrawn)),
        };
        let Sent { attempt, published, attempt_count, is_manual } = sent;
        let count = attempt_count + u32::from(!is_manual);
        let next = retries::next(count, attempt.status, attempt.retry_after, self.crm.random());
        let answer = match attempt.status {
            Some(410) => Answer::Gone,
            _ if attempt.is_success() => Answer::Success,
            status => Answer::Failure(retries::pause(status, attempt.retry_after)),
        };
        let after = match next {
            Next::Delivered => After::Delivered,
            Next::Retry(pause) => After::Retry { due_at: self.crm.clock().now().plus(pause) },
            Next::Dead => After::Dead,
            Next::Held => After::Held,
        };
        self.ended += 1;
        self.outcomes.push(Outcome {
            agent: id.0,
            webhook: id.1,
            event,
            epoch: self.roster.epoch(id),
            attempt: tasks::as_kept(attempt, published, is_manual),
            after,
            is_repeated: false,
        });
        self.tell(id, Input::Answered(event, answer));
    }

    fn recorded(&mut self, outcome: &Outcome, recorded: Recorded) {
        let id = (outcome.agent, outcome.webhook);
        let retry_in = match (recorded, outcome.after) {
            (Recorded::As(State::Retry), After::Retry { due_at }) => Some(self.until(due_at)),
            _ => None,
        };
        self.tell(id, Input::Committed(outcome.event, retry_in));
        match recorded {
            Recorded::Fenced => self.tell(id, Input::Lost),
            // A failed attempt by hand gives the delivery back to its schedule.
            Recorded::As(State::Retry) if outcome.attempt.is_manual => self.tell(id, Input::Available(Source::Retries)),
            _ => {}
        }
    }

    fn until(&self, at: UnixMillis) -> Duration {
        Duration::from_millis(u64::try_from(at.0 - self.crm.clock().now().0).unwrap_or(0))
    }

    /// Does what the lanes have asked for.
    fn go_on(&mut self) {
        let now = self.now();
        self.roster.wake(now);
        let mut starts = Vec::new();
        for (id, command) in self.roster.commands() {
            match command {
                Command::Start(ticket) => starts.push((id, ticket)),
                Command::Load { source, after, limit } => self.tasks.load(id, source, after, limit),
                Command::Release => self.releases.push((self.ended, id)),
                Command::Wake(_) => unreachable!("the roster keeps the times"),
            }
        }
        if !starts.is_empty() {
            self.tasks.start(starts);
        }
        for (_, id) in self.releases.extract_if(.., |(after, _)| *after <= self.stored) {
            self.tasks.release(id);
        }
        self.record();
    }

    /// Records the results that have come in, unless others are being recorded.
    fn record(&mut self) {
        if self.is_recording || self.outcomes.is_empty() {
            return;
        }
        self.is_recording = true;
        let rest = self.outcomes.split_off(self.outcomes.len().min(RECORDED_TOGETHER));
        self.tasks.record(std::mem::replace(&mut self.outcomes, rest));
    }
}

/// A message on its way; nobody minds when the dispatcher has gone.
async fn send(sender: &Sender<Message>, message: Message) {
    let _ = sender.send(message).await;
}
