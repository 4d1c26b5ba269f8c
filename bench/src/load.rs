//! The generator: every connection sends its next request when it has the answer to the last (a closed loop). It runs on one
//! thread, the same for the floor and the product.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{histogram::Histogram, requests::Requests, wire::Connection};

/// A connection's server and requests.
pub type Line = (SocketAddr, Box<dyn Requests>);

/// How long to send.
#[derive(Clone, Copy)]
pub enum Span {
    /// So long without counting, then so long counted.
    Timed { warm_up: Duration, measured: Duration },
    /// Until all requests are sent, all counted.
    ToTheEnd,
}

/// What was measured.
#[derive(Default)]
pub struct Measured {
    /// The counted time.
    pub elapsed: Duration,
    /// What was counted: answers, or deliveries.
    pub count: u64,
    /// Of what was counted, where that is known.
    pub latencies: Histogram,
}

impl Measured {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    /// Both taken as one.
    pub fn and(mut self, other: &Self) -> Self {
        self.elapsed += other.elapsed;
        self.count += other.count;
        self.latencies.add(&other.latencies);
        self
    }
}

const WARM_UP: u8 = 0;
const COUNTED: u8 = 1;
const ENDED: u8 = 2;

struct Run {
    phase: AtomicU8,
    latencies: Mutex<Histogram>,
}

/// Sends the requests of all lines at once. `at` is called when counting begins and when it ends.
///
/// # Errors
/// With the first answer that has another status than its request must have.
pub fn send(lines: Vec<Line>, span: Span, mut at: impl FnMut(Moment)) -> Result<Measured, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let first = match span {
            Span::Timed { .. } => WARM_UP,
            Span::ToTheEnd => COUNTED,
        };
        let run = Arc::new(Run { phase: AtomicU8::new(first), latencies: Mutex::default() });
        let mut opened = Vec::new();
        for (address, requests) in lines {
            opened.push((Connection::open(address).await?, requests));
        }
        let mut senders = JoinSet::new();
        let mut started = Instant::now();
        for (connection, requests) in opened {
            senders.spawn(drive(Arc::clone(&run), connection, requests));
        }
        if let Span::Timed { warm_up, measured } = span {
            sleep(&mut senders, warm_up).await?;
            at(Moment::Begin);
            started = Instant::now();
            run.phase.store(COUNTED, Relaxed);
            sleep(&mut senders, measured).await?;
            run.phase.store(ENDED, Relaxed);
        } else {
            at(Moment::Begin);
            while let Some(ended) = senders.join_next().await {
                ended.map_err(|error| error.to_string())??;
            }
        }
        let elapsed = started.elapsed();
        at(Moment::End);
        while let Some(ended) = senders.join_next().await {
            ended.map_err(|error| error.to_string())??;
        }
        let latencies = std::mem::take(&mut *run.latencies.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Measured { elapsed, count: latencies.count(), latencies })
    })
}

/// When [`send`] calls back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Begin,
    End,
}

/// Waits, unless a sender fails meanwhile.
async fn sleep(senders: &mut JoinSet<Result<(), String>>, wait: Duration) -> Result<(), String> {
    tokio::select! {
        () = tokio::time::sleep(wait) => Ok(()),
        Some(ended) = senders.join_next() => match ended.map_err(|error| error.to_string())? {
            Ok(()) => Err(String::from("a connection ran out of requests")),
            Err(error) => Err(error),
        },
    }
}

async fn drive(run: Arc<Run>, mut connection: Connection, mut requests: Box<dyn Requests>) -> Result<(), String> {
    let mut latencies = Histogram::default();
    while run.phase.load(Relaxed) != ENDED {
        let Some((request, expected)) = requests.next() else { break };
        let sent = Instant::now();
        let answer = connection.exchange(request).await?;
        if answer.status != expected {
            return Err(format!("expected {expected}, got: {}", answer.text()));
        }
        if run.phase.load(Relaxed) == COUNTED {
            latencies.record(sent.elapsed());
        }
    }
    run.latencies.lock().unwrap_or_else(PoisonError::into_inner).add(&latencies);
    Ok(())
}

/// A connection of somebody who asks for one thing after another.
pub struct Visitor {
    runtime: tokio::runtime::Runtime,
    connection: Connection,
}

impl Visitor {
    pub fn open(address: SocketAddr) -> Result<Self, String> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        let connection = runtime.block_on(Connection::open(address))?;
        Ok(Self { runtime, connection })
    }

    /// The whole answer to a request, its head too.
    ///
    /// # Errors
    /// With the answer, if its status is not the expected one.
    pub fn ask(&mut self, request: &[u8], expected: u16) -> Result<String, String> {
        let answer = self.runtime.block_on(self.connection.exchange(request))?;
        let text = answer.text();
        if answer.status == expected { Ok(text) } else { Err(format!("expected {expected}, got: {text}")) }
    }
}

/// One request and the body of its answer.
///
/// # Errors
/// With the answer, if its status is not the expected one.
pub fn ask(address: SocketAddr, request: &[u8], expected: u16) -> Result<Vec<u8>, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut connection = Connection::open(address).await?;
        let answer = connection.exchange(request).await?;
        if answer.status == expected {
            Ok(answer.body.to_vec())
        } else {
            Err(format!("expected {expected}, got: {}", answer.text()))
        }
    })
}
