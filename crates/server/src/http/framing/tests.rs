//! Tests of [`Framing`] against hand-written cases and, on random streams, against a model that is written another way.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn limits() -> Limits {
    Limits {
        body_bytes: |_, path| match path {
            "/large" => 1 << 40,
            _ => 100,
        },
        ..Limits::default()
    }
}

/// Ends of head and request, for each complete request of a stream.
type Bounds = Vec<(usize, usize)>;

/// Gives the stream in pieces, as a guard does: unsettled bytes are given again.
fn follow(stream: &[u8], pieces: &[usize]) -> (Bounds, Result<(), FramingError>) {
    let mut framing = Framing::new(&limits());
    let (mut bounds, mut settled, mut given, mut head_end) = (Vec::new(), 0, 0, None);
    let mut pieces = pieces.iter().cycle();
    while given < stream.len() {
        given = (given + pieces.next().copied().unwrap_or(stream.len()).max(1)).min(stream.len());
        loop {
            let step = match framing.advance(&stream[settled..given]) {
                Ok(step) => step,
                Err(error) => return (bounds, Err(error)),
            };
            match step {
                Step::More(count) => {
                    settled += count;
                    break;
                }
                Step::Head(count) => {
                    settled += count;
                    match framing.head().length {
                        BodyLength::None => bounds.push((settled, settled)),
                        _ => head_end = Some(settled),
                    }
                }
                Step::End(count) => {
                    settled += count;
                    bounds.push((head_end.take().expect("a body has a head"), settled));
                }
            }
        }
    }
    (bounds, Ok(()))
}

/// The verdict on a stream, which must be the same byte by byte.
#[track_caller]
fn verdict(stream: &[u8]) -> Result<usize, FramingError> {
    let whole = follow(stream, &[stream.len()]);
    assert_eq!(whole, follow(stream, &[1]), "{:?}", String::from_utf8_lossy(stream));
    whole.1.map(|()| whole.0.len())
}

fn verdict_of(lines: &str) -> Result<usize, FramingError> {
    verdict(lines.replace('\n', "\r\n").as_bytes())
}

/// A request of these field lines.
fn with_fields(fields: &str) -> Result<usize, FramingError> {
    verdict_of(&format!("POST /x HTTP/1.1\nHost: a\n{fields}\n"))
}

/// A chunked body.
fn chunked(body: &str) -> Result<usize, FramingError> {
    verdict(format!("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}").as_bytes())
}

use FramingError as E;

#[test]
fn good_requests_pass() {
    assert_eq!(verdict_of("GET / HTTP/1.1\nHost: a.example\n\n"), Ok(1));
    assert_eq!(verdict_of("\nGET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nhost:a\n\n"), Ok(2));
    assert_eq!(verdict_of("GET / HTTP/1.0\n\n"), Ok(1));
    assert_eq!(verdict_of("OPTIONS * HTTP/1.1\nHost: a\n\n"), Ok(1));
    assert_eq!(verdict_of("GET http://A.example/x?y HTTP/1.1\nHost: a.example:80\n\n"), Ok(1));
    assert_eq!(verdict_of("GET https://a.example?y HTTP/1.1\nHost: a.example\n\n"), Ok(1));
    assert_eq!(verdict_of("GET / HTTP/1.1\nHost: \t a \t\nX:\nY: \u{e9}\tz\n\n"), Ok(1));
    assert_eq!(verdict_of("POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello"), Ok(1));
    assert_eq!(verdict_of("POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhell"), Ok(0));
    assert_eq!(with_fields("Content-Length: 0\n"), Ok(1));
}

