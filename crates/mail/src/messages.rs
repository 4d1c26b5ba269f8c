//! A mail as a message: headers that the settings and the queue decide, a body in two forms.

use std::time::{Duration, SystemTime};

use crm::{
    clock::UnixMillis,
    ids::MailId,
    mails::{Claimed, Letter},
};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::{
    headers::{NAME, one_line},
    render,
};

/// The name of whoever writes where no agent does.
const PRODUCT: &str = "OrganicAgent";

/// A mail as its message is made of it.
pub(crate) struct Posted<'a> {
    pub id: MailId,
    pub recipient: &'a str,
    /// The agent's name and address.
    pub sender: Option<(&'a str, &'a str)>,
    pub language: &'a str,
    pub letter: Option<&'a Letter>,
}

impl<'a> From<&'a Claimed> for Posted<'a> {
    fn from(mail: &'a Claimed) -> Self {
        Self {
            id: mail.id,
            recipient: &mail.recipient,
            sender: mail.sender.as_ref().map(|(name, email)| (name.as_str(), email.as_str())),
            language: &mail.language,
            letter: mail.letter.as_ref(),
        }
    }
}

/// Where mail comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The sender's address.
    pub address: Address,
    /// The server's public URL, without a slash at its end.
    pub site: String,
}

impl Origin {
    /// The message of a mail. Its id is the mail's own, so that a second attempt is the same message.
    ///
    /// # Errors
    /// With a sentence for the mail's owner, when there is no such address.
    pub(crate) fn message(&self, mail: &Posted<'_>, now: UnixMillis) -> Result<Message, String> {
        let to = mail.recipient.parse::<Address>().map_err(|_| String::from("No mail can go to this address."))?;
        let rendered = render(mail.letter, mail.language, mail.recipient, &self.site);
        let (name, reply_to) = match mail.sender {
            Some((name, email)) => (name, email.parse::<Address>().ok()),
            None => (PRODUCT, None),
        };
        let name = Some(one_line(name, NAME)).filter(|name| !name.is_empty());
        let since_epoch = Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        // Not read back from the headers.
        let envelope = Envelope::new(Some(self.address.clone()), vec![to.clone()]);
        let mut message = Message::builder()
            .envelope(envelope.map_err(|error| format!("The message cannot be made: {error}."))?)
            .from(Mailbox::new(name.clone(), self.address.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(rendered.subject)
            .date(SystemTime::UNIX_EPOCH + since_epoch)
            .message_id(Some(format!("<{}@{}>", mail.id, self.address.domain())))
            // RFC 3834, section 5: no out-of-office notice is to come back.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                String::from("auto-generated"),
            ));
        if let Some(address) = reply_to {
            message = message.reply_to(Mailbox::new(name, address));
        }
        let body = MultiPart::alternative_plain_html(rendered.text, rendered.html);
        message.multipart(body).map_err(|error| format!("The message cannot be made: {error}."))
    }
}

#[cfg(test)]
mod tests {
    use crm::mails::ToldLead;
    use proptest::prelude::*;

    use super::*;

    const HEADERS: [&str; 9] =
        ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

    fn origin() -> Origin {
        Origin { address: "office@example.com".parse().unwrap(), site: String::from("https://agent.example.com") }
    }

