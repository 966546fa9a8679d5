//! Why a migration stops before its end.

/// Why a migration stops.
#[derive(Debug)]
pub(super) enum Halt {
    /// The rows or the database do not allow it; it fails for this reason.
    Refused(String),
    /// A database error.
    Sql(sqlx::Error),
    /// It is no longer pending: another process has ended it.
    Over,
}

impl From<sqlx::Error> for Halt {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}
