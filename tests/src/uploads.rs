//! What is thrown at every form that takes a file. A test is a row of the catalogue of attacks in docs/security.md, by its number.

use std::{io::Cursor, sync::Arc, time::Duration};

use bytes::Bytes;
use crm::{
    files::PIECE,
    guides::{self, TypedGuide},
    jobs,
};
use http::Method;
use image::{DynamicImage, ImageFormat};
use serde_json::json;
use testkit::{
    Answer, Browser, EmptyDatabase, Engine, TestApp, block_on,
    manual::{ManualClock, SeededRandomness},
    on_both_engines, until,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    backup::{archive, other, restore},
    photos::{count, picture},
};

/// What a form takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Picture,
    Pdf,
    Table,
}

/// A form that takes a file.
struct Door {
    path: String,
    field: &'static str,
    takes: Takes,
}

/// Rows of everything that an upload leaves behind.
const LEFT: &str =
    "SELECT (SELECT COUNT(*) FROM files) + (SELECT COUNT(*) FROM file_pieces) + (SELECT COUNT(*) FROM attachments)
     + (SELECT COUNT(*) FROM photos) + (SELECT COUNT(*) FROM imports) + (SELECT COUNT(*) FROM import_pieces)";

/// Every one there is, of a listing and a guide of the agent's.
async fn doors(app: &TestApp) -> Vec<Door> {
    let listing = json!({"address": "456 Oak Ave", "price": 750_000});
    let listing = app.agent.api.post("/api/v1/listings", &listing).await.expect(201).json();
    let listing = listing["listingId"].as_str().unwrap().to_owned();
    let typed = TypedGuide { title: String::from("Guide"), ..TypedGuide::default() };
    let guide = guides::create(&app.crm, app.agent.id, &typed, None).await.unwrap().value.id;
    let door = |path: String, field, takes| Door { path: format!("/dashboard/{path}"), field, takes };
    vec![
        door(format!("listings/{listing}/photos"), "file", Takes::Picture),
        door(format!("guides/{guide}/cover"), "file", Takes::Picture),
        door(String::from("settings/profile/photo"), "photo", Takes::Picture),
        door(format!("listings/{listing}/documents"), "file", Takes::Pdf),
        door(format!("guides/{guide}/document"), "file", Takes::Pdf),
        door(String::from("leads/import"), "file", Takes::Table),
    ]
}

impl Door {
    fn form(&self, name: &str, media_type: &str, bytes: &[u8]) -> Bytes {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n",
            self.field
        );
        [head.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat().into()
    }

    async fn send(&self, browser: &mut Browser, name: &str, media_type: &str, bytes: &[u8]) -> Answer {
        let form = self.form(name, media_type, bytes);
        browser.send(Method::POST, &self.path, "multipart/form-data; boundary=edge", form).await
    }

    /// A page that says what is wrong, and nothing is left.
    async fn refuses(&self, app: &TestApp, browser: &mut Browser, name: &str, media_type: &str, bytes: &[u8]) {
        let answer = self.send(browser, name, media_type, bytes).await;
        assert!(matches!(answer.status, 400 | 422), "{} {name}: {}", self.path, answer.status);
        let page = answer.text();
        assert!(page.contains("role=\"alert\"") || page.contains("<h1>"), "{} {name}: {page}", self.path);
        until(async || count(app, LEFT).await == 0).await;
    }
}

/// Those that take pictures and those that take PDFs.
fn but_tables(doors: &[Door]) -> impl Iterator<Item = &Door> {
    doors.iter().filter(|door| door.takes != Takes::Table)
}

fn of(doors: &[Door], takes: Takes) -> impl Iterator<Item = &Door> {
    doors.iter().filter(move |door| door.takes == takes)
}

/// The most memory that this process has held since it was last asked to forget it, in bytes.
fn most_held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn forget_most_held() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// Asserts that what is done meanwhile takes no more memory than this.
async fn within(bytes: u64, what: impl AsyncFnOnce()) {
    forget_most_held();
    let before = most_held();
    what().await;
    let held = most_held() - before;
    assert!(held < bytes, "{} MiB more", held / (1024 * 1024));
}

