//! What a listener bears.

use std::time::Duration;

/// The limits of a listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a mail.
    pub mail_bytes: usize,
    /// Bytes of a line of a mail, with its end (RFC 5321, section 4.5.3.1.6).
    pub line_bytes: usize,
    /// Bytes of a command, with its end; more than the 512 of RFC 5321, section 4.5.3.1.4, for the parameters of extensions.
    pub command_bytes: usize,
    /// Recipients of a mail.
    pub recipients: usize,
    /// Commands that are refused before the connection is closed.
    pub bad_commands: u32,
    /// Connections at the same time.
    pub connections: usize,
    /// The same from one address; of IPv6, from one network of 64 bits.
    pub connections_of_one: usize,
    /// Connections from which on nobody is waited for long.
    pub crowd: usize,
    /// How long a command, or more of a mail, may take to come.
    pub command: Duration,
    /// The same in a crowd.
    pub command_in_a_crowd: Duration,
    /// How long a connection may last.
    pub session: Duration,
    /// How long what is under way may take to end when the server stops.
    pub stop: Duration,
    /// How long looking at who sent a mail may hold up its answer.
    pub check: Duration,
    /// Bytes of mails beyond their first 256 KiB that are in memory at the same time.
    pub large_mail_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mail_bytes: crm::inbox::MOST,
            line_bytes: 1_000,
            command_bytes: 1_000,
            recipients: 100,
            bad_commands: 20,
            connections: 256,
            connections_of_one: 10,
            crowd: 192,
            command: Duration::from_secs(300),
            command_in_a_crowd: Duration::from_secs(10),
            session: Duration::from_secs(15 * 60),
            stop: Duration::from_secs(10),
            check: Duration::from_secs(3),
            large_mail_bytes: 64 * 1024 * 1024,
        }
    }
}
