//! The dashboard: pages for who is signed in.

mod account;
mod board;
mod client;
mod clients;
mod deliveries;
mod imports;
mod keys;
mod lead;
mod lead_sheets;
mod leads;
mod shell;
mod timeline;
mod today;
mod webhooks;

use axum::Router;

use crate::Site;

pub(crate) use imports::body_bytes;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(today::routes())
        .merge(lead_sheets::routes())
        .merge(imports::routes())
        .merge(leads::routes())
        .merge(clients::routes())
        .merge(board::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
        .merge(account::routes())
}
