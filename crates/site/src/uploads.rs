//! A form with one file in it.

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use crm::photos;

use crate::pages::Refusal;

/// What a form adds to its file: its boundaries and headers.
pub(crate) const AROUND: usize = 64 * 1024;
/// The most bytes of a form with a picture.
pub(crate) const MOST: u64 = (photos::MOST_BYTES + AROUND) as u64;

/// The same as a layer of its route.
pub(crate) fn bound() -> DefaultBodyLimit {
    DefaultBodyLimit::max(photos::MOST_BYTES + AROUND)
}

/// Reads a form to its end, so that who sends it gets to read the answer.
pub(crate) async fn drain(form: &mut Multipart) {
    while let Ok(Some(_)) = form.next_field().await {}
}

/// The file of a form; `None` where none was chosen.
pub(crate) struct Upload(pub Option<Vec<u8>>);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| Refusal::BadUpload)?;
        while let Some(part) = parts.next_field().await.map_err(|_| Refusal::BadUpload)? {
            if part.file_name().is_some() {
                let bytes = part.bytes().await.map_err(|_| Refusal::BadUpload)?;
                return Ok(Self(Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty())));
            }
        }
        Ok(Self(None))
    }
}
