//! The writers. Each owns a connection, takes what is queued, commits it in one transaction, and only then
//! answers.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use sqlx::Connection as _;

use super::{
    apply::{Failure, ReadRows},
    batch::plan,
    blocked::BlockedJobs,
    call_state::{
        BatchEnd, CallStates, PendingBatch, count, has_moved, is_dry_run, stops_at_failure, writes,
    },
    change_log,
    error::ErrorClass,
    fast_path, idempotency,
    inner::Inner,
    isolate::Isolation,
    on_failure, parts,
    session::Session,
    targets::targets,
};
use crate::{
    error::Result,
    schema::StorageId,
    store::{
        Outcome, Reprove,
        change_log::Packer,
        decide,
        queue::{Job, QueueReceiver, WriterTask, write_size},
        system_storages,
    },
};

/// Maximum number of attempts for a transaction that fails for reasons other than its rows.
const MAX_TRIES: u32 = 12;

/// Maximum age of a batch until which its writer tries to reconnect to the database.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Timeout of a transaction, after which its connection is dropped, and the time that each write adds to it.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(20);
const TRANSACTION_TIMEOUT_PER_WRITE: Duration = Duration::from_millis(2);

/// Time that each write adds to the timeout when refused rows are isolated: the connection has just proven to
/// work, and all writes of a batch must go into one transaction.
const ISOLATION_TIMEOUT_PER_WRITE: Duration = Duration::from_millis(20);

/// Timeout of a rollback, after which the connection is dropped.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// Size of writes from which the buffers of the connection are released after a transaction.
const MAX_KEPT_BUFFER: usize = 1 << 20;

/// The queue command that ends one writer.
#[derive(Debug)]
pub(super) struct Stop;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) inner: Arc<Inner>,
    pub(super) receiver: QueueReceiver<Stop>,
    pub(super) blocked: Arc<BlockedJobs>,
    pub(super) reprove: Reprove,
    pub(super) existing: ExistingRows,
}

/// The storages whose last writes found existing rows, so that the next ones probably do too.
#[derive(Debug, Default)]
pub(super) struct ExistingRows(Mutex<BTreeSet<StorageId>>);

