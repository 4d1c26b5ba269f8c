//! Where jobs wait for a thread: bounded, so that overload is an answer and not memory.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{DbError, Lane, job::Job};

/// How long a background job lets others go first.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many background jobs join one group.
const BACKGROUND_PER_GROUP: usize = 16;
/// While the thread has always something to do, a group that a background job has joined is followed by this many times its length
/// without one: a tenth of the time is left to what nobody waits for.
const REST: u32 = 9;
/// After a group of so many the same callers are likely to come again at once.
const CROWD: usize = 8;
/// They are waited for at most this part of the time that their group took, ...
const GATHER_PART: u32 = 4;
/// ... and never longer than this.
const GATHER: Duration = Duration::from_millis(1);

/// How urgent a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Someone waits for it.
    Foreground,
    /// It goes when the thread is idle, else in a tenth of the time, and after half a second in any case.
    Background,
}

/// A job with the lane it belongs to.
pub(crate) struct Waiting {
    pub lane: Lane,
    pub job: Box<dyn Job>,
}

/// A bounded queue in front of one or several threads.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrival: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    foreground: VecDeque<Waiting>,
    background: VecDeque<(Instant, Waiting)>,
    /// The group that was taken last.
    group: Option<Group>,
    /// Until when background jobs let others go first.
    rests_until: Option<Instant>,
    is_closed: bool,
}

/// What was taken together.
#[derive(Clone, Copy)]
struct Group {
    taken_at: Instant,
    /// How many foreground jobs.
    size: usize,
    /// Whether background jobs have joined them.
    is_joined: bool,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), arrival: Condvar::new(), capacity }
    }

    /// Puts a job at the end, or says at once why not: [`DbError::Busy`] when full, [`DbError::Stopping`] when closed.
    pub(crate) fn push(&self, urgency: Urgency, waiting: Waiting) -> Result<(), DbError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(DbError::Stopping);
        }
        let is_full = match urgency {
            Urgency::Foreground => state.foreground.len() >= self.capacity,
            Urgency::Background => state.background.len() >= self.capacity,
        };
        if is_full {
            return Err(DbError::Busy);
        }
        match urgency {
            Urgency::Foreground => state.foreground.push_back(waiting),
            Urgency::Background => state.background.push_back((now(), waiting)),
        }
        drop(state);
        self.arrival.notify_one();
        Ok(())
    }

    /// Waits for jobs and takes what there is, at most `limit` of either urgency. `None`: closed, and nothing is left.
    pub(crate) fn take(&self, limit: usize) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        let mut is_idle = false;
        loop {
            let count = state.foreground.len().min(limit);
            let mut taken: Vec<Waiting> = state.foreground.drain(..count).collect();
            let background = state.background_due(is_idle || count == 0).min(limit);
            taken.extend(state.background.drain(..background).map(|(_, waiting)| waiting));
            if !taken.is_empty() {
                state.group = Some(Group { taken_at: now(), size: count, is_joined: background > 0 });
                return Some(taken);
            }
            if state.is_closed {
                return None;
            }
            is_idle = true;
            state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The same for one thread whose groups cost the less the larger they are: when others already wait, it gives those whom it has just
    /// answered a moment to come back. Else the callers fall into two halves that wait for each other's commits, with half
    /// the jobs to each.
    pub(crate) fn take_group(&self, limit: usize) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        if let Some((expected, until)) = state.end_group(now()) {
            while state.foreground.len() < expected.min(limit) && !state.is_closed {
                let left = until.saturating_duration_since(now());
                if left.is_zero() {
                    break;
                }
                state = self.arrival.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        drop(state);
        self.take(limit)
    }

    /// Takes no more jobs; those that wait are still handed out.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.arrival.notify_all();
    }

    /// How many jobs wait: foreground, background.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        let state = self.state();
        (state.foreground.len() as u64, state.background.len() as u64)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding the lock; if something did, the queue is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The last group ends. How many foreground jobs to wait for now, and until when, if that may be worth it.
    fn end_group(&mut self, now: Instant) -> Option<(usize, Instant)> {
        let group = self.group.take()?;
        let took = now.duration_since(group.taken_at);
        if group.is_joined {
            self.rests_until = Some(now + took * REST);
        }
        let is_crowded = group.size >= CROWD && !self.foreground.is_empty();
        is_crowded.then(|| (self.foreground.len() + group.size, now + (took / GATHER_PART).min(GATHER)))
    }

    /// How many background jobs may go now: on a thread that is idle, or has only them, or has rested from them, or those that have waited
    /// for long.
    fn background_due(&self, is_idle: bool) -> usize {
        if self.background.is_empty() {
            return 0;
        }
        if is_idle {
            return self.background.len().min(BACKGROUND_PER_GROUP);
        }
        let now = now();
        let is_due = |(since, _): &&(Instant, Waiting)| now.duration_since(*since) >= PATIENCE;
        let due = self.background.iter().take(BACKGROUND_PER_GROUP).take_while(is_due).count();
        let has_rested = self.rests_until.is_none_or(|until| now >= until);
        due.max(usize::from(has_rested))
    }
}

