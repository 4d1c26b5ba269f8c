//! The dashboard: pages for who is signed in.

mod board;
mod client;
mod clients;
mod deliveries;
mod forms;
mod keys;
mod lead;
mod leads;
mod shell;
mod timeline;
mod webhooks;

use axum::{Router, routing::get};

use crate::{Site, pages, signed_in::SignedIn};

/// Where the dashboard begins.
async fn home(_: SignedIn) -> axum::response::Response {
    pages::see_other(leads::PATH)
}

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard", get(home))
        .merge(leads::routes())
        .merge(clients::routes())
        .merge(board::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
}
