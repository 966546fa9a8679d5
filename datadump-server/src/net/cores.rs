//! The threads that serve connections, one for each processor. A connection stays on its thread: what it needs is
//! in that processor's memory, and threads that take work from each other would fetch it back and forth.

use std::{
    io,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use super::processors::Processors;

/// How many threads may read for them and do long work at a time: all of theirs together, but for each at least
/// the second.
const BLOCKING: usize = 512;
const LEAST_BLOCKING: usize = 16;

/// All of them. They end when this is dropped, with what is left on them.
#[derive(Debug)]
pub(crate) struct Cores(Vec<Core>);

#[derive(Debug)]
struct Core {
    handle: Handle,
    taken: Arc<AtomicUsize>,
    _running: oneshot::Sender<()>,
}

/// That a connection is served on a thread, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Cores {
    /// Starts them.
    pub(crate) fn start() -> io::Result<Self> {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let blocking = (BLOCKING / processors).max(LEAST_BLOCKING);
        let own = Processors::for_threads(processors);
        let cores = (0..processors).map(|number| Core::start(number, own.clone(), blocking));
        cores.collect::<io::Result<_>>().map(Self)
    }

    /// A place on the thread that has the fewest connections.
    pub(super) fn seat(&self) -> io::Result<(&Handle, Seat)> {
        let core = self.0.iter().min_by_key(|core| core.taken.load(Ordering::Relaxed));
        let core = core.ok_or_else(|| io::Error::other("no thread serves connections"))?;
        core.taken.fetch_add(1, Ordering::Relaxed);
        Ok((&core.handle, Seat(core.taken.clone())))
    }
}

impl Core {
    fn start(number: usize, processors: Option<Processors>, blocking: usize) -> io::Result<Self> {
        let mut runtime = Builder::new_current_thread();
        runtime.enable_all().max_blocking_threads(blocking);
        if let Some(all) = processors.clone() {
            // What is long goes on where there is room.
            runtime.on_thread_start(move || all.leave());
        }
        let runtime = runtime.build()?;
        let (handle, (running, ended)) = (runtime.handle().clone(), oneshot::channel::<()>());
        thread::Builder::new().name("connections".into()).spawn(move || {
            if let Some(processors) = processors {
                processors.keep_to(number);
            }
            // It says nothing: it is dropped.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, taken: Arc::default(), _running: running })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(seat: &(&Handle, Seat)) -> usize {
        Arc::as_ptr(&seat.1.0).addr()
    }

    #[test]
    fn who_comes_goes_where_the_fewest_are() {
        let cores = Cores(vec![Core::start(0, None, 1).unwrap(), Core::start(0, None, 1).unwrap()]);
        let (first, second) = (cores.seat().unwrap(), cores.seat().unwrap());
        assert_ne!(on(&first), on(&second));
        let third = cores.seat().unwrap();
        let freed = if on(&third) == on(&first) { second } else { first };
        let place = on(&freed);
        drop(freed);
        assert_eq!(on(&cores.seat().unwrap()), place);
    }

    /// The processors that the present thread may run on, as the kernel tells them.
    #[cfg(target_os = "linux")]
    fn allowed() -> String {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        allowed.unwrap().trim().to_owned()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_keeps_to_its_processor_and_long_work_does_not() {
        let all = rustix::thread::sched_getaffinity(None).unwrap().count() as usize;
        let core = Core::start(all - 1, Processors::for_threads(all), 1).unwrap();
        let (ended, long) = oneshot::channel();
        core.handle.spawn(async {
            let own = allowed();
            let _ = ended.send((own, tokio::task::spawn_blocking(allowed).await.unwrap()));
        });
        let (own, long) = long.blocking_recv().unwrap();
        assert!(own.parse::<usize>().is_ok(), "{own}");
        assert_eq!(long, allowed());
        assert!(Processors::for_threads(all + 1).is_none(), "a part of the time of some");
    }

    #[test]
    fn they_end_with_what_is_left_on_them() {
        let cores = Cores(vec![Core::start(0, None, 1).unwrap()]);
        let (left, mut ended) = oneshot::channel::<()>();
        let (core, seat) = cores.seat().unwrap();
        core.spawn(async move {
            let _seat = (seat, left);
            std::future::pending::<()>().await;
        });
        assert!(ended.try_recv().is_err());
        drop(cores);
        assert!(ended.blocking_recv().is_err());
    }
}
