//! The bounded queue in front of a writer. A writer takes what waits, commits it as one, and
//! answers; meanwhile the next batch gathers. No delay is added: the fsync is the window.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Action, Load, Outcome, Write, WriteBatch, admission::Pressure};
use crate::error::{Error, Result};

/// The most writes one transaction takes, unless one call alone has more.
const BATCH_ROWS: usize = 4_096;

/// The most bytes one transaction takes, unless one call alone has more.
const BATCH_BYTES: usize = 8 << 20;

/// How many bytes the record of a call is taken for: it is made when the call is written.
const RECORD_BYTES: usize = 1_024;

/// The writes of one call, and who waits for their outcomes.
#[derive(Debug)]
pub(super) struct Job {
    /// The writes.
    pub(super) call: WriteBatch,
    since: Instant,
    waiter: Waiter,
}

/// Who waits for the outcomes, and the room that takes in the queue.
#[derive(Debug)]
pub(super) struct Waiter {
    reply: oneshot::Sender<Result<Vec<Outcome>>>,
    ticket: Ticket,
}

/// The room a job takes in the queue; given back when it is answered.
#[derive(Debug)]
struct Ticket {
    rows: usize,
    bytes: usize,
    gauge: Arc<Gauge>,
}

/// What is waiting, and what was done.
#[derive(Debug)]
pub(super) struct Gauge {
    rows: AtomicUsize,
    bytes: AtomicUsize,
    max_rows: usize,
    max_bytes: usize,
    commits: AtomicU64,
    written: AtomicU64,
    refused: AtomicU64,
}

/// What comes out of a queue: rows to write, or something else that the writer does for itself.
#[derive(Debug)]
pub(super) enum Item<T> {
    /// Rows.
    Rows(Job),
    /// Something else, done alone and in its turn.
    Other(T),
}

/// The sending end.
#[derive(Debug)]
pub(super) struct Queue<T> {
    sender: mpsc::UnboundedSender<Item<T>>,
    gauge: Arc<Gauge>,
    pressure: Pressure,
}

/// The receiving end; several writers may share it.
#[derive(Debug)]
pub(super) struct Intake<T> {
    waiting: Mutex<Waiting<T>>,
    gauge: Arc<Gauge>,
}

#[derive(Debug)]
struct Waiting<T> {
    receiver: mpsc::UnboundedReceiver<Item<T>>,
    /// What was taken out of the channel but did not fit the last batch.
    held: VecDeque<Item<T>>,
}

/// What a writer takes at once.
#[derive(Debug)]
pub(super) enum Batch<T> {
    /// Rows, for one transaction.
    Rows(Vec<Job>),
    /// Something else.
    Other(T),
}

