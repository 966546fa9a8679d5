//! The advisory locks by which writers, migrations and processes stay out of each other's way.
//! Only numbers of our own become SQL text here.
//!
//! * A writer holds a storage's write lock, shared, from before it looks which version is in force
//!   until its commit. Who changes the table takes it alone: then no row is on its way that was
//!   proven by a version that is no longer in force, on any node.
//! * A commit that has an entry in the feed holds the feed's lock from when it draws its number.
//! * A migration holds its storage's migration lock as long as its session lives. When the process
//!   dies, the database gives the lock up, and another process can go on.

use crate::schema::StorageId;

const SETUP: i32 = 0x6464_0000;
const WRITE: i32 = 0x6464_0001;
const MIGRATE: i32 = 0x6464_0002;
const FEED: i32 = 0x6464_0003;

/// Half of an advisory lock's name has 32 bits. Two storages that share one only wait for each
/// other more than they need.
const SMALL: i64 = 0x7fff_ffff;

/// Waits for the lock of setting up the database, and keeps it until the transaction's end.
pub(super) fn setup() -> String {
    format!("SELECT pg_advisory_xact_lock({SETUP}, 0)")
}

/// An expression that waits for the lock of the change_log, and keeps it until the transaction's end.
pub(super) fn change_log() -> String {
    format!("pg_advisory_xact_lock({FEED}, 0)")
}

/// An expression: whether the storage may be written now. It stays so until the transaction's end.
pub(super) fn try_writing(storage: StorageId) -> String {
    try_writing_expression(&storage.get().to_string())
}

/// The same of the storage whose number this expression is.
pub(super) fn try_writing_expression(storage: &str) -> String {
    format!("pg_try_advisory_xact_lock_shared({WRITE}, ({storage} & {SMALL})::int4)")
}

/// Waits until nobody writes the storage, and keeps it so until the transaction's end.
pub(super) fn alone(storage: StorageId) -> String {
    format!("SELECT pg_advisory_xact_lock({WRITE}, {})", storage.get() & SMALL)
}

/// Whether the storage's migration is now this session's.
pub(super) fn try_migrating(storage: StorageId) -> String {
    format!("SELECT pg_try_advisory_lock({MIGRATE}, {})", storage.get() & SMALL)
}

/// Whether any session has the storage's migration.
pub(super) fn is_migrating(storage: StorageId) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database \
         WHERE d.datname = current_database() AND locktype = 'advisory' AND granted \
         AND classid = {MIGRATE} AND objid = {} AND objsubid = 2)",
        storage.get() & SMALL
    )
}
