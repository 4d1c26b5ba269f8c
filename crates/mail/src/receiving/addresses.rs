//! Recipients: an agent's token at the domain of the settings, and nothing else.

/// The token of a recipient, where the address is one of this domain. Routes through other servers, and addresses that hide another one,
/// are none. What follows a plus sign is the sender's own matter.
pub(super) fn token<'a>(address: &'a str, domain: &str) -> Option<&'a str> {
    let (local, at) = address.rsplit_once('@')?;
    let local = local.split_once('+').map_or(local, |(local, _)| local);
    let is_plain = !local.is_empty() && local.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_plain && at.trim_end_matches('.').eq_ignore_ascii_case(domain)).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_address_of_the_domain_has_a_token() {
        assert_eq!(token("abc2@Leads.Example.com", "leads.example.com"), Some("abc2"));
        assert_eq!(token("abc2+zillow@leads.example.com", "leads.example.com"), Some("abc2"));
        for other in [
            "abc2@example.com",
            "abc2",
            "@leads.example.com",
            "abc2%example.com@leads.example.com",
            "example.com!abc2@leads.example.com",
            "@example.com:abc2@leads.example.com",
            "abc2@example.com@leads.example.com",
            "\"abc2\"@leads.example.com",
            "abc2@leads.example.com.example.com",
        ] {
            assert_eq!(token(other, "leads.example.com"), None, "{other}");
        }
    }
}
