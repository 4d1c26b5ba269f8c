//! What search engines ask for: sitemaps (sitemaps.org), `robots.txt` (RFC 9309) and `llms.txt`. Every address in them is made of the
//! public URL, never of what the request names.

use std::{collections::HashMap, fmt::Write};

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use crm::{
    guides::{self, GuideStatus},
    ids::ListingId,
    posts,
    shelves::{self, Shelf, Wanted},
    websites::{self, Address},
};
use http::{HeaderMap, header};

use super::{Visited, answers, cards, xml::escaped};
use crate::{Site, pages::Refusal};

/// Addresses in one sitemap; the protocol allows 50,000.
const MOST: u32 = 10_000;
/// Websites in one index, and posts in a sitemap.
const WEBSITES: u32 = 10_000;
const POSTS: u32 = 1_000;
const XML: &str = "application/xml; charset=utf-8";
const SPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(all))
        .route("/llms.txt", get(all_for_models))
        .route("/a/{slug}/robots.txt", get(robots_at_home))
        .route("/a/{slug}/sitemap.xml", get(show))
        .route("/a/{slug}/llms.txt", get(for_models))
}

/// What everybody may keep for an hour.
fn plain(media_type: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}

async fn robots(State(site): State<Site>) -> Response {
    let closed = ["dashboard", "login", "signup", "forgot", "reset", "showings", "calendar", "api"];
    let closed = closed.iter().fold(String::new(), |text, path| text + &format!("Disallow: /{path}\n"));
    plain(
        "text/plain; charset=utf-8",
        format!("User-agent: *\n{closed}Allow: /\n\nSitemap: {}/sitemap.xml\n", site.public_url),
    )
}

/// The same at an agent's own domain, where there is nothing but the website.
async fn robots_at_home(State(site): State<Site>, visited: Visited) -> Response {
    let sitemap = visited.outside(&site, "/sitemap.xml");
    plain("text/plain; charset=utf-8", format!("User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n"))
}

async fn all(State(site): State<Site>, Query(query): Query<HashMap<String, String>>) -> Result<Response, Refusal> {
    let after = query.get("after").map_or("", String::as_str);
    let websites = websites::addresses(&site.crm, after, WEBSITES).await?;
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"{SPACE}\">\n");
    for Address { slug, .. } in &websites {
        let _ = writeln!(text, "<sitemap><loc>{}/a/{slug}/sitemap.xml</loc></sitemap>", escaped(&site.public_url));
    }
    text.push_str("</sitemapindex>\n");
    Ok(plain(XML, text))
}

async fn all_for_models(State(site): State<Site>) -> Result<Response, Refusal> {
    let websites = websites::addresses(&site.crm, "", 200).await?;
    let mut text = String::from(
        "# Real-estate agents\n\n> The websites of agents on this server, each with listings, guides and contact.\n\n## Agents\n\n",
    );
    for Address { slug, name } in websites {
        let _ = writeln!(text, "- [{}]({}/a/{slug}/llms.txt)", line(&name), site.public_url);
    }
    Ok(plain("text/plain; charset=utf-8", text))
}

/// A text on one line of Markdown.
fn line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars()
        .flat_map(|letter| ['\\'].into_iter().filter(move |_| "[]()<>*_`#\\".contains(letter)).chain([letter]))
        .collect()
}

/// A sitemap as it is put together.
struct Map<'a> {
    site: &'a Site,
    visited: &'a Visited,
    text: String,
}

impl<'a> Map<'a> {
    fn new(site: &'a Site, visited: &'a Visited) -> Self {
        Self {
            site,
            visited,
            text: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"{SPACE}\">\n"),
        }
    }

    /// An address, with when it last changed where that is known.
    fn add(&mut self, rest: &str, changed: Option<String>) {
        let changed = changed.map(|at| format!("<lastmod>{at}</lastmod>")).unwrap_or_default();
        let base = escaped(&self.visited.outside(self.site, rest));
        let _ = writeln!(self.text, "<url><loc>{base}</loc>{changed}</url>");
    }

    /// The pages that are no listings.
    async fn add_pages(&mut self) -> Result<(), Refusal> {
        let (site, agent, website) = (self.site, self.visited.agent(), &self.visited.website);
        for rest in ["", "/listings", "/about", "/contact"] {
            self.add(rest, None);
        }
        if website.has_sold {
            self.add("/sold", None);
        }
        if website.has_guides {
            self.add("/guides", None);
            for guide in guides::list(&site.crm, agent).await? {
                if guide.status == GuideStatus::Published {
                    self.add(&format!("/guides/{}", guide.slug), Some(guide.updated_at.to_rfc3339()));
                }
            }
        }
        if website.has_posts {
            self.add("/blog", None);
            for post in posts::list_published(&site.crm, agent, None, POSTS).await? {
                self.add(&format!("/blog/{}", post.slug), Some(post.updated_at.to_rfc3339()));
            }
        }
        Ok(())
    }

    async fn add_listings(&mut self, shelf: Shelf, before: Option<ListingId>) -> Result<(), Refusal> {
        for standing in shelves::standing(&self.site.crm, self.visited.agent(), shelf, before, MOST).await? {
            self.add(&format!("/listings/{}", standing.id), Some(standing.updated_at.to_rfc3339()));
        }
        Ok(())
    }

    fn finish(mut self) -> String {
        self.text.push_str("</urlset>\n");
        self.text
    }
}

