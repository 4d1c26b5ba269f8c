//! The protocol as a machine: a command goes in, a step comes out. It knows no sockets, no time and no storage.

use std::borrow::Cow;

use crm::AgentId;
use smtp_proto::{Error as Wrong, Request};

use super::{Limits, Protocol, addresses};

/// A reply: a code (RFC 5321, section 4.2), an enhanced one (RFC 3463) where there is one, and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    enhanced: &'static str,
    lines: Vec<Cow<'static, str>>,
}

impl Reply {
    pub fn new(code: u16, enhanced: &'static str, words: impl Into<Cow<'static, str>>) -> Self {
        Self { code, enhanced, lines: vec![words.into()] }
    }

    /// As it goes over the wire.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (place, line) in self.lines.iter().enumerate() {
            let separator = if place + 1 == self.lines.len() { ' ' } else { '-' };
            let blank = if self.enhanced.is_empty() { "" } else { " " };
            text.push_str(&format!("{}{separator}{}{blank}{line}\r\n", self.code, self.enhanced));
        }
        text
    }

    fn is_refusal(&self) -> bool {
        self.code >= 500
    }
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Answer.
    Reply(Reply),
    /// Find whose token this is, and say so by [`Session::found`].
    Find(String),
    /// Answer, then take a mail until it ends, and say so by [`Session::ended`].
    Take(Reply),
    /// Answer, then begin TLS, with nothing that has come before it, and say so by [`Session::encrypted`].
    Encrypt(Reply),
    /// Answer, and close.
    Close(Reply),
}

/// A recipient who was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recipient {
    pub agent: AgentId,
}

/// A talk with one peer.
#[derive(Debug)]
pub(super) struct Session {
    host: String,
    domain: String,
    mail_bytes: usize,
    most_recipients: usize,
    bad_commands_left: u32,
    offers_tls: bool,
    is_encrypted: bool,
    greeting: Option<(Protocol, String)>,
    sender: Option<String>,
    recipients: Vec<Recipient>,
}

impl Session {
    /// A new one: who we are, and for which domain mail is taken.
    pub fn new(host: &str, domain: &str, limits: &Limits, offers_tls: bool) -> Self {
        Self {
            host: host.to_owned(),
            domain: domain.to_owned(),
            mail_bytes: limits.mail_bytes,
            most_recipients: limits.recipients,
            bad_commands_left: limits.bad_commands,
            offers_tls,
            is_encrypted: false,
            greeting: None,
            sender: None,
            recipients: Vec::new(),
        }
    }

    /// What is said first.
    pub fn welcome(&self) -> Reply {
        Reply::new(220, "", format!("{} ESMTP OrganicAgent", self.host))
    }

    /// How the peer greeted, and what by.
    pub fn greeting(&self) -> (Protocol, &str) {
        self.greeting.as_ref().map_or((Protocol::Smtp, ""), |(protocol, name)| (*protocol, name))
    }

    /// Whether TLS has begun.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// The return path of the mail that is under way.
    pub fn sender(&self) -> &str {
        self.sender.as_deref().unwrap_or_default()
    }

    /// Whom the mail that is under way is for.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// A line that was no command: too long, or without its end.
    pub fn bad_line(&mut self) -> Step {
        self.refuse(Reply::new(500, "5.5.2", "Line too long, or not ended by CR LF"))
    }

    /// A command, without the end of its line.
    pub fn command(&mut self, line: &[u8]) -> Step {
        let ended = [line, b"\r\n"].concat();
        let step = match Request::parse(&mut ended.iter()) {
            Ok(request) => self.request(line, request),
            Err(wrong) => Step::Reply(syntax(&wrong)),
        };
        match step {
            Step::Reply(reply) => self.refuse(reply),
            step => step,
        }
    }

