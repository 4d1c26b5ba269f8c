//! Ids in paths: a text that is no id is answered as an id that is no record.

use std::{collections::HashMap, str::FromStr};

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::Problem;

/// The `{id}` of a path.
pub(crate) struct PathId<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let values = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let id = values.ok().and_then(|values| values.get("id").and_then(|text| text.parse().ok()));
        id.map(Self).ok_or_else(Problem::not_found)
    }
}
