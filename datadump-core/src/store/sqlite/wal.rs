//! The write-ahead log under a failing disk: what SQLite leaves to the application.
//!
//! SQLite keeps two files next to the main database file: the WAL (`-wal`), to which commits append frames,
//! and the WAL index (`-shm`), shared memory in which all connections look up frames. The service runs SQLite
//! with `journal_mode = wal` and `synchronous = full`: a commit is durable once `sqlite3_step` of `COMMIT`
//! has synced the WAL. Only one process has the database open (a lock on the `.lock` file), it has one
//! writing connection, and all calls below run on that connection's thread between two transactions.
//!
//! Three gaps remain when a sync fails (found in the source of SQLite 3.51):
//!
//! 1. *A failed commit stays in the WAL.* When the sync of a commit fails, SQLite rolls back in memory
//!    (`mxFrame` in the WAL index stays), and the next commit overwrites the frames. Until then they are
//!    complete in the file, with a valid checksum and a commit mark. If the process is killed before that,
//!    recovery finds them and stores what was reported as failed. [`Wal::truncate_uncommitted`] removes them.
//! 2. *A failed checkpoint loses frames.* A checkpoint copies frames into the main file, counts them in
//!    `nBackfill`, and syncs the main file once all are copied. The kernel reports a write that failed later
//!    only once: if that sync fails, pages copied earlier may be lost, yet they remain counted, the next sync
//!    succeeds, and the WAL restarts over the only copies. [`Wal::reset_backfill`] sets `nBackfill` to 0
//!    after any failed checkpoint, so that the next one copies all frames again. Automatic checkpoints hide
//!    their errors, so they are off and the writer runs each one.
//! 3. *Recovery trusts the page cache.* Frames found in the WAL at start may exist only in the page cache,
//!    because a sync had failed before. SQLite assumes that they are durable and appends after them.
//!    [`rewrite_and_sync`] makes them durable before SQLite opens the file.
//!
//! What this module does to SQLite's files, and why that is safe:
//!
//! * `-wal`, `ftruncate` to the end of the last committed frame ([`Wal::truncate_uncommitted`]): after a
//!   transaction failed with an I/O error or a full disk, with no transaction open. Frames after `mxFrame`
//!   belong to no snapshot: readers use only frames up to `mxFrame`, and this thread is the only writer.
//! * `-wal`, `read` and `write` of the same bytes, then `fsync` ([`rewrite_and_sync`]): once at start, before
//!   SQLite opens the database. No connection exists, and the content stays the same.
//! * `-shm`, `pread` of `mxFrame` (offset 16), `nPage` (20) and `nBackfill` (96): after transactions and
//!   checkpoints. The values are stable while the only writer is idle.
//! * `-shm`, `pwrite` of 0 to `nBackfill` ([`Wal::reset_backfill`]): after a checkpoint returned an error.
//!   `nBackfill` is only a lower bound of what the main file holds; readers that take more frames from the
//!   WAL see the same pages. SQLite changes it only in checkpoints and when the WAL restarts, both on this
//!   thread.
//! * The main file: nothing. SQLite alone writes and syncs it, in checkpoints, and whatever a failed one lost
//!   is still in the WAL and is copied again.
//!
//! The offsets are those of the [WAL index header](https://sqlite.org/walformat.html#the_wal_index_header),
//! in native byte order. The descriptor of `-shm` stays open as long as the connection, because closing any
//! descriptor of a file releases all POSIX locks that the process holds on it; `-wal` has no such locks.
//! Readers are opened read-only and cannot checkpoint, and closing the writer does not checkpoint either
//! (`SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE`) until [`Wal::checkpoint_and_truncate`] has succeeded.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{Connection, config::DbConfig};

use super::error::map;
use crate::error::{Error, Result};

/// Range of the number of frames at which a checkpoint is due. With fewer frames each checkpoint is shorter;
/// with more, more of them are versions of the same page, of which only the last is copied.
const MIN_FRAMES: u32 = 1_000;
const MAX_FRAMES: u32 = 8_000;

/// Maximum duration of a checkpoint, during which writes wait.
const MAX_CHECKPOINT_TIME: Duration = Duration::from_millis(25);

/// Offsets in the WAL index of the number of committed frames, of the database's pages, and of the frames
/// already copied into the main file.
const MX_FRAME_OFFSET: usize = 16;
const N_PAGE_OFFSET: usize = 20;
const N_BACKFILL_OFFSET: usize = 96;

/// Sizes of the WAL's header and of each frame's header.
const HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

#[derive(Debug)]
pub(super) struct Wal {
    file: PathBuf,
    /// The WAL index. It stays open: closing any descriptor of a file releases all locks of the process on
    /// it.
    index: File,
    page_size: u64,
    /// Number of frames at which the next checkpoint is due.
    checkpoint_at: u32,
    /// When the last checkpoint ended, and how many pages the database had then.
    last_checkpoint: (Instant, u32),
}

