//! The gate: what every request under the base passes before its handler, in the published order, and what every answer
//! gets on its way out.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use crm::{
    Stamp,
    api_keys::{self, Caller, Key, Refusal},
    limiter::{Admission, WINDOW},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower::ServiceExt;

use crate::{
    Api, BASE, ClientAddress, Problem, ProblemCode, RequestId, answers::Question, body, etags, reply::Rendered,
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Requests that a limiter refused, by what was used up: a key's limit or an address's guesses.
const REFUSALS: &str = "organicagent_limiter_refusals_total";

/// The path that needs no key.
pub(crate) const OPENAPI: &str = "/openapi.json";

/// The longest target of a request, in bytes.
const MAX_URI: usize = 8 * 1024;

/// Every path under the base.
pub(crate) struct Map {
    paths: matchit::Router<Route>,
}

/// One path with its methods.
struct Route {
    template: RouteTemplate,
    methods: BTreeSet<&'static str>,
}

/// The path of a route with its parameters named, such as `/api/v1/leads/{id}`; in the answer's extensions, for metrics.
#[derive(Debug, Clone)]
pub struct RouteTemplate(pub Arc<str>);

impl Map {
    /// The map of the paths of an OpenAPI document.
    pub fn new(document: &utoipa::openapi::OpenApi) -> Self {
        let mut paths = matchit::Router::new();
        for (path, item) in &document.paths.paths {
            let operations = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PATCH", &item.patch),
                ("PUT", &item.put),
                ("DELETE", &item.delete),
            ];
            let methods =
                operations.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|_| method)).collect();
            let route = Route { template: RouteTemplate(path.as_str().into()), methods };
            paths
                .insert(path.strip_prefix(BASE).unwrap_or(path), route)
                .expect("the document's paths are the router's");
        }
        let document = Route { template: RouteTemplate(format!("{BASE}{OPENAPI}").into()), methods: ["GET"].into() };
        paths.insert(OPENAPI, document).expect("no other path has this name");
        Self { paths }
    }

    fn find(&self, path: &str) -> Option<&Route> {
        self.paths.at(path).ok().map(|found| found.value)
    }
}

impl Route {
    /// The `Allow` header (RFC 9110, section 10.2.1).
    fn allow(&self) -> HeaderValue {
        let mut names = self.methods.clone();
        names.insert("OPTIONS");
        if names.contains("GET") {
            names.insert("HEAD");
        }
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        HeaderValue::try_from(names).expect("method names")
    }

    /// Whether it has the method; HEAD is as GET.
    fn has(&self, method: &Method) -> bool {
        let name = if *method == Method::HEAD { "GET" } else { method.as_str() };
        self.methods.contains(name)
    }
}

/// Lets a request through, or answers it.
pub(crate) async fn pass(api: Api, map: Arc<Map>, routes: Router, request: Request) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(|| RequestId(String::from("req_unknown")));
    let if_none_match = etags::Tags::read(request.headers(), &header::IF_NONE_MATCH);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let cross_origin = api.origins.read(request.method(), request.headers());
    let route = map.find(&path_under_base(request.uri()));
    let mut admission = None;
    let now = api.crm.stamp();
    let mut response = match check(&api, route, request, &mut admission, now).await {
        Ok(Checked::Pass(request)) => answer(&api, routes, request, now).await,
        Ok(Checked::Answer(response)) => response,
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.render(&id);
    }
    if is_read && response.status() == StatusCode::OK {
        not_modified(&mut response, if_none_match.as_ref());
    }
    if let Some(admission) = admission {
        rate_headers(response.headers_mut(), &admission);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Some(cross_origin) = cross_origin {
        cross_origin.decorate(&mut response);
    }
    if let Some(route) = route {
        response.extensions_mut().insert(route.template.clone());
    }
    response
}

