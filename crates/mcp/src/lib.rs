//! The Model Context Protocol at `/mcp`: what an assistant is given to work with an agent's records.
//!
//! A tool is a call of the API, made within the process: the same keys, scopes, limits, checks and sentences, and no rule of its
//! own. Served without sessions (streamable HTTP), so any node answers any request.

mod calls;
mod gate;
mod office;
mod schemas;
mod today;
mod tools;

pub use gate::router;

/// Where it is served.
pub const PATH: &str = "/mcp";
