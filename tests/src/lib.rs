//! The harness of the black-box tests. It starts the server on a real database, sends requests over
//! HTTP, and cleans up.
//!
//! ```text
//! Database (a temporary file, or a new database on PostgreSQL)
//!    └─ Server (the binary of this build, on a free port; killed when dropped)
//!          └─ Request ─► Response (whose assertions print the whole response when they fail)
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test harness fails by panicking"
)]

mod cluster;
mod compress;
mod database;
mod definitions;
pub mod disk;
mod event_stream;
pub mod load;
mod request;
mod server;
mod simulator;
mod websocket;
pub mod workspace;

pub use cluster::{Cluster, StopMode};
pub use compress::compress;
pub use database::Database;
pub use definitions::{RECEIPT, cat, dog, record};
pub use event_stream::{EventStream, ServerEvent};
pub use request::{Api, Request, Response, segment};
pub use server::{Exit, Server, Setup, eventually, snapshot};
pub use simulator::{Progress, Simulation, SimulationOptions};
pub use websocket::{ServerMessage, WebSocket};

/// Defines two tests for each function, one on SQLite and one on PostgreSQL. Each function receives a
/// [`Server`] with an empty database.
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
