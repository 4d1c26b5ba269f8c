//! Settings → API → a webhook: make, change, rotate, reveal, test, enable, delete.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::{get, post},
};
use crm::{
    Error,
    accounts::{self, Refusal as Denied, SignIn},
    events::EventKind,
    ids::{DeliveryId, WebhookId},
    sessions::Session,
    webhooks::{self, Details, NewWebhook, RotationStart, Webhook, WebhookChange},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    deliveries::{self, Log},
    keys,
    shell::{Place, Shell},
};
use crate::{
    Site,
    fields::{Fields, token},
    forms::Wrong,
    id_in_path::Id,
    pages::{self, Refusal, ok, page, see_other},
    seen::From,
    sign_in::too_often,
    signed_in::SignedIn,
    times::{Time, Times},
};

const NEW: &str = "/dashboard/settings/api/webhooks/new";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(NEW, get(show_new).post(create))
        .route("/dashboard/settings/api/webhooks/{id}", get(show).post(update))
        .route("/dashboard/settings/api/webhooks/{id}/enable", post(enable))
        .route("/dashboard/settings/api/webhooks/{id}/disable", post(disable))
        .route("/dashboard/settings/api/webhooks/{id}/delete", post(delete))
        .route("/dashboard/settings/api/webhooks/{id}/rotate", post(rotate))
        .route("/dashboard/settings/api/webhooks/{id}/secret", post(reveal))
        .route("/dashboard/settings/api/webhooks/{id}/test", post(test))
}

/// The path of a webhook's page.
pub(super) fn path(id: WebhookId) -> String {
    format!("/dashboard/settings/api/webhooks/{id}")
}

/// A webhook as a line of the list.
pub(super) struct Line {
    pub id: WebhookId,
    pub name: String,
    pub host: String,
    pub events: String,
    pub is_enabled: bool,
}

impl Line {
    pub fn of(webhook: &Webhook) -> Self {
        let host = host(&webhook.url);
        // Several may go to one host: the end of the id tells them apart.
        let id = webhook.id.to_string();
        let name = webhook.description.clone().unwrap_or_else(|| format!("{host} …{}", &id[id.len() - 4..]));
        let events = match webhook.events.len() {
            count if count == EventKind::ALL.len() => String::from("Every event"),
            _ => webhook.events.join(", "),
        };
        Self { id: webhook.id, name, host, events, is_enabled: webhook.is_enabled }
    }
}

/// Scheme and host: what follows in a URL may be somebody's secret.
fn host(url: &str) -> String {
    let end = url.find("://").and_then(|at| url[at + 3..].find(['/', '?', '#']).map(|end| at + 3 + end));
    url[..end.unwrap_or(url.len())].to_owned()
}

/// What is typed into the form of a webhook.
#[derive(Default)]
struct Typed {
    url: String,
    events: Vec<String>,
    description: String,
    headers: String,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        Self {
            url: fields.get("url").to_owned(),
            events: fields.all("events").map(str::to_owned).collect(),
            description: fields.get("description").to_owned(),
            headers: fields.get("headers").to_owned(),
        }
    }

    fn of(webhook: &Webhook) -> Self {
        let headers = webhook.headers.iter().map(|header| format!("{}: {}", header.name, header.value));
        Self {
            url: webhook.url.clone(),
            events: webhook.events.clone(),
            description: webhook.description.clone().unwrap_or_default(),
            headers: headers.collect::<Vec<_>>().join("\n"),
        }
    }

    /// The same as the API takes it.
    fn fields(&self) -> Map<String, Value> {
        let headers = self.headers.lines().map(str::trim).filter(|line| !line.is_empty());
        let headers = headers.map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            json!({"name": name.trim(), "value": value.trim()})
        });
        let given = json!({
            "url": self.url,
            "events": self.events,
            "description": if self.description.trim().is_empty() { Value::Null } else { json!(self.description) },
            "headers": headers.collect::<Vec<_>>(),
        });
        match given {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.events.iter().any(|event| event == name)
    }
}

/// The events there are, with what each is about.
const EVENTS: [(EventKind, &str); 5] = [
    (EventKind::LeadCreated, "A lead came in"),
    (EventKind::ClientCreated, "A client signed up or was added"),
    (EventKind::ListingCreated, "A listing was first offered"),
    (EventKind::ShowingRequested, "A client asks to see a listing"),
    (EventKind::ClientStageChanged, "A client moved to another stage"),
];

#[derive(Template)]
#[template(path = "dashboard/webhook_new.html")]
struct New {
    shell: Shell,
    typed: Typed,
    wrong: Wrong,
    events: &'static [(EventKind, &'static str)],
    once: String,
}

