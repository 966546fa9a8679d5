//! Opens the database file: locks it, prepares the system tables, configures connections.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    error::{Damaged, map},
    functions,
    integrity::IntegrityCheck,
    readers::Readers,
    system,
    wal::{self, Wal, with_suffix},
    writer::Writer,
};
use crate::{
    error::{Error, Result},
    store::Options,
};

/// The first SQLite version without a bug that could corrupt a database in WAL mode used by several
/// connections.
const MIN_SQLITE_VERSION: i32 = 3_051_003;

/// Maximum number of symbolic links to the file.
const MAX_LINKS: usize = 40;

pub(super) struct OpenDatabase {
    pub(super) file: PathBuf,
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    pub(super) integrity: Arc<IntegrityCheck>,
    pub(super) lock: Lock,
    pub(super) temporary: Option<tempfile::TempDir>,
}

/// Opens the file, creating it if needed.
pub(super) fn open(file: Option<PathBuf>, options: Options) -> Result<OpenDatabase> {
    open_file(file, options).map_err(|error| match error {
        Error::Unavailable(cause) if cause.is::<Damaged>() => {
            Error::Database(format!("{cause}; restore a backup"))
        }
        error => error,
    })
}

fn open_file(file: Option<PathBuf>, options: Options) -> Result<OpenDatabase> {
    if rusqlite::version_number() < MIN_SQLITE_VERSION {
        let found = rusqlite::version();
        return Err(Error::Database(format!(
            "SQLite {found} has a bug in WAL mode; version 3.51.3 or newer is required"
        )));
    }
    let (file, temporary) = match file {
        Some(file) => (file, None),
        None => {
            let folder = tempfile::Builder::new().prefix("datadump-").tempdir();
            let folder = folder.map_err(|error| Error::Unavailable(error.into()))?;
            (folder.path().join("datadump.db"), Some(folder))
        }
    };
    let file = real_path(&file).map_err(|error| cannot_open(&file, &error))?;
    let lock = lock(&file)?;
    wal::rewrite_and_sync(&file).map_err(|error| cannot_open(&with_suffix(&file, "-wal"), &error))?;
    let mut connection = connect(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(map)?;
    connection.pragma_update(None, "synchronous", "full").map_err(map)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(map)?;
    connection.set_prepared_statement_cache_capacity(2048);
    system::prepare(&mut connection, &options)?;
    let storages = system::load(&connection)?;
    // SQLite syncs the folder too, but ignores errors.
    sync(folder_of(&file)).map_err(|error| cannot_open(&file, &error))?;
    let wal = Wal::open(&file, &connection)?;
    let writer = Writer::new(connection, wal, storages, options)?;
    let health = writer.disk_health.clone();
    let (readers, integrity) = (Readers::open(&file, &health)?, IntegrityCheck::open(&file, &health)?);
    Ok(OpenDatabase { file, writer, readers, integrity, lock, temporary })
}

/// Follows symbolic links to the file, which may not exist yet, and creates its folder. All names of a file must
/// lead to the same lock and the same WAL.
fn real_path(file: &Path) -> io::Result<PathBuf> {
    let mut file = file.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&file) {
            Ok(target) => file = folder_of(&file).join(target),
            Err(_) => {
                let folder = folder_of(&file);
                make_folder(folder)?;
                let name = file.file_name().ok_or(io::ErrorKind::IsADirectory)?;
                return Ok(fs::canonicalize(folder)?.join(name));
            }
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Creates a folder and its parents, and syncs them so that they survive a power failure.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder_of(folder);
    make_folder(parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => Err(error),
        _ => sync(parent),
    }
}

/// Syncs the entries of a folder. Some file systems cannot, and need not.
fn sync(folder: &Path) -> io::Result<()> {
    match fs::File::open(folder)?.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// Number of SQLite VM instructions between two yields of the CPU.
const YIELD_INTERVAL_OPS: i32 = 500;

/// Makes long statements of a connection yield the CPU. With few cores a scan would otherwise cost every
/// other thread a whole time slice at each turn.
pub(super) fn yield_while_running(connection: &Connection) -> Result<()> {
    let give_way = || {
        std::thread::yield_now();
        false
    };
    connection.progress_handler(YIELD_INTERVAL_OPS, Some(give_way)).map_err(map)
}

pub(super) fn stop_yielding(connection: &Connection) -> Result<()> {
    connection.progress_handler(YIELD_INTERVAL_OPS, None::<fn() -> bool>).map_err(map)
}

pub(super) fn reader(file: &Path) -> Result<Connection> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "query_only", true).map_err(map)?;
    yield_while_running(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Opens the WAL now, because later there may be no more files to open.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(map)?;
    Ok(connection)
}

fn connect(file: &Path, flags: OpenFlags) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| cannot_open(file, &error))?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(map)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(map)?;
    connection.pragma_update(None, "mmap_size", 0).map_err(map)?;
    // Makes a missing column an error instead of a string literal.
    for setting in [DbConfig::SQLITE_DBCONFIG_DQS_DML, DbConfig::SQLITE_DBCONFIG_DQS_DDL] {
        connection.set_db_config(setting, false).map_err(map)?;
    }
    // Keeps the planner from looking at bound values: it would plan statements with a bound limit anew each
    // time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(map)?;
    functions::add(&connection).map_err(map)?;
    Ok(connection)
}

/// Locks on a database, held while these files are open.
#[derive(Debug)]
pub(super) struct Lock {
    _files: Vec<fs::File>,
}

/// Locks the file against other processes: the catalogue is in memory, and there is one writer.
fn lock(file: &Path) -> Result<Lock> {
    let path = with_suffix(file, ".lock");
    let lock = fs::File::options().create(true).truncate(false).write(true).open(&path);
    let mut files = vec![lock.map_err(|error| cannot_open(&path, &error))?];
    // A hard link to the database has another lock file, so the database is locked too. On Linux, this does not
    // affect SQLite's own locks; elsewhere it might.
    if cfg!(target_os = "linux") && file.exists() {
        files.push(fs::File::open(file).map_err(|error| cannot_open(file, &error))?);
    }
    for lock in &files {
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(Error::Database(format!("{} is in use by another process", file.display())));
            }
            Err(fs::TryLockError::Error(error)) => return Err(cannot_open(&path, &error)),
        }
    }
    Ok(Lock { _files: files })
}

fn cannot_open(file: &Path, error: &dyn std::error::Error) -> Error {
    Error::Database(format!("cannot open {}: {error}", file.display()))
}
