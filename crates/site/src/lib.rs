//! HTML: what people look at. The API's documentation, signing in, and the dashboard.
//!
//! A request passes `guard` (security headers, cross-site posts), a page that needs it asks for `SignedIn`; a handler named after
//! its noun reads the form, calls the use case of the same noun in `crm` and renders a template. Everything works as plain HTML;
//! scripts only make it quicker.

mod assets;
mod cookies;
mod dashboard;
pub mod docs;
mod fields;
mod forms;
mod guard;
mod pages;
mod seen;
mod sign_in;
mod sign_up;
mod signed_in;
mod state;
mod times;

pub use seen::Seen;
pub use state::{SignUp, Site};

use axum::Router;

/// Every page but the documentation.
pub fn router(site: &Site) -> Router {
    let pages = Router::new()
        .merge(sign_in::routes())
        .merge(sign_up::routes())
        .merge(dashboard::routes())
        .with_state(site.clone());
    guard::around(pages, site).merge(assets::routes())
}
