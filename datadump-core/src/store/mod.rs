//! Where rows are kept: the [`Store`] trait that a backend implements, and what all backends share.
//!
//! ```text
//! writes ─► queue ─► writer: take a batch ─► decide ─► commit ─► answer
//! reads  ─► query ─► sql ─► a read-only connection, never behind a write
//! ```

mod admission;
pub(crate) mod aggregate;
pub mod catalogue;
pub mod change_log;
mod changed_storages;
mod commit_times;
pub mod conformance;
mod current_row;
mod decide;
mod declare;
mod extent;
pub mod migrate;
mod page;
pub mod postgres;
pub mod query;
mod queue;
mod read_memory;
mod refusal;
pub(crate) mod result_memory;
mod sql;
pub mod sqlite;
mod stamps;
mod storage_size;
pub(crate) mod system;
pub mod system_storages;
mod write;

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{
    clock::{Clock, Timestamp},
    error::{Fault, Result},
    id::Ids,
    schema::{Definition, Difference, InForce, Row, StorageId, StoredRow, Value},
};
pub use catalogue::{Catalogue, Migration, State, Storage, VersionPage, VersionRecord};
pub use change_log::{Change, ChangeKind, ChangeLogRetention, Commit, RowChange, Span, Trim};
pub use commit_times::{CommitTimes, RecentCommits};
pub use extent::{Capacity, Extent, StepLimit, WrittenRows};
pub use migrate::{ChangeImpact, Progress};
pub use query::{
    Aggregate, AggregateQuery, AggregatedGroup, AggregatedGroups, Bucket, Column, Computed, Count, Filter,
    Form, FoundRows, Function, Group, GroupBy, GroupKey, GroupQuery, Groups, Operand, Order, Page, Paging,
    Query, RowCount, Test,
};
pub use read_memory::{ReadLease, ReadMemory};
pub use storage_size::StorageSize;
pub use write::{
    Action, Atomicity, Expect, IdempotencyRecord, MakeRecord, OnFailure, Outcome, RecordFn, ReplacementFn,
    Returning, Stored, Write, WriteBatch,
};

