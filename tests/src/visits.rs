//! Visits: counted once each, by day, page and origin, without anything that names a visitor.

use std::time::Duration;

use crm::visits::{self, Numbers};
use testkit::{Browser, TestApp, on_both_engines};

use crate::photos::count;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

fn browser(app: &TestApp, name: &str) -> Browser {
    app.browser().with("User-Agent", name)
}

async fn numbers(app: &TestApp, days: u32) -> Numbers {
    let _ = visits::write_down(&app.crm).await.unwrap();
    visits::read(&app.crm, app.agent.id, &app.agent.slug, days).await.unwrap()
}

/// Name, views, visitors and leads.
fn told(list: &[(String, visits::Visited)]) -> Vec<(&str, i64, i64, i64)> {
    list.iter().map(|(name, count)| (name.as_str(), count.views, count.visitors, count.leads)).collect()
}

on_both_engines! {
    async fn pages_are_counted_by_day_page_and_origin(app: TestApp) {
        let mut visitor = browser(&app, FIREFOX);
        for path in ["", "?utm_source=flyer", "/about", "/contact", "/nothing", "/listings/lst_x"] {
            let _ = visitor.get(&format!("/a/sarah-johnson{path}")).await;
        }
        let _ = browser(&app, CHROME).with("Referer", "https://www.google.com/").get("/a/sarah-johnson/about").await.expect(200);
        let _ = browser(&app, CHROME).with("Referer", "https://l.facebook.com/").get("/a/sarah-johnson/about").await.expect(200);
        app.clock.advance(Duration::from_secs(5));
        let _ = visitor.post("/a/sarah-johnson/contact", &[("name", "Jane"), ("email", "jane@example.com"), ("page", "/a/sarah-johnson/about"), ("utm_source", "flyer")]).await.expect(303);
        let first = numbers(&app, 7).await;
        assert_eq!((first.all.views, first.all.visitors, first.all.leads), (6, 2, 1));
        assert_eq!(told(&first.pages), [("/about", 3, 1, 1), ("/", 2, 1, 0), ("/contact", 1, 0, 0)]);
        assert_eq!(told(&first.origins), [("direct", 3, 1, 0), ("google", 1, 1, 0), ("facebook", 1, 0, 0), ("flyer", 1, 0, 1)]);
        assert_eq!(first.days.len(), 7);
        assert_eq!(first.days[6].1, first.all);

        // On the next day somebody counts again; what is written twice adds up.
        app.clock.advance(Duration::from_secs(24 * 60 * 60));
        for _ in 0..2 {
            let _ = visitor.get("/a/sarah-johnson").await.expect(200);
            let _ = visits::write_down(&app.crm).await.unwrap();
        }
        let then = numbers(&app, 7).await;
        assert_eq!((then.all.views, then.all.visitors), (8, 3));
        assert_eq!((then.days[5].1.views, then.days[6].1.views, then.days[6].1.visitors), (6, 2, 1));
        assert_eq!(visits::write_down(&app.crm).await, Ok(0));
        // Nothing that names anybody.
        assert_eq!(count(&app, "SELECT COUNT(*) FROM visits WHERE page LIKE '%127.0%' OR origin LIKE '%Firefox%'").await, 0);

        let mut agent = app.sign_in(&app.agent).await;
        for (days, said) in [("7", "The last 7 days"), ("90", "The last 90 days"), ("x", "The last 30 days")] {
            let page = agent.get(&format!("/dashboard/visits?days={days}")).await.expect(200).text();
            assert!(page.contains(said) && page.contains("3 visitors looked at 8 pages; 1 lead came of it.") && page.contains("<td>3</td>"), "{page}");
        }
        let mut other = app.sign_in(&app.another_agent("Bob Stone").await).await;
        assert!(other.get("/dashboard/visits").await.expect(200).text().contains("Nobody was here yet."));
        // After more than two years they go.
        app.clock.advance(Duration::from_secs(801 * 24 * 60 * 60));
        crm::jobs::seed(&app.crm).await.unwrap();
        let _ = crm::jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM visits").await, 0);
    }

    async fn who_does_not_want_to_be_counted_is_not_nor_are_programs_nor_the_agent(app: TestApp) {
        let plain = browser(&app, FIREFOX);
        for (name, value) in [("DNT", "1"), ("Sec-GPC", "1"), ("Sec-Purpose", "prefetch;prerender")] {
            let _ = app.browser().with("User-Agent", FIREFOX).with(name, value).get("/a/sarah-johnson").await.expect(200);
        }
        let _ = app.browser().get("/a/sarah-johnson").await.expect(200);
        let _ = browser(&app, "Googlebot/2.1").get("/a/sarah-johnson").await.expect(200);
        let _ = app.anonymous().with("User-Agent", FIREFOX).send(http::Method::HEAD, "/a/sarah-johnson", "").await.expect(200);
        let mut agent = app.sign_in(&app.agent).await.with("User-Agent", FIREFOX);
        let _ = agent.get("/a/sarah-johnson").await.expect(200);
        let _ = plain.clone().get("/a/nobody").await.expect(404);
        assert_eq!(visits::write_down(&app.crm).await, Ok(0));
        let _ = plain.clone().get("/a/sarah-johnson").await.expect(200);
        assert_eq!(visits::write_down(&app.crm).await, Ok(1));
    }

    async fn made_up_origins_fill_nothing(app: TestApp) {
        for n in 0..1_000 {
            let (page, origin) = (format!("/listings/{}", n / 3), format!("https://{n}.example/"));
            let origin = crm::inquiries::origin_of(None, Some(&origin));
            let address = std::net::Ipv4Addr::from(n).into();
            visits::saw(&app.crm, &visits::Look { agent: app.agent.id, page: &page, origin: &origin, address, user_agent: Some(FIREFOX) });
        }
        let all = numbers(&app, 7).await.all;
        assert_eq!((all.views, all.visitors), (1_000, 1_000));
        assert!(count(&app, "SELECT COUNT(*) FROM visits").await <= 802);
        assert!(count(&app, "SELECT COUNT(*) FROM visits WHERE origin = 'other'").await > 0);
    }
}

mod several_nodes {
    use super::*;

    async fn run(app: TestApp) {
        let node = app.another_node().await;
        let _ = browser(&app, FIREFOX).get("/a/sarah-johnson").await.expect(200);
        let _ =
            browser(&app, CHROME).at(&node.base).with("User-Agent", CHROME).get("/a/sarah-johnson").await.expect(200);
        let (here, there) = tokio::join!(visits::write_down(&app.crm), visits::write_down(&node.crm));
        assert_eq!((here, there), (Ok(1), Ok(1)));
        let all = numbers(&app, 7).await.all;
        assert_eq!((all.views, all.visitors), (2, 2));
    }

    #[test]
    fn add_up() {
        testkit::block_on(async { run(TestApp::start(testkit::Engine::Postgres).await).await });
    }
}