const SHELVES: [(&str, Shelf); 2] = [("open", Shelf::Open), ("sold", Shelf::Sold)];

async fn show(
    State(site): State<Site>,
    visited: Visited,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let agent = visited.agent();
    let part = query.get("part").map_or("", String::as_str);
    let before = query.get("before").and_then(|id| id.parse::<ListingId>().ok());
    let mut count = 0;
    for (_, shelf) in SHELVES {
        count += shelves::count(&site.crm, agent, shelf).await?;
    }
    let text = match (SHELVES.iter().find(|(name, _)| *name == part), part) {
        (Some((_, shelf)), _) => {
            let mut map = Map::new(&site, &visited);
            map.add_listings(*shelf, before).await?;
            map.finish()
        }
        (None, "pages") => {
            let mut map = Map::new(&site, &visited);
            map.add_pages().await?;
            map.finish()
        }
        (None, _) if count <= u64::from(MOST) => {
            let mut map = Map::new(&site, &visited);
            map.add_pages().await?;
            for (_, shelf) in SHELVES {
                map.add_listings(shelf, None).await?;
            }
            map.finish()
        }
        (None, _) => index(&site, &visited).await?,
    };
    Ok(answers::text(&visited, &headers, XML, text))
}

/// The parts of a sitemap that is too long for one.
async fn index(site: &Site, visited: &Visited) -> Result<String, Refusal> {
    let base = visited.outside(site, "/sitemap.xml");
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"{SPACE}\">\n");
    let mut parts = vec![format!("{base}?part=pages")];
    for (name, shelf) in SHELVES {
        parts.push(format!("{base}?part={name}"));
        for last in shelves::turns(&site.crm, visited.agent(), shelf, MOST).await? {
            parts.push(format!("{base}?part={name}&before={last}"));
        }
    }
    for part in parts {
        let _ = writeln!(text, "<sitemap><loc>{}</loc></sitemap>", escaped(&part));
    }
    text.push_str("</sitemapindex>\n");
    Ok(text)
}

async fn for_models(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let (t, website) = (visited.words, &visited.website);
    let profile = &website.profile;
    let url = |rest: &str| visited.outside(&site, rest);
    let texts = website.look.texts(t.tag);
    let intro = if texts.intro.is_empty() { t.say("home-intro") } else { texts.intro };
    let mut text = format!("# {}\n\n> {}\n\n", line(&profile.name), line(&intro));
    for (name, value) in [
        ("Brokerage", profile.brokerage.clone()),
        ("License", profile.licence.clone()),
        ("Phone", profile.phone.clone()),
        ("Areas", Some(profile.service_areas.join(", ")).filter(|areas| !areas.is_empty())),
        ("Languages", Some(profile.languages.join(", ")).filter(|spoken| !spoken.is_empty())),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "- {name}: {}", line(&value));
        }
    }
    let _ = write!(text, "\n## Homes for sale\n\n- [All]({})\n", url("/listings"));
    let open = shelves::list(&site.crm, visited.agent(), Wanted::default(), None, 50).await?;
    for listing in &open.listings {
        let facts = cards::facts(&visited, listing).join(", ");
        let status = t.say(cards::status_words(listing));
        let path = url(&format!("/listings/{}", listing.id));
        let _ = writeln!(text, "- [{}]({path}): {}, {facts}, {status}", line(&listing.address), cards::price(listing));
    }
    if website.has_guides {
        text.push_str("\n## Guides\n\n");
        for guide in guides::list(&site.crm, visited.agent()).await? {
            if guide.status == GuideStatus::Published {
                let path = url(&format!("/guides/{}", guide.slug));
                let _ = writeln!(text, "- [{}]({path}): {}", line(&guide.title), line(guide.heading()));
            }
        }
    }
    if website.has_posts {
        text.push_str("\n## Blog\n\n");
        for post in posts::list_published(&site.crm, visited.agent(), None, 50).await? {
            let _ = writeln!(text, "- [{}]({})", line(&post.title), url(&format!("/blog/{}", post.slug)));
        }
    }
    let _ = write!(text, "\n## More\n\n- [About]({})\n- [Contact]({})\n", url("/about"), url("/contact"));
    Ok(answers::text(&visited, &headers, "text/plain; charset=utf-8", text))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_of_markdown_stays_one() {
        assert_eq!(line("A [b](c)\n# d"), "A \\[b\\]\\(c\\) \\# d");
    }
}
