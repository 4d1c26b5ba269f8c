//! What makes an inquiry doubtful. Nothing is refused for it: who writes quickly or sends two links may be somebody who wants a home.

use super::form_tokens::{LASTS, QUICKEST, Told};
use crate::choices::choices;

choices! {
    /// A reason to doubt that a person wrote this to the agent.
    Doubt {
        NoToken = "no-token",
        ForgedToken = "forged-token",
        TooQuick = "too-quick",
        OldPage = "old-page",
        Trap = "trap",
        LinkInName = "link-in-name",
        Links = "links",
        Markup = "markup",
        Many = "many",
    }
}

/// Links that a message may have: one, to the home that it is about.
const LINKS: usize = 1;
/// Inquiries from one network address in ten minutes that are more than an office or an open house sends.
pub(super) const MANY: u32 = 20;

/// What is known of an inquiry that is judged.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    /// What the form's token tells.
    pub token: &'a Told,
    /// Whether it came from a page of one of the agent's other sites, which has no token.
    pub is_from_own_site: bool,
    /// What stands in the field that nobody sees.
    pub trap: &'a str,
    pub name: &'a str,
    pub message: &'a str,
    /// Inquiries from there before, in the last ten minutes.
    pub before: u32,
}

/// Every doubt about an inquiry.
pub(super) fn about(judged: &Judged<'_>) -> Vec<Doubt> {
    let Judged { token, is_from_own_site, trap, name, message, before } = judged;
    let by_token = match token {
        Told::Missing if *is_from_own_site => None,
        Told::Missing => Some(Doubt::NoToken),
        Told::Forged => Some(Doubt::ForgedToken),
        Told::Shown { age_ms, .. } => match u128::try_from(*age_ms).unwrap_or(0) {
            age if age < QUICKEST.as_millis() => Some(Doubt::TooQuick),
            age if age > LASTS.as_millis() => Some(Doubt::OldPage),
            _ => None,
        },
    };
    let text = message.to_lowercase();
    let doubts = [
        by_token,
        (!trap.trim().is_empty()).then_some(Doubt::Trap),
        (links_in(&name.to_lowercase()) > 0).then_some(Doubt::LinkInName),
        (links_in(&text) > LINKS).then_some(Doubt::Links),
        ["<a ", "</a>", "[url", "[/url]", "<script", "javascript:"]
            .iter()
            .any(|mark| text.contains(mark))
            .then_some(Doubt::Markup),
        (*before >= MANY).then_some(Doubt::Many),
    ];
    doubts.into_iter().flatten().collect()
}

/// Whether it is spam as far as anybody can tell: then nobody is told of it until the agent says that it is none.
pub(super) fn is_spam(doubts: &[Doubt]) -> bool {
    let has = |doubt| doubts.contains(&doubt);
    let is_by_program = [Doubt::NoToken, Doubt::ForgedToken, Doubt::TooQuick, Doubt::Many].into_iter().any(has);
    has(Doubt::Trap) || has(Doubt::LinkInName) || (has(Doubt::Links) && is_by_program)
}

/// How many addresses a text in lower case has.
fn links_in(text: &str) -> usize {
    let schemes = text.matches("://").count();
    schemes + text.matches("www.").count().saturating_sub(text.matches("://www.").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(age_ms: i64) -> Told {
        Told::Shown { age_ms, nonce: String::new() }
    }

    fn fine(token: &Told) -> Judged<'_> {
        Judged { token, is_from_own_site: false, trap: "", name: "Jane Doe", message: "Is it free?", before: 0 }
    }

    #[test]
    fn what_people_send_is_not_doubted() {
        let token = shown(30_000);
        assert_eq!(about(&fine(&token)), []);
        let link = "Is this one still there? https://www.example.com/home/1";
        for (name, message) in [
            ("Jane Doe", link),
            ("Ma. Ángeles d'Oro-O'Neill III", ""),
            ("王小明", "A price < 500,000 & > 3 beds?"),
            ("J. R.", "CALL ME!!!"),
        ] {
            assert_eq!(about(&Judged { name, message, ..fine(&token) }), [], "{name}");
        }
        let missing = Told::Missing;
        assert_eq!(about(&Judged { is_from_own_site: true, ..fine(&missing) }), []);
        assert_eq!(about(&fine(&shown(2_000))), []);
        assert_eq!(about(&fine(&shown(24 * 60 * 60 * 1000))), []);
    }

    #[test]
    fn each_reason_is_named_and_only_the_plain_ones_hold_it_back() {
        let token = shown(30_000);
        let two = "http://a.example www.b.example";
        let missing = Told::Missing;
        for (judged, doubts, is_held) in [
            (fine(&missing), vec![Doubt::NoToken], false),
            (fine(&Told::Forged), vec![Doubt::ForgedToken], false),
            (fine(&shown(1_999)), vec![Doubt::TooQuick], false),
            (fine(&shown(24 * 60 * 60 * 1000 + 1)), vec![Doubt::OldPage], false),
            (Judged { trap: "x", ..fine(&token) }, vec![Doubt::Trap], true),
            (Judged { name: "WWW.win.example", ..fine(&token) }, vec![Doubt::LinkInName], true),
            (Judged { message: two, ..fine(&token) }, vec![Doubt::Links], false),
            (Judged { message: two, ..fine(&missing) }, vec![Doubt::NoToken, Doubt::Links], true),
            (Judged { message: "<A href=x>", ..fine(&token) }, vec![Doubt::Markup], false),
            (Judged { before: MANY, ..fine(&token) }, vec![Doubt::Many], false),
            (Judged { before: MANY - 1, ..fine(&token) }, vec![], false),
        ] {
            let found = about(&judged);
            assert_eq!((&found, is_spam(&found)), (&doubts, is_held), "{judged:?}");
        }
    }
}
