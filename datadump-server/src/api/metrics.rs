//! `/metrics`: metrics for Prometheus.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use datadump_core::Dump;
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type as _,
};
use tokio::sync::Mutex;

use super::tag::Tag;
use crate::{
    answer::ThrowCounters,
    metrics::{Gauges, Metrics, ThrowLoad},
    problem::Problem,
    throwing::Thrower,
};

/// The metrics of the server.
pub(crate) struct MetricsPage {
    pub(crate) dump: Dump,
    pub(crate) thrower: Thrower,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) gauges: CachedGauges,
}

/// Values that are looked up in the database, at most once in [`GAUGES_TTL`].
#[derive(Debug, Default)]
pub(crate) struct CachedGauges(Mutex<Option<(Instant, Gauges)>>);

/// Age at which a value is looked up again.
const GAUGES_TTL: Duration = Duration::from_secs(1);

/// Time limit for the lookup of a value. Metrics are reported without a value that takes longer.
const GAUGE_TIMEOUT: Duration = Duration::from_secs(2);

impl CachedGauges {
    async fn get(&self, dump: &Dump) -> Gauges {
        // Held during the lookup: whoever comes meanwhile waits for the same values.
        let mut cached = self.0.lock().await;
        if let Some((_, gauges)) = cached.filter(|(at, _)| at.elapsed() < GAUGES_TTL) {
            return gauges;
        }
        let (quarantine, hub) = (dump.quarantine(), dump.hub());
        let (waiting, bytes, devices) = tokio::join!(
            look_up("quarantine", quarantine.waiting()),
            look_up("database size", dump.size()),
            look_up("devices", hub.count_by_status())
        );
        let gauges = Gauges { quarantine_waiting: waiting, database_bytes: bytes, devices };
        *cached = Some((Instant::now(), gauges));
        gauges
    }
}

async fn look_up<T>(what: &str, lookup: impl Future<Output = datadump_core::Result<T>>) -> Option<T> {
    match tokio::time::timeout(GAUGE_TIMEOUT, lookup).await {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(error)) => tracing::warn!(what, %error, "a metric could not be looked up"),
        Err(_) => tracing::warn!(what, "looking up a metric took too long"),
    }
    None
}

#[OpenApi(tag = "Tag::Operation")]
impl MetricsPage {
    /// Get metrics in the Prometheus text format
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(&self) -> Result<Exposition, Problem> {
        let throws = ThrowLoad {
            counters: ThrowCounters::of(&self.dump),
            bytes: self.dump.ingest().received_bytes(),
            memory: self.thrower.memory().used(),
            commits: self.dump.commit_times(),
        };
        let (load, streams) = (self.dump.load(), self.dump.live().load());
        let gauges = self.gauges.get(&self.dump).await;
        let answers = self.dump.read_memory_used();
        Ok(Exposition(self.metrics.render(load, &throws, streams, answers, gauges, self.dump.backend())))
    }
}

/// Metrics in the Prometheus text format.
pub(crate) struct Exposition(String);

impl Payload for Exposition {
    const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.0)
    }
}

impl ApiResponse for Exposition {
    fn meta() -> MetaResponses {
        let content = MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() };
        let description = "The metrics.";
        let response = MetaResponse {
            description,
            status: Some(200),
            status_range: None,
            content: vec![content],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_registry: &mut Registry) {}
}
