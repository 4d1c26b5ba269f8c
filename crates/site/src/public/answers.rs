//! A public page as an answer: with a tag (RFC 9110, section 8.8.3), so that who has it is not sent it again.

use std::fmt::Write;

use askama::Template;
use axum::response::{IntoResponse, Response};
use crm::files;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Frame, Visited};
use crate::{Site, pages, served};

/// Browsers ask each time whether it is still so; a cache in front of the server asks once a minute.
const KEPT: &str = "public, max-age=0, s-maxage=60, must-revalidate";

/// What says where its reader came from is for them alone.
const OWN: &str = "private, max-age=0, must-revalidate";

/// A page that is the same for everybody who reads it in the same language. A form's token in it is nobody's own: the same page may be
/// given to many.
pub(crate) fn page(visited: &Visited, asked: &HeaderMap, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            visited.arrived.count(visited.agent(), &visited.rest);
            let tag = tag(&format!("{}{}", visited.half_day, lasting(&html)));
            let mut answer = kept(visited, asked, "text/html; charset=utf-8", html, &tag);
            if visited.arrived.is_private {
                answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(OWN));
            }
            answer
        }
        Err(error) => {
            tracing::error!(%error, "a page was not rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.").into_response()
        }
    }
}

/// A page without the token of its form, which is another each time.
fn lasting(html: &str) -> String {
    const TOKEN: &str = "name=\"token\" value=\"";
    let mut parts = html.split(TOKEN);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or(part, |(_, rest)| rest))
}

/// What tells a text from another.
fn tag(text: &str) -> String {
    let digest = files::hash_of(text.as_bytes());
    let digits = digest[..16].iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    format!("\"{digits}\"")
}

/// Any text of a website, of a media type.
pub(crate) fn text(visited: &Visited, asked: &HeaderMap, media_type: &'static str, text: String) -> Response {
    let tag = tag(&text);
    kept(visited, asked, media_type, text, &tag)
}

/// The same with a tag; what has it means the same, if not byte for byte.
fn kept(visited: &Visited, asked: &HeaderMap, media_type: &'static str, text: String, tag: &str) -> Response {
    let mut answer = match served::is_held(asked, tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => text.into_response(),
    };
    let headers = answer.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(format!("W/{tag}")) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(visited.words.tag));
    answer
}

/// A few words where there is nothing to show.
#[derive(Template)]
#[template(path = "public/message.html")]
struct Message {
    frame: Frame,
    title: String,
    text: String,
    listings: String,
}

/// A page that says something, by the names of its words.
pub(crate) fn said(site: &Site, visited: &Visited, status: StatusCode, title: &str, text: &str) -> Response {
    let t = visited.words;
    let (title, text) = (t.say(title), t.say(text));
    pages::page(
        status,
        &Message {
            frame: Frame::new(site, visited, None, &title, &text),
            title,
            text,
            listings: visited.link("/listings"),
        },
    )
}

/// There is nothing here, nor does the page tell what was asked for.
pub(crate) fn not_found(site: &Site, visited: &Visited) -> Response {
    said(site, visited, StatusCode::NOT_FOUND, "missing-title", "missing-text")
}

/// What was here is gone for good.
pub(crate) fn gone(site: &Site, visited: &Visited) -> Response {
    said(site, visited, StatusCode::GONE, "gone-title", "gone-text")
}

#[cfg(test)]
mod tests {
    use super::lasting;

    #[test]
    fn a_page_is_the_same_whatever_its_forms_token() {
        let page = |token: &str| format!("<p>a</p><input name=\"token\" value=\"{token}\"><p>b</p>");
        assert_eq!(lasting(&page("1")), lasting(&page("2")));
        assert_ne!(lasting(&page("1")), lasting("<p>a</p>"));
        assert_eq!(lasting("<p>a</p>"), "<p>a</p>");
    }
}
