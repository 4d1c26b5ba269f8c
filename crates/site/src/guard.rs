//! What stands around every page: security headers on the way out, and no cross-site posts on the way in.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use tower_http::csrf::CsrfLayer;

use crate::{Site, pages::Refusal};

/// Nothing but our own; no inline script or style; no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; form-action 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; \
                      object-src 'none'; frame-ancestors 'none'";
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Puts pages behind the guard.
pub(crate) fn around(pages: Router, site: &Site) -> Router {
    // Sec-Fetch-Site tells, else Origin against Host; behind a proxy that changes Host, against the public URL.
    let posts = CsrfLayer::new().add_trusted_origin(&*site.public_url);
    let posts = posts.unwrap_or_else(|error| {
        tracing::warn!(%error, "the public URL is no origin that browsers send");
        CsrfLayer::new()
    });
    pages.layer(posts).layer(middleware::from_fn_with_state(site.is_secure(), headers))
}

/// Dresses answers to forms that need no cookie: whoever forges such a request gains nothing by it, so any site may send them.
pub(crate) fn open(forms: Router, site: &Site) -> Router {
    forms.layer(middleware::from_fn_with_state(site.is_secure(), headers))
}

async fn headers(State(is_secure): State<bool>, request: Request, next: Next) -> Response {
    // No text has a NUL, and no database keeps one.
    let is_text = !request.uri().query().unwrap_or_default().contains("%00");
    let response = if is_text { next.run(request).await } else { Refusal::BadForm.into_response() };
    dressed(response, is_secure)
}

/// A page with the headers that every one has.
pub(crate) fn dressed(mut response: Response, is_secure: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
    response
}
