//! Guides: their words and files, what they bring, how they go and come back.

use std::time::Duration;

use crm::{
    Error,
    files::PIECE,
    guides::{self, Guide, GuideStatus, TypedGuide},
    ids::GuideId,
    jobs,
    leads::{self, NewLead, merges},
    trash,
};
use image::ImageFormat;
use serde_json::{Value, json};
use testkit::{Browser, TestApp, browser::PASSWORD, on_both_engines, until};

use crate::{
    departures::{copy_of, unpacked},
    photos::{count, picture, send},
};

const PATH: &str = "/dashboard/guides";

/// Rows of files, and of guides with what hangs on them.
const LEFT: &str =
    "SELECT (SELECT COUNT(*) FROM files) + (SELECT COUNT(*) FROM file_pieces) + (SELECT COUNT(*) FROM guides)
     + (SELECT COUNT(*) FROM guide_leads)";

fn typed(title: &str) -> TypedGuide {
    TypedGuide { title: title.to_owned(), ..TypedGuide::default() }
}

async fn make(app: &TestApp, title: &str) -> GuideId {
    guides::create(&app.crm, app.agent.id, &typed(title), None).await.unwrap().value.id
}

/// A PDF of more than two pieces.
pub(crate) fn pdf() -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/Launch/F(calc.exe)>>>>endobj\n".to_vec();
    pdf.extend((0..2 * PIECE + 1000).map(|n| (n % 253) as u8));
    pdf
}

/// A guide that has its PDF and is there for everybody.
pub(crate) async fn published(app: &TestApp, browser: &mut Browser, title: &str) -> GuideId {
    let id = make(app, title).await;
    let _ =
        send(browser, &format!("{PATH}/{id}/document"), &[("Guide.pdf", "application/pdf", &pdf())]).await.expect(303);
    let _ = browser.post(&format!("{PATH}/{id}/publish"), &[]).await.expect(303);
    id
}

async fn get(app: &TestApp, id: GuideId) -> Guide {
    guides::get(&app.crm, app.agent.id, id).await.unwrap()
}

fn lead(name: &str) -> NewLead {
    let fields = json!({"name": name, "email": format!("{name}@example.com"), "source": "elsewhere"});
    NewLead::read(fields.as_object().unwrap()).unwrap()
}

/// The first part of a page between two texts.
pub(crate) fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split(from).nth(1).unwrap_or_else(|| panic!("{from}: {page}")).split(to).next().unwrap()
}

