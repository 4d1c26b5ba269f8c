//! What tests stand on: whole servers on both engines, callers, a manual clock.

pub mod app;
pub mod faulty_vfs;
pub mod manual;
pub mod postgres;
pub mod process;
pub mod requests;

pub use app::{EmptyDatabase, TestAgent, TestApp, TestNode, block_on};
pub use db::Engine;
pub use requests::{Answer, Caller};