#[derive(Template)]
#[template(path = "dashboard/webhook_made.html")]
struct Made {
    shell: Shell,
    name: String,
    url: String,
    path: String,
    secret: String,
    reason: &'static str,
}

#[derive(Template)]
#[template(path = "dashboard/webhook.html")]
struct Shown {
    shell: Shell,
    path: String,
    name: String,
    host: String,
    is_enabled: bool,
    disabled_by: Option<&'static str>,
    health: Health,
    pending: String,
    held: i64,
    typed: Typed,
    wrong: Wrong,
    password_error: Option<String>,
    events: &'static [(EventKind, &'static str)],
    log: Log,
}

/// How the receiver does, in words.
struct Health {
    rate: Option<String>,
    delivered: i64,
    failed: i64,
    failing_since: Option<Time>,
    last_success: Option<Time>,
    last_error: Option<String>,
}

impl Health {
    fn of(details: &Details, times: &Times) -> Self {
        let health = &details.health;
        Self {
            rate: health.success_rate().map(|rate| format!("{:.1} %", rate * 100.0)),
            delivered: health.delivered,
            failed: health.failed,
            failing_since: health.failing_since.map(|at| times.show(at)),
            last_success: health.last_success_at.map(|at| times.show(at)),
            last_error: health.failing_since.and(health.last_error.clone()),
        }
    }
}

async fn show_new(State(site): State<Site>, SignedIn(session): SignedIn) -> Response {
    let typed = Typed { events: EventKind::ALL.map(|kind| kind.name().to_owned()).to_vec(), ..Typed::default() };
    ok(&New {
        shell: Shell::new(&session, Place::Api),
        typed,
        wrong: Wrong::default(),
        events: &EVENTS,
        once: token(&site),
    })
}

async fn create(State(site): State<Site>, SignedIn(session): SignedIn, fields: Fields) -> Result<Response, Refusal> {
    let typed = Typed::read(&fields);
    let shell = Shell::new(&session, Place::Api);
    let made = match NewWebhook::read(&typed.fields(), site.crm.webhook_url_rule()) {
        Ok(new) => webhooks::create(&site.crm, session.agent, new, fields.once(NEW)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => {
            let webhooks::Registered { webhook, secret } = made.value;
            let line = Line::of(&webhook);
            let reason = "The webhook is made";
            let made = Made { shell, name: line.name, url: line.host, path: path(webhook.id), secret, reason };
            Ok(page(StatusCode::CREATED, &made))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            Ok(page(
                StatusCode::UNPROCESSABLE_ENTITY,
                &New { shell, typed, wrong, events: &EVENTS, once: token(&site) },
            ))
        }
    }
}

/// `?done=` and `?after=`.
type Asked = Query<std::collections::HashMap<String, String>>;

async fn show(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<WebhookId>,
    Query(asked): Asked,
) -> Result<Response, Refusal> {
    let after = asked.get("after").and_then(|after| after.parse::<DeliveryId>().ok());
    let shell = Shell::new(&session, Place::Api).following(&site, &session).await?;
    let shell = shell.saying(asked.get("done").map(String::as_str));
    let shown = Shown::read(&site, &session, shell, id, after).await?;
    Ok(ok(&shown))
}

impl Shown {
    async fn read(
        site: &Site,
        session: &Session,
        shell: Shell,
        id: WebhookId,
        after: Option<DeliveryId>,
    ) -> Result<Self, Refusal> {
        let details = webhooks::get(&site.crm, session.agent, id).await?;
        let times = Times::of(&session.time_zone);
        let log = Log::read(site, session, id, after).await?;
        let line = Line::of(&details.webhook);
        let pending = match details.pending {
            count if count >= webhooks::outbox::COUNTED => format!("{count} or more"),
            count => count.to_string(),
        };
        let disabled_by = details.health.disabled_by.map(|by| match by {
            webhooks::DisabledBy::Owner => "You disabled it.",
            webhooks::DisabledBy::Gone => "The receiver answered 410 Gone: it wants no more.",
            webhooks::DisabledBy::Failing => "Nothing had arrived for five days when a delivery was given up.",
        });
        Ok(Self {
            shell,
            path: path(id),
            name: line.name,
            host: line.host,
            is_enabled: details.webhook.is_enabled,
            disabled_by,
            health: Health::of(&details, &times),
            pending,
            held: details.held,
            typed: Typed::of(&details.webhook),
            wrong: Wrong::default(),
            password_error: None,
            events: &EVENTS,
            log,
        })
    }
}

async fn update(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<WebhookId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::read(&fields);
    let changed = match WebhookChange::read(&typed.fields(), site.crm.webhook_url_rule()) {
        Ok(change) => webhooks::update(&site.crm, session.agent, id, change, |_| true).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&format!("{}?done=webhook-saved", path(id)))),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let shell = Shell::new(&session, Place::Api);
            let shown = Shown { typed, wrong, ..Shown::read(&site, &session, shell, id, None).await? };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
    }
}

