//! `/api/v1/status`: the state of the server, for people and dashboards.

use std::sync::Arc;

use datadump_core::{
    Dump,
    store::{RecentCommits, Span},
};
use poem_openapi::{Object as ApiObject, OpenApi};
use serde::Serialize;

use super::{
    retention_answer::RetentionAnswer,
    storage_states::{StorageSizes, StorageState},
    tag::Tag,
};
use crate::{
    answer::{Moment, Reply, ThrowCounters},
    extract::{Paging, Query},
    history::{Counts, History, Minute},
    metrics::Metrics,
    problem::Problem,
};

/// The status operation.
pub(crate) struct Status {
    pub(crate) dump: Dump,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) history: Arc<History>,
    pub(crate) sizes: StorageSizes,
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
    /// Durations of the last commits.
    fsync: FsyncAnswer,
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
    /// Counters of this process by minute: the last hour, and the current minute so far.
    history: Vec<MinuteAnswer>,
    /// Number of storages.
    storage_count: u64,
    /// State of each storage, ordered by name; `limit` and `offset` select some of them.
    storages: Vec<StorageState>,
    /// Storages with a retention: their limits, their sizes, and the next removals.
    retention: Vec<RetentionAnswer>,
}

/// Durations of commits of rows, most of which is the sync to disk. On PostgreSQL they include the round trip.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Fsync")]
pub(crate) struct FsyncAnswer {
    /// Length of the period in seconds.
    period_s: u64,
    /// Number of commits.
    count: u64,
    /// Mean duration in milliseconds.
    mean_ms: f64,
    /// Median duration in milliseconds.
    p50_ms: f64,
    /// Duration in milliseconds that 99 % of the commits did not exceed.
    p99_ms: f64,
    /// Longest duration in milliseconds.
    max_ms: f64,
}

/// Counters of one minute.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Minute")]
pub(crate) struct MinuteAnswer {
    /// Beginning of the minute.
    at: Moment,
    /// Number of requests answered.
    requests: u64,
    /// Number of requests answered with a status from 400 to 499.
    client_errors: u64,
    /// Number of requests answered with a status of 500 or more.
    server_errors: u64,
    /// Number of throws.
    throws: u64,
    /// Number of bytes thrown, before they are decompressed.
    bytes: u64,
    /// Number of rows written by throws.
    accepted: u64,
    /// Number of quarantine entries created.
    quarantined: u64,
    /// Number of rows written or deleted.
    rows: u64,
    /// Number of transactions committed.
    commits: u64,
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

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Operation")]
impl Status {
    /// Get the state of the server
    ///
    /// All counters are those of this process, since its start.
    #[oai(path = "/status", method = "get", operation_id = "status")]
    async fn status(&self, storages: Query<Paging>) -> Result<Reply<StatusAnswer>, Problem> {
        let window = storages.0.window()?;
        let load = self.dump.load();
        let Span { first, last, bytes, since, .. } = self.dump.live().change_log().await?;
        let listing = window.of(self.dump.definitions().all());
        Ok(Reply(StatusAnswer {
            version: env!("CARGO_PKG_VERSION").into(),
            uptime_s: self.metrics.uptime().as_secs_f64(),
            backend: self.dump.backend().into(),
            database_bytes: self.dump.size().await?,
            queue: QueueAnswer { depth: load.queued, capacity: load.capacity, refused: load.refused },
            commits: load.commits,
            fsync: self.dump.commit_times().recent.into(),
            rows_written: load.rows,
            throws: ThrowCounters::of(&self.dump),
            change_log: ChangeLogAnswer { first, last, bytes, since: since.to_string() },
            streams: self.dump.live().load().listeners,
            quarantine_waiting: self.dump.quarantine().waiting().await?,
            requests: self.metrics.requests(),
            connections: self.metrics.connections.open(),
            warnings: self.dump.warnings().to_vec(),
            retention: self.dump.retention().status().into_iter().map(RetentionAnswer::of).collect(),
            history: self.history.minutes().into_iter().map(MinuteAnswer::from).collect(),
            storage_count: listing.count.unwrap_or_default(),
            storages: self.sizes.states(&self.dump, listing.rows).await,
        }))
    }
}

impl From<RecentCommits> for FsyncAnswer {
    fn from(commits: RecentCommits) -> Self {
        let RecentCommits { period, count, mean, p50, p99, max } = commits;
        let [mean_ms, p50_ms, p99_ms, max_ms] =
            [mean, p50, p99, max].map(|duration| duration.as_secs_f64() * 1000.0);
        Self { period_s: period.as_secs(), count, mean_ms, p50_ms, p99_ms, max_ms }
    }
}

impl From<Minute> for MinuteAnswer {
    fn from(minute: Minute) -> Self {
        let Counts {
            requests,
            client_errors,
            server_errors,
            throws,
            bytes,
            accepted,
            quarantined,
            rows,
            commits,
        } = minute.counts;
        let at = Moment(minute.at);
        Self {
            at,
            requests,
            client_errors,
            server_errors,
            throws,
            bytes,
            accepted,
            quarantined,
            rows,
            commits,
        }
    }
}
