//! A disk under the server that a test can fill, break and slow down, and that remembers what it was
//! asked: a library in C (`tests/shim/disk.c`) between the server and the operating system.
//!
//! ```text
//! server ─► shim ─► disk          Disk    what the disk is to do from now on
//!            └─► log ─► Event     Platter what a power cut would have left of it
//! ```

mod event;
mod mount;
mod platter;

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{Setup, database::folder, workspace};
pub use event::{Event, What};
pub use mount::Mount;
pub use platter::Platter;

/// The numbers of the control file, in the order in which the shim has them.
#[derive(Clone, Copy)]
enum Number {
    Room,
    WriteError,
    SyncError,
    FileError,
    SyncMicros,
    Record,
    Full,
    Failed,
}

const NUMBERS: u64 = 8;

/// The error of a disk that is broken, as the operating system numbers it.
const EIO: u64 = 5;

/// A disk for the files whose paths begin with a prefix.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
    control: File,
}

impl Disk {
    /// A good disk. Its shim is compiled here and now.
    pub fn new() -> Self {
        let folder = folder();
        let source = workspace::root().join("tests/shim/disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
            .args([folder.path().join("disk.so"), source])
            .status();
        assert!(compiled.expect("there is a C compiler").success(), "the shim does not compile");
        let control = folder.path().join("control");
        fs::write(&control, vec![0; usize::try_from(NUMBERS).unwrap() * 8]).expect("it can be written");
        let control = File::options().read(true).write(true).open(control).expect("it can be opened");
        let disk = Self { folder, control };
        disk.mend();
        disk
    }

    /// A server on this disk, as far as it is about files that begin with this path.
    pub fn setup(&self, files: &str) -> Setup {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        Setup::default()
            .environment("LD_PRELOAD", &path("disk.so"))
            .environment("DISK_FILES", files)
            .environment("DISK_CONTROL", &path("control"))
            .environment("DISK_LOG", &path("log"))
    }

    /// Files may grow by so many bytes more.
    pub fn room(&self, bytes: u64) {
        self.set(Number::Room, bytes);
    }

    /// Every write fails.
    pub fn fail_writes(&self) {
        self.set(Number::WriteError, EIO);
    }

    /// Every sync fails.
    pub fn fail_syncs(&self) {
        self.set(Number::SyncError, EIO);
    }

    /// Every sync of the database's file fails, but none of its log.
    pub fn fail_syncs_of_the_file(&self) {
        self.set(Number::FileError, EIO);
    }

    /// Every sync takes so much longer.
    pub fn slow_syncs(&self, longer: Duration) {
        self.set(Number::SyncMicros, u64::try_from(longer.as_micros()).unwrap());
    }

    /// Nothing fails any more, there is room, and it is as fast as it is.
    pub fn mend(&self) {
        self.set(Number::Room, u64::MAX);
        for number in [Number::WriteError, Number::SyncError, Number::FileError, Number::SyncMicros] {
            self.set(number, 0);
        }
    }

    /// From now on all that happens is written down.
    pub fn record(&self) {
        self.set(Number::Record, 1);
    }

    /// How often there was no room.
    pub fn times_full(&self) -> u64 {
        self.get(Number::Full)
    }

    /// How often a write or a sync has failed because it was told to.
    pub fn times_failed(&self) -> u64 {
        self.get(Number::Failed)
    }

    /// What a power cut would leave, after these processes have used the disk one after another.
    pub fn platter(&self, processes: &[u32]) -> Platter {
        let mut platter = Platter::default();
        for process in processes {
            platter.next_process();
            for event in self.events(*process) {
                platter.happen(&event);
            }
        }
        platter
    }

    /// What the process with this number did, in the order in which it ended.
    pub fn events(&self, process: u32) -> Vec<Event> {
        let log = PathBuf::from(format!("{}.{process}", self.folder.path().join("log").display()));
        Event::read(&fs::read(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display())))
    }

    fn set(&self, number: Number, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), number as u64 * 8).expect("it can be written");
    }

    fn get(&self, number: Number) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, number as u64 * 8).expect("it can be read");
        u64::from_ne_bytes(bytes)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}
