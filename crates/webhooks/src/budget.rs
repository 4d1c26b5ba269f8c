//! How many attempts run at a time, over all webhooks.

use std::collections::VecDeque;

/// How many there are room for.
pub const SLOTS: u32 = 512;

/// What a webhook's last attempt says about the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was answered with 2xx.
    Proven,
    /// It was not, or there was none yet.
    Unproven,
}

/// The slots of all webhooks and who waits for one. Half of them are for [`Standing::Proven`] only, so receivers that hang
/// cannot take what the others need. `Id` names a webhook.
#[derive(Debug)]
pub struct Budget<Id> {
    slots: u32,
    proven: u32,
    unproven: u32,
    waiting: VecDeque<(Id, Standing)>,
}

impl<Id: PartialEq> Budget<Id> {
    /// A budget of so many slots.
    #[must_use]
    pub fn new(slots: u32) -> Self {
        Self { slots, proven: 0, unproven: 0, waiting: VecDeque::new() }
    }

    /// Takes a slot, or notes that `id` waits for one. It is to be given back with the same standing.
    pub fn take(&mut self, id: Id, standing: Standing) -> bool {
        let has_room = self.has_room(standing);
        match (has_room, standing) {
            (true, Standing::Proven) => self.proven += 1,
            (true, Standing::Unproven) => self.unproven += 1,
            (false, _) if self.waiting.iter().any(|(waiting, _)| *waiting == id) => {}
            (false, _) => self.waiting.push_back((id, standing)),
        }
        has_room
    }

    /// Gives a slot back. What waits is asked for with [`Budget::call_next`].
    pub fn give_back(&mut self, standing: Standing) {
        match standing {
            Standing::Proven => self.proven -= 1,
            Standing::Unproven => self.unproven -= 1,
        }
    }

    /// The one that has waited longest and for which there is room now; it no longer waits. To be called until there is none:
    /// who is told may want no slot any more.
    pub fn call_next(&mut self) -> Option<Id> {
        let place = self.waiting.iter().position(|(_, standing)| self.has_room(*standing))?;
        self.waiting.remove(place).map(|(id, _)| id)
    }

    /// How many slots are taken.
    #[must_use]
    pub fn taken(&self) -> u32 {
        self.proven + self.unproven
    }

    fn has_room(&self, standing: Standing) -> bool {
        let is_within_half = self.unproven < self.slots.div_ceil(2);
        self.taken() < self.slots && (standing == Standing::Proven || is_within_half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unproven_get_half_and_the_proven_all() {
        let mut budget = Budget::new(4);
        assert!(budget.take('a', Standing::Unproven) && budget.take('b', Standing::Unproven));
        assert!(!budget.take('c', Standing::Unproven));
        assert!(budget.take('d', Standing::Proven) && budget.take('e', Standing::Proven));
        assert!(!budget.take('f', Standing::Proven));
        assert_eq!(budget.taken(), 4);
    }

    #[test]
    fn who_waits_is_served_in_order_and_only_where_there_is_room() {
        let mut budget = Budget::new(2);
        assert!(budget.take('a', Standing::Unproven) && budget.take('b', Standing::Proven));
        assert!(!budget.take('c', Standing::Unproven));
        assert!(!budget.take('d', Standing::Proven));
        assert!(!budget.take('d', Standing::Proven));
        assert_eq!(budget.call_next(), None);
        budget.give_back(Standing::Proven);
        assert_eq!(budget.call_next(), Some('d'), "c has to wait for the half of the unproven");
        assert!(budget.take('d', Standing::Proven));
        budget.give_back(Standing::Unproven);
        assert_eq!(budget.call_next(), Some('c'));
        assert_eq!(budget.call_next(), None);
    }
}
