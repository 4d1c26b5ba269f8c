//! Successful answers: JSON in ECMAScript form, with an entity tag where the answer is a representation.

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{BASE, Problem, ProblemCode, etags};

/// What every handler returns.
pub(crate) type Answer = Result<Response, Problem>;

/// Says that an answer is that of an earlier request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<(Response, Vec<u8>), Problem> {
    let text = crm::json::to_string(value).map_err(|cause| {
        tracing::error!(%cause, "an answer cannot be encoded");
        Problem::from(crm::Error::Internal)
    })?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((response, text.into_bytes()))
}

/// A representation in memory, in the answer's extensions: what [`crate::answers`] keeps.
#[derive(Clone)]
pub(crate) struct Rendered {
    pub bytes: Bytes,
    /// The entity tag of the bytes.
    pub tag: HeaderValue,
}

impl Rendered {
    /// The answer with this representation.
    pub fn answer(&self) -> Response {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.put_into(&mut response);
        response
    }

    fn put_into(&self, response: &mut Response) {
        response.headers_mut().insert(header::ETAG, self.tag.clone());
        *response.body_mut() = Body::from(self.bytes.clone());
    }
}

/// 200 with a record or a list, tagged by its bytes (RFC 9110, section 8.8.3).
pub(crate) fn representation<T: Serialize>(value: &T) -> Answer {
    let (mut response, bytes) = json(StatusCode::OK, value)?;
    let rendered = Rendered { tag: etags::of_bytes(&bytes), bytes: bytes.into() };
    rendered.put_into(&mut response);
    response.extensions_mut().insert(rendered);
    Ok(response)
}

/// As [`representation`], of a record with something beside it that changes by itself (see [`etags::of_record_and_rest`]).
pub(crate) fn representation_beside<T: Serialize, R: Serialize>(value: &T, record: &R) -> Answer {
    let (_, record) = json(StatusCode::OK, record)?;
    let (mut response, bytes) = json(StatusCode::OK, value)?;
    response.headers_mut().insert(header::ETAG, etags::of_record_and_rest(&record, &bytes));
    *response.body_mut() = Body::from(bytes);
    Ok(response)
}

/// An answer to a POST that is not just an id; with the path of what was made, if anything was.
pub(crate) fn done<T: Serialize>(status: StatusCode, value: &T, location: Option<String>, is_replayed: bool) -> Answer {
    let (mut response, bytes) = json(status, value)?;
    if let Some(location) = location {
        locate(&mut response, &location)?;
    }
    if is_replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    *response.body_mut() = Body::from(bytes);
    Ok(response)
}

/// Says where what was made is: a path under the base.
fn locate(response: &mut Response, path: &str) -> Result<(), Problem> {
    let location = HeaderValue::try_from(format!("{BASE}{path}"))
        .map_err(|_| Problem::new(ProblemCode::Internal, "Something failed on our side."))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(())
}

/// The answer of a create: exactly `{"success":true,"<key>":id}`, with the record's `Location`.
pub(crate) struct Created<'a> {
    /// 201, or 200 where the record was there already.
    pub status: StatusCode,
    /// The published key of the id, such as `leadId`.
    pub key: &'static str,
    /// The public id.
    pub id: String,
    /// The collection's path under the base, such as `/leads`.
    pub collection: &'a str,
    /// Whether an earlier request with the same idempotency key did it.
    pub is_replayed: bool,
}

impl Created<'_> {
    /// Renders the answer.
    pub fn answer(&self) -> Answer {
        // Ids are ASCII words: nothing to escape.
        let body = format!("{{\"success\":true,\"{}\":\"{}\"}}", self.key, self.id);
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        locate(&mut response, &format!("{}/{}", self.collection, self.id))?;
        if self.is_replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}

/// 204.
pub(crate) fn gone() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
