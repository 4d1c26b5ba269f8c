//! `/stages`: the pipelines, for menus.

use axum::{Extension, extract::State};
use crm::{
    api_keys::Caller,
    stages::{self, Stage},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Api,
    openapi::ListErrors,
    reply::{self, Answer},
};

/// The stages of an agent's pipelines.
#[derive(Serialize, ToSchema)]
pub(crate) struct StageList {
    /// The stages: those of the buyers in their order, then the sellers, then those aside.
    stages: Vec<Stage>,
}

/// List the stages.
///
/// What `buyingStage` of a client can be.
#[utoipa::path(
    get, path = "/stages", tag = "Menus", operation_id = "list_stages",
    responses((status = 200, description = "The stages.", body = StageList), ListErrors),
)]
pub(crate) async fn list(State(api): State<Api>, Extension(caller): Extension<Caller>) -> Answer {
    let stages = stages::list(&api.crm, caller.agent).await?;
    reply::representation(&StageList { stages })
}
