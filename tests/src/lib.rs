//! The harness of the black-box tests: it starts the real server on a real database, asks it over
//! HTTP, and leaves nothing behind.
//!
//! ```text
//! Database (a temporary file, or a database of its own on PostgreSQL)
//!    └─ Server (the binary of this build, on a free port; killed when dropped)
//!          └─ Call ─► Answer (whose checks say the whole answer when they fail)
//! ```

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a harness fails by panicking")]

mod call;
mod cluster;
mod compress;
mod database;
mod definitions;
pub mod disk;
mod listener;
pub mod load;
mod server;
mod simulator;
mod socket;
pub mod workspace;

pub use call::{Answer, Api, Call, segment};
pub use cluster::{Cluster, Stop};
pub use compress::compress;
pub use database::Database;
pub use definitions::{RECEIPT, cat, dog, record};
pub use listener::{Frame, Listener};
pub use server::{Exit, Server, Setup, eventually, snapshot};
pub use simulator::{Done, Simulated, Simulation};
pub use socket::{Heard, Socket};

/// Makes two tests of each function, one on SQLite and one on PostgreSQL. The functions take a
/// [`Server`] on an empty database.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name($crate::Server::start($crate::Database::sqlite()).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name($crate::Server::start($crate::Database::postgres().await).await).await;
            }
        }
    )*};
}
