//! The dashboard: pages for who is signed in.

mod account;
mod address;
mod board;
mod client;
mod clients;
mod deliveries;
mod follow_ups;
mod imports;
mod keys;
mod lead;
mod lead_sheets;
mod leads;
mod merges;
mod notifications;
mod outbox;
mod picture;
mod saved_views;
mod shell;
mod tags;
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
        .merge(saved_views::routes())
        .merge(follow_ups::routes())
        .merge(tags::routes())
        .merge(merges::routes())
        .merge(leads::routes())
        .merge(clients::routes())
        .merge(board::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
        .merge(account::routes())
        .merge(address::routes())
        .merge(notifications::routes())
        .merge(outbox::routes())
}
