//! Fault injection: kills, races, failing disks, overload, and a database that goes away. Counts are small by
//! default; `tests/faults` and `tests/run migration-kills` raise them.

mod disks;
mod durability;
mod failed_changes;
mod migration_kills;
mod migration_waits;
mod overload;
mod postgres_log;
mod races;
mod readings;
mod stops;
mod synced;
mod throws;

/// Returns a number from the environment, or the default.
fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}
