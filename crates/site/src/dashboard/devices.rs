//! Settings → Notifications, the devices: which are told by Web Push, one more, one less, and trying one.

use axum::{Router, extract::State, response::Response, routing::post};
use crm::{
    Error,
    ids::DeviceId,
    pushes::{self, Device, Subscription, devices},
    sessions::Session,
    tokens::Token,
};
use http::{HeaderMap, StatusCode, header};

use super::{
    account::browser,
    notifications::{self, Notifications},
    shell::{Place, Shell},
};
use crate::{
    Site,
    cookies::{self, Held},
    fields::Fields,
    forms::Wrong,
    id_in_path::Id,
    pages::{Refusal, page, see_other},
    seen::From,
    signed_in::SignedIn,
    times::{Time, Times},
};

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/dashboard/settings/notifications/devices", post(save))
        .route("/dashboard/settings/notifications/devices/{id}/remove", post(remove))
        .route("/dashboard/settings/notifications/devices/{id}/test", post(test))
}

/// A device that is told.
pub(super) struct Row {
    pub id: DeviceId,
    pub browser: String,
    pub since: Time,
    pub told: Option<Time>,
    /// Since when it could not be told, and why.
    pub failing: Option<(Time, String)>,
    pub is_this: bool,
}

/// What the page shows of devices.
pub(super) struct Devices {
    pub rows: Vec<Row>,
    /// The installation's public key, which a browser subscribes with.
    pub key: String,
    /// Whether the device that asks is one of them.
    pub is_told: bool,
    pub wrong: Wrong,
}

impl Devices {
    pub(super) async fn read(
        site: &Site,
        session: &Session,
        this: Option<&Token>,
        wrong: Wrong,
    ) -> Result<Self, Refusal> {
        let times = Times::of(&session.time_zone);
        let listed = devices::list(&site.crm, session.agent, session.account, this).await?;
        let rows = listed.into_iter().map(|device| row(device, &times)).collect::<Vec<_>>();
        let key = pushes::server_key(&site.crm).await?.public_text();
        let is_told = rows.iter().any(|row| row.is_this);
        Ok(Self { rows, key, is_told, wrong })
    }
}

fn row(device: Device, times: &Times) -> Row {
    Row {
        id: device.id,
        browser: device.user_agent.as_deref().map_or_else(|| String::from("A browser"), browser),
        since: times.show(device.id.created_at()),
        told: device.told_at.map(|at| times.show(at)),
        failing: device.failing.map(|(since, error)| (times.show(since), error)),
        is_this: device.is_this,
    }
}

async fn save(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Refusal> {
    let held = cookies::find(&site, &headers, Held::Device);
    let token = held.clone().unwrap_or_else(|| Token::generate(site.crm.random()));
    let [endpoint, p256dh, auth] = ["endpoint", "p256dh", "auth"].map(|field| fields.get(field));
    let subscription = Subscription::parse(endpoint, p256dh, auth, site.crm.webhook_url_rule());
    let saved = match subscription {
        Ok(new) => devices::save(&site.crm, &session, &token, visitor.user_agent.as_deref(), new).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = saved {
        let devices = Devices::read(&site, &session, held.as_ref(), Wrong::of(error)?).await?;
        let shell = Shell::new(&session, Place::Account);
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &Notifications::read(&site, session, shell, devices).await?));
    }
    let mut response = see_other(&format!("{}?done=device-added", notifications::PATH));
    response.headers_mut().insert(header::SET_COOKIE, cookies::set(&site, Held::Device, &token));
    Ok(response)
}

async fn remove(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<DeviceId>,
) -> Result<Response, Refusal> {
    match devices::remove(&site.crm, session.agent, session.account, id).await {
        // What is not there any more is removed: it may have gone by itself meanwhile.
        Ok(()) | Err(Error::NotFound) => Ok(see_other(&format!("{}?done=device-removed", notifications::PATH))),
        Err(error) => Err(error.into()),
    }
}

async fn test(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    Id(id): Id<DeviceId>,
) -> Result<Response, Refusal> {
    devices::test(&site.crm, session.agent, session.account, id).await?;
    Ok(see_other(&format!("{}?done=device-tested", notifications::PATH)))
}
