//! Where rows are kept: the trait a backend implements, and what is common to all backends.
//!
//! ```text
//! writes ─► queue ─► writer: drain ─► decide ─► commit ─► answer
//! reads  ─► query ─► sql ─► a reader of its own: never behind a write
//! ```

mod admission;
pub mod catalogue;
pub mod change_log;
pub mod conformance;
mod decide;
pub mod migrate;
pub mod postgres;
pub mod query;
mod refusal;
mod sql;
pub mod sqlite;
mod system;
pub mod system_storages;
mod write;
mod writer;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    error::{Fault, Result},
    id::Ids,
    schema::{Definition, Difference, InForce, Row, StorageId, StoredRow, Value},
};
pub use catalogue::{Catalogue, Migration, State, Storage, VersionRecord};
pub use change_log::{Change, Changed, Commit, Retention, Span};
pub use migrate::{Examined, Progress};
pub use query::{Column, Count, Counted, Filter, Found, Order, Page, Paging, Query, Test};
pub use write::{
    Action, Atomicity, Expect, IdempotencyRecord, MakeRecord, OnFailure, Outcome, RecordFn, ReplacementFn,
    Stored, Write, WriteBatch,
};

/// A database that keeps storages and their rows.
///
/// # Contract
///
/// * **Durable.** When [`write`](Store::write), [`declare`](Store::declare) or
///   [`remove`](Store::remove) answers `Ok`, what it says was done is committed and synced to disk.
///   When it answers `Err`, nothing of it was done, or it cannot be known (a connection that broke
///   during commit): never is something reported as done that was not.
/// * **One row's fault is its own.** A write that fails a condition or a constraint gets its own
///   [`Outcome`]; the writes beside it are stored.
/// * **All or nothing, where asked.** Of a call whose fate is [`Atomicity::AllOrNothing`] either every write
///   takes effect or none does. The writes of any call take effect at one moment: nobody, not even
///   after a crash, finds one of them without the others.
/// * **Something instead.** A write that fails a condition or a constraint is replaced by what its
///   call's [`OnFailure`] makes of it, at the same moment.
/// * **Once.** A call with a [`Once`] takes effect only while its record is as expected, and the record
///   is put at the same moment. Of calls with the same record at once, on however many nodes, one takes
///   effect; the others are given the record.
/// * **Order.** Writes of one call to the same key take effect in the order given. Writes of
///   different calls take effect one after another per key.
/// * **Proof.** A [`Row`] is stored only under the definition that proved it. When another one is
///   in force by then, it is validated again, and its outcome is [`Outcome::Invalid`] if it no
///   longer fits.
/// * **Reads never wait behind writes**, and see only what is committed.
/// * **Told.** What a commit has changed is in the [feed] at the same moment: the numbers of commits are
///   dense, and nothing ever appears behind one that was seen.
/// * **Bounded.** When more is waiting than the queue takes, `write` answers
///   [`Error::Overloaded`](crate::Error::Overloaded) at once.
/// * **Migrations end.** [`migrate`](Store::migrate) takes a pending version to applied or failed.
///   A process that dies on the way leaves a state from which the next `migrate` does the same, and
///   at no moment is a definition in force that the table does not have.
///
/// [`conformance`] checks all of this against any backend.
#[async_trait]
pub trait Store: Send + Sync + Debug + 'static {
    /// What it is, in one word: `sqlite`, `postgres`.
    fn backend(&self) -> &'static str;

    /// What in the database's own settings puts at risk what is promised here, for people to read.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// The most bytes a row may have beside its long texts, where the database bounds that.
    fn widest_row(&self) -> Option<usize>;

    /// The storages, as they stand now. Kept fresh by the backend, also when other processes
    /// change the same database.
    fn catalogue(&self) -> &Arc<Catalogue>;

    /// The storage with this number. One that is not known here, or with no version in force, is looked up in the
    /// database: another process may just have made it.
    async fn storage(&self, id: StorageId) -> Result<Option<Arc<Storage>>> {
        Ok(self.catalogue().by_id(id))
    }

    /// Records a version that is to be applied: a new storage, or the next version of one.
    /// Errs with [`Migrating`](crate::Error::Migrating) or
    /// [`StalePlan`](crate::Error::StalePlan) when the storage has moved on from `base`.
    async fn declare(&self, declaration: Declaration) -> Result<Arc<Storage>>;

    /// Applies the pending version of a storage, if it has one, and does not return before its
    /// state is `applied` or `failed`. Another process that is at it is waited for.
    async fn migrate(&self, storage: StorageId) -> Result<()>;

    /// How far the last migration of a storage is.
    async fn progress(&self, storage: StorageId) -> Result<Progress>;

    /// Counts the rows that stand in the way of each change.
    async fn examine(&self, in_force: &Arc<InForce>, difference: &Difference) -> Result<Vec<Examined>>;

    /// What a backend would run to apply these changes, for people to read.
    fn ddl(
        &self,
        storage: Option<&Arc<InForce>>,
        definition: &Definition,
        difference: &Difference,
    ) -> Vec<String>;

    /// All versions of a storage, first to last.
    async fn versions(&self, storage: StorageId) -> Result<Vec<VersionRecord>>;

    /// Removes a storage, its rows and its versions.
    async fn remove(&self, storage: StorageId) -> Result<()>;

    /// Writes rows; one outcome for each, in the same order, and after them that of the record of a
    /// call with a [`Once`].
    async fn write(&self, call: WriteBatch) -> Result<Vec<Outcome>>;

    /// One row by its key.
    async fn get(&self, in_force: &Arc<InForce>, key: &Value) -> Result<Option<StoredRow>>;

    /// The rows a query asks for. The query was made for `in_force`.
    async fn page(&self, in_force: &Arc<InForce>, query: &Query) -> Result<Page>;

    /// The rows with these keys, looked up one after the other until those that were found have so many
    /// bytes: at least one is looked up.
    async fn rows(&self, in_force: &Arc<InForce>, keys: &[Value], bytes: usize) -> Result<Found>;

    /// A number that grows whenever sources or programs may have changed, here or in another
    /// process: before the write that changed them is answered here, and within seconds elsewhere.
    fn config_signal(&self) -> watch::Receiver<u64>;

    /// A number that grows when there may be more in the [feed], by this process or another.
    fn commit_signal(&self) -> watch::Receiver<u64>;

    /// What there is of the [feed].
    async fn span(&self) -> Result<Span>;

    /// The commits behind a position, in order, at most so many; fewer when they are large. None when there
    /// is none behind it. The first one is the next one, unless that is kept no more.
    async fn commits(&self, after: i64, most: usize) -> Result<Vec<Commit>>;

    /// Answers when the database answers, and takes what is written as far as is known.
    async fn ping(&self) -> Result<()>;

    /// What the write path is doing.
    fn load(&self) -> Load;

    /// Bytes the whole database takes.
    async fn size(&self) -> Result<u64>;

    /// Finishes what was accepted, then lets go of the database.
    async fn close(&self);
}

/// What both backends are opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where names come from that nobody else has.
    pub ids: Ids,
    /// How much of the [feed] is kept.
    pub change_log: Retention,
    /// The most writes that may wait.
    pub queue_rows: usize,
    /// The most bytes that may wait.
    pub queue_bytes: usize,
    /// Proves a row again, for a definition that came into force after it was proven.
    pub reprove: Reprove,
}

/// Proves a row for another version of its storage.
pub type Reprove = fn(&Row, &Arc<InForce>) -> Result<Row, Vec<Fault>>;

/// A version that is to be applied.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The definition.
    pub definition: Definition,
    /// The definition as it was sent: `{key, fields, meta?}`.
    pub sent: serde_json::Value,
    /// The version it follows; none for a new storage.
    pub base: Option<(StorageId, i32)>,
}

/// What the write path is doing, for status and metrics. The counters only grow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Writes that wait or are being committed.
    pub queued: u64,
    /// The most that may wait.
    pub capacity: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Rows written or deleted.
    pub rows: u64,
    /// Calls refused because the queue was full.
    pub refused: u64,
    /// Calls that are not answered yet.
    pub calls: u64,
    /// How many there may be before more would only make all of them wait.
    pub most_calls: u64,
}
