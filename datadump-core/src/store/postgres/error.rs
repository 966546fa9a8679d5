//! Classifies driver errors, for callers and for code that may retry.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

use crate::error::{Error, Fault, Place};

/// Category of a driver error, which decides how it is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// The connection is lost, or could not be opened.
    Lost,
    /// Transient: a deadlock, or a lock timeout.
    Again,
    /// One of the rows violates a constraint.
    Row,
    /// The table does not match the statement: a new version came into force, or the storage was removed.
    Moved,
    /// A statement exceeded its timeout.
    Slow,
    Full,
    /// Anything else.
    Other,
}

impl ErrorClass {
    pub(super) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Lost,
            sqlx::Error::Database(error) => {
                error.code().map_or(Self::Other, |code| Self::from_sqlstate(&code))
            }
            _ => Self::Other,
        }
    }

    fn from_sqlstate(code: &str) -> Self {
        match code {
            // Too many connections; or the server is shutting down, crashed, or starting up.
            "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Self::Lost,
            "40001" | "40P01" | "55P03" | "55006" => Self::Again,
            "23505" | "23514" | "23502" | "54000" => Self::Row,
            "0A000" | "42703" | "42P01" | "42804" | "42883" => Self::Moved,
            "57014" => Self::Slow,
            "53100" => Self::Full,
            _ if code.starts_with("08") => Self::Lost,
            // Out of memory or another resource that may become available.
            _ if code.starts_with("53") => Self::Again,
            _ if code.starts_with("22") => Self::Row,
            _ => Self::Other,
        }
    }
}

/// Returns the SQLSTATE of a server error.
pub(super) fn code(error: &sqlx::Error) -> Option<&str> {
    details(error).map(PgDatabaseError::code)
}

/// Returns the details of a server error.
pub(super) fn details(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

/// Maps a driver error for the caller.
pub(super) fn store(error: sqlx::Error) -> Error {
    match ErrorClass::of(&error) {
        ErrorClass::Lost | ErrorClass::Again => Error::Unavailable(error.into()),
        ErrorClass::Full => Error::Full(error.into()),
        ErrorClass::Slow => {
            let detail = "the query takes too long: narrow it, or add an index for its filters";
            Error::Query(vec![Fault::new(Place::body(), "too-slow", detail)])
        }
        ErrorClass::Row | ErrorClass::Moved | ErrorClass::Other => Error::Internal(error.into()),
    }
}

/// Maps a sea-orm error for the caller.
pub(super) fn orm(error: DbErr) -> Error {
    match &error {
        DbErr::ConnectionAcquire(_) => Error::Unavailable(error.into()),
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => match ErrorClass::of(cause) {
            ErrorClass::Lost | ErrorClass::Again => Error::Unavailable(error.into()),
            ErrorClass::Full => Error::Full(error.into()),
            _ => Error::Internal(error.into()),
        },
        _ => Error::Internal(error.into()),
    }
}

/// Maps an error at opening. One that waiting cannot fix is an error of the URL.
pub(super) fn opening(error: sqlx::Error) -> Error {
    let refused = |what: String| Error::Database(format!("the database cannot be opened: {what}"));
    match &error {
        sqlx::Error::Configuration(cause) => refused(format!("its URL is not valid: {cause}")),
        sqlx::Error::Tls(cause) => refused(cause.to_string()),
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            // A wrong password, a missing role, database or privilege.
            Some("28000" | "28P01" | "3D000" | "42501") => refused(cause.message().to_owned()),
            _ => store(error),
        },
        _ => store(error),
    }
}
