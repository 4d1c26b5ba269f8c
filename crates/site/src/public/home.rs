//! The home page of a website.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use crm::{
    guides::{self, GuideStatus},
    shelves::{self, HomeKind, Shelf, Wanted},
    websites::Section,
};
use http::HeaderMap;

use super::{
    Frame, Place, Visited, answers,
    cards::{self, Card},
    guides::Book,
    ld,
    photos::Shown,
    posts::{self, Entry},
};
use crate::{
    Site,
    pages::Refusal,
    prose::{self, Block},
};

/// Listings, guides, posts and areas that the page shows.
const LISTINGS: usize = 6;
const GUIDES: usize = 3;
const POSTS: u32 = 3;
const AREAS: usize = 12;

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}", get(show))
}

/// An area on the page, with the homes in it where there are some.
struct Area {
    name: String,
    path: Option<String>,
}

/// A section of the page, with what it shows.
enum Part {
    Listings { cards: Vec<Card>, all: String },
    Guides { books: Vec<Book>, all: String },
    Areas(Vec<Area>),
    About { blocks: Vec<Block>, more: String, spoken: String },
    Posts { entries: Vec<Entry>, all: String },
    Sold { cards: Vec<Card>, all: String },
    Contact,
}

#[derive(Template)]
#[template(path = "public/home.html")]
pub(crate) struct Home {
    frame: Frame,
    /// Where the agent works.
    kicker: String,
    headline: String,
    intro: String,
    /// The photo of the newest home.
    picture: Option<Shown>,
    picture_words: String,
    picture_path: String,
    initials: String,
    /// What can be looked for right away.
    action: String,
    lang: Option<String>,
    areas: Vec<String>,
    kinds: Vec<(&'static str, String)>,
    parts: Vec<Part>,
}

/// The first letters of a name's first and last word.
pub(crate) fn initials(name: &str) -> String {
    let letter = |word: &str| word.chars().find(|letter| letter.is_alphanumeric());
    let mut words = name.split_whitespace().filter_map(letter);
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

impl Home {
    /// The home page of the website that is visited.
    pub async fn read(site: &Site, visited: &Visited) -> Result<Self, Refusal> {
        let t = visited.words;
        let profile = &visited.website.profile;
        let kicker = match profile.service_areas.first() {
            Some(area) => t.say_with("home-kicker-area", &[("area", area)]),
            None => t.say("home-kicker"),
        };
        let texts = visited.website.look.texts(t.tag);
        let or = |text: String, name: &str| if text.is_empty() { t.say(name) } else { text };
        let (headline, intro) = (or(texts.headline, "home-headline"), or(texts.intro, "home-intro"));
        let description = format!("{}: {kicker}. {intro}", profile.name);
        let open = shelves::list(&site.crm, visited.agent(), Wanted::default(), None, LISTINGS).await?;
        let mut cards = cards::read(site, visited, &open.listings).await?;
        let is_pictured = |card: &Card| card.photo.is_some();
        let is_free = |card: &Card| is_pictured(card) && card.status.is_none();
        let pictured = cards.iter().position(is_free).or_else(|| cards.iter().position(is_pictured));
        let (picture_words, picture_path) = pictured
            .and_then(|at| cards.get(at))
            .map(|card| (format!("{} · {}", card.address, card.price), card.path.clone()))
            .unwrap_or_default();
        let picture = pictured.and_then(|at| cards.get(at)).and_then(|card| card.photo.clone());
        let areas = shelves::areas(&site.crm, visited.agent(), Shelf::Open).await?;
        let mut parts = Vec::new();
        for placed in visited.website.look.sections.iter().filter(|placed| placed.is_shown) {
            parts.extend(part(site, visited, placed.section, &mut cards, &areas).await?);
        }
        let mut frame = Frame::new(site, visited, Some(Place::Home), "", &description);
        frame.title = format!("{} · {kicker}", profile.name);
        frame.picture(site, visited, picture.as_ref());
        frame.tell(&[ld::agent(site, visited)]);
        Ok(Self {
            frame,
            kicker,
            headline,
            intro,
            picture,
            picture_words,
            picture_path,
            initials: initials(&profile.name),
            action: format!("{}/listings", visited.base()),
            lang: visited.named_language(),
            areas,
            kinds: HomeKind::NAMES.map(|(name, _)| (name, t.say(&format!("kind-{}", name.replace('_', "-"))))).into(),
            parts,
        })
    }
}

/// A section with what it shows; nothing where it has nothing to show.
async fn part(
    site: &Site,
    visited: &Visited,
    section: Section,
    cards: &mut Vec<Card>,
    areas: &[String],
) -> Result<Option<Part>, Refusal> {
    let (t, website) = (visited.words, &visited.website);
    Ok(match section {
        Section::Listings => Some(Part::Listings { cards: std::mem::take(cards), all: visited.link("/listings") }),
        Section::Guides if website.has_guides => {
            let mut guides = guides::list(&site.crm, visited.agent()).await?;
            guides.retain(|guide| guide.status == GuideStatus::Published);
            let books = guides.iter().take(GUIDES).map(|guide| Book::of(visited, guide)).collect();
            Some(Part::Guides { books, all: visited.link("/guides") })
        }
        Section::Areas => {
            let mut shown = Vec::<Area>::new();
            for name in website.profile.service_areas.iter().chain(areas) {
                if shown.len() < AREAS && shown.iter().all(|area| area.name != *name) {
                    let query = form_urlencoded::Serializer::new(String::new()).append_pair("area", name).finish();
                    let path = areas.contains(name).then(|| visited.link(&format!("/listings?{query}")));
                    shown.push(Area { name: name.clone(), path });
                }
            }
            (!shown.is_empty()).then_some(Part::Areas(shown))
        }
        Section::About => {
            let text = website.look.texts(t.tag).about;
            let mut blocks = prose::blocks(&text);
            let more = if blocks.len() > 2 { visited.link("/about") } else { String::new() };
            blocks.truncate(2);
            let spoken = website.profile.languages.join(", ");
            let has_words = !blocks.is_empty() || !spoken.is_empty() || website.photo.is_some();
            has_words.then_some(Part::About { blocks, more, spoken })
        }
        Section::Posts if website.has_posts => {
            let entries = posts::entries(site, visited, None, POSTS).await?;
            Some(Part::Posts { entries, all: visited.link("/blog") })
        }
        Section::Sold if website.has_sold => {
            let wanted = Wanted { shelf: Shelf::Sold, ..Wanted::default() };
            let sold = shelves::list(&site.crm, visited.agent(), wanted, None, GUIDES).await?;
            Some(Part::Sold { cards: cards::read(site, visited, &sold.listings).await?, all: visited.link("/sold") })
        }
        Section::Contact => Some(Part::Contact),
        Section::Guides | Section::Posts | Section::Sold => None,
    })
}

/// The page as it is being changed: nothing on it leads anywhere.
pub(crate) async fn preview(site: &Site, visited: &Visited) -> Result<Home, Refusal> {
    let mut home = Home::read(site, visited).await?;
    home.frame.become_preview();
    Ok(home)
}

async fn show(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let home = Home::read(&site, &visited).await?;
    Ok(answers::page(&visited, &headers, &home))
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn a_name_in_any_script_has_initials() {
        for (name, letters) in [
            ("Sarah Johnson", "SJ"),
            ("Ana María de la Cruz", "AC"),
            ("Cher", "C"),
            ("李 小龙", "李小"),
            ("¡!", ""),
            ("ünal öz", "ÜÖ"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
