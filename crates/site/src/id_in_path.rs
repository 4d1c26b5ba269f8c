//! The id in the path of a page.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use crm::Error;
use http::request::Parts;

use crate::pages::Refusal;

/// The id of a record; a path whose part is none leads nowhere.
pub(crate) struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok()).map(Self).ok_or(Refusal::Failed(Error::NotFound))
    }
}
