//! The person's own words.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    contacts, facts, limits,
    pages::{Page, cut},
    texts,
};

/// What a page quotes somebody as saying: `Jane says:` and what follows; also who.
pub(crate) fn said(page: &Page) -> Option<(String, Option<String>, usize)> {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:message from\s+(?P<a>[^:]{2,60})|(?P<b>[^:]{2,60}?)\s+(?:says|said|writes|asks|asked|wrote|left (?:a|this|the following) message|sent (?:a|this|the following|you a) message|wrote the following|dice|schreibt|écrit|scrive|diz))\s*[:：]\s*(?P<rest>.*)$").expect("tested")
    });
    for (index, line) in page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden) {
        let plain = texts::squeeze(cut(&line.text, 2_000));
        if !plain.contains([':', '：']) {
            continue;
        }
        let Some(found) = SAYS.captures(&plain) else { continue };
        let who = found
            .name("a")
            .or_else(|| found.name("b"))
            .map(|who| who.as_str().trim())
            .filter(|who| !texts::fold(who).starts_with("on "));
        let Some(who) = who else { continue };
        let rest = found.name("rest").map(|rest| rest.as_str().trim().to_owned()).unwrap_or_default();
        let (message, _) = facts::message(page, if rest.is_empty() { index + 1 } else { index }, &rest);
        if !message.trim().is_empty() {
            return Some((unquote(&message), contacts::name(who), index));
        }
    }
    None
}

/// A message that stands in quotation marks, as notices of portals have it.
pub(crate) fn quoted(page: &Page) -> Option<(String, usize)> {
    for (index, line) in page.lines.iter().enumerate().filter(|(_, line)| !line.is_hidden) {
        let plain = line.plain();
        let text = plain.trim();
        let is_quoted = [('"', '"'), ('“', '”'), ('«', '»'), ('„', '“')]
            .iter()
            .any(|(open, close)| text.starts_with(*open) && text.ends_with(*close));
        if is_quoted && text.chars().count() > 20 {
            return Some((unquote(text), index));
        }
    }
    None
}

/// All that a person wrote in a mail of their own: up to the signature's delimiter, without what it quotes.
pub(crate) fn body(page: &Page) -> String {
    let quotes = page.lines.iter().map(|line| line.quotes).min().unwrap_or_default();
    let mut text = String::new();
    for line in page.lines.iter().filter(|line| !line.is_hidden && line.quotes == quotes) {
        let plain = line.plain();
        let trimmed = plain.trim();
        if matches!(trimmed, "--" | "---" | "__" | "___") || is_device(trimmed) {
            break;
        }
        if !text.is_empty() {
            text.push_str(if line.is_after_gap { "\n\n" } else { "\n" });
        }
        text.push_str(trimmed);
        if text.len() > limits::MAX_NOTES * 4 {
            break;
        }
    }
    text
}

/// `Sent from my iPhone`.
fn is_device(line: &str) -> bool {
    let folded = texts::fold(cut(line, 80));
    [
        "sent from my",
        "sent from mail for",
        "sent from yahoo",
        "sent from outlook",
        "get outlook for",
        "enviado desde mi",
        "von meinem",
        "gesendet von",
        "envoye de mon",
        "inviato da iphone",
        "enviado do meu",
        "verstuurd vanaf",
        "sent via",
        "sent with",
        "iphoneから送信",
        "从我的",
    ]
    .iter()
    .any(|start| folded.starts_with(start))
}

/// Without the quotation marks around it.
pub(crate) fn unquote(text: &str) -> String {
    let text = text.trim();
    for (open, close) in [('"', '"'), ('“', '”'), ('«', '»'), ('„', '“'), ('\'', '\''), ('‘', '’')] {
        if let Some(inside) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close))
            && !inside.contains(open)
        {
            return inside.trim().to_owned();
        }
    }
    text.to_owned()
}
