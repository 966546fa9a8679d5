//! `/metrics`: metrics for Prometheus.

use std::sync::Arc;

use datadump_core::Dump;
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type as _,
};

use super::tag::Tag;
use crate::{
    answer::ThrowCounters,
    metrics::{Metrics, ThrowLoad},
    problem::Problem,
    throwing::Thrower,
};

/// The metrics of the server.
pub(crate) struct MetricsPage {
    pub(crate) dump: Dump,
    pub(crate) thrower: Thrower,
    pub(crate) metrics: Arc<Metrics>,
}

#[OpenApi(tag = "Tag::Operation")]
impl MetricsPage {
    /// Get metrics in the Prometheus text format
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(&self) -> Result<Exposition, Problem> {
        let throws =
            ThrowLoad { counters: ThrowCounters::of(&self.dump), memory: self.thrower.memory().used() };
        let (load, streams) = (self.dump.load(), self.dump.live().load());
        Ok(Exposition(self.metrics.render(load, throws, streams, self.dump.backend())))
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