    /// The headers of a message as a reader takes them: unfolded, and nothing else before the empty line.
    fn headers(raw: &str) -> Vec<(String, String)> {
        let (head, _) = raw.split_once("\r\n\r\n").expect("a head and a body");
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        assert!(!unfolded.replace("\r\n", "").contains(['\r', '\n', '\0']), "{unfolded:?}");
        unfolded
            .split("\r\n")
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?} is no header"));
                (name.to_owned(), value.to_owned())
            })
            .collect()
    }

    fn lead(name: &str, text: &str) -> Letter {
        let lead = ToldLead {
            id: crm::ids::LeadId([1; 16]),
            name: name.to_owned(),
            email: Some(text.to_owned()),
            phone: Some(text.to_owned()),
            source: text.to_owned(),
            property_address: Some(text.to_owned()),
            message: Some(text.to_owned()),
        };
        Letter::NewLeads { leads: vec![lead], count: 1, is_least: false }
    }

    fn checked(agent: &str, name: &str, text: &str) -> String {
        let letter = lead(name, text);
        let mail = Posted {
            id: MailId([7; 16]),
            recipient: "sarah@example.com",
            sender: Some((agent, "sarah@example.com")),
            language: "en",
            letter: Some(&letter),
        };
        let message = origin().message(&mail, UnixMillis(1_700_000_000_000)).expect("a message");
        let envelope = message.envelope();
        assert_eq!(envelope.to().iter().map(ToString::to_string).collect::<Vec<_>>(), ["sarah@example.com"]);
        assert_eq!(envelope.from().map(ToString::to_string).as_deref(), Some("office@example.com"));
        let raw = String::from_utf8(message.formatted()).expect("a message is ASCII");
        assert!(raw.is_ascii());
        let mut names = headers(&raw).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let mut known = HEADERS.map(str::to_owned).to_vec();
        names.sort();
        known.sort();
        assert_eq!(names, known, "{raw}");
        assert!(raw.lines().all(|line| line.len() <= 998), "a line is too long");
        raw
    }

    #[test]
    fn names_and_subjects_begin_no_header_of_their_own() {
        for evil in [
            "Jane\r\nBcc: eve@example.com",
            "Jane\nBcc: eve@example.com",
            "Jane\rBcc: eve@example.com\r\n\r\nbody",
            "\0\u{85}\u{2028}\u{2029}",
            "\u{202e}moc.live\u{202c}",
            "O'Neill, \"Nita\" <eve@example.com>, x@y",
            "=?utf-8?q?=0D=0ABcc:_eve@example.com?=",
            "\\\" \\\\ ( ) ; : @ ,",
            "",
            " ",
        ] {
            let raw = checked(evil, evil, evil);
            let (head, _) = raw.split_once("\r\n\r\n").expect("a head");
            assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{raw}");
        }
        let _ = checked(&"Zoë ".repeat(100), &"\u{1f469}\u{200d}\u{1f4bb}".repeat(200), &"x".repeat(20_000));
    }

    #[test]
    fn a_message_says_whom_it_is_from_and_that_nobody_wrote_it() {
        let headers = headers(&checked("Sarah Johnson", "Jane Doe", "x"));
        let value = |name: &str| headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        assert_eq!(value("From"), Some("\"Sarah Johnson\" <office@example.com>"));
        assert_eq!(value("Reply-To"), Some("\"Sarah Johnson\" <sarah@example.com>"));
        assert_eq!(value("To"), Some("sarah@example.com"));
        assert_eq!(value("Subject"), Some("New lead: Jane Doe"));
        assert_eq!(value("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(value("Date"), Some("Tue, 14 Nov 2023 22:13:20 +0000"));
        assert_eq!(value("Message-ID"), Some(format!("<{}@example.com>", MailId([7; 16])).as_str()));
    }

    #[test]
    fn no_mail_goes_to_what_is_no_address() {
        for recipient in ["", "nobody", "a@b\r\nRCPT TO:<eve@example.com>", "a b@example.com", "a@", "<a@example.com>"]
        {
            let mail = Posted { id: MailId([7; 16]), recipient, sender: None, language: "en", letter: None };
            assert!(origin().message(&mail, UnixMillis(0)).is_err(), "{recipient}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_is_typed_stays_within_its_header(agent in any::<String>(), name in any::<String>(), text in any::<String>()) {
            let _ = checked(&agent, &name, &text);
        }

        #[test]
        fn line_ends_in_any_place_stay_within_their_header(
            agent in "[a-z\r\n\0:, \"<>@\u{85}\u{2028}é]{0,120}",
            name in "[a-zB\r\n\t\0:, \"<>@=?\u{202e}é]{0,300}",
        ) {
            let _ = checked(&agent, &name, &name);
        }
    }
}