/// A picture whose header claims another size, with its checksum set right.
fn claiming(side: u32) -> Vec<u8> {
    let mut png = picture(40, 30, ImageFormat::Png);
    png[16..20].copy_from_slice(&side.to_be_bytes());
    png[20..24].copy_from_slice(&side.to_be_bytes());
    let sum = crc32fast::hash(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

/// A JPEG that says where it was taken and which way is up, with a page behind its end.
fn telling() -> Vec<u8> {
    let plain = picture(600, 400, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPS 25.76 N");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..], b"<script>alert(1)</script>"].concat()
}

/// An archive of so many files that all are the same compressed bytes: each would be unpacked anew.
fn overlapping(files: u16) -> Vec<u8> {
    let name = b"a";
    let local = [b"PK\x03\x04\x14\0\0\0\x08\0".as_slice(), &[0; 16], &1u16.to_le_bytes(), &[0; 2], name].concat();
    let mut zip = [local, vec![0xff; 1_000]].concat();
    let directory = u32::try_from(zip.len()).unwrap();
    for _ in 0..files {
        let sizes = [1_000u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
        zip.extend(
            [b"PK\x01\x02\x14\0\x14\0\0\0\x08\0".as_slice(), &[0; 8], &sizes, &1u16.to_le_bytes(), &[0; 16], name]
                .concat(),
        );
    }
    let length = u32::try_from(zip.len()).unwrap() - directory;
    let counts = [files.to_le_bytes(), files.to_le_bytes()].concat();
    zip.extend(
        [b"PK\x05\x06\0\0\0\0".as_slice(), &counts, &length.to_le_bytes(), &directory.to_le_bytes(), &[0; 2]].concat(),
    );
    zip
}

on_both_engines! {
    async fn u1_a_page_or_a_script_is_no_file_whatever_it_is_called(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        for (name, bytes) in [
            ("a.jpg", &b"<!doctype html><script>alert(1)</script>"[..]),
            ("a.png", b"alert(document.cookie)"),
            ("a.gif", b"GIF89a/*<script>alert(1)</script>"),
            ("a.pdf", b"\n%PDF-1.7<script>alert(1)</script>"),
        ] {
            for door in but_tables(&doors) {
                door.refuses(&app, &mut browser, name, "image/jpeg", bytes).await;
            }
        }
    }

    async fn u2_a_drawing_that_can_hold_scripts_is_refused(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
        for door in but_tables(&doors) {
            for name in ["a.svg", "a.png"] {
                door.refuses(&app, &mut browser, name, "image/svg+xml", svg).await;
            }
        }
    }

    async fn u3_a_picture_that_claims_400_million_pixels_is_refused_before_they_are_held(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let claiming = claiming(20_000);
        within(64 * 1024 * 1024, async || {
            for door in of(&doors, Takes::Picture) {
                door.refuses(&app, &mut browser, "a.png", "image/png", &claiming).await;
            }
        }).await;
    }

    async fn u4_a_picture_that_is_cut_off_or_moves_is_refused(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        // The chunk that makes a PNG move, 10,000 times (PNG, third edition, 11.3.6.1), with its checksum.
        let chunk = [b"acTL".as_slice(), &10_000u32.to_be_bytes(), &[0; 4]].concat();
        let png = picture(4, 4, ImageFormat::Png);
        let moving = [&png[..33], &8u32.to_be_bytes(), &chunk, &crc32fast::hash(&chunk).to_be_bytes(), &png[33..]].concat();
        let mut pictures = vec![moving];
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let whole = picture(300, 200, format);
            pictures.extend([whole[..whole.len() - 20].to_vec(), whole[..whole.len() / 2].to_vec()]);
        }
        for bytes in &pictures {
            for door in of(&doors, Takes::Picture) {
                door.refuses(&app, &mut browser, "a.png", "image/png", bytes).await;
            }
        }
    }

    async fn u5_where_a_picture_was_taken_is_not_kept(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        for door in of(&doors, Takes::Picture) {
            let _ = door.send(&mut browser, "a.jpg", "image/jpeg", &telling()).await.expect(303);
        }
        until(async || count(&app, "SELECT COUNT(*) FROM files WHERE about_id IS NULL").await == 0).await;
        let kept = app.crm.database().read("test.bytes", |tx| {
            let mut kept = tx.query("SELECT bytes FROM file_pieces", &[], |row| row.get::<Vec<u8>>(0))?;
            kept.extend(tx.query("SELECT bytes FROM photos", &[], |row| row.get::<Vec<u8>>(0))?);
            Ok::<_, db::DbError>(kept)
        });
        let kept = kept.await.unwrap();
        assert_eq!(kept.len(), 2 + 1, "a photo and a cover in the same two widths, and a portrait");
        for bytes in kept {
            for secret in [&b"GPS"[..], b"Exif", b"script"] {
                assert!(!bytes.windows(secret.len()).any(|part| part == secret));
            }
            let drawn = image::load_from_memory(&bytes).unwrap();
            assert!(drawn.height() >= drawn.width(), "upright");
        }
    }

    async fn u6_a_pdf_that_would_run_something_is_only_ever_saved(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let pdf = b"%PDF-1.7\n1 0 obj<</OpenAction[<</S/JavaScript/JS(app.alert(1))>><</S/Launch/F(calc.exe)>>]>>endobj\n";
        for door in of(&doors, Takes::Pdf) {
            let _ = door.send(&mut browser, "a.pdf", "text/html", pdf).await.expect(303);
            let page = browser.get(door.path.rsplit_once('/').unwrap().0).await.expect(200).text();
            let link = page.split('"').find(|part| part.starts_with(&format!("{}/", door.path)) && part.contains("/doc_")).unwrap();
            let saved = browser.get(link).await.expect(200);
            assert_eq!(saved.body, &pdf[..]);
            assert_eq!((saved.header("content-type"), saved.header("x-content-type-options")), ("application/pdf", "nosniff"));
            assert_eq!(saved.header("content-security-policy"), "default-src 'none'; sandbox");
            assert!(saved.header("content-disposition").starts_with("attachment; filename=\"a.pdf\""));
        }
    }

    async fn u7_a_name_that_is_a_path_or_a_header_is_only_a_name(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let png = picture(40, 30, ImageFormat::Png);
        for door in &doors {
            let bytes: &[u8] = match door.takes {
                Takes::Picture => &png,
                Takes::Pdf => b"%PDF-1.7\n",
                Takes::Table => b"Name\nAda\n",
            };
            // A browser writes a line's end as %0D%0A; what is sent as it is breaks the form.
            for name in ["../../../etc/passwd", "C:\\boot.ini", "a%0D%0ASet-Cookie: x=1.pdf", "<img src=x onerror=alert(1)>.pdf", "\u{202e}fdp.exe"] {
                let answer = door.send(&mut browser, name, "x/y", bytes).await.expect(303);
                assert!(!answer.headers.contains_key("set-cookie"), "{name}");
            }
            for name in ["a\r\nSet-Cookie: x=1", "a\0.pdf"] {
                let answer = door.send(&mut browser, name, "x/y", bytes).await;
                assert!(matches!(answer.status, 303 | 400 | 422), "{} {name:?}: {}", door.path, answer.status);
                assert!(!answer.headers.contains_key("set-cookie"), "{name:?}");
            }
            let page = browser.get(door.path.rsplit_once('/').unwrap().0).await.text();
            assert!(!page.contains("<img src=x") && !page.contains("../"), "{page}");
        }
        let names = app.crm.database().read("test.names", |tx| {
            let mut names = tx.query("SELECT words FROM attachments", &[], |row| row.get::<String>(0))?;
            names.extend(tx.query("SELECT document_name FROM guides WHERE document_name IS NOT NULL", &[], |row| row.get::<String>(0))?);
            Ok::<_, db::DbError>(names)
        });
        for name in names.await.unwrap() {
            assert!(!name.contains(['/', '\\', '\r', '\n', '\0']), "{name:?}");
        }
    }

    async fn u8_an_archive_is_refused_unopened(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let bomb = overlapping(10_000);
        within(64 * 1024 * 1024, async || {
            for door in &doors {
                for name in ["a.zip", "a.pdf", "a.csv", "leads.xlsx"] {
                    door.refuses(&app, &mut browser, name, "application/zip", &bomb).await;
                }
            }
        }).await;
    }

    async fn u9_an_upload_that_breaks_off_at_the_end_leaves_nothing(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let host = app.base.trim_start_matches("http://").to_owned();
        for door in &doors {
            let (name, begins): (_, &[u8]) = match door.takes {
                Takes::Picture => ("a.jpg", b"\xff\xd8\xff\xe0"),
                Takes::Pdf => ("a.pdf", b"%PDF-1.7\n"),
                Takes::Table => ("a.csv", b"Name\n"),
            };
            let body = door.form(name, "x/y", &[begins, &vec![b'x'; 3 * PIECE]].concat());
            let head = format!("POST {} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n", door.path, app.base, browser.cookies(), body.len());
            let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body[..body.len() * 99 / 100]).await.unwrap();
            // A portrait is small, and taken in as a whole.
            if door.field == "file" {
                until(async || count(&app, LEFT).await >= 3).await;
            }
            stream.shutdown().await.unwrap();
            let _ = stream.read(&mut [0; 100]).await;
            drop(stream);
            until(async || count(&app, LEFT).await == 0).await;
        }
        // And where nobody was left to tidy up, the job does, once it is certain that nothing more comes.
        let mut upload = crm::files::Upload::begin(&app.crm, app.agent.id, "application/pdf", 1_000_000).await.unwrap();
        upload.push(&vec![0; 2 * PIECE]).await.unwrap();
        std::mem::forget(upload);
        app.clock.advance(Duration::from_secs(2 * 60 * 60));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, LEFT).await, 0);
    }

    async fn what_is_far_too_large_is_told_in_a_page_to_who_reads_pages(app: TestApp) {
        let browser = app.sign_in(&app.agent).await;
        let host = app.base.trim_start_matches("http://").to_owned();
        for door in &doors(&app).await {
            for (accept, is_page) in [("text/html,application/xhtml+xml,*/*;q=0.8", true), ("*/*", false)] {
                let head = format!("POST {} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nAccept: {accept}\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: 9999999999\r\n\r\n", door.path, app.base, browser.cookies());
                let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
                stream.write_all(head.as_bytes()).await.unwrap();
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                let answer = String::from_utf8(answer).unwrap();
                assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
                assert_eq!(answer.contains("<h1>That is too large</h1>"), is_page, "{} {answer}", door.path);
                assert_eq!(answer.contains("application/problem+json"), !is_page, "{answer}");
                assert!(!is_page || answer.contains("content-security-policy: "), "{answer}");
            }
        }
        assert_eq!(count(&app, LEFT).await, 0);
    }

    async fn u10_another_agents_files_are_as_if_they_never_were(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(400, 300).write_to(&mut png, ImageFormat::Png).unwrap();
        let mut links = Vec::new();
        for door in &doors {
            let bytes: &[u8] = match door.takes {
                Takes::Picture => png.get_ref(),
                Takes::Pdf => b"%PDF-1.7\n",
                Takes::Table => b"Name\nAda\n",
            };
            let to = door.send(&mut browser, "a", "x/y", bytes).await.expect(303).header("location").to_owned();
            let page = browser.get(to.split(['?', '#']).next().unwrap()).await.expect(200).text();
            let is_file = |part: &&str| part.starts_with("/dashboard/") && (part.ends_with(".jpg") || part.contains("/doc_"));
            links.extend(page.split('"').filter(is_file).map(str::to_owned));
            links.push(door.path.clone());
            if door.takes == Takes::Table {
                links.push(to);
            }
        }
        links.retain(|link| !link.ends_with("/delete") && !link.ends_with("/restore"));
        links.sort();
        links.dedup();
        assert!(links.len() >= 8, "{links:?}");
        let other = app.another_agent("Bob").await;
        let mut stranger = app.sign_in(&other).await;
        let told = |answer: Answer| (answer.status, answer.text());
        let never = told(stranger.get("/dashboard/listings/lst_01k9x3v7e8f4sahm7d9q2b5c6n").await.expect(404));
        for link in links.iter().filter(|link| link.contains('_') || link.ends_with(".jpg")) {
            // Forms are posted to; with a file too.
            match doors.iter().find(|door| door.path == *link) {
                None => assert_eq!(told(stranger.get(link).await), never, "{link}"),
                Some(door) => {
                    let bytes: &[u8] = if door.takes == Takes::Pdf { b"%PDF-1.7\n" } else { png.get_ref() };
                    assert_eq!(told(door.send(&mut stranger, "a", "x/y", bytes).await), never, "{link}");
                }
            }
        }
        for link in links.iter().filter(|link| link.ends_with(".jpg") || link.contains("/doc_")) {
            assert_eq!(browser.get(link).await.expect(200).header("x-content-type-options"), "nosniff", "{link}");
        }
    }

    async fn a_backup_and_a_restore_bring_every_file_along(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let doors = doors(&app).await;
        let pdf = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 2 * PIECE]].concat();
        for door in but_tables(&doors) {
            let png = picture(700, 900, ImageFormat::Png);
            let bytes = if door.takes == Takes::Pdf { &pdf } else { &png };
            let _ = door.send(&mut browser, "a.pdf", "x/y", bytes).await.expect(303);
        }
        until(async || count(&app, "SELECT COUNT(*) FROM files WHERE about_id IS NULL").await == 0).await;
        let there = EmptyDatabase::open(other(app.engine)).await;
        restore(&archive(app.crm.database()).await, &there.database).await.unwrap();
        let sql = "SELECT id, about_id, hash, size, media_type, width FROM files ORDER BY id";
        let files = async |database: &db::Database| database.read("test.files", move |tx| {
            tx.query(sql, &[], |row| Ok((row.get::<[u8; 16]>(0)?, row.get::<[u8; 16]>(1)?, row.get::<[u8; 32]>(2)?, row.get::<i64>(3)?, row.get::<String>(4)?, row.get::<Option<i64>>(5)?)))
        }).await;
        let (held, came): (Result<_, db::DbError>, _) = (files(app.crm.database()).await, files(&there.database).await);
        let (held, came) = (held.unwrap(), came.unwrap());
        assert_eq!((held.len(), &came), (3 + 3 + 2, &held));
        let crm = crm::Crm::new(there.database.clone(), Arc::<ManualClock>::clone(&app.clock), Arc::new(SeededRandomness::new(9)), app.crm.keyring().clone(), &crm::Settings::default());
        for (id, _, hash, size, ..) in held {
            let mut bytes = Vec::new();
            for number in 0..u64::try_from(size).unwrap().div_ceil(PIECE as u64) {
                bytes.extend(crm::files::piece(&crm, app.agent.id, crm::ids::FileId(id), number).await.unwrap());
            }
            assert_eq!(bytes.len() as i64, size);
            assert_eq!(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref(), hash);
        }
    }
}

