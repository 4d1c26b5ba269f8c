//! Between an HTTP/1 socket and hyper: passes on what [`Framing`] found good, keeps the deadlines, and turns every
//! violation into an answer.
//!
//! A head is passed on only when it is complete and good, and never before hyper asks for it, which it does when the
//! answer before is written. So a violation in a head becomes an answer by giving hyper a harmless request in its place,
//! which [`exchanges`](super::exchanges) answers with the refusal: answers before it go out first, hyper adds its own
//! fields, and nothing behind the violation is read as a request. A violation in a body ends that body with an error;
//! if the service has not answered yet, the refusal is its answer.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::framing::{BodyLength, Framing, Step};
use super::seats::Seat;
use super::sockets::{Close, Socket, Timer};
use super::{FramingError, Limits};

/// A body up to this size is awaited before its head is passed on: no handler then waits for it, and one that answers
/// without reading it costs no connection.
const WHOLE_BYTES: u64 = 16 * 1024;
/// What is read at a time while a head or a small body is incomplete.
const PIECE_BYTES: usize = 8 * 1024;
/// What hyper is given in place of a refused request.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
/// The same where the client asked for no answer body.
const STAND_IN_HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// The same where a page is asked for: who refuses knows it by that.
const STAND_IN_PAGE: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\r\n";

/// What guard and service tell each other about the request in hand.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    verdict: AtomicU8,
    is_complete: AtomicBool,
    is_stopping: AtomicBool,
}

impl Exchange {
    /// Why the request in hand is refused.
    pub(super) fn verdict(&self) -> Option<FramingError> {
        FramingError::from_code(self.verdict.load(Ordering::Acquire))
    }

    /// Whether the connection must end with the answer in hand: part of the request is not read yet (RFC 9112,
    /// section 9.3; with `Expect` nobody knows whether it will ever come), or the server stops.
    pub(super) fn is_last(&self) -> bool {
        !self.is_complete.load(Ordering::Acquire) || self.is_stopping.load(Ordering::Acquire)
    }

    /// Ends the connection once no request is in flight and, if there is none now, none comes within the grace. The
    /// connection must be polled after this.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    fn refuse(&self, error: FramingError) {
        self.verdict.store(error.code(), Ordering::Release);
    }
}

/// Whether a head, as far as it is there, asks for a page.
fn asks_for_page(head: &[u8]) -> bool {
    const NAME: &[u8] = b"accept:";
    let mut lines = head.split(|byte| *byte == b'\n').take_while(|line| !matches!(*line, b"" | b"\r"));
    lines.any(|line| {
        let is_named = line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
        is_named && line.windows(9).any(|part| part == b"text/html")
    })
}

/// When a request began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// While the server ran: it is answered.
    InTime,
    /// After the server was told to stop: it is refused.
    Late,
}

