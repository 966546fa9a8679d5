//! A description of the machine, and how long its disk takes to sync.

use std::{
    fs::{self, File},
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

/// Returns the facts that absolute figures depend on: processor, memory, kernel and disk.
pub(crate) fn description() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let memory = memory.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let mut syncs = measure_syncs(Duration::from_secs(1));
    let (median, p99) = (exceeded_by_one_in(2, &mut syncs), exceeded_by_one_in(100, &mut syncs));
    format!(
        "{cores} cores of {model}, {memory} GiB, Linux {}, clients on the same machine; SQLite with \
         synchronous=FULL, PostgreSQL with fsync and synchronous_commit on; fdatasync of 4 KiB: median \
         {median:.1?}, p99 {p99:.1?}",
        kernel.trim()
    )
}

/// Flushes all dirty pages, so that no row pays for writes left over from a build or from an earlier row.
pub(crate) fn flush_disk() {
    rustix::fs::sync();
}

/// Interval between two syncs.
const SYNC_INTERVAL: Duration = Duration::from_millis(1);

/// Measures how long it takes to append 4 KiB to a file and sync it, once per `SYNC_INTERVAL`. Like a request of the
/// open loop, a sync is timed from when it was due, even if the previous one was still running: a disk that stalls
/// for 100 ms delays 100 of them.
pub(crate) fn measure_syncs(time: Duration) -> Vec<Duration> {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let mut file = File::create(folder.path().join("sync")).expect("a file can be created");
    let began = Instant::now();
    let mut times = Vec::new();
    let mut due = began;
    while due < began + time {
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "the thread has nothing else to do")]
            thread::sleep(early);
        }
        // A late wake-up is not the disk's fault.
        let started = if early.is_zero() { due } else { Instant::now() };
        file.write_all(&[7; 4096]).expect("the file is writable");
        file.sync_data().expect("the file can be synced");
        times.push(started.elapsed());
        due += SYNC_INTERVAL;
    }
    times
}

/// Returns the duration that one in `one_in` samples exceeds: 2 gives the median, 100 the p99.
pub(crate) fn exceeded_by_one_in(one_in: usize, times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() - 1 - times.len() / one_in]
}
