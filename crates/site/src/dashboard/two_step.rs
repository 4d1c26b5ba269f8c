//! Settings → Account → Two-step sign-in: setting it up, new recovery codes, turning it off.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use crm::{
    Error, FieldError,
    sessions::Session,
    two_step::{self, Offer, Refusal as Denied, Status},
};
use http::StatusCode;
use qrcode::{Color, QrCode};

use super::shell::{Place, Shell};
use crate::{
    Site,
    fields::Fields,
    forms::Wrong,
    pages::{Refusal, ok, page, see_other},
    seen::From,
    sign_in_codes::explain,
    signed_in::SignedIn,
};

const PATH: &str = "/dashboard/settings/account/two-step";

#[expect(clippy::disallowed_methods, reason = "pages are no part of the API")]
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/dashboard/settings/account/two-step/offer", post(offer))
        .route("/dashboard/settings/account/two-step/on", post(turn_on))
        .route("/dashboard/settings/account/two-step/codes", post(renew))
        .route("/dashboard/settings/account/two-step/off", post(turn_off))
}

/// A secret as a page shows it.
struct Shown {
    secret: String,
    link: String,
    qr: Qr,
}

/// A QR code as the path of an SVG, a module a unit.
struct Qr {
    side: usize,
    path: String,
}

impl Qr {
    /// Modules of nothing that stand around it (ISO/IEC 18004, section 6.3.8).
    const QUIET: usize = 4;

    fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (row, modules) in code.to_colors().chunks(width).enumerate() {
            for (column, _) in modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                path += &format!("M{} {}h1v1h-1z", column + Self::QUIET, row + Self::QUIET);
            }
        }
        Some(Self { side: width + 2 * Self::QUIET, path })
    }
}

impl Shown {
    fn of(offer: Offer) -> Option<Self> {
        let Offer { secret, link } = offer;
        let qr = Qr::of(&link)?;
        let groups = secret.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned());
        Some(Self { secret: groups.collect::<Vec<_>>().join(" "), link, qr })
    }
}

#[derive(Template)]
#[template(path = "dashboard/two_step.html")]
struct TwoStep {
    shell: Shell,
    status: Status,
    offered: Option<Shown>,
    /// Recovery codes, this once.
    codes: Vec<String>,
    wrong: Wrong,
}

impl TwoStep {
    async fn read(site: &Site, session: &Session, codes: Vec<String>, wrong: Wrong) -> Result<Self, Refusal> {
        let status = two_step::status(&site.crm, session.agent, session.account).await?;
        let offered = two_step::find_offer(&site.crm, session).await?.and_then(Shown::of);
        Ok(Self { shell: Shell::new(session, Place::Account), status, offered, codes, wrong })
    }

    async fn refuse(site: &Site, session: &Session, denied: Denied, form: &str) -> Result<Response, Refusal> {
        let (status, field, message) = match denied {
            Denied::Password => {
                (StatusCode::UNPROCESSABLE_ENTITY, "password", String::from("this is not your password"))
            }
            // It was turned on or off in another window.
            Denied::Failed(Error::NotFound | Error::PreconditionFailed) => return Ok(see_other(PATH)),
            Denied::Failed(error) => return Err(error.into()),
            denied => {
                let (status, message) = explain(&denied);
                (status, "code", message.trim_end_matches('.').to_owned())
            }
        };
        let wrong = Wrong::of(Error::Invalid(vec![FieldError { field: format!("{form}-{field}"), message }]))?;
        Ok(page(status, &Self::read(site, session, Vec::new(), wrong).await?))
    }
}

async fn show(State(site): State<Site>, SignedIn(session): SignedIn) -> Result<Response, Refusal> {
    Ok(ok(&TwoStep::read(&site, &session, Vec::new(), Wrong::default()).await?))
}

async fn offer(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let password = fields.get("password").to_owned();
    match two_step::offer(&site.crm, &session, password, visitor.address).await {
        Ok(()) => Ok(see_other(PATH)),
        // The only field that may be slowed down here is the password.
        Err(Denied::Wait(rest)) => {
            let message = crate::sign_in::too_often(rest).trim_end_matches('.').to_owned();
            let wrong = Wrong::of(Error::invalid("offer-password", message))?;
            let page_of = TwoStep::read(&site, &session, Vec::new(), wrong).await?;
            Ok(page(StatusCode::TOO_MANY_REQUESTS, &page_of))
        }
        Err(denied) => TwoStep::refuse(&site, &session, denied, "offer").await,
    }
}

async fn turn_on(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    match two_step::turn_on(&site.crm, &session, fields.get("code"), visitor.address).await {
        Ok(codes) => Ok(ok(&TwoStep::read(&site, &session, codes, Wrong::default()).await?)),
        Err(denied) => TwoStep::refuse(&site, &session, denied, "on").await,
    }
}

async fn renew(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let password = fields.get("password").to_owned();
    match two_step::renew_codes(&site.crm, &session, password, fields.get("code"), visitor.address).await {
        Ok(codes) => Ok(ok(&TwoStep::read(&site, &session, codes, Wrong::default()).await?)),
        Err(denied) => TwoStep::refuse(&site, &session, denied, "codes").await,
    }
}

async fn turn_off(
    State(site): State<Site>,
    SignedIn(session): SignedIn,
    From(visitor): From,
    fields: Fields,
) -> Result<Response, Refusal> {
    let password = fields.get("password").to_owned();
    match two_step::turn_off(&site.crm, &session, password, fields.get("code"), visitor.address).await {
        Ok(()) => Ok(see_other("/dashboard/settings/account?done=two-step-off")),
        Err(denied) => TwoStep::refuse(&site, &session, denied, "off").await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_drawn_with_its_quiet_zone() {
        let qr = Qr::of("otpauth://totp/OrganicAgent:a@example.com?secret=MZXW6YTBOI").unwrap();
        assert!(
            qr.side > 29 && qr.path.starts_with("M4 4h1v1h-1z"),
            "the first finder pattern begins after four modules"
        );
        assert!(!qr.path.contains("M3 "));
    }
}
