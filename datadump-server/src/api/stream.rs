//! `/api/v1/stream`: what is committed, for as long as somebody listens.

use poem::{IntoResponse, Request, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type as _,
};

use super::Tag;
use crate::{
    extract::{Noted, NotedHeader},
    live::Streams,
    problem::Problem,
};

/// The streams of a server.
pub(crate) struct Stream {
    pub(crate) streams: Streams,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Live")]
impl Stream {
    /// Follow what is committed, as server-sent events.
    ///
    /// Every row that is inserted, updated or deleted, in the order of the commits. With one storage its fields
    /// can be filtered on as in lists: `field=value`, or `field__op=value`. A request to open a WebSocket at this
    /// address is told the same, each event as a message.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/stream", method = "get", operation_id = "stream")]
    async fn stream(
        &self,
        /// Only of these storages, separated by commas.
        #[oai(name = "storage")]
        _storage: Noted<String>,
        /// Only of the storages that records of these sources go to, separated by commas.
        #[oai(name = "source")]
        _source: Noted<String>,
        /// Only of the hub, and of this device, by its name or its number.
        #[oai(name = "device")]
        _device: Noted<String>,
        /// Only of the hub, and of sensors of this name, or the one of this number.
        #[oai(name = "sensor")]
        _sensor: Noted<String>,
        /// A filter as JSON: `{"or":[{"age":{"lt":18}},{"color":{"in":["red"]}}]}`.
        #[oai(name = "where")]
        _where: Noted<String>,
        /// First the last rows there are: so many, 1 to 1000, or those of a time such as `10m`.
        #[oai(name = "backfill")]
        _backfill: Noted<String>,
        /// What was committed behind this position, as a stream says it.
        #[oai(name = "since")]
        _since: Noted<String>,
        /// The same, as a browser says it that was cut off. It wins over `since`.
        #[oai(name = "Last-Event-ID")]
        _last_event_id: NotedHeader<String>,
        request: &Request,
    ) -> Result<Events, Problem> {
        self.streams.answer(request).await.map(Events)
    }

    /// Follow the commands of a device, as the device: each is leased to it when it is said.
    ///
    /// A request to open a WebSocket at this address is told the same, each command as a message.
    #[oai(path = "/device/:id/command/stream", method = "get", operation_id = "stream_commands")]
    async fn commands(
        &self,
        /// The device, by its name or its number.
        #[oai(name = "id")]
        _id: Path<String>,
        request: &Request,
    ) -> Result<Events, Problem> {
        self.streams.answer(request).await.map(Events)
    }
}

/// The streams of readings.
pub(crate) struct ReadingStream {
    pub(crate) streams: Streams,
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Hub")]
impl ReadingStream {
    /// Follow readings in their plainest form: what `new EventSource("/api/stream")` hears in a page.
    ///
    /// `{"device_id", "device", "sensor_id", "sensor_type", "value", "timestamp"}` for each reading that is
    /// committed. A request to open a WebSocket at this address is told the same, each reading as a message.
    #[oai(path = "/stream", method = "get", operation_id = "stream_readings")]
    async fn readings(
        &self,
        /// Only of this device, by its name or its number.
        #[oai(name = "device")]
        _device: Noted<String>,
        /// Only of sensors of this name, or the one of this number.
        #[oai(name = "sensor")]
        _sensor: Noted<String>,
        /// First the last readings there are: so many, 1 to 1000, or those of a time such as `10m`.
        #[oai(name = "backfill")]
        _backfill: Noted<String>,
        /// What was committed behind this position, as a stream says it.
        #[oai(name = "since")]
        _since: Noted<String>,
        /// The same, as a browser says it that was cut off. It wins over `since`.
        #[oai(name = "Last-Event-ID")]
        _last_event_id: NotedHeader<String>,
        request: &Request,
    ) -> Result<Events, Problem> {
        self.streams.answer(request).await.map(Events)
    }
}

/// An answer without an end.
pub(crate) struct Events(Response);

impl Payload for Events {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Events {
    fn meta() -> MetaResponses {
        let content = MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() };
        let response = MetaResponse {
            description: "Events, until one of both ends it.",
            status: Some(200),
            status_range: None,
            content: vec![content],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_registry: &mut Registry) {}
}
