//! The bounds of the HTTP listener.

use std::time::Duration;

/// What a connection and a request may cost. `Default` gives the published values.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request's header section (the lines after the request line); beyond: 431.
    pub header_bytes: usize,
    /// Bytes of a request's target; beyond: 414.
    pub uri_bytes: usize,
    /// From a request's first byte to the end of its head; beyond: 408.
    pub head_timeout: Duration,
    /// From a request's first byte to its last; beyond: 408. A body that is longer than [`Limits::SHORT_BODY`], as some paths are
    /// granted, has as much longer as it takes at [`Limits::LEAST_PACE`].
    pub request_timeout: Duration,
    /// How long a connection may wait for a request's first byte; then it is closed silently.
    pub idle_timeout: Duration,
    /// How long a peer may leave an answer unread before the connection is dropped.
    pub write_timeout: Duration,
    /// How long a stopping server keeps connections without a request, to answer 503 to one that is on its way.
    pub stop_grace: Duration,
    /// How long a stopping server waits for requests in flight.
    pub stop_timeout: Duration,
    /// Connections at a time; one more closes the one that waits longest for a complete request.
    pub connections: usize,
    /// HTTP/2 streams at a time per connection.
    pub streams: u32,
    /// The bytes a request's body may have, by method and path; beyond: 413.
    pub body_bytes: fn(method: &str, path: &str) -> u64,
}

impl Limits {
    /// Bytes of a body that has no longer than any other request. No path of the API is granted more.
    pub const SHORT_BODY: u64 = 256 * 1024;
    /// Bytes a second at which a file arrives at least: a phone with a poor connection, a quarter of a megabit.
    pub const LEAST_PACE: u64 = 32 * 1024;

    /// How long a request with a body of so many bytes may take, by what its Content-Length says. Without one it is
    /// [`Limits::request_timeout`].
    pub(super) fn time_of(&self, length: Option<u64>) -> Duration {
        let beyond = length.unwrap_or(0).saturating_sub(Self::SHORT_BODY);
        self.request_timeout + Duration::from_secs(beyond / Self::LEAST_PACE)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header_bytes: 16 * 1024,
            uri_bytes: 8 * 1024,
            head_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            stop_grace: Duration::from_secs(1),
            stop_timeout: Duration::from_secs(30),
            connections: 1024,
            streams: 100,
            body_bytes: |_, _| Limits::SHORT_BODY,
        }
    }
}
