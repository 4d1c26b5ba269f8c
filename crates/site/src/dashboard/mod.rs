//! The dashboard: pages for who is signed in.

mod account;
mod address;
mod availability;
mod blocked_times;
mod board;
mod brands;
mod calendar;
mod calendar_feed;
mod client;
mod clients;
mod components;
mod data;
mod deliveries;
mod devices;
mod domains;
mod follow_ups;
mod guide;
mod guide_files;
mod guide_form;
mod guides;
mod hours;
mod imports;
mod inbox;
mod inbox_files;
mod inbox_message;
mod inquiry;
mod keys;
mod lead;
mod lead_sheets;
mod leads;
mod listing;
mod listing_documents;
mod listing_form;
mod listing_photos;
mod listings;
mod lists;
mod live;
mod merges;
mod notifications;
mod open_houses;
mod outbox;
mod picture;
mod posts;
mod profile;
mod saved_views;
mod shell;
mod showing;
mod showing_form;
mod showing_rules;
mod showings;
mod stages;
mod tags;
mod timeline;
mod today;
mod two_step;
mod visits;
mod webhooks;
mod website;
mod website_forms;

use axum::Router;

use crate::{Site, uploads};

/// The bytes that the body of a request may have where it is more than a form of text: one with a file in it.
pub(crate) fn body_bytes(method: &str, path: &str) -> Option<u64> {
    match (method, path) {
        ("POST", profile::PHOTO) => Some(uploads::MOST),
        _ => imports::body_bytes(method, path)
            .or_else(|| listing_photos::body_bytes(method, path))
            .or_else(|| guide_files::body_bytes(method, path))
            .or_else(|| inbox_files::body_bytes(method, path)),
    }
}

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(today::routes())
        .merge(website::routes())
        .merge(lead_sheets::routes())
        .merge(imports::routes())
        .merge(saved_views::routes())
        .merge(follow_ups::routes())
        .merge(tags::routes())
        .merge(merges::routes())
        .merge(leads::routes())
        .merge(inbox::routes())
        .merge(clients::routes())
        .merge(listings::routes())
        .merge(showings::routes())
        .merge(calendar::routes())
        .merge(calendar_feed::routes())
        .merge(guides::routes())
        .merge(board::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
        .merge(account::routes())
        .merge(two_step::routes())
        .merge(stages::routes())
        .merge(availability::routes())
        .merge(data::routes())
        .merge(components::routes())
        .merge(profile::routes())
        .merge(brands::routes())
        .merge(address::routes())
        .merge(notifications::routes())
        .merge(devices::routes())
        .merge(domains::routes())
        .merge(outbox::routes())
        .merge(live::routes())
        .merge(visits::routes())
        .merge(website_forms::routes())
}