/// Fields of the WAL index.
#[derive(Debug, Clone, Copy)]
struct WalIndex {
    frames: u32,
    pages: u32,
    copied: u32,
}

impl WalIndex {
    /// Returns the number of frames not yet copied.
    fn pending(self) -> u32 {
        self.frames.saturating_sub(self.copied)
    }
}

impl Wal {
    /// Takes over the checkpoints of the database that this connection has open.
    pub(super) fn open(file: &Path, connection: &Connection) -> Result<Self> {
        let index = File::options().read(true).write(true).open(with_suffix(file, "-shm"));
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(map)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(map)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(map)?;
        let last_checkpoint = (Instant::now(), 0);
        let index = index.map_err(unavailable)?;
        let page_size = u64::try_from(page).map_err(Error::internal)?;
        Ok(Self {
            file: with_suffix(file, "-wal"),
            index,
            page_size,
            checkpoint_at: MIN_FRAMES,
            last_checkpoint,
        })
    }

    /// Returns the number of committed frames.
    pub(super) fn frames(&self) -> Result<u32> {
        Ok(self.index()?.frames)
    }

    /// Returns whether a checkpoint is due.
    pub(super) fn needs_checkpoint(&self) -> bool {
        self.index().is_ok_and(|index| {
            // Readers kept the WAL from restarting: try again soon.
            let is_too_long = index.frames > MAX_FRAMES;
            index.pending() >= if is_too_long { MIN_FRAMES } else { self.checkpoint_at }
        })
    }

    /// Copies frames into the main file, as far as no reader needs the older pages there.
    pub(super) fn checkpoint(&mut self, connection: &Connection) -> Result<()> {
        let (before, began) = (self.index()?, Instant::now());
        self.run_checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        let (after, ended) = (self.index()?, Instant::now());
        // A checkpoint that copied nothing, because of a reader, says nothing about its duration.
        if after.copied > before.copied {
            let (since, pages) = std::mem::replace(&mut self.last_checkpoint, (ended, after.pages));
            let interval = Interval {
                time: began.duration_since(since),
                frames: before.pending(),
                new_pages: after.pages.saturating_sub(pages),
            };
            self.checkpoint_at = next_threshold(self.checkpoint_at, ended.duration_since(began), &interval);
        }
        Ok(())
    }

    /// Copies all frames and truncates the WAL, so that the main file is the whole database once it is
    /// closed.
    pub(super) fn checkpoint_and_truncate(&self, connection: &Connection) -> Result<()> {
        self.run_checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(map)?;
        Ok(())
    }

    fn run_checkpoint(&self, connection: &Connection, statement: &str) -> Result<()> {
        let done = connection.query_row(statement, [], |_| Ok(())).map_err(map);
        if done.is_err() {
            self.reset_backfill()?;
        }
        done
    }

    /// Makes the next checkpoint copy all frames again.
    fn reset_backfill(&self) -> Result<()> {
        self.index.write_all_at(&0_u32.to_ne_bytes(), N_BACKFILL_OFFSET as u64).map_err(unavailable)
    }

    /// Removes the frames that a failed commit left after the last committed one. No transaction may be open.
    pub(super) fn truncate_uncommitted(&self) -> Result<()> {
        let committed = match u64::from(self.frames()?) {
            0 => 0,
            frames => HEADER_BYTES + frames * (FRAME_HEADER_BYTES + self.page_size),
        };
        let file = File::options().write(true).open(&self.file).map_err(unavailable)?;
        if file.metadata().map_err(unavailable)?.len() > committed {
            file.set_len(committed).map_err(unavailable)?;
        }
        Ok(())
    }

    fn index(&self) -> Result<WalIndex> {
        let mut header = [0; N_BACKFILL_OFFSET + 4];
        self.index.read_exact_at(&mut header, 0).map_err(unavailable)?;
        let field = |offset: usize| {
            let bytes = header.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok());
            u32::from_ne_bytes(bytes.unwrap_or_default())
        };
        Ok(WalIndex {
            frames: field(MX_FRAME_OFFSET),
            pages: field(N_PAGE_OFFSET),
            copied: field(N_BACKFILL_OFFSET),
        })
    }
}

/// Measurements between two checkpoints.
struct Interval {
    time: Duration,
    frames: u32,
    /// Number of pages added to the database.
    new_pages: u32,
}

/// Returns the number of frames at which the next checkpoint is due. It doubles while checkpoints take more
/// than 5% of the time and most frames are of existing pages, because a longer WAL holds more versions of the
/// same page, of which only the last is copied. It halves when checkpoints take little time, or one takes too
/// long.
fn next_threshold(now: u32, checkpoint: Duration, interval: &Interval) -> u32 {
    let is_costly = checkpoint * 20 > interval.time && interval.new_pages < interval.frames / 2;
    if checkpoint > MAX_CHECKPOINT_TIME || checkpoint * 80 < interval.time {
        (now / 2).max(MIN_FRAMES)
    } else if is_costly {
        (now * 2).min(MAX_FRAMES)
    } else {
        now
    }
}