#[test]
fn a_request_line_is_by_the_letter() {
    for (line, error) in [
        ("GET /", E::RequestLine),
        ("GET  / HTTP/1.1", E::Target),
        ("GET /  HTTP/1.1", E::RequestLine),
        ("GET / HTTP/1.1 ", E::RequestLine),
        (" GET / HTTP/1.1", E::RequestLine),
        ("GET\t/ HTTP/1.1", E::RequestLine),
        ("G@T / HTTP/1.1", E::RequestLine),
        ("GET / HTTP/1.2", E::Version),
        ("GET / HTTP/2.0", E::Version),
        ("GET / http/1.1", E::Version),
        ("GET / HTTP/01.1", E::Version),
        ("PRI * HTTP/2.0", E::Target),
        ("GET /a b HTTP/1.1", E::Version),
        ("GET /\u{e9} HTTP/1.1", E::Target),
        ("GET /\u{0} HTTP/1.1", E::Target),
        ("GET /\u{7f} HTTP/1.1", E::Target),
        ("GET /#x HTTP/1.1", E::Target),
        ("GET /\"x HTTP/1.1", E::Target),
        ("GET * HTTP/1.1", E::Target),
        ("GET x HTTP/1.1", E::Target),
        ("GET ftp://a/ HTTP/1.1", E::Target),
        ("GET http:///x HTTP/1.1", E::Target),
        ("GET http://u@a/ HTTP/1.1", E::Target),
        ("CONNECT a:443 HTTP/1.1", E::Method),
        ("GET http://b.example/ HTTP/1.1", E::HostMismatch),
        ("GET http://a:8080/ HTTP/1.1", E::HostMismatch),
    ] {
        assert_eq!(verdict_of(&format!("{line}\nHost: a\n\n")), Err(error), "{line}");
    }
    assert_eq!(verdict(&b"x".repeat(33)), Err(E::Method));
    assert_eq!(verdict(b"\r\n\r\nGET / HTTP/1.1\r\n"), Err(E::RequestLine));
}

#[test]
fn a_line_ends_in_cr_lf() {
    for stream in [
        &b"GET / HTTP/1.1\nHost: a\n\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\rX",
        b"\rGET / HTTP/1.1\r\n",
    ] {
        assert_eq!(verdict(stream), Err(E::LineEnding), "{:?}", String::from_utf8_lossy(stream));
    }
    assert_eq!(verdict(b"GET /\n"), Err(E::RequestLine));
}

#[test]
fn a_field_line_is_by_the_letter() {
    assert_eq!(with_fields("Name : x\n"), Err(E::FieldName));
    assert_eq!(with_fields("Name\n"), Err(E::FieldName));
    assert_eq!(with_fields(": x\n"), Err(E::FieldName));
    assert_eq!(with_fields("N\u{e4}me: x\n"), Err(E::FieldName));
    assert_eq!(with_fields("N(me: x\n"), Err(E::FieldName));
    assert_eq!(with_fields("A: x\n y\n"), Err(E::Folding));
    assert_eq!(with_fields("A: x\n\ty\n"), Err(E::Folding));
    assert_eq!(verdict_of("GET / HTTP/1.1\n Host: a\n\n"), Err(E::Folding));
    for control in ["\u{0}", "\u{1}", "\u{b}", "\u{c}", "\u{1b}", "\u{7f}"] {
        assert_eq!(with_fields(&format!("A: x{control}y\n")), Err(E::FieldValue), "{control:?}");
    }
}

#[test]
fn there_is_one_good_host() {
    assert_eq!(verdict_of("GET / HTTP/1.1\nX: y\n\n"), Err(E::HostMissing));
    assert_eq!(verdict_of("GET / HTTP/1.1\n\n"), Err(E::HostMissing));
    assert_eq!(with_fields("host: a\n"), Err(E::HostRepeated));
    for bad in ["", "a b", "a/b", "u@a", "a, b", "a:b", "caf\u{e9}", "<x>", "a\"", "a#b", "[::1"] {
        assert_eq!(verdict_of(&format!("GET / HTTP/1.1\nHost: {bad}\n\n")), Err(E::HostInvalid), "{bad}");
        assert_eq!(verdict_of(&format!("GET / HTTP/1.0\nHost: {bad}\n\n")), Err(E::HostInvalid), "{bad}");
    }
}