impl Start {
    /// That of a request that begins now.
    pub(super) fn now(stop: &CancellationToken) -> Start {
        match stop.is_cancelled() {
            true => Start::Late,
            false => Start::InTime,
        }
    }
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A request was passed on to its last byte; hyper has not asked for the next.
    Between,
    /// No byte of the next request yet.
    Idle,
    /// Part of a head.
    Head,
    /// A head, and part of its small body, not passed on yet.
    Whole,
    /// A head and part of its body, passed on.
    Body,
    /// The refused request's stand-in is passed on: bytes of it left to give.
    Refused(&'static [u8]),
    /// Refused within its body.
    Broken,
    /// Nothing more is read; hyper sees the end of input.
    Closed,
}

/// An HTTP/1 socket as hyper sees it.
pub(super) struct Guard<IO> {
    socket: Socket<IO>,
    limits: Arc<Limits>,
    seat: Seat,
    exchange: Arc<Exchange>,
    framing: Framing,
    phase: Phase,
    /// Bytes read and not passed on yet, from the first such byte.
    held: BytesMut,
    /// Of the bytes not passed on, how many are settled.
    settled: usize,
    /// Of `held`, how many may be passed on now.
    passing: usize,
    /// Whether `held` has bytes that `framing` has not seen.
    is_fresh: bool,
    /// When the connection began to wait, and when the request's first bytes came.
    idle_at: Instant,
    begun_at: Instant,
    /// How long the request may take in all, once its head tells.
    lasts: Duration,
    start: Start,
    stop: CancellationToken,
    /// When the idle connection saw that the server stops.
    stopped_at: Option<Instant>,
    timer: Timer,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Guard<IO> {
    /// A guard of `socket`, of which `held`, a part of a request at least, was read from `begun_at` on.
    pub(super) fn new(
        socket: Socket<IO>,
        held: BytesMut,
        begun_at: Instant,
        start: Start,
        stop: CancellationToken,
        limits: Arc<Limits>,
        seat: Seat,
    ) -> Guard<IO> {
        Guard {
            socket,
            framing: Framing::new(&limits),
            lasts: limits.request_timeout,
            limits,
            seat,
            exchange: Arc::default(),
            phase: Phase::Head,
            held,
            settled: 0,
            passing: 0,
            is_fresh: true,
            idle_at: begun_at,
            begun_at,
            start,
            stop,
            stopped_at: None,
            timer: Timer::default(),
        }
    }

    /// What the service must know of the request in hand.
    pub(super) fn exchange(&self) -> Arc<Exchange> {
        self.exchange.clone()
    }

    /// hyper asks for the next request.
    fn begin(&mut self) {
        let now = Instant::now();
        self.seat.wait(now);
        self.idle_at = now;
        self.begun_at = now;
        self.start = Start::now(&self.stop);
        self.is_fresh = !self.held.is_empty();
        self.phase = match self.is_fresh {
            true => Phase::Head,
            false => Phase::Idle,
        };
    }

    /// Judges the bytes from the first that was not passed on. Returns how many of them may be passed on.
    fn judge(&mut self, pending: &[u8]) -> usize {
        let was_body = self.phase == Phase::Body;
        if self.phase == Phase::Idle {
            self.phase = Phase::Head;
            self.start = Start::now(&self.stop);
        }
        loop {
            let step = match self.framing.advance(&pending[self.settled..]) {
                Ok(step) => step,
                Err(error) => {
                    match was_body {
                        true => self.break_off(error),
                        false => self.refuse(error, pending),
                    }
                    return 0;
                }
            };
            match step {
                Step::More(settled) => {
                    self.settled += settled;
                    return match self.phase {
                        Phase::Body => self.pass(was_body),
                        _ => 0,
                    };
                }
                Step::Head(length) => {
                    self.settled += length;
                    if self.start == Start::Late {
                        self.refuse(FramingError::Stopping, pending);
                        return 0;
                    }
                    let head = self.framing.head();
                    self.lasts = self.limits.time_of(match head.length {
                        BodyLength::Known(length) => Some(length),
                        _ => None,
                    });
                    self.phase = match head.length {
                        BodyLength::None => return self.end(was_body),
                        BodyLength::Known(length) if length <= WHOLE_BYTES && !head.has_expect => Phase::Whole,
                        _ => Phase::Body,
                    };
                }
                Step::End(settled) => {
                    self.settled += settled;
                    return self.end(was_body);
                }
            }
        }
    }

    /// Lets the settled bytes pass, in the middle of a request.
    fn pass(&mut self, was_body: bool) -> usize {
        if !was_body {
            self.exchange.is_complete.store(false, Ordering::Release);
        }
        std::mem::take(&mut self.settled)
    }

    /// Lets the settled bytes pass, the request's last ones among them.
    fn end(&mut self, was_body: bool) -> usize {
        if !self.seat.answer() {
            self.phase = Phase::Closed;
            return 0;
        }
        self.phase = Phase::Between;
        self.pass(was_body)
    }

    /// All that might pass has been given to hyper.
    fn passed(&mut self) {
        if self.phase == Phase::Between {
            self.exchange.is_complete.store(true, Ordering::Release);
        }
        if self.held.is_empty() {
            // An idle connection holds no memory.
            self.held = BytesMut::new();
        }
    }

    /// Refuses a request of which nothing was passed on.
    fn refuse(&mut self, error: FramingError, pending: &[u8]) {
        self.exchange.refuse(error);
        self.phase = Phase::Refused(match pending {
            head if head.starts_with(b"HEAD ") => STAND_IN_HEAD,
            head if asks_for_page(head) => STAND_IN_PAGE,
            _ => STAND_IN,
        });
        self.discard();
    }

    /// Refuses a request whose head was passed on.
    fn break_off(&mut self, error: FramingError) {
        self.exchange.refuse(error);
        self.phase = Phase::Broken;
        self.discard();
    }

    fn discard(&mut self) {
        self.held.clear();
        self.settled = 0;
        self.passing = 0;
        self.is_fresh = false;
    }

    /// The peer ended its side.
    fn end_of_input(&mut self) {
        match self.phase {
            Phase::Head | Phase::Whole => self.refuse_held(FramingError::Incomplete),
            Phase::Body => self.break_off(FramingError::Incomplete),
            _ => self.phase = Phase::Closed,
        }
    }

    /// The deadline of the phase has passed.
    fn expire(&mut self) {
        match self.phase {
            Phase::Head => self.refuse_held(FramingError::HeadTimeout),
            Phase::Whole => self.refuse_held(FramingError::RequestTimeout),
            Phase::Body => self.break_off(FramingError::RequestTimeout),
            _ => self.phase = Phase::Closed,
        }
    }

    fn refuse_held(&mut self, error: FramingError) {
        let held = std::mem::take(&mut self.held);
        self.refuse(error, &held);
    }

    /// Ready when the deadline of the phase has passed.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let due = match self.phase {
            Phase::Head => self.begun_at + self.limits.head_timeout.min(self.limits.request_timeout),
            Phase::Whole | Phase::Body => self.begun_at + self.lasts,
            // A request may be on its way that was sent before the peer could know.
            _ if self.stop.is_cancelled() => {
                let stopped_at = *self.stopped_at.get_or_insert_with(Instant::now);
                (self.idle_at + self.limits.idle_timeout).min(stopped_at + self.limits.stop_grace)
            }
            _ => self.idle_at + self.limits.idle_timeout,
        };
        self.timer.poll_until(due, cx)
    }

