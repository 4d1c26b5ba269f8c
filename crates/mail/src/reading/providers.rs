//! What is known of senders: `providers.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::texts;

/// What a sender does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Portal,
    Crm,
    Form,
    OpenHouse,
    Noise,
}

/// A sender of mails.
#[derive(Debug, Deserialize)]
pub(crate) struct Provider {
    pub slug: String,
    pub kind: Kind,
    pub source: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    relays: Vec<String>,
    #[serde(default)]
    noise: Vec<String>,
    #[serde(default)]
    silent: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    provider: Vec<Provider>,
}

static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let mut file = toml::from_str::<File>(include_str!("providers.toml")).expect("providers.toml is tested");
    for provider in &mut file.provider {
        for name in provider.names.iter_mut().chain(&mut provider.noise) {
            *name = texts::fold(name);
        }
    }
    file.provider
});

fn ends_in(domain: &str, suffix: &str) -> bool {
    domain.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain).trim_end_matches('.').to_lowercase()
}

/// Who sends from that address, or host.
pub(crate) fn by_address(address: &str) -> Option<&'static Provider> {
    let domain = domain_of(address);
    PROVIDERS.iter().find(|provider| provider.domains.iter().any(|known| ends_in(&domain, known)))
}

/// Whether a domain sends for many and is nobody's own.
pub(crate) fn is_relaying_domain(domain: &str) -> bool {
    by_address(domain).is_some()
}

/// Whether an address stands for one person: a portal's relay.
pub(crate) fn is_relay(address: &str) -> bool {
    let domain = domain_of(address);
    if PROVIDERS.iter().any(|provider| provider.relays.iter().any(|relay| ends_in(&domain, relay))) {
        return true;
    }
    let Some(provider) =
        by_address(address).filter(|provider| provider.kind == Kind::Portal || provider.kind == Kind::Crm)
    else {
        return false;
    };
    // A token: long, with digits, no word.
    let local = address.split('@').next().unwrap_or_default();
    let token = local.rsplit(['+', '.', '-', '_']).next().unwrap_or(local);
    let is_conversation = domain.split('.').next().is_some_and(|first| {
        matches!(first, "convo" | "reply" | "messages" | "messaging" | "inbox" | "relay" | "conversations")
    });
    (token.len() >= 8 && token.bytes().any(|byte| byte.is_ascii_digit())
        || is_conversation && token.len() >= 6 && !matches!(token, "notifications" | "support" | "noreply"))
        && provider.kind == Kind::Portal
}

/// Who is called so, and where the name stands in `folded`: the earliest.
pub(crate) fn named_in(folded: &str) -> Option<(&'static Provider, usize)> {
    let found = PROVIDERS.iter().flat_map(|provider| provider.names.iter().map(move |name| (provider, name)));
    let found = found
        .filter(|(_, name)| name.len() > 5)
        .filter_map(|(provider, name)| Some((provider, texts::find_word(folded, name)?)));
    found.min_by_key(|(_, at)| *at)
}

/// The source that the value of a source's label names.
pub(crate) fn source_named(value: &str) -> Option<&'static str> {
    let folded = texts::fold(value);
    let folded = folded.trim();
    let mut exact = PROVIDERS.iter().filter(|provider| provider.names.iter().any(|name| name == folded));
    let found = exact.next().or_else(|| {
        let words = PROVIDERS.iter().flat_map(|provider| provider.names.iter().map(move |name| (provider, name)));
        let words = words.filter_map(|(provider, name)| Some((provider, texts::find_word(folded, name)?, name.len())));
        words
            .filter(|(provider, ..)| provider.source.is_some())
            .min_by_key(|(_, at, length)| (*at, usize::MAX - length))
            .map(|(provider, ..)| provider)
    });
    if let Some(source) = found.and_then(|provider| provider.source.as_deref()) {
        return Some(source);
    }
    if texts::has_word(folded, &["open house", "openhouse", "open house sign in"]) {
        return Some("open-house");
    }
    if texts::has_word(
        folded,
        &[
            "website",
            "web site",
            "web",
            "idx",
            "landing page",
            "contact form",
            "web form",
            "home valuation",
            "blog",
            "site",
            "my website",
            "google",
            "ppc",
            "seo",
        ],
    ) || folded.contains(".com")
        || folded.contains(".net")
    {
        return Some("website");
    }
    None
}