/// Writes the content of a WAL again and syncs it, so that all of it is on disk.
pub(super) fn rewrite_and_sync(database: &Path) -> io::Result<()> {
    let opened = File::options().read(true).write(true).open(with_suffix(database, "-wal"));
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let (mut buffer, mut offset) = (vec![0; 1 << 20], 0);
    loop {
        file.seek(SeekFrom::Start(offset))?;
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        offset += read as u64;
    }
    if offset > 0 { file.sync_all() } else { Ok(()) }
}

fn unavailable(error: io::Error) -> Error {
    Error::Unavailable(error.into())
}

/// Returns the path of a file that SQLite keeps next to the database.
pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(folder: &Path) -> (PathBuf, Connection, Wal) {
        let file = folder.join("a.db");
        let connection = Connection::open(&file).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER, text TEXT)").unwrap();
        let wal = Wal::open(&file, &connection).unwrap();
        (file, connection, wal)
    }

    fn insert(connection: &Connection, rows: u32) {
        let insert = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1) \
                      INSERT INTO t SELECT n, hex(randomblob(1000)) FROM c";
        connection.execute(insert, [rows]).unwrap();
    }

    fn count(connection: &Connection) -> u32 {
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_long_wal_is_checkpointed_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let (file, connection, mut wal) = opened(folder.path());
        assert!(!wal.needs_checkpoint());
        insert(&connection, 4000);
        assert!(wal.needs_checkpoint());
        let small = std::fs::metadata(&file).unwrap().len();
        wal.checkpoint(&connection).unwrap();
        assert!(std::fs::metadata(&file).unwrap().len() > 100 * small);
        assert!(!wal.needs_checkpoint());
        wal.reset_backfill().unwrap();
        assert!(wal.needs_checkpoint());
        assert_eq!(count(&connection), 4000);
        wal.checkpoint(&connection).unwrap();
        insert(&connection, 1);
        wal.checkpoint_and_truncate(&connection).unwrap();
        drop(connection);
        assert!(!with_suffix(&file, "-wal").exists());
        assert_eq!(count(&Connection::open(&file).unwrap()), 4001);
    }

    #[test]
    fn the_checkpoint_threshold_grows_and_shrinks_with_the_cost() {
        let ms = Duration::from_millis;
        let next = |now, took, time, new_pages| {
            next_threshold(now, took, &Interval { time, frames: 1_000, new_pages })
        };
        let again =
            |times, took, new_pages| (0..times).fold(1_000, |now, _| next(now, took, ms(40), new_pages));
        assert_eq!([1, 2, 3, 9].map(|times| again(times, ms(4), 200)), [2_000, 4_000, 8_000, 8_000]);
        assert_eq!(again(9, ms(4), 900), 1_000, "new pages are copied in any case");
        assert_eq!(again(9, ms(1), 0), 1_000);
        assert_eq!((next(8_000, ms(4), ms(100), 0), next(8_000, ms(1), ms(100), 0)), (8_000, 4_000));
        assert_eq!(next(1_000, ms(1), ms(60_000), 0), 1_000);
        assert_eq!(next(8_000, ms(30), ms(40), 0), 4_000, "writes must not wait long");
    }

    #[test]
    fn frames_after_the_last_commit_are_truncated() {
        let folder = tempfile::tempdir().unwrap();
        let (file, connection, wal) = opened(folder.path());
        insert(&connection, 10);
        let log_file = with_suffix(&file, "-wal");
        let committed = std::fs::metadata(&log_file).unwrap().len();
        // A transaction larger than the page cache spills uncommitted frames into the WAL.
        connection.pragma_update(None, "cache_size", 10).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        insert(&connection, 1000);
        connection.execute_batch("ROLLBACK").unwrap();
        assert!(std::fs::metadata(&log_file).unwrap().len() > committed);
        wal.truncate_uncommitted().unwrap();
        assert_eq!(std::fs::metadata(&log_file).unwrap().len(), committed);
        insert(&connection, 5);
        assert_eq!(count(&connection), 15);
        assert_eq!(count(&Connection::open(&file).unwrap()), 15);
    }

    #[test]
    fn a_rewritten_wal_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let (file, connection, _log) = opened(folder.path());
        insert(&connection, 1500);
        let copy = folder.path().join("b.db");
        for suffix in ["", "-wal"] {
            std::fs::copy(with_suffix(&file, suffix), with_suffix(&copy, suffix)).unwrap();
        }
        rewrite_and_sync(&copy).unwrap();
        let [before, after] = [&file, &copy].map(|file| std::fs::read(with_suffix(file, "-wal")).unwrap());
        assert!(before == after && before.len() > 2 << 20);
        assert_eq!(count(&Connection::open(&copy).unwrap()), 1500);
        rewrite_and_sync(&folder.path().join("none.db")).unwrap();
    }
}
