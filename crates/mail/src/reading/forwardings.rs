//! A mail service that asks whether mail may be forwarded here: the one mail that the agent must see to be set up.

use std::sync::LazyLock;

use regex::Regex;

use super::{headers::Mailbox, pages::Page, texts};

/// What such a mail asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// The code to type in, if there is one.
    pub code: Option<String>,
    /// The link that confirms, if there is one. To be shown, never to be followed by the program.
    pub link: Option<String>,
    /// The mailbox that wants to forward, if it is named.
    pub mailbox: Option<String>,
}

/// Reads such a mail.
pub(crate) fn find(sender: &Mailbox, subject: &str, pages: &[Page]) -> Option<Forwarding> {
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)(?:code\D{0,20}|#)([0-9]{6,12})").expect("tested"));
    let address = sender.address.to_lowercase();
    let folded = texts::fold(subject);
    let is_one = address.starts_with("forwarding-noreply@google.com")
        || texts::has_word(
            &folded,
            &[
                "forwarding confirmation",
                "forwarding address",
                "confirm forwarding",
                "verify forwarding",
                "confirmacion de reenvio",
                "weiterleitungsbestatigung",
                "forwarding verification",
            ],
        );
    if !is_one {
        return None;
    }
    let text = pages.iter().map(|page| page.text(20_000)).collect::<Vec<_>>().join("\n");
    let code = CODE
        .captures(subject)
        .or_else(|| CODE.captures(&text))
        .and_then(|found| found.get(1))
        .map(|code| code.as_str().to_owned());
    let links = pages.iter().flat_map(|page| &page.links).map(|link| link.target.as_str());
    let link = links
        .clone()
        .find(|link| link.contains("/vf-") || link.contains("confirm") || link.contains("verify"))
        .map(str::to_owned);
    let mailbox = super::contacts::emails(&format!("{subject}\n{text}"))
        .find(|email| !email.to_lowercase().ends_with("@google.com"))
        .map(str::to_owned);
    Some(Forwarding { code, link, mailbox })
}
