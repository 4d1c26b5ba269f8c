//! Problem details (RFC 9457): every error of the API, from one closed list.

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use crm::FieldError;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::RequestId;

/// Every kind of error there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCode {
    /// Missing or invalid parameters, body or framing.
    BadRequest,
    /// Missing or invalid API key.
    Unauthorized,
    /// The key lacks the scope.
    Forbidden,
    /// No such path or record.
    NotFound,
    /// The path has no such method.
    MethodNotAllowed,
    /// The request came too slowly.
    RequestTimeout,
    /// The record changed meanwhile.
    PreconditionFailed,
    /// The body is too large.
    ContentTooLarge,
    /// The URL is too long.
    UriTooLong,
    /// An idempotency key was used with another body.
    IdempotencyKeyReused,
    /// The key's limit is used up.
    QuotaExceeded,
    /// The headers are too large.
    HeadersTooLarge,
    /// A fault of the server.
    Internal,
    /// The server is busy, stopping or without storage; nothing was stored.
    Unavailable,
    /// The server lost the answer of a commit.
    OutcomeUnknown,
}

impl ProblemCode {
    /// Every code, for the documentation.
    pub const ALL: [Self; 15] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::PreconditionFailed,
        Self::ContentTooLarge,
        Self::UriTooLong,
        Self::IdempotencyKeyReused,
        Self::QuotaExceeded,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Unavailable,
        Self::OutcomeUnknown,
    ];

    /// The code as the last part of the problem's type.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::RequestTimeout => "request-timeout",
            Self::PreconditionFailed => "precondition-failed",
            Self::ContentTooLarge => "content-too-large",
            Self::UriTooLong => "uri-too-long",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::QuotaExceeded => "quota-exceeded",
            Self::HeadersTooLarge => "headers-too-large",
            Self::Internal => "internal-error",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome-unknown",
        }
    }

    /// The title, the same for every occurrence.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad request",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RequestTimeout => "Request timeout",
            Self::PreconditionFailed => "Precondition failed",
            Self::ContentTooLarge => "Content too large",
            Self::UriTooLong => "URL too long",
            Self::IdempotencyKeyReused => "Idempotency key reused",
            Self::QuotaExceeded => "Rate limited",
            Self::HeadersTooLarge => "Headers too large",
            Self::Internal => "Server error",
            Self::Unavailable => "Temporarily unavailable",
            Self::OutcomeUnknown => "Outcome unknown",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// One error, before it is rendered for a request.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ProblemCode,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The body of every error (RFC 9457), with a plain sentence beside it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Where this kind of problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/docs#bad-request")]
    kind: String,
    /// The kind of problem in a few words.
    #[schema(example = "Bad request")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// What was wrong and what to do.
    #[schema(example = "name: is required")]
    detail: &'a str,
    /// The request's id, as in `X-Request-Id`.
    #[schema(example = "req_01k9x3v7e8f4sahm7d9q2b5c6n")]
    instance: &'a str,
    /// Each wrong field.
    errors: Vec<ProblemField<'a>>,
    /// Always `false`.
    #[schema(example = false)]
    success: bool,
    /// The same as `detail`: one readable sentence.
    #[schema(example = "name: is required")]
    error: &'a str,
}

/// One wrong field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemField<'a> {
    /// The field's name.
    #[schema(example = "name")]
    field: &'a str,
    /// What to send instead.
    #[schema(example = "is required")]
    message: &'a str,
}

impl Problem {
    /// A problem with a sentence of its own.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// A request that breaks a rule.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::BadRequest, detail)
    }

    /// One wrong field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        crm::Error::invalid(field, message).into()
    }

    /// What is not there, or not the caller's: one answer for both.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "There is nothing here for this key. Check the path and the id.")
    }

    /// The same problem with a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The kind of the problem.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// The answer to the request with the given id.
    #[must_use]
    pub fn render(&self, request: &RequestId) -> Response {
        self.document(request).map(Body::from)
    }

    /// The answer to the request with the given id, its body in memory.
    #[must_use]
    pub fn document(&self, request: &RequestId) -> http::Response<Bytes> {
        let errors =
            self.errors.iter().map(|error| ProblemField { field: &error.field, message: &error.message }).collect();
        let body = ProblemBody {
            kind: format!("/docs#{}", self.code.slug()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            instance: &request.0,
            errors,
            success: false,
            error: &self.detail,
        };
        let body = crm::json::to_string(&body).expect("a problem holds only text and a status");
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.code.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        headers.extend(self.headers.iter().cloned());
        if self.code.status() == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2, asks for a challenge.
            let challenge = HeaderValue::from_static("ApiKey realm=\"OrganicAgent\"");
            headers.entry(header::WWW_AUTHENTICATE).or_insert(challenge);
        }
        response
    }
}

impl From<crm::Error> for Problem {
    fn from(error: crm::Error) -> Self {
        let detail = error.to_string();
        match error {
            crm::Error::Invalid(errors) => Self { code: ProblemCode::BadRequest, detail, errors, headers: Vec::new() },
            crm::Error::NotFound => Self::not_found(),
            crm::Error::PreconditionFailed => Self::new(
                ProblemCode::PreconditionFailed,
                "The record has changed since the ETag that If-Match names. Read it again, then change it.",
            ),
            crm::Error::IdempotencyKeyReused => Self::new(
                ProblemCode::IdempotencyKeyReused,
                "This Idempotency-Key was used with another body. Use a new key for a new request.",
            ),
            crm::Error::Unavailable => Self::new(
                ProblemCode::Unavailable,
                "The server is busy or its storage refuses. Nothing was stored; try again shortly.",
            ),
            crm::Error::OutcomeUnknown => Self::new(
                ProblemCode::OutcomeUnknown,
                "The change may or may not be stored. Repeat it with the same Idempotency-Key, or look before repeating it.",
            ),
            crm::Error::Internal => {
                Self::new(ProblemCode::Internal, "Something failed on our side. The log has it under this request id.")
            }
        }
    }
}

/// The problem travels in the response's extensions: the gate renders it, knowing the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
