//! A small file system of its own, to be filled for real. It takes the rights to mount one.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::database::folder;

/// A file system in memory, gone when this is dropped.
#[derive(Debug)]
pub struct Mount(TempDir);

impl Mount {
    /// One of so many MiB.
    pub fn new(size: u32) -> Self {
        let folder = folder();
        run("mount", &["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"], folder.path());
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it with a file, but for about so many bytes.
    pub fn fill(&self, left: u64) {
        let mut file = File::create(self.filler()).expect("a file can be made");
        let block = vec![1; 4096];
        while file.write_all(&block).is_ok() {}
        let length = file.metadata().expect("it is there").len();
        file.set_len(length.saturating_sub(left)).expect("it can be cut");
    }

    /// Takes away what it was filled with.
    pub fn clear(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
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
    assert!(status.expect("mount is there").success(), "{program} {} failed", path.display());
}
