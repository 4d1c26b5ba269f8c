//! The dashboard: pages for who is signed in.

mod account;
mod address;
mod board;
mod client;
mod clients;
mod deliveries;

mod keys;
mod lead;
mod lead_sheets;
mod leads;
mod live;
mod notifications;
mod outbox;
mod shell;
mod timeline;
mod today;
mod webhooks;

use axum::Router;

use crate::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(today::routes())
        .merge(lead_sheets::routes())
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
        .merge(live::routes())
}
