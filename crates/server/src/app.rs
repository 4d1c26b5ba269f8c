//! The whole program as one HTTP service: known hosts, request ids, health, metrics, the API, MCP.

use std::{net::SocketAddr, sync::Arc};

use api::{Api, ClientAddress, Origins, Problem, ProblemCode, RequestId};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use crm::{Crm, randomness};
use http::{HeaderName, HeaderValue, StatusCode, header};
use site::{
    OwnDomain, Seen, Site,
    docs::{self, ErrorKind},
};

use crate::{
    domains::{self, OwnHosts},
    hosts::Hosts,
    http::{Network, client_address},
    meters::{self, Observed, Operator},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What the outermost layer knows.
#[derive(Clone)]
pub struct App {
    crm: Crm,
    hosts: Arc<Hosts>,
    own_hosts: Arc<OwnHosts>,
    public_url: Arc<str>,
    origins: Origins,
    proxies: Arc<[Network]>,
    operator: Option<Operator>,
    site: Site,
}

impl App {
    /// The program over a domain, answering at this public URL.
    #[must_use]
    pub fn new(crm: Crm, public_url: &str) -> Self {
        let hosts = Arc::new(Hosts::of_public_url(public_url));
        let own_hosts = Arc::new(OwnHosts::new(&crm));
        let (origins, proxies) = (Origins::default(), Arc::default());
        let site = Site::new(crm.clone(), public_url);
        Self { crm, hosts, own_hosts, public_url: public_url.into(), origins, proxies, operator: None, site }
    }

    /// The same, for pages of these origins too.
    #[must_use]
    pub fn with_origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// The same, believing what these proxies say of their clients.
    #[must_use]
    pub fn with_proxies(mut self, proxies: &[Network]) -> Self {
        self.proxies = proxies.into();
        self
    }

    /// The same, with pages arranged so.
    #[must_use]
    pub fn with_site(mut self, arrange: impl FnOnce(Site) -> Site) -> Self {
        self.site = arrange(self.site);
        self
    }

    /// The pages, which have something to do beside the requests.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn crm(&self) -> &Crm {
        &self.crm
    }

    /// The hosts that are the server's own.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The hosts that are agents' own.
    pub(crate) fn own_hosts(&self) -> &OwnHosts {
        &self.own_hosts
    }

    /// Where the server is reached.
    pub(crate) fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The same, showing its metrics to the operator.
    #[must_use]
    pub fn with_operator(mut self, operator: Operator) -> Self {
        meters::install();
        self.operator = Some(operator);
        self
    }

    /// Every route.
    pub fn router(self) -> Router {
        let state = Api::new(self.crm.clone()).with_origins(self.origins.clone());
        let mcp = mcp::router(self.crm.clone(), state.clone());
        let api = api::router(state);
        let docs = self.docs();
        // Each request takes it several times.
        let app = Arc::new(self);
        #[expect(clippy::disallowed_methods, reason = "routes that are no part of the API")]
        let metrics = Router::new().route("/metrics", get(metrics)).with_state(Arc::clone(&app));
        let router = Router::new()
            .merge(probes(&app))
            .merge(metrics)
            .merge(domains::routes(&app))
            .merge(docs)
            .merge(site::router(&app.site))
            .merge(api)
            .merge(mcp)
            .fallback_service(any(unknown).with_state(Arc::clone(&app)))
            .layer(middleware::from_fn_with_state(Arc::clone(&app), outermost));
        // Around the routes, since it changes where a request goes.
        Router::new().fallback_service(router).layer(middleware::from_fn_with_state(app, domains::lead))
    }

    /// The documentation page, from the API's own document.
    fn docs(&self) -> Router {
        let document = serde_json::to_value(api::document()).expect("a document is JSON");
        let errors = ProblemCode::ALL.map(|code| ErrorKind {
            slug: code.slug(),
            status: code.status().as_u16(),
            title: code.title(),
        });
        docs::router(&document, &errors, &self.public_url, self.crm.rate_limit())
    }

    /// A new request id.
    pub(crate) fn new_request_id(&self) -> RequestId {
        RequestId(format!("req_{}", randomness::text(self.crm.random(), LETTERS, 26)))
    }
}

/// What watches the server asks.
pub(crate) fn probes(app: &Arc<App>) -> Router {
    #[expect(clippy::disallowed_methods, reason = "routes that are no part of the API")]
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).with_state(Arc::clone(app))
}

/// Answers while the process runs.
async fn healthz() -> &'static str {
    "ok"
}

/// Answers 200 while requests can be served, else 503.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.crm.database().ready().await {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "not ready").into_response()
    }
}

/// The metrics, for the operator; without a token set, there is nothing here.
async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    match &app.operator {
        None => unknown(State(app.clone()), request).await,
        Some(operator) if operator.sent(request.headers()) => {
            let text = meters::render(meters::install(), &app.crm).await;
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Some(_) => {
            let problem =
                Problem::new(ProblemCode::Unauthorized, "Send the operator's token: Authorization: Bearer TOKEN.");
            problem.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")).render(&id_of(&request))
        }
    }
}

fn id_of(request: &Request) -> RequestId {
    request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()))
}

async fn unknown(State(app): State<Arc<App>>, request: Request) -> Response {
    if let Some(page) = site::lost(&app.site, request.method(), request.uri(), request.headers()) {
        return page;
    }
    let id = id_of(&request);
    Problem::new(ProblemCode::NotFound, "There is nothing at this path. The API lives under /api/v1.").render(&id)
}

/// What every request passes first and every answer gets last.
pub(crate) async fn outermost(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let given = || request.extensions().get::<RequestId>().cloned();
    let id = sent_id(&request).or_else(given).unwrap_or_else(|| app.new_request_id());
    request.extensions_mut().insert(id.clone());
    if let Some(peer) = request.extensions().get::<SocketAddr>().copied() {
        let client = client_address(peer.ip(), request.headers(), &app.proxies);
        request.extensions_mut().insert(ClientAddress(client));
        request.extensions_mut().insert(Seen { address: client, request_id: id.0.as_str().into() });
    }
    let observed = Observed::new(
        request.method(),
        request.extensions().get::<MatchedPath>().cloned(),
        app.crm.clock().monotonic(),
    );
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz") || domains::is_question(&request);
    let is_own = request.extensions().get::<OwnDomain>().is_some();
    let mut response = if is_probe || is_own || app.hosts.knows(&request) {
        next.run(request).await
    } else {
        Problem::new(ProblemCode::NotFound, "There is nothing here.").render(&id)
    };
    observed.end(&response, app.crm.clock().monotonic(), &id.0);
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::try_from(id.0).expect("an id is visible ASCII"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The caller's own request id, where it is a plain word: it ties the caller's log to ours.
fn sent_id(request: &Request) -> Option<RequestId> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_word = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_word.then(|| RequestId(text.to_owned()))
}
