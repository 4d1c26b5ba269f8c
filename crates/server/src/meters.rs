//! What `/metrics` tells an operator, in the text format of Prometheus, and the log lines of requests that went badly.
//!
//! Labels are names of ours (route templates, methods, statuses), never what a request holds.

use std::{sync::OnceLock, time::Duration};

use api::RouteTemplate;
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use axum::{extract::MatchedPath, response::Response};
use crm::{Crm, mails, webhooks::outbox};
use http::{HeaderMap, Method, header};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "organicagent_http_requests_total";
const DURATION: &str = "organicagent_http_request_duration_seconds";

/// Seconds; from what a list takes to what a client gives up at.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// A request that took longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

/// How often histograms are folded, scraped or not: until then every observation is kept.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process's recorder: one for all, set up at the first call. The handle draws the text.
pub fn install() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS);
        let handle = builder.expect("there are buckets").install_recorder().expect("this is the only recorder");
        describe();
        handle
    })
}

/// Folds histograms now and then, for ever.
pub async fn keep_up(handle: &'static PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(REQUESTS, "Requests answered");
    describe_histogram!(DURATION, "Seconds from a request's head to its answer's head");
    describe_counter!(
        "organicagent_limiter_refusals_total",
        "Requests refused because a key's limit or an address's guesses were used up"
    );
    describe_gauge!("organicagent_db_waiting", "Jobs waiting for the database");
    describe_counter!("organicagent_db_refused_total", "Jobs refused because a queue was full");
    describe_counter!("organicagent_db_groups_total", "Groups of writes begun");
    describe_counter!("organicagent_db_grouped_jobs_total", "Writes in those groups");
    describe_counter!("organicagent_db_commits_total", "Write transactions committed");
    describe_counter!("organicagent_db_reruns_total", "Jobs run again");
    describe_counter!("organicagent_db_reads_total", "Reads answered");
    describe_counter!("organicagent_db_lost_connections_total", "Connections found broken");
    describe_counter!("organicagent_db_checkpoints_total", "Checkpoints of SQLite's log");
    describe_gauge!("organicagent_outbox_deliveries", "Webhook deliveries that have still to be sent");
    describe_gauge!("organicagent_mails_queued", "Mails that have still to be sent");
    describe_gauge!("process_resident_memory_bytes", "Memory in use");
    describe_gauge!("process_open_fds", "Open files and sockets");
}

/// Who may read the metrics.
#[derive(Clone)]
pub struct Operator {
    token: [u8; 32],
}

impl Operator {
    /// Whoever bears this token.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self { token: hash(token.as_bytes()) }
    }

    /// Whether the request bears the token. Takes as long for a wrong one as for the right one.
    #[must_use]
    pub fn sent(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked(7));
        let bearer = sent.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        bearer.is_some_and(|(_, token)| verify_slices_are_equal(&hash(token), &self.token).is_ok())
    }
}

fn hash(text: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, text).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// What is noted of a request before it is answered.
pub struct Observed {
    method: &'static str,
    matched: Option<MatchedPath>,
    began: Duration,
}

impl Observed {
    /// A request that arrives at `began`, of [`crm::clock::Clock::monotonic`].
    pub fn new(method: &Method, matched: Option<MatchedPath>, began: Duration) -> Self {
        Self { method: known(method), matched, began }
    }

    /// Counts the answer, and logs one that took long or is our fault: no path, no query, no address, no key.
    pub fn end(self, response: &Response, now: Duration, request_id: &str) {
        let template = response.extensions().get::<RouteTemplate>().map(|template| template.0.to_string());
        let route = template
            .or_else(|| self.matched.map(|path| path.as_str().to_owned()))
            .unwrap_or_else(|| String::from("none"));
        let (method, status) = (self.method, response.status());
        let took = now.saturating_sub(self.began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if status.is_server_error() {
            tracing::warn!(method, route, status = status.as_u16(), millis, request_id, "a request failed");
        } else if took >= SLOW {
            tracing::info!(method, route, status = status.as_u16(), millis, request_id, "a request was slow");
        }
        counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => status.as_u16().to_string())
            .increment(1);
        histogram!(DURATION, "route" => route, "method" => method).record(took.as_secs_f64());
    }
}

/// A method as a label: whoever makes methods up makes no labels.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The text that Prometheus reads, with what is looked up at this moment.
pub async fn render(handle: &PrometheusHandle, crm: &Crm) -> String {
    let stats = crm.database().stats();
    for (queue, waiting) in [
        ("writes", stats.writes_waiting),
        ("background", stats.background_waiting),
        ("reads", stats.reads_waiting),
        ("statements", stats.statements_waiting),
    ] {
        gauge!("organicagent_db_waiting", "queue" => queue).set(waiting as f64);
    }
    for (name, count) in [
        ("organicagent_db_refused_total", stats.refused),
        ("organicagent_db_groups_total", stats.groups),
        ("organicagent_db_grouped_jobs_total", stats.grouped_jobs),
        ("organicagent_db_commits_total", stats.commits),
        ("organicagent_db_reruns_total", stats.reruns),
        ("organicagent_db_reads_total", stats.reads),
        ("organicagent_db_lost_connections_total", stats.lost_connections),
        ("organicagent_db_checkpoints_total", stats.checkpoints),
    ] {
        counter!(name).absolute(count);
    }
    // Metrics matter most when storage does not answer: what is known without it is shown all the same.
    if let Ok(waiting) = outbox::count(crm).await {
        for (state, count) in [("fresh", waiting.fresh), ("retry", waiting.retry), ("held", waiting.held)] {
            gauge!("organicagent_outbox_deliveries", "state" => state).set(count as f64);
        }
    }
    if let Ok(queued) = mails::queued(crm).await {
        gauge!("organicagent_mails_queued").set(queued as f64);
    }
    if let Some(bytes) = resident_bytes() {
        gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(files.count() as f64);
    }
    handle.render()
}

/// Where the system tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bearer_of_the_token_is_the_operator() {
        let operator = Operator::new("s3cret-token");
        let sent = |value: &'static str| {
            operator.sent(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]))
        };
        assert!(sent("Bearer s3cret-token"));
        assert!(sent("bearer s3cret-token"));
        for wrong in [
            "Bearer s3cret-toke",
            "Bearer s3cret-token2",
            "Bearer ",
            "Bearer",
            "Basic s3cret-token",
            "s3cret-token",
            "",
        ] {
            assert!(!sent(wrong), "{wrong}");
        }
        assert!(!operator.sent(&HeaderMap::new()));
    }

    #[test]
    fn a_made_up_method_is_no_label_of_its_own() {
        assert_eq!(known(&Method::from_bytes(b"JANE").unwrap()), "other");
    }
}