/// A queue of so many rows and bytes.
pub(super) fn queue<T>(max_rows: usize, max_bytes: usize) -> (Queue<T>, Intake<T>) {
    #[expect(clippy::disallowed_methods, reason = "the gauge bounds what may enter it, in rows and bytes")]
    let (sender, receiver) = mpsc::unbounded_channel();
    let gauge = Arc::new(Gauge {
        rows: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
        max_rows,
        max_bytes,
        commits: AtomicU64::new(0),
        written: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let waiting = Mutex::new(Waiting { receiver, held: VecDeque::new() });
    (
        Queue { sender, gauge: gauge.clone(), pressure: Pressure::new(Instant::now()) },
        Intake { waiting, gauge },
    )
}

impl<T> Queue<T> {
    /// Puts writes into the queue and waits for their outcomes.
    pub(super) async fn write(&self, call: WriteBatch) -> Result<Vec<Outcome>> {
        if call.writes.is_empty() && call.once.is_none() {
            return Ok(Vec::new());
        }
        let since = Instant::now();
        // Until whoever asked goes on: it waits for a processor as well as for the disk.
        let _turn = self.pressure.enter(since);
        let record = usize::from(call.once.is_some());
        let bytes = call.writes.iter().map(size).sum::<usize>() + record * RECORD_BYTES;
        let ticket = self.gauge.admit(call.writes.len() + record, bytes).ok_or(Error::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        self.send(Item::Rows(Job { call, since, waiter: Waiter { reply, ticket } }))?;
        answer.await.map_err(|_| closed())?
    }

    /// Puts something else into the queue, behind what is waiting.
    pub(super) fn other(&self, item: T) -> Result<()> {
        self.send(Item::Other(item))
    }

    /// Whether nobody takes anything out any more.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// What is waiting, and what was done.
    pub(super) fn load(&self) -> Load {
        Load {
            queued: self.gauge.rows.load(Ordering::Relaxed) as u64,
            capacity: self.gauge.max_rows as u64,
            commits: self.gauge.commits.load(Ordering::Relaxed),
            rows: self.gauge.written.load(Ordering::Relaxed),
            refused: self.gauge.refused.load(Ordering::Relaxed),
            calls: self.pressure.calls() as u64,
            most_calls: self.pressure.most(Instant::now()) as u64,
        }
    }

    fn send(&self, item: Item<T>) -> Result<()> {
        self.sender.send(item).map_err(|_| closed())
    }
}

fn closed() -> Error {
    Error::Unavailable("the database is closed".into())
}

fn size(write: &Write) -> usize {
    match &write.action {
        Action::Put(row) => 64 + row.size(),
        Action::Delete { .. } => 64,
    }
}

impl Gauge {
    /// Room for a job, or none. A job larger than the whole queue is let into an empty one.
    fn admit(self: &Arc<Self>, rows: usize, bytes: usize) -> Option<Ticket> {
        let waiting = self.rows.fetch_add(rows, Ordering::AcqRel);
        let waiting_bytes = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let ticket = Ticket { rows, bytes, gauge: self.clone() };
        let full = waiting + rows > self.max_rows || waiting_bytes + bytes > self.max_bytes;
        if full && waiting > 0 {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(ticket)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.load(Ordering::Acquire) == 0
    }

    /// Counts a commit.
    pub(super) fn committed(&self, rows: usize) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.written.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.gauge.rows.fetch_sub(self.rows, Ordering::AcqRel);
        self.gauge.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

impl Job {
    /// How long ago it was put into the queue.
    pub(super) fn waited(&self) -> Duration {
        self.since.elapsed()
    }

    /// Takes it apart.
    pub(super) fn parts(self) -> (WriteBatch, Waiter) {
        (self.call, self.waiter)
    }

    /// Answers. Only after the commit.
    pub(super) fn answer(self, outcomes: Result<Vec<Outcome>>) {
        self.waiter.answer(outcomes);
    }
}

impl Waiter {
    /// Answers. Only after the commit.
    pub(super) fn answer(self, outcomes: Result<Vec<Outcome>>) {
        drop(self.ticket);
        // Whoever asked may have gone away; what was committed stays committed.
        let _ = self.reply.send(outcomes);
    }
}

impl<T> Intake<T> {
    /// Counters for the writers.
    pub(super) fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// The next batch; none when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Batch<T>> {
        let mut waiting = self.waiting.lock().await;
        let first = match waiting.held.pop_front() {
            Some(item) => item,
            None => waiting.receiver.recv().await?,
        };
        let first = match first {
            Item::Rows(job) => job,
            Item::Other(other) => return Some(Batch::Other(other)),
        };
        let (mut rows, mut bytes) = (first.waiter.ticket.rows, first.waiter.ticket.bytes);
        let mut jobs = vec![first];
        while rows < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(item) = waiting.held.pop_front().or_else(|| waiting.receiver.try_recv().ok()) else {
                break;
            };
            match item {
                Item::Rows(job)
                    if rows + job.waiter.ticket.rows <= BATCH_ROWS
                        && bytes + job.waiter.ticket.bytes <= BATCH_BYTES =>
                {
                    rows += job.waiter.ticket.rows;
                    bytes += job.waiter.ticket.bytes;
                    jobs.push(job);
                }
                other => {
                    waiting.held.push_front(other);
                    break;
                }
            }
        }
        Some(Batch::Rows(jobs))
    }
}
