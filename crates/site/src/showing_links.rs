//! Links by mail that answer a request. Looking at one does nothing (mail scanners do); its form does.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    clock::UnixMillis,
    showing_links::{self, Answer, Offer, Wish},
    showing_steps::MOST_WORDS,
    showings::ShowingStatus,
    tokens::Token,
};
use http::StatusCode;

use crate::{
    Site,
    assets::{self, Assets},
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page},
    showing_letters,
    times::{Time, Times},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/showings/{token}", get(show).post(answer))
}

/// What the page behind a link says.
#[derive(Template)]
#[template(path = "showing_link.html")]
struct Asked {
    assets: &'static Assets,
    title: String,
    /// Where, and with whom.
    about: Option<(String, String)>,
    text: String,
    notes: Option<String>,
    button: Option<String>,
    /// Whether words to the client can be given.
    takes_words: bool,
    words: String,
    /// Times at which it could be instead.
    others: Vec<Time>,
    /// Whether a time is there already that they would be in place of.
    is_moved: bool,
    can_be_taken_back: bool,
    /// What was said to the client, and the address of a mail to them that says it.
    said: Option<String>,
    letter: Option<String>,
    wrong: Option<String>,
}

impl Asked {
    /// What a link would do, or what became of its showing. `is_about_time`: whether another time is what is looked for.
    fn of(site: &Site, offer: Offer, is_about_time: bool) -> Self {
        let (times, now) = (Times::of(&offer.zone), site.crm.clock().now());
        let is_open = offer.is_open();
        let Offer { showing, answer, others, words, .. } = offer;
        let held = showing.confirmed_time.map(|at| times.show_full(at).words).unwrap_or_default();
        let (title, text, button) = match (is_open, answer) {
            (true, _) if is_about_time && !others.is_empty() => {
                (String::from("Which time suits you?"), String::from("Nothing is done yet."), None)
            }
            (true, Answer::Confirm(at)) => {
                let at = times.show_full(at).words;
                (format!("Confirm {at}?"), String::from("Nothing is done yet."), Some(format!("Confirm {at}")))
            }
            (true, Answer::Decline) => {
                let text = String::from("Nothing is done yet.");
                (String::from("Decline this showing?"), text, Some(String::from("Decline")))
            }
            (false, _) => {
                let title = match showing.status {
                    ShowingStatus::Confirmed => format!("Confirmed for {held}"),
                    ShowingStatus::Declined => String::from("This showing is declined"),
                    ShowingStatus::Cancelled => String::from("This showing is cancelled"),
                    ShowingStatus::Completed => format!("This showing took place on {held}"),
                    ShowingStatus::Requested => String::from("This showing waits for an answer"),
                };
                let text = match others.is_empty() {
                    true => "There is nothing left to answer. Everything else is done in the dashboard.",
                    false => "You can still move it here. Everything else is done in the dashboard.",
                };
                (title, text.to_owned(), None)
            }
        };
        let is_told = matches!(showing.status, ShowingStatus::Confirmed | ShowingStatus::Declined);
        Self {
            assets: assets::get(),
            title,
            letter: is_told.then(|| showing_letters::to_client(&showing, words.as_deref(), &times)),
            said: words.filter(|_| is_told),
            about: Some((showing.address, showing.name)),
            text,
            notes: showing.notes.filter(|_| is_open),
            takes_words: button.is_some() && answer == Answer::Decline,
            button,
            words: String::new(),
            others: others.into_iter().map(|at| times.show_day(at, now)).collect(),
            is_moved: !is_open,
            can_be_taken_back: showing.status == ShowingStatus::Declined,
            wrong: None,
        }
    }

    fn ended() -> Response {
        let ended = Self {
            assets: assets::get(),
            title: String::from("This link has ended"),
            about: None,
            text: String::from("Its time is over, or the showing is gone. The dashboard has all that there is."),
            notes: None,
            button: None,
            takes_words: false,
            words: String::new(),
            others: Vec::new(),
            is_moved: false,
            can_be_taken_back: false,
            said: None,
            letter: None,
            wrong: None,
        };
        page(StatusCode::NOT_FOUND, &ended)
    }

    fn most_words(&self) -> usize {
        MOST_WORDS
    }
}

async fn show(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Asked::ended()) };
    match showing_links::find(&site.crm, &token).await {
        Ok(offer) => Ok(ok(&Asked::of(&site, offer, query.contains_key("times")))),
        Err(Error::NotFound) => Ok(Asked::ended()),
        Err(error) => Err(error.into()),
    }
}

async fn answer(State(site): State<Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Asked::ended()) };
    let words = fields.get("words");
    let wish = match (fields.get("at"), fields.get("undo")) {
        ("", "") => Wish::AsLinked,
        ("", _) => Wish::TakenBack,
        (at, _) => Wish::At(UnixMillis::parse_rfc3339(at).ok_or(Refusal::BadForm)?),
    };
    match showing_links::follow(&site.crm, &token, wish, words).await {
        Ok(offer) => Ok(ok(&Asked::of(&site, offer, false))),
        Err(Error::NotFound) => Ok(Asked::ended()),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let offer = showing_links::find(&site.crm, &token).await?;
            let wrong = wrong.in_words(&Times::of(&offer.zone));
            let wrong = ["confirmedTime", "status", "words"].into_iter().find_map(|field| wrong.at(field));
            let wrong = wrong.unwrap_or_else(|| String::from("It cannot be done like this."));
            let shown = Asked::of(&site, offer, matches!(wish, Wish::At(_)));
            let asked = Asked { wrong: Some(wrong), words: words.to_owned(), ..shown };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &asked))
        }
    }
}
