use proptest::prelude::*;

use super::*;

fn strict() -> Guard {
    Guard::new(Vec::new(), vec![("crm.example.com".to_owned(), 443), ("203.0.114.1".to_owned(), 8443)])
}

fn allowing(ranges: &[&str]) -> Guard {
    Guard::new(ranges.iter().map(|range| range.parse().unwrap()).collect(), vec![("localhost".to_owned(), 8080)])
}

#[test]
fn public_receivers_are_accepted() {
    for url in [
        "https://hooks.zapier.com/hooks/catch/1/a/",
        "https://example.com",
        "https://example.com:443/x?y=z@w",
        "https://example.com:80/",
        "https://example.com:1024/",
        "https://example.com:65535/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "HTTPS://EXAMPLE.COM/@user",
        "https://bücher.example/",
        "https://crm.example.com:8443/",
    ] {
        assert_eq!(strict().check_url(url), Ok(()), "{url}");
    }
}

/// W1 to W4 and W8 to W10 of the catalogue of attacks.
#[test]
fn everything_else_is_refused_with_a_sentence() {
    for url in [
        "https://localhost/",
        "https://LOCALHOST/",
        "https://a.localhost/",
        "https://localhost./",
        "https://[::1]/",
        "https://0.0.0.0/",
        "https://0/",
        "https://[::]/",
        "https://169.254.169.254/latest",
        "https://[fd00:ec2::254]/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://１２７.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[::127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:1::1]/",
        "https://[64:ff9b::8.8.8.8]/",
        "https://[64:ff9b:1::1]/",
        "https://10.0.0.1/",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://@example.com/",
        "https://:@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https:\\\\example.com/",
        "https://example.com#@127.0.0.1/",
        "https://example.com/#",
        "https:/example.com/",
        "https:example.com/",
        "https:///example.com/",
        "https://exam\tple.com/",
        " https://example.com/",
        "https://example.com/\n",
        "https://example.com /",
        "http://example.com/",
        "http://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https://example.com:25/",
        "https://example.com:0/",
        "https://example.com:1023/",
        "https://example.com:65536/",
        "https://example.com./",
        "https://crm.example.com/",
        "https://CRM.example.com:443/hooks",
        "https://203.0.114.1:8443/",
    ] {
        let sentence = strict().check_url(url).expect_err(url);
        assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{url}: {sentence}");
    }
}

#[test]
fn within_the_allow_list_plain_http_private_addresses_and_any_port_are_fine() {
    let guard = allowing(&["127.0.0.0/8", "10.1.0.0/16", "fd00::/8"]);
    for url in [
        "http://127.0.0.1:9/",
        "http://127.9.9.9/",
        "http://2130706433:25/",
        "http://10.1.2.3/",
        "http://[fd00::1]:1/",
        "http://localhost:25/",
        "http://hooks.localhost:1/",
        "https://example.com/",
    ] {
        assert_eq!(guard.check_url(url), Ok(()), "{url}");
    }
    for url in ["http://10.2.0.1/", "http://8.8.8.8/", "https://8.8.8.8:25/", "http://[::1]/", "http://u@127.0.0.1/"] {
        assert!(guard.check_url(url).is_err(), "{url}");
    }
    for url in
        ["http://example.com/", "https://example.com:25/", "http://receiver:81/", "http://localhost.example.com/"]
    {
        assert!(guard.check_url(url).is_err(), "{url}: nobody knows yet where the name leads");
    }
    for (range, is_covered) in
        [("10.0.0.0/8", false), ("127.0.0.5/32", false), ("0.0.0.0/0", true), ("::1/128", true), ("127.0.0.1/32", true)]
    {
        assert_eq!(allowing(&[range]).check_url("http://localhost/").is_ok(), is_covered, "{range}");
    }
}

