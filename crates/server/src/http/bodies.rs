//! Request and answer bodies as they pass the listener.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::FramingError;
use super::streams::{AnswerWatch, StreamWatch};

/// Why a request body ended early.
#[derive(Debug)]
pub enum BodyError {
    /// The request was refused; its answer is made already, whatever the handler returns.
    Refused(FramingError),
    /// The connection broke.
    Connection(hyper::Error),
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BodyError::Refused(error) => error.fmt(f),
            BodyError::Connection(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BodyError {}

/// The body of a request. It never gives more than [`Limits::body_bytes`](super::Limits::body_bytes).
#[derive(Debug)]
pub struct RequestBody {
    inner: Incoming,
    /// HTTP/1 bodies are measured by the guard, before hyper sees them.
    meter: Option<Meter>,
}

#[derive(Debug)]
struct Meter {
    left: u64,
    stream: Arc<StreamWatch>,
}

impl RequestBody {
    /// A body that is measured elsewhere.
    pub(super) fn plain(inner: Incoming) -> RequestBody {
        RequestBody { inner, meter: None }
    }

    /// A body of at most `limit` bytes, on an HTTP/2 stream.
    pub(super) fn metered(inner: Incoming, limit: u64, stream: Arc<StreamWatch>) -> RequestBody {
        let meter = Some(Meter { left: limit, stream });
        RequestBody { inner, meter }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Some(meter) = &this.meter
            && let Some(error) = meter.stream.verdict()
        {
            return Poll::Ready(Some(Err(BodyError::Refused(error))));
        }
        let frame = std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx));
        if let Some(meter) = &mut this.meter {
            match &frame {
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                    match meter.left.checked_sub(length) {
                        Some(left) => meter.left = left,
                        None => {
                            meter.stream.refuse(FramingError::BodyTooLarge);
                            let error = BodyError::Refused(FramingError::BodyTooLarge);
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                    if this.inner.is_end_stream() {
                        meter.stream.complete();
                    }
                }
                None => meter.stream.complete(),
                Some(Err(_)) => {}
            }
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Connection)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer: the service's, or the text of a refusal.
pub(super) enum AnswerBody<B> {
    /// The service's; watched on HTTP/2, where nothing else tells that the client stopped reading.
    Service(B, Option<AnswerWatch>),
    /// A refusal's.
    Refusal(Option<Bytes>),
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            AnswerBody::Refusal(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            AnswerBody::Service(body, watch) => {
                let frame = Pin::new(body).poll_frame(cx);
                if let Some(watch) = watch {
                    watch.handed(matches!(frame, Poll::Ready(Some(Ok(_)))));
                }
                frame.map_err(Into::into)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Refusal(text) => text.is_none(),
            AnswerBody::Service(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Refusal(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
            AnswerBody::Service(body, _) => body.size_hint(),
        }
    }
}
