//! The dashboard: pages for who is signed in.

mod account;
mod address;
mod board;
mod brands;
mod client;
mod clients;
mod components;
mod data;
mod deliveries;

mod keys;
mod lead;
mod lead_sheets;
mod leads;
mod live;
mod notifications;
mod outbox;
mod profile;
mod shell;
mod stages;
mod timeline;
mod today;
mod two_step;
mod webhooks;

use axum::Router;

pub(crate) use profile::PHOTO;

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
        .merge(two_step::routes())
        .merge(stages::routes())
        .merge(data::routes())
        .merge(components::routes())
        .merge(profile::routes())
        .merge(brands::routes())
        .merge(address::routes())
        .merge(notifications::routes())
        .merge(outbox::routes())
        .merge(live::routes())
}
