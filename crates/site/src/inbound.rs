//! Mails that a mail service posts as they are: to an address that only it and the agent know, without a cookie.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::post,
};
use crm::{
    Error,
    inbox::{self, Incoming, MOST, Way},
};
use http::{HeaderMap, StatusCode, header};

use crate::Site;

const PREFIX: &str = "/inbound/";

#[expect(clippy::disallowed_methods, reason = "no part of the API: whoever knows the address may post")]
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/inbound/{token}", post(take))
}

/// A whole mail.
pub(crate) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    (method == "POST" && path.starts_with(PREFIX)).then_some(MOST as u64)
}

async fn take(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let answer =
        |status: StatusCode, text: &'static str| (status, [(header::CACHE_CONTROL, "no-store")], text).into_response();
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // What a page of another site could post by a form is no mail.
    if !["message/rfc822", "application/octet-stream", "message/global"].contains(&media_type.as_str()) {
        return answer(StatusCode::BAD_REQUEST, "Send the mail as it is, with Content-Type: message/rfc822.\n");
    }
    let host = match inbox::host_of(&site.crm, &token).await {
        Ok(Some(host)) => host,
        Ok(None) => return answer(StatusCode::NOT_FOUND, "There is nobody of this address.\n"),
        Err(_) => return answer(StatusCode::SERVICE_UNAVAILABLE, "Not kept: try again later.\n"),
    };
    let Ok(raw) = to_bytes(body, MOST).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, "A mail has at most 10 MiB.\n");
    };
    if raw.trim_ascii().is_empty() {
        return answer(StatusCode::BAD_REQUEST, "There is no mail in it.\n");
    }
    match inbox::take_in(&site.crm, host.agent, Incoming { raw: raw.to_vec(), way: Way::Http, trust: None }).await {
        Ok(_) => answer(StatusCode::OK, "Kept.\n"),
        Err(Error::NotFound) => answer(StatusCode::NOT_FOUND, "There is nobody of this address.\n"),
        Err(Error::Invalid(_)) => answer(StatusCode::PAYLOAD_TOO_LARGE, "A mail has at most 10 MiB.\n"),
        Err(error) => {
            tracing::warn!(%error, "a mail was not kept");
            answer(StatusCode::SERVICE_UNAVAILABLE, "Not kept: try again later.\n")
        }
    }
}
