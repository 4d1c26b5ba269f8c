//! What tests stand on: whole servers on both engines, callers, a manual clock.

pub mod app;
pub mod browser;
pub mod faulty_vfs;
pub mod following;
pub mod mail_in;
pub mod manual;
pub mod phone;
pub mod postbox;
pub mod postgres;
pub mod process;
pub mod received;
pub mod requests;
pub mod sending;
pub mod sink;

pub use app::{EmptyDatabase, TestAgent, TestApp, TestNode, block_on, until};
pub use browser::Browser;
pub use crm::Settings;
pub use db::Engine;
pub use following::{Following, Message};
pub use mail_in::{MailIn, Peer};
pub use phone::Phone;
pub use postbox::{Manner, Postbox};
pub use requests::{Answer, Caller};
pub use sink::{Gate, Received, Reply, Sink};
