//! The threads that serve connections, one per CPU. A connection stays on its thread, because work stealing
//! would move its data between CPU caches.

use std::{
    io,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// Maximum number of blocking threads of all workers together, and the minimum for each.
const MAX_BLOCKING_THREADS: usize = 512;
const MIN_BLOCKING_THREADS: usize = 16;

/// Time for which an idle blocking thread is kept. The allocator keeps what a thread has allocated and others have freed
/// until the thread allocates again or ends.
pub(crate) const BLOCKING_KEEP_ALIVE: Duration = Duration::from_millis(500);

/// The worker threads. They end when this is dropped, together with their tasks.
#[derive(Debug)]
pub(crate) struct Workers(Vec<Worker>);

#[derive(Debug)]
struct Worker {
    handle: Handle,
    connections: Arc<AtomicUsize>,
    _running: oneshot::Sender<()>,
}

/// Counts a connection on its worker until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Workers {
    /// Starts the threads.
    pub(crate) fn start() -> io::Result<Self> {
        let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let blocking_threads = (MAX_BLOCKING_THREADS / cpus).max(MIN_BLOCKING_THREADS);
        let workers = (0..cpus).map(|_| Worker::start(blocking_threads));
        workers.collect::<io::Result<_>>().map(Self)
    }

    /// Returns the worker with the fewest connections.
    pub(super) fn assign(&self) -> io::Result<(&Handle, Slot)> {
        let worker = self.0.iter().min_by_key(|worker| worker.connections.load(Ordering::Relaxed));
        let worker = worker.ok_or_else(|| io::Error::other("there are no worker threads"))?;
        worker.connections.fetch_add(1, Ordering::Relaxed);
        Ok((&worker.handle, Slot(worker.connections.clone())))
    }
}

impl Worker {
    fn start(blocking_threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(blocking_threads)
            .thread_keep_alive(BLOCKING_KEEP_ALIVE)
            .build()?;
        let (handle, (running, ended)) = (runtime.handle().clone(), oneshot::channel::<()>());
        thread::Builder::new().name("connections".into()).spawn(move || {
            // Runs until the sender is dropped.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, connections: Arc::default(), _running: running })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker_of(assigned: &(&Handle, Slot)) -> usize {
        Arc::as_ptr(&assigned.1.0).addr()
    }

    #[test]
    fn a_connection_goes_to_the_worker_with_the_fewest() {
        let workers = Workers(vec![Worker::start(1).unwrap(), Worker::start(1).unwrap()]);
        let (first, second) = (workers.assign().unwrap(), workers.assign().unwrap());
        assert_ne!(worker_of(&first), worker_of(&second));
        let third = workers.assign().unwrap();
        let freed = if worker_of(&third) == worker_of(&first) { second } else { first };
        let worker = worker_of(&freed);
        drop(freed);
        assert_eq!(worker_of(&workers.assign().unwrap()), worker);
    }

    #[test]
    fn tasks_end_with_the_workers() {
        let workers = Workers(vec![Worker::start(1).unwrap()]);
        let (held, mut ended) = oneshot::channel::<()>();
        let (worker, slot) = workers.assign().unwrap();
        worker.spawn(async move {
            let _held = (slot, held);
            std::future::pending::<()>().await;
        });
        assert!(ended.try_recv().is_err());
        drop(workers);
        assert!(ended.blocking_recv().is_err());
    }
}
