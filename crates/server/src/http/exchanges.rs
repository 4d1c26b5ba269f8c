//! The service that hyper calls: the service given, with request ids, refusals and the fields that every answer carries.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use hyper::body::{Body, Incoming};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::bodies::{AnswerBody, RequestBody};
use super::framing::{Scheme, is_authority, same_authority};
use super::guard::Exchange;
use super::metering::count_refusal;
use super::sockets::Timer;
use super::streams::{AnswerWatch, StreamWatch, Streams};
use super::{Edge, FramingError, Limits, Reader, RequestId};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What the connections of one listener share.
pub(super) struct House<S> {
    pub(super) service: S,
    pub(super) limits: Arc<Limits>,
    pub(super) edge: Arc<dyn Edge>,
    pub(super) stop: CancellationToken,
}

/// Answers a request that came over HTTP/1, where the guard measures and judges.
pub(super) async fn answer_http1<S, B>(
    request: Request<Incoming>,
    house: Arc<House<S>>,
    peer: SocketAddr,
    exchange: Arc<Exchange>,
) -> Result<Response<AnswerBody<B>>, Infallible>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone,
{
    let id = house.edge.request_id();
    let reader = Reader::of(request.headers());
    let request = introduced(request.map(RequestBody::plain), &*house.edge, &id, peer);
    let mut answer = pin!(house.service.clone().oneshot(request));
    // Before the service's first step: a stand-in for a refused request must not reach it.
    let outcome = poll_fn(|cx| match exchange.verdict() {
        Some(error) => Poll::Ready(Err(error)),
        None => answer.as_mut().poll(cx).map(Ok),
    })
    .await;
    let mut response = match outcome {
        Ok(Ok(response)) => response.map(|body| AnswerBody::Service(body, None)),
        Err(error) => {
            let mut response = refusal(error, &*house.edge, &id, reader);
            response.headers_mut().insert(CONNECTION, CLOSE);
            response
        }
    };
    if exchange.is_last() {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    Ok(signed(response, &id))
}

/// Answers a request that came over HTTP/2, whose framing the h2 crate has checked.
pub(super) async fn answer_http2<S, B>(
    request: Request<Incoming>,
    house: Arc<House<S>>,
    peer: SocketAddr,
    streams: Arc<Streams>,
) -> Result<Response<AnswerBody<B>>, Infallible>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone,
{
    let stream = streams.open();
    let id = house.edge.request_id();
    let reader = Reader::of(request.headers());
    let outcome = match check_http2(&request, &house.limits) {
        Err(error) => Err(error),
        Ok(limit) => {
            let watch = Arc::new(StreamWatch::default());
            let has_body = !request.body().is_end_stream();
            let lasts = house.limits.time_of(declared_length(&request));
            let due = has_body.then(|| tokio::time::Instant::now() + lasts);
            let request = request.map(|body| RequestBody::metered(body, limit, watch.clone()));
            let request = introduced(request, &*house.edge, &id, peer);
            let mut answer = pin!(house.service.clone().oneshot(request));
            let mut timer = Timer::default();
            poll_fn(|cx| {
                if let Some(error) = watch.verdict() {
                    return Poll::Ready(Err(error));
                }
                // The body may have turned out too large while the service was polled.
                match (answer.as_mut().poll(cx), watch.verdict()) {
                    (_, Some(error)) => return Poll::Ready(Err(error)),
                    (Poll::Ready(answer), None) => return Poll::Ready(Ok(answer)),
                    (Poll::Pending, None) => {}
                }
                match due {
                    Some(due) if !watch.is_complete() => {
                        timer.poll_until(due, cx).map(|()| Err(FramingError::RequestTimeout))
                    }
                    _ => Poll::Pending,
                }
            })
            .await
        }
    };
    let response = match outcome {
        Ok(Ok(response)) => response.map(|body| AnswerBody::Service(body, Some(AnswerWatch::new(stream)))),
        Err(error) => refusal(error, &*house.edge, &id, reader),
    };
    Ok(signed(response, &id))
}

/// What the guard checks on HTTP/1 and the h2 crate does not; the bytes the body may have.
fn check_http2(request: &Request<Incoming>, limits: &Limits) -> Result<u64, FramingError> {
    let uri = request.uri();
    let headers = request.headers();
    if request.method() == Method::CONNECT {
        return Err(FramingError::Method);
    }
    if uri.path_and_query().map_or(0, |target| target.as_str().len()) > limits.uri_bytes {
        return Err(FramingError::TargetTooLong);
    }
    // Counted as HTTP/1 counts it: name, colon, space, value, line end.
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > limits.header_bytes {
        return Err(FramingError::HeadersTooLarge);
    }
    if headers.len() > super::framing::MAX_FIELDS {
        return Err(FramingError::TooManyFields);
    }
    check_host(request)?;
    let limit = (limits.body_bytes)(request.method().as_str(), uri.path());
    match declared_length(request).unwrap_or(0) > limit {
        true => Err(FramingError::BodyTooLarge),
        false => Ok(limit),
    }
}

/// What Content-Length says.
fn declared_length(request: &Request<Incoming>) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `:authority` or Host, and the same in both (RFC 9113, section 8.3.1).
fn check_host(request: &Request<Incoming>) -> Result<(), FramingError> {
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().map(HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return Err(FramingError::HostRepeated);
    }
    if [authority, host].into_iter().flatten().any(|host| !is_authority(host)) {
        return Err(FramingError::HostInvalid);
    }
    let scheme = match request.uri().scheme_str() {
        Some("https") => Scheme::Https,
        _ => Scheme::Http,
    };
    match (authority, host) {
        (None, None) => Err(FramingError::HostMissing),
        (Some(authority), Some(host)) if !same_authority(authority, host, scheme) => Err(FramingError::HostMismatch),
        _ => Ok(()),
    }
}

/// The request with its peer and its id.
fn introduced(
    mut request: Request<RequestBody>,
    edge: &dyn Edge,
    id: &RequestId,
    peer: SocketAddr,
) -> Request<RequestBody> {
    let extensions = request.extensions_mut();
    extensions.insert(peer);
    extensions.insert(id.clone());
    edge.introduce(id, extensions);
    request
}

fn refusal<B>(error: FramingError, edge: &dyn Edge, id: &RequestId, reader: Reader) -> Response<AnswerBody<B>> {
    count_refusal(error);
    tracing::debug!(kind = error.kind(), request_id = id.as_str(), "request refused");
    edge.refuse(error, id, reader).map(|text: Bytes| AnswerBody::Refusal(Some(text)))
}

fn signed<B>(mut response: Response<B>, id: &RequestId) -> Response<B> {
    let headers = response.headers_mut();
    // A service may answer under an id of its own, such as one that the client sent.
    headers.entry(X_REQUEST_ID).or_insert_with(|| id.header().clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}
