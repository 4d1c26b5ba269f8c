//! Many at once, on the days on which clocks are put forward and back, in several zones: whatever is accepted keeps to the rules, and nothing
//! is booked twice.

use crm::{
    AgentId,
    api_keys::Scopes,
    availability::{self, TypedAvailability},
    blocked_times,
    clock::UnixMillis,
    profiles::{self, TypedProfile},
    weekly_hours::TypedHours,
};
use jiff::{
    Timestamp,
    tz::{AmbiguousOffset, TimeZone},
};
use serde_json::{Value, json};
use testkit::{Caller, TestAgent, TestApp, on_both_engines};
use tokio::task::JoinSet;

const MINUTE: i64 = 60_000;
const LENGTH: i64 = 25 * MINUTE;
const TRAVEL: i64 = 20 * MINUTE;
/// Hours of every day, in minutes of it.
const HOURS: [(i64, i64); 3] = [(15, 135), (170, 300), (1_290, 1_440)];
/// Zones, and noon before the night on which their clocks change (UTC); the clocks of tests stand on 23 November 2026.
const NIGHTS: [(&str, &str); 6] = [
    ("America/New_York", "2027-03-13T17:00:00Z"),
    ("America/New_York", "2027-11-06T16:00:00Z"),
    ("Europe/Madrid", "2027-03-27T11:00:00Z"),
    ("Europe/Madrid", "2027-10-30T10:00:00Z"),
    ("Australia/Lord_Howe", "2027-04-03T01:00:00Z"),
    ("America/Havana", "2027-11-06T16:00:00Z"),
];

/// Numbers that look random, the same at each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % u64::try_from(count).unwrap()).unwrap()
    }
}

/// Whether the hours hold at each minute of a showing, none of which comes for the second time.
fn is_open(zone: &TimeZone, time: i64) -> bool {
    (time..time + LENGTH).step_by(MINUTE as usize).all(|minute| {
        let at = Timestamp::from_millisecond(minute).unwrap();
        let shown = zone.to_datetime(at);
        let is_second = match zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Fold { before, .. } => zone.to_offset(at) != before,
            _ => false,
        };
        let minutes = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
        !is_second && HOURS.iter().any(|(from, to)| (*from..*to).contains(&minutes))
    })
}

/// A showing with its listing and times.
struct Booked {
    path: String,
    listing: usize,
    times: Vec<i64>,
}

async fn add(agent: &TestAgent, path: &str, body: &Value, key: &str) -> String {
    agent.api.post(path, body).await.expect(201).json()[key].as_str().unwrap().to_owned()
}

async fn set_up(app: &TestApp, agent: AgentId, zone: &str, blocked: i64) {
    let profile = TypedProfile { name: "A".to_owned(), time_zone: zone.to_owned(), ..TypedProfile::default() };
    profiles::replace(&app.crm, agent, &profile).await.unwrap();
    let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    let spans = HOURS.iter().map(|(from, to)| (clock(*from), clock(*to))).collect::<Vec<_>>();
    let hours: TypedHours = std::array::from_fn(|_| spans.clone());
    let typed = TypedAvailability {
        hours,
        showing_minutes: (LENGTH / MINUTE).to_string(),
        notice_minutes: "0".to_owned(),
        travel_minutes: (TRAVEL / MINUTE).to_string(),
        days_ahead: "365".to_owned(),
    };
    availability::replace(&app.crm, agent, &typed).await.unwrap();
    let (from, to) = (UnixMillis(blocked), UnixMillis(blocked + 40 * MINUTE));
    let _ = blocked_times::create(&app.crm, agent, from, to, "").await.unwrap();
}

fn text(times: &[i64]) -> Vec<String> {
    times.iter().map(|time| UnixMillis(*time).to_rfc3339()).collect()
}

/// Asks for all of these at once. Gives back what was accepted, and the times that refusals named.
async fn ask_all(
    agent: &TestAgent,
    client: &str,
    listings: &[String],
    asked: Vec<(usize, Vec<i64>)>,
    insists: bool,
) -> (Vec<Booked>, Vec<(usize, i64)>) {
    let mut all = JoinSet::new();
    for (listing, times) in asked {
        let body = json!({"clientId": client, "listingId": listings[listing], "requestedTimes": text(&times), "override": insists});
        let api = agent.api.clone();
        all.spawn(async move { (listing, times, api.post("/api/v1/showings", &body).await) });
    }
    let (mut accepted, mut named) = (Vec::new(), Vec::new());
    for (listing, times, answer) in all.join_all().await {
        if answer.status == 201 {
            accepted.push(Booked { path: answer.header("location").to_owned(), listing, times });
            continue;
        }
        for error in answer.expect(400).json()["errors"].as_array().unwrap() {
            let message = error["message"].as_str().unwrap();
            let free = message.split_once("free are ").unwrap().1.split_once(". With").unwrap().0;
            named.extend(free.split(", ").map(|time| (listing, UnixMillis::parse(time).unwrap().0)));
        }
    }
    (accepted, named)
}

