//! The binary `organicagent`: command line, settings, wiring, listeners, shutdown.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
mod edge;
pub mod files;
pub mod hosts;
pub mod http;
pub mod key_files;
pub mod logs;
pub mod machine;
pub mod meters;
mod sending;
pub mod serve;
pub mod storage;
