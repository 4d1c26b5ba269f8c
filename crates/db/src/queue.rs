//! Where jobs wait for a thread: bounded, so that overload is an answer and not memory.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{DbError, Lane, job::Job};

/// How long a background job lets others go first.
const PATIENCE: Duration = Duration::from_millis(500);
/// With no more foreground jobs than this, background jobs may join them at once.
const FEW: usize = 8;
/// How many background jobs join one group.
const BACKGROUND_PER_GROUP: usize = 16;

/// How urgent a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Someone waits for it.
    Foreground,
    /// It goes when there is room, and after half a second in any case.
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
    is_closed: bool,
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
        loop {
            let count = state.foreground.len().min(limit);
            let mut taken: Vec<Waiting> = state.foreground.drain(..count).collect();
            let background = state.background_due(count).min(limit);
            taken.extend(state.background.drain(..background).map(|(_, waiting)| waiting));
            if !taken.is_empty() {
                return Some(taken);
            }
            if state.is_closed {
                return None;
            }
            state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
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
    /// How many background jobs may join `foreground` others.
    fn background_due(&self, foreground: usize) -> usize {
        if self.background.is_empty() {
            return 0;
        }
        if foreground <= FEW {
            return self.background.len().min(BACKGROUND_PER_GROUP);
        }
        let now = now();
        let is_due = |(since, _): &&(Instant, Waiting)| now.duration_since(*since) >= PATIENCE;
        self.background.iter().take(BACKGROUND_PER_GROUP).take_while(is_due).count()
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
    fn background_jobs_join_few_others() {
        let queue = Queue::new(100);
        queue.push(Urgency::Background, waiting("background")).unwrap();
        queue.push(Urgency::Foreground, waiting("foreground")).unwrap();
        assert_eq!(names(queue.take(64)), ["foreground", "background"]);
    }

    #[test]
    fn background_jobs_let_many_others_go_first_until_their_patience_ends() {
        let queue = Queue::new(100);
        queue.push(Urgency::Background, waiting("background")).unwrap();
        for _ in 0..2 * (FEW + 1) {
            queue.push(Urgency::Foreground, waiting("foreground")).unwrap();
        }
        assert!(!names(queue.take(FEW + 1)).contains(&"background"));
        queue.state().background[0].0 -= PATIENCE;
        assert!(names(queue.take(FEW + 1)).contains(&"background"));
    }
}
