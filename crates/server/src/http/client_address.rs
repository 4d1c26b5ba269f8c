//! Who the client is when a trusted proxy stands between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A range of addresses, such as `10.0.0.0/8` or `2001:db8::/32`; a bare address is a range of one.
/// IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) are taken for IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A text that is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(String);

impl std::fmt::Display for NetworkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no address range such as 10.0.0.0/8", self.0)
    }
}

impl std::error::Error for NetworkError {}

impl Network {
    /// Its first address and how many of its bits all addresses share.
    pub fn parts(&self) -> (IpAddr, u8) {
        (self.address, self.prefix)
    }

    /// Whether the address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = mask(u128::from(u32::MAX), 32 - u32::from(self.prefix)) as u32;
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = mask(u128::MAX, 128 - u32::from(self.prefix));
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// `all` without its `hosts` lowest bits.
fn mask(all: u128, hosts: u32) -> u128 {
    all.checked_shl(hosts).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let parse = || {
            let (address, prefix) = match text.split_once('/') {
                Some((address, prefix)) => (address, Some(prefix)),
                None => (text, None),
            };
            let address = address.parse::<IpAddr>().ok()?;
            let most = match address {
                IpAddr::V4(_) => Ipv4Addr::BITS,
                IpAddr::V6(_) => Ipv6Addr::BITS,
            } as u8;
            let prefix = match prefix {
                Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => prefix.parse().ok()?,
                Some(_) => return None,
                None => most,
            };
            // ::ffff:a.b.c.d/n, n from 96, is an IPv4 range.
            match (address.to_canonical(), address) {
                (IpAddr::V4(address), IpAddr::V6(_)) if prefix >= 96 => Some(Network {
                    address: address.into(),
                    prefix: prefix.checked_sub(96).filter(|prefix| *prefix <= 32)?,
                }),
                _ if prefix <= most => Some(Network { address, prefix }),
                _ => None,
            }
        };
        parse().ok_or_else(|| NetworkError(text.to_owned()))
    }
}

/// The client's address: the peer's, unless the peer is trusted; then `X-Forwarded-For` is read from the right, as far
/// as those who wrote it are trusted. What an untrusted party put in front is never believed.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if trusted.is_empty() {
        return client;
    }
    for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        let Ok(value) = value.to_str() else {
            return client;
        };
        for hop in value.rsplit(',') {
            if !is_trusted(client) {
                return client;
            }
            match parse_hop(hop.trim()) {
                Some(address) => client = address,
                None => return client,
            }
        }
    }
    client
}

/// An address, with or without a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address.or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

/// The scheme by which the client came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

/// The scheme by which the client came to a trusted proxy, as the proxy nearest to us says in `X-Forwarded-Proto`;
/// `None` when there is none or it is not to be believed.
pub fn client_scheme(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Option<Scheme> {
    if !trusted.iter().any(|network| network.contains(peer)) {
        return None;
    }
    let value = headers.get_all(X_FORWARDED_PROTO).iter().next_back()?.to_str().ok()?;
    let nearest = value.rsplit(',').next()?.trim();
    match nearest.to_ascii_lowercase().as_str() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &[&str]) -> Vec<Network> {
        text.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, value.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &networks(trusted)).to_string()
    }

    #[test]
    fn a_range_holds_its_addresses_only() {
        let inside =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(inside("10.0.0.0/8", "10.255.1.2"));
        assert!(!inside("10.0.0.0/8", "11.0.0.0"));
        assert!(inside("0.0.0.0/0", "203.0.113.9"));
        assert!(!inside("0.0.0.0/0", "2001:db8::1"));
        assert!(inside("127.0.0.1", "127.0.0.1"));
        assert!(!inside("127.0.0.1", "127.0.0.2"));
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!inside("2001:db8::/32", "2001:db9::1"));
        assert!(inside("::/0", "::1"));
        assert!(inside("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(inside("::ffff:10.0.0.0/104", "10.9.9.9"));
        for bad in
            ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "::/129", "example.com", "::ffff:10.0.0.0/129"]
        {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_untrusted_peer_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn trusted_hops_are_followed_from_the_right() {
        let trusted = &["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(client("10.0.0.1", &["198.51.100.1"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.2"], trusted), "198.51.100.1");
        assert_eq!(client("2001:db8::1", &["[2001:db8::2]:4711, [::1]"], trusted), "::1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1:1234"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"], trusted), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[], trusted), "10.0.0.1");
    }

    #[test]
    fn what_is_no_address_ends_the_way() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], trusted), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[""], trusted), "10.0.0.1");
    }

    #[test]
    fn the_scheme_is_the_nearest_proxys_word() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_PROTO, "http, HTTPS".parse().unwrap());
        let trusted = networks(&["10.0.0.0/8"]);
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(client_scheme(peer, &headers, &trusted), Some(Scheme::Https));
        assert_eq!(client_scheme("1.1.1.1".parse().unwrap(), &headers, &trusted), None);
        assert_eq!(client_scheme(peer, &HeaderMap::new(), &trusted), None);
    }
}