/// Confirms all of these at once, each for one of its times. Gives back those that were, and those that were not.
async fn confirm_all(api: &Caller, dice: &mut Dice, booked: Vec<Booked>) -> (Vec<i64>, Vec<i64>) {
    let mut all = JoinSet::new();
    for Booked { path, times, .. } in booked {
        let time = times[usize::try_from(dice.below(times.len() as i64)).unwrap()];
        let (api, change) = (api.clone(), json!({"status": "confirmed", "confirmedTime": text(&[time])[0]}));
        all.spawn(async move { (time, api.patch(&path, &change).await.status) });
    }
    let (mut confirmed, mut refused) = (Vec::new(), Vec::new());
    for (time, status) in all.join_all().await {
        match status {
            200 => confirmed.push(time),
            400 => refused.push(time),
            other => panic!("{other}"),
        }
    }
    (confirmed, refused)
}

fn overlaps(one: i64, other: i64, apart: i64) -> bool {
    (one - other).abs() < LENGTH + apart
}

on_both_engines! {
    async fn whatever_is_asked_at_once_nothing_is_booked_twice_nor_outside_the_rules(app: TestApp) {
        let mut accepted_in_all = 0;
        for (seed, (name, noon)) in NIGHTS.into_iter().enumerate() {
            let mut dice = Dice(seed as u64 + 1);
            let agent = app.another_agent(&format!("Agent {seed}")).await;
            let noon = UnixMillis::parse(noon).unwrap().0;
            let blocked = noon + dice.below(24 * 12) * 5 * MINUTE;
            set_up(&app, agent.id, name, blocked).await;
            let zone = TimeZone::get(name).unwrap();
            let client = add(&agent, "/api/v1/clients", &json!({"name": "Jane", "email": "jane@example.com"}), "clientId").await;
            let mut listings = Vec::new();
            for address in ["1 Main St", "2 Side St"] {
                listings.push(add(&agent, "/api/v1/listings", &json!({"address": address, "price": 1}), "listingId").await);
            }
            let mut roll = |count: i64| {
                let mut asked = Vec::new();
                for _ in 0..count {
                    let listing = usize::try_from(dice.below(2)).unwrap();
                    let mut times = (0..=dice.below(2)).map(|_| noon + dice.below(24 * 12) * 5 * MINUTE).collect::<Vec<_>>();
                    times.dedup();
                    asked.push((listing, times));
                }
                asked
            };
            let (asked, forced) = (roll(60), roll(20));
            let (accepted, named) = ask_all(&agent, &client, &listings, asked, false).await;
            accepted_in_all += accepted.len();
            let is_blocked = |time: i64| overlaps_span(time, blocked, blocked + 40 * MINUTE);
            for booked in &accepted {
                assert!(booked.times.iter().all(|time| is_open(&zone, *time) && !is_blocked(*time)), "{name}: {:?}", text(&booked.times));
            }
            for (at, one) in accepted.iter().enumerate() {
                for other in &accepted[at + 1..] {
                    let apart = if one.listing == other.listing { 0 } else { TRAVEL };
                    let clash = one.times.iter().any(|a| other.times.iter().any(|b| overlaps(*a, *b, apart)));
                    assert!(!clash, "{name}: {:?} and {:?}", text(&one.times), text(&other.times));
                }
            }
            assert!(named.iter().all(|(_, time)| is_open(&zone, *time) && !is_blocked(*time)), "{name}: {named:?}");

            // With those who insist, there are more who want a time than can have it.
            let (forced, _) = ask_all(&agent, &client, &listings, forced, true).await;
            assert_eq!(forced.len(), 20);
            // Another key, for each has its limit.
            let key = app.key(agent.id, Scopes::ALL, None).await;
            let api = app.anonymous().with_key(&key);
            let (confirmed, refused) = confirm_all(&api, &mut dice, accepted.into_iter().chain(forced).collect()).await;
            for (at, one) in confirmed.iter().enumerate() {
                assert!(confirmed[at + 1..].iter().all(|other| !overlaps(*one, *other, 0)), "{name}: {:?}", text(&confirmed));
            }
            assert!(refused.iter().all(|time| confirmed.iter().any(|other| overlaps(*time, *other, 0))));
            let page = api.get("/api/v1/showings?status=confirmed").await.expect(200).json();
            assert_eq!(page["total"], confirmed.len());
        }
        assert!(accepted_in_all > 20, "{accepted_in_all}");
    }
}

fn overlaps_span(time: i64, from: i64, to: i64) -> bool {
    from < time + LENGTH && to > time
}