#[test]
fn a_body_is_delimited_once_and_plainly() {
    for bad in ["+5", "-1", "0x5", "5,5", "5, 5", "5 5", "", "five", "5.0", "1e3", "99999999999999999999", "\u{665}"] {
        assert_eq!(with_fields(&format!("Content-Length: {bad}\n")), Err(E::LengthInvalid), "{bad}");
    }
    assert_eq!(with_fields("Content-Length: 5\nContent-Length: 5\n"), Err(E::LengthRepeated));
    assert_eq!(with_fields("Content-Length: 5\ncontent-length: 6\n"), Err(E::LengthRepeated));
    assert_eq!(with_fields("Content-Length: 5\nTransfer-Encoding: chunked\n"), Err(E::LengthWithEncoding));
    assert_eq!(with_fields("Transfer-Encoding: chunked\nContent-Length: 0\n"), Err(E::LengthWithEncoding));
    for bad in [
        "",
        "identity",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "chunked;q=1",
        "xchunked",
        "\"chunked\"",
    ] {
        assert_eq!(with_fields(&format!("Transfer-Encoding: {bad}\n")), Err(E::EncodingInvalid), "{bad}");
    }
    assert_eq!(with_fields("Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n"), Err(E::EncodingInvalid));
    assert_eq!(verdict_of("POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n0\n\n"), Err(E::EncodingVersion));
}

