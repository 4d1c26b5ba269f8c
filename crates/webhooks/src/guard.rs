//! Where webhooks may go: public addresses over https, and what the operator allows besides.
//!
//! A URL is judged when it is saved and again when it is sent to, each address when a connection is opened, so a name that
//! changes its address between the two gains nothing. What is judged is what the `url` crate has parsed, and the client
//! connects to that, so the spellings of an address (decimal, octal, hexadecimal, short) cannot make a difference.

mod ranges;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

use ipnet::IpNet;
use url::{Host, Url};

/// Where an address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It stands in the URL.
    Literal,
    /// A name resolved to it.
    Dns,
}

/// How a receiver is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain text: only where the operator allows it.
    Http,
    /// TLS.
    Https,
}

/// A receiver as its URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// A name in lower case, or an address.
    pub host: Host,
    /// The port, also when the URL names none.
    pub port: u16,
    /// Path and query, as they go into the request line.
    pub path: String,
}

/// An address that is not connected to, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It lies in a range that is not the public internet; which one.
    Special(IpAddr, &'static str),
    /// A public address, over plain http.
    Plain(IpAddr),
    /// A port other than 80, 443 and those from 1024 on.
    Port(u16),
    /// This server itself.
    Own,
    /// This server sends to allowed ranges only.
    Closed,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Special(address, what) => write!(out, "{address} is refused: it is no public address ({what})"),
            Self::Plain(address) => write!(out, "{address} is refused: plain http is not allowed to it, use https"),
            Self::Port(port) => write!(out, "port {port} is refused: use 80, 443 or one from 1024 on"),
            Self::Own => out.write_str("refused: this is OrganicAgent itself"),
            Self::Closed => out.write_str("refused: the demo sends to the ranges of ORGANICAGENT_WEBHOOK_ALLOW only"),
        }
    }
}

/// The rules of one server.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
    own: Vec<(Host, u16)>,
    /// The port where this server listens at every address of its machine.
    everywhere: Option<u16>,
    is_closed: bool,
    is_plain: bool,
}

impl Guard {
    /// The rules with the ranges where plain http, addresses that are not public and any port are allowed, and the hosts and
    /// ports at which this server itself is reached.
    #[must_use]
    pub fn new(allow: Vec<IpNet>, own: Vec<(String, u16)>) -> Self {
        // The brackets of an IPv6 literal are the URL's, so a bare one gets them.
        let parse = |host: &str| Host::parse(host).or_else(|_| Host::parse(&format!("[{host}]"))).ok();
        let own = own.into_iter().filter_map(|(host, port)| parse(&host).map(|host| (host, port))).collect();
        Self { allow, own, everywhere: None, is_closed: false, is_plain: false }
    }

    /// The same rules for a server that listens on this port at every address of its machine: each of them is its own.
    #[must_use]
    pub fn listening_everywhere(self, port: u16) -> Self {
        Self { everywhere: Some(port), ..self }
    }

    /// The same rules, but nothing is connected to except what is allowed.
    #[must_use]
    pub fn allowed_only(self) -> Self {
        Self { is_closed: true, ..self }
    }

    /// The same rules, but plain http is spoken too: to ask what is no secret.
    #[must_use]
    pub fn plain_too(self) -> Self {
        Self { is_plain: true, ..self }
    }

    /// Whether a webhook may have this URL, when it is saved; a sentence for its owner when not.
    ///
    /// Where a name will lead is not known yet, so it gets neither plain http nor an odd port on the strength of an allow list:
    /// those are for addresses within it, and for `localhost` where it covers that.
    ///
    /// # Errors
    /// The sentence.
    pub fn check_url(&self, text: &str) -> Result<(), String> {
        let target = self.target(text)?;
        match &target.host {
            Host::Domain(name) if !is_localhost(name) => self.usual(&target),
            _ => Ok(()),
        }
    }

