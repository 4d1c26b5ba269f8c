//! REST API v1: request and response types, the order of checks, problem details, the OpenAPI document.
//!
//! Knows HTTP and JSON; holds no SQL and no business rule. A request passes [`gate`] (key, limit, path, method, scope), then a
//! handler named after its noun reads it, calls the use case of the same noun in `crm` and renders the answer.

mod answers;
mod body;
mod clients;
mod cors;
mod deliveries;
mod etags;
mod event_requests;
mod events;
mod gate;
mod idempotency;
mod leads;
mod listings;
mod lists;
mod me;
mod notes;
mod openapi;
mod paths;
mod problem;
mod query;
mod reply;
mod routes;
mod showings;
mod sources;
mod stages;
mod state;
mod webhooks;

pub use cors::Origins;
pub use gate::{Admitted, RouteTemplate};
pub use openapi::document;
pub use problem::{Problem, ProblemCode};
pub use routes::router;
pub use state::{Api, ClientAddress, RequestId};

/// Where the API lives.
pub const BASE: &str = "/api/v1";