#[test]
fn a_name_over_plain_http_or_at_an_odd_port_may_only_resolve_into_the_allow_list() {
    let guard = allowing(&["10.1.0.0/16"]);
    let plain = guard.target("http://receiver/").unwrap();
    let odd = guard.target("https://receiver:81/").unwrap();
    let inside = "10.1.0.9".parse().unwrap();
    let outside = "8.8.8.8".parse().unwrap();
    assert_eq!(guard.check_address(inside, &plain, Origin::Dns), Ok(()));
    assert_eq!(guard.check_address(inside, &odd, Origin::Dns), Ok(()));
    assert_eq!(guard.check_address(outside, &plain, Origin::Dns), Err(Refused::Plain(outside)));
    assert_eq!(guard.check_address(outside, &odd, Origin::Dns), Err(Refused::Port(81)));
}

#[test]
fn the_server_itself_is_refused_also_where_its_address_is_allowed() {
    let guard = allowing(&["127.0.0.0/8", "::1/128"]);
    for url in [
        "http://localhost:8080/",
        "http://hooks.localhost:8080/",
        "http://127.0.0.1:8080/",
        "http://[::1]:8080/",
        "http://127.1:8080/",
    ] {
        assert!(guard.check_url(url).is_err(), "{url}");
    }
    assert_eq!(guard.check_url("http://localhost:8081/"), Ok(()));
    let target = guard.target("http://name:8080/").unwrap();
    assert_eq!(guard.check_address("127.0.0.1".parse().unwrap(), &target, Origin::Dns), Err(Refused::Own));
}

#[test]
fn who_listens_everywhere_owns_every_address_of_the_machine() {
    let guard = allowing(&["0.0.0.0/0", "::/0"]).listening_everywhere(9000);
    let mut own =
        ["127.0.0.1", "127.0.0.9", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]"].map(str::to_owned).to_vec();
    // The interface to the outside, where this machine has one.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    if socket.connect("192.0.2.1:9").is_ok() {
        own.push(socket.local_addr().unwrap().ip().to_string());
    }
    for address in own {
        assert!(guard.check_url(&format!("http://{address}:9000/")).is_err(), "{address}");
        assert_eq!(guard.check_url(&format!("http://{address}:9001/")), Ok(()), "{address}");
    }
    for other in ["192.0.2.1", "8.8.8.8", "[2001:db8::1]"] {
        assert_eq!(guard.check_url(&format!("http://{other}:9000/")), Ok(()), "{other}");
    }
}

#[test]
fn a_refused_address_says_what_it_is() {
    let refused = Refused::Special("10.0.0.1".parse().unwrap(), "a private network");
    assert_eq!(refused.to_string(), "10.0.0.1 is refused: it is no public address (a private network)");
}

proptest! {
    #[test]
    fn the_nat64_prefix_inherits_the_verdict_of_the_address_inside(bits in any::<u32>()) {
        let inner = Ipv4Addr::from_bits(bits);
        let outer = Ipv6Addr::from_bits(0x64_ff9b << 96 | u128::from(bits));
        let target = strict().target("https://example.com/").unwrap();
        let judge = |address: IpAddr, origin| strict().check_address(address, &target, origin).is_ok();
        prop_assert_eq!(judge(outer.into(), Origin::Dns), judge(inner.into(), Origin::Dns));
        prop_assert!(!judge(outer.into(), Origin::Literal));
    }

    #[test]
    fn every_spelling_of_an_address_gets_one_verdict(bits in any::<u32>()) {
        let address = Ipv4Addr::from_bits(bits);
        let [a, b, c, d] = address.octets();
        let low = u32::from(c) << 8 | u32::from(d);
        let expected = strict().check_url(&format!("https://{address}/")).is_ok();
        for host in [
            format!("{bits}"),
            format!("0x{bits:x}"),
            format!("0{bits:o}"),
            format!("{a}.{b}.{low}"),
            format!("0x{a:x}.0{b:o}.{c}.{d}"),
        ] {
            prop_assert_eq!(strict().check_url(&format!("https://{host}/")).is_ok(), expected, "{}", host);
        }
    }

    #[test]
    fn no_text_makes_the_guard_panic(text in "(https?://)?.{0,60}") {
        let _ = strict().check_url(&text);
    }
}
