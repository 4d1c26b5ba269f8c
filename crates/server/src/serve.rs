//! `organicagent serve`: everything in one process.

use std::{fs::File, io::Write, net::SocketAddr, sync::Arc, time::Duration};

use api::Origins;
use crm::{Crm, accounts, randomness};
use mail::sender::Mailer;
use push::sender::Pusher;
use site::SignUp;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use webhooks::client::Client;

use crate::{
    app::App,
    config::Config,
    demo,
    domains::{self, Keeper},
    inbound, listening, machine,
    meters::{self, Operator},
    sending::{self, Reach},
    storage,
    tls::{certificates::Certificates, pem::PemFiles},
};

/// Letters and digits that are not taken for one another.
const CODE_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Runs the server until SIGTERM or Ctrl-C; accepted requests finish.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(config: Config, is_demo: bool) -> Result<(), String> {
    let config = if is_demo { demo::config(config)? } else { config };
    tracing::info!(data_dir = %config.data_dir.display(), "starting");
    // First of all, since what a webhook's URL may be depends on the port; whoever connects already waits until all is ready.
    let listener = TcpListener::bind(config.listen).await.map_err(|error| format!("{}: {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mail_in = inbound::bind(&config).await?;
    let crm = storage::open_for(&config, address).await?;
    let _claim = claim(&config).await?;
    let usual = config.tls.as_ref().map(PemFiles::read).transpose()?;
    let scheme = if usual.is_some() || config.acme.is_some() { "https" } else { "http" };
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let certificates = match (&config.acme, usual) {
        (None, usual) => usual.map(Certificates::with_usual),
        (Some(_), usual) => Some(Certificates::issued(usual, &crm, domains::certified_host(&public_url).as_deref())),
    };
    let certificates = certificates.map(Arc::new);
    let origins = Origins::parse(config.api_cors.iter().map(String::as_str))?;
    let code = set_up_code(&crm, &config, address).await?;
    let mut app = App::new(crm.clone(), &public_url).with_origins(origins).with_proxies(&config.trusted_proxies);
    app = app.with_site(|site| site.with_sign_up(config.signup, code.as_deref()).with_time_zone(&machine::time_zone()));
    if let Some(token) = &config.operator_token {
        // Before the listener, whose counters go where they are sent when it starts.
        app = app.with_operator(Operator::new(token));
        tokio::spawn(meters::keep_up(meters::install()));
    }
    if is_demo {
        let welcome = demo::prepare(&crm, &public_url, !config.webhook_allow.is_empty()).await?;
        print(&welcome)?;
    }
    let stopping = CancellationToken::new();
    tokio::spawn(Signals::listen()?.stop(stopping.clone()));
    if let (Some(files), Some(certificates)) = (config.tls.clone(), &certificates) {
        tokio::spawn(files.follow(Arc::clone(certificates), stopping.clone()));
    }
    print(&format!("listening on {scheme}://{address}\n"))?;
    let receiving = mail_in.map(|listener| {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "takes mail");
            // Whoever has read the line before may be gone.
            let _ = print(&format!("smtp on {address}\n"));
        }
        tokio::spawn(inbound::run(listener, &config, &crm, certificates.as_ref(), stopping.clone()))
    });
    let reach = if is_demo { Reach::AllowedOnly } else { Reach::Everyone };
    let guard = sending::guard(&config, address, Some(&public_url), reach);
    let client = sending::client(&crm, guard);
    let pusher = Pusher::new(to_devices(&crm, &config, address, &public_url, (&client, reach)), &public_url);
    let mailer = mailer(&config, &public_url)?;
    let workers = [
        tokio::spawn(sending::run(crm.clone(), client, stopping.clone())),
        tokio::spawn(crm::search::run(crm.clone(), stopping.clone().cancelled_owned())),
        tokio::spawn(crm::visits::run(crm.clone(), stopping.clone().cancelled_owned())),
        tokio::spawn(crm::jobs::run(crm.clone(), stopping.clone().cancelled_owned())),
        tokio::spawn(mail::sender::run(crm.clone(), mailer, stopping.clone().cancelled_owned())),
        tokio::spawn(Keeper::new(&crm, &config, &public_url).run(stopping.clone())),
        tokio::spawn(push::sender::run(crm.clone(), pusher, stopping.clone().cancelled_owned())),
        tokio::spawn(crm.clone().keep_file_cache(stopping.clone().cancelled_owned())),
    ];
    listening::listen(listener, app, certificates, stopping.clone()).await;
    stopping.cancel();
    for worker in workers.into_iter().chain(receiving) {
        if let Err(error) = worker.await {
            tracing::error!(%error, "a background worker ended badly");
        }
    }
    crm.database().close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Claims the database, waiting a little for a server that is just stopping.
async fn claim(config: &Config) -> Result<Option<File>, String> {
    for _ in 0..50 {
        match storage::claim(config) {
            Ok(claimed) => return Ok(claimed),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    storage::claim(config)
}

/// What the first agent's sign-up asks for where strangers may come first: off loopback, while there is no agent. Printed in the log.
async fn set_up_code(crm: &Crm, config: &Config, address: SocketAddr) -> Result<Option<String>, String> {
    if config.signup != SignUp::First || address.ip().is_loopback() {
        return Ok(None);
    }
    let code = randomness::text(crm.random(), CODE_LETTERS, 12);
    if accounts::is_unclaimed(crm).await.map_err(|error| error.to_string())? {
        tracing::warn!(code, "no agent exists yet: whoever signs up first at /signup gives this set-up code");
    }
    Ok(Some(code))
}

/// The client by which devices are told. The demo tells them too: that goes to whoever tries it, by their own browser's push service.
fn to_devices(
    crm: &Crm,
    config: &Config,
    address: SocketAddr,
    public_url: &str,
    (client, reach): (&Arc<Client>, Reach),
) -> Arc<Client> {
    match reach {
        Reach::Everyone => Arc::clone(client),
        Reach::AllowedOnly => sending::client(crm, sending::guard(config, address, Some(public_url), Reach::Everyone)),
    }
}

/// What sends outgoing mail, where a mail server is set.
fn mailer(config: &Config, public_url: &str) -> Result<Option<Mailer>, String> {
    let Some(url) = &config.mail_url else { return Ok(None) };
    let server = mail::Server::parse(url).map_err(|error| format!("ORGANICAGENT_MAIL_URL {error}"))?;
    server.mailer(public_url).map(Some)
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| format!("stdout: {error}"))
}

/// The signals by which a server is asked to stop. From the moment this exists they no longer end the process by themselves.
struct Signals {
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    fn listen() -> Result<Self, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("signals: {error}"));
        Ok(Self { terminated: listen(SignalKind::terminate())?, interrupted: listen(SignalKind::interrupt())? })
    }

    async fn stop(mut self, stopping: CancellationToken) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
        tracing::info!("stopping: accepted requests finish");
        stopping.cancel();
    }
}
