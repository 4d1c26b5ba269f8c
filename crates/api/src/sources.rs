//! `/sources`: where leads come from, for menus.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    sources::{self, LeadSource},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api,
    openapi::ListErrors,
    reply::{self, Answer},
};

/// The sources to choose from.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceList {
    /// The usual sources, then those that leads and clients came from so far; 1,000 at most.
    sources: Vec<LeadSource>,
}

/// List the sources.
///
/// A `source` can be any text; these are the usual ones and those used so far.
#[utoipa::path(
    get, path = "/sources", tag = "Menus", operation_id = "list_sources",
    responses((status = 200, description = "The sources.", body = SourceList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>) -> Answer {
    let sources = sources::list(&api.crm, caller.agent).await?;
    reply::representation(&SourceList { sources })
}
