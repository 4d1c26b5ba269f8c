//! Every route of the API. A handler is routed by its own OpenAPI description, so no route is undocumented.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::header,
    routing::{any, get},
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Api, BASE, clients, deliveries, event_requests, events,
    gate::{self, Map, OPENAPI},
    leads, listings, me, notes,
    openapi::{self, Base},
    showings, sources, stages, webhooks,
};

/// The described routes and the document they make.
pub(crate) fn described() -> (Router<Api>, utoipa::openapi::OpenApi) {
    let nouns = OpenApiRouter::new()
        .routes(routes!(me::get))
        .routes(routes!(leads::list, leads::create))
        .routes(routes!(leads::get, leads::update, leads::delete))
        .routes(routes!(notes::list_for_lead, notes::create_for_lead))
        .routes(routes!(notes::get_of_lead))
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::get, clients::update, clients::delete))
        .routes(routes!(notes::list_for_client, notes::create_for_client))
        .routes(routes!(notes::get_of_client))
        .routes(routes!(stages::list))
        .routes(routes!(sources::list))
        .routes(routes!(listings::list, listings::create))
        .routes(routes!(listings::get, listings::update, listings::delete))
        .routes(routes!(showings::list, showings::create))
        .routes(routes!(showings::get, showings::update))
        .routes(routes!(events::list))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(deliveries::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::redeliver))
        .routes(routes!(deliveries::redeliver_since));
    let (routes, mut document) = OpenApiRouter::with_openapi(Base::openapi()).nest(BASE, nouns).split_for_parts();
    document.webhooks = Some(event_requests::described());
    openapi::mark_optional_bodies(&mut document);
    (routes, document)
}

/// The API as a service: everything under its base, known or not, goes through the gate.
pub fn router(api: Api) -> Router {
    let (routes, document) = described();
    let map = Arc::new(Map::new(&document));
    let document = Bytes::from(document.to_json().expect("a document is JSON"));
    let serve_document = move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], document.clone()));
    #[expect(clippy::disallowed_methods, reason = "the document cannot describe itself")]
    let routes = routes.route(&format!("{BASE}{OPENAPI}"), get(serve_document)).with_state(api.clone());
    let gate = any(move |request: Request| gate::pass(api.clone(), Arc::clone(&map), routes.clone(), request));
    #[expect(clippy::disallowed_methods, reason = "the gate stands before all routes")]
    Router::new()
        .route(BASE, gate.clone())
        .route(&format!("{BASE}/"), gate.clone())
        .route(&format!("{BASE}/{{*rest}}"), gate)
}
