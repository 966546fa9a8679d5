//! `/api/v1/status`: what the server is doing, for people and their pages.

use std::sync::Arc;

use datadump_core::{Dump, store::Span};
use poem_openapi::{Object as ApiObject, OpenApi};
use serde::Serialize;

use super::{Tag, sources::CountedAnswer};
use crate::{answer::Reply, metrics::Metrics, problem::Problem};

/// What the server is doing.
pub(crate) struct Status {
    pub(crate) dump: Dump,
    pub(crate) metrics: Arc<Metrics>,
}

/// What the server is doing.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Status")]
pub(crate) struct StatusAnswer {
    /// The version of the server.
    version: String,
    /// Seconds since it started.
    uptime_s: f64,
    /// The kind of database: `sqlite` or `postgres`.
    backend: String,
    /// Bytes the database takes.
    database_bytes: u64,
    /// What waits to be written.
    queue: QueueAnswer,
    /// Transactions committed since the start.
    commits: u64,
    /// Rows written or deleted since the start.
    rows_written: u64,
    /// What was thrown since the start.
    throws: CountedAnswer,
    /// What is kept of what was committed when.
    feed: FeedAnswer,
    /// Streams open now.
    streams: u64,
    /// Entries that wait in quarantine.
    quarantine_waiting: u64,
    /// Requests answered since the start.
    requests: u64,
    /// Connections open now.
    connections: u64,
    /// What in the settings of the database puts at risk what was committed; empty when nothing does.
    warnings: Vec<String>,
    /// The storages.
    storages: Vec<StorageState>,
}

/// What is kept of what was committed when: a stream goes on from any position in it.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Feed")]
pub(crate) struct FeedAnswer {
    /// The number of the oldest commit that is kept.
    first: i64,
    /// The number of the newest.
    last: i64,
    /// Bytes that they take.
    bytes: u64,
    /// When the oldest was.
    since: String,
}

/// What waits to be written.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Queue")]
pub(crate) struct QueueAnswer {
    /// Writes that wait.
    depth: u64,
    /// The most that may wait.
    capacity: u64,
    /// Calls refused since the start because it was full.
    refused: u64,
}

/// A storage in short.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct StorageState {
    /// Its name.
    name: String,
    /// The version in force; null before the first is.
    #[oai(nullable)]
    version: Option<i32>,
    /// What its last migration is doing.
    state: String,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Operation")]
impl Status {
    /// Say what the server is doing.
    #[oai(path = "/status", method = "get", operation_id = "status")]
    async fn status(&self) -> Result<Reply<StatusAnswer>, Problem> {
        let (load, feed) = (self.dump.load(), self.dump.feed().await?);
        let Span { first, last, bytes, since, .. } = feed;
        let storages = self.dump.storages();
        let storages = storages.iter().map(|storage| StorageState {
            name: storage.name.to_string(),
            version: storage.in_force.as_ref().map(|in_force| in_force.version),
            state: storage.migration.state.name().into(),
        });
        Ok(Reply(StatusAnswer {
            version: env!("CARGO_PKG_VERSION").into(),
            uptime_s: self.metrics.uptime().as_secs_f64(),
            backend: self.dump.backend().into(),
            database_bytes: self.dump.size().await?,
            queue: QueueAnswer { depth: load.queued, capacity: load.capacity, refused: load.refused },
            commits: load.commits,
            rows_written: load.rows,
            throws: CountedAnswer::of(&self.dump),
            feed: FeedAnswer { first, last, bytes, since: since.to_string() },
            streams: self.dump.listening().listeners,
            quarantine_waiting: self.dump.waiting().await?,
            requests: self.metrics.requests(),
            connections: self.metrics.connections.open(),
            warnings: self.dump.warnings().to_vec(),
            storages: storages.collect(),
        }))
    }
}