#[test]
fn good_chunks_pass() {
    assert_eq!(chunked("0\r\n\r\n"), Ok(1));
    assert_eq!(verdict_of("POST / HTTP/1.1\nHost: a\nTransfer-Encoding:\tChunked \n\n0\n\n"), Ok(1));
    assert_eq!(chunked("5\r\nhello\r\n0\r\n\r\n"), Ok(1));
    assert_eq!(chunked("a;x=\"y z\"\r\n0123456789\r\n05 \t; x\r\nhello\r\n000\r\nX: y\r\nZ:\r\n\r\n"), Ok(1));
    assert_eq!(chunked("0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(2));
    assert_eq!(chunked("5\r\nhel"), Ok(0));
}

#[test]
fn chunks_are_by_the_letter() {
    for (body, error) in [
        ("\r\n", E::ChunkSize),
        ("x\r\n", E::ChunkSize),
        ("+5\r\n", E::ChunkSize),
        ("-1\r\n", E::ChunkSize),
        ("0x5\r\n", E::ChunkSize),
        ("5_0\r\n", E::ChunkSize),
        ("5 5\r\n", E::ChunkSize),
        (" 5\r\n", E::ChunkSize),
        ("5 \r\n", E::ChunkSize),
        ("5\nhello\r\n", E::ChunkSize),
        ("5\rhello\r\n", E::ChunkSize),
        ("00000000000000005\r\n", E::ChunkSize),
        ("5;x\nhello\r\n", E::ChunkExtension),
        ("5;x\0y\r\nhello\r\n", E::ChunkExtension),
        ("5;x\x01\r\n", E::ChunkExtension),
        ("5;x\x7f\r\n", E::ChunkExtension),
        ("5;x\ry\r\n", E::ChunkSize),
        ("5\r\nhello0\r\n\r\n", E::ChunkEnd),
        ("5\r\nhello\n0\r\n\r\n", E::ChunkEnd),
        ("5\r\nhello\r0\r\n\r\n", E::ChunkEnd),
        ("5\r\nhello!\r\n0\r\n\r\n", E::ChunkEnd),
        ("0\r\nX : y\r\n\r\n", E::Trailer),
        ("0\r\nX: y\n\r\n", E::Trailer),
        ("0\r\n y\r\n\r\n", E::Trailer),
        ("0\r\n\n", E::Trailer),
        ("0\r\n\rX", E::Trailer),
        ("ffffffffffffffff\r\n", E::BodyTooLarge),
        ("65\r\n", E::BodyTooLarge),
    ] {
        assert_eq!(chunked(body), Err(error), "{body:?}");
    }
}

#[test]
fn sizes_are_bounded_to_the_byte() {
    let target = |length: usize| verdict_of(&format!("GET /{} HTTP/1.1\nHost: a\n\n", "x".repeat(length - 1)));
    assert_eq!(target(8 * 1024), Ok(1));
    assert_eq!(target(8 * 1024 + 1), Err(E::TargetTooLong));
    assert_eq!(verdict(&[b"GET /".to_vec(), b"x".repeat(9_000)].concat()), Err(E::TargetTooLong));

    // "Host: a", "X: ..." and the empty line: 9, 5 and 2 bytes beside the value.
    let section = |length: usize| verdict_of(&format!("GET / HTTP/1.1\nHost: a\nX: {}\n\n", "x".repeat(length - 16)));
    assert_eq!(section(16 * 1024), Ok(1));
    assert_eq!(section(16 * 1024 + 1), Err(E::HeadersTooLarge));
    assert_eq!(section(16 * 1024 + 2), Err(E::HeadersTooLarge));
    assert_eq!(section(40_000), Err(E::HeadersTooLarge));

    let fields = |count: usize| verdict_of(&format!("GET / HTTP/1.1\nHost: a\n{}\n", "X: y\n".repeat(count - 1)));
    assert_eq!(fields(MAX_FIELDS), Ok(1));
    assert_eq!(fields(MAX_FIELDS + 1), Err(E::TooManyFields));

    assert_eq!(with_fields("Content-Length: 100\n"), Ok(0));
    assert_eq!(with_fields("Content-Length: 101\n"), Err(E::BodyTooLarge));
    assert_eq!(chunked(&format!("32\r\n{0}\r\n32\r\n{0}\r\n0\r\n\r\n", "x".repeat(50))), Ok(1));
    assert_eq!(chunked(&format!("32\r\n{0}\r\n33\r\n", "x".repeat(50))), Err(E::BodyTooLarge));
    assert_eq!(chunked(&format!("0;{}\r\n\r\n", "x".repeat(4096))), Ok(1));
    assert_eq!(chunked(&format!("0;{}", "x".repeat(4097))), Err(E::ChunkExtension));
    assert_eq!(chunked(&format!("0\r\nX:{}\r\n\r\n", "x".repeat(8191))), Ok(1));
    assert_eq!(chunked(&format!("0\r\nX:{}", "x".repeat(8192))), Err(E::Trailer));
    assert_eq!(chunked(&format!("0\r\n{}\r\n", "X:y\r\n".repeat(64))), Ok(1));
    assert_eq!(chunked(&format!("0\r\n{}\r\n", "X:y\r\n".repeat(65))), Err(E::Trailer));
}

#[test]
fn the_cap_on_a_body_is_its_paths() {
    for target in ["/large", "/large?x=/y", "http://a/large?x"] {
        let head = format!("PUT {target} HTTP/1.1\nHost: a\nContent-Length: 5000000000\n\n");
        assert_eq!(verdict_of(&head), Ok(0), "{target}");
    }
    for target in ["/large/x", "/x?/large", "http://a?/large", "/large%20"] {
        let head = format!("PUT {target} HTTP/1.1\nHost: a\nContent-Length: 5000000000\n\n");
        assert_eq!(verdict_of(&head), Err(E::BodyTooLarge), "{target}");
    }
}

#[test]
fn every_target_that_passes_is_a_uri_to_hyper() {
    for byte in (0..=255u8).filter(|byte| TARGET[usize::from(*byte)]) {
        for prefix in ["/", "/?", "/x/", "/?y="] {
            let target = [prefix.as_bytes(), &[byte]].concat();
            assert!(http::Uri::try_from(&target[..]).is_ok(), "{}", String::from_utf8_lossy(&target));
        }
    }
}

/// The same rules over a whole stream, line by line: slow and plain. `None`: the stream ends within a request.
fn model(stream: &[u8]) -> (Bounds, Option<bool>) {
    let mut bounds = Bounds::new();
    let mut at = 0;
    while at < stream.len() {
        match model_request(&stream[at..]) {
            Ok(Some((head, whole))) => {
                bounds.push((at + head, at + whole));
                at += whole;
            }
            Ok(None) => return (bounds, None),
            Err(()) => return (bounds, Some(false)),
        }
    }
    (bounds, Some(true))
}

/// Lines and the bytes that they and the empty line after them take.
type Lines<'a> = (Vec<&'a [u8]>, usize);

/// Lines up to the first empty one, none with a stray CR or LF.
fn model_lines(stream: &[u8]) -> Result<Option<Lines<'_>>, ()> {
    let (mut lines, mut at) = (Vec::new(), 0);
    loop {
        let Some(length) = stream[at..].windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(None);
        };
        let line = &stream[at..at + length];
        if line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0x7f | 0..=8 | 11..=31)) {
            return Err(());
        }
        at += length + 2;
        if line.is_empty() {
            return Ok(Some((lines, at)));
        }
        lines.push(line);
    }
}