    /// Counts what is refused; too much of it ends the talk.
    fn refuse(&mut self, reply: Reply) -> Step {
        if reply.is_refusal() {
            self.bad_commands_left = self.bad_commands_left.saturating_sub(1);
            if self.bad_commands_left == 0 {
                return Step::Close(Reply::new(421, "4.7.0", "Too many errors"));
            }
        }
        Step::Reply(reply)
    }

    fn request(&mut self, line: &[u8], request: Request<Cow<'_, str>>) -> Step {
        let reply = match request {
            Request::Ehlo { host } => self.greet(Protocol::Smtp, &host, true),
            Request::Helo { host } => self.greet(Protocol::Smtp, &host, false),
            Request::Lhlo { host } => self.greet(Protocol::Lmtp, &host, true),
            Request::Mail { from } => self.mail(&from.address, from.size),
            Request::Rcpt { to } => return self.rcpt(line, &to.address),
            Request::Data => return self.data(),
            Request::StartTls => return self.start_tls(),
            Request::Rset => {
                self.reset();
                Reply::new(250, "2.0.0", "OK")
            }
            Request::Noop { .. } => Reply::new(250, "2.0.0", "OK"),
            Request::Quit => return Step::Close(Reply::new(221, "2.0.0", "Bye")),
            Request::Vrfy { .. } => Reply::new(252, "2.1.5", "Send a mail to find out"),
            Request::Help { .. } => Reply::new(214, "2.0.0", "This server takes mail for its own agents"),
            _ => Reply::new(502, "5.5.1", "Command not implemented"),
        };
        Step::Reply(reply)
    }

    fn greet(&mut self, protocol: Protocol, name: &str, is_extended: bool) -> Reply {
        if !is_visible(name) {
            return Reply::new(501, "5.5.4", "That is no name of a host");
        }
        self.reset();
        self.greeting = Some((protocol, name.to_owned()));
        let mut lines = vec![Cow::from(self.host.clone())];
        if is_extended {
            lines.push(Cow::from(format!("SIZE {}", self.mail_bytes)));
            lines.extend(["8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"].map(Cow::from));
            if self.offers_tls && !self.is_encrypted {
                lines.push(Cow::from("STARTTLS"));
            }
        }
        Reply { code: 250, enhanced: "", lines }
    }

    fn mail(&mut self, sender: &str, size: usize) -> Reply {
        if self.greeting.is_none() {
            return Reply::new(503, "5.5.1", "Say EHLO first");
        }
        if self.sender.is_some() {
            return Reply::new(503, "5.5.1", "A mail is under way");
        }
        if size > self.mail_bytes {
            return Reply::new(552, "5.3.4", format!("A mail has at most {} bytes", self.mail_bytes));
        }
        if !is_visible(sender) && !sender.is_empty() {
            return Reply::new(553, "5.1.7", "That is no address");
        }
        self.sender = Some(sender.to_owned());
        Reply::new(250, "2.1.0", "OK")
    }

    fn rcpt(&mut self, line: &[u8], address: &str) -> Step {
        if self.sender.is_none() {
            return Step::Reply(Reply::new(503, "5.5.1", "Say MAIL first"));
        }
        if self.recipients.len() >= self.most_recipients {
            return Step::Reply(Reply::new(452, "4.5.3", "Too many recipients"));
        }
        // A route through other servers, which the parser leaves out.
        let is_routed = line.windows(2).any(|pair| pair == b"<@");
        match addresses::token(address, &self.domain) {
            Some(token) if !is_routed => Step::Find(token.to_owned()),
            _ => Step::Reply(Reply::new(550, "5.7.1", "This server takes mail for its own agents only")),
        }
    }

    /// Whose token it is that a [`Step::Find`] asked for.
    pub fn found(&mut self, agent: Option<AgentId>) -> Step {
        match agent {
            Some(agent) => {
                self.recipients.push(Recipient { agent });
                Step::Reply(Reply::new(250, "2.1.5", "OK"))
            }
            None => self.refuse(Reply::new(550, "5.1.1", "There is nobody of this address")),
        }
    }

