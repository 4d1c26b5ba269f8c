//! The forms of an agent's website: each makes a lead and raises its event once, nothing is refused for looking like spam, and nobody else
//! is harmed by them. The catalogue's section on forms is here by its letters, F1 to F7.

use std::{collections::BTreeSet, time::Duration};

use crm::{
    guides::{self, GuideStatus},
    inquiries, jobs,
    leads::{self, Lead},
    mails::{self, Letter, Mail},
    trash, visits,
    webhooks::UrlRule,
};
use serde_json::json;
use testkit::{Answer, Browser, Settings, Sink, TestApp, on_both_engines, on_both_engines_with};

use crate::{
    guides::{between, pdf, published},
    photos::count,
};

/// Long enough for a person.
const TYPING: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn settings() -> Settings {
    Settings { webhook_url_rule: UrlRule::new(|_| Ok(())), ..Settings::default() }
}

/// A row of each table of these, for whoever needs one.
pub(crate) async fn fill_rows(app: &TestApp) {
    let _ = app.browser().post("/a/sarah-johnson/contact", &JANE).await.expect(303);
    inquiries::set_other_sites(&app.crm, app.agent.id, "https://www.example.com").await.unwrap();
    let (address, user_agent) = (std::net::Ipv4Addr::LOCALHOST.into(), Some("Firefox"));
    visits::saw(&app.crm, &visits::Look { agent: app.agent.id, page: "/", origin: "direct", address, user_agent });
    let _ = visits::write_down(&app.crm).await.unwrap();
}

/// Everything of an agent's leads, oldest first.
async fn all(app: &TestApp) -> Vec<Lead> {
    let page = crm::pages::Page {
        sort: crm::pages::Sort::OldestFirst,
        start: crm::pages::Start::Offset(0),
        limit: 100,
        counted: 0,
    };
    leads::list(&app.crm, app.agent.id, crm::pages::Filter::default(), page).await.unwrap().items
}

/// The names that `lead.created` was raised for, oldest first.
async fn told(app: &TestApp) -> Vec<String> {
    let events = app.agent.api.get("/api/v1/events?type=lead.created&limit=100").await.expect(200).json();
    events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["data"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The mails that went to an address.
async fn mails_to(app: &TestApp, address: &str) -> Vec<Mail> {
    let mails = mails::list(&app.crm, app.agent.id, None, 100).await.unwrap().mails;
    mails.into_iter().filter(|mail| mail.recipient == address).collect()
}

/// The fields that a page's form sends unseen.
fn hidden(page: &str) -> Vec<(String, String)> {
    let form = between(page, "<form class=\"inquiry\"", "</form>");
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |input: &str| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().replace("&#38;", "&"))
    };
    inputs.map(pair).collect()
}

/// Fills in the form of a page as a person does, and sends it where it is to be sent.
async fn fill(app: &TestApp, browser: &mut Browser, page: &str, typed: &[(&str, &str)]) -> Answer {
    let text = browser.get(page).await.expect(200).text();
    app.clock.advance(TYPING);
    let hidden = hidden(&text);
    let action = between(&text, "<form class=\"inquiry\" id=\"inquiry\" method=\"post\" action=\"", "#inquiry")
        .replace("&#38;", "&");
    let fields = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(typed.iter().copied())
        .collect::<Vec<_>>();
    browser.post(&action, &fields).await
}

const JANE: [(&str, &str); 4] =
    [("name", "Jane Doe"), ("email", "jane@example.com"), ("phone", "555-0100"), ("message", "Is it free?")];

async fn home(app: &TestApp, status: &str) -> String {
    let listing = json!({"address": "456 Oak Ave, Miami, FL", "price": 750_000, "status": status});
    app.agent.api.post("/api/v1/listings", &listing).await.expect(201).json()["listingId"].as_str().unwrap().to_owned()
}

