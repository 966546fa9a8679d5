//! Ids: UUID version 7, from a clock and a source of randomness that are passed in.

use std::{fmt::Debug, sync::Arc};

use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// Where randomness comes from.
pub trait Random: Send + Sync + Debug + 'static {
    /// Ten bytes nobody can foresee.
    fn bytes(&self) -> [u8; 10];
}

/// The operating system's randomness.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is where randomness comes in")]
    fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&Uuid::new_v4().as_bytes()[..10]);
        // A version 4 id has six fixed bits, here in bytes 6 and 8; mix another id in.
        for (byte, other) in bytes.iter_mut().zip(Uuid::new_v4().as_bytes().iter().rev()) {
            *byte ^= other;
        }
        bytes
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

    /// A new UUID v7.
    pub fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().micros() / 1000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.random.bytes()).into_uuid()
    }
}
