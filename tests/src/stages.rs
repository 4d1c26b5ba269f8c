//! An agent's own stages.

use crm::migrations::MIGRATIONS;
use db::{DbError, Lane, params};
use serde_json::json;
use testkit::{Browser, EmptyDatabase, TestAgent, on_both_engines};

const PATH: &str = "/dashboard/settings/stages";

/// Names of a pipeline in their order, and the id of each.
async fn stages(agent: &TestAgent, pipeline: &str) -> Vec<(String, String)> {
    let all = agent.api.get("/api/v1/stages").await.expect(200).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let here = all["stages"].as_array().unwrap().iter().filter(|stage| stage["pipeline"] == pipeline);
    here.map(|stage| (text(&stage["name"]), text(&stage["id"]))).collect()
}

async fn names(agent: &TestAgent, pipeline: &str) -> Vec<String> {
    stages(agent, pipeline).await.into_iter().map(|(name, _)| name).collect()
}

async fn id_of(agent: &TestAgent, name: &str) -> String {
    stages(agent, "buyer").await.into_iter().find(|(held, _)| held == name).unwrap().1
}

async fn add(browser: &mut Browser, name: &str, status: u16) -> String {
    browser.post(PATH, &[("pipeline", "buyer"), ("name", name)]).await.expect(status).text()
}

/// The text of Today, and whether a client is shown there as quiet for long.
async fn today(browser: &mut Browser, client: &str) -> (String, bool) {
    let page = browser.get("/dashboard").await.expect(200).text();
    let is_quiet = page.contains(&format!("/dashboard/clients/{client}"));
    (page, is_quiet)
}

/// How many clients Today says have closed.
fn closed(page: &str) -> String {
    let step = page.split_once("Clients who closed").unwrap().1.split_once("</meter>").unwrap().1;
    step.chars().skip_while(|char| !char.is_ascii_digit()).take_while(char::is_ascii_digit).collect()
}

