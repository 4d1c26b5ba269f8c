//! How often somebody may guess: ten failures in a quarter of an hour, then one try at a time with a growing pause. Nobody is locked
//! out: what is counted is an account from one network address, so a stranger's failures do not stop its owner elsewhere; and an
//! address that fails at many accounts is slowed down as a whole.
//!
//! In the memory of a node, and bounded: who fails with a million addresses pushes out the oldest.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    time::Duration,
};

use quick_cache::sync::Cache;

use crate::Crm;

/// How far back failures count.
const SPELL: Duration = Duration::from_secs(15 * 60);
/// Failures without a pause, of one account from one address.
const FREE: u32 = 10;
/// And of one address at any account.
const FREE_OF_ADDRESS: u32 = 100;
/// The longest pause.
const MOST: Duration = Duration::from_secs(60);
/// How many are remembered.
const REMEMBERED: usize = 50_000;

/// Who guesses at what.
#[derive(Debug, Clone, Copy)]
pub struct Guess<'a> {
    /// The account, by its address as typed.
    pub email: &'a str,
    /// From where.
    pub address: IpAddr,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    since: Duration,
    last: Duration,
}

/// What was failed at lately.
pub(crate) struct Throttle(Cache<u64, Failures>);

impl Default for Throttle {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Guess<'_> {
    fn keys(&self) -> [(u64, u32); 2] {
        // A network is one customer's: the first half of an IPv6 address.
        let network = match self.address.to_canonical() {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits() >> 64,
        };
        let key = |account: Option<&str>| {
            let mut hasher = DefaultHasher::new();
            (network, account).hash(&mut hasher);
            hasher.finish()
        };
        let email = self.email.trim().to_lowercase();
        [(key(Some(&email)), FREE), (key(None), FREE_OF_ADDRESS)]
    }
}

impl Throttle {
    /// How long to wait before the next guess.
    ///
    /// # Errors
    /// With the rest of the pause.
    pub fn check(&self, crm: &Crm, guess: Guess<'_>) -> Result<(), Duration> {
        let now = crm.clock.monotonic();
        let rest = guess.keys().into_iter().filter_map(|(key, free)| {
            let failures = self.of(key, now)?;
            let over = failures.count.checked_sub(free)?;
            let pause = Duration::from_secs(1 << over.min(6)).min(MOST);
            (failures.last + pause).checked_sub(now).filter(|rest| !rest.is_zero())
        });
        rest.max().map_or(Ok(()), Err)
    }

    /// Notes a failure.
    pub fn fail(&self, crm: &Crm, guess: Guess<'_>) {
        let now = crm.clock.monotonic();
        for (key, _) in guess.keys() {
            let before = self.of(key, now).unwrap_or(Failures { count: 0, since: now, last: now });
            self.0.insert(key, Failures { count: before.count + 1, last: now, ..before });
        }
    }

    /// Forgets the failures of an account from an address: its owner is there.
    pub fn succeed(&self, guess: Guess<'_>) {
        let [(account, _), _] = guess.keys();
        self.0.remove(&account);
    }

    fn of(&self, key: u64, now: Duration) -> Option<Failures> {
        self.0.get(&key).filter(|failures| now.saturating_sub(failures.since) < SPELL)
    }
}
