//! Streams: `/api/v1/stream`, `/api/stream` and the commands of a device, as server-sent events or over a
//! WebSocket.
//!
//! ```text
//! request ─► query ─► subscription ─► stream: messages ─► sse     server-sent events
//!                                                      └─► socket  messages of a WebSocket
//!        multiplexed: client messages ─► subscriptions ─────▲
//! ```

mod client_message;
mod multiplexed;
mod query;
mod socket;
mod sse;
mod stream;
mod throw_notice;

use std::{sync::Arc, time::Duration};

use datadump_core::{Dump, live::SubscriptionRequest};
use percent_encoding::percent_decode_str;
use poem::{
    Request, Response,
    http::{Method, header},
};
use poem_openapi::OperationId;
use tokio_util::sync::CancellationToken;

use self::{
    multiplexed::MultiplexedSession,
    query::MultiplexedQuery,
    socket::Session,
    stream::{Content, MessageStream},
};
pub(crate) use self::{
    query::{ReadingStreamQuery, RowStreamQuery},
    sse::EndlessBody,
};
use crate::{
    config::Config,
    extract::{DeviceToken, LastEventId, NoQuery, QueryParameters as _},
    metrics::Metrics,
    problem::Problem,
    socket::has_token,
};

/// Path of the stream of row changes.
const ROWS_PATH: &str = "/api/v1/stream";

/// Path of the stream of readings.
const READINGS_PATH: &str = "/api/stream";

/// Creates streams, and closes them all when the server stops. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    dump: Dump,
    stop: CancellationToken,
    blocked_timeout: Duration,
    metrics: Arc<Metrics>,
}

/// What a path streams.
enum Endpoint {
    Rows,
    Readings,
    /// Commands of the device with this name or number.
    Commands(String),
}

impl Endpoint {
    fn of(path: &str) -> Option<Self> {
        match path {
            ROWS_PATH => return Some(Self::Rows),
            READINGS_PATH => return Some(Self::Readings),
            _ => {}
        }
        let device = path.strip_prefix("/api/v1/device/")?.strip_suffix("/command/stream")?;
        let device = Some(device).filter(|device| !device.is_empty() && !device.contains('/'))?;
        Some(Self::Commands(percent_decode_str(device).decode_utf8_lossy().into_owned()))
    }

    fn operation(&self) -> OperationId {
        OperationId(match self {
            Self::Rows => "stream",
            Self::Readings => "stream_readings",
            Self::Commands(_) => "stream_commands",
        })
    }
}

/// Returns whether a request asks for a stream over a WebSocket.
pub(crate) fn is_upgrade(request: &Request) -> bool {
    request.method() == Method::GET
        && has_token(request.headers(), &header::UPGRADE, "websocket")
        && Endpoint::of(request.uri().path()).is_some()
}

impl Streams {
    pub(crate) fn new(dump: &Dump, config: &Config, metrics: &Arc<Metrics>) -> Self {
        Self {
            dump: dump.clone(),
            stop: CancellationToken::new(),
            blocked_timeout: config.blocked_timeout,
            metrics: metrics.clone(),
        }
    }

    /// Closes all streams.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Answers the handshake of a WebSocket. The stream runs in the background.
    pub(crate) async fn accept(&self, request: &Request, id: &str) -> poem::Result<Response> {
        let endpoint = Endpoint::of(request.uri().path()).ok_or_else(Problem::internal)?;
        let operation = endpoint.operation();
        let accepted = socket::accept(self, endpoint, request, id).await;
        let mut response = accepted.map_err(|problem| {
            let mut error = poem::Error::from(problem);
            error.set_data(operation);
            error
        })?;
        response.set_data(operation);
        Ok(response)
    }

    /// Streams row changes as server-sent events.
    pub(crate) async fn rows(
        &self,
        subscribe: SubscriptionRequest,
        last_event_id: &LastEventId,
    ) -> Result<Response, Problem> {
        Ok(sse::response(self.subscribe(subscribe, last_event_id, Content::Rows).await?))
    }

    /// Streams readings as server-sent events.
    pub(crate) async fn readings(
        &self,
        subscribe: SubscriptionRequest,
        last_event_id: &LastEventId,
    ) -> Result<Response, Problem> {
        Ok(sse::response(self.subscribe(subscribe, last_event_id, Content::Readings).await?))
    }

    /// Streams the commands of a device as server-sent events.
    pub(crate) async fn commands(&self, device: &str, token: &DeviceToken) -> Result<Response, Problem> {
        Ok(sse::response(self.subscribe_commands(device, token).await?))
    }

    /// Opens the session that a request for a WebSocket asks for.
    async fn session(&self, endpoint: Endpoint, request: &Request, id: &str) -> Result<Session, Problem> {
        let query = request.uri().query().unwrap_or_default();
        if matches!(endpoint, Endpoint::Rows) && query::is_multiplexed(query) {
            MultiplexedQuery::parse(query)?;
            return Ok(Session::Multiplexed(Box::new(MultiplexedSession::new(self, id))));
        }
        Ok(Session::One(self.open(endpoint, request).await?))
    }

    async fn open(&self, endpoint: Endpoint, request: &Request) -> Result<MessageStream, Problem> {
        let query = request.uri().query().unwrap_or_default();
        let last_event_id = LastEventId::of(request.headers());
        match endpoint {
            Endpoint::Rows => {
                self.subscribe(RowStreamQuery::parse(query)?, &last_event_id, Content::Rows).await
            }
            Endpoint::Readings => {
                self.subscribe(ReadingStreamQuery::parse(query)?, &last_event_id, Content::Readings).await
            }
            Endpoint::Commands(device) => {
                NoQuery::parse(query)?;
                self.subscribe_commands(&device, &DeviceToken::of(request)).await
            }
        }
    }

    async fn subscribe(
        &self,
        mut subscribe: SubscriptionRequest,
        last_event_id: &LastEventId,
        content: Content,
    ) -> Result<MessageStream, Problem> {
        query::resume(&mut subscribe, last_event_id)?;
        subscribe.hub = content == Content::Readings;
        let subscription = self.dump.subscribe(subscribe).await?;
        Ok(MessageStream::of_changes(subscription, content, self.dump.now(), self.stop.clone()))
    }

    async fn subscribe_commands(&self, device: &str, token: &DeviceToken) -> Result<MessageStream, Problem> {
        let commands = self.dump.hub().command_stream(device, token.0.as_deref()).await?;
        Ok(MessageStream::of_commands(commands, self.stop.clone()))
    }
}
