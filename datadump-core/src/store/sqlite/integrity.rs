//! Looks whether the database file is intact.
//!
//! SQLite keeps pages in memory and does not notice when another program overwrites or truncates the file, until
//! it needs a page that is gone. The health check looks at the file itself.

use std::{
    fs,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use rusqlite::Connection;

use super::{
    disk_health::DiskHealth,
    error::{Damaged, map},
    open, system,
};
use crate::{
    error::{Error, Result},
    store::system::info,
};

/// The first bytes of every database file.
const MAGIC: [u8; 16] = *b"SQLite format 3\0";

/// Size up to which a file is checked as a whole before it is used. A larger one is checked in the background.
const MAX_CHECKED_AT_START: u64 = 64 << 20;

/// Checks the file of an open database. It has a connection of its own, so that it is never kept waiting.
#[derive(Debug)]
pub(super) struct IntegrityCheck {
    /// `None` once the database is closed.
    connection: Mutex<Option<Connection>>,
    /// Closed after all connections: closing any handle of the file releases SQLite's locks on it.
    file: fs::File,
    /// Greatest length so far. The file never shrinks.
    length: AtomicU64,
    /// The identity of the database.
    created_at: i64,
    health: DiskHealth,
}

impl IntegrityCheck {
    /// Opens the check, and checks the whole file.
    pub(super) fn open(path: &Path, health: &DiskHealth) -> Result<Arc<Self>> {
        let connection = open::reader(path)?;
        let file = fs::File::open(path).map_err(|error| Error::Unavailable(error.into()))?;
        let created_at = created_at(&connection)?;
        let length = file.metadata().map_err(|error| Error::Unavailable(error.into()))?.len();
        if length <= MAX_CHECKED_AT_START {
            health.observe(check_pages(&connection))?;
        }
        let connection = Mutex::new(Some(connection));
        let check =
            Arc::new(Self { connection, file, length: length.into(), created_at, health: health.clone() });
        if length > MAX_CHECKED_AT_START {
            let (path, health) = (path.to_owned(), health.clone());
            // A connection of its own: it takes long.
            std::thread::Builder::new()
                .name("sqlite-check".into())
                .spawn(move || {
                    let checked = open::reader(&path).and_then(|connection| check_pages(&connection));
                    if let Err(error) = health.observe(checked) {
                        tracing::error!(%error, "the check of the database file failed");
                    }
                })
                .map_err(Error::internal)?;
        }
        Ok(check)
    }

    /// Closes the connection.
    pub(super) fn close(&self) {
        drop(self.connection.lock().take());
    }

    /// Fails if the file is known to be damaged, or no longer looks like the database that was opened.
    pub(super) fn run(&self) -> Result<()> {
        self.health.check_intact()?;
        self.health.observe(self.header().and_then(|()| self.catalogue()))
    }

    fn header(&self) -> Result<()> {
        let read = |error: std::io::Error| Error::Unavailable(error.into());
        let length = self.file.metadata().map_err(read)?.len();
        let longest = self.length.fetch_max(length, Ordering::Relaxed);
        if length < longest {
            return Err(Damaged::new(format!("it has {length} bytes and had {longest}")).into());
        }
        let mut start = [0; MAGIC.len()];
        // An empty file is a new database, all of which is in the WAL.
        if length > 0 {
            self.file.read_exact_at(&mut start, 0).map_err(read)?;
        }
        match length == 0 || start == MAGIC {
            true => Ok(()),
            false => Err(Damaged::new("its header was overwritten").into()),
        }
    }

    /// Reads the catalogue from the disk.
    fn catalogue(&self) -> Result<()> {
        let connection = self.connection.lock();
        let Some(connection) = &*connection else {
            return Err(Error::Unavailable("the database is closed".into()));
        };
        // Forgets the pages read before.
        connection.execute_batch("PRAGMA shrink_memory").map_err(map)?;
        let read =
            |text: &str| connection.query_row(text, [], |row| row.get::<_, Option<i64>>(0)).map_err(map);
        read("SELECT sum(length(sql)) FROM sqlite_schema")?;
        read("SELECT max(id) FROM datadump_storage")?;
        match created_at(connection)? == self.created_at {
            true => Ok(()),
            false => Err(Damaged::new("it was replaced by another database").into()),
        }
    }
}

fn created_at(connection: &Connection) -> Result<i64> {
    let info = system::all::<info::Entity>(connection, &sea_orm::EntityTrait::find())?;
    info.first().map(|info| info.created_at).ok_or_else(|| Damaged::new("it has no version").into())
}

/// Checks the structure of all pages.
fn check_pages(connection: &Connection) -> Result<()> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(map)?;
    if found == "ok" { Ok(()) } else { Err(Damaged::new(found).into()) }
}
