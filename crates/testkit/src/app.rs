//! A whole server in the test's process: real sockets, a real database of its own, a manual clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crm::{
    AgentId, Crm, Settings, agents,
    agents::NewAgent,
    api_keys::{self, NewKey, Scopes},
    migrations::MIGRATIONS,
    seal::Keyring,
    values::EmailAddress,
};
use db::{Database, Engine, Options};
use server::app::App;
use tokio_util::sync::CancellationToken;

use crate::{
    manual::{ManualClock, SeededRandomness},
    postgres::TempDatabase,
    requests::Caller,
};

/// A running server with an agent and a key.
pub struct TestApp {
    /// The engine it runs on.
    pub engine: Engine,
    /// Scheme and authority of the server.
    pub base: String,
    /// The domain behind it.
    pub crm: Crm,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// The first agent.
    pub agent: TestAgent,
    url: String,
    settings: Settings,
    stopping: CancellationToken,
    _storage: Storage,
}

/// Another node on the database of an app: for the database, another process.
pub struct TestNode {
    /// Scheme and authority of the node.
    pub base: String,
    /// The domain behind it.
    pub crm: Crm,
    stopping: CancellationToken,
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// An agent and a caller with a key of theirs.
pub struct TestAgent {
    /// The agent's id.
    pub id: AgentId,
    /// The agent's slug.
    pub slug: String,
    /// The address that the agent signs in with.
    pub email: String,
    /// A key with all scopes.
    pub key: String,
    /// Calls with that key.
    pub api: Caller,
}

#[expect(dead_code, reason = "kept so that it is dropped, and with it the files, when the test ends")]
enum Storage {
    Sqlite(tempfile::TempDir),
    Postgres(TempDatabase),
}

impl Storage {
    fn new(engine: Engine) -> (Self, String) {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join("test.db").display());
                (Self::Sqlite(folder), url)
            }
            Engine::Postgres => {
                let database = crate::postgres::fresh_database();
                let url = database.url.clone();
                (Self::Postgres(database), url)
            }
        }
    }
}

/// A database without a schema; it goes with this value.
pub struct EmptyDatabase {
    /// The database.
    pub database: Database,
    _storage: Storage,
}

impl EmptyDatabase {
    /// One on an engine.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn open(engine: Engine) -> Self {
        let (storage, url) = Storage::new(engine);
        let opened = tokio::task::spawn_blocking(move || Database::open(&url, Options::default()));
        Self { database: opened.await.expect("no panic").expect("the database opens"), _storage: storage }
    }
}

/// Each test's randomness is its own, whatever runs beside it.
static SEED: AtomicU64 = AtomicU64::new(1);

impl TestApp {
    /// A server on an engine with the usual limit of 100 requests a minute.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, &Settings::default()).await
    }

    /// A server on an engine with settings of its own.
    pub async fn start_with(engine: Engine, settings: &Settings) -> Self {
        let (storage, url) = Storage::new(engine);
        Self::start_on(engine, storage, url, settings).await
    }

    /// A server on SQLite whose file is written through the layer of that name (see [`crate::faulty_vfs`]).
    pub async fn start_on_vfs(vfs: &str, settings: &Settings) -> Self {
        let (storage, url) = Storage::new(Engine::Sqlite);
        Self::start_on(Engine::Sqlite, storage, format!("{url}?vfs={vfs}"), settings).await
    }

    async fn start_on(engine: Engine, storage: Storage, url: String, settings: &Settings) -> Self {
        let database = open(&url);
        let clock = Arc::new(ManualClock::default());
        let random = Arc::new(SeededRandomness::new(SEED.fetch_add(1, Ordering::Relaxed)));
        let keyring = Keyring::generate(&*random);
        let crm =
            Crm::new(database.await.expect("no panic"), Arc::<ManualClock>::clone(&clock), random, keyring, settings);
        let stopping = CancellationToken::new();
        let base = serve(&crm, stopping.clone()).await;
        let agent = new_agent(&crm, &base, "Sarah Johnson").await;
        Self { engine, base, crm, clock, agent, url, settings: settings.clone(), stopping, _storage: storage }
    }

    /// Another node on the same database, with the same clock and settings.
    pub async fn another_node(&self) -> TestNode {
        let random = Arc::new(SeededRandomness::new(SEED.fetch_add(1, Ordering::Relaxed)));
        let keyring = self.crm.keyring().clone();
        let clock = Arc::<ManualClock>::clone(&self.clock);
        let database = open(&self.url).await.expect("no panic");
        let crm = Crm::new(database, clock, random, keyring, &self.settings);
        let stopping = CancellationToken::new();
        let base = serve(&crm, stopping.clone()).await;
        TestNode { base, crm, stopping }
    }

    /// The domain over the same database as a command beside the server has it: it serves nothing and tells nobody.
    pub async fn beside(&self) -> Crm {
        let random = Arc::new(SeededRandomness::new(SEED.fetch_add(1, Ordering::Relaxed)));
        let database = open(&self.url).await.expect("no panic");
        Crm::new(database, Arc::<ManualClock>::clone(&self.clock), random, self.crm.keyring().clone(), &self.settings)
    }

    /// The same with other settings.
    pub async fn beside_with(&self, change: impl FnOnce(&mut Settings)) -> Crm {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let random = Arc::new(SeededRandomness::new(SEED.fetch_add(1, Ordering::Relaxed)));
        let database = open(&self.url).await.expect("no panic");
        Crm::new(database, Arc::<ManualClock>::clone(&self.clock), random, self.crm.keyring().clone(), &settings)
    }

    /// The same program again, arranged in another way: another address over the same database.
    pub async fn arranged(&self, arrange: impl FnOnce(App) -> App) -> TestNode {
        let (crm, stopping) = (self.crm.clone(), CancellationToken::new());
        let base = serve_arranged(&crm, stopping.clone(), arrange).await;
        TestNode { base, crm, stopping }
    }

    /// Another agent with a key.
    pub async fn another_agent(&self, name: &str) -> TestAgent {
        new_agent(&self.crm, &self.base, name).await
    }

    /// A caller without a key.
    #[must_use]
    pub fn anonymous(&self) -> Caller {
        Caller::new(&self.base)
    }

    /// A key of an agent with these scopes and lifetime.
    pub async fn key(&self, agent: AgentId, scopes: Scopes, lifetime: Option<Duration>) -> String {
        let new = NewKey { name: String::from("Test"), scopes, lifetime };
        api_keys::create(&self.crm, agent, new).await.expect("a key is made").reveal().to_owned()
    }
}

