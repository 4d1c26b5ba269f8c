//! Counts the frames of an HTTP/2 connection that cost work and carry no request.
//!
//! The h2 crate ends rapid resets, CONTINUATION floods and oversized header lists by itself. It answers pings and
//! settings for as long as they come; that flood ends here.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::sockets::{Close, Socket};
use super::streams::Streams;

/// The bytes by which an HTTP/2 connection begins (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Such frames a connection may send within [`WINDOW`].
const FRAMES: u32 = 1_000;
const WINDOW: Duration = Duration::from_secs(10);
const HEADER_BYTES: usize = 9;
/// A PING of a forbidden size: given to h2 in place of what comes next, it ends the connection with a GOAWAY.
const POISON: &[u8; HEADER_BYTES] = &[0, 0, 0, PING, 0, 0, 0, 0, 0];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;

/// Follows frame boundaries in one direction of a connection.
#[derive(Debug, Default)]
struct Walk {
    /// Bytes to come until the next frame header.
    skip: usize,
    header: [u8; HEADER_BYTES],
    header_length: usize,
}

/// What one step of a [`Walk`] went over.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// The end of a frame's header.
    Header { kind: u8, flags: u8, length: usize },
    /// Part of a header.
    Part,
    /// Payload of a frame of that kind.
    Payload(u8),
}

impl Walk {
    fn is_between_frames(&self) -> bool {
        self.skip == 0 && self.header_length == 0
    }

    /// Goes over the first piece of `bytes`, which are not empty, and says how long it is.
    fn step(&mut self, bytes: &[u8]) -> (usize, Piece) {
        if self.skip > 0 {
            let here = self.skip.min(bytes.len());
            self.skip -= here;
            return (here, Piece::Payload(self.header[3]));
        }
        let here = (HEADER_BYTES - self.header_length).min(bytes.len());
        self.header[self.header_length..self.header_length + here].copy_from_slice(&bytes[..here]);
        self.header_length += here;
        if self.header_length < HEADER_BYTES {
            return (here, Piece::Part);
        }
        let [a, b, c, kind, flags, ..] = self.header;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        self.header_length = 0;
        self.skip = length;
        (here, Piece::Header { kind, flags, length })
    }
}

/// Counts what a client sends.
#[derive(Debug)]
struct Meter {
    walk: Walk,
    frames: u32,
    window_at: Instant,
}

impl Meter {
    fn new(now: Instant) -> Meter {
        let walk = Walk { skip: PREFACE.len(), ..Walk::default() };
        Meter { walk, frames: 0, window_at: now }
    }

    /// Takes note of `bytes`. `Some`: too many frames; only that many bytes, up to a frame's end, may pass.
    fn count(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut pos = 0;
        while pos < bytes.len() {
            if self.walk.is_between_frames() && self.frames > FRAMES {
                return Some(pos);
            }
            let (length, piece) = self.walk.step(&bytes[pos..]);
            pos += length;
            // A window update is the price of an answer that is being read.
            let is_useful = match piece {
                Piece::Header { kind: DATA, flags, length } => length > 0 || flags & END_STREAM != 0,
                Piece::Header { kind, .. } => matches!(kind, HEADERS | WINDOW_UPDATE),
                Piece::Part | Piece::Payload(_) => true,
            };
            if !is_useful {
                self.frame();
            }
        }
        None
    }

    fn frame(&mut self) {
        self.frames += 1;
        if self.frames > FRAMES {
            let now = Instant::now();
            if now.duration_since(self.window_at) > WINDOW {
                self.window_at = now;
                self.frames = 1;
            }
        }
    }
}

/// An HTTP/2 socket as hyper sees it.
pub(super) struct FrameGuard<IO> {
    socket: Socket<IO>,
    meter: Meter,
    /// What was read before the protocol was known.
    held: bytes::BytesMut,
    /// `Some`: flooded; bytes of the poison left to give.
    poison: Option<&'static [u8]>,
    is_ended: bool,
    written: Walk,
    streams: Arc<Streams>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> FrameGuard<IO> {
    /// A guard of `socket`, of which `held` was read already.
    pub(super) fn new(socket: Socket<IO>, held: bytes::BytesMut, streams: Arc<Streams>) -> FrameGuard<IO> {
        FrameGuard {
            socket,
            meter: Meter::new(Instant::now()),
            held,
            poison: None,
            is_ended: false,
            written: Walk::default(),
            streams,
        }
    }

    /// Takes note of what was written: pings tell nothing, data that the peer has room for tells that it reads.
    fn wrote(&mut self, mut bytes: &[u8]) {
        let mut is_data = false;
        while !bytes.is_empty() {
            let (length, piece) = self.written.step(bytes);
            is_data |= piece == Piece::Payload(DATA);
            bytes = &bytes[length..];
        }
        if is_data {
            self.streams.moved(Instant::now());
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for FrameGuard<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        loop {
            if let Some(rest) = &mut this.poison {
                let (now, later) = rest.split_at(rest.len().min(buf.remaining()));
                buf.put_slice(now);
                *rest = later;
                // h2 ends the connection after the poison and asks for no more.
                return match now.is_empty() {
                    true => Poll::Pending,
                    false => Poll::Ready(Ok(())),
                };
            }
            if this.held.is_empty() {
                ready!(Pin::new(&mut this.socket).poll_read(cx, buf))?;
            } else {
                let length = this.held.len().min(buf.remaining());
                buf.put_slice(&this.held.split_to(length));
            }
            let bytes = &buf.filled()[before..];
            this.is_ended = bytes.is_empty();
            let Some(good) = this.meter.count(bytes) else {
                return Poll::Ready(Ok(()));
            };
            this.poison = Some(POISON);
            buf.set_filled(before + good);
            if good > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for FrameGuard<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, buf))?;
        self.wrote(&buf[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let here = left.min(buf.len());
            self.wrote(&buf[..here]);
            left -= here;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let close = match self.is_ended {
            true => Close::AtOnce,
            false => Close::AfterPeer,
        };
        self.socket.poll_close(cx, close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let mut bytes = vec![0, (payload >> 8) as u8, payload as u8, kind, flags, 0, 0, 0, 0];
        bytes.resize(HEADER_BYTES + payload, 0xaa);
        bytes
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_cut_at_a_frame_boundary_however_it_is_split() {
        let mut stream = PREFACE.to_vec();
        for _ in 0..1_500 {
            stream.extend(frame(PING, 0, 8));
        }
        let whole = Meter::new(Instant::now()).count(&stream);
        assert_eq!(whole, Some(24 + 1_001 * 17));
        let mut split = Meter::new(Instant::now());
        let cut =
            stream.chunks(7).enumerate().find_map(|(index, piece)| split.count(piece).map(|good| index * 7 + good));
        assert_eq!(cut, whole);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_bodies_and_slow_pings_are_no_flood() {
        let mut meter = Meter::new(Instant::now());
        assert_eq!(meter.count(PREFACE), None);
        for _ in 0..3_000 {
            assert_eq!(meter.count(&frame(HEADERS, 5, 30)), None);
            assert_eq!(meter.count(&frame(DATA, 0, 1_000)), None);
            assert_eq!(meter.count(&frame(WINDOW_UPDATE, 0, 4)), None);
        }
        for _ in 0..3_000 {
            tokio::time::advance(Duration::from_millis(20)).await;
            assert_eq!(meter.count(&frame(PING, 0, 8)), None);
        }
    }
}
