//! The cookie that holds a session's token.

use crm::{sessions, tokens::Token};
use http::{HeaderMap, HeaderValue, header};

use crate::Site;

/// Kept to this host and to https by its prefix (RFC 6265bis, section 4.1.3.2), where the public URL is one of https.
fn name(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-organicagent" } else { "organicagent" }
}

/// The token that the browser sent; none when it sent two, for one of them is somebody else's.
pub(crate) fn token(site: &Site, headers: &HeaderMap) -> Option<Token> {
    let name = name(site);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(given, value)| (given == name).then_some(value));
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    Token::parse(value)
}

/// Hands a session's token to the browser.
pub(crate) fn set(site: &Site, token: &Token) -> HeaderValue {
    let lasts = sessions::LASTS.as_secs();
    written(site, token.reveal(), lasts)
}

/// Takes it away.
pub(crate) fn clear(site: &Site) -> HeaderValue {
    written(site, "", 0)
}

fn written(site: &Site, value: &str, max_age: u64) -> HeaderValue {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}", name(site));
    HeaderValue::try_from(text).expect("a token is plain ASCII")
}