/// A database that keeps storages and their rows.
///
/// # Contract
///
/// * **Durable.** When [`write`](Store::write), [`declare`](Store::declare) or [`remove`](Store::remove)
///   returns `Ok`, the change is committed and synced to disk. When it returns `Err`, nothing was changed, or
///   the result is unknown (the connection broke during the commit). A change that was not made is never
///   reported as made.
/// * **Failures stay local.** A write that fails a condition or a constraint gets its own [`Outcome`]; the
///   other writes are stored.
/// * **Atomic on request.** In a batch with [`Atomicity::AllOrNothing`] either every write takes effect or
///   none does. The writes of any batch become visible at the same moment: no reader sees some of them
///   without the others, not even after a crash.
/// * **Matching rows only.** A write with [`Expect::Matches`] tests the row in its transaction, and leaves one that
///   does not match alone. It fails with [`Error::Moved`](crate::Error::Moved), as a whole batch, if another version
///   than the one of the filter is in force; so does a [patch](Action::Patch).
/// * **Dry runs.** A batch with `is_dry_run` has the outcomes it would have, and changes nothing.
/// * **Replacements.** A write that fails is replaced by the row that the batch's [`OnFailure`] builds, in
///   the same transaction.
/// * **Idempotent.** A batch with an [`IdempotencyRecord`] takes effect only if the stored record meets its
///   condition, and the new record is stored in the same transaction. When several batches with the same
///   record arrive at once, on any number of nodes, one takes effect and the others get the stored record.
/// * **Ordered.** Writes of one batch to the same key take effect in the given order. Writes of different
///   batches to one key take effect one after another.
/// * **Validated.** A [`Row`] is stored only under the definition that validated it. If a different version
///   is in force by then, the row is validated again, and its outcome is [`Outcome::Invalid`] if it no longer
///   fits.
/// * **Reads never wait for writes**, and see only committed data.
/// * **Published.** Every commit adds its changes to the [change log](change_log) in the same transaction.
///   Positions have no gaps, and no commit ever appears at a position before one that was already read.
/// * **Bounded.** When the queue is full, `write` returns [`Error::Overloaded`](crate::Error::Overloaded) at
///   once.
/// * **Migrations end.** [`migrate`](Store::migrate) takes a pending version to applied or failed. If the
///   process dies during a migration, the next `migrate` continues from the state it left. A definition is
///   never in force while the table does not match it.
///
/// The [`conformance`] suite checks all of this against any backend.
#[async_trait]
pub trait Store: Send + Sync + Debug + 'static {
    /// Returns the backend's name: `sqlite` or `postgres`.
    fn backend(&self) -> &'static str;

    /// Returns human-readable warnings about database settings that endanger this contract.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Returns the maximum size of a row in bytes, not counting long text values, if the database has one.
    fn widest_row(&self) -> Option<usize>;

    /// Returns the approximate memory of a write until its outcome is known, given the size of its
    /// [row](crate::schema::Row::size).
    fn write_memory(&self, row: usize) -> usize;

    /// Returns the current storages. The backend keeps them up to date, also when other processes change the
    /// same database.
    fn catalogue(&self) -> &Arc<Catalogue>;

    /// Returns the storage with this number. A storage that this process does not know, or that has no
    /// version in force, is looked up in the database, because another process may just have created it.
    async fn storage(&self, id: StorageId) -> Result<Option<Arc<Storage>>> {
        Ok(self.catalogue().by_id(id))
    }

    /// Records a version to be applied: a new storage, or the next version of one.
    ///
    /// # Errors
    ///
    /// [`Migrating`](crate::Error::Migrating) or [`StalePlan`](crate::Error::StalePlan) if the storage is no
    /// longer at `base`, and [`TooManyStorages`](crate::Error::TooManyStorages) if the limit is reached,
    /// however many are declared at the same time, on any number of nodes.
    async fn declare(&self, declaration: Declaration) -> Result<Arc<Storage>>;

    /// Applies the pending version of a storage, if there is one, and returns once it is `applied` or
    /// `failed`. If another process is applying it, this waits for that process.
    async fn migrate(&self, storage: StorageId) -> Result<()>;

    /// Frees the space of values that migrations have left behind, beside writes. It can be interrupted and
    /// called again.
    async fn reclaim(&self, _storage: StorageId) -> Result<()> {
        Ok(())
    }

    /// Returns the progress of a storage's last migration.
    async fn progress(&self, storage: StorageId) -> Result<Progress>;

    /// Counts the rows that violate each change.
    async fn examine(&self, in_force: &Arc<InForce>, difference: &Difference) -> Result<Vec<ChangeImpact>>;

    /// Returns the statements that would apply these changes, in readable form.
    fn ddl(
        &self,
        storage: Option<&Arc<InForce>>,
        definition: &Definition,
        difference: &Difference,
    ) -> Vec<String>;

    /// Returns up to `limit` versions of a storage, oldest first, after the first `skip`, once there is memory
    /// for them. Like a page of rows, it ends early if they are large.
    async fn versions(
        &self,
        storage: StorageId,
        skip: u64,
        limit: u64,
        memory: &ReadMemory,
    ) -> Result<VersionPage>;

    /// Removes a storage with its rows and versions.
    async fn remove(&self, storage: StorageId) -> Result<()>;

    /// Writes rows. Returns one outcome per write, in order, followed by the outcome of the
    /// [`IdempotencyRecord`] if there is one.
    async fn write(&self, batch: WriteBatch) -> Result<Vec<Outcome>>;

    /// Returns the row with this key.
    async fn get(&self, in_force: &Arc<InForce>, key: &Value) -> Result<Option<StoredRow>>;

    /// Returns the row with this key if that is cheap. `None` says nothing about whether it exists: its long values
    /// may have more than this many bytes in total, or the version may not be in force any more.
    async fn get_short(
        &self,
        in_force: &Arc<InForce>,
        key: &Value,
        bytes: usize,
    ) -> Result<Option<StoredRow>>;

    /// Returns a page of rows, once there is memory for them. The query must have been made for `in_force`.
    /// The page ends early at [`MAX_PAGE_BYTES`](query::MAX_PAGE_BYTES), and the rows after it are not read.
    async fn page_within(&self, in_force: &Arc<InForce>, query: &Query, memory: &ReadMemory) -> Result<Page>;

    /// Returns a page of rows for a task of this process, which does not wait for memory.
    async fn page(&self, in_force: &Arc<InForce>, query: &Query) -> Result<Page> {
        self.page_within(in_force, query, &ReadMemory::unlimited()).await
    }

    /// Counts rows by the values of some columns, as far as there is memory for them. The query must have been made for
    /// `in_force`.
    async fn groups(
        &self,
        in_force: &Arc<InForce>,
        query: &GroupQuery,
        memory: &ReadMemory,
    ) -> Result<Groups>;

    /// Computes functions of groups of rows, as far as there is memory for the results, in one snapshot. The query must
    /// have been made for `in_force`.
    async fn aggregate(
        &self,
        in_force: &Arc<InForce>,
        query: &AggregateQuery,
        memory: &ReadMemory,
    ) -> Result<AggregatedGroups>;

    /// Measures a storage, without reading all of it.
    async fn storage_size(&self, in_force: &Arc<InForce>) -> Result<StorageSize>;

    /// Looks up rows by key, in order, until the rows found reach this many bytes. At least one key is looked
    /// up.
    async fn rows(&self, in_force: &Arc<InForce>, keys: &[Value], bytes: usize) -> Result<FoundRows>;

    /// Measures a storage. If it may be larger than its capacity, the sizes of its rows are added up, from the newest
    /// row on.
    async fn extent(&self, in_force: &Arc<InForce>, capacity: Capacity) -> Result<Extent> {
        extent::measure(self, in_force, capacity).await
    }

    /// Counts the rows of a storage in one snapshot, and estimates their size from those that were written first and
    /// last. The excess is that over a number of rows.
    async fn count_extent(&self, in_force: &Arc<InForce>, capacity: Option<u64>) -> Result<Extent>;

    /// Returns the moments before a moment at which rows were last written, latest first, in one snapshot: those of
    /// about so many rows.
    async fn written_before(
        &self,
        in_force: &Arc<InForce>,
        before: Timestamp,
        rows: u64,
    ) -> Result<Vec<WrittenRows>>;

    /// Removes rows that were last written in a range of time, after its first moment, the oldest ones first: up to
    /// about a limit, and none if that is not possible now, for example during a migration. The change log gets one
    /// [`Trim`] for all of them: exactly the rows that it describes are removed, among those committed before it.
    async fn trim(
        &self,
        in_force: &Arc<InForce>,
        range: (Timestamp, Timestamp),
        limit: StepLimit,
    ) -> Result<Option<TrimStep>>;

    /// Returns a counter that grows whenever sources or programs may have changed: for changes made here
    /// before the write returns, for changes made by other processes within seconds.
    fn config_signal(&self) -> watch::Receiver<u64>;

    /// Returns a signal that is raised after this process has added, changed or removed quarantine entries.
    fn quarantine_signal(&self) -> watch::Receiver<u64>;

    /// Returns a counter that grows when the [change log](change_log) may have new entries, written by any
    /// process.
    fn commit_signal(&self) -> watch::Receiver<u64>;

    /// Returns the range of positions that the [change log](change_log) holds.
    async fn span(&self) -> Result<Span>;

    /// Returns up to `limit` commits after a position, in order; fewer if they are large. The first one is at
    /// the next position, unless that has been pruned.
    async fn commits(&self, after: i64, limit: usize) -> Result<Vec<Commit>>;

    /// Checks that the database responds and, as far as is known, accepts writes.
    async fn ping(&self) -> Result<()>;

    /// Returns the load of the write path.
    fn load(&self) -> Load;

    /// Returns how long commits took.
    fn commit_times(&self) -> CommitTimes;

    /// Returns the size of the whole database in bytes.
    async fn size(&self) -> Result<u64>;

    /// Finishes the writes that were accepted, then closes the database.
    async fn close(&self);
}

