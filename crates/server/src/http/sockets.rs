//! A socket that does not wait for ever: not for a peer that leaves answers unread, and not for one that never hangs up.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// After the last answer: how much is thrown away, and for how long, so that the client reads the answer instead of
/// being cut off by a reset (RFC 9112, section 9.6).
const LINGER_BYTES: usize = 16 * 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(2);
const PIECE_BYTES: usize = 8 * 1024;

/// Whether a closing socket waits for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// The peer is done: nothing of it can be unread.
    AtOnce,
    /// The peer owes nothing; it is waited for only if something of it is unread.
    IfQuiet,
    /// The peer may still be sending.
    AfterPeer,
}

/// A socket with bounds on unread answers and on closing.
#[derive(Debug)]
pub(super) struct Socket<IO> {
    io: IO,
    write_timeout: Duration,
    stalled_since: Option<Instant>,
    timer: Timer,
    lingering: Option<Lingering>,
}

#[derive(Debug)]
struct Lingering {
    since: Instant,
    bytes_left: usize,
    close: Close,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Socket<IO> {
    /// Drops the peer that leaves bytes unread for `write_timeout`.
    pub(super) fn new(io: IO, write_timeout: Duration) -> Socket<IO> {
        Socket { io, write_timeout, stalled_since: None, timer: Timer::default(), lingering: None }
    }

    /// Ends the writing side, then throws away what the peer still sends, within bounds.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>, close: Close) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.io).poll_shutdown(cx);
            ready!(self.poll_stalled(cx, shut))?;
        }
        let lingering =
            self.lingering.get_or_insert_with(|| Lingering { since: Instant::now(), bytes_left: LINGER_BYTES, close });
        let mut piece = [const { MaybeUninit::uninit() }; PIECE_BYTES];
        while lingering.close != Close::AtOnce {
            let mut buf = ReadBuf::uninit(&mut piece);
            match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() && lingering.bytes_left > 0 => {
                    lingering.bytes_left = lingering.bytes_left.saturating_sub(buf.filled().len());
                    lingering.close = Close::AfterPeer;
                }
                Poll::Pending if lingering.close == Close::AfterPeer => {
                    return self.timer.poll_until(lingering.since + LINGER_TIME, cx).map(Ok);
                }
                _ => lingering.close = Close::AtOnce,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// `result`, or an error when the peer has read nothing for too long.
    fn poll_stalled<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled_since = None;
            return result;
        }
        let since = *self.stalled_since.get_or_insert_with(Instant::now);
        ready!(self.timer.poll_until(since + self.write_timeout, cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.poll_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.poll_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.poll_stalled(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_close(cx, Close::AfterPeer)
    }
}

/// A deadline that is asked for often and seldom passes. The sleep under it may be armed for an earlier time and is
/// then set anew when it fires: rearming it at every request would cost more.
#[derive(Debug, Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready once `due` has passed; else the task is woken by then.
    pub(super) fn poll_until(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
    }
}
