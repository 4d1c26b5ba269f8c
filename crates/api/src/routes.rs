//! Every route of the API. A handler is routed by its own OpenAPI description, so no route is undocumented.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::header,
    middleware::{self, Next},
    routing::get,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Api, BASE, events,
    gate::{self, Map, OPENAPI},
    leads, me,
    openapi::Base,
};

/// The described routes and the document they make.
pub(crate) fn described() -> (Router<Api>, utoipa::openapi::OpenApi) {
    let nouns = OpenApiRouter::new()
        .routes(routes!(me::get))
        .routes(routes!(leads::list, leads::create))
        .routes(routes!(leads::get, leads::update, leads::delete))
        .routes(routes!(events::list));
    OpenApiRouter::with_openapi(Base::openapi()).nest(BASE, nouns).split_for_parts()
}

/// The API as a service: everything under its base.
pub fn router(api: Api) -> Router {
    let (routes, document) = described();
    let map = Arc::new(Map::new(&document));
    let document = Bytes::from(document.to_json().expect("a document is JSON"));
    let serve_document = move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], document.clone()));
    let gate = {
        let api = api.clone();
        move |request: Request, next: Next| gate::pass(api.clone(), Arc::clone(&map), request, next)
    };
    #[expect(clippy::disallowed_methods, reason = "the document cannot describe itself")]
    routes.route(&format!("{BASE}{OPENAPI}"), get(serve_document)).layer(middleware::from_fn(gate)).with_state(api)
}