    /// The receiver that a URL names, when it is sent to. With an allow list, scheme and port of a name are judged with each address
    /// that it resolves to.
    ///
    /// # Errors
    /// A sentence for the owner when the rules refuse it.
    pub fn target(&self, text: &str) -> Result<Target, String> {
        // The parser would drop or turn these, and another parser might not.
        if text.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return Err("The URL must not hold blanks, control characters or backslashes.".to_owned());
        }
        let url = Url::parse(text).map_err(|cause| format!("This is no URL: {cause}."))?;
        let scheme = match url.scheme() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            other => return Err(format!("The URL must begin with https://, not {other}:.")),
        };
        if !text.get(url.scheme().len()..).is_some_and(|rest| rest.starts_with("://") && !rest.starts_with(":///")) {
            return Err("The URL must begin with https:// and a host.".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() || has_user_info(text) {
            return Err("The URL must not hold a user name or password; use a header instead.".to_owned());
        }
        if url.fragment().is_some() {
            return Err("The URL must not hold a #: what follows it is never sent.".to_owned());
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err("The URL needs a host.".to_owned());
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let target = Target { scheme, host: host.to_owned(), port, path };
        self.check(&target)?;
        Ok(target)
    }

    fn check(&self, target: &Target) -> Result<(), String> {
        if self.is_own_host(target) {
            return Err("The URL points to OrganicAgent itself.".to_owned());
        }
        let refuse = |refused: Refused| match refused {
            Refused::Plain(_) => "The URL must begin with https://.".to_owned(),
            Refused::Port(port) => format!("Port {port} cannot be used: use 80, 443 or one from 1024 on."),
            Refused::Own => "The URL points to OrganicAgent itself.".to_owned(),
            Refused::Closed => "The demo sends to the ranges of ORGANICAGENT_WEBHOOK_ALLOW only.".to_owned(),
            Refused::Special(_, what) => format!("The URL does not point to a public address but to {what}."),
        };
        match &target.host {
            Host::Ipv4(address) => self.check_address((*address).into(), target, Origin::Literal).map_err(refuse),
            Host::Ipv6(address) => self.check_address((*address).into(), target, Origin::Literal).map_err(refuse),
            Host::Domain(name) => self.check_name(name, target),
        }
    }

    /// Whether the URL's host, as it is written, is this server.
    fn is_own_host(&self, target: &Target) -> bool {
        let is_same = |own: &Host| match (own, &target.host) {
            (Host::Domain(own), Host::Domain(name)) => own == name || is_localhost(own) && is_localhost(name),
            (own, host) => own == host,
        };
        self.own.iter().any(|(own, port)| *port == target.port && is_same(own))
    }

    fn check_name(&self, name: &str, target: &Target) -> Result<(), String> {
        if name.ends_with('.') {
            return Err("The host must not end with a dot.".to_owned());
        }
        if is_localhost(name) {
            let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            let is_allowed = self.allow.iter().any(|range| loopback.iter().any(|address| range.contains(address)));
            return is_allowed.then_some(()).ok_or_else(|| "The URL points to this machine.".to_owned());
        }
        // With an allow list a name may resolve into it, so scheme and port are judged with the address.
        if !self.allow.is_empty() {
            return Ok(());
        }
        self.usual(target)
    }

    /// Scheme and port of a name that may lead anywhere.
    fn usual(&self, target: &Target) -> Result<(), String> {
        if target.scheme == Scheme::Http && !self.is_plain {
            return Err("The URL must begin with https://.".to_owned());
        }
        if !is_usual(target.port) {
            return Err(format!("Port {} cannot be used: use 80, 443 or one from 1024 on.", target.port));
        }
        Ok(())
    }

    /// Whether a connection to this address may be opened for the target.
    ///
    /// # Errors
    /// Why not.
    pub fn check_address(&self, address: IpAddr, target: &Target, origin: Origin) -> Result<(), Refused> {
        if self.is_own_address(address, target.port) {
            return Err(Refused::Own);
        }
        if self.allow.iter().any(|range| range.contains(&address)) {
            return Ok(());
        }
        if self.is_closed {
            return Err(Refused::Closed);
        }
        let judged = match (address, origin) {
            (IpAddr::V6(v6), Origin::Dns) => ranges::behind_nat64(v6).map_or(address, IpAddr::V4),
            _ => address,
        };
        if let Some(what) = ranges::special(judged) {
            return Err(Refused::Special(address, what));
        }
        if target.scheme == Scheme::Http && !self.is_plain {
            return Err(Refused::Plain(address));
        }
        is_usual(target.port).then_some(()).ok_or(Refused::Port(target.port))
    }

    fn is_own_address(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        let is_own = |(host, own): &(Host, u16)| {
            // A connection to the unspecified address goes to this machine.
            *own == port && (is_same(host, address) || address.is_unspecified())
        };
        self.own.iter().any(is_own) || self.everywhere == Some(port) && is_of_this_machine(address)
    }
}

/// Whether one of this machine's interfaces has the address, now. The system is asked by which address it would speak to that one:
/// only for one of its own is it the same. Nothing is sent: a UDP socket only looks up the way.
fn is_of_this_machine(address: IpAddr) -> bool {
    let any = if address.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let speaks_as = || {
        let socket = UdpSocket::bind((any, 0))?;
        // Any port will do; this one discards what it gets.
        socket.connect((address, 9))?;
        socket.local_addr()
    };
    address.is_loopback() || address.is_unspecified() || speaks_as().is_ok_and(|own| own.ip() == address)
}

/// Names that mean this machine (RFC 6761, section 6.3), whatever a name server says.
#[must_use]
pub fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Ports where web servers listen: mail and other services below 1024 are not to be talked to.
fn is_usual(port: u16) -> bool {
    matches!(port, 80 | 443 | 1024..)
}

/// Also `https://@host` and `https://:@host` have user info, though an empty one.
fn has_user_info(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.contains('@')
}

fn is_same(host: &Host, address: IpAddr) -> bool {
    match host {
        Host::Ipv4(own) => IpAddr::V4(*own) == address,
        Host::Ipv6(own) => IpAddr::V6(*own).to_canonical() == address,
        Host::Domain(name) => is_localhost(name) && address.is_loopback(),
    }
}

#[cfg(test)]
mod tests;
