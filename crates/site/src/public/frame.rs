//! What stands around every page of a website: its head, its menu, its foot.

use crm::brand::Color;
use serde_json::Value;
use words::Words;

use super::{brands, ld, photos, share_cards, visited::Visited, words as said};
use crate::{
    Site,
    assets::{self, PublicAssets},
};

/// The colour of whoever has chosen none.
pub(super) const USUAL_COLOR: Color = Color([0x1f, 0x4e, 0x5f]);

/// The parts of a website that its menu leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Home,
    Listings,
    Sold,
    Guides,
    Posts,
    About,
    Contact,
}

/// An entry of the menu.
pub(crate) struct Entry {
    pub words: String,
    pub path: String,
    pub is_here: bool,
}

/// The page in another language.
pub(crate) struct Tongue {
    pub tag: String,
    /// What the language calls itself.
    pub name: String,
    /// Where the page is in it.
    pub path: String,
    /// The same from outside.
    pub url: String,
    pub is_here: bool,
}

/// What stands around a page.
pub(crate) struct Frame {
    pub t: &'static Words,
    pub assets: &'static PublicAssets,
    /// What the page is called, in the browser and where it is found.
    pub title: String,
    /// What it is about, in a sentence or two.
    pub description: String,
    /// Its one address; `None` for what is not to be found, such as a message.
    pub canonical: Option<String>,
    pub tongues: Vec<Tongue>,
    /// What the page is, to who passes it on: `website`, `article`.
    pub kind: &'static str,
    /// The picture that is shown where it is passed on.
    pub image: Image,
    /// What search engines are told of it, in JSON-LD.
    pub ld: String,
    pub feeds: Vec<(String, String)>,
    /// Whether its agent alone sees the page, in a frame.
    pub is_preview: bool,
    pub icon: String,
    /// The address of the page in the language that nobody has chosen.
    pub usual: String,
    pub theme: &'static str,
    pub brand: String,
    pub name: String,
    pub brokerage: Option<String>,
    pub licence: Option<String>,
    pub phone: Option<Phone>,
    /// Where the agent's picture is.
    pub photo: Option<String>,
    pub home: String,
    pub contact: String,
    pub menu: Vec<Entry>,
    pub year: i16,
}

/// A picture, with where it is from outside.
pub(crate) struct Image {
    pub url: String,
    pub width: u32,
    pub height: u32,
}

/// A number to call.
pub(crate) struct Phone {
    pub shown: String,
    /// The number alone, for `tel:`.
    pub dialled: String,
}

impl Phone {
    fn of(typed: &str) -> Option<Self> {
        let kept = typed.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect::<String>();
        (kept.len() >= 3).then(|| Self { shown: typed.to_owned(), dialled: kept })
    }
}

impl Frame {
    /// Around the page that is visited. `title` is without the agent's name, which is added.
    pub fn new(site: &Site, visited: &Visited, place: Option<Place>, title: &str, description: &str) -> Self {
        let t = visited.words;
        let website = &visited.website;
        let profile = &website.profile;
        let mut menu = vec![(Place::Listings, "menu-listings", "/listings")];
        if website.has_sold {
            menu.push((Place::Sold, "menu-sold", "/sold"));
        }
        if website.has_guides {
            menu.push((Place::Guides, "menu-guides", "/guides"));
        }
        if website.has_posts {
            menu.push((Place::Posts, "menu-posts", "/blog"));
        }
        menu.push((Place::About, "menu-about", "/about"));
        let menu = menu.into_iter().map(|(at, words, path)| Entry {
            words: t.say(words),
            path: visited.link(path),
            is_here: place == Some(at),
        });
        // What is not there has no address: not even in another language does the page tell what was asked for.
        let rest = if place.is_some() { visited.rest.as_str() } else { "" };
        let tongues = website.look.languages.iter().map(|tag| Tongue {
            tag: tag.clone(),
            name: said::of(tag).say("language"),
            path: format!("{}{rest}?lang={tag}", visited.base()),
            url: visited.canonical(site, rest, tag),
            is_here: tag == t.tag,
        });
        let color = profile.brand.as_deref().and_then(|brand| Color::parse(brand).ok()).unwrap_or(USUAL_COLOR);
        let mut feeds = vec![(t.say_with("feed-listings", &[("name", &profile.name)]), visited.link("/feed.xml"))];
        if website.has_posts {
            feeds.push((t.say_with("feed-posts", &[("name", &profile.name)]), visited.link("/blog/feed.xml")));
        }
        Self {
            kind: "website",
            image: Image {
                url: visited.absolute(site, &share_cards::path(visited, color)),
                width: crm::share_cards::WIDTH,
                height: crm::share_cards::HEIGHT,
            },
            ld: String::new(),
            feeds,
            is_preview: false,
            icon: assets::get().icon.clone(),
            assets: assets::public(),
            title: if title.is_empty() { profile.name.clone() } else { format!("{title} · {}", profile.name) },
            description: shortened(description, 160),
            canonical: place.map(|_| visited.canonical(site, &visited.rest, t.tag)),
            tongues: tongues.collect(),
            usual: visited.canonical(site, &visited.rest, website.look.languages.first().map_or(t.tag, String::as_str)),
            theme: website.look.theme.name(),
            brand: brands::path(visited, color),
            name: profile.name.clone(),
            brokerage: profile.brokerage.clone(),
            licence: profile.licence.clone(),
            phone: profile.phone.as_deref().and_then(Phone::of),
            photo: website.photo.as_ref().map(|hash| photos::own_path(visited, hash)),
            home: visited.link(""),
            contact: visited.link("/contact"),
            menu: menu.collect(),
            year: visited.times().date_of(site.crm.clock().now()).year(),
            t,
        }
    }
}

impl Frame {
    /// Shows a photo where the page is passed on.
    pub fn picture(&mut self, site: &Site, visited: &Visited, photo: Option<&photos::Shown>) {
        if let Some(photo) = photo {
            let photos::Shown { width, height, .. } = *photo;
            self.image = Image { url: visited.absolute(site, &photo.whole), width, height };
        }
    }

    /// Has nothing on the page lead anywhere, nor anybody find it.
    pub fn become_preview(&mut self) {
        self.is_preview = true;
        self.canonical = None;
        self.ld.clear();
    }

    /// Tells search engines this of the page.
    pub fn tell(&mut self, nodes: &[Value]) {
        self.ld = ld::written(nodes);
    }

    /// Has the page found under another address than the one that it was asked for at, in every language.
    pub fn stand_at(&mut self, site: &Site, visited: &Visited, rest: &str) {
        self.canonical = Some(visited.canonical(site, rest, self.t.tag));
        self.usual = visited.outside(site, rest);
        for tongue in &mut self.tongues {
            tongue.url = visited.canonical(site, rest, &tongue.tag);
        }
    }
}

/// A text as a line of at most so many characters, cut at a word.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut = line.chars().take(most).collect::<String>();
    let end = cut.rfind(' ').filter(|end| *end > most / 2).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([',', '.', ';', ':', ' ', '—']))
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        assert_eq!(shortened("One\n two", 20), "One two");
        assert_eq!(shortened("A home, by the sea and more", 8), "A home…");
        assert_eq!(shortened(&"家".repeat(10), 4), format!("{}…", "家".repeat(4)));
    }
}
