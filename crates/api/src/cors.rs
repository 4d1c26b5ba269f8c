//! Cross-origin requests (Fetch, section 3.2): none are answered unless the operator lists origins. A key does not belong in a
//! public web page; the setting is for pages that only the key's owner opens.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("Content-Type, X-API-Key, Idempotency-Key, If-Match, If-None-Match, X-Request-Id");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, X-Request-Id",
);
/// Seconds for which a browser may keep the answer of a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may call the API; none by default.
#[derive(Debug, Clone, Default)]
pub struct Origins(Arc<[HeaderValue]>);

impl Origins {
    /// Reads origins as browsers send them (RFC 6454, section 6.2).
    ///
    /// # Errors
    /// With a sentence for the operator that names what is no origin.
    pub fn parse<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let read = |text: &str| {
            let uri = text.parse::<Uri>().ok()?;
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            let authority = uri.authority().filter(|authority| is_web && !authority.as_str().contains('@'))?;
            // Scheme and host in lower case and nothing behind them: compared byte for byte with what is sent.
            let origin = format!("{}://{authority}", uri.scheme_str()?).to_ascii_lowercase();
            (origin == text).then(|| HeaderValue::try_from(origin).ok()).flatten()
        };
        let origins = origins.into_iter().map(|text| {
            read(text).ok_or_else(|| {
                format!("{text:?} is no origin such as https://app.example.com (no path, no slash at the end)")
            })
        });
        origins.collect::<Result<Vec<_>, _>>().map(|origins| Self(origins.into()))
    }

    /// What the request asks of the browser's rules; `None` where no origin is listed.
    pub(crate) fn read(&self, method: &Method, headers: &HeaderMap) -> Option<CrossOrigin> {
        if self.0.is_empty() {
            return None;
        }
        let sent = headers.get(header::ORIGIN);
        let origin = sent.filter(|origin| self.0.contains(origin)).cloned();
        let is_preflight = *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        Some(CrossOrigin { origin, is_preflight })
    }
}

/// A request to a server that lists origins.
pub(crate) struct CrossOrigin {
    /// The sender's origin, if it is listed.
    origin: Option<HeaderValue>,
    is_preflight: bool,
}

impl CrossOrigin {
    /// Tells the browser what the page may see.
    pub fn decorate(self, response: &mut Response) {
        let status = response.status();
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.origin else { return };
        let mut set = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !self.is_preflight {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        } else if status == StatusCode::NO_CONTENT {
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            set(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            if let Some(methods) = headers.get(header::ALLOW).cloned() {
                headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert!(Origins::parse(["https://app.example.com", "http://localhost:3000"]).is_ok());
        for wrong in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/x",
            "HTTPS://app.example.com",
            "https://u@app.example.com",
            "ftp://x",
            "",
        ] {
            assert!(Origins::parse([wrong]).is_err(), "{wrong}");
        }
    }
}
