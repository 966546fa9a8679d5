//! The machine, and how its disk syncs.

use std::{
    fs::{self, File},
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

/// What a reader has to know to read figures.
pub(crate) fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let memory = memory.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let mut syncs = syncs(Duration::from_secs(1));
    let (half, most) = (longest_but_for(2, &mut syncs), longest_but_for(100, &mut syncs));
    format!(
        "{cores} cores of {model}, {memory} GiB, Linux {}, clients on the same machine; SQLite with \
         synchronous=FULL, PostgreSQL with fsync and synchronous_commit on; fdatasync of 4 KiB takes {half:.1?}, \
         at p99 {most:.1?}",
        kernel.trim()
    )
}

/// Has the system write what was left to be written: no row pays for what was there before it, such as a build, or
/// the files of another row.
pub(crate) fn settle() {
    rustix::fs::sync();
}

/// How often a sync is due.
const EVERY: Duration = Duration::from_millis(1);

/// How long everyone waits who wants 4 KiB at the end of a file synced, for so long. One is due every millisecond,
/// and its time runs from then, as that of a request does, whether the one before it was done or not: a disk that
/// stands still for 100 ms lets 100 of them wait.
pub(crate) fn syncs(time: Duration) -> Vec<Duration> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut file = File::create(folder.path().join("sync")).expect("a file can be made");
    let began = Instant::now();
    let mut times = Vec::new();
    let mut due = began;
    while due < began + time {
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "nothing else is done meanwhile")]
            thread::sleep(early);
        }
        // Who is woken late did not wait for the disk.
        let asked = if early.is_zero() { due } else { Instant::now() };
        file.write_all(&[7; 4096]).expect("it can be written");
        file.sync_data().expect("it can be synced");
        times.push(asked.elapsed());
        due += EVERY;
    }
    times
}

/// The longest, but for one in so many.
pub(crate) fn longest_but_for(one_in: usize, times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() - 1 - times.len() / one_in]
}
