//! Reads the version of a database without opening it for writing, also while a server uses it.

use std::{fs, io, path::Path};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::wal::with_suffix;
use crate::error::{Error, Result};

/// Time to wait for locks of a server.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// Returns the version of the system tables; `None` if there are none, or no file. Creates and changes nothing.
pub(crate) fn system_version(file: &Path) -> Result<Option<i64>> {
    let found = match fs::metadata(file) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return check_folder(file).map(|()| None);
        }
        Err(error) => return Err(cannot_read(file, &error)),
    };
    if !found.is_file() {
        return Err(Error::Database(format!("{} is not a file", file.display())));
    }
    let file = fs::canonicalize(file).map_err(|error| cannot_read(file, &error))?;
    let is_pending = fs::metadata(with_suffix(&file, "-wal")).is_ok_and(|wal| wal.len() > 0);
    let is_shared = with_suffix(&file, "-shm").exists();
    match (is_pending, is_shared) {
        // A server uses the database, or was killed.
        (true, true) => read(&file, OpenFlags::empty(), &file),
        // Without the file of shared memory, SQLite would have to create it to read the WAL. The main file alone
        // may be of an old or incomplete state.
        (true, false) if found.len() == 0 => Ok(None),
        (true, false) => read_main_file(&file),
        (false, _) => read_main_file(&file),
    }
}

fn read_main_file(file: &Path) -> Result<Option<i64>> {
    let path = file.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    read(file, OpenFlags::SQLITE_OPEN_URI, Path::new(&format!("file:{path}?immutable=1")))
}

fn read(file: &Path, flags: OpenFlags, address: &Path) -> Result<Option<i64>> {
    let version = || -> rusqlite::Result<Option<i64>> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(address, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'datadump_info')";
        if !connection.query_row(exists, [], |row| row.get(0))? {
            return Ok(None);
        }
        connection.query_row("SELECT system_version FROM datadump_info", [], |row| row.get(0)).optional()
    };
    version().map_err(|error| cannot_read(file, &error))
}

/// Checks that the file, which does not exist, could be created.
fn check_folder(file: &Path) -> Result<()> {
    let folder = file.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.exists());
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = fs::metadata(folder).map_err(|error| cannot_read(folder, &error))?;
    if !found.is_dir() {
        let detail = format!("{} cannot be created: {} is not a folder", file.display(), folder.display());
        return Err(Error::Database(detail));
    }
    Ok(())
}

fn cannot_read(file: &Path, error: &dyn std::error::Error) -> Error {
    Error::Database(format!("cannot read {}: {error}", file.display()))
}
