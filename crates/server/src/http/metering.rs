//! The listener's counters, by the `metrics` crate's recorder.

use metrics::{Counter, Gauge, counter, gauge};

use super::FramingError;

/// Handles made once per listener: the recorder is not asked on a request's way.
#[derive(Clone)]
pub(super) struct Metering {
    /// Connections open now.
    pub(super) open: Gauge,
    /// Connections accepted so far.
    pub(super) accepted: Counter,
    /// Connections closed because there was no room.
    pub(super) evicted: Counter,
    /// Failures of `accept`.
    pub(super) accept_failures: Counter,
}

impl Metering {
    pub(super) fn new() -> Metering {
        Metering {
            open: gauge!("organicagent_http_connections_open"),
            accepted: counter!("organicagent_http_connections_accepted_total"),
            evicted: counter!("organicagent_http_connections_refused_total"),
            accept_failures: counter!("organicagent_http_accept_failures_total"),
        }
    }
}

/// Counts a refusal by its kind.
pub(super) fn count_refusal(error: FramingError) {
    counter!("organicagent_http_framing_errors_total", "kind" => error.kind()).increment(1);
}
