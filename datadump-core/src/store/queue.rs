//! The bounded queue between [`Store::write`](super::Store::write) and a backend's writers.
//!
//! A writer takes everything that is waiting, commits it in one transaction, then answers each caller
//! (group commit). No delay is added to collect a larger transaction: while one is being synced to disk, the
//! next one gathers in the queue.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, mpsc, oneshot};

use super::{
    Action, CommitTimes, Load, Outcome, Write, WriteBatch, admission::Admission, commit_times::CommitRecorder,
};
use crate::{
    error::{Error, Result},
    schema::{Patch, Value},
};

/// Maximum number of writes in one transaction, unless a single batch has more.
const MAX_TRANSACTION_ROWS: usize = 4_096;

/// Maximum size of one transaction in bytes, unless a single batch is larger.
const MAX_TRANSACTION_BYTES: usize = 8 << 20;

/// Assumed size of a batch's idempotency record, which is only built while the batch is written.
const RECORD_BYTES: usize = 1_024;

/// A batch in the queue, with the caller waiting for its outcomes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: WriteBatch,
    queued_at: Instant,
    pub(super) reply: Reply,
}

/// Sends the outcomes to the waiting caller and releases the batch's share of the queue.
#[derive(Debug)]
pub(super) struct Reply {
    sender: oneshot::Sender<Result<Vec<Outcome>>>,
    permit: Permit,
}

/// A batch's share of the queue's capacity, released on drop.
#[derive(Debug)]
struct Permit {
    rows: usize,
    bytes: usize,
    gauge: Arc<Gauge>,
}

/// Queue usage and counters, shared by both ends.
#[derive(Debug)]
pub(super) struct Gauge {
    rows: AtomicUsize,
    bytes: AtomicUsize,
    max_rows: usize,
    max_bytes: usize,
    commits: AtomicU64,
    commit_times: CommitRecorder,
    written: AtomicU64,
    refused: AtomicU64,
}

/// A writer's next task: commit some jobs, or run one backend-specific command.
#[derive(Debug)]
pub(super) enum WriterTask<C> {
    /// Commit these jobs in one transaction.
    Commit(Vec<Job>),
    /// Run a command between two transactions.
    Command(C),
}

#[derive(Debug)]
enum Entry<C> {
    Job(Job),
    Command(C),
}

/// The sending half of the queue.
#[derive(Debug)]
pub(super) struct Queue<C> {
    sender: mpsc::UnboundedSender<Entry<C>>,
    gauge: Arc<Gauge>,
    admission: Admission,
}

/// The receiving half of the queue; several writers may share it.
#[derive(Debug)]
pub(super) struct QueueReceiver<C> {
    entries: Mutex<Entries<C>>,
    gauge: Arc<Gauge>,
}

#[derive(Debug)]
struct Entries<C> {
    receiver: mpsc::UnboundedReceiver<Entry<C>>,
    /// Entries taken out of the channel that did not fit the last transaction.
    held: VecDeque<Entry<C>>,
}