/// Makes one change of the API's form and goes back to the page.
async fn change(site: &Site, session: &Session, id: &str, given: Value, done: &str) -> Result<Response, Refusal> {
    let (Ok(id), Value::Object(fields)) = (id.parse::<WebhookId>(), given) else { return Ok(pages::not_found()) };
    let change = WebhookChange::read(&fields, site.crm.webhook_url_rule())?;
    webhooks::update(&site.crm, session.agent, id, change, |_| true).await?;
    Ok(see_other(&format!("{}?done={done}", path(id))))
}

async fn enable(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let held = if fields.get("held") == "skip" { "skip" } else { "send" };
    change(&site, &session, &id, json!({"enabled": true, "held": held}), "webhook-enabled").await
}

async fn disable(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    change(&site, &session, &id, json!({"enabled": false}), "webhook-disabled").await
}

async fn delete(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<WebhookId>,
) -> Result<Response, Refusal> {
    match webhooks::delete(&site.crm, session.agent, id, |_| true).await {
        Ok(()) | Err(Error::NotFound) => Ok(see_other(&format!("{}?done=webhook-deleted", keys::PATH))),
        Err(error) => Err(error.into()),
    }
}

async fn rotate(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    Id(id): Id<WebhookId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    if let Some(refused) = ask_password(&site, &session, id, &fields, visitor.address).await? {
        return Ok(refused);
    }
    let start = match fields.get("now") {
        "" => RotationStart::WithOverlap,
        _ => RotationStart::Now,
    };
    let rotated = webhooks::rotate(&site.crm, session.agent, id, start, None).await?;
    let reason = match start {
        RotationStart::WithOverlap => "The webhook has a new secret; for a day the old one signs beside it",
        RotationStart::Now => "The webhook has a new secret, and the old one signs no more",
    };
    show_secret(&site, &session, id, rotated.value.secret, reason).await
}

async fn reveal(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    Id(id): Id<WebhookId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    if let Some(refused) = ask_password(&site, &session, id, &fields, visitor.address).await? {
        return Ok(refused);
    }
    let secret = webhooks::reveal(&site.crm, session.agent, id).await?;
    show_secret(&site, &session, id, secret, "The webhook’s secret").await
}

/// The password again, before a secret is shown: the page that says it is wrong, unless it is right.
async fn ask_password(
    site: &Site,
    session: &Session,
    id: WebhookId,
    fields: &Fields,
    from: std::net::IpAddr,
) -> Result<Option<Response>, Refusal> {
    let typed = SignIn { email: session.email.clone(), password: fields.get("password").to_owned() };
    let (status, error) = match accounts::confirm(&site.crm, session.agent, session.account, typed, from).await {
        Ok(()) => return Ok(None),
        Err(Denied::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, String::from("This is not your password.")),
        Err(Denied::Wait(rest)) => (StatusCode::TOO_MANY_REQUESTS, too_often(rest)),
        Err(Denied::Failed(error)) => return Err(error.into()),
    };
    let shell = Shell::new(session, Place::Api);
    let shown = Shown { password_error: Some(error), ..Shown::read(site, session, shell, id, None).await? };
    Ok(Some(page(status, &shown)))
}

async fn show_secret(
    site: &Site,
    session: &Session,
    id: WebhookId,
    secret: String,
    reason: &'static str,
) -> Result<Response, Refusal> {
    let webhook = webhooks::get(&site.crm, session.agent, id).await?.webhook;
    let line = Line::of(&webhook);
    let shell = Shell::new(session, Place::Api);
    Ok(ok(&Made { shell, name: line.name, url: line.host, path: path(id), secret, reason }))
}

async fn test(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<WebhookId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let kind = EventKind::from_name(fields.get("event"));
    webhooks::test(&site.crm, session.agent, id, kind, None).await?;
    Ok(see_other(&format!("{}?done=test-sent{}", path(id), deliveries::ANCHOR)))
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_url_is_shown_to_its_host() {
        assert_eq!(host("https://hooks.example.com/abc/secret"), "https://hooks.example.com");
        assert_eq!(host("https://hooks.example.com?key=secret"), "https://hooks.example.com");
        assert_eq!(host("http://127.0.0.1:9000"), "http://127.0.0.1:9000");
    }
}
