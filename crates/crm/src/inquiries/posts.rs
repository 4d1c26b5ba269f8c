//! How many forms one network address sends: past a hundred a minute it is told to wait, past some inquiries they are doubted.
//!
//! In the memory of a node, and bounded. What is kept is a hash of the address under a key that ends with the process, for ten minutes.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use quick_cache::unsync::Cache;

use crate::Crm;

/// Posts of an address in a minute.
pub const MOST: u32 = 100;
const MINUTE: Duration = Duration::from_secs(60);
/// How far back inquiries count.
const SPELL: Duration = Duration::from_secs(10 * 60);
/// How many addresses are remembered.
const REMEMBERED: usize = 50_000;

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    since: Duration,
    count: u32,
}

impl Count {
    /// The same, begun anew where its time is over.
    fn at(self, now: Duration, lasts: Duration) -> Self {
        if now.saturating_sub(self.since) < lasts { self } else { Self { since: now, count: 0 } }
    }
}

#[derive(Debug, Clone, Copy)]
struct Address {
    posts: Count,
    inquiries: Count,
}

/// What each address sent lately.
pub(crate) struct Posts {
    addresses: Mutex<Cache<u64, Address>>,
    key: RandomState,
}

impl Default for Posts {
    /// Under a key of its own, which nobody needs to repeat: only counts are kept under it.
    fn default() -> Self {
        Self { addresses: Mutex::new(Cache::new(REMEMBERED)), key: RandomState::new() }
    }
}

impl Posts {
    fn change<T>(&self, crm: &Crm, address: IpAddr, change: impl FnOnce(&mut Address, Duration) -> T) -> T {
        // A network is one customer's: the first half of an IPv6 address.
        let network = match address.to_canonical() {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits() >> 64,
        };
        let (key, now) = (self.key.hash_one(network), crm.clock.monotonic());
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Count { since: now, count: 0 };
        let mut held = addresses.get(&key).copied().unwrap_or(Address { posts: begun, inquiries: begun });
        held.posts = held.posts.at(now, MINUTE);
        held.inquiries = held.inquiries.at(now, SPELL);
        let changed = change(&mut held, now);
        addresses.insert(key, held);
        changed
    }

    /// Counts a post.
    ///
    /// # Errors
    /// With how long to wait, past [`MOST`] in a minute.
    pub fn admit(&self, crm: &Crm, address: IpAddr) -> Result<(), Duration> {
        self.change(crm, address, |held, now| {
            if held.posts.count >= MOST {
                return Err((held.posts.since + MINUTE).saturating_sub(now));
            }
            held.posts.count += 1;
            Ok(())
        })
    }

    /// How many inquiries came from there in the last ten minutes.
    pub fn inquiries(&self, crm: &Crm, address: IpAddr) -> u32 {
        self.change(crm, address, |held, _| held.inquiries.count)
    }

    /// Counts an inquiry.
    pub fn note(&self, crm: &Crm, address: IpAddr) {
        self.change(crm, address, |held, _| held.inquiries.count += 1);
    }
}
