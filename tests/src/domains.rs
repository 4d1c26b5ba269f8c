//! Agents' own domains: the page, and what is found at the name.

use std::time::Duration;

use crm::domains::{self, Look};
use testkit::{TestApp, on_both_engines};

const SETTINGS: &str = "/dashboard/settings/domain";

/// Looks as the server does beside its requests: asks at the name, by its address here.
async fn look(app: &TestApp) -> Option<Look> {
    let look = domains::claim(&app.crm).await.unwrap()?;
    let visitor = app.anonymous().with("host", &look.name);
    let said = visitor.get(&format!("/.well-known/organicagent/{}", look.question)).await;
    let found = if said.text() == look.answer { Ok(()) } else { Err(String::from("not here")) };
    domains::settle(&app.crm, &look, found, false).await.unwrap();
    Some(look)
}

on_both_engines! {
    async fn a_website_is_found_at_the_agents_own_domain_once_it_leads_here(app: TestApp) {
        let agent = &app.agent;
        let mut browser = app.sign_in(agent).await;
        let at_name = app.anonymous().with("host", "sarah-homes.example");
        let _ = at_name.get("/").await.expect(404);
        let added = browser.post(SETTINGS, &[("name", "https://Sarah-Homes.example/about")]).await.expect(303);
        assert_eq!(added.header("location"), format!("{SETTINGS}?done=domain-added"));
        let page = browser.get(SETTINGS).await.expect(200).text();
        assert!(page.contains("sarah-homes.example") && page.contains("does not lead here yet"), "{page}");
        // Not before the name was seen to lead here.
        let _ = at_name.get("/").await.expect(404);
        let seen = look(&app).await.expect("a look is due");
        assert_eq!(seen.name, "sarah-homes.example");
        assert_eq!(look(&app).await, None);
        app.clock.advance(Duration::from_secs(3));

        let home = at_name.get("/").await.expect(200).text();
        let usual = app.anonymous().get(&format!("/a/{}", agent.slug)).await.expect(200).text();
        let port = app.base.rsplit_once(':').unwrap().1;
        for page in [&home, &usual] {
            assert!(page.contains(&format!("rel=\"canonical\" href=\"http://sarah-homes.example:{port}/")), "{page}");
        }
        // Its links stay there.
        assert!(!home.contains(&format!("href=\"/a/{}", agent.slug)), "{home}");
        assert!(usual.contains(&format!("href=\"/a/{}", agent.slug)), "{usual}");
        for path in ["/dashboard", "/login", "/signup", "/api/v1/leads", "/docs", "/metrics"] {
            let _ = at_name.get(path).await.expect(404);
        }
        let page = browser.get(SETTINGS).await.expect(200).text();
        assert!(page.contains("in use") && page.contains(&format!("http://sarah-homes.example:{port}/")), "{page}");

        let removed = browser.post(&format!("{SETTINGS}/sarah-homes.example/remove"), &[]).await.expect(303);
        app.clock.advance(Duration::from_secs(3));
        let _ = at_name.get("/").await.expect(404);
        let page = browser.get(removed.header("location")).await.expect(200).text();
        assert!(page.contains("sarah-homes.example is removed") && page.contains("Undo"), "{page}");
    }

    async fn a_name_is_one_agents_and_nobody_else_can_take_it_or_learn_of_it(app: TestApp) {
        let other = app.another_agent("Tom Baker").await;
        let mut first = app.sign_in(&app.agent).await;
        let mut second = app.sign_in(&other).await;
        // Both may wait for it; the one whom it leads to gets it.
        let _ = first.post(SETTINGS, &[("name", "homes.example")]).await.expect(303);
        let _ = second.post(SETTINGS, &[("name", "homes.example")]).await.expect(303);
        let look = domains::claim(&app.crm).await.unwrap().unwrap();
        domains::settle(&app.crm, &look, Ok(()), false).await.unwrap();
        let late = domains::claim(&app.crm).await.unwrap().unwrap();
        assert_ne!(look.agent, late.agent);
        domains::settle(&app.crm, &late, Ok(()), false).await.unwrap();
        let (holder, loser) = if look.agent == app.agent.id { (&mut first, &mut second) } else { (&mut second, &mut first) };
        assert!(holder.get(SETTINGS).await.expect(200).text().contains("in use"));
        let page = loser.get(SETTINGS).await.expect(200).text();
        assert!(page.contains("It leads to another agent’s website here.") || page.contains("leads to another agent"), "{page}");
        let refused = loser.post(SETTINGS, &[("name", "homes.example")]).await.expect(422).text();
        assert!(refused.contains("leads to another agent"), "{refused}");
        // What the loser removes is their own claim.
        let _ = loser.post(&format!("{SETTINGS}/homes.example/remove"), &[]).await.expect(303);
        let _ = loser.post(&format!("{SETTINGS}/homes.example/remove"), &[]).await.expect(404);
        let _ = loser.post(&format!("{SETTINGS}/homes.example/check"), &[]).await.expect(404);
        assert!(holder.get(SETTINGS).await.expect(200).text().contains("in use"));
        // An answer is given only where it is asked for.
        let elsewhere = app.anonymous().with("host", "other.example");
        let _ = elsewhere.get(&format!("/.well-known/organicagent/{}", look.question)).await.expect(404);
    }

    async fn what_is_no_domain_is_told_so_and_ten_are_enough(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for (name, told) in [
            ("", "Is needed"),
            ("127.0.0.1", "Must be a name, not an address"),
            ("localhost", "Is no domain"),
            ("a b.example", "Is no domain"),
            ("<script>", "Is no domain"),
        ] {
            let page = browser.post(SETTINGS, &[("name", name)]).await.expect(422).text();
            assert!(page.contains(told) && !page.contains("<script>"), "{name}: {page}");
        }
        for number in 0..10 {
            let _ = browser.post(SETTINGS, &[("name", &format!("home-{number}.example"))]).await.expect(303);
        }
        let page = browser.post(SETTINGS, &[("name", "one-more.example")]).await.expect(422).text();
        assert!(page.contains("Remove one to add another") || page.contains("is one too many"), "{page}");
        assert_eq!(domains::list(&app.crm, app.agent.id).await.unwrap().len(), 10);
    }
}
