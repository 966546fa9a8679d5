//! A small file system that a test can fill up. Creating one requires the right to mount.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::database::folder;

/// A file system in memory, unmounted when dropped.
#[derive(Debug)]
pub struct Mount(TempDir);

impl Mount {
    /// Mounts a file system of `size` MiB.
    pub fn new(size: u32) -> Self {
        let folder = folder();
        run("mount", &["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"], folder.path());
        Self(folder)
    }

    /// Returns the mount point.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills the file system with a file, leaving about `free` bytes.
    pub fn fill(&self, free: u64) {
        let mut file = File::create(self.filler()).expect("a file can be created");
        let block = vec![1; 4096];
        while file.write_all(&block).is_ok() {}
        let length = file.metadata().expect("the file exists").len();
        file.set_len(length.saturating_sub(free)).expect("the file can be truncated");
    }

    /// Removes that file.
    pub fn clear(&self) {
        std::fs::remove_file(self.filler()).expect("the file system was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["--lazy"], self.path());
    }
}

fn run(program: &str, arguments: &[&str], path: &Path) {
    let status = Command::new(program).args(arguments).arg(path).status();
    assert!(status.expect("mount and umount are installed").success(), "{program} {} failed", path.display());
}
