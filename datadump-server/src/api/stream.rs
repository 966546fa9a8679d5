//! `/api/v1/stream`, `/api/stream` and `/api/v1/device/{id}/command/stream`: server-sent events.

use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type as _,
};

use super::tag::Tag;
use crate::{
    extract::{DeviceToken, LastEventId, Query},
    live::{ReadingStreamQuery, RowStreamQuery, Streams},
    problem::Problem,
};

/// Operations that stream row changes and commands.
pub(crate) struct Stream {
    pub(crate) streams: Streams,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Live")]
impl Stream {
    /// Stream changes as server-sent events
    ///
    /// Every inserted, updated or deleted row, in commit order. If the stream is limited to one storage, its
    /// fields can be used as filters, as in lists: `field=value`, or `field__op=value`. The stream is also
    /// available over a WebSocket at this URL, with one message per event. With `multi=1`, one WebSocket has
    /// several subscriptions, which the client adds with `{"add": {"id": …, …}}` and removes with
    /// `{"remove": …}`.
    #[oai(path = "/stream", method = "get", operation_id = "stream")]
    async fn stream(
        &self,
        query: Query<RowStreamQuery>,
        last_event_id: LastEventId,
    ) -> Result<Events, Problem> {
        self.streams.rows(query.0, &last_event_id).await.map(Events)
    }

    /// Stream the commands of a device, as the device
    ///
    /// Each command is leased to the device when it is sent. The stream is also available over a WebSocket at
    /// this URL, with one message per command.
    #[oai(path = "/device/:id/command/stream", method = "get", operation_id = "stream_commands")]
    async fn commands(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        token: DeviceToken,
    ) -> Result<Events, Problem> {
        self.streams.commands(&id.0, &token).await.map(Events)
    }
}

/// The operation that streams readings.
pub(crate) struct ReadingStream {
    pub(crate) streams: Streams,
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Hub")]
impl ReadingStream {
    /// Stream readings in their simplest form, for `new EventSource("/api/stream")`
    ///
    /// `{"device_id", "device", "sensor_id", "sensor_type", "value", "timestamp"}` for each committed
    /// reading. The stream is also available over a WebSocket at this URL, with one message per reading.
    #[oai(path = "/stream", method = "get", operation_id = "stream_readings")]
    async fn readings(
        &self,
        query: Query<ReadingStreamQuery>,
        last_event_id: LastEventId,
    ) -> Result<Events, Problem> {
        self.streams.readings(query.0, &last_event_id).await.map(Events)
    }
}

/// A response whose body is a stream of events.
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
            description: "A stream of events that stays open until either side closes it.",
            status: Some(200),
            status_range: None,
            content: vec![content],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_registry: &mut Registry) {}
}
