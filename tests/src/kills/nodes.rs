//! Two nodes on PostgreSQL, one of which is killed or frozen again and again: the other sends its webhooks, nothing is lost or
//! invented, and first attempts keep their order.

use std::time::Duration;

use testkit::{Engine, until};

use super::{place, rounds, webhooks::Run};

/// A frozen node is not dead: its webhooks move when its leases have ended, half a minute later. So it is frozen for that long in
/// one round of so many, and for a moment in the others.
const ROUNDS_PER_FREEZE: u64 = 30;

#[test]
fn killed_and_frozen_beside_another_node_no_webhook_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (place, _database) = place(Engine::Postgres, folder.path());
    testkit::block_on(async {
        let run = Run::prepare(place).await;
        let (mut staying, mut load) = run.serve();
        for round in 0..rounds() {
            let (other, others_load) = run.serve();
            let before = run.acknowledged();
            until(async || run.acknowledged() > before).await;
            tokio::time::sleep(Duration::from_millis((round * 61) % 170)).await;
            // Who serves the webhook is the elder more often than not, so that is the one to suffer.
            staying.freeze();
            if round % ROUNDS_PER_FREEZE == 1 {
                let before = run.received();
                until_taken_over(async || run.received() > before + 32).await;
            } else {
                tokio::time::sleep(Duration::from_millis((round * 37) % 130)).await;
            }
            if round % 3 == 0 {
                staying.wake();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            staying.kill();
            for task in load {
                task.await.unwrap();
            }
            (staying, load) = (other, others_load);
        }
        staying.kill();
        for task in load {
            task.await.unwrap();
        }
        run.check(&run.serve_without_load()).await;
    });
}

/// Waits for longer than a lease lasts.
async fn until_taken_over(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a frozen node's webhooks are not taken over");
}
