//! What a visit is counted under: a campaign's source, the name of the site that the visitor came from, or nothing of either.

/// Who came by a bookmark, a typed address, or a link that does not say where it stands.
pub const DIRECT: &str = "direct";
/// The most characters of an origin.
const LONGEST: usize = 40;
/// Sites with many addresses, by a part of the host that only they have, and what they are called.
const KNOWN: [(&str, &str); 15] = [
    ("google", "google"),
    ("bing", "bing"),
    ("duckduckgo", "duckduckgo"),
    ("yahoo", "yahoo"),
    ("facebook", "facebook"),
    ("instagram", "instagram"),
    ("linkedin", "linkedin"),
    ("pinterest", "pinterest"),
    ("youtube", "youtube"),
    ("tiktok", "tiktok"),
    ("nextdoor", "nextdoor"),
    ("zillow", "zillow"),
    ("realtor", "realtor.com"),
    ("redfin", "redfin"),
    ("reddit", "reddit"),
];

/// What a visit counts as coming from.
#[must_use]
pub fn origin_of(campaign: Option<&str>, referrer: Option<&str>) -> String {
    let campaign = campaign.map(plain).filter(|source| !source.is_empty());
    campaign.or_else(|| referrer.and_then(host_of).map(|host| named(&host))).unwrap_or_else(|| DIRECT.to_owned())
}

/// What is left of a campaign's source that anybody may have put into a link.
fn plain(source: &str) -> String {
    let kept = source.trim().to_lowercase();
    kept.chars().filter(|letter| letter.is_alphanumeric() || "-_. ".contains(*letter)).take(LONGEST).collect()
}

/// The host of an address, where it is one on the web.
fn host_of(address: &str) -> Option<String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.to_ascii_lowercase();
    let is_host = !host.is_empty()
        && host.len() <= 253
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    is_host.then_some(host)
}

fn named(host: &str) -> String {
    let known = KNOWN.iter().find(|(part, _)| {
        // `l.facebook.com`, `www.google.co.uk`, and not `google.evil.example`.
        let mut labels = host.rsplit('.').skip(1);
        match labels.next() {
            Some("co" | "com" | "net" | "org") => labels.next() == Some(part),
            label => label == Some(part),
        }
    });
    match known {
        Some((_, name)) => (*name).to_owned(),
        None => host.strip_prefix("www.").unwrap_or(host).chars().take(LONGEST).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_counted_under_its_campaign_then_where_it_came_from() {
        for (campaign, referrer, origin) in [
            (Some(" Spring_Flyer "), Some("https://www.google.com/"), "spring_flyer"),
            (Some("<script>"), None, "script"),
            (Some(" "), Some("https://l.facebook.com/l.php?u=x"), "facebook"),
            (None, Some("https://www.google.co.uk/search"), "google"),
            (None, Some("https://google.evil.example/"), "google.evil.example"),
            (None, Some("http://www.Example.com:8080/page"), "example.com"),
            (None, Some("javascript:alert(1)"), "direct"),
            (None, Some("https://"), "direct"),
            (None, Some("https://user@example.com/"), "example.com"),
            (None, Some("android-app://com.slack"), "direct"),
            (None, None, "direct"),
        ] {
            assert_eq!(origin_of(campaign, referrer), origin, "{campaign:?} {referrer:?}");
        }
        assert_eq!(origin_of(Some(&"x".repeat(500)), None).len(), LONGEST);
    }
}
