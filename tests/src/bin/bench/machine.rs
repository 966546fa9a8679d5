//! The machine, and how its disk syncs.

use std::{
    fs::{self, File},
    io::Write as _,
    time::{Duration, Instant},
};

/// What a reader has to know to read figures.
pub(crate) fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let memory = memory.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let syncs = syncs(500);
    let (half, most) = (syncs[syncs.len() / 2], syncs[syncs.len() * 99 / 100]);
    format!(
        "{cores} cores of {model}, {memory} GiB, Linux {}, clients on the same machine; SQLite with \
         synchronous=FULL, PostgreSQL with fsync and synchronous_commit on; fdatasync of 4 KiB takes {half:.1?}, \
         at p99 {most:.1?}",
        kernel.trim()
    )
}

/// How long so many syncs of 4 KiB at the end of a file took, shortest first.
pub(crate) fn syncs(count: usize) -> Vec<Duration> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut file = File::create(folder.path().join("sync")).expect("a file can be made");
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            file.write_all(&[7; 4096]).expect("it can be written");
            let began = Instant::now();
            file.sync_data().expect("it can be synced");
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}
