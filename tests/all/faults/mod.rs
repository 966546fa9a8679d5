//! What must hold when things go wrong at the worst moment: kills, races, a database that goes away.
//! The numbers are small; `tests/run migration-kills` runs the large ones.

mod disks;
mod durability;
mod migration_kills;
mod overload;
mod races;
mod readings;
mod stops;
mod synced;
mod throws;

/// A number from the environment, for runs that are larger than the usual one.
fn setting(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => usual,
    }
}
