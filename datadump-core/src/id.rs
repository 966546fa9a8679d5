//! Ids: UUID version 7, from an injected clock and source of randomness.

use std::{fmt::Debug, sync::Arc};

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

/// Generates ids that sort by their time of creation.
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// Position of the number of a part in the ids of a throw's records. A throw has far fewer records.
const PART_SHIFT: u32 = 40;

impl Ids {
    /// Creates a generator.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
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
        let millis = u64::try_from(self.clock.now().micros() / 1000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.random.bytes()).into_uuid()
    }
}
