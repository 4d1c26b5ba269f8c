//! The profile: what an agent says of themselves, the picture, the colour.

use bytes::Bytes;
use http::Method;
use testkit::{Answer, Browser, on_both_engines};

const PATH: &str = "/dashboard/settings/profile";
/// The smallest PNG there is: one red pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\xdac\xf8\xcf\xc0\0\0\x03\x01\x01\0\xf7\x03AC\0\0\0\0IEND\xaeB`\x82";

fn fields<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("name", "Sarah J."),
        ("zone", "Europe/Madrid"),
        ("phone", "555-0100"),
        ("licence", "BK 1"),
        ("brokerage", "Green Doors"),
        ("languages", "English\r\n\r\nEspañol\r\nEnglish"),
        ("serviceAreas", "Miami"),
        ("brand", "#C0FFEE"),
        ("ownColor", "1"),
    ];
    usual
        .into_iter()
        .map(|(name, value)| changed.iter().find(|(other, _)| *other == name).copied().unwrap_or((name, value)))
        .collect()
}

async fn upload(browser: &mut Browser, file: &[u8]) -> Answer {
    let mut body = b"--edge\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.png\"\r\nContent-Type: image/png\r\n\r\n".to_vec();
    body.extend(file);
    body.extend(b"\r\n--edge--\r\n");
    browser
        .send(
            Method::POST,
            "/dashboard/settings/profile/photo",
            "multipart/form-data; boundary=edge",
            Bytes::from(body),
        )
        .await
}

/// Where the page shows the picture.
fn picture(page: &str) -> Option<&str> {
    page.split("<img src=\"/dashboard/photos/").nth(1).map(|rest| rest.split('"').next().unwrap())
}

on_both_engines! {
    async fn a_profile_is_kept_and_the_dashboard_follows(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let page = browser.get(PATH).await.expect(200).text();
        assert!(page.contains("value=\"America/New_York\"") && page.contains("<option value=\"Asia/Tokyo\">"));
        assert!(!page.contains("/dashboard/brand/"));
        let _ = browser.post(PATH, &fields(&[])).await.expect(303);
        let page = browser.get(PATH).await.expect(200).text();
        for part in ["value=\"Sarah J.\"", "value=\"Europe/Madrid\"", "value=\"Green Doors\"", ">English\nEspañol</textarea>", "<strong>Sarah J.</strong>"] {
            assert!(page.contains(part), "{part}");
        }
        let sheet = page.split("href=\"/dashboard/brand/").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(sheet, "c0ffee.css");
        let sheet = app.browser().get("/dashboard/brand/c0ffee.css").await.expect(200);
        assert_eq!((sheet.header("content-type"), sheet.header("cache-control")), ("text/css; charset=utf-8", "public, max-age=31536000, immutable"));
        assert!(sheet.text().starts_with(":root {\n  --brand: light-dark(#") && sheet.text().contains("#c0ffee"), "{}", sheet.text());
        for odd in ["C0FFEE.css", "c0ffee", "%23c0ffee.css", "red.css"] {
            let _ = app.browser().get(&format!("/dashboard/brand/{odd}")).await.expect(404);
        }
        let _ = browser.post(PATH, &fields(&[("ownColor", "")])).await.expect(303);
        assert!(!browser.get(PATH).await.text().contains("/dashboard/brand/"));
        let mut other = app.sign_in(&app.another_agent("Other Agent").await).await;
        assert!(!other.get(PATH).await.expect(200).text().contains("Green Doors"));
    }

    async fn every_wrong_field_is_told_and_nothing_is_kept(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let (long, many) = ("x".repeat(101), "a\n".repeat(60) + &(0..51).map(|n| format!("{n}\n")).collect::<String>());
        for (field, value, told) in [("name", " ", "1 to 200"), ("zone", "Mars/Olympus", "time zone such as"), ("licence", &long, "at most 100"), ("serviceAreas", &many, "50 lines"), ("brand", "red", "six hexadecimal")] {
            let page = browser.post(PATH, &fields(&[(field, value)])).await.expect(422).text();
            assert!(page.contains(told) && page.contains("Green Doors"), "{field}: what was typed stays");
        }
        assert!(!browser.get(PATH).await.text().contains("Green Doors"));
    }

    async fn a_picture_is_drawn_anew_and_is_its_owners(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for junk in [&b"GIF89a"[..], b"<svg onload=alert(1)>", &vec![0; 5 * 1024 * 1024 + 1]] {
            let _ = upload(&mut browser, junk).await.expect(422);
        }
        assert_eq!(app.announce("/dashboard/settings/profile/photo", 6 * 1024 * 1024).await, 413);
        let _ = upload(&mut browser, PNG).await.expect(303);
        let page = browser.get(PATH).await.expect(200).text();
        let path = format!("/dashboard/photos/{}", picture(&page).unwrap());
        let photo = browser.get(&path).await.expect(200);
        assert!(photo.body.starts_with(b"\xff\xd8\xff") && !photo.body.windows(3).any(|part| part == b"PNG"));
        assert_eq!((photo.header("content-type"), photo.header("x-content-type-options")), ("image/jpeg", "nosniff"));
        assert_eq!(photo.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(photo.header("cache-control"), "private, max-age=31536000, immutable");
        let mut other = app.sign_in(&app.another_agent("Other Agent").await).await;
        let _ = other.get(&path).await.expect(404);
        let _ = app.browser().get(&path).await.expect(303);
        let _ = browser.post("/dashboard/settings/profile/photo/remove", &[]).await.expect(303);
        let _ = browser.get(&path).await.expect(404);
        assert_eq!(picture(&browser.get(PATH).await.text()), None);
    }
}
