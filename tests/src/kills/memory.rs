//! How much memory a server takes while much arrives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use image::ImageFormat;
use serde_json::json;
use testkit::{
    Browser, Caller, Engine,
    process::{Home, Server},
};

use super::sign_in;
use crate::photos::{form, picture};

/// The most memory that the server holds while so many photos are sent at once.
async fn most_held(server: &Arc<Server>, browser: &Browser, path: &str, form: &Bytes, photos: usize) -> u64 {
    let is_over = Arc::new(AtomicBool::new(false));
    let (watched, ends) = (Arc::clone(server), Arc::clone(&is_over));
    let most = tokio::spawn(async move {
        let mut most = 0;
        while !ends.load(Ordering::Relaxed) {
            most = watched.held().max(most);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        most
    });
    let senders = (0..photos).map(|_| {
        let (mut browser, form, path) = (browser.at(&server.base), form.clone(), path.to_owned());
        tokio::spawn(async move {
            browser.send(Method::POST, &path, "multipart/form-data; boundary=edge", form).await.status
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        assert_eq!(sender.await.unwrap(), 303);
    }
    is_over.store(true, Ordering::Relaxed);
    most.await.unwrap()
}

/// Fifty photos of 15 MiB at once, in a process of its own.
async fn fifty_photos(engine: Engine) {
    const MIB: u64 = 1024 * 1024;
    let home = Home::new(engine);
    let slug = home.place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = home.place.output_of(&["key", "create", "--agent", &slug, "--name", "Count"]);
    let server = Arc::new(home.place.serve_with(&[]));
    let browser = sign_in(&home, &slug, &server.base).await;
    let listing = json!({"address": "456 Oak Ave", "price": 750_000});
    let api = Caller::new(&server.base).with_key(&key);
    let listing = api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].clone();
    let path = format!("/dashboard/listings/{}", listing.as_str().unwrap());
    // What stands behind a picture's end is uploaded as well.
    let mut photo = picture(1_000, 750, ImageFormat::Jpeg);
    photo.resize(usize::try_from(15 * MIB).unwrap(), 0);
    let form = form(&[("a.jpg", "image/jpeg", &photo)]);
    let one = most_held(&server, &browser, &format!("{path}/photos"), &form, 1).await;
    let fifty = most_held(&server, &browser, &format!("{path}/photos"), &form, 50).await;
    let page = browser.at(&server.base).get(&path).await.expect(200).text();
    assert_eq!(page.matches("data-photo=\"").count(), 51);
    assert!(fifty < one + 100 * MIB, "one: {} MiB, fifty: {} MiB", one / MIB, fifty / MIB);
}

#[test]
fn fifty_photos_at_once_take_at_most_100_mib_more_than_one_on_sqlite() {
    testkit::block_on(fifty_photos(Engine::Sqlite));
}

#[test]
fn fifty_photos_at_once_take_at_most_100_mib_more_than_one_on_postgres() {
    testkit::block_on(fifty_photos(Engine::Postgres));
}
