//! The domain of a real-estate agent's front office: one module per noun, each with its types, rules, SQL and use cases.
//!
//! Knows nothing of HTTP and HTML. Every use case takes the agent (the tenant) as an argument, reads and writes through
//! [`db::Database`], and gets time and randomness from [`Crm`].

pub mod accounts;
pub mod agents;
pub mod api_keys;
pub mod backup;
pub mod brand;
mod changes;
mod choices;
pub mod clients;
pub mod clock;
pub mod departures;
mod error;
pub mod events;
pub mod exports;
mod extras;
pub mod fold;
pub mod follow_ups;
pub mod idempotency;
pub mod ids;
pub mod imports;
pub mod input;
pub mod jobs;
pub mod json;
pub mod leads;
pub mod limiter;
mod listing_details;
mod listing_inputs;
pub mod listings;
pub mod live;
pub mod mails;
pub mod migrations;
pub mod next_steps;
pub mod notes;
pub mod pages;
pub mod passwords;
pub mod photos;
pub mod pictures;
pub mod profiles;
pub mod pushes;
pub mod randomness;
mod same_person;
pub mod saved_views;
pub mod seal;
pub mod search;
pub mod sessions;
mod showing_states;
pub mod showings;
pub mod sources;
pub mod stages;
mod state;
pub mod tags;
mod throttle;
pub mod tokens;
mod totals;
pub mod trash;
mod trashed_showings;
mod turns;
pub mod two_step;
pub mod values;
pub mod webhooks;

pub use changes::Stamp;
pub use error::{Error, FieldError};
pub use ids::AgentId;
pub use state::{Crm, Settings};
