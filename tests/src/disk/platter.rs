//! What is on the disk for sure: what a power cut would leave at any moment of a log.
//!
//! A write is on the disk when a sync of its file began after it and ended well. When a sync fails,
//! what it was to sync is lost for good, as on Linux, where later syncs succeed without it: only what
//! is written once more can still get there. A new name is on the disk when its folder was synced.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Event, What};

/// A disk, as far as it can be relied on.
#[derive(Debug, Clone, Default)]
pub struct Platter {
    files: BTreeMap<u64, Content>,
    /// The names that are known, with their files, and whether they are on the disk.
    names: BTreeMap<PathBuf, Name>,
    /// What the numbers of opened folders and files stand for.
    paths: BTreeMap<u64, PathBuf>,
    /// How often what can be relied on has changed.
    pub changes: u64,
}

#[derive(Debug, Clone)]
struct Name {
    file: Option<u64>,
    made: u64,
    is_sure: bool,
}

#[derive(Debug, Clone, Default)]
struct Content {
    sure: Vec<u8>,
    waiting: Vec<(u64, Change)>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Cut(u64),
}

impl Platter {
    /// What the next event makes of it. Events come in the order in which they ended.
    pub fn happen(&mut self, event: &Event) {
        match &event.what {
            What::Opened { path, is_new } => self.opened(path, *is_new, event),
            What::Made(path) => {
                let name = Name { file: None, made: event.ended, is_sure: false };
                self.names.insert(path.into(), name);
            }
            What::Written { offset, bytes } => {
                self.waits(event, Change::Write(*offset, bytes.clone()));
            }
            What::Cut { length } => self.waits(event, Change::Cut(*length)),
            What::Synced => self.synced(event),
            What::Removed(path) => {
                self.names.remove(Path::new(path));
                self.changes += 1;
            }
            What::Sent(_) => {}
        }
    }

    /// Another process goes on with the same files, whose clock starts anew.
    pub fn next_process(&mut self) {
        for content in self.files.values_mut() {
            for (when, _) in &mut content.waiting {
                *when = 0;
            }
        }
        for name in self.names.values_mut() {
            name.made = 0;
        }
    }

    /// The names of files and folders that a power cut might take away.
    pub fn unsure_names(&self) -> Vec<&Path> {
        self.names.iter().filter(|(_, name)| !name.is_sure).map(|(path, _)| path.as_path()).collect()
    }

    /// Lays what is sure of these files down in another folder.
    pub fn lay_down(&self, files: &[&Path], folder: &Path) {
        for file in files {
            let copy = folder.join(file.file_name().expect("a file has a name"));
            let name = self.names.get(*file).filter(|name| name.is_sure);
            match name.and_then(|name| self.files.get(&name.file?)) {
                Some(content) => fs::write(copy, &content.sure).expect("it can be written"),
                None => match fs::remove_file(copy) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
                    _ => {}
                },
            }
        }
    }

    fn opened(&mut self, path: &str, is_new: bool, event: &Event) {
        let path = PathBuf::from(path);
        self.paths.insert(event.file, path.clone());
        let known = self.names.get(&path).is_some_and(|name| name.file == Some(event.file));
        if !known && !self.names.contains_key(&path) | is_new {
            // What was there before anything was written down is taken for sure.
            let name = Name { file: Some(event.file), made: event.ended, is_sure: !is_new };
            self.names.insert(path, name);
            self.files.insert(event.file, Content::default());
        }
    }

    fn waits(&mut self, event: &Event, change: Change) {
        self.files.entry(event.file).or_default().waiting.push((event.ended, change));
    }

    fn synced(&mut self, event: &Event) {
        if let Some(content) = self.files.get_mut(&event.file) {
            let (due, later) = std::mem::take(&mut content.waiting)
                .into_iter()
                .partition(|(when, _): &(u64, _)| *when < event.began);
            content.waiting = later;
            if !event.failed {
                content.keep(due);
            }
        }
        if let Some(folder) = self.paths.get(&event.file).filter(|_| !event.failed) {
            for (path, name) in &mut self.names {
                name.is_sure |= path.parent() == Some(folder) && name.made < event.began;
            }
        }
        self.changes += 1;
    }
}

impl Content {
    fn keep(&mut self, changes: Vec<(u64, Change)>) {
        for (_, change) in changes {
            match change {
                Change::Write(offset, bytes) => {
                    let (from, to) = (place(offset), place(offset) + bytes.len());
                    if self.sure.len() < to {
                        self.sure.resize(to, 0);
                    }
                    self.sure[from..to].copy_from_slice(&bytes);
                }
                Change::Cut(length) => self.sure.resize(place(length), 0),
            }
        }
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).expect("files are small")
}
