//! The binary `organicagent`: command line, settings, wiring, listeners, shutdown.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
mod domains;
mod edge;
pub mod files;
pub mod hosts;
pub mod http;
pub mod inbound;
pub mod key_files;
pub mod listening;
pub mod logs;
pub mod machine;
pub mod meters;
mod plain;
mod sending;
pub mod serve;
pub mod storage;
pub mod tls;
