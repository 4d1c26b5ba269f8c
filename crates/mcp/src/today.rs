//! What an agent has to do today, as one resource.

use crm::Crm;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::calls::Caller;

/// Of each kind, so many are shown.
const SHOWN: u32 = 20;

/// New leads, showings to answer, and the showings that take place today in the agent's time zone.
///
/// # Errors
/// The API's sentence.
pub(crate) async fn read(crm: &Crm, caller: &Caller) -> Result<Value, String> {
    let me = caller.get("/api/v1/me").await?;
    let zone = me["timeZone"].as_str().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let now = Timestamp::from_millisecond(crm.clock().now().0).unwrap_or(Timestamp::UNIX_EPOCH);
    let today = zone.to_datetime(now).date();

    let leads = caller.get(&format!("/api/v1/leads?status=new&limit={SHOWN}")).await?;
    let asked = caller.get(&format!("/api/v1/showings?status=requested&limit={SHOWN}")).await?;
    let is_today = |showing: &&Value| {
        let time = showing["confirmedTime"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        time.is_some_and(|time| zone.to_datetime(time).date() == today)
    };
    let mut showings = Vec::new();
    let mut cursor = None;
    loop {
        let target = match &cursor {
            None => String::from("/api/v1/showings?status=confirmed&limit=100"),
            Some(cursor) => format!("/api/v1/showings?status=confirmed&limit=100&cursor={cursor}"),
        };
        let page = caller.get(&target).await?;
        showings.extend(page["showings"].as_array().into_iter().flatten().filter(is_today).cloned());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    showings.sort_by(|a, b| a["confirmedTime"].as_str().cmp(&b["confirmedTime"].as_str()));
    Ok(json!({
        "date": today.to_string(),
        "timeZone": me["timeZone"],
        "newLeads": {"total": leads["total"], "leads": leads["leads"]},
        "showingsToAnswer": {"total": asked["total"], "showings": asked["showings"]},
        "showingsToday": showings,
    }))
}
