//! Links by mail that answer a request. Looking at one does nothing (mail scanners do); its form does.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use crm::{
    Error,
    showing_links::{self, Answer, Offer},
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
    times::Times,
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
    wrong: Option<String>,
}

impl Asked {
    /// What a link would do, or what became of its showing.
    fn of(offer: Offer) -> Self {
        let times = Times::of(&offer.zone);
        let is_open = offer.is_open();
        let Offer { showing, answer, .. } = offer;
        let held = showing.confirmed_time.map(|at| times.show_full(at).words).unwrap_or_default();
        let (title, text, button) = match (is_open, answer) {
            (true, Answer::Confirm(at)) => {
                let at = times.show_full(at).words;
                (format!("Confirm {at}?"), String::from("Nothing is done yet."), Some(format!("Confirm {at}")))
            }
            (true, Answer::Decline) => {
                let text = String::from("Nothing is done yet. What is declined stays so.");
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
                (
                    title,
                    String::from("There is nothing left to answer. Everything else is done in the dashboard."),
                    None,
                )
            }
        };
        Self {
            assets: assets::get(),
            title,
            about: Some((showing.address, showing.name)),
            text,
            notes: showing.notes.filter(|_| is_open),
            takes_words: is_open && answer == Answer::Decline,
            button,
            words: String::new(),
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
            wrong: None,
        };
        page(StatusCode::NOT_FOUND, &ended)
    }

    fn most_words(&self) -> usize {
        MOST_WORDS
    }
}

async fn show(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Asked::ended()) };
    match showing_links::find(&site.crm, &token).await {
        Ok(offer) => Ok(ok(&Asked::of(offer))),
        Err(Error::NotFound) => Ok(Asked::ended()),
        Err(error) => Err(error.into()),
    }
}

async fn answer(State(site): State<Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, Refusal> {
    let Some(token) = Token::parse(&token) else { return Ok(Asked::ended()) };
    let words = fields.get("words");
    match showing_links::follow(&site.crm, &token, words).await {
        Ok(offer) => Ok(ok(&Asked::of(offer))),
        Err(Error::NotFound) => Ok(Asked::ended()),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let offer = showing_links::find(&site.crm, &token).await?;
            let wrong = wrong.in_words(&Times::of(&offer.zone));
            let wrong = ["confirmedTime", "status", "words"].into_iter().find_map(|field| wrong.at(field));
            let wrong = wrong.unwrap_or_else(|| String::from("It cannot be done like this."));
            let asked = Asked { wrong: Some(wrong), words: words.to_owned(), ..Asked::of(offer) };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &asked))
        }
    }
}
