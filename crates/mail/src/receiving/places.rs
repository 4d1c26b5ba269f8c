//! Who is connected: so many in all, and so many from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use super::Limits;

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// The places of a listener.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<Taken>>);

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    of: IpAddr,
}

impl Places {
    /// A place for a connection, where there is one.
    pub fn take(&self, peer: IpAddr, limits: &Limits) -> Option<Place> {
        let of = network(peer);
        let mut taken = self.lock();
        let count = taken.of.get(&of).copied().unwrap_or(0);
        if taken.all >= limits.connections || count >= limits.connections_of_one {
            return None;
        }
        taken.all += 1;
        taken.of.insert(of, count + 1);
        Some(Place { places: self.clone(), of })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all = taken.all.saturating_sub(1);
        match taken.of.get_mut(&self.of) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.of.remove(&self.of);
            }
        }
    }
}

/// What counts as one: an address, or the network of 64 bits that one subscriber of IPv6 has.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_few_places_and_all_have_so_many() {
        let limits = Limits { connections: 5, connections_of_one: 2, ..Limits::default() };
        let places = Places::default();
        let take = |peer: &str| places.take(peer.parse().unwrap(), &limits);
        let first = take("192.0.2.1").unwrap();
        let _same = take("::ffff:192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_none());
        let _six = [take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap()];
        assert!(take("2001:db8::3").is_none());
        let _other = take("2001:db8:0:1::1").unwrap();
        assert!(take("192.0.2.9").is_none());
        drop(first);
        assert_eq!(places.count(), 4);
        assert!(take("192.0.2.1").is_some());
    }
}
