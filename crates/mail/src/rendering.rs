//! What a mail says as text and as HTML.

use askama::Template;
use crm::mails::Letter;

use crate::{
    compose::{Said, compose},
    headers::{SUBJECT, one_line},
    words,
};

/// A mail's words in their forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// For those who read text.
    pub text: String,
    /// A whole page, without scripts and without anything from elsewhere.
    pub html: String,
}

#[derive(Template)]
#[template(path = "letter.txt", escape = "none")]
struct Text<'a> {
    said: &'a Said,
    footer: &'a str,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    said: &'a Said,
    footer: &'a str,
    language: &'a str,
}

/// Puts a letter into words and both forms. `site`: the public URL of the server, without a slash at its end.
#[must_use]
pub fn render(letter: Option<&Letter>, language: &str, recipient: &str, site: &str) -> Rendered {
    let words = words::of(language);
    let said = compose(letter, words, recipient, site);
    let footer = words.say_with("footer", &[("site", site)]);
    let text = Text { said: &said, footer: &footer }.render();
    let html = Html { said: &said, footer: &footer, language: words.tag }.render();
    let shown = |rendered: Result<String, askama::Error>| {
        rendered.inspect_err(|error| tracing::error!(%error, "a mail has no form")).unwrap_or_default()
    };
    Rendered { subject: one_line(&said.subject, SUBJECT), text: shown(text), html: shown(html) }
}