/// The handler's answer, or the one that it gave before where that still holds.
async fn answer(api: &Api, routes: Router, request: Request, now: Option<Stamp>) -> Response {
    let question = match (request.method(), request.extensions().get::<Caller>(), now) {
        (&Method::GET, Some(caller), Some(now)) => {
            let (path, query) = (path_under_base(request.uri()), request.uri().query());
            Question::new(caller.agent, &path, query).map(|question| (question, now))
        }
        _ => None,
    };
    let Some((question, now)) = question else {
        return routes.oneshot(request).await.into_response();
    };
    if let Some(kept) = api.answers.find(&api.crm, &question, now) {
        return kept.answer();
    }
    let mut response = routes.oneshot(request).await.into_response();
    if let Some(rendered) = response.extensions_mut().remove::<Rendered>() {
        api.answers.keep(question, rendered, now);
    }
    response
}

/// A request whose key is known and that was counted against its limit, before the gate: what one request to `/mcp` asks of the API
/// is then not counted again. Stands in the extensions of a request; nothing that comes from outside can put it there.
#[derive(Clone)]
pub struct Admitted(Caller);

impl Admitted {
    /// Lets a request in by the key in its `X-API-Key`, and counts it.
    ///
    /// # Errors
    /// 401 without a valid key, 429 where the key's limit or the address's guesses are used up.
    pub async fn read(api: &Api, headers: &HeaderMap, address: Option<ClientAddress>) -> Result<Self, Problem> {
        admit(api, headers, address, &mut None, api.crm.stamp()).await.map(Self)
    }

    /// Says in the headers of the answer where the key stands.
    pub fn describe(&self, headers: &mut HeaderMap) {
        rate_headers(headers, &self.0.admission);
    }
}

enum Checked {
    Pass(Request),
    Answer(Response),
}

/// The checks, in the published order: size, key, limit, path, method, scope.
async fn check(
    api: &Api,
    route: Option<&Route>,
    request: Request,
    admission: &mut Option<Admission>,
    now: Option<Stamp>,
) -> Result<Checked, Problem> {
    let (mut parts, body) = request.into_parts();
    if parts.uri.path_and_query().map_or(0, |target| target.as_str().len()) > MAX_URI {
        return Err(Problem::new(ProblemCode::UriTooLong, "The URL is longer than 8 KiB."));
    }
    let body = collect(&parts.headers, body).await?;
    let path = path_under_base(&parts.uri);
    let needs_key = parts.method != Method::OPTIONS && path != OPENAPI;
    let address = parts.extensions.get::<ClientAddress>().copied().filter(|_| needs_key);
    let caller = match parts.extensions.remove::<Admitted>() {
        Some(Admitted(caller)) => Ok(caller),
        None => admit(api, &parts.headers, address, admission, now).await,
    };
    match caller {
        Ok(caller) => drop(parts.extensions.insert(caller)),
        // Where no key is needed a wrong one does no harm, but a right one counts.
        Err(problem) if !needs_key && problem.code() == ProblemCode::Unauthorized => {}
        Err(problem) => return Err(problem),
    }
    if parts.method == Method::OPTIONS {
        return Ok(Checked::Answer(options(route)?));
    }
    let route = route.ok_or_else(Problem::not_found)?;
    if !route.has(&parts.method) {
        let problem =
            Problem::new(ProblemCode::MethodNotAllowed, "This path has no such method; Allow lists those it has.");
        return Err(problem.with(header::ALLOW, route.allow()));
    }
    if let Some(caller) = parts.extensions.get::<Caller>().filter(|_| needs_key) {
        check_scope(caller, &parts.method)?;
    }
    if let Some(uri) = without_trailing_slash(&parts.uri, &path) {
        parts.uri = uri;
    }
    Ok(Checked::Pass(Request::from_parts(parts, Body::from(body))))
}

/// The whole body, within the bound: whatever follows the request on the connection is then not part of it.
async fn collect(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(ProblemCode::ContentTooLarge, "The body is larger than 256 KiB.");
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|length| length > body::MAX_BYTES as u64) {
        return Err(too_large());
    }
    match Limited::new(body, body::MAX_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::bad_request("The body could not be read to its end.")),
    }
}

/// The path within the base; a trailing slash is the same path.
fn path_under_base(uri: &Uri) -> String {
    let path = uri.path().strip_prefix(BASE).unwrap_or(uri.path());
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    if trimmed.is_empty() { String::from("/") } else { trimmed.to_owned() }
}

