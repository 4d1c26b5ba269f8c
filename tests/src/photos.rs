//! Listings in the dashboard: the page, photos and documents, and what is thrown at them. Numbers are those of the catalogue of attacks in
//! docs/security.md.

use std::time::Duration;

use bytes::Bytes;
use crm::{files::PIECE, jobs, trash};
use db::{DbError, params};
use http::Method;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Answer, Browser, TestApp, on_both_engines};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PATH: &str = "/dashboard/listings";

/// A picture that no other is like.
pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let drawn = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, (width % 255) as u8]));
    DynamicImage::from(drawn).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Files in the field `file` of a form.
pub(crate) fn form(files: &[(&str, &str, &[u8])]) -> Bytes {
    let mut body = Vec::new();
    for (name, media_type, bytes) in files {
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n")
                .bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    body.into()
}

pub(crate) async fn send(browser: &mut Browser, path: &str, files: &[(&str, &str, &[u8])]) -> Answer {
    browser.send(Method::POST, path, "multipart/form-data; boundary=edge", form(files)).await
}

/// A listing's page.
async fn listing(app: &TestApp, listing: &Value) -> String {
    let made = app.agent.api.post("/api/v1/listings", listing).await.expect(201).json();
    format!("{PATH}/{}", made["listingId"].as_str().unwrap())
}

async fn home(app: &TestApp) -> String {
    listing(app, &json!({"address": "456 Oak Ave", "price": 750_000})).await
}

/// The ids of the photos on a page, in their order.
fn photos(page: &str) -> Vec<String> {
    page.split("data-photo=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Where the page has each photo whole.
fn whole(page: &str) -> Vec<String> {
    let links = page.split("<a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    links.filter(|link| link.contains("/photos/")).collect()
}

pub(crate) async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let counted =
        app.crm.database().read("test.count", move |tx| tx.query_one(sql, params![], |row| row.get::<i64>(0)));
    counted.await.unwrap_or_else(|error: DbError| panic!("{error}"))
}

const LEFT: &str =
    "SELECT (SELECT COUNT(*) FROM files) + (SELECT COUNT(*) FROM file_pieces) + (SELECT COUNT(*) FROM attachments)";

on_both_engines! {
    async fn a_listing_is_drafted_published_changed_and_taken_back(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get(PATH).await.expect(200).text().contains("No listing yet"));
        let fields = [("address", "1 Green Doors, Miami"), ("price", "$750,000"), ("currency", "USD"), ("status", "draft"), ("propertyType", "Residential"), ("bedrooms", "3"), ("bathrooms", "2.5"), ("sqft", "1,850"), ("hasPool", "true"), ("description", "Bright\r\n<b>corner</b>")];
        let wrong = browser.post(&format!("{PATH}/new"), &[("address", " "), ("price", "a lot"), ("status", "draft"), ("bathrooms", "2.3")]).await.expect(422).text();
        assert_eq!(wrong.matches("class=\"wrong\"").count(), 3, "{wrong}");
        assert!(wrong.contains("value=\"a lot\""));
        let to = browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location").to_owned();
        let path = to.split('?').next().unwrap();
        let page = browser.get(&to).await.expect(200).text();
        for part in ["$750,000", "3 bd · 2.5 ba · 1,850 sq ft", "&#60;b&#62;corner", "Draft", "Publish"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let events = async || app.agent.api.get("/api/v1/events?type=listing.created").await.expect(200).json()["events"].as_array().unwrap().len();
        assert_eq!(events().await, 0);
        let _ = browser.post(&format!("{path}/publish"), &[]).await.expect(303);
        let _ = browser.post(&format!("{path}/publish"), &[]).await.expect(409);
        assert_eq!(events().await, 1);
        // What is cleared is gone, and each price is kept with its day.
        app.clock.advance(Duration::from_secs(3 * 60 * 60));
        let edit = format!("{path}/edit");
        let held = browser.get(&edit).await.expect(200).text();
        assert!(held.contains("value=\"750000\"") && held.contains("<option value=\"true\" selected>"), "{held}");
        let cheaper = fields.map(|(name, value)| match name { "price" => (name, "725000.50"), "status" => (name, "active"), "sqft" => (name, ""), _ => (name, value) });
        let _ = browser.post(&edit, &cheaper).await.expect(303);
        let page = browser.get(path).await.expect(200).text();
        for part in ["$725,000.50", "$24,999.50 less", "<strong>$750,000</strong>", "3 bd · 2.5 ba<"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(events().await, 1);
        let _ = browser.post(&format!("{path}/delete"), &[]).await.expect(303);
        let _ = browser.get(path).await.expect(404);
        let id = path.rsplit('/').next().unwrap();
        let _ = browser.post(&format!("{PATH}/restore"), &[("listing", id)]).await.expect(303);
        assert!(browser.get(path).await.expect(200).text().contains("$24,999.50 less"));
    }

    async fn listings_are_found_narrowed_ordered_and_paged(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for n in 0..35 {
            let status = if n % 5 == 0 { "pending" } else { "active" };
            let _ = listing(&app, &json!({"address": format!("{n} Elm Street"), "price": n, "status": status, "city": if n == 7 { "Coral Gables" } else { "Miami" }})).await;
        }
        crm::search::index_all(&app.crm).await.unwrap();
        let mut shown = async |query: &str| browser.get(&format!("{PATH}{query}")).await.expect(200).text();
        let page = shown("").await;
        assert!(page.contains("35 in all") && page.contains("34 Elm Street") && page.matches("<li class=\"card\" data-key").count() == 30);
        let next = page.split("href=\"/dashboard/listings").find(|part| part.contains("rel=\"next\"")).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        assert!(shown(&next).await.contains("4 Elm Street"));
        assert!(shown("?status=pending").await.contains("7 found"));
        assert!(shown("?sort=oldest").await.contains(">0 Elm Street"));
        let page = shown("?q=coral").await;
        assert!(page.contains("7 Elm Street") && page.contains("1 found"), "{page}");
        assert!(shown("?q=nowhere&status=sold").await.contains("No listing fits"));
    }

    async fn photos_come_several_at_once_in_their_widths_and_order(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = home(&app).await;
        let (large, small, flat) = (picture(2000, 1500, ImageFormat::Jpeg), picture(700, 500, ImageFormat::Png), picture(400, 300, ImageFormat::WebP));
        let files: [(&str, &str, &[u8]); 3] = [("a.jpg", "image/jpeg", &large), ("b.png", "image/png", &small), ("c.webp", "text/html", &flat)];
        let _ = send(&mut browser, &format!("{path}/photos"), &files).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        let ids = photos(&page);
        assert_eq!(ids.len(), 3);
        // The originals are gone in a moment.
        testkit::until(async || count(&app, "SELECT COUNT(*) FROM files").await == 4 + 3 + 2).await;
        for width in [320, 640, 1280, 1920] {
            let photo = browser.get(&format!("{path}/photos/{}-{width}.jpg", ids[0])).await.expect(200);
            let read = image::load_from_memory(&photo.body).unwrap();
            assert_eq!((read.width(), photo.header("content-type")), (width, "image/jpeg"));
            assert_eq!((photo.header("cache-control"), photo.header("content-security-policy")), ("private, max-age=31536000, immutable", "default-src 'none'; sandbox"));
        }
        let _ = browser.get(&format!("{path}/photos/{}-321.jpg", ids[0])).await.expect(404);
        let mut order = async |action: &str, fields: &[(&str, &str)]| {
            let _ = browser.post(&format!("{path}/photos/{action}"), fields).await.expect(303);
            photos(&browser.get(&path).await.expect(200).text()).iter().map(|id| ids.iter().position(|held| held == id).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(order(&format!("{}/move", ids[0]), &[("to", "later")]).await, [1, 0, 2]);
        assert_eq!(order(&format!("{}/move", ids[2]), &[("to", "first")]).await, [2, 1, 0]);
        assert_eq!(order(&format!("{}/move", ids[2]), &[("to", "earlier")]).await, [2, 1, 0]);
        assert_eq!(order(&format!("{}/move", ids[0]), &[("to", "later")]).await, [2, 1, 0]);
        assert_eq!(order("order", &[("photo", &ids[1]), ("photo", "pho_nothing"), ("photo", &ids[0])]).await, [1, 0, 2]);
        assert_eq!(order(&format!("{}/caption", ids[1]), &[("caption", " \"Garden\" <south> ")]).await, [1, 0, 2]);
        let page = browser.get(&path).await.text();
        assert!(page.contains("alt=\"&#34;Garden&#34; &#60;south&#62;\"") && page.contains("alt=\"Photo 2 of 456 Oak Ave\""), "{page}");
        let to = browser.post(&format!("{path}/photos/{}/delete", ids[1]), &[]).await.expect(303).header("location").to_owned();
        let page = browser.get(&to).await.expect(200).text();
        assert_eq!(photos(&page).len(), 2);
        let _ = browser.get(&format!("{path}/photos/{}-320.jpg", ids[1])).await.expect(404);
        let undo = page.split("action=\"").find(|part| part.contains("/restore")).unwrap().split('"').next().unwrap().to_owned();
        let _ = browser.post(&undo, &[("restore", "1")]).await.expect(303);
        assert_eq!(photos(&browser.get(&path).await.text())[0], ids[1]);
        assert!(browser.get(PATH).await.expect(200).text().contains(&format!("{}-320.jpg", ids[1])), "the first is the cover");
    }

    async fn what_is_no_picture_is_told_and_leaves_nothing(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = home(&app).await;
        let good = picture(40, 30, ImageFormat::Png);
        let cut = &good[..good.len() - 20];
        let mut html_in_gif = b"GIF89a/*".to_vec();
        html_in_gif.extend(b"<script>alert(1)</script>");
        let mut huge = good.clone();
        huge[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
        let sum = crc32fast::hash(&huge[12..29]);
        huge[29..33].copy_from_slice(&sum.to_be_bytes());
        // U1, U2, U3, U4, U8: none by its name or by what it is said to be, but by what it is.
        for (number, name, bytes) in [
            ("U1", "a.jpg", &b"<!doctype html><script>alert(1)</script>"[..]),
            ("U1", "a.gif", &html_in_gif),
            ("U2", "a.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
            ("U3", "a.png", &huge),
            ("U4", "a.png", cut),
            ("U8", "a.jpg", b"PK\x03\x04\x14\0\0\0\x08\0"),
        ] {
            let page = send(&mut browser, &format!("{path}/photos"), &[(name, "image/jpeg", bytes)]).await.expect(422).text();
            assert!(page.contains("id=\"photos-wrong\"") && page.contains(name), "{number}");
        }
        let _ = send(&mut browser, &format!("{path}/photos"), &[]).await.expect(422);
        testkit::until(async || count(&app, LEFT).await == 0).await;
        // One that is wrong does not hold up the others, and a script is told in plain text.
        let page = send(&mut browser, &format!("{path}/photos"), &[("no.png", "image/png", b"no"), ("yes.png", "image/png", &good)]).await.expect(422).text();
        assert_eq!(photos(&page).len(), 1);
        let mut script = browser.with("Accept", "text/plain");
        let told = send(&mut script, &format!("{path}/photos"), &[("no.png", "image/png", b"no")]).await.expect(422);
        assert_eq!(told.text(), "“no.png” must be a JPEG, PNG or WebP picture that can be opened");
        let _ = send(&mut script, &format!("{path}/photos"), &[("yes.png", "image/png", &good)]).await.expect(204);
        let large = vec![0xff; 15 * 1024 * 1024 + 1];
        let told = send(&mut script, &format!("{path}/photos"), &[("large.jpg", "image/jpeg", &large)]).await.expect(422);
        assert_eq!(told.text(), "“large.jpg” must have at most 15 MiB");
        assert_eq!(app.announce(&format!("{path}/photos"), 500 * 1024 * 1024).await, 413);
        assert_eq!(app.announce(&format!("{path}/documents"), 26 * 1024 * 1024).await, 413);
    }

    async fn where_a_photo_was_taken_is_not_kept_and_a_polyglot_is_only_its_picture(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = home(&app).await;
        let plain = picture(600, 400, ImageFormat::Jpeg);
        // U5, and U1 once more: an EXIF segment that says "turn right" and where, and a page behind the picture's end.
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"GPS 25.76 N");
        let mut told = plain[..2].to_vec();
        told.extend([0xff, 0xe1]);
        told.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        told.extend(&exif);
        told.extend(&plain[2..]);
        told.extend(b"<script>alert(1)</script>");
        let _ = send(&mut browser, &format!("{path}/photos"), &[("a.jpg", "image/jpeg", &told)]).await.expect(303);
        let place = whole(&browser.get(&path).await.text()).remove(0);
        let photo = browser.get(&place).await.expect(200);
        let read = image::load_from_memory(&photo.body).unwrap();
        assert_eq!((read.width(), read.height()), (400, 600), "upright");
        for secret in [&b"GPS"[..], b"Exif", b"script"] {
            assert!(!photo.body.windows(secret.len()).any(|part| part == secret));
        }
        testkit::until(async || count(&app, "SELECT COUNT(*) FROM files WHERE until IS NOT NULL").await == 0).await;
    }

    async fn a_document_is_handed_out_to_be_saved_and_in_parts(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = home(&app).await;
        // U6, U7: a PDF with JavaScript, under a name that is not one. Of more than two pieces.
        let mut pdf = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n".to_vec();
        pdf.extend((0..2 * PIECE + 1000).map(|n| (n % 253) as u8));
        let _ = send(&mut browser, &format!("{path}/documents"), &[("a\0.pdf", "application/pdf", &pdf)]).await.expect(400);
        let _ = send(&mut browser, &format!("{path}/documents"), &[("../../xPlan \u{e9}.PDF", "text/html", &pdf)]).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains(">xPlan é.pdf</a>"), "{page}");
        let place = page.split("<a class=\"what\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let whole = browser.get(&place).await.expect(200);
        assert_eq!(whole.body, pdf);
        assert_eq!(whole.header("content-disposition"), "attachment; filename=\"xPlan _.pdf\"; filename*=UTF-8''xPlan%20%C3%A9.pdf");
        assert_eq!((whole.header("content-type"), whole.header("content-security-policy"), whole.header("x-content-type-options")), ("application/pdf", "default-src 'none'; sandbox", "nosniff"));
        let tag = whole.header("etag").to_owned();
        let _ = browser.with("If-None-Match", &tag).get(&place).await.expect(304);
        let edge = PIECE as u64;
        for (range, from, to) in [("bytes=0-0", 0, 1), ("bytes=262143-262144", edge - 1, edge + 1), ("bytes=-10", pdf.len() as u64 - 10, pdf.len() as u64), ("bytes=500000-999999999", 500_000, pdf.len() as u64)] {
            let part = browser.with("Range", range).get(&place).await.expect(206);
            assert_eq!(part.header("content-range"), format!("bytes {from}-{}/{}", to - 1, pdf.len()));
            assert_eq!(part.body, pdf[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()]);
        }
        assert_eq!(browser.with("Range", "bytes=99999999-").get(&place).await.expect(416).header("content-range"), format!("bytes */{}", pdf.len()));
        let many = format!("bytes={}", (0..500).map(|n| format!("{n}-{n}")).collect::<Vec<_>>().join(","));
        assert_eq!(browser.with("Range", &many).get(&place).await.expect(200).body.len(), pdf.len());
        assert_eq!(browser.with("Range", "bytes=0-1").with("If-Range", "\"another\"").get(&place).await.expect(200).body.len(), pdf.len());
        for junk in [&b"<html>%PDF-1.7"[..], b"%PDF", b"PK\x03\x04"] {
            let _ = send(&mut browser, &format!("{path}/documents"), &[("a.pdf", "application/pdf", junk)]).await.expect(422);
        }
        let to = browser.post(&format!("{place}/delete"), &[]).await.expect(303).header("location").to_owned();
        let _ = browser.get(&place).await.expect(404);
        assert!(browser.get(&to).await.text().contains("The document is deleted."));
        let _ = browser.post(&format!("{place}/restore"), &[]).await.expect(303);
        let _ = browser.get(&place).await.expect(200);
    }

    async fn an_upload_that_breaks_off_leaves_nothing(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let browser = app.sign_in(&app.agent).await;
        let path = home(&app).await;
        // U9: the connection goes when all but the end has come.
        let host = app.base.trim_start_matches("http://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
        let body = form(&[("a.pdf", "application/pdf", &[b"%PDF-1.7".as_slice(), &vec![b'x'; 3 * PIECE]].concat())]);
        let head = format!("POST {path}/documents HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n", app.base, browser.cookies(), body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..body.len() - 20]).await.unwrap();
        testkit::until(async || count(&app, "SELECT COUNT(*) FROM file_pieces").await >= 2).await;
        stream.shutdown().await.unwrap();
        let _ = stream.read(&mut [0; 100]).await;
        drop(stream);
        testkit::until(async || count(&app, LEFT).await == 0).await;
        // And where nobody was left to tidy up, the job does.
        let mut upload = crm::files::Upload::begin(&app.crm, app.agent.id, "application/pdf", 1_000_000).await.unwrap();
        upload.push(&vec![0; 2 * PIECE]).await.unwrap();
        std::mem::forget(upload);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, LEFT).await, 3, "it may go on yet");
        app.clock.advance(Duration::from_secs(2 * 60 * 60));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, LEFT).await, 0);
    }

    async fn what_is_deleted_goes_for_good_after_its_time(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        let (kept, gone) = (home(&app).await, home(&app).await);
        let photo = picture(50, 40, ImageFormat::Png);
        for path in [&kept, &kept, &gone] {
            let _ = send(&mut browser, &format!("{path}/photos"), &[("a.png", "image/png", &photo)]).await.expect(303);
        }
        let _ = browser.post(&format!("{gone}/open-houses"), &[("day", "2030-06-01"), ("starts", "14:00"), ("ends", "16:00"), ("notes", "")]).await.expect(303);
        let ids = photos(&browser.get(&kept).await.text());
        let _ = browser.post(&format!("{kept}/photos/{}/delete", ids[0]), &[]).await.expect(303);
        let _ = browser.post(&format!("{gone}/delete"), &[]).await.expect(303);
        let _ = jobs::run_due(&app.crm).await.unwrap();
        testkit::until(async || count(&app, "SELECT COUNT(*) FROM files").await == 3).await;
        for _ in 0..3 {
            app.clock.advance(trash::KEPT);
            let _ = jobs::run_due(&app.crm).await.unwrap();
        }
        assert_eq!(count(&app, LEFT).await, 3, "the photo that was kept, its file and its piece");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM open_houses").await, 0);
    }

    async fn open_houses_are_in_the_agents_time_zone(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let path = home(&app).await;
        let add = format!("{path}/open-houses");
        let _ = browser.post(&add, &[("day", "2030-07-06"), ("starts", "14:00"), ("ends", "16:30"), ("notes", "Parking behind")]).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        assert!(page.contains("Sat 6 Jul 2030, 14:00 to 16:30") && page.contains("datetime=\"2030-07-06T18:00:00.000Z\""), "{page}");
        for absurd in ["9998-07-06", "1999-07-06"] {
            let page = browser.post(&add, &[("day", absurd), ("starts", "14:00"), ("ends", "16:30")]).await.expect(422).text();
            assert!(page.contains("ook at the ") && page.contains("role=\"alert\""), "{page}");
        }
        for fields in [[("day", "2030-07-06"), ("starts", "14:00"), ("ends", "13:00")], [("day", ""), ("starts", "14:00"), ("ends", "15:00")], [("day", "2030-07-06"), ("starts", "noon"), ("ends", "15:00")]] {
            assert!(browser.post(&add, &fields).await.expect(422).text().contains("ends-wrong"));
        }
        let delete = page.split("action=\"").find(|part| part.contains("/open-houses/")).unwrap().split('"').next().unwrap().to_owned();
        let _ = browser.post(&delete, &[]).await.expect(303);
        let _ = browser.post(&delete, &[]).await.expect(404);
    }

    async fn another_agents_listing_is_as_if_it_never_was(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let mut theirs = app.sign_in(&other).await;
        let made = other.api.post("/api/v1/listings", &json!({"address": "Secret St", "price": 5})).await.expect(201).json();
        let path = format!("{PATH}/{}", made["listingId"].as_str().unwrap());
        let photo = picture(50, 40, ImageFormat::Png);
        let _ = send(&mut theirs, &format!("{path}/photos"), &[("a.png", "image/png", &photo)]).await.expect(303);
        let _ = send(&mut theirs, &format!("{path}/documents"), &[("a.pdf", "application/pdf", b"%PDF-1.7")]).await.expect(303);
        let _ = theirs.post(&format!("{path}/open-houses"), &[("day", "2030-06-01"), ("starts", "14:00"), ("ends", "16:00"), ("notes", "")]).await.expect(303);
        let page = theirs.get(&path).await.expect(200).text();
        let places = page.split(['"']).filter(|part| part.starts_with(&path) && !part.contains(' ')).map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert!(places.len() > 8, "{places:?}");
        // U10, by every address on the page, of which a few are only posted to.
        let mut browser = app.sign_in(&app.agent).await;
        let own = home(&app).await;
        for place in places {
            let borrowed = place.replace(&path, &own);
            for place in [place, borrowed.clone()].into_iter().filter(|place| *place != own && *place != format!("{own}/edit") && *place != format!("{own}/showing-rules")) {
                if !place.contains("/delete") && !place.ends_with("/move") && !place.ends_with("/caption") {
                    assert!([404, 405].contains(&browser.get(&place).await.status), "{place}");
                }
                let uploads = place.ends_with("/photos") || place.ends_with("/documents");
                let fields = [("to", "first"), ("caption", "x"), ("day", "2030-06-01"), ("starts", "14:00"), ("ends", "16:00"), ("address", "x"), ("price", "1"), ("status", "active")];
                if uploads && place.starts_with(&path) {
                    let _ = send(&mut browser, &place, &[("a.pdf", "application/pdf", b"%PDF-1.7")]).await.expect(404);
                } else if !uploads && !place.starts_with(&format!("{own}/publish")) && !(place.starts_with(&own) && (place.ends_with("/open-houses") || place.ends_with("/photos/order") || place == format!("{own}/delete"))) {
                    assert!([404, 405].contains(&browser.post(&place, &fields).await.status), "{place}");
                }
            }
        }
        let ids = photos(&page);
        let _ = browser.post(&format!("{own}/photos/{}/restore", ids[0]), &[]).await.expect(404);
        assert_eq!(theirs.get(&path).await.expect(200).text(), page);
        let _ = app.browser().get(&path).await.expect(303);
    }
}
