//! The library of Data-Dump: typed storages with validation, filters, pages, optimistic locking
//! and versioned migrations, on embedded SQLite or on PostgreSQL. Everything but HTTP.
//!
//! ```text
//! record ─► validate ─► row ─► store (queue, group commit, fsync) ─► outcome
//!               ▲                ▲
//!           definition ──────► migrate
//! ```
//!
//! Vocabulary ([`error`](Error), ids, [`Clock`], [`schema`]) knows no stage; stages
//! ([`validate`], [`store`]) know the vocabulary and not each other; only the façade, [`Dump`],
//! runs them all.

mod clock;
pub mod condition;
mod dump;
mod error;
pub mod hub;
mod id;
pub mod json;
mod once;
pub mod process;
mod receipt;
mod record;
pub mod route;
pub mod schema;
pub mod source;
pub mod store;
mod throw;
pub mod validate;

pub use clock::{Clock, SystemClock, Timestamp};
pub use dump::live;
pub use dump::{
    Address, Answered, Asked, Begun, Builder, CommandsFor, Consent, Counted, Declared, DeviceInfo, Dump,
    HubOptions, Incoming, Listing, Once, Pending, Plan, PlannedChange, ProcessorInfo, Push, Pushed, Queued,
    Registration, ReplayRequest, ReplayState, Rows, Saved, SourceInfo, Stream,
};
pub use error::{Error, Fault, PathSegment, Place, Result};
pub use id::{Ids, Random, SystemRandom};
pub use once::{Fingerprint, IdempotencyKey};
pub use receipt::{Receipt, Remark};
pub use record::{Failure, Fields, Origin, Record, Rejection};
pub use store::Expect;
pub use throw::{SourceName, Throw};
