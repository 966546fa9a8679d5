//! The advisory locks that coordinate writers, migrations and processes. The SQL here contains only numbers.
//!
//! * A writer holds a storage's write lock, shared, from before it reads the version in force until its
//!   commit. A change of the table takes it exclusively: then no row is in flight, on any node, that was
//!   validated by an older version.
//! * A commit with a change log entry holds the change log's lock from when it determines its position.
//! * A step of retention holds its storage's trim lock until its commit.
//! * A migration holds its storage's migration lock as long as its session lives. If the process dies, the
//!   database releases the lock, and another process can continue.

use crate::schema::StorageId;

const SETUP: i32 = 0x6464_0000;
const WRITE: i32 = 0x6464_0001;
const MIGRATE: i32 = 0x6464_0002;
const CHANGE_LOG: i32 = 0x6464_0003;
const NEW_STORAGE: i32 = 0x6464_0004;
const TRIM: i32 = 0x6464_0005;

/// An advisory lock's key is two 32-bit numbers. Storages that share one only wait for each other more than
/// needed.
const KEY_MASK: i64 = 0x7fff_ffff;

/// Waits for the lock of setting up the database, and holds it until the transaction ends.
pub(super) fn setup() -> String {
    format!("SELECT pg_advisory_xact_lock({SETUP}, 0)")
}

/// Waits for the lock of creating a storage, and holds it until the transaction ends.
pub(super) fn new_storage() -> String {
    format!("SELECT pg_advisory_xact_lock({NEW_STORAGE}, 0)")
}

/// Returns an expression that waits for the lock of the change log, and holds it until the transaction ends.
pub(super) fn change_log() -> String {
    format!("pg_advisory_xact_lock({CHANGE_LOG}, 0)")
}

/// Returns an expression for whether the storage may be written. If so, that holds until the transaction
/// ends.
pub(super) fn try_writing(storage: StorageId) -> String {
    try_writing_expression(&storage.get().to_string())
}

/// Like [`try_writing`], for a storage number given as an expression.
pub(super) fn try_writing_expression(storage: &str) -> String {
    format!("pg_try_advisory_xact_lock_shared({WRITE}, ({storage} & {KEY_MASK})::int4)")
}

/// Returns an expression for whether no other transaction removes old rows of the storage. If so, that holds until
/// the transaction ends.
pub(super) fn try_trimming(storage: StorageId) -> String {
    format!("pg_try_advisory_xact_lock({TRIM}, ({} & {KEY_MASK})::int4)", storage.get())
}

/// Waits until no writer holds the storage, and keeps writers out until the transaction ends.
pub(super) fn alone(storage: StorageId) -> String {
    format!("SELECT pg_advisory_xact_lock({WRITE}, {})", storage.get() & KEY_MASK)
}

/// Tries to take the storage's migration lock for this session.
pub(super) fn try_migrating(storage: StorageId) -> String {
    format!("SELECT pg_try_advisory_lock({MIGRATE}, {})", storage.get() & KEY_MASK)
}

/// Returns a query for whether any session holds the storage's migration lock.
pub(super) fn is_migrating(storage: StorageId) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database \
         WHERE d.datname = current_database() AND locktype = 'advisory' AND granted \
         AND classid = {MIGRATE} AND objid = {} AND objsubid = 2)",
        storage.get() & KEY_MASK
    )
}
