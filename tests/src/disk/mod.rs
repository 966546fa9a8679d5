//! A simulated disk that a test can fill up, break and slow down, and that logs all operations. It is a library in C
//! (`tests/shim/disk.c`), preloaded between the server and libc.
//!
//! ```text
//! server ─► shim ─► disk          Disk          controls the shim
//!            └─► log ─► Event     DurableState  what would survive a power cut
//! ```

mod durable;
mod event;
mod mount;

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{Setup, database::folder, workspace};
pub use durable::DurableState;
pub use event::{Event, Operation};
pub use mount::Mount;

/// The fields of the control file, in the order of the shim's `struct control`.
#[derive(Clone, Copy)]
enum Field {
    FreeSpace,
    WriteError,
    SyncError,
    FileError,
    SyncMicros,
    Record,
    Full,
    Failed,
}

const FIELD_COUNT: u64 = 8;

/// The error number of a broken disk.
const EIO: u64 = 5;

/// A simulated disk for the files whose paths start with a prefix.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
    control: File,
}

impl Disk {
    /// Compiles the shim and creates a disk without faults.
    pub fn new() -> Self {
        let folder = folder();
        let source = workspace::root().join("tests/shim/disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
            .args([folder.path().join("disk.so"), source])
            .status();
        assert!(compiled.expect("a C compiler is installed").success(), "the shim does not compile");
        let control = folder.path().join("control");
        fs::write(&control, vec![0; usize::try_from(FIELD_COUNT).unwrap() * 8])
            .expect("the control file can be created");
        let control =
            File::options().read(true).write(true).open(control).expect("the control file can be opened");
        let disk = Self { folder, control };
        disk.repair();
        disk
    }

    /// Returns a setup that runs the server on this disk. `files` is the prefix of the paths it applies to.
    pub fn setup(&self, files: &str) -> Setup {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        Setup::default()
            .environment("LD_PRELOAD", &path("disk.so"))
            .environment("DISK_FILES", files)
            .environment("DISK_CONTROL", &path("control"))
            .environment("DISK_LOG", &path("log"))
    }

    /// Limits the bytes by which files may still grow.
    pub fn limit_space(&self, bytes: u64) {
        self.set(Field::FreeSpace, bytes);
    }

    /// Makes every write fail.
    pub fn fail_writes(&self) {
        self.set(Field::WriteError, EIO);
    }

    /// Makes every sync fail.
    pub fn fail_syncs(&self) {
        self.set(Field::SyncError, EIO);
    }

    /// Makes syncs of the database file fail, but not those of its WAL.
    pub fn fail_database_syncs(&self) {
        self.set(Field::FileError, EIO);
    }

    /// Delays every sync.
    pub fn slow_syncs(&self, delay: Duration) {
        self.set(Field::SyncMicros, u64::try_from(delay.as_micros()).unwrap());
    }

    /// Removes all faults, limits and delays.
    pub fn repair(&self) {
        self.set(Field::FreeSpace, u64::MAX);
        for field in [Field::WriteError, Field::SyncError, Field::FileError, Field::SyncMicros] {
            self.set(field, 0);
        }
    }

    /// Starts logging.
    pub fn record(&self) {
        self.set(Field::Record, 1);
    }

    /// Returns how often a write found no space.
    pub fn times_full(&self) -> u64 {
        self.get(Field::Full)
    }

    /// Returns how often a write or sync was made to fail.
    pub fn times_failed(&self) -> u64 {
        self.get(Field::Failed)
    }

    /// Returns what would survive a power cut, after these processes have used the disk one after another.
    pub fn durable_state(&self, processes: &[u32]) -> DurableState {
        let mut durable = DurableState::default();
        for process in processes {
            durable.start_process();
            for event in self.events(*process) {
                durable.apply(&event);
            }
        }
        durable
    }

    /// Returns the events of a process, in the order of their ends.
    pub fn events(&self, process: u32) -> Vec<Event> {
        let log = PathBuf::from(format!("{}.{process}", self.folder.path().join("log").display()));
        Event::read(&fs::read(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display())))
    }

    fn set(&self, field: Field, value: u64) {
        self.control
            .write_all_at(&value.to_ne_bytes(), field as u64 * 8)
            .expect("the control file is writable");
    }

    fn get(&self, field: Field) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, field as u64 * 8).expect("the control file is readable");
        u64::from_ne_bytes(bytes)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}
