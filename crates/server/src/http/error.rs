//! Why a request was refused before any handler saw it.

use http::StatusCode;

/// A request that breaks the framing rules, a size or a time bound, or comes too late. Every one of them ends an HTTP/1 connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FramingError {
    /// The method is no token, is too long, or is `CONNECT`.
    Method = 1,
    /// The request line is not `METHOD SP TARGET SP HTTP/1.x` (RFC 9112, section 3); HTTP/0.9 falls here.
    RequestLine,
    /// The target has a forbidden character or is in none of the four forms (RFC 9112, section 3.2).
    Target,
    /// The target is longer than [`Limits::uri_bytes`](super::Limits::uri_bytes).
    TargetTooLong,
    /// The version is neither HTTP/1.0 nor HTTP/1.1.
    Version,
    /// A bare CR or LF where CRLF is due (RFC 9112, section 2.2).
    LineEnding,
    /// A field name that is empty, no token, or followed by white space (RFC 9112, section 5.1).
    FieldName,
    /// A folded field line (RFC 9112, section 5.2).
    Folding,
    /// A control character in a field value (RFC 9110, section 5.5).
    FieldValue,
    /// The headers are longer than [`Limits::header_bytes`](super::Limits::header_bytes).
    HeadersTooLarge,
    /// More than [`MAX_FIELDS`](super::framing::MAX_FIELDS) field lines.
    TooManyFields,
    /// No Host (RFC 9112, section 3.2).
    HostMissing,
    /// Two Host fields.
    HostRepeated,
    /// A Host that is no host name, IP literal or port.
    HostInvalid,
    /// The target's host (or `:authority`) is another than the Host field's.
    HostMismatch,
    /// A Content-Length that is not plain digits (RFC 9112, section 6.3).
    LengthInvalid,
    /// Two Content-Length fields, equal or not.
    LengthRepeated,
    /// Content-Length beside Transfer-Encoding (RFC 9112, section 6.1).
    LengthWithEncoding,
    /// A Transfer-Encoding other than `chunked`, or two of them.
    EncodingInvalid,
    /// Transfer-Encoding in an HTTP/1.0 request.
    EncodingVersion,
    /// A chunk size that is not 1 to 16 hexadecimal digits (RFC 9112, section 7.1).
    ChunkSize,
    /// A chunk extension with a control character, or too much of them (RFC 9112, section 7.1.1).
    ChunkExtension,
    /// No CRLF after a chunk's data.
    ChunkEnd,
    /// A malformed or oversized trailer section.
    Trailer,
    /// A body beyond what [`Limits::body_bytes`](super::Limits::body_bytes) grants the path.
    BodyTooLarge,
    /// The head was not complete in time.
    HeadTimeout,
    /// The request was not complete in time.
    RequestTimeout,
    /// The peer ended its side within a request.
    Incomplete,
    /// The request began after the server was told to stop.
    Stopping,
}

use FramingError::*;

impl FramingError {
    /// All of them, in the order of their codes.
    pub const ALL: [FramingError; 29] = [
        Method,
        RequestLine,
        Target,
        TargetTooLong,
        Version,
        LineEnding,
        FieldName,
        Folding,
        FieldValue,
        HeadersTooLarge,
        TooManyFields,
        HostMissing,
        HostRepeated,
        HostInvalid,
        HostMismatch,
        LengthInvalid,
        LengthRepeated,
        LengthWithEncoding,
        EncodingInvalid,
        EncodingVersion,
        ChunkSize,
        ChunkExtension,
        ChunkEnd,
        Trailer,
        BodyTooLarge,
        HeadTimeout,
        RequestTimeout,
        Incomplete,
        Stopping,
    ];

    /// The status the answer must have: 400, 408, 413, 414, 431 or 503.
    pub fn status(self) -> StatusCode {
        match self {
            HeadTimeout | RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            TargetTooLong => StatusCode::URI_TOO_LONG,
            HeadersTooLarge | TooManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Stopping => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// A short name for logs and metric labels.
    pub fn kind(self) -> &'static str {
        self.facts().0
    }

    /// One sentence for the client: what was wrong and, where there is one, the way out.
    pub fn sentence(self) -> &'static str {
        self.facts().1
    }

    fn facts(self) -> (&'static str, &'static str) {
        match self {
            Method => ("method", "The request method is not allowed here."),
            RequestLine => {
                ("request_line", "The request line must be a method, a target and HTTP/1.1, each one space apart.")
            }
            Target => {
                ("target", "The request target is not valid; percent-encode characters that a URL does not allow.")
            }
            TargetTooLong => ("target_too_long", "The URL is too long."),
            Version => ("version", "The HTTP version must be 1.0 or 1.1."),
            LineEnding => ("line_ending", "Every line of the head must end in CR LF."),
            FieldName => ("field_name", "A header name is not valid or is not directly followed by a colon."),
            Folding => ("folding", "A header must not be folded over several lines."),
            FieldValue => ("field_value", "A header value must not hold control characters."),
            HeadersTooLarge => ("headers_too_large", "The headers are too large."),
            TooManyFields => ("too_many_fields", "There are too many headers."),
            HostMissing => ("host_missing", "The Host header is missing."),
            HostRepeated => ("host_repeated", "There must be one Host header."),
            HostInvalid => ("host_invalid", "The Host header is not a host name or address."),
            HostMismatch => ("host_mismatch", "The Host header is not the host of the request target."),
            LengthInvalid => ("length_invalid", "The Content-Length header must be a plain decimal number."),
            LengthRepeated => ("length_repeated", "There must be one Content-Length header at most."),
            LengthWithEncoding => {
                ("length_with_encoding", "Content-Length and Transfer-Encoding must not stand together.")
            }
            EncodingInvalid => ("encoding_invalid", "The only Transfer-Encoding understood is a single chunked."),
            EncodingVersion => ("encoding_version", "HTTP/1.0 knows no Transfer-Encoding; send a Content-Length."),
            ChunkSize => ("chunk_size", "A chunk size is not a hexadecimal number."),
            ChunkExtension => ("chunk_extension", "A chunk extension is not valid."),
            ChunkEnd => ("chunk_end", "A chunk's data must be followed by CR LF."),
            Trailer => ("trailer", "The trailer section is not valid."),
            BodyTooLarge => ("body_too_large", "The request body is too large."),
            HeadTimeout => ("head_timeout", "The headers were not complete in time."),
            RequestTimeout => ("request_timeout", "The request was not complete in time."),
            Incomplete => ("incomplete", "The request ended before it was complete."),
            Stopping => ("stopping", "The server is stopping and has not looked at this request; send it again."),
        }
    }

    /// The error of that code; `None` for 0 and unknown ones.
    pub(super) fn from_code(code: u8) -> Option<FramingError> {
        let index = usize::from(code).checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// The code, never 0.
    pub(super) fn code(self) -> u8 {
        self as u8
    }
}

impl std::fmt::Display for FramingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for FramingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_found_by_its_code() {
        for error in FramingError::ALL {
            assert_eq!(FramingError::from_code(error.code()), Some(error));
        }
        assert_eq!(FramingError::from_code(0), None);
        assert_eq!(FramingError::from_code(30), None);
    }
}
