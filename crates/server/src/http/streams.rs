//! What the streams of one HTTP/2 connection are up to: hyper tells of none of it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::FramingError;
use super::seats::Seat;

/// All streams of one connection.
pub(super) struct Streams {
    seat: Seat,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// Requests being received or answered.
    open: usize,
    /// Since when there is none.
    idle_at: Instant,
    /// Answers of which the last piece handed over has not been asked beyond: the client has to read first.
    handed: usize,
    /// When any answer's data last moved.
    moved_at: Instant,
}

impl Streams {
    pub(super) fn new(seat: Seat) -> Arc<Streams> {
        let now = Instant::now();
        Arc::new(Streams { seat, state: Mutex::new(State { open: 0, idle_at: now, handed: 0, moved_at: now }) })
    }

    /// Since when no request is open and no data moved; `None` while one is. An answer that h2 holds whole counts as
    /// closed, so its way to the client shows in the moving data only.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.lock();
        (state.open == 0).then_some(state.idle_at.max(state.moved_at))
    }

    /// Part of an answer was written to the socket.
    pub(super) fn moved(&self, now: Instant) {
        self.lock().moved_at = now;
    }

    /// Since when no answer moves although there are unread ones.
    pub(super) fn unread_since(&self) -> Option<Instant> {
        let state = self.lock();
        (state.handed > 0).then_some(state.moved_at)
    }

    /// A request came. It is open until the watch's last clone is dropped.
    pub(super) fn open(self: &Arc<Self>) -> OpenStream {
        let mut state = self.lock();
        state.open += 1;
        if state.open == 1 {
            self.seat.answer();
        }
        drop(state);
        OpenStream { streams: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open request; closed when dropped.
pub(super) struct OpenStream {
    streams: Arc<Streams>,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut state = self.streams.lock();
        state.open -= 1;
        if state.open == 0 {
            state.idle_at = Instant::now();
            self.streams.seat.wait(state.idle_at);
        }
    }
}

/// Follows one answer's way to the client.
pub(super) struct AnswerWatch {
    stream: OpenStream,
    is_handed: bool,
}

impl AnswerWatch {
    pub(super) fn new(stream: OpenStream) -> AnswerWatch {
        AnswerWatch { stream, is_handed: false }
    }

    /// The answer's body was asked for its next piece, which is handed over or not there yet.
    pub(super) fn handed(&mut self, is_handed: bool) {
        let mut state = self.stream.streams.lock();
        state.moved_at = Instant::now();
        match (self.is_handed, is_handed) {
            (false, true) => state.handed += 1,
            (true, false) => state.handed -= 1,
            _ => {}
        }
        self.is_handed = is_handed;
    }
}

impl Drop for AnswerWatch {
    fn drop(&mut self) {
        self.handed(false);
    }
}

/// What a request's body and the one who answers it tell each other.
#[derive(Debug, Default)]
pub(super) struct StreamWatch {
    verdict: AtomicU8,
    is_complete: AtomicBool,
}

impl StreamWatch {
    /// Why the request is refused.
    pub(super) fn verdict(&self) -> Option<FramingError> {
        FramingError::from_code(self.verdict.load(Ordering::Acquire))
    }

    /// Refuses the request.
    pub(super) fn refuse(&self, error: FramingError) {
        self.verdict.store(error.code(), Ordering::Release);
    }

    /// Whether the body was received to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    /// The body was received to its end.
    pub(super) fn complete(&self) {
        self.is_complete.store(true, Ordering::Release);
    }
}