impl Provider {
    /// Whether that sender, or a mail with that subject, is never a lead.
    pub(crate) fn is_noise(&self, sender: &str, folded_subject: &str) -> bool {
        let sender = sender.to_lowercase();
        self.kind == Kind::Noise
            || self.silent.iter().any(|silent| sender.starts_with(silent.as_str()) || sender == *silent)
            || self.noise.iter().any(|noise| texts::find_word(folded_subject, noise).is_some())
    }

    /// The domain that its mail is signed for, of an address of it.
    pub(crate) fn domain(&self, address: &str) -> Option<&str> {
        let domain = domain_of(address);
        self.domains.iter().find(|known| ends_in(&domain, known)).map(String::as_str)
    }

    /// Whether a domain only looks like one of it: its name is within, or is written with a digit for a letter.
    fn is_imitated_by(&self, domain: &str) -> bool {
        const OWN_WORDS: &[&str] = &[
            "zillow",
            "trulia",
            "hotpads",
            "streeteasy",
            "realtor",
            "realtorcom",
            "redfin",
            "opcity",
            "homelight",
            "upnest",
            "boldleads",
            "followupboss",
            "facebook",
            "docusign",
            "dotloop",
            "readyconnect",
        ];
        if self.domains.iter().any(|known| ends_in(domain, known)) {
            return false;
        }
        let plain = domain
            .replace('0', "o")
            .replace('1', "l")
            .replace('3', "e")
            .replace("rn", "m")
            .replace('5', "s")
            .replace(['-', '.'], " ");
        let squeezed = plain.replace(' ', "");
        self.domains
            .iter()
            .filter_map(|known| known.split('.').next())
            .filter(|word| OWN_WORDS.contains(word) && *word != "realtor")
            .any(|word| squeezed.contains(word) || plain.split(' ').any(|label| is_one_off(label, word)))
            || self.slug == "realtor.com"
                && (squeezed.contains("realtorcom") && !domain.ends_with("realtor.com")
                    || domain.contains("rea1tor")
                    || domain.contains("realt0r")
                    || domain.contains("reaitor"))
    }
}

/// One letter more, less or other, or two exchanged.
fn is_one_off(word: &str, other: &str) -> bool {
    let (a, b) = (word.as_bytes(), other.as_bytes());
    if a == b || a.len().abs_diff(b.len()) > 1 || b.len() < 6 {
        return false;
    }
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let longest = a.len().max(b.len());
    head + tail + 1 >= longest
        || a.len() == b.len()
            && head + tail + 2 >= longest
            && a.get(head) == b.get(head + 1)
            && a.get(head + 1) == b.get(head)
}

/// Whom a domain imitates.
pub(crate) fn imitated_by(address: &str) -> Option<&'static Provider> {
    let domain = domain_of(address);
    PROVIDERS.iter().find(|provider| provider.is_imitated_by(&domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_known_by_domain() {
        assert_eq!(by_address("x@convo.zillow.com").map(|provider| provider.slug.as_str()), Some("zillow"));
        assert_eq!(by_address("leads@email.realtor.com").map(|provider| provider.slug.as_str()), Some("realtor.com"));
        assert!(by_address("x@notzillow.com").is_none());
        assert!(is_relay("x@convo.zillow.com") && !is_relay("leads@email.realtor.com"));
    }

    #[test]
    fn imitations_are_told() {
        for domain in [
            "zi1low.com",
            "zillow-leads.com",
            "zilow.com",
            "zillow.com.evil.example",
            "rea1tor.com",
            "realtor-com.info",
        ] {
            assert!(imitated_by(domain).is_some(), "{domain}");
        }
        for domain in ["zillow.com", "email.realtor.com", "gmail.com", "smithrealtor.com", "homes.com"] {
            assert!(imitated_by(domain).is_none(), "{domain}");
        }
    }

    #[test]
    fn sources_are_read_from_words() {
        assert_eq!(source_named("Zillow Premier Agent"), Some("zillow"));
        assert_eq!(source_named("fb"), Some("facebook"));
        assert_eq!(source_named("Realtor.com"), Some("realtor.com"));
        assert_eq!(source_named("Open House"), Some("open-house"));
        assert_eq!(source_named("my website"), Some("website"));
    }
}
