//! The floor of sending: a bare reqwest client that posts the same bytes to the same sink, and does nothing else.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::body::Bytes;
use reqwest::{
    Client,
    header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue},
};
use tokio::task::JoinSet;

use crate::{histogram::Histogram, load::Measured, process, sink::Sample};

/// As many as the sender has under way to one webhook.
const IN_FLIGHT: usize = 16;

/// Posts for so long and says what that took of this process, in microseconds a request.
pub fn post(address: SocketAddr, sample: &Sample, span: Duration) -> Result<(Measured, f64), String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &sample.headers {
        let name: HeaderName = name.parse().map_err(|_| format!("no name of a header: {name}"))?;
        if name != HOST && name != CONTENT_LENGTH {
            headers.append(name, HeaderValue::from_str(value).map_err(|error| error.to_string())?);
        }
    }
    let client = Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
    let (url, body) = (format!("http://{address}/floor"), Bytes::from(sample.body.clone()));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let is_over = Arc::new(AtomicBool::new(false));
        let (before, started) = (process::processor_time("self"), Instant::now());
        let mut posting = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let (client, url, headers, body) = (client.clone(), url.clone(), headers.clone(), body.clone());
            let is_over = Arc::clone(&is_over);
            posting.spawn(async move {
                let mut latencies = Histogram::default();
                while !is_over.load(Relaxed) {
                    let sent = Instant::now();
                    let answer = client.post(&url).headers(headers.clone()).body(body.clone()).send().await?;
                    answer.error_for_status()?.bytes().await?;
                    latencies.record(sent.elapsed());
                }
                Ok::<_, reqwest::Error>(latencies)
            });
        }
        tokio::time::sleep(span).await;
        is_over.store(true, Relaxed);
        let mut latencies = Histogram::default();
        while let Some(ended) = posting.join_next().await {
            latencies.add(&ended.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?);
        }
        let processor = process::processor_time("self").saturating_sub(before).as_secs_f64() * 1e6;
        let measured = Measured { elapsed: started.elapsed(), count: latencies.count(), latencies };
        let processor = processor / measured.count.max(1) as f64;
        Ok((measured, processor))
    })
}
