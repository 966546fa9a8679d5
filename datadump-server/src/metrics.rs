//! Lock-free counters of requests and connections, and the Prometheus text format.

use std::{
    fmt::{Display, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_core::{
    live::Load as StreamLoad,
    store::{CommitTimes, Load},
};
use poem::http::{Method, StatusCode};

use crate::answer::ThrowCounters;

/// Upper bounds of the duration buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Metrics since the start.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Instant,
    /// One entry per operation, and a last one for requests that reached none.
    operations: Vec<Operation>,
    /// Counters of connections.
    pub(crate) connections: Connections,
    /// Number of streams closed because their client did not read.
    cut_off: AtomicU64,
}

/// Metrics of throws and commits, which are counted elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThrowLoad {
    /// Counters of throws and records.
    pub(crate) counters: ThrowCounters,
    /// Number of bytes received.
    pub(crate) bytes: u64,
    /// Memory of throws in progress, in bytes.
    pub(crate) memory: usize,
    /// Durations of commits.
    pub(crate) commits: CommitTimes,
}

/// Values that are looked up in the database; `None` if that failed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gauges {
    /// Number of quarantine entries waiting to be replayed or discarded; an estimate if there are many.
    pub(crate) quarantine_waiting: Option<u64>,
    /// Size of the database in bytes.
    pub(crate) database_bytes: Option<u64>,
    /// Number of devices by status.
    pub(crate) devices: Option<[(&'static str, u64); 4]>,
}

/// Counters of connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    opened: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Operation {
    id: &'static str,
    method: String,
    /// Indexed by the first digit of the status.
    by_class: [AtomicU64; 5],
    by_duration: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

impl Metrics {
    pub(crate) fn new(operations: Vec<(&'static str, Method)>) -> Self {
        let operations = operations.into_iter().map(|(id, method)| (id, method.to_string()));
        let operations = operations
            .chain([("none", "other".to_owned())])
            .map(|(id, method)| Operation { id, method, ..Operation::default() })
            .collect();
        let (connections, cut_off) = (Connections::default(), AtomicU64::new(0));
        Self { started: Instant::now(), operations, connections, cut_off }
    }

    /// Counts a response.
    pub(crate) fn count_response(&self, operation: Option<&str>, status: StatusCode, elapsed: Duration) {
        let known = self.operations.iter().find(|known| Some(known.id) == operation);
        if let Some(operation) = known.or(self.operations.last()) {
            operation.count(status, elapsed);
        }
    }

    /// Counts a stream that was closed because its client did not read.
    pub(crate) fn count_cut_off(&self) {
        add(&self.cut_off, 1);
    }

    /// Returns the time since the start.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the number of responses.
    pub(crate) fn requests(&self) -> u64 {
        self.operations.iter().map(Operation::total).sum()
    }

    /// Returns the number of responses by the first digit of their status, from 1 to 5.
    pub(crate) fn responses(&self) -> [u64; 5] {
        std::array::from_fn(|class| {
            self.operations.iter().filter_map(|operation| operation.by_class.get(class)).map(get).sum()
        })
    }

    /// Returns all metrics as text.
    pub(crate) fn render(
        &self,
        load: Load,
        throws: &ThrowLoad,
        streams: StreamLoad,
        answers: usize,
        gauges: Gauges,
        backend: &str,
    ) -> String {
        let mut text = Text::default();
        self.render_requests(&mut text);
        text.one("datadump_connections", "gauge", "Open connections.", self.connections.open());
        text.one(
            "datadump_connections_total",
            "counter",
            "Accepted connections.",
            get(&self.connections.opened),
        );
        let refused = get(&self.connections.refused);
        text.one(
            "datadump_connections_refused_total",
            "counter",
            "Connections refused because of the limit.",
            refused,
        );
        text.one("datadump_write_queue_depth", "gauge", "Writes waiting to be committed.", load.queued);
        text.one(
            "datadump_write_queue_capacity",
            "gauge",
            "Maximum number of waiting writes.",
            load.capacity,
        );
        text.one("datadump_commits_total", "counter", "Committed transactions.", load.commits);
        render_commits(&mut text, &throws.commits);
        text.one("datadump_rows_written_total", "counter", "Rows written or deleted.", load.rows);
        text.one(
            "datadump_writes_refused_total",
            "counter",
            "Calls refused because the write queue was full.",
            load.refused,
        );
        let (counted, kind) = (throws.counters, "counter");
        text.one("datadump_throws_total", kind, "Throws received.", counted.throws);
        let help = "Bytes of throws received, before they are decompressed.";
        text.one("datadump_throw_bytes_total", kind, help, throws.bytes);
        text.one("datadump_records_accepted_total", kind, "Rows written by throws.", counted.accepted);
        text.one(
            "datadump_records_quarantined_total",
            kind,
            "Quarantine entries created.",
            counted.quarantined,
        );
        text.one(
            "datadump_records_dropped_total",
            kind,
            "Records dropped by a program or by the settings of their source.",
            counted.dropped,
        );
        text.one(
            "datadump_records_duplicate_total",
            kind,
            "Records that were already stored.",
            counted.duplicates,
        );
        text.one("datadump_throw_memory_bytes", "gauge", "Memory of throws in progress.", throws.memory);
        text.one("datadump_answer_memory_bytes", "gauge", "Memory of rows that are being sent.", answers);
        gauges.render(&mut text);
        text.one("datadump_streams", "gauge", "Open streams.", streams.listeners);
        text.one("datadump_stream_events_total", kind, "Events sent to streams.", streams.events);
        let help = "Number of times a stream fell behind and read the change log.";
        text.one("datadump_streams_behind_total", kind, help, streams.behind);
        let help = "Streams closed because their client did not read.";
        text.one("datadump_streams_cut_off_total", kind, help, get(&self.cut_off));
        text.one("datadump_uptime_seconds", "gauge", "Seconds since the start.", self.uptime().as_secs_f64());
        if let Some(bytes) = resident_bytes() {
            text.one("process_resident_memory_bytes", "gauge", "Resident memory of the process.", bytes);
        }
        text.head("datadump_info", "gauge", "Version and backend of the server.");
        let labels = format!("version=\"{}\",backend=\"{backend}\"", env!("CARGO_PKG_VERSION"));
        text.sample("datadump_info", &labels, 1);
        text.0
    }

    fn render_requests(&self, text: &mut Text) {
        let used: Vec<&Operation> =
            self.operations.iter().filter(|operation| operation.total() > 0).collect();
        text.head("datadump_requests_total", "counter", "Responses by operation and status class.");
        for operation in &used {
            for (class, count) in operation.by_class.iter().enumerate().filter(|(_, count)| get(count) > 0) {
                let (id, method) = (operation.id, &operation.method);
                let labels = format!("operation=\"{id}\",method=\"{method}\",status=\"{}xx\"", class + 1);
                text.sample("datadump_requests_total", &labels, get(count));
            }
        }
        let name = "datadump_request_seconds";
        text.head(name, "histogram", "Time until the response was ready, without sending its body.");
        for operation in &used {
            let id = operation.id;
            let mut below = 0;
            for (bound, count) in BUCKETS.iter().zip(&operation.by_duration) {
                below += get(count);
                text.sample(&format!("{name}_bucket"), &format!("operation=\"{id}\",le=\"{bound}\""), below);
            }
            // Read once and at least `below`: other threads keep counting, and the samples must be
            // consistent.
            let total = operation.total().max(below);
            text.sample(&format!("{name}_bucket"), &format!("operation=\"{id}\",le=\"+Inf\""), total);
            let seconds = Duration::from_micros(get(&operation.micros)).as_secs_f64();
            text.sample(&format!("{name}_sum"), &format!("operation=\"{id}\""), seconds);
            text.sample(&format!("{name}_count"), &format!("operation=\"{id}\""), total);
        }
    }
}

impl Gauges {
    fn render(self, text: &mut Text) {
        if let Some(waiting) = self.quarantine_waiting {
            let help = "Quarantine entries waiting to be replayed or discarded.";
            text.one("datadump_quarantine_waiting", "gauge", help, waiting);
        }
        if let Some(bytes) = self.database_bytes {
            text.one("datadump_database_bytes", "gauge", "Size of the database.", bytes);
        }
        if let Some(devices) = self.devices {
            text.head("datadump_devices", "gauge", "Registered devices by status.");
            for (status, count) in devices {
                text.sample("datadump_devices", &format!("status=\"{status}\""), count);
            }
        }
    }
}

impl Operation {
    fn count(&self, status: StatusCode, elapsed: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, self.by_class.len());
        add(&self.by_class[class - 1], 1);
        let seconds = elapsed.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            add(&self.by_duration[bucket], 1);
        }
        add(&self.micros, u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    }

    fn total(&self) -> u64 {
        self.by_class.iter().map(get).sum()
    }
}

fn render_commits(text: &mut Text, commits: &CommitTimes) {
    let name = "datadump_commit_seconds";
    text.head(name, "histogram", "Duration of commits of rows, most of which is the sync to disk.");
    for (bound, count) in &commits.counts {
        text.sample(&format!("{name}_bucket"), &format!("le=\"{bound}\""), count);
    }
    text.sample(&format!("{name}_bucket"), "le=\"+Inf\"", commits.count);
    let _ = writeln!(text.0, "{name}_sum {}\n{name}_count {}", commits.total.as_secs_f64(), commits.count);
}

/// Counts a connection as open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Metrics>);

impl OpenConnection {
    pub(crate) fn new(metrics: &Arc<Metrics>) -> Self {
        add(&metrics.connections.opened, 1);
        Self(metrics.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        add(&self.0.connections.closed, 1);
    }
}

impl Connections {
    /// Counts a refused connection.
    pub(crate) fn count_refused(&self) {
        add(&self.refused, 1);
    }

    /// Returns the number of open connections.
    pub(crate) fn open(&self) -> u64 {
        // `closed` is read first, so that a connection that opens and closes in between is not subtracted.
        let closed = get(&self.closed);
        get(&self.opened).saturating_sub(closed)
    }
}

/// Metrics text in the Prometheus format.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Returns the resident memory of this process, on systems with Linux's `/proc`.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_counted_by_operation_and_class() {
        let metrics = Arc::new(Metrics::new(vec![("get_row", Method::GET)]));
        metrics.count_response(Some("get_row"), StatusCode::OK, Duration::from_micros(700));
        metrics.count_response(Some("get_row"), StatusCode::NOT_FOUND, Duration::from_secs(60));
        metrics.count_response(None, StatusCode::MISDIRECTED_REQUEST, Duration::ZERO);
        metrics.count_cut_off();
        let _one = OpenConnection::new(&metrics);
        drop(OpenConnection::new(&metrics));
        let text = metrics.render(
            Load::default(),
            &ThrowLoad::default(),
            StreamLoad::default(),
            0,
            Gauges { database_bytes: Some(7), devices: Some([("online", 3); 4]), ..Gauges::default() },
            "sqlite",
        );
        for line in [
            "datadump_requests_total{operation=\"get_row\",method=\"GET\",status=\"2xx\"} 1",
            "datadump_requests_total{operation=\"get_row\",method=\"GET\",status=\"4xx\"} 1",
            "datadump_requests_total{operation=\"none\",method=\"other\",status=\"4xx\"} 1",
            "datadump_request_seconds_bucket{operation=\"get_row\",le=\"0.0005\"} 0",
            "datadump_request_seconds_bucket{operation=\"get_row\",le=\"0.001\"} 1",
            "datadump_request_seconds_bucket{operation=\"get_row\",le=\"+Inf\"} 2",
            "datadump_connections 1",
            "datadump_database_bytes 7",
            "datadump_devices{status=\"online\"} 3",
            "datadump_streams_cut_off_total 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert_eq!(metrics.requests(), 3);
    }
}
