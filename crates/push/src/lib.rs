//! Web Push that goes out: its encryption, who it is from, and the talk with push services (RFC 8030).
//!
//! The queue is `crm`'s (`crm::pushes`), the words are `mail`'s, the connection is that of `webhooks`, with its guard. `encryption` makes a
//! message that only the device reads (RFC 8291), `vapid` says who sends it (RFC 8292), `sender` claims, sends and says how it went.

pub mod encryption;
pub mod sender;
pub mod vapid;