impl ExistingRows {
    /// Returns whether all of these writes can be tried as inserts without reading rows first.
    fn can_insert_blindly(&self, pending: &[PendingBatch<'_>]) -> bool {
        if is_dry_run(pending) {
            return false;
        }
        let existing = self.0.lock();
        writes(pending).all(|(_, write)| {
            let can_insert =
                write.action.row().is_some_and(|row| decide::can_insert_blindly(row, &write.expect));
            can_insert && !existing.contains(&write.storage())
        })
    }

    /// Remembers which storages had existing rows.
    fn note(&self, pending: &[PendingBatch<'_>], outcomes: &[Outcome]) {
        let mut existing = self.0.lock();
        for ((_, write), outcome) in writes(pending).zip(outcomes) {
            match outcome {
                Outcome::Updated(_)
                | Outcome::Unchanged(_)
                | Outcome::Superseded(_)
                | Outcome::Refused(Some(_)) => {
                    existing.insert(write.storage());
                }
                Outcome::Created(_) => {
                    existing.remove(&write.storage());
                }
                _ => {}
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    session: Option<Session>,
    /// True if a commit was sent whose result is not known yet.
    is_committing: bool,
}

/// Method by which a transaction applies its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Inserts all rows without reading, as if none existed. Most writes are of new rows.
    Blind,
    /// Reads all rows, then applies all writes, expecting that the database refuses none.
    Whole,
    /// Applies the writes in parts, to isolate the rows that the database refuses.
    Parts,
}

/// The result of one transaction.
#[derive(Debug)]
enum Attempt<'b> {
    /// Committed, with the outcomes of all writes and records, and how long the commit took.
    Committed(Vec<Outcome>, Duration),
    /// Rolled back, because the only batch failed or is a dry run, with the same outcomes.
    RolledBack(Vec<Outcome>),
    /// Rolled back, because these batches' idempotency records do not meet their conditions.
    Replayed(Vec<(PendingBatch<'b>, Outcome)>),
    /// Rolled back, because writes of these batches were made for another version of their storage.
    Moved(Vec<PendingBatch<'b>>),
    /// Rolled back, because these storages cannot be written.
    Blocked { blocked: BTreeSet<StorageId>, gone: BTreeSet<StorageId> },
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, session: None, is_committing: false }
    }

    /// Writes queued jobs until it receives [`Stop`].
    pub(super) async fn run(mut self) {
        while let Some(WriterTask::Commit(jobs)) = self.shared.receiver.next().await {
            let now = Instant::now();
            let blocked = self.write(jobs).await;
            self.shared.blocked.add(blocked.into_iter().map(|(_, job)| (job, now)).collect());
        }
    }

    /// Retries blocked jobs until they are closed.
    pub(super) async fn run_blocked(mut self) {
        while let Some(jobs) = self.shared.blocked.next().await {
            let (jobs, since): (Vec<Job>, Vec<Instant>) = jobs.into_iter().unzip();
            let blocked = self.write(jobs).await.into_iter();
            let blocked = blocked.filter_map(|(place, job)| Some((job, *since.get(place)?)));
            self.shared.blocked.add(blocked.collect());
        }
    }

    /// Writes and answers all jobs, except those whose storage is being migrated: these are returned with
    /// their positions.
    async fn write(&mut self, jobs: Vec<Job>) -> Vec<(usize, Job)> {
        let age = jobs.iter().map(Job::age).max().unwrap_or_default();
        let reconnect_until = Instant::now() + RECONNECT_TIMEOUT.saturating_sub(age);
        let mut states = CallStates::new(&jobs);
        self.write_all(&mut states, reconnect_until).await;
        let ends = states.into_ends();
        let mut blocked = Vec::new();
        for (place, (job, end)) in jobs.into_iter().zip(ends).enumerate() {
            match end {
                BatchEnd::Committed(outcomes) => job.reply.send(Ok(outcomes)),
                BatchEnd::Failed(error) => job.reply.send(Err(error)),
                BatchEnd::Blocked => blocked.push((place, job)),
            }
        }
        blocked
    }

    /// Runs transactions until no batch is pending, retrying failures where that can help.
    async fn write_all(&mut self, states: &mut CallStates<'_>, reconnect_until: Instant) {
        let is_blind = self.shared.existing.can_insert_blindly(&states.pending());
        let (mut mode, mut tries) = (if is_blind { Mode::Blind } else { Mode::Whole }, 0);
        loop {
            let pending = states.pending();
            if pending.is_empty() {
                return;
            }
            self.is_committing = false;
            let per_write = match mode {
                Mode::Blind | Mode::Whole => TRANSACTION_TIMEOUT_PER_WRITE,
                Mode::Parts => ISOLATION_TIMEOUT_PER_WRITE,
            };
            let timeout =
                TRANSACTION_TIMEOUT + per_write * u32::try_from(count(&pending)).unwrap_or(u32::MAX);
            let attempt = tokio::time::timeout(timeout, self.transaction(&pending, mode)).await;
            let attempt = attempt.unwrap_or_else(|_| Err(Failure::Sql(sqlx::Error::PoolTimedOut)));
            self.shrink_buffers(&pending);
            let failure = match attempt {
                Ok(Attempt::RolledBack(outcomes)) => {
                    states.commit(&pending, outcomes);
                    continue;
                }
                Ok(Attempt::Committed(outcomes, took)) => {
                    let written = outcomes.iter().filter(|outcome| outcome.written().is_some()).count();
                    self.shared.receiver.gauge().committed(written, took);
                    if mode != Mode::Blind {
                        self.shared.existing.note(&pending, &outcomes);
                    }
                    states.commit(&pending, outcomes);
                    continue;
                }
                Ok(Attempt::Blocked { blocked, gone }) => {
                    states.block(&blocked, &gone);
                    continue;
                }
                Ok(Attempt::Moved(moved)) => {
                    states.move_on(&moved);
                    continue;
                }
                Ok(Attempt::Replayed(replayed)) => {
                    states.replay(replayed);
                    continue;
                }
                Err(failure) => failure,
            };
            let class = failure.class();
            self.recover(class).await;
            if let Failure::Migrating { batch } = failure {
                states.set_aside(batch);
                continue;
            }
            tries += 1;
            match class {
                // It is unknown whether the transaction was committed, so it must not be repeated.
                ErrorClass::Lost if self.is_committing => return states.fail(&pending, &failure),
                // One of the rows existed or violates a constraint.
                ErrorClass::Again | ErrorClass::Row | ErrorClass::Moved | ErrorClass::Other
                    if mode == Mode::Blind =>
                {
                    mode = Mode::Whole;
                }
                ErrorClass::Row | ErrorClass::Other if mode == Mode::Whole => mode = Mode::Parts,
                ErrorClass::Lost if Instant::now() < reconnect_until => pause(tries, class).await,
                ErrorClass::Again if tries < MAX_TRIES => pause(tries, class).await,
                _ => return states.fail(&pending, &failure),
            }
        }
    }

    /// Writes all pending batches in one transaction.
    async fn transaction<'b>(
        &mut self,
        pending: &[PendingBatch<'b>],
        mode: Mode,
    ) -> Result<Attempt<'b>, Failure> {
        let (shared, inner) = (self.shared.clone(), self.shared.inner.clone());
        let stamps = &inner.stamps;
        let is_alive = match &mut self.session {
            Some(session) => session.is_alive().await,
            None => false,
        };
        if !is_alive {
            self.session = Some(Session::new(inner.connections.writer().await?).await);
        }
        let Some(session) = &mut self.session else { return Err(sqlx::Error::WorkerCrashed.into()) };
        if mode == Mode::Blind
            && let Some(fast_path) = fast_path::prepare_batches(session, pending, shared.reprove, stamps)?
        {
            self.is_committing = true;
            let began = Instant::now();
            if let Some(outcomes) = fast_path.run(session).await? {
                let took = began.elapsed();
                inner.notify_commit();
                return Ok(Attempt::Committed(outcomes, took));
            }
            self.is_committing = false;
        }
        let storages: BTreeSet<StorageId> = writes(pending).map(|(_, write)| write.storage()).collect();
        let start = session.begin(&storages).await?;
        let gone: BTreeSet<StorageId> =
            storages.iter().filter(|id| start.versions.get(id).is_none_or(|v| *v == 0)).copied().collect();
        if !start.blocked.is_empty() || !gone.is_empty() {
            session.rollback().await?;
            return Ok(Attempt::Blocked { blocked: start.blocked, gone });
        }
        let moved: Vec<PendingBatch<'b>> =
            pending.iter().filter(|pending| has_moved(pending.batch, &start.versions)).copied().collect();
        if !moved.is_empty() {
            session.rollback().await?;
            return Ok(Attempt::Moved(moved));
        }
        let replayed = idempotency::replayed(session, pending).await?;
        if !replayed.is_empty() {
            session.rollback().await?;
            return Ok(Attempt::Replayed(replayed));
        }
        let catalogue = &inner.mirror.catalogue;
        let targets = targets(session, &inner.mirror, pending, &start.versions).await?;
        let mut isolation = Isolation { session, catalogue, targets: &targets, stamps };
        let mut outcomes = match mode {
            Mode::Blind => parts::apply_all(&mut isolation, pending, shared.reprove, ReadRows::No).await?,
            Mode::Whole => {
                parts::apply_all(
                    &mut isolation,
                    pending,
                    shared.reprove,
                    ReadRows::UpTo(parts::MAX_READ_BYTES),
                )
                .await?
            }
            Mode::Parts if stops_at_failure(pending) => {
                parts::isolate_failure(&mut isolation, pending, shared.reprove).await?
            }
            Mode::Parts => {
                let mut planned = plan(writes(pending), &targets, shared.reprove)?;
                let mut outcomes = isolation.run(&mut planned).await?;
                isolation.complete(&mut planned, &mut outcomes).await?;
                outcomes
            }
        };
        on_failure::replace(session, pending, &mut outcomes, stamps).await?;
        let outcomes = idempotency::record(session, pending, outcomes, stamps).await?;
        let is_ended = stops_at_failure(pending) && outcomes.iter().any(Outcome::is_failure);
        if is_dry_run(pending) || is_ended {
            session.rollback().await?;
            return Ok(Attempt::RolledBack(outcomes));
        }
        let changed_config = system_storages::changed_config(&outcomes);
        self.is_committing = true;
        let mut packer = Packer::default();
        outcomes.iter().try_for_each(|outcome| packer.outcome(outcome)).map_err(Failure::Catalogue)?;
        let entry = packer.finish().map(|changes| change_log::append(stamps.next(), &changes));
        let is_published = entry.is_some();
        let began = Instant::now();
        session.commit(&changed_config, entry).await?;
        let took = began.elapsed();
        if is_published {
            inner.notify_commit();
        }
        if !changed_config.is_empty() {
            inner.mirror.notify_config();
        }
        if system_storages::changed_quarantine(&outcomes) {
            inner.mirror.notify_quarantine();
        }
        Ok(Attempt::Committed(outcomes, took))
    }

    /// Releases the buffers of the connection, which have grown with the writes.
    fn shrink_buffers(&mut self, pending: &[PendingBatch<'_>]) {
        let mut bytes = 0;
        let is_large = writes(pending).any(|(_, write)| {
            bytes += write_size(write);
            bytes > MAX_KEPT_BUFFER
        });
        if let (true, Some(session)) = (is_large, &mut self.session) {
            session.connection.shrink_buffers();
        }
    }

    /// Prepares the connection for the next transaction, or drops it.
    async fn recover(&mut self, class: ErrorClass) {
        let Some(session) = &mut self.session else { return };
        let is_usable = class != ErrorClass::Lost
            && matches!(tokio::time::timeout(ROLLBACK_TIMEOUT, session.rollback()).await, Ok(Ok(())));
        if !is_usable {
            self.session = None;
        }
    }
}

/// Waits before the next attempt: briefly for a lock, longer for a database that is unreachable.
async fn pause(tries: u32, class: ErrorClass) {
    let millis = match class {
        ErrorClass::Lost => 50 << tries.min(4),
        _ => 2 * u64::from(tries),
    };
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
