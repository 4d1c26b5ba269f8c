//! Known hosts: a request for any other host is answered as if nothing were here, so that no page or link is ever made for a
//! name that an attacker chose.

use std::net::IpAddr;

use axum::extract::Request;
use http::{Uri, header};

/// The hosts that this server answers for, beside `localhost` and IP literals.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// The host of the public URL.
    #[must_use]
    pub fn of_public_url(public_url: &str) -> Self {
        Self { names: of_public_url(public_url).into_iter().collect() }
    }

    /// Whether a request is for a known host, whatever the port.
    #[must_use]
    pub fn knows(&self, request: &Request) -> bool {
        sent(request).is_some_and(|host| self.is_known(host))
    }

    fn is_known(&self, authority: &str) -> bool {
        let host = name(authority);
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        host == "localhost" || literal.parse::<IpAddr>().is_ok() || self.names.contains(&host)
    }
}

/// The host of the public URL, in lower case.
pub(crate) fn of_public_url(public_url: &str) -> Option<String> {
    public_url.parse::<Uri>().ok()?.host().map(str::to_ascii_lowercase)
}

/// The host that a request is for, as it was sent: with its port, if it names one.
pub(crate) fn sent(request: &Request) -> Option<&str> {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    authority.or_else(|| request.headers().get(header::HOST).and_then(|host| host.to_str().ok()))
}

/// The name of a host as it was sent: without its port, in lower case.
pub(crate) fn name(authority: &str) -> String {
    let host = without_port(authority);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// A host without its port.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) =>
        {
            host
        }
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_host_localhost_and_literals_are_known() {
        let hosts = Hosts::of_public_url("https://Agent.Example.com:8443");
        for host in [
            "agent.example.com",
            "AGENT.example.com:99",
            "agent.example.com.",
            "localhost:8080",
            "127.0.0.1",
            "10.0.0.1:80",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(hosts.is_known(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "agent.example.com.evil.example",
            "localhost.evil.example",
            "agent.example.com@evil",
            "[evil]",
            ":80",
        ] {
            assert!(!hosts.is_known(host), "{host}");
        }
    }
}
