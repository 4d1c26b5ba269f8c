//! Which URLs can be a webhook's. The rule itself is a setting: who sends knows what it may reach.

use std::{fmt, sync::Arc};

type Check = dyn Fn(&str) -> Result<(), String> + Send + Sync;

/// Says of a URL whether events may be sent there, or in a readable sentence why not.
#[derive(Clone)]
pub struct UrlRule(Arc<Check>);

impl UrlRule {
    /// The rule that a function makes.
    pub fn new(check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// Whether events may be sent to this URL.
    ///
    /// # Errors
    /// With a sentence for whoever gave the URL, to follow the field's name.
    pub fn check(&self, url: &str) -> Result<(), String> {
        (self.0)(url)
    }
}

impl Default for UrlRule {
    /// Any address of the web, as far as its form goes.
    fn default() -> Self {
        Self::new(|url| if is_web_address(url) { Ok(()) } else { Err(String::from(MESSAGE)) })
    }
}

impl fmt::Debug for UrlRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("UrlRule")
    }
}

const MESSAGE: &str = "must be an address such as https://example.com/hooks";

fn is_web_address(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let has_host = host.trim_start_matches(':').starts_with(|first: char| first.is_alphanumeric() || first == '[');
    is_web && has_host && !url.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_rule_takes_what_looks_like_an_address_of_the_web() {
        let rule = UrlRule::default();
        for url in ["https://example.com", "HTTP://127.0.0.1:8080/hook?a=b", "https://[::1]/"] {
            assert_eq!(rule.check(url), Ok(()), "{url}");
        }
        for url in
            ["", "example.com", "ftp://example.com", "https://", "https:///x", "https://exa mple.com", "javascript:1"]
        {
            assert!(rule.check(url).is_err(), "{url}");
        }
    }
}