/// Options for opening either backend.
#[derive(Debug, Clone)]
pub struct Options {
    /// Source of the current time.
    pub clock: Arc<dyn Clock>,
    /// Source of unique ids.
    pub ids: Ids,
    /// Retention of the [change log](change_log).
    pub change_log: ChangeLogRetention,
    /// Maximum number of storages, not counting those of the service itself.
    pub max_storages: usize,
    /// Maximum number of queued writes.
    pub queue_rows: usize,
    /// Maximum size of queued writes in bytes.
    pub queue_bytes: usize,
    /// Validates a row again when a new version has come into force.
    pub reprove: Reprove,
}

/// Validates a row against a different version of its storage.
pub type Reprove = fn(&Row, &Arc<InForce>) -> Result<Row, Vec<Fault>>;

/// A version to be applied.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The definition.
    pub definition: Definition,
    /// The definition as it was sent: `{key, fields, meta?}`.
    pub sent: serde_json::Value,
    /// The version it follows; `None` for a new storage.
    pub base: Option<(StorageId, i32)>,
}

/// A step of retention.
#[derive(Debug, Clone, Copy)]
pub struct TrimStep {
    /// The rows that were removed.
    pub trim: Trim,
    /// Its duration, for about which other writes had to wait.
    pub took: Duration,
}

/// Load of the write path, for status and metrics. The counters only grow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Writes that are queued or being committed.
    pub queued: u64,
    /// Maximum number of queued writes.
    pub capacity: u64,
    /// Committed transactions.
    pub commits: u64,
    /// Rows written or deleted.
    pub rows: u64,
    /// Batches refused because the queue was full.
    pub refused: u64,
    /// Batches in flight.
    pub batches: u64,
    /// Number of batches in flight beyond which new requests should be refused.
    pub max_batches: u64,
}
