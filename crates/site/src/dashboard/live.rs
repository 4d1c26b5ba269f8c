//! What open pages are told, as server-sent events: numbers and names, never a page. Whoever hears that something changed asks for the
//! page again as it is for everybody, and takes over the parts that differ.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::{Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use crm::live::{News, What};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{Site, pages::Refusal, signed_in::SignedIn};

/// A line now and then, so that a proxy does not take the stream for dead, and a page that has left is noticed.
const STILL_HERE: Duration = Duration::from_secs(20);
/// After what the browser comes back by itself.
const COME_BACK: Duration = Duration::from_secs(3);
/// When somebody is asked to come back for whom there was no room.
const LATER: &str = "30";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/dashboard/live", get(follow))
}

/// Follows the agent's changes from a number on: that of `Last-Event-ID`, else of `after`, else the last.
async fn follow(
    State(site): State<Site>,
    signed_in: Result<SignedIn, Refusal>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let session = match signed_in {
        Ok(SignedIn(session)) => session,
        Err(Refusal::Failed(error)) => return Err(error.into()),
        // The one status that tells a browser not to come back.
        Err(_) => return Ok(StatusCode::NO_CONTENT.into_response()),
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = last.or(query.get("after").map(String::as_str)).and_then(|number| number.parse::<i64>().ok());
    let webhook = query.get("webhook").and_then(|id| id.parse().ok());
    let Ok(subscription) = site.live.subscribe(&session, after.filter(|number| *number >= 0), webhook) else {
        return Ok((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, LATER)]).into_response());
    };
    let begin = Event::default().retry(COME_BACK).comment("here");
    let follow = stream::unfold((subscription, Some(begin)), |(mut subscription, begin)| async {
        let event = match begin {
            Some(begin) => begin,
            None => told(subscription.next().await?),
        };
        Some((Ok::<_, Infallible>(event), (subscription, None)))
    });
    let mut response = Sse::new(follow).keep_alive(KeepAlive::new().interval(STILL_HERE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that collects an answer before it passes it on would pass on nothing.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// News as a message.
fn told(news: News) -> Event {
    let (name, data) = match news.what {
        What::Event { event, id, name } => (event, json!({"id": id, "name": name})),
        What::Changed(nouns) => (String::from("changed"), json!({"nouns": nouns})),
        What::Deliveries(webhook) => (String::from("deliveries"), json!({"webhook": webhook})),
        What::Reload => (String::from("reload"), json!({})),
        What::SignedOut => (String::from("signed-out"), json!({})),
        What::Replaced => (String::from("replaced"), json!({})),
    };
    Event::default().id(news.sequence.to_string()).event(name).data(data.to_string())
}
