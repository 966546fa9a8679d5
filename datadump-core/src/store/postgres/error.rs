//! PlannedAction an error of the driver means: for the caller, and for the code that may try again.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

use crate::error::{Error, Fault, Place};

/// PlannedAction an error of the driver asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// The connection is gone, or could not be made.
    Lost,
    /// Nothing is wrong but the moment: a deadlock, a lock that was not to be had in time.
    Again,
    /// One of the rows breaks a rule that only the database checks.
    Row,
    /// The table is not what the statement was written for: another version came into force, or
    /// the storage was removed.
    Moved,
    /// A statement took longer than it may.
    Slow,
    /// The disk is full.
    Full,
    /// Anything else.
    Other,
}

impl ErrorClass {
    /// PlannedAction this error asks for.
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

    /// PlannedAction this SQLSTATE asks for.
    fn from_sqlstate(code: &str) -> Self {
        match code {
            // Out of connections, or shutting down, crashing and starting up.
            "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Self::Lost,
            "40001" | "40P01" | "55P03" | "55006" => Self::Again,
            "23505" | "23514" | "23502" | "54000" => Self::Row,
            "0A000" | "42703" | "42P01" | "42804" | "42883" => Self::Moved,
            "57014" => Self::Slow,
            "53100" => Self::Full,
            _ if code.starts_with("08") => Self::Lost,
            // Out of memory, or of something else that comes back.
            _ if code.starts_with("53") => Self::Again,
            _ if code.starts_with("22") => Self::Row,
            _ => Self::Other,
        }
    }
}

/// The SQLSTATE of an error, when the database sent one.
pub(super) fn code(error: &sqlx::Error) -> Option<&str> {
    details(error).map(PgDatabaseError::code)
}

/// All that the database said.
pub(super) fn details(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

/// An error of the driver as the caller sees it.
pub(super) fn store(error: sqlx::Error) -> Error {
    match ErrorClass::of(&error) {
        ErrorClass::Lost | ErrorClass::Again => Error::Unavailable(error.into()),
        ErrorClass::Full => Error::Full(error.into()),
        ErrorClass::Slow => {
            let detail = "the answer takes too long to find: narrow the question, or index what it asks for";
            Error::Query(vec![Fault::new(Place::body(), "too-slow", detail)])
        }
        ErrorClass::Row | ErrorClass::Moved | ErrorClass::Other => Error::Internal(error.into()),
    }
}

/// An error of the entity layer as the caller sees it.
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

/// An error at opening: what cannot get better by waiting is an error of the address.
pub(super) fn opening(error: sqlx::Error) -> Error {
    let refused = |what: String| Error::Database(format!("the database cannot be opened: {what}"));
    match &error {
        sqlx::Error::Configuration(cause) => refused(format!("its address is not valid: {cause}")),
        sqlx::Error::Tls(cause) => refused(cause.to_string()),
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            // A password, a role or a database that does not exist; a right that is missing.
            Some("28000" | "28P01" | "3D000" | "42501") => refused(cause.message().to_owned()),
            _ => store(error),
        },
        _ => store(error),
    }
}
