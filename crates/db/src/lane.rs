//! Which writes take turns.

/// Who a write is for. Writes of one lane run one after another; on PostgreSQL other lanes may run beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane(u64);

impl Lane {
    /// Writes for nobody in particular. They promise no order among themselves.
    pub const SHARED: Self = Self(0);

    /// The lane of an agent.
    #[must_use]
    pub fn of(id: &[u8; 16]) -> Self {
        // The second half of a UUIDv7 is random; its first half is a time, which would put old agents on few threads.
        let half = [id[8], id[9], id[10], id[11], id[12], id[13], id[14], id[15]];
        Self(u64::from_be_bytes(half).max(1))
    }

    /// Which of `count` threads serves the lane.
    pub(crate) fn thread(self, count: usize) -> usize {
        // Fibonacci hashing: ids made by hand (in tests, in demos) differ in their low bits only.
        let mixed = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        usize::try_from(mixed % count.max(1) as u64).expect("less than a usize")
    }
}