on_both_engines! {
    async fn what_a_stage_means_decides_and_not_its_name(app: TestApp) {
        let made = app.agent.api.post("/api/v1/clients", &json!({"name": "Ada", "email": "ada@example.com"})).await.expect(201).json();
        let client = made["clientId"].as_str().unwrap();
        let _ = app.agent.api.post("/api/v1/leads", &json!({"name": "Bea"})).await.expect(201);
        app.clock.advance(std::time::Duration::from_secs(15 * 24 * 60 * 60));
        let mut browser = app.sign_in(&app.agent).await;
        let before = app.agent.api.get("/api/v1/stages").await.expect(200).text();
        let searching = id_of(&app.agent, "Searching").await;
        let (page, is_quiet) = today(&mut browser, client).await;
        assert_eq!((is_quiet, closed(&page).as_str()), (true, "0"));
        for (kind, expected) in [("resting", (false, "0")), ("closed", (false, "1")), ("active", (true, "0"))] {
            let _ = browser.post(&format!("{PATH}/{searching}/kind"), &[("kind", kind)]).await.expect(303);
            let (page, is_quiet) = today(&mut browser, client).await;
            assert_eq!((is_quiet, closed(&page).as_str()), expected, "{kind}");
            let page = browser.get(PATH).await.expect(200).text();
            assert!(page.contains(&format!("<option value=\"{kind}\" selected>")), "{kind}");
        }
        let _ = browser.post(&format!("{PATH}/{searching}/kind"), &[("kind", "asleep")]).await.expect(404);
        let _ = browser.post(&format!("{PATH}/stg_00000000000000000000000000/kind"), &[("kind", "closed")]).await.expect(404);
        assert_eq!(app.agent.api.get("/api/v1/stages").await.expect(200).text(), before, "nothing of it is the API's");
        // The stage that closes goes by another name and still closes; one that takes the name does not.
        let of_old = id_of(&app.agent, "Closed").await;
        let _ = browser.post(&format!("{PATH}/{of_old}/rename"), &[("name", "Keys handed over")]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{searching}/rename"), &[("name", "Closed")]).await.expect(303);
        assert!(today(&mut browser, client).await.1);
        let path = format!("/api/v1/clients/{client}");
        let _ = app.agent.api.patch(&path, &json!({"buyingStage": "Keys handed over"})).await.expect(200);
        app.clock.advance(std::time::Duration::from_secs(15 * 24 * 60 * 60));
        let mut browser = app.sign_in(&app.agent).await;
        let (page, is_quiet) = today(&mut browser, client).await;
        assert_eq!((is_quiet, closed(&page).as_str()), (false, "1"));
        // A new stage aside rests from the beginning.
        let _ = browser.post(PATH, &[("pipeline", "side"), ("name", "Abroad")]).await.expect(303);
        let held = crm::stages::list(&app.crm, app.agent.id).await.unwrap();
        let kinds = held.iter().filter(|stage| stage.kind == crm::stages::Kind::Resting).map(|stage| stage.name.as_str());
        assert_eq!(kinds.collect::<Vec<_>>(), ["On Hold", "Lost", "Abroad"]);
    }

    async fn stages_made_before_are_told_by_the_names_they_began_with(app: TestApp) {
        let old = EmptyDatabase::open(app.engine).await;
        let before = MIGRATIONS.iter().position(|step| step.name == "stage_kinds").unwrap();
        let database = old.database.clone();
        tokio::task::spawn_blocking(move || database.migrate(&MIGRATIONS[..before])).await.unwrap().unwrap();
        let stages = [("Searching", "buyer"), ("Closed", "seller"), ("Past Client", "buyer"), ("On Hold", "side"), ("Abroad", "side")];
        let inserted = old.database.write("test.insert", Lane::SHARED, move |tx| {
            for (n, (name, pipeline)) in (0u8..).zip(stages) {
                let sql = "INSERT INTO stages (agent_id, id, name, pipeline, position) VALUES ($1, $2, $3, $4, 0)";
                tx.execute(sql, params![&[1u8; 16], &[n; 16], name, pipeline])?;
            }
            Ok::<_, DbError>(())
        });
        inserted.await.unwrap();
        let database = old.database.clone();
        tokio::task::spawn_blocking(move || database.migrate(MIGRATIONS)).await.unwrap().unwrap();
        let kinds = old.database.read("test.read", |tx| {
            tx.query("SELECT kind FROM stages ORDER BY id", params![], |row| row.get::<String>(0))
        });
        assert_eq!(kinds.await, Ok::<_, DbError>(["active", "closed", "closed", "resting", "resting"].map(String::from).into()));
    }

    async fn stages_are_added_renamed_and_put_in_order(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let _ = add(&mut browser, "  Second look ", 303).await;
        assert_eq!(names(&app.agent, "buyer").await.last().unwrap(), "Second look");
        let id = id_of(&app.agent, "Second look").await;
        let _ = browser.post(&format!("{PATH}/{id}/move"), &[("to", "up")]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{id}/rename"), &[("name", "Zweiter Blick")]).await.expect(303);
        let held = names(&app.agent, "buyer").await;
        assert_eq!(held[held.len() - 2..], ["Zweiter Blick", "Past Client"]);
        for _ in 0..20 {
            let _ = browser.post(&format!("{PATH}/{id}/move"), &[("to", "up")]).await.expect(303);
        }
        assert_eq!(names(&app.agent, "buyer").await[..2], ["Zweiter Blick", "New"]);
        let (offer, other) = (id_of(&app.agent, "Offer").await, "stg_00000000000000000000000000");
        let wanted = [("pipeline", "buyer"), ("stage", offer.as_str()), ("stage", other), ("stage", &id), ("stage", &offer)];
        let _ = browser.post(&format!("{PATH}/order"), &wanted).await.expect(303);
        let held = names(&app.agent, "buyer").await;
        assert_eq!((held.len(), &held[..3]), (10, &["Offer", "Zweiter Blick", "New"].map(str::to_owned)[..]));
        let _ = browser.get("/dashboard/clients/board").await.expect(200).text().find("Zweiter Blick").unwrap();
    }

    async fn a_name_has_its_bounds_and_stands_once_in_a_pipeline(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        for (name, told) in [(" ", "1 to 60"), ("searching", "“Searching”"), ("  SEARCHÍNG", "“Searching”"), (&*"x".repeat(61), "1 to 60"), ("two\nlines", "one line"), (&*id_of(&app.agent, "New").await, "must be words")] {
            let page = add(&mut browser, name, 422).await;
            assert!(page.to_lowercase().contains(&told.to_lowercase()), "{name}: {told}");
        }
        // In another pipeline it may stand.
        let _ = browser.post(PATH, &[("pipeline", "side"), ("name", "Searching")]).await.expect(303);
        let offer = id_of(&app.agent, "Offer").await;
        let _ = browser.post(&format!("{PATH}/{offer}/rename"), &[("name", "TOURING")]).await.expect(422);
        let _ = browser.post(&format!("{PATH}/{offer}/rename"), &[("name", "OFFER")]).await.expect(303);
        for n in names(&app.agent, "buyer").await.len()..40 {
            let _ = add(&mut browser, &format!("Number {n}"), 303).await;
        }
        assert!(add(&mut browser, "One more", 422).await.contains("at most 40"));
        let _ = browser.post(PATH, &[("pipeline", "neither"), ("name", "x")]).await.expect(404);
    }

    async fn a_deleted_stage_moves_its_clients_and_raises_each_move_once(app: TestApp) {
        let mut browser = app.sign_in(&app.agent).await;
        let (from, to) = (id_of(&app.agent, "Searching").await, id_of(&app.agent, "Touring").await);
        for n in 0..203 {
            let fields = json!({"name": format!("Client {n}"), "email": format!("c{n}@example.com")});
            let new = crm::clients::NewClient::read(fields.as_object().unwrap()).unwrap();
            crm::clients::create(&app.crm, app.agent.id, new, None).await.unwrap();
        }
        let _ = browser.post(&format!("{PATH}/{from}/delete"), &[]).await.expect(422);
        let _ = browser.post(&format!("{PATH}/{from}/delete"), &[("heir", &from)]).await.expect(422);
        let _ = browser.post(&format!("{PATH}/{from}/delete"), &[("heir", &to)]).await.expect(303);
        assert!(!names(&app.agent, "buyer").await.contains(&String::from("Searching")));
        let mut moved = 0;
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/events?type=client.stage_changed&limit=100{after}");
            let page = app.agent.api.get(&path).await.expect(200).json();
            let events = page["events"].as_array().unwrap();
            let Some(last) = events.last() else { break };
            assert!(events.iter().all(|event| event["data"]["buyingStage"] == "Touring" && event["data"]["previousStage"] == "Searching"));
            moved += events.len();
            after = format!("&after={}", last["id"].as_str().unwrap());
        }
        assert_eq!(moved, 203);
        let clients = app.agent.api.get("/api/v1/clients?limit=1").await.expect(200).json();
        assert_eq!((&clients["total"], &clients["clients"][0]["buyingStage"]), (&json!(203), &json!("Touring")));
        let _ = browser.post(&format!("{PATH}/{from}/delete"), &[("heir", &to)]).await.expect(404);
        // A new client begins in the first stage now; the last stage of a pipeline stays.
        let new = app.agent.api.post("/api/v1/clients", &json!({"name": "New", "email": "new@example.com"})).await.expect(201).json();
        let new = app.agent.api.get(&format!("/api/v1/clients/{}", new["clientId"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(new["buyingStage"], "New");
        let side = stages(&app.agent, "side").await;
        let _ = browser.post(&format!("{PATH}/{}/delete", side[0].1), &[("heir", &to)]).await.expect(303);
        let _ = browser.post(&format!("{PATH}/{}/delete", side[1].1), &[("heir", &to)]).await.expect(422);
    }

    async fn nobody_touches_another_agents_stages(app: TestApp) {
        let other = app.another_agent("Other Agent").await;
        let mut browser = app.sign_in(&other).await;
        let (theirs, own) = (id_of(&app.agent, "New").await, id_of(&other, "New").await);
        for (path, fields) in [("rename", [("name", "Taken")]), ("move", [("to", "down")]), ("kind", [("kind", "closed")]), ("delete", [("heir", own.as_str())])] {
            let _ = browser.post(&format!("{PATH}/{theirs}/{path}"), &fields).await.expect(404);
        }
        let _ = browser.post(&format!("{PATH}/{own}/delete"), &[("heir", &theirs)]).await.expect(422);
        assert_eq!(names(&app.agent, "buyer").await, names(&other, "buyer").await);
    }
}
