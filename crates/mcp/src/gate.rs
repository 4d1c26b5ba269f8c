//! What a request to `/mcp` passes before the protocol reads it: the key and its limit.

use std::{convert::Infallible, sync::Arc};

use api::{Admitted, Api, ClientAddress, Problem, RequestId};
use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use crm::Crm;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tower::ServiceExt;

use crate::{PATH, office::Office};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The longest message, in bytes: as the API's bodies.
const MAX_BYTES: usize = 256 * 1024;

type Protocol = StreamableHttpService<Office, NeverSessionManager>;

/// The route of the protocol, over the API.
pub fn router(crm: Crm, api: Api) -> Router {
    let office = Office::new(crm, api::router(api.clone()));
    // Hosts are checked for every path already. No session: a request tells all that its answer needs.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BYTES);
    let protocol = Protocol::new(move || Ok(office.clone()), Arc::new(NeverSessionManager::default()), config);
    #[expect(clippy::disallowed_methods, reason = "the protocol is no part of the API's document")]
    Router::new().route(PATH, any(move |request| pass(api.clone(), protocol.clone(), request)))
}

async fn pass(api: Api, protocol: Protocol, mut request: Request) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(|| RequestId(String::from("req_unknown")));
    let address = request.extensions().get::<ClientAddress>().copied();
    let admitted = match Admitted::read(&api, &key_of(request.headers()), address).await {
        Ok(admitted) => admitted,
        Err(problem) => return refusal(&problem, &id),
    };
    request.extensions_mut().insert(admitted.clone());
    let answer: Result<_, Infallible> = protocol.oneshot(request).await;
    let mut response = match answer {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    admitted.describe(response.headers_mut());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

fn refusal(problem: &Problem, id: &RequestId) -> Response {
    let mut response = problem.render(id);
    if let Some(challenge) = response.headers_mut().get_mut(header::WWW_AUTHENTICATE) {
        *challenge = HeaderValue::from_static("Bearer realm=\"OrganicAgent\"");
    }
    response
}

/// The key where the API reads it: assistants send it as `Authorization: Bearer` (RFC 6750, section 2.1), others in `X-API-Key`.
fn key_of(headers: &HeaderMap) -> HeaderMap {
    let mut found = HeaderMap::new();
    for key in headers.get_all(API_KEY) {
        found.append(API_KEY, key.clone());
    }
    if found.is_empty() {
        for value in headers.get_all(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|text| {
                let (scheme, token) = text.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
            });
            // What is no bearer token is no key, and two are none: the API says so.
            let token =
                HeaderValue::from_str(token.unwrap_or_default()).unwrap_or_else(|_| HeaderValue::from_static(""));
            found.append(API_KEY, token);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(headers: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        key_of(&map).get_all(API_KEY).iter().map(|key| key.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_key_comes_in_either_header_and_the_apis_own_wins() {
        assert_eq!(keys(&[("authorization", "Bearer a")]), ["a"]);
        assert_eq!(keys(&[("authorization", "bearer  a ")]), ["a"]);
        assert_eq!(keys(&[("authorization", "Bearer a"), ("x-api-key", "b")]), ["b"]);
        assert_eq!(keys(&[("x-api-key", "b"), ("x-api-key", "c")]), ["b", "c"]);
        assert_eq!(keys(&[("authorization", "Basic a")]), [""]);
        assert!(keys(&[]).is_empty());
    }
}
