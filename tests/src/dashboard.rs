//! Leads, clients and Today in the dashboard, as a browser without scripts has them.

use serde_json::{Value, json};
use testkit::{Browser, TestAgent, on_both_engines};

async fn lead(agent: &TestAgent, lead: Value) -> String {
    let made = agent.api.post("/api/v1/leads", &lead).await.expect(201).json();
    made["leadId"].as_str().unwrap().to_owned()
}

async fn client(agent: &TestAgent, name: &str) -> String {
    let email = format!("{}@example.com", name.to_lowercase());
    let made = agent.api.post("/api/v1/clients", &json!({"name": name, "email": email})).await.expect(201).json();
    made["clientId"].as_str().unwrap().to_owned()
}

/// The fields of a form.
type Form<'a> = &'a [(&'a str, &'a str)];

/// The id of one of the agent's stages.
async fn stage(agent: &TestAgent, name: &str) -> String {
    let stages = agent.api.get("/api/v1/stages").await.expect(200).json();
    let stages = stages["stages"].as_array().unwrap();
    stages.iter().find(|stage| stage["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

/// The stages that clients were moved to, by the feed.
async fn moves(agent: &TestAgent) -> Vec<String> {
    let feed = agent.api.get("/api/v1/events?type=client.stage_changed").await.expect(200).json();
    let events = feed["events"].as_array().unwrap();
    events.iter().map(|event| event["data"]["buyingStage"].as_str().unwrap().to_owned()).collect()
}

async fn status(agent: &TestAgent, lead: &str) -> String {
    let read = agent.api.get(&format!("/api/v1/leads/{lead}")).await.expect(200).json();
    read["status"].as_str().unwrap().to_owned()
}

/// Posts to a path and goes where it sends.
async fn follow(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let to = browser.post(path, fields).await.expect(303).header("location").to_owned();
    browser.get(&to).await.expect(200).text()
}

on_both_engines! {
    async fn a_lead_that_is_written_down_raises_its_event(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let fields = [("name", " Zoë "), ("email", ""), ("phone", "555-0100"), ("source", ""), ("notes", "Line\r\nbreak")];
        let page = follow(&mut browser, "/dashboard/leads/new", &fields).await;
        assert!(page.contains("The lead is recorded."));
        let feed = app.agent.api.get("/api/v1/events").await.expect(200).json();
        let data = &feed["events"][0]["data"];
        assert_eq!((&data["name"], &data["source"], &data["email"]), (&json!("Zoë"), &json!("dashboard"), &Value::Null));
        assert_eq!(data["notes"], "Line\nbreak");
        let page = browser.post("/dashboard/leads/new", &[("name", " "), ("email", "no address")]).await.expect(422).text();
        assert!(page.contains("id=\"name-wrong\"") && page.contains("id=\"email-wrong\"") && page.contains("no address"));
    }

    async fn a_form_that_arrives_twice_takes_effect_once(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let token = |page: &str| page.split("name=\"once\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let once = token(&browser.get("/dashboard/leads/new").await.expect(200).text());
        let fields = [("once", once.as_str()), ("name", "Twice")];
        let first = browser.post("/dashboard/leads/new", &fields).await.expect(303).header("location").to_owned();
        assert_eq!(browser.post("/dashboard/leads/new", &fields).await.expect(303).header("location"), first);
        // Whoever goes back and types something else means another.
        let _ = browser.post("/dashboard/leads/new", &[("once", &once), ("name", "Another")]).await.expect(303);
        assert_eq!(app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"], 2);
        let page = first.split('?').next().unwrap().to_owned();
        let once = token(&browser.get(&page).await.expect(200).text());
        for _ in 0..2 {
            let _ = browser.post(&format!("{page}/notes"), &[("once", &once), ("text", "Rang.")]).await.expect(303);
        }
        assert_eq!(browser.get(&page).await.expect(200).text().matches("Rang.").count(), 1);
        let new = "/dashboard/settings/api/webhooks/new";
        let once = token(&browser.get(new).await.expect(200).text());
        let fields = [("once", once.as_str()), ("url", "https://example.com/hook")];
        let made = [browser.post(new, &fields).await.expect(201).text(), browser.post(new, &fields).await.expect(201).text()];
        assert_eq!(made[0], made[1], "the same webhook, with the same secret");
    }

    async fn what_was_changed_meanwhile_is_not_lost(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let lead = lead(&app.agent, json!({"name": "Ada"})).await;
        let client = client(&app.agent, "Grace").await;
        for (page, api) in [(format!("/dashboard/leads/{lead}"), format!("/api/v1/leads/{lead}")), (format!("/dashboard/clients/{client}"), format!("/api/v1/clients/{client}"))] {
            let seen = |page: &str| page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let edit = format!("{page}/edit");
            let before = seen(&browser.get(&edit).await.expect(200).text());
            app.clock.advance(std::time::Duration::from_secs(1));
            let _ = app.agent.api.patch(&api, &json!({"notes": "Written meanwhile"})).await.expect(200);
            let fields = [("seen", before.as_str()), ("name", "Renamed"), ("email", "grace@example.com")];
            let shown = browser.post(&edit, &fields).await.expect(409).text();
            // A typing error in between does not make the form forget what it saw.
            let wrong = browser.post(&edit, &[("seen", before.as_str()), ("name", " "), ("email", "grace@example.com")]).await.expect(422).text();
            assert_eq!(seen(&wrong), before);
            assert!(shown.contains("It was changed meanwhile") && shown.contains("value=\"Renamed\""), "{shown}");
            assert_eq!(app.agent.api.get(&api).await.expect(200).json()["notes"], "Written meanwhile");
            let now = seen(&shown);
            let fields = [("seen", now.as_str()), ("name", "Renamed"), ("email", "grace@example.com"), ("notes", "Mine")];
            let _ = browser.post(&edit, &fields).await.expect(303);
            assert_eq!(app.agent.api.get(&api).await.expect(200).json()["notes"], "Mine");
        }
    }

    async fn whoever_asks_for_no_page_of_ours_is_led_or_told(app: TestApp) {
        let mut browser = app.browser().with("Accept", "text/html");
        assert_eq!(browser.get("/").await.expect(303).header("location"), "/dashboard");
        assert_eq!(browser.get("/dashboard/leads/").await.expect(303).header("location"), "/dashboard/leads");
        for path in ["/nowhere", "//evil.example/", "/dashboard/nowhere"] {
            let answer = browser.get(path).await.expect(404);
            assert!(answer.text().contains("There is no such page") && !answer.header("content-security-policy").is_empty());
        }
        let program = app.anonymous().get("/nowhere").await.expect(404);
        assert_eq!(program.header("content-type"), "application/problem+json");
    }

    async fn leads_are_downloaded_as_a_sheet_in_which_nothing_is_a_formula(app: TestApp) {
        for (name, status) in [("=HYPERLINK(1)", "new"), ("Zoë, \"the\" one", "new"), ("Other", "junk")] {
            let id = lead(&app.agent, json!({"name": name, "phone": "+1 555 0100"})).await;
            let _ = app.agent.api.patch(&format!("/api/v1/leads/{id}"), &json!({"status": status})).await.expect(200);
        }
        for n in 0..1_100 {
            let fields = json!({"name": format!("Number {n}")});
            let new = crm::leads::NewLead::read(fields.as_object().unwrap()).unwrap();
            crm::leads::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let mut browser = app.sign_in(&app.agent).await;
        let answer = browser.get("/dashboard/leads/export?status=new&sort=createdAt").await.expect(200);
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"leads.csv\"");
        let text = answer.text();
        let mut sheet = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
        assert_eq!(sheet.headers().unwrap().iter().nth(6), Some("propertyAddress"));
        let rows = sheet.records().map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(rows.len(), 1_102);
        assert_eq!((&rows[0][1], &rows[0][3]), ("'=HYPERLINK(1)", "'+1 555 0100"));
        assert_eq!((&rows[1][1], &rows[1_101][1]), ("Zoë, \"the\" one", "Number 1099"));
        let mut other = app.sign_in(&app.another_agent("Other Agent").await).await;
        assert_eq!(other.get("/dashboard/leads/export").await.expect(200).text().lines().count(), 1);
    }

    async fn leads_are_changed_together_and_set_back(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let ids = [lead(&app.agent, json!({"name": "Ada"})).await, lead(&app.agent, json!({"name": "Grace"})).await];
        let here = "/dashboard/leads?sort=createdAt";
        let fields = [("lead", ids[0].as_str()), ("lead", &ids[1]), ("lead", "lead_nonsense"), ("to", "qualified"), ("here", here)];
        let page = follow(&mut browser, "/dashboard/leads/change", &fields).await;
        assert!(page.contains("2 leads are changed."), "{page}");
        assert_eq!(status(&app.agent, &ids[0]).await, "qualified");
        let was = ids.each_ref().map(|id| format!("{id}.new"));
        for value in &was {
            assert!(page.contains(&format!("name=\"was\" value=\"{value}\"")), "{page}");
        }
        let _ = follow(&mut browser, "/dashboard/leads/status", &[("was", &was[0]), ("was", &was[1])]).await;
        assert_eq!((status(&app.agent, &ids[0]).await, status(&app.agent, &ids[1]).await), ("new".to_owned(), "new".to_owned()));
        let page = follow(&mut browser, "/dashboard/leads/change", &[("to", "junk")]).await;
        assert!(page.contains("No lead was ticked"));
        let _ = browser.post("/dashboard/leads/change", &[("lead", &ids[0]), ("to", "nonsense")]).await.expect(400);
        // Back only to a page of leads.
        let fields = [("lead", ids[0].as_str()), ("to", "junk"), ("here", "https://evil.example/dashboard/leads")];
        let answer = browser.post("/dashboard/leads/change", &fields).await.expect(303);
        assert!(answer.header("location").starts_with("/dashboard/leads?"));
        let fields = [("lead", ids[0].as_str()), ("to", "junk"), ("here", "/dashboard/leads\nSet-Cookie: a=b")];
        assert_eq!(browser.post("/dashboard/leads/change", &fields).await.expect(303).header("location"), "/dashboard");
    }

    async fn deleted_leads_come_back(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = lead(&app.agent, json!({"name": "Ada"})).await;
        let page = follow(&mut browser, &format!("/dashboard/leads/{id}/delete"), &[]).await;
        assert!(page.contains("1 lead is deleted."));
        let _ = browser.get(&format!("/dashboard/leads/{id}")).await.expect(404);
        let _ = follow(&mut browser, "/dashboard/leads/restore", &[("lead", &id)]).await;
        let _ = browser.get(&format!("/dashboard/leads/{id}")).await.expect(200);
    }

    async fn a_lead_becomes_a_client_once(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = lead(&app.agent, json!({"name": "Ada", "email": "ada@example.com", "phone": "555-0100"})).await;
        for _ in 0..2 {
            let page = follow(&mut browser, &format!("/dashboard/leads/{id}/convert"), &[]).await;
            assert!(page.contains("The person is a client now."));
        }
        let clients = app.agent.api.get("/api/v1/clients").await.expect(200).json();
        assert_eq!((&clients["total"], &clients["clients"][0]["phone"]), (&json!(1), &json!("555-0100")));
        assert_eq!(status(&app.agent, &id).await, "client");
        let feed = app.agent.api.get("/api/v1/events?type=client.created").await.expect(200).json();
        assert_eq!(feed["events"].as_array().unwrap().len(), 1);
        let without = lead(&app.agent, json!({"name": "No address"})).await;
        let _ = browser.post(&format!("/dashboard/leads/{without}/convert"), &[]).await.expect(400);
        assert_eq!(status(&app.agent, &without).await, "new");
    }

    async fn a_move_on_the_board_raises_one_event_and_none_where_nothing_moves(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let id = client(&app.agent, "Ada").await;
        let (searching, offer) = (stage(&app.agent, "Searching").await, stage(&app.agent, "Offer").await);
        let path = format!("/dashboard/clients/{id}/stage");
        let board = browser.get("/dashboard/clients/board").await.expect(200).text();
        assert!(board.contains("Ada") && board.contains(&format!("data-stage=\"{offer}\"")));
        let page = follow(&mut browser, &path, &[("stage", &offer), ("here", "/dashboard/clients/board?pipeline=buyer")]).await;
        assert!(page.contains("Moved from Searching to Offer.") && page.contains(&format!("value=\"{searching}\"")));
        let _ = follow(&mut browser, &path, &[("stage", &offer)]).await;
        assert_eq!(moves(&app.agent).await, ["Offer"]);
        let _ = follow(&mut browser, &path, &[("stage", &searching)]).await;
        assert_eq!(moves(&app.agent).await, ["Offer", "Searching"]);
        let _ = browser.post(&path, &[("stage", "stg_00000000000000000000000000")]).await.expect(400);
    }

    async fn today_tells_who_waits_and_why(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        assert!(browser.get("/dashboard").await.expect(200).text().contains("Nobody waits for you."));
        let quiet = client(&app.agent, "Quiet").await;
        let heard = client(&app.agent, "Heard").await;
        let closed = client(&app.agent, "Closed").await;
        let _ = app.agent.api.patch(&format!("/api/v1/clients/{closed}"), &json!({"buyingStage": "Closed"})).await.expect(200);
        app.clock.advance(std::time::Duration::from_secs(15 * 24 * 60 * 60));
        let _ = app.agent.api.post(&format!("/api/v1/clients/{heard}/notes"), &json!({"text": "Rang."})).await.expect(201);
        let id = lead(&app.agent, json!({"name": "Newcomer", "source": "zillow"})).await;
        let mut browser = app.sign_in(&app.agent).await;
        let page = browser.get("/dashboard").await.expect(200).text();
        assert!(page.contains("New from Zillow, not answered yet"), "{page}");
        assert!(page.contains(&format!("/dashboard/clients/{quiet}")), "{page}");
        assert!(!page.contains(&format!("/dashboard/clients/{heard}")) && !page.contains(&format!("/dashboard/clients/{closed}")));
        assert!(page.find("Newcomer").unwrap() < page.find("Quiet for more than two weeks").unwrap());
        let page = follow(&mut browser, &format!("/dashboard/today/leads/{id}/contacted"), &[]).await;
        assert!(page.contains("Contacted: it is off the list.") && !page.contains("Newcomer"));
        assert_eq!(status(&app.agent, &id).await, "contacted");
    }

    async fn what_is_another_agents_is_as_if_it_never_was(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let (their_lead, their_client) = (lead(&other, json!({"name": "Secret", "email": "s@example.com"})).await, client(&other, "Hidden").await);
        let listing = other.api.post("/api/v1/listings", &json!({"address": "1 St", "price": 1})).await.expect(201).json();
        let showing = json!({"clientId": their_client, "listingId": listing["listingId"], "requestedTimes": ["2026-12-24T15:00:00Z"]});
        let showing = other.api.post("/api/v1/showings", &showing).await.expect(201).json()["showingId"].as_str().unwrap().to_owned();
        let before = [other.api.get("/api/v1/leads").await.text(), other.api.get("/api/v1/clients").await.text(), other.api.get("/api/v1/showings").await.text()];
        let mut browser = app.sign_in(&app.agent).await;
        let mut offer = stage(&app.agent, "Offer").await;
        let never = |id: &str| format!("{}_00000000000000000000000000", id.split_once('_').unwrap().0);
        let note = [("text", "Seen")];
        let name = [("name", "Taken"), ("email", "taken@example.com")];
        let routes: [(&str, &str, Option<Form<'_>>); 16] = [
            ("/dashboard/leads/{}", &their_lead, None),
            ("/dashboard/leads/{}/edit", &their_lead, None),
            ("/dashboard/leads/{}/edit", &their_lead, Some(&name)),
            ("/dashboard/leads/{}/status", &their_lead, Some(&[("status", "junk")])),
            ("/dashboard/leads/{}/notes", &their_lead, Some(&note)),
            ("/dashboard/leads/{}/convert", &their_lead, Some(&[])),
            ("/dashboard/clients/{}", &their_client, None),
            ("/dashboard/clients/{}/edit", &their_client, None),
            ("/dashboard/clients/{}/edit", &their_client, Some(&name)),
            ("/dashboard/clients/{}/notes", &their_client, Some(&note)),
            ("/dashboard/clients/{}/delete", &their_client, Some(&[])),
            ("/dashboard/clients/{}/stage", &their_client, Some(&[("stage", &offer)])),
            ("/dashboard/showings/{}", &showing, None),
            ("/dashboard/showings/{}/confirm", &showing, Some(&[("at", "2026-12-24T15:00:00Z")])),
            ("/dashboard/showings/{}/end", &showing, Some(&[("status", "declined")])),
            ("/dashboard/showings/{}/notes", &showing, Some(&[("notes", "Seen")])),
        ];
        for (route, id, fields) in routes {
            let mut answers = Vec::new();
            for id in [id.to_owned(), never(id)] {
                let path = route.replace("{}", &id);
                let answer = match fields {
                    None => browser.get(&path).await,
                    Some(fields) => browser.post(&path, fields).await,
                };
                answers.push(answer.expect(404).text());
            }
            assert_eq!(answers[0], answers[1], "{route}");
        }
        // Of many at once, those that are not there are passed over.
        offer.clear();
        for (path, fields) in [
            ("/dashboard/leads/change", [("lead", their_lead.as_str()), ("to", "junk")]),
            ("/dashboard/leads/change", [("lead", &their_lead), ("to", "delete")]),
            ("/dashboard/leads/status", [("was", &format!("{their_lead}.junk")), ("here", "")]),
            ("/dashboard/leads/restore", [("lead", &their_lead), ("here", "")]),
            (&format!("/dashboard/leads/{their_lead}/delete"), [("lead", ""), ("here", "")]),
            (&format!("/dashboard/today/leads/{their_lead}/contacted"), [("lead", ""), ("here", "")]),
        ] {
            let _ = browser.post(path, &fields).await.expect(303);
        }
        let after = [other.api.get("/api/v1/leads").await.text(), other.api.get("/api/v1/clients").await.text(), other.api.get("/api/v1/showings").await.text()];
        assert_eq!(before, after);
        for path in ["/dashboard", "/dashboard/leads", "/dashboard/clients", "/dashboard/clients/board", "/dashboard/leads?q=secret", "/dashboard/showings", "/dashboard/showings?q=hidden", "/dashboard/showings/calendar?view=month&on=2026-12-24", "/dashboard/showings/new"] {
            let page = browser.get(path).await.expect(200).text();
            assert!(!page.contains("Secret") && !page.contains("Hidden"), "{path}");
        }
    }

    async fn a_nul_in_an_address_is_refused_on_every_list(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for path in ["leads?q=%00", "leads?tag=%00", "leads?source=%00", "clients?q=a%00b", "listings?q=%00", "showings?q=%00", "outbox?after=%00"] {
            let _ = browser.get(&format!("/dashboard/{path}")).await.expect(400);
        }
        let _ = browser.get("/dashboard/leads?q=%2500").await.expect(200);
    }
}
