//! Delivery of webhooks: what is signed and sent, to which addresses, when again, and in which order.
//!
//! The outbox itself, its tables and statements, stands in [`crm::webhooks`]. Here are first the pure parts, which take time
//! and randomness as arguments: [`signature`], [`rotation`], [`envelope`], [`guard`], [`retries`], [`lane`] and [`budget`];
//! then what touches the network, [`resolver`] and [`client`]; last the [`dispatcher`], which drives them all.

pub mod budget;
pub mod client;
pub mod dispatcher;
pub mod envelope;
pub mod guard;
pub mod lane;
pub mod resolver;
pub mod retries;
pub mod rotation;
pub mod signature;

pub use ipnet;