on_both_engines_with! {
    settings();

    async fn every_form_makes_one_lead_that_a_receiver_hears_of_once(app: TestApp) {
        let (sink, _sending) = (Sink::start().await, app.send_webhooks());
        let _ = app.agent.api.post("/api/v1/webhooks", &json!({"url": sink.url("/hook"), "events": ["lead.created"]})).await.expect(201);
        let listing = home(&app, "active").await;
        let mut agent = app.sign_in(&app.agent).await;
        let _ = published(&app, &mut agent, "Before you sell").await;
        let mut visitor = app.browser();
        let contact = fill(&app, &mut visitor, "/a/sarah-johnson/contact?utm_source=flyer&utm_campaign=May%20%26%20June", &JANE).await;
        assert_eq!(contact.expect(303).header("location"), "/a/sarah-johnson/thanks?for=contact");
        assert!(visitor.get("/a/sarah-johnson/thanks?for=contact").await.expect(200).text().contains("Thank you, your message has arrived"));
        let question = fill(&app, &mut visitor.with("Referer", "https://www.google.com/search?q=x"), &format!("/a/sarah-johnson/listings/{listing}"), &JANE).await;
        assert_eq!(question.expect(303).header("location"), "/a/sarah-johnson/thanks?for=question");
        let mut home = JANE.to_vec();
        home.push(("address", "1 Elm St, Miami"));
        let valuation = fill(&app, &mut visitor, "/a/sarah-johnson/valuation?lang=es", &home).await;
        assert_eq!(valuation.expect(303).header("location"), "/a/sarah-johnson/thanks?for=valuation&lang=es");
        let guide = fill(&app, &mut visitor, "/a/sarah-johnson/guides/before-you-sell", &JANE[..3]).await;
        assert!(guide.expect(303).header("location").starts_with("/a/sarah-johnson/thanks?for=guide&link="));

        let heard = sink.wait_for("/hook", 4).await;
        let mut sources = heard.iter().map(|request| request.json()["data"]["source"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        // Of different people, in any order.
        sources.sort();
        assert_eq!(sources, ["guide", "website", "website", "website"]);
        assert!(heard.iter().all(|request| request.json()["event"] == "lead.created"));
        let leads = all(&app).await;
        let about = leads.iter().map(|lead| lead.property_address.as_deref()).collect::<Vec<_>>();
        assert_eq!(about, [None, Some("456 Oak Ave, Miami, FL"), Some("1 Elm St, Miami"), None]);
        assert_eq!(leads[0].notes.as_deref(), Some("Is it free?"));
        assert_eq!(told(&app).await.len(), 4);

        // What they brought along is told on their pages, and goes with a copy of the data.
        let page = agent.get(&format!("/dashboard/leads/{}", leads[0].id)).await.expect(200).text();
        for part in ["Contact form", "<dd dir=\"auto\">flyer</dd>", "<dd dir=\"auto\">May &#38; June</dd>", "/a/sarah-johnson/contact", "English", "you agree that Sarah Johnson may answer you"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("Is this spam?"));
        let page = agent.get(&format!("/dashboard/leads/{}", leads[1].id)).await.expect(200).text();
        assert!(page.contains("https://www.google.com/search</a>") && page.contains(&format!("/dashboard/listings/{listing}")), "{page}");
        let page = agent.get(&format!("/dashboard/leads/{}", leads[2].id)).await.expect(200).text();
        assert!(page.contains("Spanish") && page.contains("acepta que Sarah Johnson le responda"), "{page}");
        let (mut extras, mut after) = (Vec::new(), None);
        loop {
            let (found, next) = crm::exports::extras(&app.crm, app.agent.id, after, 2).await.unwrap();
            extras.extend(found.into_iter().filter(|extra| extra.kind == "website"));
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(extras.len(), 4);
        for part in ["Form: contact", "utm_campaign=May & June", "Page: /a/sarah-johnson/contact", "Agreed to: By sending this"] {
            assert!(extras[0].text.contains(part), "{part}: {}", extras[0].text);
        }

        // The visitor is told by mail in the language of the page, and the agent of all four at once.
        let acknowledged = mails_to(&app, "jane@example.com").await;
        let kinds = acknowledged.iter().map(|mail| (mail.letter.as_ref().unwrap().kind(), mail.language.as_str())).collect::<Vec<_>>();
        assert_eq!(kinds, [("guide_asked", "en"), ("inquiry_received", "es"), ("inquiry_received", "en"), ("inquiry_received", "en")]);
        mails::tell_leads(&app.crm).await.unwrap();
        mails::tell_leads(&app.crm).await.unwrap();
        let own = mails_to(&app, &app.agent.email).await;
        assert!(matches!(&own[..], [Mail { letter: Some(Letter::NewLeads { count: 4, .. }), .. }]), "{own:?}");
    }
}

on_both_engines! {
    async fn f1_a_form_without_a_cookie_may_come_from_any_site_and_no_other_may(app: TestApp) {
        let mut agent = app.sign_in(&app.agent).await;
        for (name, value) in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
            let _ = agent.with(name, value).post("/dashboard/leads/new", &JANE).await.expect(403);
            let _ = agent.with(name, value).post("/login", &[("email", "x"), ("password", "y")]).await.expect(403);
            let _ = app.browser().with(name, value).post("/a/sarah-johnson/contact", &[("name", value), ("email", "jane@example.com")]).await.expect(303);
        }
        assert_eq!(all(&app).await.len(), 3);
        // It does nothing in the name of who is signed in.
        assert!(all(&app).await.iter().all(|lead| lead.source == "website"));
        let _ = agent.get("/dashboard/leads").await.expect(200);
    }

    async fn f2_an_address_sends_a_hundred_forms_a_minute(app: TestApp) {
        let mut visitor = app.browser();
        for n in 0..100 {
            let email = if n % 2 == 0 { "" } else { "jane@example.com" };
            let status = visitor.post("/a/sarah-johnson/contact", &[("name", &format!("Jane {n}")), ("email", email)]).await.status;
            assert_eq!(status, if n % 2 == 0 { 422 } else { 303 }, "{n}");
        }
        let refused = visitor.post("/a/sarah-johnson/contact", &JANE).await.expect(429);
        assert!(refused.text().contains("That was a lot at once") && refused.header("retry-after").parse::<u64>().unwrap() <= 60);
        let refused = visitor.with("Accept", "application/json").post("/a/sarah-johnson/valuation", &JANE).await.expect(429);
        assert_eq!(refused.json()["success"], false);
        let _ = visitor.get("/a/sarah-johnson/contact").await.expect(200);
        assert_eq!(all(&app).await.len(), 50);
        app.clock.advance(Duration::from_secs(61));
        let _ = visitor.post("/a/sarah-johnson/contact", &JANE).await.expect(303);
        // Many from one connection are marked, and none is lost.
        assert_eq!(count(&app, "SELECT COUNT(*) FROM website_inquiries WHERE doubts LIKE '%many%'").await, 31);
        assert_eq!(told(&app).await.len(), 51);
    }

    async fn f3_a_name_with_line_ends_is_a_name(app: TestApp) {
        let evil = "Jane\r\nBcc: eve@example.com\r\n\r\nBuy now";
        let _ = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact", &[("name", evil), ("email", "jane@example.com")]).await.expect(303);
        mails::tell_leads(&app.crm).await.unwrap();
        for mail in mails::list(&app.crm, app.agent.id, None, 10).await.unwrap().mails {
            let rendered = mail::render(mail.letter.as_ref(), &mail.language, &mail.recipient, "https://agent.example.com");
            assert!(!rendered.subject.contains(['\r', '\n']), "{:?}", rendered.subject);
            // What a stranger typed goes to no third person.
            assert!(mail.recipient == app.agent.email || !rendered.text.contains("Buy now"), "{}", rendered.text);
        }
        assert_eq!(all(&app).await[0].name, evil.replace("\r\n", "\n"));
    }

    async fn f4_an_address_gets_a_few_acknowledgements_a_day_whoever_asks_for_them(app: TestApp) {
        let other = app.another_agent("Bob Stone").await;
        for n in 0..9 {
            let slug = if n % 3 == 0 { &other.slug } else { &app.agent.slug };
            let _ = fill(&app, &mut app.browser(), &format!("/a/{slug}/contact"), &[("name", "Eve"), ("email", " Victim@example.com"), ("message", &n.to_string())]).await.expect(303);
        }
        let sent = "SELECT COUNT(*) FROM mails WHERE kind = 'inquiry_received'";
        assert_eq!(count(&app, sent).await, inquiries::MOST_A_DAY);
        assert_eq!(all(&app).await.len(), 6, "no lead is lost");
        let _ = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact", &JANE).await.expect(303);
        assert_eq!(count(&app, sent).await, inquiries::MOST_A_DAY + 1, "nobody else is kept from it");
        app.clock.advance(DAY);
        let _ = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact", &[("name", "Eve"), ("email", "victim@example.com")]).await.expect(303);
        assert_eq!(count(&app, sent).await, inquiries::MOST_A_DAY + 2);
        // Addresses are kept as hashes, for a day.
        app.clock.advance(DAY);
        jobs::seed(&app.crm).await.unwrap();
        let _ = jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM acknowledgements").await, 0);
    }

    async fn f5_a_form_that_arrives_twice_or_fifty_times_at_once_is_one_lead(app: TestApp) {
        let listing = home(&app, "active").await;
        let path = format!("/a/sarah-johnson/listings/{listing}");
        let page = app.browser().get(&path).await.expect(200).text();
        app.clock.advance(TYPING);
        let fields = hidden(&page).into_iter().chain(JANE.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect::<Vec<_>>();
        let posts = (0..50).map(|_| {
            let (mut browser, path, fields) = (app.browser(), path.clone(), fields.clone());
            tokio::spawn(async move {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
                browser.post(&path, &fields).await.expect(303).header("location").to_owned()
            })
        });
        let mut answers = BTreeSet::new();
        for post in posts.collect::<Vec<_>>() {
            answers.insert(post.await.unwrap());
        }
        assert_eq!(answers.len(), 1, "the same page for all: {answers:?}");
        assert_eq!((all(&app).await.len(), told(&app).await.len(), mails_to(&app, "jane@example.com").await.len()), (1, 1, 1));
        // A page that a cache gave to two people makes two leads of them.
        let other = fields.iter().map(|(name, value)| (name.as_str(), if name == "name" { "John Roe" } else { value })).collect::<Vec<_>>();
        let _ = app.browser().post(&path, &other).await.expect(303);
        assert_eq!(all(&app).await.len(), 2);
        // So it is without a token.
        for _ in 0..2 {
            let _ = app.browser().post("/a/sarah-johnson/contact", &JANE).await.expect(303);
        }
        assert_eq!(all(&app).await.len(), 3);
    }

    async fn f6_a_hidden_field_with_somebody_elses_id_changes_nothing(app: TestApp) {
        let other = app.another_agent("Bob Stone").await;
        let fields = [("name", "Jane"), ("email", "jane@example.com"), ("agentId", &*other.slug), ("agent", &other.slug), ("source", "zillow"), ("status", "client"), ("id", "lead_01k9x3v7e8f4sahm7d9q2b5c6n")];
        let _ = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact", &fields).await.expect(303);
        let lead = all(&app).await.remove(0);
        assert_eq!((&*lead.source, &*lead.status), ("website", "new"));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM leads").await, 1);
        // A token of one agent's form is none of another's, nor one of another form, or language.
        let page = app.browser().get(&format!("/a/{}/contact", other.slug)).await.expect(200).text();
        let token = hidden(&page).into_iter().find(|(name, _)| name == "token").unwrap().1;
        app.clock.advance(TYPING);
        let _ = app.browser().post("/a/sarah-johnson/contact", &[("name", "Forged"), ("email", "x@example.com"), ("token", &token)]).await.expect(303);
        let _ = app.browser().post(&format!("/a/{}/contact", other.slug), &[("name", "Forged"), ("email", "x@example.com"), ("token", &token), ("language", "es")]).await.expect(303);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM website_inquiries WHERE doubts = 'forged-token' AND consent IS NULL").await, 2);
    }

    async fn f7_what_is_typed_is_text_and_a_link_leads_to_the_web_alone(app: TestApp) {
        let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
        let fields = [
            ("name", evil), ("email", "jane@example.com"), ("phone", evil), ("message", "javascript:alert(3) <a href=\"javascript:alert(4)\">x</a>"),
            ("page", "javascript:alert(5)"), ("referrer", "javascript:alert(6)"), ("utm_source", evil), ("return", "javascript:alert(7)"),
        ];
        let answer = app.browser().post("/a/sarah-johnson/contact", &fields).await.expect(303);
        assert_eq!(answer.header("location"), "/a/sarah-johnson/thanks?for=contact");
        for back in ["https://evil.example/", "//evil.example/", "/\\evil.example", "data:text/html,x", "https://agent.example.com\r\nSet-Cookie: a=b"] {
            let answer = app.browser().post("/a/sarah-johnson/contact", &[("name", back), ("email", "jane@example.com"), ("return", back)]).await.expect(303);
            assert_eq!(answer.header("location"), "/a/sarah-johnson/thanks?for=contact", "{back}");
        }
        let mut agent = app.sign_in(&app.agent).await;
        let lead = all(&app).await.remove(0);
        for page in ["/dashboard/leads".to_owned(), format!("/dashboard/leads/{}", lead.id), "/dashboard/leads/doubtful".to_owned(), "/dashboard/visits".to_owned(), "/dashboard".to_owned()] {
            let text = agent.get(&page).await.expect(200).text();
            assert!(!text.contains("<script>alert") && !text.contains("<img src=x") && !text.contains("href=\"javascript:"), "{page}");
        }
        // And where it is wrong, it is shown again as it was typed.
        let again = app.browser().post("/a/sarah-johnson/contact", &[("name", evil), ("email", "\"><script>x</script>"), ("message", "</textarea><script>")]).await.expect(422).text();
        assert!(!again.contains("<script>") && again.contains("&#60;script&#62;alert(1)"), "{again}");
    }

    async fn what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(app: TestApp) {
        let long = "x".repeat(5_001);
        let wrong = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact", &[("name", " "), ("email", "jane"), ("message", &long)]).await.expect(422).text();
        for part in ["Not sent yet.", "id=\"inquiry-name-wrong\"", "an e-mail address looks like", "Please shorten this to 5000 characters.", "value=\"jane\"", &long] {
            assert!(wrong.contains(part), "{part}: {wrong}");
        }
        // What is sent anew from that page is as good as from the first.
        let again = hidden(&wrong);
        app.clock.advance(TYPING);
        let fields = again.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(JANE).collect::<Vec<_>>();
        let _ = app.browser().post("/a/sarah-johnson/contact", &fields).await.expect(303);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM website_inquiries WHERE standing = 0").await, 1);

        let spanish = app.browser().post("/a/sarah-johnson/contact", &[("name", "Ana"), ("language", "es")]).await.expect(422).text();
        assert!(spanish.contains("Indique un correo electrónico o un teléfono"), "{spanish}");
        let _ = app.browser().post("/a/sarah-johnson/contact", &[("name", "Ana"), ("phone", "555-0100")]).await.expect(303);
        let listing = home(&app, "active").await;
        let wrong = app.browser().post(&format!("/a/sarah-johnson/listings/{listing}"), &[("name", "Ana")]).await.expect(422).text();
        assert!(wrong.contains("456 Oak Ave") && wrong.contains("inquiry-email-wrong"));
        let mut agent = app.sign_in(&app.agent).await;
        let _ = published(&app, &mut agent, "Before you sell").await;
        let wrong = app.browser().post("/a/sarah-johnson/guides/before-you-sell", &[("name", "Ana"), ("phone", "555-0100")]).await.expect(422).text();
        assert!(wrong.contains("Before you sell") && wrong.contains("inquiry-email-wrong"));
        let wrong = app.browser().post("/a/sarah-johnson/valuation", &JANE).await.expect(422).text();
        assert!(wrong.contains("inquiry-address-wrong"));
        for (path, status) in [("/a/nobody/contact", 404), ("/a/sarah-johnson/guides/none", 404), ("/a/sarah-johnson/listings/none", 404), ("/a/sarah-johnson/listings/lst_01k9x3v7e8f4sahm7d9q2b5c6n", 404)] {
            let _ = app.browser().post(path, &JANE).await.expect(status);
        }
        for hidden in ["draft", "hold", "withdrawn"] {
            let listing = home(&app, hidden).await;
            let _ = app.browser().post(&format!("/a/sarah-johnson/listings/{listing}"), &JANE).await.expect(404);
        }
        let _ = app.browser().post("/a/sarah-johnson/contact", &[("name", "a\0b"), ("email", "jane@example.com")]).await.expect(400);
        assert_eq!(all(&app).await.len(), 2);
    }

    async fn what_is_doubtful_is_kept_and_marked_and_what_is_spam_is_told_to_nobody_until_it_is_none(app: TestApp) {
        let mut visitor = app.browser();
        // Without a token, and within two seconds: leads like any other, with a mark.
        let _ = visitor.post("/a/sarah-johnson/contact", &[("name", "Plain"), ("email", "plain@example.com")]).await.expect(303);
        let page = visitor.get("/a/sarah-johnson/contact").await.expect(200).text();
        let token = hidden(&page);
        let with = |token: &[(String, String)], more: &[(&str, &str)]| token.iter().cloned().chain(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect::<Vec<_>>();
        let send = async |fields: Vec<(String, String)>| {
            let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
            app.browser().post("/a/sarah-johnson/contact", &fields).await.expect(303).header("location").to_owned()
        };
        let quick = send(with(&token, &[("name", "Quick"), ("email", "quick@example.com")])).await;
        app.clock.advance(TYPING);
        // What no person fills in: held, though whoever sent it sees no difference.
        let held = send(with(&token, &[("name", "Robot"), ("email", "robot@example.com"), ("website_url", "http://spam.example")])).await;
        assert_eq!(held, quick);
        let _ = send(with(&token, &[("name", "Robot two"), ("email", "robot@example.com"), ("website_url", "x")])).await;
        let _ = send(with(&token, &[("name", "Robot three"), ("email", "robot@example.com"), ("website_url", "x")])).await;
        mails::tell_leads(&app.crm).await.unwrap();
        let own = mails_to(&app, &app.agent.email).await;
        assert!(matches!(&own[..], [Mail { letter: Some(Letter::NewLeads { count: 2, .. }), .. }]), "{own:?}");
        app.clock.advance(DAY);
        let _ = send(with(&token, &[("name", "Late"), ("email", "late@example.com")])).await;
        assert_eq!(told(&app).await, ["Plain", "Quick", "Late"]);
        let leads = all(&app).await;
        assert_eq!(leads.iter().map(|lead| lead.status.as_str()).collect::<Vec<_>>(), ["new", "new", "junk", "junk", "junk", "new"]);
        assert_eq!((mails_to(&app, "plain@example.com").await.len(), mails_to(&app, "robot@example.com").await.len()), (1, 0));
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!(mails_to(&app, &app.agent.email).await.len(), 2);
        let mut agent = app.sign_in(&app.agent).await;
        let list = agent.get("/dashboard/leads").await.expect(200).text();
        assert!(list.contains("6 messages from your website may be spam") && list.matches(">doubtful</span>").count() == 6, "{list}");
        let doubtful = agent.get("/dashboard/leads/doubtful").await.expect(200).text();
        for part in ["It was sent within two seconds", "A field was filled in that nobody sees", "more than a day old", "nor from a site that you have named"] {
            assert!(doubtful.contains(part), "{part}");
        }
        assert_eq!(doubtful.matches(">held back</span>").count(), 3);

        // No spam: now it is a lead, and told once, whichever way the agent says so.
        for _ in 0..2 {
            let _ = agent.post(&format!("/dashboard/leads/{}/judge", leads[2].id), &[("found", "good")]).await.expect(303);
        }
        for status in ["contacted", "junk", "new"] {
            let _ = app.agent.api.patch(&format!("/api/v1/leads/{}", leads[3].id), &json!({"status": status})).await.expect(200);
        }
        assert_eq!(told(&app).await, ["Plain", "Quick", "Late", "Robot", "Robot two"]);
        let to = agent.post(&format!("/dashboard/leads/{}/judge", leads[4].id), &[("found", "junk"), ("here", "list")]).await.expect(303).header("location").to_owned();
        assert_eq!(to, "/dashboard/leads/doubtful?done=is-junk");
        let _ = agent.post(&format!("/dashboard/leads/{}/judge", leads[0].id), &[("found", "junk")]).await.expect(303);
        let _ = agent.post(&format!("/dashboard/leads/{}/judge", leads[1].id), &[("found", "good")]).await.expect(303);
        let statuses = all(&app).await.into_iter().map(|lead| lead.status).collect::<Vec<_>>();
        assert_eq!(statuses, ["junk", "new", "new", "new", "junk", "new"]);
        assert_eq!(told(&app).await.len(), 5);
        app.clock.advance(mails::TOLD_APART);
        mails::tell_leads(&app.crm).await.unwrap();
        assert_eq!(mails_to(&app, &app.agent.email).await.len(), 2, "the agent has just seen them");
        let list = agent.get("/dashboard/leads").await.expect(200).text();
        assert!(list.contains("One message from your website may be spam"), "{list}");
        // One that was found to be junk and turns out to be none is told then.
        let _ = app.agent.api.patch(&format!("/api/v1/leads/{}", leads[4].id), &json!({"status": "qualified"})).await.expect(200);
        assert_eq!(told(&app).await.last().unwrap(), "Robot three");

        let mut stranger = app.sign_in(&app.another_agent("Bob Stone").await).await;
        let _ = stranger.post(&format!("/dashboard/leads/{}/judge", leads[5].id), &[("found", "junk")]).await.expect(404);
        assert!(stranger.get("/dashboard/leads/doubtful").await.expect(200).text().contains("There is nothing doubtful."));
        let _ = agent.post(&format!("/dashboard/leads/{}/judge", leads[5].id), &[("found", "x")]).await.expect(400);
        // A lead that came in otherwise is not judged.
        let other = app.agent.api.post("/api/v1/leads", &json!({"name": "Jane"})).await.expect(201).json();
        let _ = agent.post(&format!("/dashboard/leads/{}/judge", other["leadId"].as_str().unwrap()), &[("found", "junk")]).await.expect(404);
    }

    async fn a_guide_is_given_at_once_and_by_a_link_that_ends(app: TestApp) {
        let mut agent = app.sign_in(&app.agent).await;
        let id = published(&app, &mut agent, "Before you sell").await;
        let to = fill(&app, &mut app.browser(), "/a/sarah-johnson/guides/before-you-sell", &JANE[..3]).await.expect(303).header("location").to_owned();
        let thanks = app.browser().get(&to).await.expect(200).text();
        let link = between(&thanks, "class=\"button first\" href=\"", "\"").to_owned();
        assert!(link.starts_with("/a/sarah-johnson/downloads/gde_"), "{link}");
        // The mail has the same; the outbox does not show it.
        let shown = agent.get("/dashboard/outbox").await;
        assert!(!shown.text().contains(link.rsplit('/').next().unwrap()));
        let Some(Letter::GuideAsked { token, title, .. }) = mails_to(&app, "jane@example.com").await.remove(0).letter else { panic!("a guide") };
        assert_eq!((title.as_str(), token.contains('•') || link.ends_with(&token)), ("Before you sell", true));
        let downloads = async || guides::get(&app.crm, app.agent.id, id).await.unwrap().downloads;
        let whole = app.browser().get(&link).await.expect(200);
        assert_eq!((&whole.body[..], whole.header("content-type")), (&pdf()[..], "application/pdf"));
        assert!(whole.header("content-disposition").starts_with("attachment; ") && whole.header("cache-control").contains("private"));
        assert_eq!(downloads().await, 1);
        // A part of it is no other download, nor is what the browser has.
        let _ = app.browser().with("Range", "bytes=100-").get(&link).await.expect(206);
        let _ = app.browser().with("If-None-Match", whole.header("etag")).get(&link).await.expect(304);
        let _ = app.anonymous().send(http::Method::HEAD, &link, "").await.expect(200);
        assert_eq!(downloads().await, 1);
        let other = app.another_agent("Bob Stone").await;
        let token = link.rsplit('/').next().unwrap();
        let altered = format!("{}0", &token[..token.len() - 1]);
        for wrong in [format!("/a/{}/downloads/{token}", other.slug), format!("/a/sarah-johnson/downloads/{altered}x"), "/a/sarah-johnson/downloads/x".to_owned(), format!("/a/sarah-johnson/downloads/{}", token.replace("gde_0", "gde_1"))] {
            let page = app.browser().get(&wrong).await.expect(404).text();
            assert!(page.contains("There is no guide here"), "{wrong}: {page}");
        }
        // As long as it is a draft there is nothing, whatever the link.
        guides::set_status(&app.crm, app.agent.id, id, GuideStatus::Draft).await.unwrap();
        let _ = app.browser().get(&link).await.expect(404);
        guides::set_status(&app.crm, app.agent.id, id, GuideStatus::Published).await.unwrap();
        app.clock.advance(inquiries::DOWNLOAD_LASTS);
        let over = app.browser().get(&link).await.expect(410).text();
        assert!(over.contains("This link is over") && over.contains("href=\"/a/sarah-johnson/guides/before-you-sell\""), "{over}");
        assert!(app.browser().get(&to).await.expect(200).text().contains("is on its way to your e-mail address"));
        assert_eq!((downloads().await, guides::get(&app.crm, app.agent.id, id).await.unwrap().leads), (1, 1));
    }

    async fn another_site_of_the_agents_frames_forms_and_has_its_own(app: TestApp) {
        let mut agent = app.sign_in(&app.agent).await;
        let policy = |answer: &Answer| answer.header("content-security-policy").split("frame-ancestors ").nth(1).unwrap_or_default().to_owned();
        let embed = "/a/sarah-johnson/embed/contact";
        assert_eq!(policy(&app.browser().get(embed).await.expect(200)), "'none'");
        let settings = "/dashboard/settings/website-forms";
        let wrong = agent.post(settings, &[("origins", "https://www.example.com\njavascript:alert(1)")]).await.expect(422).text();
        assert!(wrong.contains("Has “javascript:alert(1)”, which is no address") && wrong.contains("https://www.example.com\njavascript:"), "{wrong}");
        let _ = agent.post(settings, &[("origins", "https://www.example.com/contact\n\n Shop.example.com \nhttps://www.example.com")]).await.expect(303);
        let shown = agent.get(settings).await.expect(200).text();
        assert!(shown.contains("https://www.example.com\nhttps://shop.example.com</textarea>"), "{shown}");
        assert!(shown.contains("/a/sarah-johnson/embed/valuation") && shown.contains("value=&#34;https://www.example.com/thank-you&#34;"));
        let framed = app.browser().get(embed).await.expect(200);
        assert_eq!(policy(&framed), "https://www.example.com https://shop.example.com");
        assert_eq!(policy(&app.browser().get("/a/sarah-johnson/contact").await.expect(200)), "'none'");
        assert_eq!(framed.header("cross-origin-resource-policy"), "cross-origin");
        let to = fill(&app, &mut app.browser(), embed, &JANE).await.expect(303).header("location").to_owned();
        assert_eq!(to, "/a/sarah-johnson/embed/thanks?for=contact");
        assert_eq!(policy(&app.browser().get(&to).await.expect(200)), "https://www.example.com https://shop.example.com");
        let wrong = fill(&app, &mut app.browser(), embed, &[("name", "x")]).await.expect(422);
        assert!(policy(&wrong).starts_with("https://") && wrong.text().contains("name=\"framed\""));
        for none in ["nothing", "guides/none"] {
            let _ = app.browser().get(&format!("/a/sarah-johnson/embed/{none}")).await.expect(404);
        }
        // A form of its own: no token, and yet no doubt; it leads back.
        let own = app.browser().with("Origin", "https://shop.example.com").with("Sec-Fetch-Site", "cross-site").with("Referer", "https://shop.example.com/");
        let fields = [("name", "From the shop"), ("email", "shop@example.com"), ("return", "https://www.example.com/thank-you?a=b")];
        assert_eq!(own.clone().post("/a/sarah-johnson/contact", &fields).await.expect(303).header("location"), "https://www.example.com/thank-you?a=b");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM website_inquiries WHERE doubts = '' AND page = 'https://shop.example.com/' AND consent IS NULL").await, 1);
        // A script of that site reads the answer, and no other's does.
        let mut script = own.with("Accept", "application/json");
        let made = script.post("/a/sarah-johnson/contact", &[("name", "By script"), ("phone", "555-0100")]).await.expect(201);
        assert_eq!((made.json(), made.header("access-control-allow-origin")), (json!({"success": true}), "https://shop.example.com"));
        let wrong = script.post("/a/sarah-johnson/contact", &[("name", "")]).await.expect(422).json();
        assert_eq!((&wrong["success"], &wrong["errors"][0]["field"], &wrong["errors"][1]["field"]), (&json!(false), &json!("name"), &json!("email")));
        let stranger = app.browser().with("Origin", "https://evil.example").with("Accept", "application/json").post("/a/sarah-johnson/contact", &[("name", "Stranger"), ("phone", "555-0100")]).await.expect(201);
        assert_eq!(stranger.headers.get("access-control-allow-origin"), None);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM website_inquiries WHERE doubts = 'no-token'").await, 1);
        let _ = agent.post(settings, &[("origins", " ")]).await.expect(303);
        assert_eq!(policy(&app.browser().get(embed).await.expect(200)), "'none'");
        let many = (0..21).map(|n| format!("https://{n}.example.com\n")).collect::<String>();
        assert!(agent.post(settings, &[("origins", &many)]).await.expect(422).text().contains("May have 20 lines."));
    }

    async fn what_a_lead_brought_along_goes_with_it(app: TestApp) {
        let mut agent = app.sign_in(&app.agent).await;
        let _ = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact?utm_source=flyer", &JANE).await.expect(303);
        app.clock.advance(TYPING);
        let _ = fill(&app, &mut app.browser(), "/a/sarah-johnson/contact", &JANE).await.expect(303);
        let found = all(&app).await;
        // Merged, it is told by the one that took it.
        let kept = found[1].id;
        let choice = leads::merges::Choice { name: kept, email: kept, phone: kept, source: kept, property_address: kept, notes: kept, status: kept };
        let _ = leads::merges::merge(&app.crm, app.agent.id, kept, vec![found[0].id], choice).await.unwrap();
        let page = agent.get(&format!("/dashboard/leads/{kept}")).await.expect(200).text();
        assert!(page.contains("Campaign source: flyer"), "{page}");
        leads::delete(&app.crm, app.agent.id, kept, |_| true).await.unwrap();
        app.clock.advance(trash::KEPT);
        let _ = trash::erase_due(&app.crm).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM website_inquiries").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM mails WHERE kind = 'inquiry_received'").await, 0);
    }
}