#[test]
fn two_nodes_show_each_others_uploads() {
    block_on(async {
        let app = TestApp::start(Engine::Postgres).await;
        let node = app.another_node().await;
        let mut here = app.sign_in(&app.agent).await;
        let mut there = here.at(&node.base);
        let doors = doors(&app).await;
        let png = picture(400, 500, ImageFormat::Png);
        for (at, door) in but_tables(&doors).filter(|door| door.field == "file").enumerate() {
            let (from, to) = if at % 2 == 0 { (&mut here, &mut there) } else { (&mut there, &mut here) };
            let bytes: &[u8] = if door.takes == Takes::Pdf { b"%PDF-1.7\nabc" } else { &png };
            let _ = door.send(from, "a.pdf", "x/y", bytes).await.expect(303);
            let page = to.get(door.path.rsplit_once('/').unwrap().0).await.expect(200).text();
            let is_file = |part: &&str| {
                part.starts_with(&format!("{}/", door.path)) && (part.ends_with(".jpg") || part.contains("/doc_"))
            };
            let link = page.split('"').find(is_file).unwrap_or_else(|| panic!("{}: {page}", door.path));
            let (one, other) = (here.get(link).await.expect(200), there.get(link).await.expect(200));
            assert_eq!((&one.body, one.header("etag")), (&other.body, other.header("etag")), "{link}");
        }
    });
}
