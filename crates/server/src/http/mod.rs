//! The HTTP listener: HTTP/1.1 and HTTP/2 for any tower service, strict in what it accepts and bounded in what it spends.
//!
//! hyper parses and writes HTTP; it forgives much and words its own refusals. So a guard stands between the socket and
//! hyper: it follows the request stream by the letter of RFC 9112 ([`framing`]), hands over only what it found good, keeps
//! the deadlines, and lets every refusal be an ordinary answer of ours, with a request id and a problem document.
//!
//! - [`framing`]: the pure state machine over an HTTP/1 request stream.
//! - `guard`: the same at work on a socket; `frames`, its smaller sister for HTTP/2; `streams`, what HTTP/2 streams are up to.
//! - `exchanges`: the service that hyper sees, around the service given.
//! - `sockets`: what both share: a peer that does not read, a close that loses no answer.
//! - `seats`: who is connected, and who must leave when the house is full.
//! - `secured`: TLS in front of a connection.
//! - `connection`, `accept`: one connection's life; the accept loop and the graceful stop.

#![expect(
    clippy::disallowed_methods,
    reason = "deadlines on sockets are those of tokio's clock, which tests can pause"
)]

mod accept;
mod bodies;
mod client_address;
mod connection;
mod edge;
mod error;
mod exchanges;
mod frames;
pub mod framing;
mod guard;
mod limits;
mod metering;
mod seats;
mod secured;
mod sockets;
mod streams;

pub use accept::{serve, serve_with};
pub use bodies::{BodyError, RequestBody};
pub use client_address::{Network, Scheme, client_address, client_scheme};
pub use edge::{Edge, Reader, RequestId};
pub use error::FramingError;
pub use limits::Limits;
pub(crate) use secured::is_challenge;
pub use secured::{ACME_PROTOCOL, Names, Tls};
