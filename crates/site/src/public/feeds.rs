//! Atom feeds (RFC 4287): new listings, and posts.

use std::fmt::Write;

use axum::{Router, extract::State, response::Response, routing::get};
use crm::{
    clock::UnixMillis,
    posts,
    shelves::{self, Wanted},
};
use http::HeaderMap;

use super::{Visited, answers, cards, markdown, xml::escaped};
use crate::{Site, pages::Refusal};

/// Entries of a feed.
const ENTRIES: usize = 30;
const ATOM: &str = "application/atom+xml; charset=utf-8";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/a/{slug}/feed.xml", get(of_listings)).route("/a/{slug}/blog/feed.xml", get(of_posts))
}

struct Entry {
    /// The path behind the website's own.
    rest: String,
    title: String,
    published: UnixMillis,
    updated: UnixMillis,
    /// Its kind and its text.
    content: (&'static str, String),
}

/// A feed, whose own path and whose page's are behind the website's own.
fn written(site: &Site, visited: &Visited, title: &str, own: &str, page: &str, entries: &[Entry]) -> String {
    let url = |rest: &str| escaped(&visited.outside(site, rest));
    let updated = entries.iter().map(|entry| entry.updated).max().unwrap_or(UnixMillis(0));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <title>{}</title>\n<id>{}</id>\n<link rel=\"self\" href=\"{}\"/>\n<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
         <updated>{}</updated>\n<author><name>{}</name></author>\n",
        visited.words.tag,
        escaped(title),
        url(own),
        url(own),
        url(page),
        updated.to_rfc3339(),
        escaped(&visited.website.profile.name)
    );
    for entry in entries {
        let (kind, content) = &entry.content;
        let _ = write!(
            text,
            "<entry>\n<title>{}</title>\n<id>{}</id>\n<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
             <published>{}</published>\n<updated>{}</updated>\n<content type=\"{kind}\">{}</content>\n</entry>\n",
            escaped(&entry.title),
            url(&entry.rest),
            url(&entry.rest),
            entry.published.to_rfc3339(),
            entry.updated.to_rfc3339(),
            escaped(content)
        );
    }
    text.push_str("</feed>\n");
    text
}

async fn of_listings(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let t = visited.words;
    let found = shelves::list(&site.crm, visited.agent(), Wanted::default(), None, ENTRIES).await?;
    let entries = found.listings.iter().map(|listing| {
        let facts = [vec![cards::price(listing)], cards::facts(&visited, listing)].concat().join(", ");
        let status = t.say(cards::status_words(listing));
        let text = listing.details.description.clone().unwrap_or_default();
        Entry {
            rest: format!("/listings/{}", listing.id),
            title: format!("{}: {}", listing.address, cards::price(listing)),
            published: listing.created_at,
            updated: listing.updated_at,
            content: ("text", format!("{status}. {facts}. {text}")),
        }
    });
    let title = t.say_with("feed-listings", &[("name", &visited.website.profile.name)]);
    let text = written(&site, &visited, &title, "/feed.xml", "/listings", &entries.collect::<Vec<_>>());
    Ok(answers::text(&visited, &headers, ATOM, text))
}

async fn of_posts(State(site): State<Site>, visited: Visited, headers: HeaderMap) -> Result<Response, Refusal> {
    let posts = posts::list_published(&site.crm, visited.agent(), None, ENTRIES as u32).await?;
    let entries = posts.iter().map(|post| Entry {
        rest: format!("/blog/{}", post.slug),
        title: post.title.clone(),
        published: post.published_at.unwrap_or(post.updated_at),
        updated: post.updated_at,
        content: ("html", markdown::html(&post.text)),
    });
    let title = visited.words.say_with("feed-posts", &[("name", &visited.website.profile.name)]);
    let text = written(&site, &visited, &title, "/blog/feed.xml", "/blog", &entries.collect::<Vec<_>>());
    Ok(answers::text(&visited, &headers, ATOM, text))
}
