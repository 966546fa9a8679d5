//! The write-ahead log where the disk fails: what SQLite leaves to whoever uses it.
//!
//! What was found in its source (3.51) and is met here:
//!
//! * When the sync of a commit fails, the commit is undone and the next one overwrites it. But until
//!   then its frames stand whole in the file, and a process that is killed meanwhile would find them
//!   there at its next start: what was answered as failed would be stored. [`Log::cut`] takes them
//!   away.
//! * Frames are copied into the database and counted as copied (`nBackfill`); the database is synced
//!   only when the last of them was. When that sync fails, those that were copied and counted before
//!   may be lost: the operating system forgets what it could not write, and says so once. The next
//!   sync succeeds, and the log begins anew over the only copies. [`Log::recopy`] sets the count back,
//!   so that all frames are copied once more. An automatic checkpoint hides its failure, so there is
//!   none: the writer asks for each.
//! * What is found in a log at the start may be in the memory of the operating system only, when a
//!   sync had failed before. SQLite believes it and goes on behind it. [`settle`] writes it once more,
//!   and syncs it, before SQLite reads it.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{Connection, config::DbConfig};

use super::{error::map, with_suffix};
use crate::error::{Error, Result};

/// How many frames wait in the log until they are copied into the database: the fewer, the shorter everybody
/// waits meanwhile; the more, the more of them are of the same pages, of which only the last ones are copied.
const FRAMES_AT_FIRST: u32 = 1_000;
const MOST_FRAMES: u32 = 8_000;

/// How long everybody may wait for that.
const LONGEST_COPYING: Duration = Duration::from_millis(25);

/// Where the index of the log has the number of committed frames, that of the database's pages with them, and
/// that of the frames that were copied (<https://sqlite.org/walformat.html#the_wal_index_header>).
const FRAMES: usize = 16;
const PAGES: usize = 20;
const COPIED: usize = 96;

/// The bytes before the first frame, and those of a frame before its page.
const HEAD: u64 = 32;
const FRAME_HEAD: u64 = 24;

/// The log of one database.
#[derive(Debug)]
pub(super) struct Log {
    file: PathBuf,
    /// SQLite's index of it, which all connections have in their memory. It stays open: closing any
    /// descriptor of a file takes away all of the process's locks on it.
    index: File,
    page: u64,
    /// How many frames may wait at present.
    long: u32,
    /// When some of it was last copied, and how many pages there were then.
    copied: (Instant, u32),
}

/// What the index says of it.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    frames: u32,
    pages: u32,
    copied: u32,
}

impl Numbers {
    /// How many frames are not copied.
    fn waiting(self) -> u32 {
        self.frames.saturating_sub(self.copied)
    }
}

impl Log {
    /// The log of a database that this connection has open.
    pub(super) fn open(file: &Path, connection: &Connection) -> Result<Self> {
        let index = File::options().read(true).write(true).open(with_suffix(file, "-shm"));
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(map)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(map)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(map)?;
        let (long, copied) = (FRAMES_AT_FIRST, (Instant::now(), 0));
        let index = index.map_err(unavailable)?;
        let page = u64::try_from(page).map_err(Error::internal)?;
        Ok(Self { file: with_suffix(file, "-wal"), index, page, long, copied })
    }

    /// How many frames are committed.
    pub(super) fn frames(&self) -> Result<u32> {
        Ok(self.numbers()?.frames)
    }

    /// Whether it is time to copy it into the database.
    pub(super) fn is_long(&self) -> bool {
        self.numbers().is_ok_and(|numbers| {
            // Readers have kept it from beginning anew: the sooner it is tried again the better.
            let is_too_long = numbers.frames > MOST_FRAMES;
            numbers.waiting() >= if is_too_long { FRAMES_AT_FIRST } else { self.long }
        })
    }

    /// Copies it into the database, as far as no reader still needs what is there.
    pub(super) fn copy(&mut self, connection: &Connection) -> Result<()> {
        let (before, began) = (self.numbers()?, Instant::now());
        self.checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        let (after, ended) = (self.numbers()?, Instant::now());
        // What copies nothing says nothing: somebody reads an older state.
        if after.copied > before.copied {
            let (since, pages) = std::mem::replace(&mut self.copied, (ended, after.pages));
            let gathered = Gathered {
                time: began.duration_since(since),
                frames: before.waiting(),
                new: after.pages.saturating_sub(pages),
            };
            self.long = length(self.long, ended.duration_since(began), &gathered);
        }
        Ok(())
    }

    /// Copies all of it, so that the file alone is the whole database when it is closed next.
    pub(super) fn empty(&self, connection: &Connection) -> Result<()> {
        self.checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(map)?;
        Ok(())
    }

    fn checkpoint(&self, connection: &Connection, statement: &str) -> Result<()> {
        let done = connection.query_row(statement, [], |_| Ok(())).map_err(map);
        if done.is_err() {
            self.recopy()?;
        }
        done
    }

    /// Has all frames copied once more by the next checkpoint.
    fn recopy(&self) -> Result<()> {
        self.index.write_all_at(&0_u32.to_ne_bytes(), COPIED as u64).map_err(unavailable)
    }

    /// Takes away what a commit that has failed has left behind. No transaction may be open.
    pub(super) fn cut(&self) -> Result<()> {
        let committed = match u64::from(self.frames()?) {
            0 => 0,
            frames => HEAD + frames * (FRAME_HEAD + self.page),
        };
        let file = File::options().write(true).open(&self.file).map_err(unavailable)?;
        if file.metadata().map_err(unavailable)?.len() > committed {
            file.set_len(committed).map_err(unavailable)?;
        }
        Ok(())
    }

