//! Black-box tests through HTTP: one binary, a module per feature, each test on both engines.

#[cfg(test)]
mod account_rows;
#[cfg(test)]
mod addresses;
#[cfg(test)]
mod answering;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod availability;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod bookings;
#[cfg(test)]
mod calendar;
#[cfg(test)]
mod calendar_feeds;
#[cfg(test)]
mod client_lists;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod combinations;
#[cfg(test)]
mod dashboard;
#[cfg(test)]
mod departures;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod export;
#[cfg(test)]
mod file_contents;
#[cfg(test)]
mod forgotten;
#[cfg(test)]
mod guides;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod inbox;
#[cfg(test)]
mod inbox_pages;
#[cfg(test)]
mod inquiries;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod leads;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod listing_imports;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod live;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod menus;
#[cfg(test)]
mod merges;
#[cfg(test)]
mod new_leads;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod outbox_pages;
#[cfg(test)]
mod outboxes;
#[cfg(test)]
mod pauses;
#[cfg(test)]
mod people;
#[cfg(test)]
mod photos;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod public_site;
#[cfg(test)]
mod published;
#[cfg(test)]
mod pushes;
#[cfg(test)]
mod receivers;
#[cfg(test)]
mod receiving;
#[cfg(test)]
mod redeliveries;
#[cfg(test)]
mod rotations;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod search;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod settings_api;
#[cfg(test)]
mod showing_links;
#[cfg(test)]
mod showing_pages;
#[cfg(test)]
mod showing_reminders;
#[cfg(test)]
mod showings;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sign_up;
#[cfg(test)]
mod stages;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod trash;
#[cfg(test)]
mod two_step;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod visits;
#[cfg(test)]
mod webhook_changes;
#[cfg(test)]
mod webhook_deliveries;
#[cfg(test)]
mod webhook_notices;
#[cfg(test)]
mod webhook_results;
#[cfg(test)]
mod webhook_urls;
#[cfg(test)]
mod webhooks;