impl TestApp {
    /// Stops the server as SIGTERM does; what was accepted finishes.
    pub fn stop(&self) {
        self.stopping.cancel();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

#[expect(clippy::disallowed_methods, reason = "./test says where the statements are to be written down")]
fn open(url: &str) -> tokio::task::JoinHandle<Database> {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        if let Some(folder) = std::env::var_os("ORGANICAGENT_STATEMENTS") {
            db::record_statements(folder.into());
        }
        let database = Database::open(&url, Options::default()).expect("the database opens");
        database.migrate(MIGRATIONS).expect("the schema is made");
        database
    })
}

async fn new_agent(crm: &Crm, base: &str, name: &str) -> TestAgent {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let email = format!("agent{}@example.com", NUMBER.fetch_add(1, Ordering::Relaxed));
    let new = NewAgent {
        name: name.to_owned(),
        email: EmailAddress::parse(&email).expect("an address"),
        slug: None,
        time_zone: String::from("America/New_York"),
        password_hash: None,
    };
    let agent = agents::create(crm, new).await.expect("an agent is made");
    let new = NewKey { name: String::from("Test"), scopes: Scopes::ALL, lifetime: None };
    let key = api_keys::create(crm, agent.id, new).await.expect("a key is made").reveal().to_owned();
    let api = Caller::new(base).with_key(&key);
    TestAgent { id: agent.id, slug: agent.slug, email, key, api }
}

async fn serve(crm: &Crm, stopping: CancellationToken) -> String {
    serve_arranged(crm, stopping, |app| app).await
}

async fn serve_arranged(crm: &Crm, stopping: CancellationToken, arrange: impl FnOnce(App) -> App) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let app = arrange(App::new(crm.clone(), &base));
    tokio::spawn(server::listening::listen(listener, app, None, stopping));
    base
}

/// Waits until something holds that nobody tells of, such as what another task writes; it is asked again and again.
///
/// # Panics
/// With the test's place, when it does not come to hold.
#[track_caller]
pub fn until(mut holds: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let asked = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        let is_in_time = tokio::time::timeout(Duration::from_secs(30), asked).await.is_ok();
        assert!(is_in_time, "what {place} waits for does not come");
    }
}

/// Runs each test on both engines: `on_both_engines! { async fn a_lead_is_listed(app: TestApp) { … } }`.
#[macro_export]
macro_rules! on_both_engines {
    ($($rest:tt)*) => { $crate::on_both_engines_with! { $crate::Settings::default(); $($rest)* } };
}

/// The same with settings: `on_both_engines_with! { settings(); async fn … }`.
#[macro_export]
macro_rules! on_both_engines_with {
    ($settings:expr; $($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($app: $crate::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::block_on(async { run($crate::TestApp::start_with($crate::Engine::Sqlite, &$settings).await).await });
            }

            #[test]
            fn postgres() {
                $crate::block_on(async { run($crate::TestApp::start_with($crate::Engine::Postgres, &$settings).await).await });
            }
        }
    )*};
}

/// Runs a test's future on a runtime of its own.
///
/// # Panics
/// When the test does.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(test)
}
