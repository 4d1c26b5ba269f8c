//! The addresses that are not the public internet: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and what was
//! entered since), multicast and reserved space. Nothing that a webhook has to reach stands in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range: its first address, the length of its prefix, and what it is, as a user reads it.
struct Range<T>(T, u8, &'static str);

const V4: &[Range<[u8; 4]>] = &[
    Range([0, 0, 0, 0], 8, "this network"),
    Range([10, 0, 0, 0], 8, "a private network"),
    Range([100, 64, 0, 0], 10, "a provider's shared network"),
    Range([127, 0, 0, 0], 8, "this machine"),
    Range([169, 254, 0, 0], 16, "a link-local network"),
    Range([172, 16, 0, 0], 12, "a private network"),
    Range([192, 0, 0, 0], 24, "reserved for protocols"),
    Range([192, 0, 2, 0], 24, "reserved for documentation"),
    Range([192, 31, 196, 0], 24, "reserved for protocols"),
    Range([192, 52, 193, 0], 24, "reserved for protocols"),
    Range([192, 88, 99, 0], 24, "a 6to4 relay"),
    Range([192, 168, 0, 0], 16, "a private network"),
    Range([192, 175, 48, 0], 24, "reserved for protocols"),
    Range([198, 18, 0, 0], 15, "reserved for benchmarks"),
    Range([198, 51, 100, 0], 24, "reserved for documentation"),
    Range([203, 0, 113, 0], 24, "reserved for documentation"),
    Range([224, 0, 0, 0], 4, "multicast"),
    Range([240, 0, 0, 0], 4, "reserved"),
];

/// In the order of narrow before wide: the first match names an address. What lies outside of 2000::/3 is given to nobody.
const V6: &[Range<[u16; 8]>] = &[
    Range([0, 0, 0, 0, 0, 0, 0, 0], 128, "this network"),
    Range([0, 0, 0, 0, 0, 0, 0, 1], 128, "this machine"),
    Range([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "an IPv4 address in disguise"),
    Range([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "an IPv4 address in disguise"),
    Range([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "a translator's network"),
    Range([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "a black hole"),
    Range([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "a Teredo tunnel"),
    Range([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "reserved for protocols"),
    Range([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "reserved for documentation"),
    Range([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "a 6to4 tunnel"),
    Range([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "reserved for protocols"),
    Range([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "reserved for documentation"),
    Range([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing"),
    Range([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "a private network"),
    Range([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "a link-local network"),
    Range([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "a private network"),
    Range([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
    Range([0, 0, 0, 0, 0, 0, 0, 0], 3, "reserved"),
    Range([0x4000, 0, 0, 0, 0, 0, 0, 0], 2, "reserved"),
    Range([0x8000, 0, 0, 0, 0, 0, 0, 0], 1, "reserved"),
];

/// What `address` is when it is not public.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            let bits = address.to_bits();
            V4.iter()
                .find(|range| (bits ^ Ipv4Addr::from(range.0).to_bits()) >> (32 - range.1) == 0)
                .map(|range| range.2)
        }
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            V6.iter()
                .find(|range| (bits ^ Ipv6Addr::from(range.0).to_bits()) >> (128 - range.1) == 0)
                .map(|range| range.2)
        }
    }
}

/// The IPv4 address inside of one of NAT64's well-known prefix, 64:ff9b::/96 (RFC 6052): on a host with IPv6 only, every
/// receiver that has IPv4 only resolves to one.
pub(super) fn behind_nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(bits: u32) -> Option<&'static str> {
        special(Ipv4Addr::from_bits(bits).into())
    }

    fn v6(bits: u128) -> Option<&'static str> {
        special(Ipv6Addr::from_bits(bits).into())
    }

    #[test]
    fn every_ipv4_range_holds_up_to_its_borders() {
        for Range(first, length, name) in V4 {
            let first = Ipv4Addr::from(*first).to_bits();
            let size = 1u64 << (32 - length);
            let last = u32::try_from(u64::from(first) + size - 1).unwrap();
            assert_eq!(u64::from(first) % size, 0, "{name} starts at a border");
            assert_eq!((v4(first), v4(last)), (Some(*name), Some(*name)));
            let outside = [first.checked_sub(1), last.checked_add(1)];
            for neighbour in outside.into_iter().flatten() {
                let is_listed = V4
                    .iter()
                    .any(|other| neighbour >> (32 - other.1) == Ipv4Addr::from(other.0).to_bits() >> (32 - other.1));
                assert_eq!(v4(neighbour).is_some(), is_listed, "{}", Ipv4Addr::from_bits(neighbour));
            }
        }
        for (inside, outside) in [
            ("10.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.63.255.255"),
            ("100.127.255.255", "100.128.0.0"),
            ("127.0.0.0", "126.255.255.255"),
            ("169.254.169.254", "169.255.0.0"),
            ("172.31.255.255", "172.32.0.0"),
            ("192.0.0.255", "192.0.1.0"),
            ("192.168.0.0", "192.167.255.255"),
            ("198.19.255.255", "198.20.0.0"),
            ("224.0.0.0", "223.255.255.255"),
            ("255.255.255.255", "1.1.1.1"),
        ] {
            assert!(special(inside.parse().unwrap()).is_some(), "{inside}");
            assert!(special(outside.parse().unwrap()).is_none(), "{outside}");
        }
    }

    #[test]
    fn every_ipv6_range_holds_up_to_its_borders() {
        for Range(first, length, _) in V6 {
            let first = Ipv6Addr::from(*first).to_bits();
            let rest = u128::MAX.checked_shr(u32::from(*length)).unwrap_or(0);
            assert_eq!(first & rest, 0);
            assert!(v6(first).is_some() && v6(first | rest).is_some());
        }
        for (inside, outside) in [
            ("::ffff:8.8.8.8", "2000::"),
            ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::1"),
            ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
            ("2001:db8::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
            ("2002::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"),
            ("3fff::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
            ("4000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fd00:ec2::254", "2606:4700::1111"),
        ] {
            assert!(special(inside.parse().unwrap()).is_some(), "{inside}");
            assert!(special(outside.parse().unwrap()).is_none(), "{outside}");
        }
    }

    #[test]
    fn only_the_well_known_prefix_is_nat64() {
        let inner = |text: &str| behind_nat64(text.parse().unwrap());
        assert_eq!(inner("64:ff9b::8.8.8.8"), Some(Ipv4Addr::new(8, 8, 8, 8)));
        assert_eq!(inner("64:ff9b::1:808:808"), None);
        assert_eq!(inner("64:ff9b:1::8.8.8.8"), None);
        assert_eq!(inner("::ffff:8.8.8.8"), None);
    }
}
