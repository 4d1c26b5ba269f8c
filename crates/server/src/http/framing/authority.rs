//! Host and port, as they stand in a Host field or an absolute target.

use std::net::Ipv6Addr;

/// The scheme of an absolute target; it gives the default port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http`, port 80.
    Http,
    /// `https`, port 443.
    Https,
}

impl Scheme {
    fn default_port(self) -> &'static [u8] {
        match self {
            Scheme::Http => b"80",
            Scheme::Https => b"443",
        }
    }
}

/// Whether `text` is a DNS name, an IPv4 address or a bracketed IPv6 address, with or without a port.
/// Narrower than RFC 3986's `reg-name`: what no host can be called needs no further look.
pub fn is_authority(text: &[u8]) -> bool {
    let Some((host, port)) = split(text) else {
        return false;
    };
    is_host(host) && port.is_none_or(is_port)
}

/// Whether two authorities, each valid, mean the same host and port.
pub fn same_authority(one: &[u8], other: &[u8], scheme: Scheme) -> bool {
    let default = Some(scheme.default_port());
    match (split(one), split(other)) {
        (Some((host, port)), Some((other_host, other_port))) => {
            host.eq_ignore_ascii_case(other_host) && port.or(default) == other_port.or(default)
        }
        _ => false,
    }
}

/// Host (brackets included) and port; `None` where brackets do not match.
fn split(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_end = match text.first() {
        Some(b'[') => text.iter().position(|byte| *byte == b']')? + 1,
        _ => text.iter().position(|byte| *byte == b':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(host_end);
    match rest.split_first() {
        None => Some((host, None)),
        Some((b':', port)) => Some((host, Some(port))),
        Some(_) => None,
    }
}

fn is_host(host: &[u8]) -> bool {
    if let Some(inner) = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")) {
        return std::str::from_utf8(inner).is_ok_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    (1..=255).contains(&host.len())
        && host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

fn is_port(port: &[u8]) -> bool {
    (1..=5).contains(&port.len())
        && port.iter().all(u8::is_ascii_digit)
        && port.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')) <= 65_535
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_authorities() {
        for good in ["a", "a.example:8080", "127.0.0.1", "[::1]", "[::1]:443", "x_y.z", "xn--caf-dma.example."] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for bad in [
            "",
            ":80",
            "a:",
            "a:b",
            "a:99999",
            "a:123456",
            "a b",
            "a/b",
            "u@a",
            "a,b",
            "[::1",
            "[::g]",
            "::1",
            "[::1]80",
            "a\"",
            "a%41",
            "caf\u{e9}",
            "[::1%25eth0]",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_default_port_and_the_case_make_no_difference() {
        assert!(same_authority(b"A.example:80", b"a.Example", Scheme::Http));
        assert!(same_authority(b"a.example:443", b"a.example", Scheme::Https));
        assert!(!same_authority(b"a.example:443", b"a.example", Scheme::Http));
        assert!(!same_authority(b"a.example", b"b.example", Scheme::Http));
        assert!(same_authority(b"[::1]:8080", b"[::1]:8080", Scheme::Http));
    }
}
