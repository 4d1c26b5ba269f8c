//! What the listener is given: request ids, and refusals that look like every other error.

use api::{Problem, ProblemCode};
use bytes::Bytes;
use http::{Extensions, Response, StatusCode};

use crate::{
    app::App,
    http::{Edge, FramingError, Reader, RequestId},
};

impl Edge for App {
    fn request_id(&self) -> RequestId {
        RequestId::parse(&self.new_request_id().0).expect("30 visible ASCII characters")
    }

    fn refuse(&self, error: FramingError, id: &RequestId, reader: Reader) -> Response<Bytes> {
        if reader == Reader::Person && error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return site::too_large(self.site());
        }
        Problem::new(code(error), error.sentence()).document(&api::RequestId(id.to_string()))
    }

    fn introduce(&self, id: &RequestId, extensions: &mut Extensions) {
        extensions.insert(api::RequestId(id.to_string()));
    }
}

fn code(error: FramingError) -> ProblemCode {
    match error.status() {
        StatusCode::REQUEST_TIMEOUT => ProblemCode::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::ContentTooLarge,
        StatusCode::URI_TOO_LONG => ProblemCode::UriTooLong,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ProblemCode::HeadersTooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ProblemCode::Unavailable,
        _ => ProblemCode::BadRequest,
    }
}
