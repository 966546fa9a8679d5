//! Ids: UUID version 7, from a clock and a source of randomness that are passed in.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// Where randomness comes from.
pub trait Random: Send + Sync + Debug + 'static {
    /// Ten bytes nobody can foresee.
    fn bytes(&self) -> [u8; 10];
}

/// The operating system's randomness, asked for in blocks: an id takes ten bytes of it.
#[derive(Debug, Default)]
pub struct SystemRandom {
    block: Mutex<Vec<u8>>,
}

/// How many bytes are asked for at once.
const BLOCK: usize = 4096;

impl Random for SystemRandom {
    #[expect(clippy::panic, reason = "without randomness nothing can be given an id that nobody else has")]
    fn bytes(&self) -> [u8; 10] {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = [0; 10];
        loop {
            if let Some(rest) = block.len().checked_sub(bytes.len()) {
                bytes.copy_from_slice(&block[rest..]);
                // Nobody gets the same bytes again.
                block.truncate(rest);
                return bytes;
            }
            block.resize(BLOCK, 0);
            if let Err(error) = getrandom::fill(&mut block) {
                panic!("the operating system has no randomness: {error}");
            }
        }
    }
}

/// Makes ids that sort by the time they were made.
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ids {
    /// Ids from this clock and this randomness.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
    }

    /// The id of the `index`th record of a throw, and of the `part`th that was made of it: always the
    /// same for the same throw, so that storing it again finds it there.
    pub(crate) fn nth(throw: Uuid, index: usize, part: usize) -> Uuid {
        const RANDOM: u128 = (1 << 62) - 1;
        let number = throw.as_u128();
        let offset = index as u128 + ((part as u128) << 40);
        Uuid::from_u128((number & !RANDOM) | ((number & RANDOM).wrapping_add(offset) & RANDOM))
    }

    /// What nobody can guess: 160 bits, as text.
    pub(crate) fn secret(&self) -> String {
        let bytes = [self.random.bytes(), self.random.bytes()].concat();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A new UUID v7.
    pub fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().micros() / 1000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.random.bytes()).into_uuid()
    }
}
