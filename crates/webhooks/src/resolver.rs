//! Names to addresses, asynchronously: a name server that never answers holds up its own receivers only, where `getaddrinfo`
//! on a pool of threads would let 200 dead names starve the rest.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use crm::clock::Clock;
use hickory_resolver::TokioResolver;
use tokio::time::timeout;

use crate::guard::{Guard, Origin, Target, is_localhost};

/// How long the system's settings and the answers taken with them are used.
const REFRESH: Duration = Duration::from_secs(60);
/// How many answers are kept at most.
const CACHE: u64 = 4096;
/// How many questions may be open at once.
const OPEN: usize = 2048;

/// The answer to a question for a name's addresses.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send + 'a>>;

/// Where addresses come from: name servers, or a test's own table.
pub trait Lookup: Send + Sync {
    /// All addresses of `name`, or why there are none, in words.
    fn lookup<'a>(&'a self, name: &'a str) -> Answer<'a>;
}

/// Addresses that were judged.
pub struct Resolver {
    lookup: Arc<dyn Lookup>,
    budget: Duration,
}

impl Resolver {
    /// A resolver that waits for `lookup` no longer than `budget`.
    #[must_use]
    pub fn new(lookup: Arc<dyn Lookup>, budget: Duration) -> Self {
        Self { lookup, budget }
    }

    /// The addresses of `name` that `guard` lets `target` have. Refused ones beside others are left out.
    ///
    /// # Errors
    /// Words for the owner when none is left.
    pub async fn resolve(&self, name: &str, target: &Target, guard: &Guard) -> Result<Vec<IpAddr>, String> {
        let found = if is_localhost(name) {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            let answer = timeout(self.budget, self.lookup.lookup(name)).await;
            answer.map_err(|_| format!("the name servers did not answer within {} s", self.budget.as_secs_f32()))??
        };
        let mut refused = None;
        let mut addresses = Vec::with_capacity(found.len());
        for address in found {
            match guard.check_address(address, target, Origin::Dns) {
                Ok(()) => addresses.push(address),
                Err(why) => refused = Some(why),
            }
        }
        match (addresses.is_empty(), refused) {
            (false, _) => Ok(addresses),
            (true, Some(why)) => Err(why.to_string()),
            (true, None) => Err("the name has no address".to_owned()),
        }
    }
}

/// The name servers and the hosts file that the system is set to use.
pub struct SystemLookup {
    clock: Arc<dyn Clock>,
    current: Mutex<Option<(Duration, TokioResolver)>>,
}

impl SystemLookup {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, current: Mutex::new(None) }
    }

    /// A laptop changes its network and a server its settings, so they are read again when they are a minute old. Their cache
    /// goes with them: no address is used for longer than a minute, whatever its name server says.
    fn current(&self) -> Result<TokioResolver, String> {
        let now = self.clock.monotonic();
        let mut current = self.current.lock().expect("no panic while it is held");
        match &*current {
            Some((read_at, resolver)) if now.saturating_sub(*read_at) < REFRESH => Ok(resolver.clone()),
            _ => {
                let resolver = read_settings().map_err(|cause| format!("no name server is set up: {cause}"))?;
                *current = Some((now, resolver.clone()));
                Ok(resolver)
            }
        }
    }
}

fn read_settings() -> Result<TokioResolver, hickory_resolver::net::NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    let options = builder.options_mut();
    options.ip_strategy = hickory_resolver::config::LookupIpStrategy::Ipv6AndIpv4;
    options.timeout = Duration::from_secs(1);
    options.attempts = 2;
    options.try_tcp_on_error = true;
    options.cache_size = CACHE;
    options.max_active_requests = OPEN;
    options.positive_max_ttl = Some(REFRESH);
    options.negative_max_ttl = Some(Duration::from_secs(5));
    builder.build()
}

impl Lookup for SystemLookup {
    fn lookup<'a>(&'a self, name: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let resolver = self.current()?;
            // The dot: search domains are for people at a keyboard.
            let answer = resolver.lookup_ip(format!("{name}.")).await;
            match answer {
                Ok(addresses) => Ok(addresses.iter().collect()),
                Err(cause) if cause.is_nx_domain() => Err("the name does not exist".to_owned()),
                Err(cause) if cause.is_no_records_found() => Err("the name has no address".to_owned()),
                Err(cause) => Err(cause.to_string()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [&'static str]);
    impl Lookup for Fixed {
        fn lookup<'a>(&'a self, _: &'a str) -> Answer<'a> {
            Box::pin(async { Ok(self.0.iter().map(|address| address.parse().unwrap()).collect()) })
        }
    }

    struct Silent;
    impl Lookup for Silent {
        fn lookup<'a>(&'a self, _: &'a str) -> Answer<'a> {
            Box::pin(std::future::pending())
        }
    }

    async fn resolve(lookup: impl Lookup + 'static, url: &str, guard: &Guard) -> Result<Vec<IpAddr>, String> {
        let target = guard.target(url).unwrap();
        let name = target.host.to_string();
        Resolver::new(Arc::new(lookup), Duration::from_millis(20)).resolve(&name, &target, guard).await
    }

    #[tokio::test]
    async fn refused_addresses_beside_public_ones_are_left_out() {
        let mixed = Fixed(&["10.0.0.1", "8.8.8.8", "::1", "64:ff9b::10.0.0.1", "64:ff9b::8.8.4.4"]);
        let found = resolve(mixed, "https://example.com/", &Guard::default()).await.unwrap();
        assert_eq!(found, ["8.8.8.8".parse::<IpAddr>().unwrap(), "64:ff9b::8.8.4.4".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_with_refused_addresses_only_says_so() {
        let error = resolve(Fixed(&["169.254.169.254"]), "https://example.com/", &Guard::default()).await.unwrap_err();
        assert_eq!(error, "169.254.169.254 is refused: it is no public address (a link-local network)");
        let error = resolve(Fixed(&[]), "https://example.com/", &Guard::default()).await.unwrap_err();
        assert_eq!(error, "the name has no address");
    }

    #[tokio::test]
    async fn a_name_server_that_never_answers_is_given_up() {
        let error = resolve(Silent, "https://example.com/", &Guard::default()).await.unwrap_err();
        assert!(error.starts_with("the name servers did not answer within"), "{error}");
    }

    #[tokio::test]
    async fn localhost_is_this_machine_without_asking() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
        let found = resolve(Silent, "http://hooks.localhost/", &guard).await.unwrap();
        assert_eq!(found, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
}