/// Creates a queue bounded by rows and bytes.
pub(super) fn queue<C>(max_rows: usize, max_bytes: usize) -> (Queue<C>, QueueReceiver<C>) {
    #[expect(clippy::disallowed_methods, reason = "the gauge bounds what may enter it, in rows and bytes")]
    let (sender, receiver) = mpsc::unbounded_channel();
    let gauge = Arc::new(Gauge {
        rows: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
        max_rows,
        max_bytes,
        commits: AtomicU64::new(0),
        commit_times: CommitRecorder::default(),
        written: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let entries = Mutex::new(Entries { receiver, held: VecDeque::new() });
    (
        Queue { sender, gauge: gauge.clone(), admission: Admission::new(Instant::now()) },
        QueueReceiver { entries, gauge },
    )
}

impl<C> Queue<C> {
    /// Queues a batch and waits for its outcomes.
    pub(super) async fn write(&self, batch: WriteBatch) -> Result<Vec<Outcome>> {
        if batch.writes.is_empty() && batch.idempotency.is_none() {
            return Ok(Vec::new());
        }
        let queued_at = Instant::now();
        // Held until the caller resumes: it waits for a CPU as well as for the disk.
        let _in_flight = self.admission.enter(queued_at);
        let records = usize::from(batch.idempotency.is_some());
        let bytes = batch_size(&batch.writes) + records * RECORD_BYTES;
        let permit = self.gauge.admit(batch.writes.len() + records, bytes).ok_or(Error::Overloaded)?;
        let (sender, outcomes) = oneshot::channel();
        self.send(Entry::Job(Job { batch, queued_at, reply: Reply { sender, permit } }))?;
        outcomes.await.map_err(|_| closed())?
    }

    /// Queues a command after the waiting batches.
    pub(super) fn command(&self, command: C) -> Result<()> {
        self.send(Entry::Command(command))
    }

    /// Returns whether no writer is left to receive from this queue.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(super) fn load(&self) -> Load {
        Load {
            queued: self.gauge.rows.load(Ordering::Relaxed) as u64,
            capacity: self.gauge.max_rows as u64,
            commits: self.gauge.commits.load(Ordering::Relaxed),
            rows: self.gauge.written.load(Ordering::Relaxed),
            refused: self.gauge.refused.load(Ordering::Relaxed),
            batches: self.admission.in_flight() as u64,
            max_batches: self.admission.limit(Instant::now()) as u64,
        }
    }

    pub(super) fn commit_times(&self) -> CommitTimes {
        self.gauge.commit_times.read(Instant::now())
    }

    fn send(&self, entry: Entry<C>) -> Result<()> {
        self.sender.send(entry).map_err(|_| closed())
    }
}

fn closed() -> Error {
    Error::Unavailable("the database is closed".into())
}

/// Returns the approximate size of a write while it is applied.
pub(super) fn write_size(write: &Write) -> usize {
    let patch = shared_patch(write).map_or(0, |patch| patch.size());
    patch + unshared_size(write)
}

/// Returns the approximate size of writes in the queue. A patch that consecutive writes share counts once.
fn batch_size(writes: &[Write]) -> usize {
    let (mut bytes, mut last) = (0, None);
    for write in writes {
        bytes += unshared_size(write);
        if let Some(patch) = shared_patch(write)
            && last.replace(Arc::as_ptr(patch)) != Some(Arc::as_ptr(patch))
        {
            bytes += patch.size();
        }
    }
    bytes
}

fn shared_patch(write: &Write) -> Option<&Arc<Patch>> {
    match &write.action {
        Action::Patch { patch, .. } => Some(patch),
        Action::Put(_) | Action::Merge(_) | Action::Delete { .. } => None,
    }
}

fn unshared_size(write: &Write) -> usize {
    let own = match write.action.row() {
        Some(row) => row.size(),
        None => write.action.key().map_or(0, Value::size),
    };
    64 + own
}

impl Gauge {
    /// Reserves capacity, if there is enough. A batch larger than the whole queue is admitted when the queue
    /// is empty.
    fn admit(self: &Arc<Self>, rows: usize, bytes: usize) -> Option<Permit> {
        let queued_rows = self.rows.fetch_add(rows, Ordering::AcqRel);
        let queued_bytes = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let permit = Permit { rows, bytes, gauge: self.clone() };
        let is_full = queued_rows + rows > self.max_rows || queued_bytes + bytes > self.max_bytes;
        if is_full && queued_rows > 0 {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(permit)
    }

    /// Counts a commit of this many rows, which took this long.
    pub(super) fn committed(&self, rows: usize, took: Duration) {
        self.commit_times.record(Instant::now(), took);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.written.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gauge.rows.fetch_sub(self.rows, Ordering::AcqRel);
        self.gauge.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

impl Job {
    pub(super) fn age(&self) -> Duration {
        self.queued_at.elapsed()
    }
}

impl Reply {
    /// Answers the caller. Only call this after the commit.
    pub(super) fn send(self, outcomes: Result<Vec<Outcome>>) {
        drop(self.permit);
        // The caller may have been cancelled; what was committed stays committed.
        let _ = self.sender.send(outcomes);
    }
}

impl<C> QueueReceiver<C> {
    pub(super) fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// Waits for the next task; `None` when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<WriterTask<C>> {
        let mut entries = self.entries.lock().await;
        let first = match entries.held.pop_front() {
            Some(entry) => entry,
            None => entries.receiver.recv().await?,
        };
        let first = match first {
            Entry::Job(job) => job,
            Entry::Command(command) => return Some(WriterTask::Command(command)),
        };
        let (mut rows, mut bytes) = (first.reply.permit.rows, first.reply.permit.bytes);
        let mut jobs = vec![first];
        while rows < MAX_TRANSACTION_ROWS && bytes < MAX_TRANSACTION_BYTES {
            let Some(entry) = entries.held.pop_front().or_else(|| entries.receiver.try_recv().ok()) else {
                break;
            };
            match entry {
                Entry::Job(job)
                    if rows + job.reply.permit.rows <= MAX_TRANSACTION_ROWS
                        && bytes + job.reply.permit.bytes <= MAX_TRANSACTION_BYTES =>
                {
                    rows += job.reply.permit.rows;
                    bytes += job.reply.permit.bytes;
                    jobs.push(job);
                }
                other => {
                    entries.held.push_front(other);
                    break;
                }
            }
        }
        Some(WriterTask::Commit(jobs))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        schema::{InForce, StorageId, Values, parse},
        store::Expect,
    };

    #[test]
    fn a_patch_that_writes_share_counts_once_in_the_queue_and_for_each_row_while_it_is_applied() {
        let definition = parse::definition(&json!({
            "name": "note", "key": {"name": "id", "type": "long"}, "fields": [{"name": "text", "type": "text"}],
        }));
        let in_force = Arc::new(InForce::new(StorageId(1), 1, definition.unwrap()));
        let patch = || {
            let mut set = Values::default();
            set.set(0, Value::Text("x".repeat(1 << 20)));
            Arc::new(Patch::from_validated(in_force.clone(), set, Vec::new()))
        };
        let shared = patch();
        let write =
            |id, patch: &Arc<Patch>| Write::patch(Value::Integer(id), patch.clone(), Expect::Anything);
        let sharing: Vec<Write> = (0..100).map(|id| write(id, &shared)).collect();
        assert!((1 << 20..2 << 20).contains(&batch_size(&sharing)));
        assert!(sharing.iter().map(write_size).sum::<usize>() > 100 << 20);
        let own: Vec<Write> = (0..100).map(|id| write(id, &patch())).collect();
        assert!(batch_size(&own) > 100 << 20);
    }
}
