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

#[cfg(test)]
mod tests {
    use crm::{
        clock::UnixMillis,
        ids::{LeadId, ShowingId, WebhookId},
        inquiries::InquiryKind,
        mails::{AskedShowing, ToldLead, ToldShowing},
    };

    use super::*;

    const SITE: &str = "https://agent.example.com";

    fn lead(id: u8, name: &str) -> ToldLead {
        ToldLead {
            id: LeadId([id; 16]),
            name: name.to_owned(),
            email: Some(String::from("jane+home@example.com")),
            phone: Some(String::from("(555) 123-4567")),
            source: String::from("zillow"),
            property_address: Some(String::from("123 Main St, Miami, FL")),
            message: Some(String::from("Is it <b>still</b> free?\r\nI could come on Friday.")),
        }
    }

    fn showing(id: u8) -> ToldShowing {
        ToldShowing {
            id: ShowingId([id; 16]),
            name: String::from("Jane Doe"),
            email: String::from("jane@example.com"),
            phone: Some(String::from("(555) 123-4567")),
            address: String::from("456 Oak Ave, Miami, FL"),
            notes: Some(String::from("We would like to see the garden.")),
        }
    }

    fn agent() -> String {
        String::from("Sarah Johnson")
    }

    fn slug() -> String {
        String::from("sarah-johnson")
    }

    fn asked(id: u8) -> AskedShowing {
        let hour = |hours: i64| (UnixMillis(1_700_000_000_000 + hours * 3_600_000), format!("TOKEN-{hours}"));
        AskedShowing { showing: showing(id), confirm: vec![hour(0), hour(30)], decline: String::from("TOKEN-NO") }
    }

    /// One of each kind, in the order of [`Letter`].
    fn letters() -> Vec<Letter> {
        let (token, host) = (String::from("TOKEN"), String::from("hooks.example.com"));
        let (webhook, since) = (WebhookId([3; 16]), UnixMillis(1_700_000_000_000));
        let error = Some(String::from("The receiver answered 500"));
        let two = vec![lead(1, "Jane Doe"), ToldLead { email: None, phone: None, message: None, ..lead(2, "王小明") }];
        vec![
            Letter::ResetPassword { token: token.clone() },
            Letter::AccountKnown,
            Letter::ConfirmSignUp { token: token.clone() },
            Letter::ConfirmAddress { old: String::from("old@example.com"), token },
            Letter::AddressChanged { new: String::from("new@example.com") },
            Letter::WebhookFailing { webhook, host: host.clone(), since, error: error.clone() },
            Letter::WebhookDisabledSoon { webhook, host: host.clone(), since, error: error.clone() },
            Letter::WebhookDisabled { webhook, host: host.clone(), is_gone: false, error },
            Letter::WebhookDisabled { webhook, host, is_gone: true, error: None },
            Letter::NewLeads { leads: vec![lead(1, "Jane Doe")], count: 1, is_least: false },
            Letter::NewLeads { leads: two.clone(), count: 3, is_least: false },
            Letter::NewLeads { leads: two, count: 10_000, is_least: true },
            Letter::ShowingsRequested { showings: vec![asked(1)], count: 1, zone: String::from("America/New_York") },
            Letter::ShowingsRequested {
                showings: vec![asked(1), asked(2)],
                count: 3,
                zone: String::from("Europe/Madrid"),
            },
            Letter::InquiryReceived { agent: agent(), slug: slug(), asked: InquiryKind::Contact, address: None },
            Letter::InquiryReceived {
                agent: agent(),
                slug: slug(),
                asked: InquiryKind::Question,
                address: Some(String::from("456 Oak Ave, Miami, FL")),
            },
            Letter::InquiryReceived { agent: agent(), slug: slug(), asked: InquiryKind::Valuation, address: None },
            Letter::GuideAsked {
                agent: agent(),
                slug: slug(),
                title: String::from("Before you sell"),
                token: String::from("TOKEN"),
            },
            Letter::ShowingReminder { showing: showing(1), at: since, zone: String::from("America/New_York") },
        ]
    }

    fn all(language: &str) -> String {
        let letters = letters();
        let kinds = letters.iter().map(Some).chain([None]);
        let shown = kinds.map(|letter| {
            let Rendered { subject, text, .. } = render(letter, language, "sarah@example.com", SITE);
            format!("=== {}\nSubject: {subject}\n\n{text}\n", letter.map_or("unreadable", Letter::kind))
        });
        shown.collect()
    }

    #[test]
    fn each_letter_reads_well_in_each_language() {
        for language in crate::languages() {
            insta::assert_snapshot!(format!("letters-{}", language.tag), all(language.tag));
        }
    }

    #[test]
    fn the_html_of_a_letter_is_this() {
        let letters = letters();
        insta::assert_snapshot!("letter-html", render(Some(&letters[10]), "en", "sarah@example.com", SITE).html);
    }

    #[test]
    fn what_people_write_is_text_in_html() {
        let evil = "<img src=x onerror=alert(1)>\"'&";
        let told = ToldLead {
            email: Some(format!("{evil}@x.example")),
            phone: Some(evil.to_owned()),
            message: Some(evil.to_owned()),
            ..lead(1, evil)
        };
        let letter = Letter::NewLeads { leads: vec![told], count: 1, is_least: false };
        let html = render(Some(&letter), "en", evil, SITE).html;
        assert!(!html.contains("<img") && !html.contains("onerror=alert(1)>\""), "{html}");
        assert!(
            html.contains("href=\"mailto:%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%22%27%26@x.example\""),
            "{html}"
        );
    }

    #[test]
    fn no_html_names_anything_to_be_fetched() {
        for letter in letters() {
            let html = render(Some(&letter), "en", "sarah@example.com", SITE).html;
            for fetched in ["<img", "<script", "<link", "url(", "src=", "@import"] {
                assert!(!html.contains(fetched), "{}: {fetched}", letter.kind());
            }
        }
    }
}