    /// Reads more behind `held`.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut piece = [const { MaybeUninit::uninit() }; PIECE_BYTES];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut piece))?;
        match piece.filled() {
            [] => self.end_of_input(),
            bytes => {
                self.held.extend_from_slice(bytes);
                self.is_fresh = true;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads straight into hyper's buffer; what may not pass yet is moved to `held`.
    fn poll_direct(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        let bytes = &buf.filled()[before..];
        if bytes.is_empty() {
            self.end_of_input();
            return Poll::Ready(Ok(()));
        }
        let is_first = self.phase == Phase::Idle;
        let passed = self.judge(bytes);
        if !matches!(self.phase, Phase::Refused(_) | Phase::Broken | Phase::Closed) {
            self.held.extend_from_slice(&bytes[passed..]);
        }
        if is_first && self.phase != Phase::Between {
            self.begun_at = Instant::now();
        }
        buf.set_filled(before + passed);
        if passed > 0 {
            self.passed();
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        loop {
            if this.passing > 0 {
                let length = this.passing.min(buf.remaining());
                buf.put_slice(&this.held[..length]);
                this.held.advance(length);
                this.passing -= length;
                if this.passing == 0 {
                    this.passed();
                }
                return Poll::Ready(Ok(()));
            }
            match &mut this.phase {
                Phase::Between => this.begin(),
                // hyper closes after the refusal and asks for no more.
                Phase::Refused([]) => return Poll::Pending,
                Phase::Refused(rest) => {
                    let (now, later) = rest.split_at(rest.len().min(buf.remaining()));
                    buf.put_slice(now);
                    *rest = later;
                    return Poll::Ready(Ok(()));
                }
                Phase::Broken => {
                    let error = this.exchange.verdict().unwrap_or(FramingError::Incomplete);
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                }
                Phase::Closed => return Poll::Ready(Ok(())),
                Phase::Idle | Phase::Head | Phase::Whole | Phase::Body => {
                    if std::mem::take(&mut this.is_fresh) {
                        let held = std::mem::take(&mut this.held);
                        this.passing = this.judge(&held);
                        if !matches!(this.phase, Phase::Refused(_) | Phase::Broken) {
                            this.held = held;
                        }
                        continue;
                    }
                    let read = match this.held.is_empty() {
                        true => this.poll_direct(cx, buf),
                        false => this.poll_hold(cx),
                    };
                    match read {
                        Poll::Ready(Ok(())) if buf.filled().len() > before => return Poll::Ready(Ok(())),
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                        Poll::Pending => {
                            ready!(this.poll_deadline(cx));
                            this.expire();
                        }
                    }
                }
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A closing connection waits for no request, but it may have to make room.
        self.seat.wait(Instant::now());
        let close = match self.phase {
            // The peer ended its side, or was idle too long.
            Phase::Closed => Close::AtOnce,
            Phase::Between | Phase::Idle => Close::IfQuiet,
            _ => Close::AfterPeer,
        };
        self.socket.poll_close(cx, close)
    }
}
