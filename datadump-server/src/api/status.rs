//! `/api/v1/status`: the state of the server, for people and dashboards.

use std::sync::Arc;

use datadump_core::{Dump, store::Span};
use poem_openapi::{Object as ApiObject, OpenApi};
use serde::Serialize;

use super::{retention_answer::RetentionAnswer, tag::Tag};
use crate::{
    answer::{Reply, ThrowCounters},
    metrics::Metrics,
    problem::Problem,
};

/// The status operation.
pub(crate) struct Status {
    pub(crate) dump: Dump,
    pub(crate) metrics: Arc<Metrics>,
}

/// The state of the server.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Status")]
pub(crate) struct StatusAnswer {
    /// Version of the server.
    version: String,
    /// Seconds since the start.
    uptime_s: f64,
    /// Kind of database: `sqlite` or `postgres`.
    backend: String,
    /// Size of the database in bytes.
    database_bytes: u64,
    /// The write queue.
    queue: QueueAnswer,
    /// Number of transactions committed since the start.
    commits: u64,
    /// Number of rows written or deleted since the start.
    rows_written: u64,
    /// Counters of throws since the start.
    throws: ThrowCounters,
    /// The change log.
    change_log: ChangeLogAnswer,
    /// Number of open streams.
    streams: u64,
    /// Number of quarantine entries waiting to be replayed or discarded.
    quarantine_waiting: u64,
    /// Number of requests answered since the start.
    requests: u64,
    /// Number of open connections.
    connections: u64,
    /// Database settings that put committed data at risk.
    warnings: Vec<String>,
    /// State of each storage.
    storages: Vec<StorageState>,
    /// What each storage with a retention holds, and what is removed from it next.
    retention: Vec<RetentionAnswer>,
}

/// The change log: a stream can resume from any position in it.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "ChangeLog")]
pub(crate) struct ChangeLogAnswer {
    /// Number of the oldest retained commit.
    first: i64,
    /// Number of the newest commit.
    last: i64,
    /// Size in bytes.
    bytes: u64,
    /// Time of the oldest retained commit.
    since: String,
}

/// The write queue.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "WriteQueue")]
pub(crate) struct QueueAnswer {
    /// Number of waiting writes.
    depth: u64,
    /// Maximum number of waiting writes.
    capacity: u64,
    /// Number of calls refused since the start because the queue was full.
    refused: u64,
}

/// The state of a storage.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct StorageState {
    /// Name.
    name: String,
    /// Current version; null until the first one is applied.
    #[oai(nullable)]
    version: Option<i32>,
    /// State of the latest migration: `queued`, `running`, `applied` or `failed`.
    state: String,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Operation")]
impl Status {
    /// Get the state of the server
    #[oai(path = "/status", method = "get", operation_id = "status")]
    async fn status(&self) -> Result<Reply<StatusAnswer>, Problem> {
        let load = self.dump.load();
        let Span { first, last, bytes, since, .. } = self.dump.live().change_log().await?;
        let storages = self.dump.definitions().all();
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
            throws: ThrowCounters::of(&self.dump),
            change_log: ChangeLogAnswer { first, last, bytes, since: since.to_string() },
            streams: self.dump.live().load().listeners,
            quarantine_waiting: self.dump.quarantine().waiting().await?,
            requests: self.metrics.requests(),
            connections: self.metrics.connections.open(),
            warnings: self.dump.warnings().to_vec(),
            storages: storages.collect(),
            retention: self.dump.retention().status().into_iter().map(RetentionAnswer::of).collect(),
        }))
    }
}
