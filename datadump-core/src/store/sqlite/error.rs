//! Maps SQLite errors.

use rusqlite::{Error as Sqlite, ErrorCode, ffi};

use crate::{
    error::{Error, Fault, Place},
    schema::Definition,
    store::refusal::{constraint, no_keys_left, not_unique},
};

/// Damage to the database file.
#[derive(Debug, thiserror::Error)]
#[error("the database file is damaged: {0}")]
pub(super) struct Damaged(Box<dyn std::error::Error + Send + Sync>);

impl Damaged {
    pub(super) fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl From<Damaged> for Error {
    fn from(damaged: Damaged) -> Self {
        Self::Unavailable(damaged.into())
    }
}

/// Maps the error of a statement.
pub(super) fn map(error: Sqlite) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full(error.into()),
        // The WAL index could not grow, for which SQLite has no error code of its own.
        Some(ErrorCode::SystemIoFailure) if extended(&error) == ffi::SQLITE_IOERR_SHMSIZE => {
            Error::Full(error.into())
        }
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly,
        ) => Error::Unavailable(error.into()),
        Some(ErrorCode::OperationInterrupted) => {
            Error::Unavailable("the query took too long and was stopped".into())
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Damaged::new(error).into(),
        _ => Error::internal(error),
    }
}

fn extended(error: &Sqlite) -> i32 {
    error.sqlite_error().map_or(0, |failure| failure.extended_code)
}

/// Returns the faults of a row, if the error is a constraint violation.
pub(super) fn violation(error: &Sqlite, definition: &Definition) -> Option<Vec<Fault>> {
    let Sqlite::SqliteFailure(failure, message) = error else { return None };
    let message = message.as_deref().unwrap_or_default();
    match (failure.code, failure.extended_code) {
        (ErrorCode::ConstraintViolation, ffi::SQLITE_CONSTRAINT_UNIQUE) => {
            Some(vec![not_unique(&columns(message, definition))])
        }
        // The only CHECK constraint is that on the greatest key.
        (ErrorCode::ConstraintViolation, ffi::SQLITE_CONSTRAINT_CHECK) => {
            Some(vec![no_keys_left(definition.key.name.as_str())])
        }
        (ErrorCode::ConstraintViolation, _) => Some(vec![constraint(message)]),
        (ErrorCode::TooBig, _) => {
            Some(vec![Fault::new(Place::body(), "too-large", "the row is too large to be stored")])
        }
        _ => None,
    }
}

/// Returns the columns in `UNIQUE constraint failed: storage_dog.color, storage_dog.size`. Names of tables
/// and columns contain no dots or commas.
fn columns(message: &str, definition: &Definition) -> Vec<String> {
    let prefix = format!("storage_{}.", definition.name);
    let (_, list) = message.split_once(": ").unwrap_or_default();
    list.split(", ").filter_map(|column| column.strip_prefix(&prefix)).map(str::to_owned).collect()
}
