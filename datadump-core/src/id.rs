//! Ids: UUID version 7, from an injected clock and source of randomness.

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// A source of randomness.
pub trait Random: Send + Sync + Debug + 'static {
    /// Returns ten unpredictable bytes.
    fn bytes(&self) -> [u8; 10];
}

/// The random number generator of the operating system, read in blocks because an id needs only ten bytes.
#[derive(Debug, Default)]
pub struct SystemRandom {
    block: Mutex<Vec<u8>>,
}

/// Number of random bytes read at a time.
const BLOCK_BYTES: usize = 4096;

impl Random for SystemRandom {
    #[expect(clippy::panic, reason = "without randomness no unique id can be created")]
    fn bytes(&self) -> [u8; 10] {
        let mut block = self.block.lock();
        let mut bytes = [0; 10];
        loop {
            if let Some(rest) = block.len().checked_sub(bytes.len()) {
                bytes.copy_from_slice(&block[rest..]);
                // Bytes are never used twice.
                block.truncate(rest);
                return bytes;
            }
            block.resize(BLOCK_BYTES, 0);
            if let Err(error) = getrandom::fill(&mut block) {
                panic!("cannot read random numbers from the operating system: {error}");
            }
        }
    }
}

/// Generates ids that sort by their time of creation, also within a millisecond.
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// The tick of the last id.
    last: Arc<AtomicU64>,
}

/// Number of bits of an id that count the ticks of a millisecond.
const TICK_BITS: u32 = 12;

/// Maximum number of ticks by which an id may be ahead of the clock. If the last one exceeds it, the clock has been set
/// back.
const MAX_LEAD: u64 = 1000 << TICK_BITS;

/// Position of the number of a part in the ids of a throw's records. A throw has far fewer records.
const PART_SHIFT: u32 = 40;

impl Ids {
    /// Creates a generator.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random, last: Arc::default() }
    }

    /// Returns the id of part `part` of record `index` of a throw. It is the same every time, so that storing
    /// a throw again overwrites its rows.
    pub(crate) fn nth(throw: Uuid, index: usize, part: usize) -> Uuid {
        const RANDOM: u128 = (1 << 62) - 1;
        let number = throw.as_u128();
        let offset = index as u128 + ((part as u128) << PART_SHIFT);
        Uuid::from_u128((number & !RANDOM) | ((number & RANDOM).wrapping_add(offset) & RANDOM))
    }

    /// Returns the index of the record whose id is that of a part of another record.
    pub(crate) fn index_of_part(index: usize, part: usize) -> usize {
        index + (part << PART_SHIFT)
    }

    /// Returns a random secret of 160 bits in hexadecimal.
    pub(crate) fn secret(&self) -> String {
        let bytes = [self.random.bytes(), self.random.bytes()].concat();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns a new UUID v7.
    pub fn next(&self) -> Uuid {
        let micros = u64::try_from(self.clock.now().micros()).unwrap_or(0);
        let now = ((micros / 1000) << TICK_BITS) + ((micros % 1000) << TICK_BITS) / 1000;
        let after = |last: u64| if (now..now + MAX_LEAD).contains(&last) { last + 1 } else { now };
        let last = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(after(last)));
        let tick = last.map_or(now, after);
        let mut bytes = self.random.bytes();
        let [_, .., high, low] = tick.to_be_bytes();
        (bytes[0], bytes[1]) = (high, low);
        Builder::from_unix_timestamp_millis(tick >> TICK_BITS, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;
    use crate::clock::Timestamp;

    #[derive(Debug, Default)]
    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed)).unwrap()
        }
    }

    #[test]
    fn ids_rise_with_the_clock_and_follow_it_back() {
        const HOUR: i64 = 3_600_000_000;
        let clock = Arc::new(SetClock::default());
        let ids = Ids::new(clock.clone(), Arc::new(SystemRandom::default()));
        let mut last = ids.next();
        // The clock stands still, ticks, and is set back by less than the lead.
        for now in [HOUR, HOUR + 1, HOUR + 1_000, HOUR, 2 * HOUR] {
            clock.0.store(now, Ordering::Relaxed);
            for _ in 0..10_000 {
                let id = ids.next();
                assert!(id > last, "{id} after {last} at {now}");
                last = id;
            }
        }
        for now in [HOUR, 0] {
            clock.0.store(now, Ordering::Relaxed);
            let millis = ids.next().as_u128() >> 80;
            assert_eq!(millis, u128::try_from(now / 1000).unwrap());
        }
    }
}
