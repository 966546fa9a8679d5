//! Processors that threads keep to, where the system lets a thread say so.

#[cfg(target_os = "linux")]
pub(super) use linux::Processors;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Processors;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// All that this process may use.
    #[derive(Debug, Clone)]
    pub(in super::super) struct Processors(CpuSet);

    impl Processors {
        /// As many as there are to be threads. If the process has more of them, but only a part of their time,
        /// which one a thread runs on is better left to the system.
        pub(in super::super) fn for_threads(threads: usize) -> Option<Self> {
            let all = sched_getaffinity(None).ok()?;
            (all.count() as usize == threads).then_some(Self(all))
        }

        /// The present thread, and those that it starts, keep to one.
        pub(in super::super) fn keep_to(&self, which: usize) {
            let Some(processor) = (0..CpuSet::MAX_CPU).filter(|number| self.0.is_set(*number)).nth(which)
            else {
                return;
            };
            let mut one = CpuSet::new();
            one.set(processor);
            // One that was taken away meanwhile is none to keep to.
            let _ = sched_setaffinity(None, &one);
        }

        /// The present thread goes where it may, as if the one that started it kept to none.
        pub(in super::super) fn leave(&self) {
            let _ = sched_setaffinity(None, &self.0);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// None.
    #[derive(Debug, Clone)]
    pub(in super::super) enum Processors {}

    impl Processors {
        pub(in super::super) fn for_threads(_: usize) -> Option<Self> {
            None
        }

        pub(in super::super) fn keep_to(&self, _: usize) {
            match *self {}
        }

        pub(in super::super) fn leave(&self) {
            match *self {}
        }
    }
}
