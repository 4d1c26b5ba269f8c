//! Sends what is queued. A mail is claimed, sent, and then it is noted how that went, with no transaction open in between: a sender that
//! dies leaves a claim that ends, and the next attempt is the same message by its id.

use std::{pin::pin, time::Duration};

use crm::{
    Crm,
    mails::{self, Claimed, Outcome},
};
use futures_util::future::join_all;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, transport::smtp};

use crate::{Origin, headers::one_line};

/// How often to look for what falls due, or was queued by another process.
const POLL: Duration = Duration::from_secs(1);
/// Mails that are claimed at a time.
const TOGETHER: u32 = 8;
/// The longest talk about one mail; a claim holds for longer.
const LONGEST: Duration = Duration::from_secs(120);
/// What is under way may end in, when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What sends.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    origin: Origin,
}

impl Mailer {
    pub(crate) fn new(transport: AsyncSmtpTransport<Tokio1Executor>, origin: Origin) -> Self {
        Self { transport, origin }
    }

    /// Sends one mail; what came of it.
    pub async fn send(&self, crm: &Crm, mail: &Claimed) -> Outcome {
        if mail.letter.is_none() {
            return Outcome::Never(String::from(
                "What it tells cannot be read: its key is gone, or a newer version made it.",
            ));
        }
        let message = match self.origin.message(&mail.into(), crm.clock().now()) {
            Ok(message) => message,
            Err(error) => return Outcome::Never(error),
        };
        match tokio::time::timeout(LONGEST, self.transport.send(message)).await {
            Ok(Ok(_)) => Outcome::Sent,
            Ok(Err(error)) => outcome(&error),
            Err(_) => Outcome::Later(String::from("The mail server did not answer in time.")),
        }
    }
}

/// What a failure means: refused for good, or worth another attempt.
fn outcome(error: &smtp::Error) -> Outcome {
    /// Replies about the sign-in to the mail server (RFC 4954, section 6): the settings are wrong, not the mail.
    const SIGN_IN: [u16; 4] = [530, 534, 535, 538];
    let code = error.status().map(u16::from);
    let is_sign_in = code.is_some_and(|code| SIGN_IN.contains(&code));
    let mut words = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(current) = cause {
        let text = one_line(&current.to_string(), 200);
        // A cause is often told by what it caused already.
        if !words.iter().any(|told: &String| told.contains(&text)) {
            words.push(text);
        }
        cause = current.source();
    }
    let what = match code {
        Some(_) if is_sign_in => "The mail server does not let this server sign in",
        Some(_) if error.is_permanent() => "The mail server refused it",
        Some(_) => "The mail server put it off",
        None if error.is_timeout() => "The mail server did not answer in time",
        None if error.is_tls() => "No safe connection to the mail server",
        None => "The mail server was not reached, or broke off",
    };
    let text = format!("{what}: {}", words.join(": "));
    if error.is_permanent() && !is_sign_in { Outcome::Never(text) } else { Outcome::Later(text) }
}

/// Sends all that is due now. Says how many attempts that took.
///
/// # Errors
/// Storage's errors.
pub async fn send_due(crm: &Crm, mailer: &Mailer) -> Result<usize, crm::Error> {
    let mut attempts = 0;
    loop {
        let claimed = mails::claim(crm, TOGETHER).await?;
        if claimed.is_empty() {
            return Ok(attempts);
        }
        attempts += claimed.len();
        let sent = claimed.iter().map(|mail| async {
            let outcome = mailer.send(crm, mail).await;
            if let Outcome::Later(error) | Outcome::Never(error) = &outcome {
                tracing::warn!(mail = %mail.id, error, "a mail was not sent");
            }
            mails::settle(crm, mail, outcome).await
        });
        for settled in join_all(sent).await {
            settled?;
        }
    }
}

/// Sends until `stopped`; what is under way then has a few seconds to end. Without a mail server, what is still queued from
/// when there was one is kept.
pub async fn run(crm: Crm, mailer: Option<Mailer>, stopped: impl Future<Output = ()>) {
    let Some(mailer) = mailer else {
        if let Err(error) = mails::keep_queued(&crm).await {
            tracing::warn!(%error, "what was queued for a mail server stays so");
        }
        return;
    };
    let mut stopped = pin!(stopped);
    let mut is_stopping = false;
    loop {
        let sending = async {
            if let Err(error) = send_due(&crm, &mailer).await {
                tracing::warn!(%error, "mail is not sent for now");
            }
        };
        let grace = async {
            stopped.as_mut().await;
            is_stopping = true;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            () = sending => {}
            () = grace => {}
        }
        if is_stopping {
            return;
        }
        tokio::select! {
            biased;
            () = &mut stopped => return,
            () = crm.mail_is_due() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
