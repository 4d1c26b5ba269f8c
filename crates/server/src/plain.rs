//! Plain HTTP where TLS is on: the way to https, and nothing else but the probes.

use std::sync::Arc;

use api::{Problem, ProblemCode, RequestId};
use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderValue, StatusCode, Uri, header};

use crate::{
    app::{self, App},
    domains, hosts,
};

/// Sends whoever came without TLS to the same page with it.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(app::probes(&app))
        .merge(domains::routes(&app))
        .fallback_service(any(to_https).with_state(Arc::clone(&app)))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), app::outermost))
        .layer(middleware::from_fn_with_state(app, domains::mark))
}

async fn to_https(State(app): State<Arc<App>>, request: Request) -> Response {
    let host = hosts::sent(&request).map(hosts::without_port).unwrap_or_default();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let location = format!("https://{host}{}{target}", https_port(app.public_url()));
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => {
            let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
            Problem::new(ProblemCode::BadRequest, "Use https.").render(&id)
        }
    }
}

/// `:8443` where the server is reached at another port than https has, else nothing.
fn https_port(public_url: &str) -> String {
    let port = public_url.parse::<Uri>().ok().and_then(|uri| uri.port_u16());
    port.filter(|port| *port != 443).map(|port| format!(":{port}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_named_where_it_is_not_that_of_https() {
        assert_eq!(https_port("https://a.example"), "");
        assert_eq!(https_port("https://a.example:443"), "");
        assert_eq!(https_port("https://127.0.0.1:8443"), ":8443");
    }
}
