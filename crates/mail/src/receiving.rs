//! Mail that comes in: a listener that speaks SMTP (RFC 5321) and, to who greets with LHLO, LMTP (RFC 2033).
//!
//! `session` is the protocol as a machine that knows no sockets and no time; `framing` finds lines and the end of a mail in bytes; `talk` is
//! one connection; `listener` has many, with their limits. It relays nothing, lets nobody sign in and sends nothing: a mail for an
//! agent's address is kept, and only then answered with 250.

mod addresses;
mod checks;
mod envelope;
mod framing;
mod limits;
mod listener;
mod places;
mod session;
mod talk;

pub use checks::SenderChecks;
pub use envelope::{Checker, Envelope, Protocol};
pub use limits::Limits;
pub use listener::{Receiver, run};