on_both_engines! {
    async fn a_guide_is_made_changed_published_and_taken_back(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get(PATH).await.expect(200).text().contains("What a guide is for"));
        let long = "x".repeat(201);
        let wrong = browser.post(&format!("{PATH}/new"), &[("title", " "), ("slug", "A b"), ("headline", &long), ("points", &"x\n".repeat(13))]).await.expect(422).text();
        assert_eq!(wrong.matches("class=\"wrong\"").count(), 4, "{wrong}");
        assert!(wrong.contains(&long) && wrong.contains("value=\"A b\""));
        let fields = [("title", "Before <you> sell"), ("slug", ""), ("headline", "More, \"sooner\""), ("text", "One.\r\n\r\n- <b>a</b>\r\n- c"), ("points", "- The roof\r\nThe & loan")];
        let to = browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location").to_owned();
        let path = to.split('?').next().unwrap();
        for place in [to.as_str(), &format!("{path}/preview")] {
            let page = browser.get(place).await.expect(200).text();
            for part in ["Before &#60;you&#62; sell", "More, &#34;sooner&#34;", "<li dir=\"auto\">&#60;b&#62;a&#60;/b&#62;</li>", "The &#38; loan", "<span>The roof</span>"] {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(get(&app, id).await.slug, "before-you-sell");
        // Without a PDF there is nothing to publish; a second of its name gets a slug of its own.
        assert!(browser.post(&format!("{path}/publish"), &[]).await.expect(422).text().contains("id=\"document-wrong\""));
        let second = browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location").to_owned();
        let second = second.split('?').next().unwrap();
        assert_eq!(get(&app, second.rsplit('/').next().unwrap().parse().unwrap()).await.slug, "before-you-sell-2");
        // A change keeps the slug, unless it says another; one that is taken is refused, and so is what another window has changed.
        app.clock.advance(Duration::from_secs(1));
        let seen = between(&browser.get(&format!("{path}/edit")).await.text(), "name=\"seen\" value=\"", "\"").to_owned();
        let edit = async |browser: &mut Browser, title: &str, slug: &str| browser.post(&format!("{path}/edit"), &[("title", title), ("slug", slug), ("seen", &seen)]).await;
        assert!(edit(&mut browser, "x", "before-you-sell-2").await.expect(422).text().contains("Is taken by another of your guides."));
        let _ = edit(&mut browser, "After", "").await.expect(303);
        let guide = get(&app, id).await;
        assert_eq!((&*guide.title, &*guide.slug, guide.heading(), &guide.text), ("After", "before-you-sell", "After", &None));
        let page = edit(&mut browser, "Mine", "").await.expect(409).text();
        assert!(page.contains("It was changed meanwhile") && page.contains("value=\"Mine\""));
        let _ = browser.post(&format!("{path}/edit"), &[("title", "After"), ("slug", "another-place")]).await.expect(303);
        assert_eq!(get(&app, id).await.slug, "another-place");

        let _ = send(&mut browser, &format!("{path}/document"), &[("a.pdf", "application/pdf", &pdf())]).await.expect(303);
        assert_eq!(guides::get_published(&app.crm, app.agent.id, "another-place").await, Err(Error::NotFound));
        let _ = browser.post(&format!("{path}/publish"), &[]).await.expect(303);
        assert_eq!(guides::get_published(&app.crm, app.agent.id, "another-place").await.unwrap().id, id);
        assert_eq!(count(&app, "SELECT total FROM totals WHERE kind = 'guide' AND status = 'published'").await, 1);
        let _ = browser.post(&format!("{path}/withdraw"), &[]).await.expect(303);
        assert_eq!(guides::get_published(&app.crm, app.agent.id, "another-place").await, Err(Error::NotFound));
        assert_eq!(count(&app, "SELECT total FROM totals WHERE kind = 'guide' AND status = 'draft'").await, 2);
    }

    async fn a_form_that_is_sent_twice_makes_one_guide(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let once = between(&browser.get(&format!("{PATH}/new")).await.expect(200).text(), "name=\"once\" value=\"", "\"").to_owned();
        let fields = [("title", "Once"), ("once", once.as_str())];
        let first = browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location").to_owned();
        assert_eq!(browser.post(&format!("{PATH}/new"), &fields).await.expect(303).header("location"), first);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM guides").await, 1);
    }

    async fn a_pdf_is_handed_out_to_its_agent_alone_whole_and_in_parts(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let (id, pdf) = (make(&app, "Guide").await, pdf());
        let path = format!("{PATH}/{id}");
        for junk in [&b"<html>%PDF-1.7"[..], b"%PDF", b"PK\x03\x04", b""] {
            let page = send(&mut browser, &format!("{path}/document"), &[("a.pdf", "application/pdf", junk)]).await.expect(422).text();
            assert!(page.contains("id=\"document-wrong\""), "{page}");
        }
        let _ = send(&mut browser, &format!("{path}/document"), &[]).await.expect(422);
        let mut script = browser.with("Accept", "text/plain");
        let large = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 25 * 1024 * 1024]].concat();
        assert_eq!(send(&mut script, &format!("{path}/document"), &[("a.pdf", "application/pdf", &large)]).await.expect(422).text(), "must have at most 25 MiB");
        assert_eq!(app.announce(&format!("{path}/document"), 26 * 1024 * 1024).await, 413);
        until(async || count(&app, LEFT).await == 1).await;

        let _ = send(&mut script, &format!("{path}/document"), &[("../../Five things é.PDF", "text/html", &pdf)]).await.expect(204);
        let document = get(&app, id).await.document.unwrap();
        assert_eq!((&*document.name, document.size), ("Five things é.pdf", pdf.len() as u64));
        let place = format!("{path}/document/{}", document.id);
        let whole = browser.get(&place).await.expect(200);
        assert_eq!(whole.body, pdf);
        assert!(whole.header("content-disposition").starts_with("attachment; "));
        assert_eq!((whole.header("content-type"), whole.header("content-security-policy")), ("application/pdf", "default-src 'none'; sandbox"));
        let _ = browser.with("If-None-Match", whole.header("etag")).get(&place).await.expect(304);
        let part = browser.with("Range", "bytes=262143-262144").get(&place).await.expect(206);
        assert_eq!((&part.body[..], part.header("content-range")), (&pdf[PIECE - 1..=PIECE], &*format!("bytes 262143-262144/{}", pdf.len())));
        // A draft's is nobody else's, and neither is a published one's in the dashboard.
        let other = app.another_agent("Bob").await;
        let mut stranger = app.sign_in(&other).await;
        for published in [false, true] {
            for page in ["", "/edit", "/preview", &place[path.len()..], "/cover/pho_01k9x3v7e8f4sahm7d9q2b5c6n-320.jpg"] {
                let _ = stranger.get(&format!("{path}{page}")).await.expect(404);
                assert!(app.browser().get(&format!("{path}{page}")).await.expect(303).header("location").starts_with("/login"));
            }
            for action in ["publish", "withdraw", "delete", "cover/remove", "move"] {
                let _ = stranger.post(&format!("{path}/{action}"), &[("to", "later"), ("title", "x")]).await.expect(404);
            }
            let _ = send(&mut stranger, &format!("{path}/document"), &[("a.pdf", "application/pdf", &pdf)]).await.expect(404);
            let _ = send(&mut stranger, &format!("{path}/cover"), &[("a.png", "image/png", &picture(40, 30, ImageFormat::Png))]).await.expect(404);
            let status = if published { GuideStatus::Draft } else { GuideStatus::Published };
            guides::set_status(&app.crm, app.agent.id, id, status).await.unwrap();
        }
        // Another takes its place; the one before is gone, with its pieces.
        let _ = send(&mut browser, &format!("{path}/document"), &[("b.pdf", "application/pdf", b"%PDF-1.7 short")]).await.expect(303);
        let _ = browser.get(&place).await.expect(404);
        jobs::seed(&app.crm).await.unwrap();
        app.clock.advance(trash::KEPT + Duration::from_secs(2 * 60 * 60));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        until(async || count(&app, LEFT).await == 3).await;
    }

    async fn a_cover_is_drawn_anew_and_replaced(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = make(&app, "Guide").await;
        let path = format!("{PATH}/{id}");
        assert!(browser.get(&path).await.expect(200).text().contains("<span class=\"drawn\" dir=\"auto\">Guide</span>"));
        for junk in [&b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], b"%PDF-1.7", b"<html>"] {
            assert!(send(&mut browser, &format!("{path}/cover"), &[("a.png", "image/png", junk)]).await.expect(422).text().contains("id=\"cover-wrong\""));
        }
        let large = picture(900, 1200, ImageFormat::Jpeg);
        let _ = send(&mut browser, &format!("{path}/cover"), &[("a.jpg", "image/jpeg", &large)]).await.expect(303);
        let first = get(&app, id).await.cover.unwrap();
        for (asked, width) in [(320, 320), (640, 640), (1280, 900)] {
            let cover = browser.get(&format!("{path}/cover/{first}-{asked}.jpg")).await.expect(200);
            assert_eq!((image::load_from_memory(&cover.body).unwrap().width(), cover.header("content-type")), (width, "image/jpeg"));
        }
        for wrong in [format!("{first}-321.jpg"), format!("{first}-320.png"), String::from("pho_x-320.jpg")] {
            let _ = browser.get(&format!("{path}/cover/{wrong}")).await.expect(404);
        }
        for page in [path.clone(), PATH.to_owned(), format!("{path}/preview")] {
            assert!(browser.get(&page).await.expect(200).text().contains(&format!("{path}/cover/{first}-320.jpg")), "{page}");
        }
        let _ = send(&mut browser, &format!("{path}/cover"), &[("b.png", "image/png", &picture(40, 60, ImageFormat::Png))]).await.expect(303);
        let _ = browser.get(&format!("{path}/cover/{first}-320.jpg")).await.expect(404);
        let second = get(&app, id).await.cover.unwrap();
        assert_eq!(image::load_from_memory(&browser.get(&format!("{path}/cover/{second}-1280.jpg")).await.expect(200).body).unwrap().width(), 40);
        let removed = browser.post(&format!("{path}/cover/remove"), &[]).await.expect(303);
        let page = browser.get(removed.header("location").split('#').next().unwrap()).await.expect(200).text();
        assert!(page.contains("<span class=\"drawn\"") && page.contains(&format!("{path}/cover/restore")), "{page}");
        // What was there before is put back, and what was before that; again changes nothing.
        for cover in [second, first, first] {
            let _ = browser.post(&format!("{path}/cover/restore"), &[("undo", &cover.to_string())]).await.expect(303);
            assert_eq!(get(&app, id).await.cover, Some(cover));
            let _ = browser.get(&format!("{path}/cover/{cover}-320.jpg")).await.expect(200);
        }
        for wrong in ["", "pho_x", &crm::ids::PhotoId([7; 16]).to_string()] {
            let _ = browser.post(&format!("{path}/cover/restore"), &[("undo", wrong)]).await.expect(404);
        }
        let bob = app.another_agent("Bob").await;
        let mut stranger = app.sign_in(&bob).await;
        let theirs = format!("{PATH}/{}", guides::create(&app.crm, bob.id, &TypedGuide { title: String::from("His"), ..TypedGuide::default() }, None).await.unwrap().value.id);
        let _ = stranger.post(&format!("{theirs}/cover/restore"), &[("undo", &second.to_string())]).await.expect(404);
        let _ = browser.post(&format!("{path}/cover/remove"), &[]).await.expect(303);
        jobs::seed(&app.crm).await.unwrap();
        app.clock.advance(trash::KEPT + Duration::from_secs(2 * 60 * 60));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        let _ = browser.post(&format!("{path}/cover/restore"), &[("undo", &first.to_string())]).await.expect(404);
        until(async || count(&app, LEFT).await == 2).await;
    }

    async fn a_replaced_pdf_is_put_back_as_it_was(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = make(&app, "Guide").await;
        let path = format!("{PATH}/{id}");
        let set = async |browser: &mut Browser, name: &str, bytes: &[u8]| {
            let answer = send(browser, &format!("{path}/document"), &[(name, "application/pdf", bytes)]).await.expect(303);
            answer.header("location").split('#').next().unwrap().to_owned()
        };
        assert!(!set(&mut browser, "One.pdf", b"%PDF-1.7 one").await.contains("undo"));
        let first = get(&app, id).await.document.unwrap();
        let to = set(&mut browser, "Two.pdf", b"%PDF-1.7 two").await;
        let page = browser.get(&to).await.expect(200).text();
        assert!(page.contains("The PDF is replaced.") && page.contains(&format!("{path}/document/restore")), "{page}");
        let undo = page.split("name=\"undo\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(undo, format!("{}.One.pdf", first.id));
        let second = get(&app, id).await.document.unwrap();
        let _ = browser.post(&format!("{path}/document/restore"), &[("undo", &undo)]).await.expect(303);
        assert_eq!(get(&app, id).await.document.unwrap(), first);
        assert_eq!(browser.get(&format!("{path}/document/{}", first.id)).await.expect(200).body, &b"%PDF-1.7 one"[..]);
        // A name that is typed is no more than a name.
        let forth = format!("{}.../../x\r\ny", second.id);
        let _ = browser.post(&format!("{path}/document/restore"), &[("undo", &forth)]).await.expect(303);
        assert_eq!(get(&app, id).await.document.unwrap().name, "xy.pdf");
        // What is no PDF of a guide is none.
        let made = app.agent.api.post("/api/v1/listings", &json!({"address": "1 Main St", "price": 1})).await.expect(201).json();
        let home = format!("/dashboard/listings/{}", made["listingId"].as_str().unwrap());
        let _ = send(&mut browser, &format!("{home}/documents"), &[("secret.pdf", "application/pdf", b"%PDF-1.7 listing")]).await.expect(303);
        let page = browser.get(&home).await.expect(200).text();
        let link = page.split('"').find(|part| part.starts_with(&format!("{home}/documents/doc_")) && !part.ends_with("delete")).unwrap().to_owned();
        let _ = browser.post(&format!("{link}/delete"), &[]).await.expect(303);
        let document = link.rsplit('/').next().unwrap();
        for wrong in ["", "x", ".", "doc_x.a", &format!("{document}.a.pdf"), &format!("{}.a", crm::ids::DocumentId([7; 16]))] {
            let _ = browser.post(&format!("{path}/document/restore"), &[("undo", wrong)]).await.expect(404);
        }
        assert_eq!(get(&app, id).await.document.unwrap().id, second.id);
    }

    async fn downloads_and_leads_are_counted_with_what_records_them(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = published(&app, &mut browser, "Before you sell").await;
        let (crm, agent, slug) = (&app.crm, app.agent.id, "before-you-sell");
        let asked = guides::ask(crm, agent, slug, lead("jane"), None).await.unwrap().value;
        let john = guides::ask(crm, agent, slug, lead("john"), None).await.unwrap().value.lead;
        assert_eq!(asked.guide, id);
        for downloads in 1..=3 {
            assert_eq!(guides::record_download(crm, agent, slug).await.unwrap().downloads, downloads);
        }
        let api = &app.agent.api;
        assert_eq!(api.get(&format!("/api/v1/leads/{}", asked.lead)).await.expect(200).json()["source"], "guide");
        assert_eq!(api.get("/api/v1/events?type=lead.created").await.json()["events"].as_array().unwrap().len(), 2);
        // Nothing of a draft, of nothing, or of another agent's, and then nothing is counted.
        make(&app, "Draft").await;
        let other = app.another_agent("Bob").await;
        for (agent, slug) in [(agent, "draft"), (agent, "nothing"), (other.id, slug)] {
            assert_eq!(guides::ask(crm, agent, slug, lead("joan"), None).await.map(|_| ()), Err(Error::NotFound));
            assert_eq!(guides::record_download(crm, agent, slug).await, Err(Error::NotFound));
        }
        assert_eq!(api.get("/api/v1/leads").await.json()["total"], 2);
        let guide = get(&app, id).await;
        assert_eq!((guide.downloads, guide.leads), (3, 2));
        assert_eq!(count(&app, "SELECT CAST(SUM(leads + downloads) AS BIGINT) FROM guides").await, 5);
        // The guide names who asked, the lead names the guide.
        let page = browser.get(&format!("{PATH}/{id}")).await.expect(200).text();
        assert!(page.contains("jane@example.com") && page.find("<strong dir=\"auto\">john").unwrap() < page.find("<strong dir=\"auto\">jane").unwrap(), "{page}");
        let page = browser.get(&format!("/dashboard/leads/{john}")).await.expect(200).text();
        assert!(page.contains("Asked for “Before you sell”") && page.contains(&format!("{PATH}/{id}")), "{page}");
        assert!(browser.get(PATH).await.text().contains("3 downloads and 2 leads in all"));
        // A deleted lead is not named, and counts still; once it is erased, so is what it asked for.
        leads::delete(crm, agent, john, |_| true).await.unwrap();
        assert_eq!(guides::askers(crm, agent, id, 10).await.unwrap().len(), 1);
        assert_eq!(get(&app, id).await.leads, 2);
        app.clock.advance(trash::KEPT);
        assert_eq!(trash::erase_due(crm).await, Ok(1));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM guide_leads").await, 1);
    }

    async fn what_a_merged_lead_asked_for_is_told_by_the_one_that_took_it(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        published(&app, &mut browser, "Guide").await;
        let (crm, agent) = (&app.crm, app.agent.id);
        let merged = guides::ask(crm, agent, "guide", lead("jane"), None).await.unwrap().value.lead;
        let kept = leads::create(crm, agent, lead("jane"), None).await.unwrap().value.id;
        let choice = merges::Choice { name: kept, email: kept, phone: kept, source: kept, property_address: kept, notes: kept, status: kept };
        merges::merge(crm, agent, kept, vec![merged], choice).await.unwrap();
        app.clock.advance(trash::KEPT);
        assert_eq!(trash::erase_due(crm).await, Ok(1), "the merged one, for good");
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get(&format!("/dashboard/leads/{kept}")).await.expect(200).text().contains("Asked for “Guide”"));
        leads::delete(crm, agent, kept, |_| true).await.unwrap();
        app.clock.advance(trash::KEPT);
        assert_eq!(trash::erase_due(crm).await, Ok(1));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM guide_leads").await, 0);
    }

    async fn guides_have_an_order_and_a_bound(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let mut ids = Vec::new();
        for title in ["A", "B", "C"] {
            ids.push(make(&app, title).await);
        }
        let order = async || guides::list(&app.crm, app.agent.id).await.unwrap().iter().map(|guide| guide.title.clone()).collect::<String>();
        assert_eq!(order().await, "ABC");
        for (at, to, after) in [(0, "later", "BAC"), (0, "later", "BCA"), (0, "later", "BCA"), (2, "earlier", "CBA"), (2, "earlier", "CBA")] {
            let _ = browser.post(&format!("{PATH}/{}/move", ids[at]), &[("to", to)]).await.expect(303);
            assert_eq!(order().await, after);
        }
        // What is taken back is where it was.
        let to = browser.post(&format!("{PATH}/{}/delete", ids[1]), &[]).await.expect(303).header("location").to_owned();
        assert_eq!(order().await, "CA");
        let page = browser.get(&to).await.expect(200).text();
        assert!(page.contains("The guide is deleted."));
        let _ = browser.post(&format!("{PATH}/restore"), &[("guide", &ids[1].to_string())]).await.expect(303);
        assert_eq!(order().await, "CBA");
        for n in 3..guides::MOST {
            make(&app, &format!("Guide {n}")).await;
        }
        assert!(!browser.get(PATH).await.expect(200).text().contains("Make a guide"));
        let refused = browser.post(&format!("{PATH}/new"), &[("title", "One more")]).await.expect(422).text();
        assert!(refused.contains("there are 100 guides"), "{refused}");
    }

    async fn a_deleted_guide_comes_back_with_its_files_and_counts_for_thirty_days(app: TestApp) {
        jobs::seed(&app.crm).await.unwrap();
        let mut browser = app.sign_in(&app.agent).await;
        let id = published(&app, &mut browser, "Guide").await;
        let path = format!("{PATH}/{id}");
        let _ = send(&mut browser, &format!("{path}/cover"), &[("a.png", "image/png", &picture(40, 30, ImageFormat::Png))]).await.expect(303);
        guides::ask(&app.crm, app.agent.id, "guide", lead("jane"), None).await.unwrap();
        until(async || count(&app, "SELECT COUNT(*) FROM files WHERE until IS NOT NULL").await == 0).await;
        let (before, left) = (get(&app, id).await, count(&app, LEFT).await);
        let _ = browser.post(&format!("{path}/delete"), &[]).await.expect(303);
        let _ = browser.get(&path).await.expect(404);
        let document = before.document.as_ref().unwrap().id;
        let _ = browser.get(&format!("{path}/document/{document}")).await.expect(404);
        assert_eq!(guides::record_download(&app.crm, app.agent.id, "guide").await, Err(Error::NotFound));
        // Its slug is taken meanwhile.
        let usurper = make(&app, "Guide").await;
        app.clock.advance(trash::KEPT - Duration::from_millis(1));
        let _ = jobs::run_due(&app.crm).await.unwrap();
        guides::restore(&app.crm, app.agent.id, id).await.unwrap();
        let after = get(&app, id).await;
        assert_eq!(after, Guide { slug: String::from("guide-2"), updated_at: after.updated_at, ..before });
        assert_eq!(count(&app, LEFT).await, left + 1);
        let mut browser = app.sign_in(&app.agent).await;
        assert_eq!(browser.get(&format!("{path}/document/{document}")).await.expect(200).body, pdf());
        // After its time it is gone for good, with its files and with who asked for it.
        guides::delete(&app.crm, app.agent.id, usurper).await.unwrap();
        guides::delete(&app.crm, app.agent.id, id).await.unwrap();
        app.clock.advance(trash::KEPT);
        assert_eq!(guides::restore(&app.crm, app.agent.id, id).await, Err(Error::NotFound));
        for _ in 0..3 {
            app.clock.advance(Duration::from_secs(60 * 60));
            let _ = jobs::run_due(&app.crm).await.unwrap();
        }
        assert_eq!(count(&app, LEFT).await, 0);
    }

    async fn a_copy_of_the_agents_data_has_guides_and_listings_with_their_files(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let long = [b"%PDF-1.7\n".as_slice(), &(0..9 * PIECE + 7).map(|n| (n % 251) as u8).collect::<Vec<_>>()].concat();
        for title in ["First", "Second"] {
            let path = format!("{PATH}/{}", make(&app, title).await);
            let _ = send(&mut browser, &format!("{path}/document"), &[("=x.pdf", "application/pdf", &long)]).await.expect(303);
            let _ = send(&mut browser, &format!("{path}/cover"), &[("a.png", "image/png", &picture(40, 30, ImageFormat::Png))]).await.expect(303);
        }
        make(&app, "Without a file").await;
        let made = app.agent.api.post("/api/v1/listings", &json!({"address": "456 Oak Ave", "price": 750_000})).await.expect(201).json();
        let listing = made["listingId"].as_str().unwrap();
        let _ = app.agent.api.patch(&format!("/api/v1/listings/{listing}"), &json!({"price": 725_000})).await.expect(200);
        let home = format!("/dashboard/listings/{listing}");
        // More of them than are looked up at once, with their widths.
        let photo = picture(700, 20, ImageFormat::Png);
        for _ in 0..2 {
            let _ = send(&mut browser, &format!("{home}/photos"), &[("a.png", "image/png", photo.as_slice()); 20]).await.expect(303);
        }
        let hours = [("day", "2030-06-01"), ("starts", "14:00"), ("ends", "16:00"), ("notes", "Cookies")];
        let _ = browser.post(&format!("{home}/open-houses"), &hours).await.expect(303);
        let _ = send(&mut browser, &format!("{home}/documents"), &[("Deed.pdf", "application/pdf", &long)]).await.expect(303);
        let _ = browser.post("/dashboard/settings/data", &[]).await.expect(303);
        while jobs::run_due(&app.crm).await.unwrap() > 0 {}
        let copy = copy_of(&browser.get("/dashboard/settings/data").await.expect(200).text());
        let zip = browser.post(&format!("/dashboard/settings/data/{copy}/download"), &[("password", PASSWORD)]).await.expect(200);
        let files = unpacked(&zip.body);
        let folder = tempfile::tempdir().unwrap();
        server::commands::export::write(&app.crm, &app.agent.slug, folder.path()).await.unwrap();
        for name in ["first", "second"] {
            assert!(files[&format!("guides/{name}.pdf")] == long);
            assert_eq!(image::load_from_memory(&files[&format!("guides/{name}-cover.jpg")]).unwrap().width(), 40);
        }
        for (name, bytes) in &files {
            assert!(std::fs::read(folder.path().join(name)).unwrap() == *bytes, "{name} is as the command writes it");
        }
        assert_eq!(files.keys().filter(|name| name.starts_with("guides/")).count(), 4);
        let of_listing = files.iter().filter(|(name, _)| name.starts_with(&format!("listings/{listing}/"))).collect::<Vec<_>>();
        let photos = of_listing.iter().filter(|(name, _)| name.ends_with(".jpg")).collect::<Vec<_>>();
        assert_eq!((of_listing.len(), photos.len()), (41, 40));
        assert!(photos.iter().all(|(_, bytes)| image::load_from_memory(bytes).unwrap().width() == 700), "the widest form");
        assert!(of_listing.iter().any(|(name, bytes)| name.ends_with(".pdf") && **bytes == long));
        let extras = String::from_utf8_lossy(&files["extras.json"]).into_owned();
        for told in ["\"kind\":\"price\"", "750000 USD", "\"kind\":\"photo\"", "\"kind\":\"document\"", "Deed", "\"kind\":\"openHouse\"", "Cookies"] {
            assert!(extras.contains(told), "{told}: {extras}");
        }
        let told: Value = serde_json::from_slice(&files["guides.json"]).unwrap();
        assert_eq!((&told[0]["slug"], &told[0]["fileName"], &told[2]["fileName"]), (&json!("first"), &json!("=x.pdf"), &json!(null)));
        assert!(std::str::from_utf8(&files["guides.csv"]).unwrap().contains(",'=x.pdf,"));
    }
}
