//! The cookies: a session's token, that of who has still to give a code, and that of a device that is told by Web Push.

use std::time::Duration;

use crm::{sessions, tokens::Token, two_step};
use http::{HeaderMap, HeaderValue, header};

use crate::Site;

/// As long as browsers keep a cookie at most (RFC 6265bis, section 5.5): 400 days.
const DEVICE_LASTS: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Kept to this host and to https by its prefix (RFC 6265bis, section 4.1.3.2), where the public URL is one of https.
fn name(site: &Site, held: Held) -> &'static str {
    match (held, site.is_secure()) {
        (Held::Session, true) => "__Host-organicagent",
        (Held::Session, false) => "organicagent",
        (Held::Pending, true) => "__Host-organicagent-code",
        (Held::Pending, false) => "organicagent-code",
        (Held::Device, true) => "__Host-organicagent-device",
        (Held::Device, false) => "organicagent-device",
    }
}

/// What a token in a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// A session.
    Session,
    /// Giving the code after the password: no session.
    Pending,
    /// Being told by Web Push: which device this is, whoever is signed in. It lets nobody in.
    Device,
}

/// The session's token that the browser sent; none when it sent two, for one of them is somebody else's.
pub(crate) fn token(site: &Site, headers: &HeaderMap) -> Option<Token> {
    find(site, headers, Held::Session)
}

/// The token of this kind that the browser sent, likewise.
pub(crate) fn find(site: &Site, headers: &HeaderMap, held: Held) -> Option<Token> {
    let name = name(site, held);
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

/// Hands a token to the browser.
pub(crate) fn set(site: &Site, held: Held, token: &Token) -> HeaderValue {
    let lasts = match held {
        Held::Session => sessions::LASTS,
        Held::Pending => two_step::PENDING_LASTS,
        Held::Device => DEVICE_LASTS,
    };
    written(site, held, token.reveal(), lasts.as_secs())
}

/// Takes it away.
pub(crate) fn clear(site: &Site, held: Held) -> HeaderValue {
    written(site, held, "", 0)
}

fn written(site: &Site, held: Held, value: &str, max_age: u64) -> HeaderValue {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}", name(site, held));
    HeaderValue::try_from(text).expect("a token is plain ASCII")
}
