//! The receiver: bare axum that reads what comes, remembers when, and answers 200 with nothing. A process of its own.

use std::{
    io::Write,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::get,
};

use crate::{
    clock::monotonic,
    load::{self, Measured},
    process::Server,
    requests,
};

/// One arrival: whose it was, and when on the machine's monotonic clock.
#[derive(Clone, Copy)]
pub struct Arrival {
    /// The number that [`number`] makes of the lead's id.
    pub lead: u64,
    pub at: u64,
}

#[derive(Default)]
struct Received {
    arrivals: Mutex<Vec<Arrival>>,
    sample: OnceLock<Sample>,
}

/// What one request was like.
pub struct Sample {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    /// Comes first: the time is that of the whole body.
    fn take(&self, headers: &HeaderMap, body: &Bytes) {
        let at = monotonic();
        let lead = lead_in(body).map_or(0, number);
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(Arrival { lead, at });
        self.sample.get_or_init(|| {
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let pairs = headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
            Sample { headers: pairs.collect(), body: body.to_vec() }
        });
    }

    fn count(&self) -> String {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).len().to_string()
    }

    fn arrivals(&self) -> Vec<u8> {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.iter().flat_map(|arrival| [arrival.lead, arrival.at]).flat_map(u64::to_le_bytes).collect()
    }

    fn sample(&self) -> String {
        let Some(sample) = self.sample.get() else { return String::from("null") };
        serde_json::json!({"headers": sample.headers, "body": String::from_utf8_lossy(&sample.body)}).to_string()
    }
}

/// The id of the lead that an answer or a webhook tells of.
pub fn lead_in(body: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = b"\"lead_";
    let start = body.windows(MARK.len()).position(|window| window == MARK)? + 1;
    let length = body[start..].iter().position(|byte| *byte == b'"')?;
    Some(&body[start..start + length])
}

/// A number for an id: the same in each process (FNV-1a), and enough to tell a million apart.
pub fn number(id: &[u8]) -> u64 {
    id.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Serves until it is killed.
pub fn serve() -> Result<(), String> {
    let received = Arc::new(Received::default());
    let (counted, listed, sampled) = (Arc::clone(&received), Arc::clone(&received), Arc::clone(&received));
    let router = Router::new()
        .route("/count", get(async move || counted.count()))
        .route("/arrivals", get(async move || listed.arrivals()))
        .route("/sample", get(async move || sampled.sample()))
        .fallback(async move |headers: HeaderMap, body: Bytes| {
            received.take(&headers, &body);
            StatusCode::OK
        });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let listener = listener.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        writeln!(std::io::stdout(), "listening on http://{address}").map_err(|error| error.to_string())?;
        axum::serve(listener, router).await.map_err(|error| error.to_string())
    })
}

/// A running sink.
pub struct Sink(pub Server);

impl Sink {
    pub fn start(folder: &Path) -> Result<Self, String> {
        let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command.arg("sink");
        Server::start(command, folder).map(Self)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.0.address)
    }

    fn ask(&self, target: &str) -> Result<Vec<u8>, String> {
        load::ask(self.0.address, &requests::get(target, "none"), 200)
    }

    /// How many requests have come so far.
    pub fn count(&self) -> Result<usize, String> {
        String::from_utf8_lossy(&self.ask("/count")?).parse().map_err(|_| String::from("the sink cannot count"))
    }

    /// What has come since it had so many.
    pub fn since(&self, count: usize) -> Result<Vec<Arrival>, String> {
        let bytes = self.ask("/arrivals")?;
        let numbers = bytes.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight")));
        let numbers: Vec<u64> = numbers.collect();
        Ok(numbers.chunks_exact(2).skip(count).map(|pair| Arrival { lead: pair[0], at: pair[1] }).collect())
    }

    /// The first request that came.
    pub fn sample(&self) -> Result<Sample, String> {
        let read: serde_json::Value =
            serde_json::from_slice(&self.ask("/sample")?).map_err(|error| error.to_string())?;
        let headers = serde_json::from_value(read["headers"].clone()).map_err(|_| "nothing has come to the sink")?;
        Ok(Sample { headers, body: read["body"].as_str().unwrap_or_default().as_bytes().to_vec() })
    }

    /// Waits until it has so many.
    ///
    /// # Errors
    /// When nothing comes for a while before that.
    pub fn wait_for(&self, count: usize) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(30);
        let (mut last, mut moved_at) = (0, Instant::now());
        loop {
            let now = self.count()?;
            if now >= count {
                return Ok(());
            }
            if now > last {
                (last, moved_at) = (now, Instant::now());
            }
            if moved_at.elapsed() > PATIENCE {
                return Err(format!("only {now} of {count} have come to the sink"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// So many arrivals within a time, on the monotonic clock.
pub fn within(arrivals: &[Arrival], from: u64, to: u64) -> Measured {
    let count = arrivals.iter().filter(|arrival| (from..=to).contains(&arrival.at)).count() as u64;
    Measured { elapsed: Duration::from_nanos(to.saturating_sub(from)), count, ..Measured::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_an_answer_and_in_a_webhook() {
        let id: &[u8] = b"lead_01h";
        assert_eq!(lead_in(br#"{"success":true,"leadId":"lead_01h"}"#), Some(id));
        assert_eq!(lead_in(br#"{"event":"lead.created","data":{"id":"lead_01h","name":"J"}}"#), Some(id));
        assert_eq!(lead_in(br#"{"success":true}"#), None);
        assert_ne!(number(b"lead_01h"), number(b"lead_01j"));
    }
}
