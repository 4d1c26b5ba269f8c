//! Many keys at once, each using its whole limit of a minute.

use std::{sync::Arc, time::Duration};

use super::{Bench, Engine, installation::Installation};
use crate::{
    load::{Line, Span},
    report::Row,
    requests::{self, Creates, Person, Requests, Shared},
    say,
};

const LIMIT: u32 = 100;
const KEYS_PER_AGENT: usize = 10;
/// All must be sent before the first leaves its window, or the next is rightly let in.
const WINDOW: Duration = Duration::from_secs(60);

/// Every key sends 100 requests, half creates and half lists, and all are admitted; the 101st of each is refused.
pub fn run(bench: &mut Bench, engine: Engine) -> Result<(), String> {
    let agents = if bench.is_quick { 20 } else { 100 };
    let installation = Installation::new(bench, engine, "manykeys")?;
    let product = installation.serve(LIMIT)?;
    say(&format!("making {} keys", agents * KEYS_PER_AGENT));
    let keys = make_keys(&installation, agents)?;
    // Four requests a key: two creates by different people, two lists.
    let requests = (0..4).flat_map(|turn| {
        keys.iter().map(move |key| match turn {
            0 | 1 => {
                let mut creates = Creates::new(key, Person::New);
                let (request, status) = creates.next().expect("without end");
                (request.to_vec(), status)
            }
            _ => (requests::get("/api/v1/leads?limit=50", key), 200),
        })
    });
    let requests: Vec<_> = requests.collect();
    let lines = shared(bench, product.address, requests, u64::from(LIMIT) / 4);
    let what = format!("{} keys, {LIMIT} requests each: half create, half list", keys.len());
    let (measured, processor) = bench.measure(&what, &[&product], lines, Span::ToTheEnd)?;
    let refused: Vec<_> = keys.iter().map(|key| (requests::get("/api/v1/leads?limit=50", key), 429)).collect();
    let lines = shared(bench, product.address, refused, 1);
    let (refusals, refusing) =
        bench.measure("the 101st of each", &[&product], lines, Span::ToTheEnd).map_err(|error| {
            let took = measured.elapsed;
            if took > WINDOW {
                format!("{took:?} is more than a minute, so this machine is too slow for it: {error}")
            } else {
                error
            }
        })?;
    let memory = product.peak_memory();
    let mut add = |what, measured, processor, note: &str| {
        bench.add(Row { engine: engine.name(), what, measured, floor: None, processor, memory, note: note.to_owned() });
    };
    add(what, measured, processor, "all admitted");
    add(format!("the {}st request of each", LIMIT + 1), refusals, refusing, "all refused");
    product.stop()
}

fn make_keys(installation: &Installation, agents: usize) -> Result<Vec<String>, String> {
    const THREADS: usize = 4;
    std::thread::scope(|scope| {
        let part = |first| {
            move || (first..agents).step_by(THREADS).map(|_| installation.keys(KEYS_PER_AGENT)).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(part(first))).collect();
        let made = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        made.collect::<Result<Vec<_>, _>>().map(|keys| keys.concat())
    })
}

fn shared(bench: &Bench, address: std::net::SocketAddr, requests: Vec<(Vec<u8>, u16)>, times: u64) -> Vec<Line> {
    let (requests, next) = (requests.into(), Arc::default());
    let line = |_| (address, Box::new(Shared::new(&requests, &next, times)) as Box<_>);
    (0..bench.connections).map(line).collect()
}
