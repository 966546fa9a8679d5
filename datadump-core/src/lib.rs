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
mod dump;
mod error;
mod id;
pub mod json;
pub mod schema;
pub mod store;
pub mod validate;

pub use clock::{Clock, SystemClock, Timestamp};
pub use dump::{Address, Builder, Consent, Declared, Dump, Listing, Plan, PlannedChange, Rows, Saved};
pub use error::{Error, Fault, Place, Result, Step};
pub use id::{Ids, Random, SystemRandom};
pub use store::Expect;