    fn numbers(&self) -> Result<Numbers> {
        let mut index = [0; COPIED + 4];
        self.index.read_exact_at(&mut index, 0).map_err(unavailable)?;
        let number = |place: usize| {
            let bytes = index.get(place..place + 4).and_then(|bytes| bytes.try_into().ok());
            u32::from_ne_bytes(bytes.unwrap_or_default())
        };
        Ok(Numbers { frames: number(FRAMES), pages: number(PAGES), copied: number(COPIED) })
    }
}

/// What has gathered in the log until it was copied.
struct Gathered {
    time: Duration,
    frames: u32,
    /// How many pages the database has more.
    new: u32,
}

/// How long the log may be, after copying took so much time: longer while that is more than a twentieth of it
/// and most of what has gathered is of pages that were there, so that some are in it several times; shorter again
/// when it is little, or when everybody waits too long for it.
fn length(now: u32, copying: Duration, gathered: &Gathered) -> u32 {
    let is_much = copying * 20 > gathered.time && gathered.new < gathered.frames / 2;
    if copying > LONGEST_COPYING || copying * 80 < gathered.time {
        (now / 2).max(FRAMES_AT_FIRST)
    } else if is_much {
        (now * 2).min(MOST_FRAMES)
    } else {
        now
    }
}

/// Makes sure that what a log seems to hold is on the disk: writes the same once more, and syncs it.
pub(super) fn settle(database: &Path) -> io::Result<()> {
    let opened = File::options().read(true).write(true).open(with_suffix(database, "-wal"));
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let (mut buffer, mut place) = (vec![0; 1 << 20], 0);
    loop {
        file.seek(SeekFrom::Start(place))?;
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        file.seek(SeekFrom::Start(place))?;
        file.write_all(bytes)?;
        place += read as u64;
    }
    if place > 0 { file.sync_all() } else { Ok(()) }
}

fn unavailable(error: io::Error) -> Error {
    Error::Unavailable(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(folder: &Path) -> (PathBuf, Connection, Log) {
        let file = folder.join("a.db");
        let connection = Connection::open(&file).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER, text TEXT)").unwrap();
        let log = Log::open(&file, &connection).unwrap();
        (file, connection, log)
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
    fn a_long_log_is_copied_when_it_is_asked_for_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let (file, connection, mut log) = opened(folder.path());
        assert!(!log.is_long());
        insert(&connection, 4000);
        assert!(log.is_long());
        let small = std::fs::metadata(&file).unwrap().len();
        log.copy(&connection).unwrap();
        assert!(std::fs::metadata(&file).unwrap().len() > 100 * small);
        assert!(!log.is_long());
        log.recopy().unwrap();
        assert!(log.is_long());
        assert_eq!(count(&connection), 4000);
        log.copy(&connection).unwrap();
        insert(&connection, 1);
        log.empty(&connection).unwrap();
        drop(connection);
        assert!(!with_suffix(&file, "-wal").exists());
        assert_eq!(count(&Connection::open(&file).unwrap()), 4001);
    }

    #[test]
    fn a_log_that_takes_long_to_copy_grows_and_shrinks_again() {
        let ms = Duration::from_millis;
        let next = |now, copying, time, new| length(now, copying, &Gathered { time, frames: 1_000, new });
        let again = |times, copying, new| (0..times).fold(1_000, |now, _| next(now, copying, ms(40), new));
        assert_eq!([1, 2, 3, 9].map(|times| again(times, ms(4), 200)), [2_000, 4_000, 8_000, 8_000]);
        assert_eq!(again(9, ms(4), 900), 1_000, "what is new has to be copied in any case");
        assert_eq!(again(9, ms(1), 0), 1_000);
        assert_eq!((next(8_000, ms(4), ms(100), 0), next(8_000, ms(1), ms(100), 0)), (8_000, 4_000));
        assert_eq!(next(1_000, ms(1), ms(60_000), 0), 1_000);
        assert_eq!(next(8_000, ms(30), ms(40), 0), 4_000, "nobody is to wait long");
    }

    #[test]
    fn what_stands_behind_the_last_commit_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let (file, connection, log) = opened(folder.path());
        insert(&connection, 10);
        let log_file = with_suffix(&file, "-wal");
        let committed = std::fs::metadata(&log_file).unwrap().len();
        // Frames of a transaction that is not committed: it is larger than what SQLite keeps of it.
        connection.pragma_update(None, "cache_size", 10).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        insert(&connection, 1000);
        connection.execute_batch("ROLLBACK").unwrap();
        assert!(std::fs::metadata(&log_file).unwrap().len() > committed);
        log.cut().unwrap();
        assert_eq!(std::fs::metadata(&log_file).unwrap().len(), committed);
        insert(&connection, 5);
        assert_eq!(count(&connection), 15);
        assert_eq!(count(&Connection::open(&file).unwrap()), 15);
    }

    #[test]
    fn a_log_that_was_settled_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (file, connection, _log) = opened(folder.path());
        insert(&connection, 1500);
        let copy = folder.path().join("b.db");
        for suffix in ["", "-wal"] {
            std::fs::copy(with_suffix(&file, suffix), with_suffix(&copy, suffix)).unwrap();
        }
        settle(&copy).unwrap();
        let [before, after] = [&file, &copy].map(|file| std::fs::read(with_suffix(file, "-wal")).unwrap());
        assert!(before == after && before.len() > 2 << 20);
        assert_eq!(count(&Connection::open(&copy).unwrap()), 1500);
        settle(&folder.path().join("none.db")).unwrap();
    }
}
