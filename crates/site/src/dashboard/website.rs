//! Website: how it looks and what it says, as a draft with its preview beside it until it is published.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    sessions::Session,
    websites::{self, LANGUAGES, Look, Placed, Section, Texts, Theme},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page, see_other},
    public,
    signed_in::SignedIn,
};

pub(super) const PATH: &str = "/dashboard/website";

/// As everywhere, but that the dashboard shows it in a frame.
const FRAMED: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'self'";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(save))
        .route("/dashboard/website/preview", get(preview))
        .route("/dashboard/website/publish", post(publish))
        .route("/dashboard/website/discard", post(discard))
        .merge(super::posts::routes())
}

/// A look to choose from.
struct Style {
    name: &'static str,
    words: &'static str,
    about: &'static str,
    is_chosen: bool,
}

/// What is said in a language.
struct Tongue {
    tag: &'static str,
    name: &'static str,
    is_offered: bool,
    is_usual: bool,
    texts: Texts,
}

/// A section of the home page.
struct Row {
    name: &'static str,
    words: &'static str,
    is_shown: bool,
}

#[derive(Template)]
#[template(path = "dashboard/website.html")]
struct Form {
    shell: Shell,
    address: String,
    url: String,
    styles: Vec<Style>,
    tongues: Vec<Tongue>,
    rows: Vec<Row>,
    has_draft: bool,
    wrong: Wrong,
    wrong_texts: Vec<String>,
}

fn style(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::Classic => ("Classic", "Light paper, fine lines and a bookish serif"),
        Theme::Modern => ("Modern", "A dark opening, heavy type, sharp corners"),
        Theme::Warm => ("Warm", "Cream paper, soft corners and a round portrait"),
    }
}

fn words(section: Section) -> &'static str {
    match section {
        Section::Listings => "Homes for sale",
        Section::Guides => "Guides",
        Section::Areas => "Where you work",
        Section::About => "About you",
        Section::Posts => "Posts",
        Section::Sold => "Sold homes",
        Section::Contact => "Invitation to write to you",
    }
}

fn language(tag: &str) -> &'static str {
    match tag {
        "es" => "Spanish",
        _ => "English",
    }
}

impl Form {
    fn new(site: &Site, session: &Session, shell: Shell, look: &Look, has_draft: bool, wrong: Wrong) -> Self {
        let styles = Theme::WORDS.iter().map(|(name, theme)| {
            let (words, about) = style(*theme);
            Style { name, words, about, is_chosen: look.theme == *theme }
        });
        let tongues = LANGUAGES.map(|tag| Tongue {
            tag,
            name: language(tag),
            is_offered: look.languages.iter().any(|offered| offered == tag),
            is_usual: look.languages.first().is_some_and(|usual| usual == tag),
            texts: look.texts(tag),
        });
        let rows = look.sections.iter().map(|placed| Row {
            name: placed.section.name(),
            words: words(placed.section),
            is_shown: placed.is_shown,
        });
        let wrong_texts = LANGUAGES.iter().flat_map(|tag| {
            ["headline", "intro", "about"].map(|field| {
                let error = wrong.after(&format!("{field}.{tag}"));
                error.map(|error| format!("The {field} in {} {error}", language(tag)))
            })
        });
        Self {
            shell,
            address: format!("/a/{}", session.slug),
            url: format!("{}/a/{}", site.public_url, session.slug),
            styles: styles.collect(),
            tongues: tongues.into(),
            rows: rows.collect(),
            has_draft,
            wrong_texts: wrong_texts.flatten().collect(),
            wrong,
        }
    }
}

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let held = websites::get(&site.crm, session.agent).await?;
    let shell = Shell::new(&session, Place::Website).saying(query.get("done").map(String::as_str));
    let look = held.draft.as_ref().unwrap_or(&held.published);
    Ok(ok(&Form::new(&site, &session, shell, look, held.draft.is_some(), Wrong::default())))
}

/// The look that a form describes.
fn read(fields: &Fields) -> Look {
    let theme = Theme::WORDS.iter().find(|(name, _)| *name == fields.get("theme"));
    let usual = fields.get("usual");
    let offered = |tag: &&str| fields.all("language").any(|given| given == *tag);
    let mut languages = LANGUAGES.iter().filter(|tag| offered(tag)).map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    languages.sort_by_key(|tag| tag != usual);
    let section = |name: &str| Section::WORDS.iter().find(|(known, _)| *known == name).map(|(_, section)| *section);
    let shown = |name: &str| fields.all("shown").any(|given| given == name);
    let named = fields.all("section").take(20).filter_map(|name| Some((name, section(name)?)));
    let mut sections = named.map(|(name, section)| Placed { section, is_shown: shown(name) }).collect::<Vec<_>>();
    if let Some((way, name)) = fields.get("move").split_once('.') {
        let at = sections.iter().position(|placed| placed.section.name() == name);
        match (at, way) {
            (Some(at), "earlier") => sections.swap(at, at.saturating_sub(1)),
            (Some(at), "later") if at + 1 < sections.len() => sections.swap(at, at + 1),
            _ => {}
        }
    }
    let texts = LANGUAGES.map(|tag| {
        let get = |name: &str| fields.get(&format!("{name}.{tag}")).to_owned();
        (tag.to_owned(), Texts { headline: get("headline"), intro: get("intro"), about: get("about") })
    });
    let texts = texts.into_iter().filter(|(_, texts)| *texts != Texts::default()).collect();
    Look { theme: theme.map_or(Theme::Classic, |(_, theme)| *theme), languages, sections, texts }
}

async fn save(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let look = read(&fields);
    match websites::save(&site.crm, session.agent, look.clone()).await {
        Ok(()) if fields.get("move").is_empty() => Ok(see_other(&format!("{PATH}?done=website-saved"))),
        Ok(()) => Ok(see_other(&format!("{PATH}#sections"))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let has_draft = websites::get(&site.crm, session.agent).await?.draft.is_some();
            let shell = Shell::new(&session, Place::Website);
            let form = Form::new(&site, &session, shell, &look, has_draft, wrong);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form))
        }
    }
}

async fn publish(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    websites::publish(&site.crm, session.agent).await?;
    Ok(see_other(&format!("{PATH}?done=website-published")))
}

async fn discard(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    websites::discard(&site.crm, session.agent).await?;
    Ok(see_other(&format!("{PATH}?done=website-discarded")))
}

/// The website of who is signed in, as it is being changed.
pub(super) async fn draft(site: &Site, session: &Session, tag: Option<&str>) -> Result<public::Visited, Error> {
    let website = websites::preview(&site.crm, session.agent, &session.slug).await?;
    Ok(public::Visited::preview(website, tag))
}

/// An answer that the dashboard shows in a frame, and nobody keeps.
pub(super) fn framed(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::ETAG);
    answer
}

async fn preview(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let visited = draft(&site, &session, query.get("lang").map(String::as_str)).await?;
    let home = public::home_preview(&site, &visited).await?;
    Ok(framed(public::page(&visited, &HeaderMap::new(), &home)))
}
