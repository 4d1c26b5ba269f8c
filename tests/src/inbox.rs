//! The ledger of mail that comes in: what becomes of each, what is the same inquiry, what the agent does with it, and how long it is kept.

use std::time::Duration;

use crm::{
    Error,
    ids::{LeadId, MessageId},
    inbox::{self, Incoming, Outcome, Place, Standing, TakenIn, Tray, Trust, Way},
    jobs,
    leads::{self, NewLead},
    notes::{self, About},
    tags, trash,
};
use serde_json::{Value, json};
use testkit::{
    TestApp,
    mail_in::{JsonReader, mail, settings},
    on_both_engines_with,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn found(text: &str) -> Value {
    json!({"text": text, "confidence": 90})
}

/// What is read of an inquiry.
fn inquiry(name: &str, email: Option<&str>, phone: Option<&str>, property: Option<&str>) -> Value {
    json!({
        "verdict": "lead", "reason": "A portal's notice", "subject": "New lead", "sender": "Portal", "senderAddress": "leads@portal.example",
        "name": found(name), "email": email.map(found), "phone": phone.map(found), "propertyAddress": property.map(found),
        "source": found("zillow"), "notes": found("Is it still there?"),
    })
}

fn with(mut reading: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} is no object") };
    reading.as_object_mut().unwrap().extend(more);
    reading
}

async fn take(app: &TestApp, id: &str, reading: &Value) -> TakenIn {
    let incoming = Incoming { raw: mail(id, reading).into_bytes(), way: Way::Command, trust: None };
    inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap()
}

async fn leads(app: &TestApp) -> u64 {
    app.agent.api.get("/api/v1/leads").await.expect(200).json()["total"].as_u64().unwrap()
}

async fn notes_of(app: &TestApp, lead: LeadId) -> Vec<String> {
    let page = notes::list(&app.crm, app.agent.id, About::Lead(lead), None, 50).await.unwrap();
    page.notes.into_iter().map(|note| note.text).collect()
}

async fn tray(app: &TestApp, tray: Tray) -> Vec<MessageId> {
    let place = Place { tray: Some(tray), before: None };
    let page = inbox::list(&app.crm, app.agent.id, place, 100).await.unwrap();
    page.messages.into_iter().map(|message| message.id).collect()
}