    fn data(&mut self) -> Step {
        if self.sender.is_none() {
            return Step::Reply(Reply::new(503, "5.5.1", "Say MAIL first"));
        }
        if self.recipients.is_empty() {
            return Step::Reply(Reply::new(503, "5.5.1", "Nobody of the recipients was accepted"));
        }
        Step::Take(Reply::new(354, "", "End with CR LF . CR LF"))
    }

    /// A mail has ended: the next may begin.
    pub fn ended(&mut self) {
        self.reset();
    }

    fn start_tls(&mut self) -> Step {
        if !self.offers_tls || self.is_encrypted {
            return Step::Reply(Reply::new(502, "5.5.1", "TLS is not offered"));
        }
        Step::Encrypt(Reply::new(220, "2.0.0", "Begin TLS"))
    }

    /// TLS has begun: nothing that was said before holds (RFC 3207, section 4.2).
    pub fn encrypted(&mut self) {
        self.reset();
        self.greeting = None;
        self.is_encrypted = true;
    }

    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }
}

/// Whether a text can stand in a header.
fn is_visible(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 254
        && !text.chars().any(|letter| letter.is_control() || "<>".contains(letter))
}

fn syntax(wrong: &Wrong) -> Reply {
    match wrong {
        Wrong::UnknownCommand | Wrong::NeedsMoreData { .. } | Wrong::ResponseTooLong => {
            Reply::new(500, "5.5.1", "Unknown command")
        }
        Wrong::InvalidSenderAddress => Reply::new(553, "5.1.7", "That is no address"),
        Wrong::InvalidRecipientAddress => Reply::new(550, "5.1.3", "That is no address"),
        Wrong::SyntaxError { syntax } => Reply::new(501, "5.5.4", format!("Say {syntax}")),
        Wrong::InvalidParameter { param } => Reply::new(501, "5.5.4", format!("The parameter {param} is wrong")),
        Wrong::UnsupportedParameter { .. } => Reply::new(555, "5.5.4", "Unknown parameter"),
        Wrong::InvalidResponse { .. } => Reply::new(500, "5.5.1", "Unknown command"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOMAIN: &str = "leads.example.com";
    const TOKEN: &str = "abc@leads.example.com";

    fn session(offers_tls: bool) -> Session {
        Session::new("mx.example.com", DOMAIN, &Limits::default(), offers_tls)
    }

    fn code(step: &Step) -> u16 {
        match step {
            Step::Reply(reply) | Step::Take(reply) | Step::Encrypt(reply) | Step::Close(reply) => reply.code,
            Step::Find(_) => 0,
        }
    }

    fn say(session: &mut Session, line: &str) -> u16 {
        match session.command(line.as_bytes()) {
            Step::Find(token) => code(&session.found((token == "abc").then_some(AgentId([1; 16])))),
            step => code(&step),
        }
    }

    #[test]
    fn a_mail_goes_through_its_steps_in_order() {
        let mut session = session(false);
        for (line, code) in [
            ("MAIL FROM:<a@b.example>", 503),
            ("EHLO", 501),
            ("EHLO there.example", 250),
            ("RCPT TO:<abc@leads.example.com>", 503),
            ("DATA", 503),
            ("MAIL FROM:<a@b.example> SIZE=10485761", 552),
            ("MAIL FROM:<> SIZE=1000 BODY=8BITMIME SMTPUTF8", 250),
            ("MAIL FROM:<a@b.example>", 503),
            ("DATA", 503),
            ("RCPT TO:<nobody@leads.example.com>", 550),
            ("RCPT TO:<abc@leads.example.com>", 250),
            ("STARTTLS", 502),
            ("AUTH PLAIN AHgAeA==", 502),
            ("DATA", 354),
        ] {
            assert_eq!(say(&mut session, line), code, "{line}");
        }
        assert_eq!(session.recipients().len(), 1);
        session.ended();
        assert_eq!(say(&mut session, "DATA"), 503);
    }

    #[test]
    fn nothing_that_was_said_before_tls_holds_after_it() {
        let mut session = session(true);
        for line in ["EHLO there.example", "MAIL FROM:<a@b.example>", &format!("RCPT TO:<{TOKEN}>")] {
            assert_eq!(say(&mut session, line), 250);
        }
        assert_eq!(say(&mut session, "STARTTLS"), 220);
        session.encrypted();
        assert_eq!(session.recipients(), []);
        assert_eq!(say(&mut session, "MAIL FROM:<a@b.example>"), 503);
        assert_eq!(say(&mut session, "EHLO there.example"), 250);
        assert_eq!(say(&mut session, "STARTTLS"), 502);
    }

    proptest! {
        /// Whatever is said, a mail is taken only after MAIL and a recipient of ours were accepted, every answer is well formed, and who
        /// says too much that is wrong is sent away.
        #[test]
        fn a_mail_is_taken_only_in_its_turn(commands in prop::collection::vec(command(), 0..60)) {
            let mut session = session(true);
            let (mut has_mail, mut recipients, mut refused) = (false, 0, 0);
            for line in commands {
                let mut step = session.command(line.as_bytes());
                if let Step::Find(token) = &step {
                    prop_assert!(has_mail);
                    let agent = (token == "abc").then_some(AgentId([1; 16]));
                    step = session.found(agent);
                }
                let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
                match &step {
                    Step::Take(reply) => {
                        prop_assert!(has_mail && recipients > 0, "{line}");
                        prop_assert_eq!(reply.code, 354);
                        session.ended();
                        (has_mail, recipients) = (false, 0);
                    }
                    Step::Encrypt(_) => {
                        session.encrypted();
                        (has_mail, recipients) = (false, 0);
                    }
                    Step::Close(reply) => {
                        prop_assert!(reply.code == 221 || refused + 1 >= Limits::default().bad_commands);
                        return Ok(());
                    }
                    Step::Reply(reply) => {
                        refused += u32::from(reply.code >= 500);
                        prop_assert!(refused < Limits::default().bad_commands);
                        match (verb.as_str(), reply.code) {
                            ("EHLO" | "HELO" | "LHLO" | "RSET", 250) => (has_mail, recipients) = (false, 0),
                            ("MAIL", 250) => has_mail = true,
                            ("RCPT", 250) => {
                                prop_assert!(line.to_ascii_lowercase().contains(DOMAIN) && !line.contains("<@"));
                                recipients += 1;
                            }
                            _ => {}
                        }
                        let text = reply.render();
                        prop_assert!(text.ends_with("\r\n") && text[..text.len() - 2].split("\r\n").all(|line| {
                            line.len() >= 4 && line[..3].bytes().all(|byte| byte.is_ascii_digit()) && !line.contains(['\r', '\n'])
                        }), "{text:?}");
                    }
                    Step::Find(_) => prop_assert!(false),
                }
                prop_assert_eq!(session.recipients().len(), recipients);
            }
        }
    }

    fn command() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::from("EHLO a.example")),
            Just(String::from("LHLO a.example")),
            Just(String::from("HELO [192.0.2.1]")),
            Just(String::from("MAIL FROM:<a@b.example>")),
            Just(String::from("mail from:<> size=5")),
            Just(format!("RCPT TO:<{TOKEN}>")),
            Just(format!("RCPT TO:<{TOKEN}>")),
            Just(String::from("RCPT TO:<x@leads.example.com>")),
            Just(format!("RCPT TO:<@other.example:{TOKEN}>")),
            Just(String::from("RCPT TO:<abc@other.example>")),
            Just(String::from("DATA")),
            Just(String::from("DATA")),
            Just(String::from("RSET")),
            Just(String::from("NOOP")),
            Just(String::from("STARTTLS")),
            Just(String::from("BDAT 5 LAST")),
            Just(String::from("QUIT")),
            "[ -~]{0,40}",
            "(MAIL FROM:|RCPT TO:|EHLO )[ -~é]{0,40}",
        ]
    }
}
