//! The library of Data-Dump: captures data in any format and keeps it in typed storages, on embedded SQLite or on
//! PostgreSQL. It has everything but HTTP.
//!
//! ```text
//! throw ─► process (detect, decode, transform) ─► route ─► validate ─► store (group commit) ─► receipt
//!                                                                          └─► change log ─► live, hub
//! ```
//!
//! The crate has three layers, each importing only from those above it in this list:
//!
//! 1. Vocabulary: [`Error`], ids, [`Clock`], [`json`], [`csv_cell`], [`Throw`], [`Record`], [`Receipt`], [`source`],
//!    [`schema`].
//! 2. Stages: [`process`], [`route`] and [`validate`] are pure; [`store`] keeps rows.
//! 3. Services: idempotency, rows, batch, definitions, quarantine, retention, ingest, imports, [`live`], [`hub`] and
//!    replay. Each owns its state and rules and knows only the services before it.
//!
//! [`Dump`] opens a database and composes the services.

mod background;
mod batch;
mod clock;
pub mod condition;
mod context;
pub mod csv_cell;
mod definitions;
mod dump;
mod error;
pub mod hub;
mod id;
mod idempotency;
mod imports;
mod ingest;
pub mod json;
pub mod live;
pub mod memory;
mod notices;
pub mod process;
mod quarantine;
mod receipt;
mod record;
mod replay;
mod request;
mod retention;
pub mod route;
mod rows;
pub mod schema;
pub mod source;
pub mod store;
mod system_rows;
mod throw;
pub mod validate;
mod write_result;

pub use batch::MAX_OPERATIONS;
pub use clock::{Clock, SystemClock, Timestamp, Zone};
pub use definitions::{Consent, Declared, Definitions, Plan, PlannedChange};
pub use dump::{Address, Builder, Dump, Inspection};
pub use error::{Error, Fault, PathSegment, Place, Result};
pub use hub::{
    CommandResult, CommandStream, DeviceInfo, Hub, HubOptions, NewCommand, Push, Pushed, QueuedCommand,
    ReadingChunks, Readings, Registration,
};
pub use id::{Ids, Random, SystemRandom};
pub use idempotency::{
    Fingerprint, Idempotency, IdempotencyKey, IdempotentRequest, PendingAnswer, RequestKey,
};
pub use imports::{
    FilePart, Import, ImportFailure, ImportPlan, ImportRequest, ImportRows, ImportState, Imports, OnError,
    PlannedColumn, PlannedImport,
};
pub use ingest::{
    Incoming, Ingest, Stream,
    counters::ThrowCounts,
    lineage::{FateStatus, RecordFate},
    programs::{ProcessorInfo, Programs},
    recent::{DetectedFormat, RecentPage, RecentThrow, RecentThrows, ThrowOutcome},
    recent_filter::RecentFilter,
    recent_records::{RecentRecord, RecentRecords},
    source_cache::SourceInfo,
    sources::Sources,
};
pub use notices::{Notice, NoticeKind};
pub use quarantine::Quarantine;
pub use receipt::{Reason, Receipt, Remark, Stage};
pub use record::{Change, Changes, Failure, Fields, Origin, Record, Records, Rejection};
pub use replay::{ReplayRequest, ReplayState, Replays};
pub use request::parse_flag;
pub use retention::{Measured, NextRemoval, Retention, RetentionStatus};
pub use rows::{
    Aggregates, BulkOptions, ByteChunks, Export, Formulas, Listing, MAX_BULK_ROWS, OnConflict, RowChunks,
    RowPage, Rows, Saved, Series, SeriesQuery, SeriesSet, TextFormat, ValueCounts, WriteResults,
};
pub use store::Expect;
pub use throw::{Headers, RequestHead, SourceName, Throw, Transport};
pub use write_result::{FailedWrite, FailureReason, WriteFault, WriteResult, WrittenRow};
