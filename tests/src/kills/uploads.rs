//! kill -9 while photos and documents arrive: what was acknowledged is there whole, of the rest there is nothing, and its pieces go.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use crm::{Crm, Settings, files::PIECE, jobs, seal::Keyring};
use db::{Database, DbError, Options, params};
use serde_json::json;
use testkit::{
    Browser, Caller, Engine,
    manual::{ManualClock, SeededRandomness},
    process::Home,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{rounds, sign_in};
use crate::photos::{form, picture};

/// Senders at once, of photos and of documents each.
const SENDERS: usize = 3;

/// The document of a number: of up to three pieces.
fn document(number: usize) -> Vec<u8> {
    let bytes = (0..PIECE / 2 + number * 50_021 % (3 * PIECE)).map(|at| ((at + number) % 253) as u8);
    b"%PDF-1.7\n".iter().copied().chain(bytes).collect()
}

/// Posts a form; `None` where no answer came.
async fn post(base: &str, cookies: &str, path: &str, body: &[u8]) -> Option<u16> {
    let host = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.ok()?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {base}\r\nCookie: {cookies}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.ok()?;
    std::str::from_utf8(&answer[9..]).ok()?.parse().ok()
}

/// The links of a page of this kind, in its order.
fn links(page: &str, part: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|link| link.contains(part)).map(str::to_owned).collect()
}

/// How many of each were acknowledged for a listing: photos, and documents by their numbers.
#[derive(Default)]
struct Acknowledged {
    photos: usize,
    documents: HashSet<usize>,
}

async fn send_until_gone(
    base: String,
    cookies: String,
    listing: String,
    sender: usize,
    seen: Arc<Mutex<Acknowledged>>,
) {
    let photo = form(&[("a.png", "image/png", &picture(700, 500, image::ImageFormat::Png))]);
    for n in 0.. {
        let number = n * SENDERS + sender;
        let document = document(number);
        let name = format!("Document {number}.pdf");
        let document = form(&[(&name, "application/pdf", &document)]);
        for (path, body) in [("photos", &photo), ("documents", &document)] {
            match post(&base, &cookies, &format!("{listing}/{path}"), body).await {
                Some(303) if path == "photos" => seen.lock().unwrap().photos += 1,
                Some(303) => drop(seen.lock().unwrap().documents.insert(number)),
                // There is no more room on it.
                Some(422) => {}
                Some(status) => panic!("{path}: {status}"),
                None => return,
            }
        }
    }
}

/// What of a listing's is there is whole, and what was acknowledged is there.
async fn check(browser: &mut Browser, listing: &str, seen: &Acknowledged) {
    let page = browser.get(listing).await.expect(200).text();
    let photos = links(&page, "/photos/");
    assert!(photos.len() >= seen.photos, "{} of {} photos", photos.len(), seen.photos);
    for photo in photos {
        for width in ["320", "640"] {
            let (id, _) = photo.rsplit_once('-').unwrap();
            let shown = browser.get(&format!("{id}-{width}.jpg")).await.expect(200);
            assert_eq!(image::load_from_memory(&shown.body).unwrap().width().to_string(), width);
        }
    }
    let mut found = HashSet::new();
    for link in links(&page, "/documents/") {
        let saved = browser.get(&link).await.expect(200);
        let name = saved.header("content-disposition").split("Document ").nth(1).unwrap();
        let number = name.split('.').next().unwrap().parse().unwrap();
        assert!(saved.body == document(number), "document {number} is not whole");
        found.insert(number);
    }
    assert!(found.is_superset(&seen.documents), "an acknowledged document is lost");
}

/// After a while, as the next server's jobs see it, there is not a piece too many, and not one too few.
async fn sweep(url: String) {
    let database =
        tokio::task::spawn_blocking(move || Database::open(&url, Options::default()).unwrap()).await.unwrap();
    let (clock, random) = (Arc::new(ManualClock::default()), Arc::new(SeededRandomness::new(7)));
    let keyring = Keyring::generate(&*random);
    let crm = Crm::new(database, Arc::<ManualClock>::clone(&clock), random, keyring, &Settings::default());
    clock.advance(Duration::from_secs(20 * 365 * 24 * 60 * 60));
    for _ in 0..3 {
        clock.advance(Duration::from_secs(60 * 60));
        while jobs::run_due(&crm).await.unwrap() > 0 {}
    }
    let counted = crm.database().read("test.swept", |tx| {
        let unkept = "SELECT COUNT(*) FROM files WHERE about_id IS NULL OR hash IS NULL OR until IS NOT NULL";
        // Files with the same bytes have the same pieces.
        let sizes = "SELECT MIN(size) FROM files GROUP BY content_id";
        let sizes = tx.query(sizes, params![], |row| row.get::<i64>(0))?;
        let pieces = "SELECT COUNT(*), CAST(SUM(LENGTH(bytes)) AS BIGINT) FROM file_pieces";
        let pieces = tx.query_one(pieces, params![], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
        Ok::<_, DbError>((tx.query_one(unkept, params![], |row| row.get::<i64>(0))?, sizes, pieces))
    });
    let (unkept, sizes, pieces) = counted.await.unwrap();
    assert_eq!(unkept, 0);
    let whole = sizes.iter().map(|size| (*size as u64).div_ceil(PIECE as u64) as i64).sum();
    assert_eq!(pieces, (whole, sizes.iter().sum()));
    crm.database().close().await;
}

async fn survive(engine: Engine) {
    let home = Home::new(engine);
    let slug = home.place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
    let key = home.place.output_of(&["key", "create", "--agent", &slug, "--name", "Count"]);
    let mut server = home.place.serve();
    let browser = sign_in(&home, &slug, &server.base).await;
    let mut all = Vec::new();
    for round in 0..rounds().div_ceil(2) {
        let api = Caller::new(&server.base).with_key(&key);
        let listing = json!({"address": format!("{round} Main St"), "price": 1});
        let listing = api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].clone();
        let listing = format!("/dashboard/listings/{}", listing.as_str().unwrap());
        let seen = Arc::new(Mutex::new(Acknowledged::default()));
        let senders = (0..SENDERS).map(|sender| {
            let (base, cookies, listing) = (server.base.clone(), browser.cookies(), listing.clone());
            tokio::spawn(send_until_gone(base, cookies, listing, sender, Arc::clone(&seen)))
        });
        let senders = senders.collect::<Vec<_>>();
        while seen.lock().unwrap().documents.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // A moment that differs from round to round and is the same in every run.
        tokio::time::sleep(Duration::from_millis(round * 71 % 190)).await;
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
        all.push((listing, seen));
        server = home.place.serve();
    }
    let mut browser = browser.at(&server.base);
    for (listing, seen) in &all {
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        check(&mut browser, listing, &seen).await;
    }
    server.kill();
    let url = match home.place.database_url.as_str() {
        "" => format!("sqlite:{}", home.place.folder.join("organicagent.db").display()),
        url => url.to_owned(),
    };
    sweep(url).await;
}

#[test]
fn killed_on_sqlite_an_upload_is_there_whole_or_not_at_all() {
    testkit::block_on(survive(Engine::Sqlite));
}

#[test]
fn killed_on_postgres_an_upload_is_there_whole_or_not_at_all() {
    testkit::block_on(survive(Engine::Postgres));
}