/// The target that the routes know, where the request's has a slash too many.
fn without_trailing_slash(uri: &Uri, path: &str) -> Option<Uri> {
    if !uri.path().ends_with('/') {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{BASE}{path}{query}").parse().ok()
}

fn options(route: Option<&Route>) -> Result<Response, Problem> {
    let route = route.ok_or_else(Problem::not_found)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::ALLOW, route.allow());
    Ok(response)
}

async fn admit(
    api: &Api,
    headers: &HeaderMap,
    address: Option<ClientAddress>,
    admission: &mut Option<Admission>,
    now: Option<Stamp>,
) -> Result<Caller, Problem> {
    let mut keys = headers.get_all(API_KEY).iter();
    let key = match (keys.next(), keys.next()) {
        // Who sends no key guesses none.
        (None, _) => return Err(unauthorized()),
        (Some(key), None) => key.to_str().ok().and_then(Key::parse),
        _ => None,
    };
    let Some(key) = key else {
        return Err(guessed(api, address));
    };
    match api_keys::admit(&api.crm, &key, now).await {
        Ok(caller) => {
            *admission = Some(caller.admission);
            Ok(caller)
        }
        Err(Refusal::UnknownKey) => Err(guessed(api, address)),
        Err(Refusal::Failed(error)) => Err(error.into()),
        Err(Refusal::Limited(refused)) => {
            *admission = Some(refused);
            metrics::counter!(REFUSALS, "kind" => "key").increment(1);
            Err(limited(
                "This key has made as many requests as it may in a minute. Retry-After says when to go on.",
                refused,
            ))
        }
    }
}

/// The answer to an invalid key: 401, until one address has tried too many.
fn guessed(api: &Api, address: Option<ClientAddress>) -> Problem {
    let admission = address.map(|address| api.guesses.admit(address.0, api.crm.clock().monotonic()));
    match admission {
        Some(admission) if !admission.is_admitted => {
            metrics::counter!(REFUSALS, "kind" => "guesses").increment(1);
            limited("Too many invalid API keys came from this address. Retry-After says when to go on.", admission)
        }
        _ => unauthorized(),
    }
}

fn unauthorized() -> Problem {
    Problem::new(
        ProblemCode::Unauthorized,
        "Send a valid API key in the header X-API-Key. Keys are made in Dashboard → Settings → API or with `organicagent key create`.",
    )
}

fn limited(detail: &str, admission: Admission) -> Problem {
    Problem::new(ProblemCode::QuotaExceeded, detail)
        .with(header::RETRY_AFTER, HeaderValue::from(seconds_up(&admission).max(1)))
}

fn seconds_up(admission: &Admission) -> u64 {
    u64::try_from(admission.reset_after.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// Reading needs the scope `read`, everything else `write`.
fn check_scope(caller: &Caller, method: &Method) -> Result<(), Problem> {
    let (is_held, scope) = match *method {
        Method::GET | Method::HEAD => (caller.scopes.can_read, "read"),
        _ => (caller.scopes.can_write, "write"),
    };
    let refused =
        || Problem::new(ProblemCode::Forbidden, format!("This key lacks the scope `{scope}`. Make one that has it."));
    is_held.then_some(()).ok_or_else(refused)
}

/// draft-ietf-httpapi-ratelimit-headers.
fn rate_headers(headers: &mut HeaderMap, admission: &Admission) {
    let policy = format!("\"default\";q={};w={}", admission.limit, WINDOW.as_secs());
    let state = format!("\"default\";r={};t={}", admission.remaining, seconds_up(admission));
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        headers.insert(name, HeaderValue::try_from(value).expect("digits and punctuation"));
    }
}

/// 304 where the caller holds the representation already (RFC 9110, section 13.1.2).
fn not_modified(response: &mut Response, if_none_match: Option<&etags::Tags>) {
    let tag = response.headers().get(header::ETAG);
    if tag.zip(if_none_match).is_some_and(|(tag, tags)| tags.hold_weakly(tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
}