fn model_field(line: &[u8]) -> Result<(String, Vec<u8>), ()> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(())?;
    let name = &line[..colon];
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(is_token) {
        return Err(());
    }
    Ok((String::from_utf8_lossy(name).to_lowercase(), line[colon + 1..].trim_ascii().to_vec()))
}

fn model_request(stream: &[u8]) -> Result<Option<(usize, usize)>, ()> {
    let skip = if stream.starts_with(b"\r\n") { 2 } else { 0 };
    let Some((lines, head)) = model_lines(&stream[skip..])? else {
        return Ok(None);
    };
    let (line, fields) = lines.split_first().ok_or(())?;
    let line = std::str::from_utf8(line).map_err(drop)?;
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, target, version] = parts[..] else {
        return Err(());
    };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_target = |byte: u8| byte.is_ascii_graphic() && !b"\"#<>`".contains(&byte);
    if method.is_empty() || method == "CONNECT" || method.len() > 32 || !method.bytes().all(is_token) {
        return Err(());
    }
    if !target.starts_with('/') || !target.bytes().all(is_target) || !["HTTP/1.1", "HTTP/1.0"].contains(&version) {
        return Err(());
    }
    let fields = fields.iter().map(|line| model_field(line)).collect::<Result<Vec<_>, _>>()?;
    let all = |name: &str| -> Vec<&[u8]> {
        fields.iter().filter(|field| field.0 == name).map(|field| &field.1[..]).collect()
    };
    match (&all("host")[..], version) {
        ([], "HTTP/1.0") => {}
        ([host], _) if is_authority(host) => {}
        _ => return Err(()),
    }
    let head = head + skip;
    let body = &stream[head..];
    let length = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Some(0),
        ([length], []) if length.len() <= 19 && length.iter().all(u8::is_ascii_digit) => {
            let length: usize = std::str::from_utf8(length).map_err(drop)?.parse().map_err(drop)?;
            if length > 100 {
                return Err(());
            }
            (length <= body.len()).then_some(length)
        }
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") && version == "HTTP/1.1" => model_chunks(body)?,
        _ => return Err(()),
    };
    Ok(length.map(|length| (head, head + length)))
}

fn model_chunks(body: &[u8]) -> Result<Option<usize>, ()> {
    let (mut at, mut total) = (0, 0);
    loop {
        let Some(length) = body[at..].windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(None);
        };
        let line = std::str::from_utf8(&body[at..at + length]).map_err(drop)?;
        if line.chars().any(|letter| letter != '\t' && (letter.is_control() || !letter.is_ascii())) {
            return Err(());
        }
        let digits = match line.split_once(';') {
            Some((digits, _)) => digits.trim_end_matches([' ', '\t']),
            None => line,
        };
        if digits.is_empty() || digits.len() > 16 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(());
        }
        let size = u64::from_str_radix(digits, 16).map_err(drop)?;
        total = size.checked_add(total).filter(|total| *total <= 100).ok_or(())?;
        at += length + 2;
        if size == 0 {
            let Some((lines, length)) = model_lines(&body[at..])? else {
                return Ok(None);
            };
            lines.iter().map(|line| model_field(line)).collect::<Result<Vec<_>, _>>()?;
            return Ok(Some(at + length));
        }
        at += size as usize;
        match body.get(at..at + 2) {
            None => return Ok(None),
            Some(b"\r\n") => at += 2,
            Some(_) => return Err(()),
        }
    }
}