/// The machine's monotonic clock: for patience and for time limits, never for anything that is stored.
#[expect(clippy::disallowed_methods, reason = "how long something took, here and now; no feature sees it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job;

    fn waiting(name: &'static str) -> Waiting {
        Waiting { lane: Lane::SHARED, job: job::task(name, |_| Ok::<_, DbError>(())).0 }
    }

    fn names(taken: Option<Vec<Waiting>>) -> Vec<&'static str> {
        taken.unwrap().iter().map(|waiting| waiting.job.name()).collect()
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        let queue = Queue::new(1);
        assert_eq!(queue.push(Urgency::Foreground, waiting("first")), Ok(()));
        assert_eq!(queue.push(Urgency::Foreground, waiting("second")), Err(DbError::Busy));
    }

    #[test]
    fn a_closed_queue_hands_out_what_is_left() {
        let queue = Queue::new(2);
        queue.push(Urgency::Foreground, waiting("last")).unwrap();
        queue.close();
        assert_eq!(queue.push(Urgency::Foreground, waiting("late")), Err(DbError::Stopping));
        assert_eq!(names(queue.take(8)), ["last"]);
        assert!(queue.take(8).is_none());
    }

    #[test]
    fn background_jobs_join_on_a_thread_that_is_idle() {
        let queue = busy();
        queue.push(Urgency::Background, waiting("second")).unwrap();
        let mut state = queue.state();
        state.rests_until = Some(now() + 10 * PATIENCE);
        assert_eq!(state.background_due(true), 2);
        assert_eq!(state.background_due(false), 0);
        state.foreground.clear();
        drop(state);
        assert_eq!(names(queue.take(64)), ["background", "second"], "nobody else is there");
    }

    #[test]
    fn background_jobs_let_others_go_first_until_their_patience_ends() {
        let queue = busy();
        queue.state().rests_until = Some(now() + 10 * PATIENCE);
        assert!(!names(queue.take(4)).contains(&"background"));
        queue.state().background[0].0 -= PATIENCE;
        assert!(names(queue.take(4)).contains(&"background"));
    }

    #[test]
    fn background_jobs_have_a_tenth_of_the_time_while_others_come() {
        let queue = busy();
        queue.push(Urgency::Background, waiting("second")).unwrap();
        assert_eq!(names(queue.take(4)).last(), Some(&"background"));
        let ended_at = queue.state().group.unwrap().taken_at + Duration::from_millis(1_000);
        queue.state().end_group(ended_at);
        assert_eq!(queue.state().rests_until, Some(ended_at + Duration::from_millis(9_000)));
        assert!(!names(queue.take(4)).contains(&"second"));
        queue.state().rests_until = Some(now());
        assert_eq!(names(queue.take(4)).last(), Some(&"second"));
    }

    #[test]
    fn a_crowd_that_was_answered_is_waited_for_when_others_wait() {
        let waits_for = |size, others, took| {
            let queue = Queue::new(100);
            (0..others).for_each(|_| queue.push(Urgency::Foreground, waiting("job")).unwrap());
            let taken_at = now();
            let mut state = queue.state();
            state.group = Some(Group { taken_at, size, is_joined: false });
            state.end_group(taken_at + took).map(|(expected, until)| (expected, until - taken_at - took))
        };
        let took = Duration::from_millis(2);
        assert_eq!(waits_for(CROWD, 3, took), Some((CROWD + 3, Duration::from_micros(500))));
        assert_eq!(waits_for(CROWD, 3, Duration::from_secs(1)), Some((CROWD + 3, GATHER)));
        assert_eq!(waits_for(CROWD, 0, took), None, "nobody waits: whoever comes first is served at once");
        assert_eq!(waits_for(CROWD - 1, 3, took), None, "few callers need no common commit");
    }

    #[test]
    fn a_wait_for_a_crowd_ends() {
        let queue = busy();
        assert_eq!(queue.take_group(10).unwrap().len(), 10 + 1);
        assert_eq!(queue.take_group(100).unwrap().len(), 6);
    }

    /// A queue with one job in the background and many others.
    fn busy() -> Queue {
        let queue = Queue::new(100);
        queue.push(Urgency::Background, waiting("background")).unwrap();
        for _ in 0..16 {
            queue.push(Urgency::Foreground, waiting("foreground")).unwrap();
        }
        queue
    }
}
