//! The HTTP listener over real sockets: what a client that bends the rules gets, and that the next one notices nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "http/bounds.rs"]
mod bounds;
#[path = "http/framing.rs"]
mod framing;
#[path = "http/http2.rs"]
mod http2;
#[path = "http/rig.rs"]
mod rig;
#[path = "http/stopping.rs"]
mod stopping;
