//! A model of what would survive a power cut at any point of a log.
//!
//! A write is durable once a sync of its file that started after it has succeeded. When a sync fails, the writes it
//! covered are lost for good, as on Linux, where later syncs succeed without them: they only become durable when they
//! are written again. A new file name is durable once its folder has been synced.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Event, Operation};

/// The durable contents of a disk.
#[derive(Debug, Clone, Default)]
pub struct DurableState {
    files: BTreeMap<u64, Content>,
    /// Known paths, their files, and whether the names are durable.
    names: BTreeMap<PathBuf, Name>,
    /// The paths of opened files and folders, by inode.
    paths: BTreeMap<u64, PathBuf>,
    /// Number of changes of the durable contents.
    pub changes: u64,
}

#[derive(Debug, Clone)]
struct Name {
    file: Option<u64>,
    made: u64,
    is_durable: bool,
}

#[derive(Debug, Clone, Default)]
struct Content {
    durable: Vec<u8>,
    pending: Vec<(u64, Change)>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl DurableState {
    /// Applies the next event, in the order of their ends.
    pub fn apply(&mut self, event: &Event) {
        match &event.operation {
            Operation::Opened { path, is_new } => self.opened(path, *is_new, event),
            Operation::FolderCreated(path) => {
                let name = Name { file: None, made: event.ended, is_durable: false };
                self.names.insert(path.into(), name);
            }
            Operation::Written { offset, bytes } => {
                self.add_pending(event, Change::Write(*offset, bytes.clone()));
            }
            Operation::Truncated { length } => self.add_pending(event, Change::Truncate(*length)),
            Operation::Synced => self.synced(event),
            Operation::Removed(path) => {
                self.names.remove(Path::new(path));
                self.changes += 1;
            }
            Operation::Sent(_) => {}
        }
    }

    /// Prepares for the events of another process, whose sequence numbers start again.
    pub fn start_process(&mut self) {
        for content in self.files.values_mut() {
            for (when, _) in &mut content.pending {
                *when = 0;
            }
        }
        for name in self.names.values_mut() {
            name.made = 0;
        }
    }

    /// Returns the paths of files and folders that a power cut might remove.
    pub fn volatile_names(&self) -> Vec<&Path> {
        self.names.iter().filter(|(_, name)| !name.is_durable).map(|(path, _)| path.as_path()).collect()
    }

    /// Writes the durable contents of these files to another folder.
    pub fn copy_to(&self, files: &[&Path], folder: &Path) {
        for file in files {
            let copy = folder.join(file.file_name().expect("a file has a name"));
            let name = self.names.get(*file).filter(|name| name.is_durable);
            match name.and_then(|name| self.files.get(&name.file?)) {
                Some(content) => fs::write(copy, &content.durable).expect("the copy can be written"),
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
            // Files that existed before the log are durable.
            let name = Name { file: Some(event.file), made: event.ended, is_durable: !is_new };
            self.names.insert(path, name);
            self.files.insert(event.file, Content::default());
        }
    }

    fn add_pending(&mut self, event: &Event, change: Change) {
        self.files.entry(event.file).or_default().pending.push((event.ended, change));
    }

    fn synced(&mut self, event: &Event) {
        if let Some(content) = self.files.get_mut(&event.file) {
            let (synced, later) = std::mem::take(&mut content.pending)
                .into_iter()
                .partition(|(when, _): &(u64, _)| *when < event.began);
            content.pending = later;
            if !event.failed {
                content.apply(synced);
            }
        }
        if let Some(folder) = self.paths.get(&event.file).filter(|_| !event.failed) {
            for (path, name) in &mut self.names {
                name.is_durable |= path.parent() == Some(folder) && name.made < event.began;
            }
        }
        self.changes += 1;
    }
}

impl Content {
    fn apply(&mut self, changes: Vec<(u64, Change)>) {
        for (_, change) in changes {
            match change {
                Change::Write(offset, bytes) => {
                    let (from, to) = (index(offset), index(offset) + bytes.len());
                    if self.durable.len() < to {
                        self.durable.resize(to, 0);
                    }
                    self.durable[from..to].copy_from_slice(&bytes);
                }
                Change::Truncate(length) => self.durable.resize(index(length), 0),
            }
        }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("files are small")
}
