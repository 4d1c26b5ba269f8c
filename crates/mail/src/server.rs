//! The mail server of the settings.

use std::{fmt, net::IpAddr, time::Duration};

use lettre::{
    Address, AsyncSmtpTransport, Tokio1Executor,
    transport::smtp::{
        PoolConfig,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::{Origin, sender::Mailer};

/// How long the server may take for one step of the talk.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections at the same time.
const CONNECTIONS: u32 = 4;

/// A mail server that takes outgoing mail, as `ORGANICAGENT_MAIL_URL` names it.
#[derive(Clone)]
pub struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<(String, String)>,
    from: Option<Address>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// STARTTLS where it is offered: the server is on this machine.
    Opportunistic,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Server({}:{}, {:?})", self.host, self.port, self.security)
    }
}

impl Server {
    /// Reads `smtp(s)://user:password@host:port?from=address`; user, port and `from` may be missing.
    ///
    /// # Errors
    /// A sentence for the operator, without the password.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "must look like smtps://user:password@mail.example.com, or smtp:// for STARTTLS";
        let url = Url::parse(text).map_err(|error| {
            format!("{FORM} ({error}; in user and password, write what is no letter or digit as %40 for @)")
        })?;
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(FORM.to_owned()),
        };
        // `url` takes the hosts of schemes that it does not know as they are.
        if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte)) {
            return Err(String::from("the host must be a name or an address"));
        }
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let security = match url.scheme() {
            "smtps" => Security::Tls,
            "smtp" if is_here => Security::Opportunistic,
            "smtp" => Security::StartTls,
            _ => return Err(FORM.to_owned()),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(String::from(
                "must end after host and port; in a password, write / as %2F, ? as %3F and # as %23",
            ));
        }
        let decoded = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|text| text.into_owned())
                .map_err(|_| String::from("user and password must be UTF-8 behind their % signs"))
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, decoded(password)?)),
            _ => return Err(String::from("must have a user and a password, or neither")),
        };
        let mut from = credentials.as_ref().and_then(|(user, _)| user.parse::<Address>().ok());
        for (name, value) in url.query_pairs() {
            if name != "from" {
                return Err(format!("knows no parameter {name:?}; from=address is the only one"));
            }
            let address = value.parse::<Address>().ok().filter(|address| !address.domain().starts_with('['));
            from = Some(address.ok_or_else(|| format!("from={value} is no e-mail address"))?);
        }
        let usual = match security {
            Security::Tls => 465,
            _ if credentials.is_some() => 587,
            _ => 25,
        };
        Ok(Self { host, port: url.port().unwrap_or(usual), security, credentials, from })
    }

    /// What sends by this server, for a site of this public URL.
    ///
    /// # Errors
    /// A sentence for the operator, when the certificates of this machine cannot be read.
    pub fn mailer(&self, public_url: &str) -> Result<Mailer, String> {
        let site = public_url.trim_end_matches('/').to_owned();
        let origin = Origin { address: self.from.clone().unwrap_or_else(|| usual_sender(&site)), site };
        let tls = || {
            // A server of this machine has a certificate of its own making, if any; nobody stands between.
            TlsParameters::builder(self.host.clone())
                .dangerous_accept_invalid_certs(self.security == Security::Opportunistic)
                .build()
                .map_err(|error| format!("ORGANICAGENT_MAIL_URL: {error}"))
        };
        let tls = match self.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::Opportunistic => Tls::Opportunistic(tls()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.host.clone())
            .port(self.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(hello(&origin.site))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let Some((user, password)) = &self.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Mailer::new(builder.build(), origin))
    }
}

/// `organicagent@` and the host of the public URL.
fn usual_sender(site: &str) -> Address {
    let host = match Url::parse(site).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name.to_owned(),
        // An address in brackets is one by the book; hardly a server takes it.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => String::from("localhost"),
    };
    let usual = Address::new("organicagent", host);
    usual.unwrap_or_else(|_| Address::new("organicagent", "localhost").expect("an address"))
}

/// What this server calls itself to the mail server (RFC 5321, section 4.1.1.1).
fn hello(site: &str) -> ClientId {
    match Url::parse(site).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => ClientId::Domain(name.to_owned()),
        Some(Host::Ipv4(address)) => ClientId::Ipv4(address),
        Some(Host::Ipv6(address)) => ClientId::Ipv6(address),
        None => ClientId::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> (String, u16, Security, Option<String>) {
        let Server { host, port, security, from, .. } = Server::parse(url).unwrap();
        (host, port, security, from.map(|from| from.to_string()))
    }

    #[test]
    fn the_scheme_and_the_host_decide_how_it_is_talked_to() {
        for (url, host, port, security) in [
            ("smtps://u:p@mail.example.com", "mail.example.com", 465, Security::Tls),
            ("smtp://u:p@mail.example.com", "mail.example.com", 587, Security::StartTls),
            ("smtp://mail.example.com", "mail.example.com", 25, Security::StartTls),
            ("smtp://mail.example.com:2525/", "mail.example.com", 2525, Security::StartTls),
            ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, Security::Opportunistic),
            ("smtp://[::1]", "::1", 25, Security::Opportunistic),
            ("smtp://localhost", "localhost", 25, Security::Opportunistic),
            ("smtps://localhost", "localhost", 465, Security::Tls),
        ] {
            let (got_host, got_port, got_security, _) = parsed(url);
            assert_eq!((got_host.as_str(), got_port, got_security), (host, port, security), "{url}");
        }
    }

    #[test]
    fn the_sender_is_the_one_asked_for_or_the_user_or_made_of_the_public_url() {
        let sender =
            |url: &str, site: &str| Server::parse(url).unwrap().from.unwrap_or_else(|| usual_sender(site)).to_string();
        let site = "https://agent.example.com";
        assert_eq!(sender("smtp://sarah%40example.com:p@h.example", site), "sarah@example.com");
        assert_eq!(sender("smtp://u:p@h.example?from=office%40example.com", site), "office@example.com");
        assert_eq!(sender("smtp://u:p@h.example", site), "organicagent@agent.example.com");
        assert_eq!(sender("smtp://u:p@h.example", "http://127.0.0.1:8080"), "organicagent@localhost");
        assert_eq!(sender("smtp://u:p@h.example", "http://localhost:8080"), "organicagent@localhost");
    }

    #[test]
    fn user_and_password_are_decoded() {
        let server = Server::parse("smtps://a%40b.example:p%2Fw%3A%20x@h.example").unwrap();
        assert_eq!(server.credentials, Some((String::from("a@b.example"), String::from("p/w: x"))));
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_telling_the_password() {
        for url in [
            "mail.example.com",
            "http://u:secret@mail.example.com",
            "smtp://",
            "smtp://u:secret@",
            "smtp://u@mail.example.com",
            "smtp://:secret@mail.example.com",
            "smtp://u:secret@mail.example.com/inbox",
            "smtp://u:secret@mail.example.com?tls=none",
            "smtp://u:secret@mail.example.com?from=nobody",
            "smtp://u:secret@mail.example.com?from=me@[127.0.0.1]",
            "smtp://u:secret@mail.example.com:99999",
            "smtp://u:secret@ma%0d%0ail.example.com",
            "smtp://u:secret/x@mail.example.com",
        ] {
            let refused = Server::parse(url).unwrap_err();
            assert!(!refused.contains("secret"), "{url}: {refused}");
        }
        let server = Server::parse("smtp://u:secret@mail.example.com").unwrap();
        assert!(!format!("{server:?}").contains("secret"));
    }
}
