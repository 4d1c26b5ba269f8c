//! A form with one file in it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, BodyDataStream},
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request},
};
use crm::photos;
use futures_util::Stream;

use crate::pages::Refusal;

/// What a form adds to its file: its boundaries and headers.
pub(crate) const AROUND: usize = 64 * 1024;
/// The most bytes of a form with a picture.
pub(crate) const MOST: u64 = (photos::MOST_BYTES + AROUND) as u64;

/// The same as a layer of its route.
pub(crate) fn bound() -> DefaultBodyLimit {
    DefaultBodyLimit::max(photos::MOST_BYTES + AROUND)
}

/// A form with files in it, whose bytes are taken in no faster than they are used.
pub(crate) struct Form(pub Multipart);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let request = request.map(|body| Body::from_stream(Slowly { body: body.into_data_stream(), is_after: false }));
        Multipart::from_request(request, state).await.map(Self).map_err(|_| Refusal::BadUpload)
    }
}

/// A body that gives one piece at a time. A form is read until nothing more is there, and all that has come by then is held: of a quick
/// sender that is megabytes, of fifty of them more than the server is to have.
struct Slowly {
    body: BodyDataStream,
    /// Whether a piece has just been given.
    is_after: bool,
}

impl Stream for Slowly {
    type Item = <BodyDataStream as Stream>::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.is_after) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.body).poll_next(context);
        self.is_after = matches!(polled, Poll::Ready(Some(_)));
        polled
    }
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
        let Form(mut parts) = Form::from_request(request, state).await?;
        while let Some(part) = parts.next_field().await.map_err(|_| Refusal::BadUpload)? {
            if part.file_name().is_some() {
                let bytes = part.bytes().await.map_err(|_| Refusal::BadUpload)?;
                return Ok(Self(Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty())));
            }
        }
        Ok(Self(None))
    }
}
