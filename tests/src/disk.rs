//! A disk that is full or broken: never a false 2xx, reads go on, writes recover when space returns.

use crm::Settings;
use serde_json::{Value, json};
use testkit::{
    TestApp,
    faulty_vfs::{Duration, Fault, FaultyVfs},
};

/// Everything that the lists and the feed hold, as (lead ids, ids in events, total).
async fn stored(app: &TestApp) -> (Vec<String>, Vec<String>, u64) {
    let ids = |items: &Value, pointer: &str| {
        let ids =
            items.as_array().unwrap().iter().map(|item| item.pointer(pointer).unwrap().as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let leads = app.agent.api.get("/api/v1/leads?sort=createdAt&limit=100").await.expect(200).json();
    let events = app.agent.api.get("/api/v1/events?limit=100").await.expect(200).json();
    (ids(&leads["leads"], "/id"), ids(&events["events"], "/data/id"), leads["total"].as_u64().unwrap())
}

/// Creates a lead; its id where the answer was 201.
async fn create(app: &TestApp, name: &str) -> Option<String> {
    let answer = app.agent.api.post("/api/v1/leads", &json!({"name": name, "notes": "x".repeat(5_000)})).await;
    match answer.status {
        201 => Some(answer.json()["leadId"].as_str().unwrap().to_owned()),
        status => {
            assert_eq!(status, 503, "{}", answer.text());
            assert!(!answer.header("retry-after").is_empty());
            assert_eq!(answer.json()["success"], false);
            None
        }
    }
}

async fn survive(vfs: &'static FaultyVfs, name: &str, fault: Fault) {
    let settings = Settings { rate_limit: 1_000_000, ..Settings::default() };
    let app = TestApp::start_on_vfs(name, &settings).await;
    let mut acknowledged = Vec::new();
    for nth in 1..=8 {
        acknowledged.extend(create(&app, "before").await);
        vfs.fail(fault, nth, Duration::Lasting);
        let mut refused = 0;
        for _ in 0..10 {
            match create(&app, "during").await {
                Some(id) => acknowledged.push(id),
                None => refused += 1,
            }
        }
        assert!(refused > 0, "the disk was broken at operation {nth}");
        // Reads go on, and show every acknowledged lead.
        let (during, _, _) = stored(&app).await;
        assert!(acknowledged.iter().all(|id| during.contains(id)));
        vfs.heal();
        let id = create(&app, "after").await.expect("writes recover when the disk does");
        acknowledged.push(id);
    }
    let (leads, events, total) = stored(&app).await;
    assert!(acknowledged.iter().all(|id| leads.contains(id)), "an acknowledged lead is lost");
    assert_eq!(leads, events, "each lead has its event, and none is half there");
    assert_eq!(total, leads.len() as u64);
}

#[test]
fn a_full_disk_is_never_a_false_success() {
    let vfs = FaultyVfs::register("http-full");
    testkit::block_on(survive(vfs, "http-full", Fault::DiskFull));
}

#[test]
fn a_failing_write_is_never_a_false_success() {
    let vfs = FaultyVfs::register("http-write");
    testkit::block_on(survive(vfs, "http-write", Fault::WriteError));
}

#[test]
fn a_failing_fsync_is_never_a_false_success() {
    let vfs = FaultyVfs::register("http-sync");
    testkit::block_on(survive(vfs, "http-sync", Fault::SyncError));
}