fn body() -> impl Strategy<Value = String> {
    let length = "[ -~\r\n]{0,40}".prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let chunk =
        ("[ -~\r\n]{1,12}", "(;[a-z]{1,4}(=\"[a-z ]{0,3}\")?)?", any::<bool>()).prop_map(|(data, extension, upper)| {
            match upper {
                true => format!("{:02X}{extension}\r\n{data}\r\n", data.len()),
                false => format!("{:x}{extension}\r\n{data}\r\n", data.len()),
            }
        });
    let chunks = (prop::collection::vec(chunk, 0..4), "(X-T: [a-z]{0,5}\r\n){0,2}").prop_map(|(chunks, trailers)| {
        format!("transfer-encoding: chunked\r\n\r\n{}0\r\n{trailers}\r\n", chunks.concat())
    });
    prop_oneof![Just("\r\n".to_owned()), length, chunks]
}

prop_compose! {
    fn request()(
        blank in prop_oneof![4 => Just(""), 1 => Just("\r\n")],
        method in prop_oneof![Just("GET"), Just("POST"), Just("PATCH"), Just("M-SEARCH")],
        target in "/[a-z0-9/%.]{0,10}(\\?[a-z=&{}|]{0,8})?",
        host in prop_oneof![Just("a.example"), Just("[::1]:8080"), Just("127.0.0.1:1")],
        fields in prop::collection::vec("X-[A-Za-z]{1,8}:[ \t]{0,2}[!-~]{0,12}[ \t]{0,2}", 0..4),
        body in body(),
    ) -> String {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        format!("{blank}{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}{body}")
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Insert(u8),
    Replace(u8),
    Delete(usize),
    Repeat(usize),
}

fn mutation() -> impl Strategy<Value = (prop::sample::Index, Mutation)> {
    let byte = prop_oneof![
        3 => prop::sample::select(b"\r\n\0 \t:;,+-x0159aF\x0b\x7f\xe9".to_vec()),
        1 => any::<u8>()
    ];
    let kind = prop_oneof![
        byte.clone().prop_map(Mutation::Insert),
        byte.prop_map(Mutation::Replace),
        (1..4usize).prop_map(Mutation::Delete),
        (1..30usize).prop_map(Mutation::Repeat),
    ];
    (any::<prop::sample::Index>(), kind)
}

fn mutate(stream: &mut Vec<u8>, place: prop::sample::Index, mutation: &Mutation) {
    if stream.is_empty() {
        return;
    }
    let at = place.index(stream.len());
    match *mutation {
        Mutation::Insert(byte) => stream.insert(at, byte),
        Mutation::Replace(byte) => stream[at] = byte,
        Mutation::Delete(count) => {
            stream.drain(at..(at + count).min(stream.len()));
        }
        Mutation::Repeat(count) => {
            let piece = stream[at..(at + count).min(stream.len())].to_vec();
            stream.splice(at..at, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(9112), ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn valid_requests_pass_however_they_are_split(
        requests in prop::collection::vec(request(), 1..5),
        pieces in prop::collection::vec(1..60usize, 1..8),
    ) {
        let mut ends = Vec::new();
        let mut stream = String::new();
        for request in &requests {
            stream.push_str(request);
            ends.push(stream.len());
        }
        let (bounds, verdict) = follow(stream.as_bytes(), &pieces);
        prop_assert_eq!(verdict, Ok(()));
        prop_assert_eq!(bounds.iter().map(|bound| bound.1).collect::<Vec<_>>(), ends);
    }

    #[test]
    fn mutated_requests_never_move_the_bounds_of_others(
        requests in prop::collection::vec(request(), 1..4),
        mutations in prop::collection::vec(mutation(), 1..4),
        pieces in prop::collection::vec(1..60usize, 1..8),
    ) {
        let mut stream = requests.concat().into_bytes();
        for (place, kind) in &mutations {
            mutate(&mut stream, *place, kind);
        }
        let split = follow(&stream, &pieces);
        prop_assert_eq!(&split, &follow(&stream, &[stream.len().max(1)]));
        let (bounds, verdict) = model(&stream);
        prop_assert_eq!(&split.0, &bounds);
        match verdict {
            Some(true) => prop_assert_eq!(split.1, Ok(())),
            Some(false) => prop_assert!(split.1.is_err()),
            // What is left may be refused before it is complete.
            None => {}
        }
    }
}
