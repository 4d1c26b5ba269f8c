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

/// The two ids at the end of a path's parameters, in their order. An outer route may have put parameters of its own before.
pub(crate) struct PathIds<A, B>(pub A, pub B);

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let values = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let ids = values.ok().and_then(|Path(values)| match values.as_slice() {
            [.., (_, first), (_, second)] => Some(Self(first.parse().ok()?, second.parse().ok()?)),
            _ => None,
        });
        ids.ok_or_else(Problem::not_found)
    }
}