on_both_engines_with! { settings();
    async fn one_inquiry_is_one_lead_whatever_sends_it(app: TestApp) {
        let ada = |property| inquiry("Ada King", Some("Ada@Example.com"), Some("(555) 123-4567"), Some(property));
        let first = take(&app, "1", &ada("12 Elm St, Miami, FL 33101")).await;
        assert_eq!(first.outcome, Outcome::Lead);
        let lead = first.lead.unwrap();
        // The portal's mail by another server, in another spelling; a relay that knows the street alone, or no address of hers.
        let by_phone = inquiry("A. King", None, Some("555-123-4567"), Some("12 elm st"));
        for (id, reading) in [("2", ada("12 ELM ST miami")), ("3", by_phone)] {
            let again = take(&app, id, &reading).await;
            assert_eq!((again.outcome, again.lead), (Outcome::Duplicate, Some(lead)));
        }
        assert_eq!(notes_of(&app, lead).await, [""; 0], "they say nothing new");
        let more = with(ada("12 Elm St"), json!({"notes": found("And is there a garden?")}));
        assert_eq!(take(&app, "4", &more).await.outcome, Outcome::Duplicate);
        assert_eq!(notes_of(&app, lead).await, ["Mail: New lead\n\nAnd is there a garden?"]);
        // Another home, another person at the same telephone, another day: each is an inquiry.
        assert_eq!(take(&app, "5", &ada("14 Elm St")).await.outcome, Outcome::Lead);
        let ben = inquiry("Ben King", Some("ben@example.com"), Some("555 123 4567"), Some("12 Elm St"));
        assert_eq!(take(&app, "6", &ben).await.outcome, Outcome::Lead);
        app.clock.advance(DAY);
        app.clock.advance(Duration::from_millis(1));
        assert_eq!(take(&app, "7", &ada("12 Elm St")).await.outcome, Outcome::Lead);
        assert_eq!(leads(&app).await, 4);
    }

    async fn what_the_portal_numbers_is_known_by_its_number(app: TestApp) {
        let numbered = |id: &str, source: &str| with(inquiry("Ada", None, None, None), json!({"providerId": id, "source": found(source)}));
        let first = take(&app, "1", &numbered("77", "zillow")).await;
        app.clock.advance(DAY * 30);
        let again = take(&app, "2", &with(numbered("77", "Zillow"), json!({"name": found("Somebody else"), "verdict": "review"}))).await;
        assert_eq!((again.outcome, again.lead), (Outcome::Duplicate, first.lead));
        assert_eq!(take(&app, "3", &numbered("77", "redfin")).await.outcome, Outcome::Lead);
        assert_eq!(take(&app, "4", &numbered("78", "zillow")).await.outcome, Outcome::Lead);
        // The lead is gone: the inquiry is a new one.
        leads::delete(&app.crm, app.agent.id, first.lead.unwrap(), |_| true).await.unwrap();
        app.clock.advance(DAY * 2);
        assert_eq!(take(&app, "5", &numbered("77", "zillow")).await.outcome, Outcome::Lead);
    }

    async fn a_known_persons_own_mail_goes_on_their_timeline(app: TestApp) {
        let own = |email: &str| with(inquiry("Ada", Some(email), None, None), json!({"isPersonal": true, "source": found("email"), "subject": "Re: Saturday", "notes": found("Ten is fine.")}));
        let first = take(&app, "1", &own("ada@example.com")).await;
        assert_eq!(first.outcome, Outcome::Lead, "nobody knows her yet");
        let reply = take(&app, "2", &own("ADA@example.com")).await;
        assert_eq!((reply.outcome, reply.lead), (Outcome::Ignored, first.lead));
        assert!(reply.reason.contains("reply from a person you know"), "{}", reply.reason);
        assert_eq!(notes_of(&app, first.lead.unwrap()).await, ["Mail: Re: Saturday\n\nTen is fine."]);
        // What reads like a part of a conversation is one; what a program sent is not.
        let answer = with(own("ada@example.com"), json!({"verdict": "ignored", "notes": found("See you.")}));
        assert_eq!(take(&app, "2b", &answer).await.lead, first.lead);
        assert_eq!(notes_of(&app, first.lead.unwrap()).await.len(), 2);
        let away = with(answer, json!({"isAutomatic": true, "reason": "An automatic answer"}));
        assert_eq!(take(&app, "2c", &away).await.reason, "An automatic answer");
        assert_eq!(notes_of(&app, first.lead.unwrap()).await.len(), 2);
        // Of a client who was never a lead.
        let client = json!({"name": "Cy", "email": "cy@example.com"});
        let client = app.agent.api.post("/api/v1/clients", &client).await.expect(201).json()["clientId"].as_str().unwrap().to_owned();
        let reply = take(&app, "3", &own("cy@example.com")).await;
        assert_eq!((reply.outcome, reply.lead), (Outcome::Ignored, None));
        let notes = app.agent.api.get(&format!("/api/v1/clients/{client}/notes")).await.expect(200).json();
        assert_eq!(notes["notes"][0]["text"], "Mail: Re: Saturday\n\nTen is fine.");
        assert_eq!(leads(&app).await, 1);
        // A note is the person's, not the agent's answer.
        let lead = app.agent.api.get(&format!("/api/v1/leads/{}", first.lead.unwrap())).await.expect(200).json();
        assert_eq!(lead["status"], "new");
    }

    async fn a_forged_sender_marks_the_lead(app: TestApp) {
        let trust = |standing| Some(Trust { dmarc: String::from("fail"), domain: String::from("zillow.com"), standing, ..Trust::default() });
        for (place, (standing, expected)) in [(Standing::Unverified, 1), (Standing::Verified, 0), (Standing::Unknown, 0)].into_iter().enumerate() {
            let reading = inquiry(&format!("P{place}"), Some(&format!("p{place}@example.com")), None, None);
            let incoming = Incoming { raw: mail(&place.to_string(), &reading).into_bytes(), way: Way::Smtp, trust: trust(standing) };
            let taken = inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap();
            assert_eq!(taken.outcome, Outcome::Lead);
            let tags = tags::list(&app.crm, app.agent.id, About::Lead(taken.lead.unwrap())).await.unwrap();
            assert_eq!(tags.len(), expected, "{standing:?}: {tags:?}");
            let held = inbox::get(&app.crm, app.agent.id, taken.id).await.unwrap();
            assert_eq!(held.trust.unwrap().standing, standing);
        }
    }

    async fn a_mail_that_breaks_the_reader_is_looked_at(app: TestApp) {
        let incoming = Incoming { raw: b"Subject: panic!\n\n".to_vec(), way: Way::Upload, trust: None };
        let taken = inbox::take_in(&app.crm, app.agent.id, incoming).await.unwrap();
        assert_eq!((taken.outcome, taken.reason.as_str()), (Outcome::Review, "This mail could not be read"));
        let odd = with(inquiry(&"é".repeat(300), Some("no address"), Some(&"1".repeat(100)), Some(&"x".repeat(600))), json!({"notes": found(&"n\u{0}".repeat(30_000)), "subject": "s\u{0}".repeat(900)}));
        let taken = take(&app, "odd", &odd).await;
        assert_eq!(taken.outcome, Outcome::Lead);
        let lead = leads::get(&app.crm, app.agent.id, taken.lead.unwrap()).await.unwrap();
        assert_eq!((lead.name.chars().count(), lead.email, lead.phone.unwrap().len(), lead.notes.unwrap().len()), (200, None, 64, 20_000));
        let large = Incoming { raw: vec![b'x'; inbox::MOST + 1], way: Way::Upload, trust: None };
        assert!(matches!(inbox::take_in(&app.crm, app.agent.id, large).await, Err(Error::Invalid(_))));
    }

    async fn a_look_makes_a_lead_or_puts_aside_and_both_can_be_taken_back(app: TestApp) {
        let agent = app.agent.id;
        let unsure = with(inquiry("Ada", None, None, None), json!({"verdict": "review", "reason": "Nothing says how to reach them"}));
        let taken = take(&app, "1", &unsure).await;
        assert_eq!((taken.outcome, inbox::count_waiting(&app.crm, agent, 100).await.unwrap()), (Outcome::Review, 1));
        assert_eq!(inbox::undo(&app.crm, agent, taken.id).await, Err(Error::NotFound), "nothing was decided");
        inbox::dismiss(&app.crm, agent, taken.id).await.unwrap();
        inbox::dismiss(&app.crm, agent, taken.id).await.unwrap();
        assert_eq!(tray(&app, Tray::Ignored).await, [taken.id]);
        inbox::undo(&app.crm, agent, taken.id).await.unwrap();
        let held = inbox::get(&app.crm, agent, taken.id).await.unwrap();
        assert_eq!((held.tray, held.reason.as_str(), held.is_decided), (Tray::Review, "Nothing says how to reach them", false));
        let fields = json!({"name": "Ada King", "email": "ada@example.com", "source": "zillow"});
        let new = NewLead::read(fields.as_object().unwrap()).unwrap();
        let (one, two) = tokio::join!(inbox::accept(&app.crm, agent, taken.id, new.clone()), inbox::accept(&app.crm, agent, taken.id, new.clone()));
        let lead = one.unwrap();
        assert_eq!((two.unwrap(), leads(&app).await), (lead, 1));
        assert_eq!(tray(&app, Tray::Lead).await, [taken.id]);
        inbox::undo(&app.crm, agent, taken.id).await.unwrap();
        assert_eq!((leads(&app).await, tray(&app, Tray::Review).await), (0, vec![taken.id]));
        // One that was ignored becomes a lead anyway, and is ignored again when that is taken back.
        let ignored = take(&app, "2", &with(unsure.clone(), json!({"verdict": "ignored", "reason": "A newsletter"}))).await;
        inbox::accept(&app.crm, agent, ignored.id, new.clone()).await.unwrap();
        inbox::undo(&app.crm, agent, ignored.id).await.unwrap();
        assert_eq!(inbox::get(&app.crm, agent, ignored.id).await.unwrap().reason, "A newsletter");
        // Nothing of it is another agent's.
        let other = app.another_agent("Ben").await;
        for result in [inbox::dismiss(&app.crm, other.id, taken.id).await, inbox::undo(&app.crm, other.id, taken.id).await, inbox::accept(&app.crm, other.id, taken.id, new).await.map(|_| ())] {
            assert_eq!(result, Err(Error::NotFound));
        }
        assert_eq!(inbox::raw(&app.crm, other.id, taken.id).await, Err(Error::NotFound));
        assert_eq!(inbox::get(&app.crm, other.id, taken.id).await.unwrap_err(), Error::NotFound);
    }

    async fn mails_are_read_again_when_the_rules_are_better(app: TestApp) {
        let agent = app.agent.id;
        let unread = take(&app, "1", &json!("nonsense")).await;
        let put_aside = take(&app, "2", &json!("nonsense")).await;
        inbox::dismiss(&app.crm, agent, put_aside.id).await.unwrap();
        assert_eq!(inbox::count_outdated(&app.crm, agent).await.unwrap(), 0);
        let better = app.beside_with(|settings| settings.reader = std::sync::Arc::new(Better)).await;
        assert_eq!(inbox::count_outdated(&better, agent).await.unwrap(), 1);
        assert_eq!(inbox::reread_outdated(&better, agent).await.unwrap(), 1);
        assert_eq!(inbox::count_outdated(&better, agent).await.unwrap(), 0);
        let held = inbox::get(&better, agent, unread.id).await.unwrap();
        assert_eq!((held.outcome, held.tray, held.lead.is_some()), (Outcome::Lead, Tray::Lead, true));
        assert_eq!(inbox::get(&better, agent, put_aside.id).await.unwrap().tray, Tray::Ignored);
        // Again is nothing new.
        inbox::reread(&better, agent, unread.id).await.unwrap();
        assert_eq!(leads(&app).await, 1);
    }

    async fn mails_go_with_the_person_and_nothing_came_of_them_after_their_time(app: TestApp) {
        let agent = app.agent.id;
        let kept = |app: &TestApp| {
            let sql = "SELECT (SELECT COUNT(*) FROM inbound_messages) * 100 + (SELECT COUNT(*) FROM files) * 10 + (SELECT COUNT(*) FROM file_pieces)";
            let database = app.crm.database().clone();
            async move { database.read("test.kept", move |tx| tx.query_opt(sql, &[], |row| row.get::<i64>(0))).await.unwrap().unwrap() }
        };
        let ada = |verdict: &str| with(inquiry("Ada", Some("ada@example.com"), None, None), json!({"verdict": verdict, "reason": "So"}));
        let lead = take(&app, "1", &ada("lead")).await.lead.unwrap();
        let _ = take(&app, "2", &ada("review")).await;
        let _ = take(&app, "3", &with(ada("ignored"), json!({"email": null, "senderAddress": "news@example.com"}))).await;
        assert_eq!(kept(&app).await, 333);
        leads::delete(&app.crm, agent, lead, |_| true).await.unwrap();
        // Deleted: its mail is not shown, and is back with it.
        assert!(tray(&app, Tray::Lead).await.is_empty());
        leads::restore(&app.crm, agent, lead).await.unwrap();
        assert_eq!(tray(&app, Tray::Lead).await.len(), 1);
        leads::delete(&app.crm, agent, lead, |_| true).await.unwrap();
        app.clock.advance(trash::KEPT + DAY);
        assert_eq!(trash::erase_due(&app.crm).await.unwrap(), 1);
        assert_eq!(kept(&app).await, 111, "what names the person is gone, raw mails too");
        app.clock.advance(DAY * 58);
        jobs::seed(&app.crm).await.unwrap();
        jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(kept(&app).await, 111);
        app.clock.advance(DAY * 2);
        jobs::run_due(&app.crm).await.unwrap();
        assert_eq!(kept(&app).await, 0);
    }

    async fn mails_of_a_merged_lead_stay_with_the_one_that_took_it(app: TestApp) {
        let agent = app.agent.id;
        let of = |property| inquiry("Ada", Some("ada@example.com"), None, Some(property));
        let kept = take(&app, "1", &of("12 Elm St")).await.lead.unwrap();
        let merged = take(&app, "2", &of("14 Elm St")).await;
        let other = merged.lead.unwrap();
        let choice = leads::merges::Choice { name: kept, email: kept, phone: kept, source: kept, property_address: kept, notes: kept, status: kept };
        leads::merges::merge(&app.crm, agent, kept, vec![other], choice).await.unwrap();
        app.clock.advance(trash::KEPT + DAY);
        assert_eq!(trash::erase_due(&app.crm).await.unwrap(), 1);
        assert_eq!(inbox::get(&app.crm, agent, merged.id).await.unwrap().lead, Some(kept));
        assert_eq!(inbox::of_lead(&app.crm, agent, kept).await.unwrap().len(), 2);
    }

    async fn a_question_about_forwarding_stands_apart_until_it_is_done(app: TestApp) {
        let agent = app.agent.id;
        let asks = json!({"verdict": "ignored", "reason": "Gmail asks you to confirm", "forwarding": {"code": "123456789"}, "sender": "Gmail"});
        let taken = take(&app, "1", &asks).await;
        assert_eq!(taken.outcome, Outcome::Ignored);
        assert_eq!(inbox::confirmations(&app.crm, agent).await.unwrap().len(), 1);
        inbox::set_aside(&app.crm, agent, taken.id).await.unwrap();
        assert!(inbox::confirmations(&app.crm, agent).await.unwrap().is_empty());
        assert_eq!(tray(&app, Tray::Ignored).await, [taken.id]);
    }

    async fn pages_of_the_inbox_hold_each_mail_once(app: TestApp) {
        let mut all = Vec::new();
        for number in 0..7 {
            all.insert(0, take(&app, &number.to_string(), &json!("nonsense")).await.id);
        }
        for tray in [None, Some(Tray::Review)] {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = inbox::list(&app.crm, app.agent.id, Place { tray, before }, 3).await.unwrap();
                seen.extend(page.messages.iter().map(|message| message.id));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all);
        }
    }
}

/// Finds a lead in everything.
#[derive(Debug)]
struct Better;

impl inbox::Reader for Better {
    fn read(&self, _: &[u8], _: &inbox::Known) -> inbox::Reading {
        serde_json::from_value(inquiry("Ada", Some("ada@example.com"), None, None)).unwrap()
    }

    fn show(&self, _: &[u8]) -> inbox::Shown {
        inbox::Shown::default()
    }

    fn rules(&self) -> i64 {
        JsonReader(2).0
    }
}
