//! `/api/v1/stream`: what is committed, for as long as somebody listens, as server-sent events or over a
//! WebSocket.
//!
//! ```text
//! request ─► asked ─► subscription ─► saying: words ─► sse    lines of an answer without an end
//!                                                  └─► socket messages of a WebSocket
//! ```

mod asked;
mod saying;
mod socket;
mod sse;

use std::{sync::Arc, time::Duration};

use datadump_core::Dump;
use percent_encoding::percent_decode_str;
use poem::{
    Request, Response,
    http::{HeaderName, Method, header},
};
use poem_openapi::OperationId;
use tokio::sync::watch;

use self::{
    asked::asked,
    saying::{Form, Saying},
};
use crate::{
    config::Config,
    extract::{DeviceToken, parse_query},
    metrics::Metrics,
    problem::Problem,
    socket::names,
};

/// The path of all that is committed.
const PATH: &str = "/api/v1/stream";

/// The path of readings alone, in their plainest form.
const READINGS: &str = "/api/stream";

/// The header with which a client that was cut off says how far it came.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many bytes are said at once, when there is as much to say.
const TOGETHER: usize = 32 << 10;

/// All streams of a server. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    dump: Dump,
    stopped: watch::Sender<bool>,
    blocked_timeout: Duration,
    metrics: Arc<Metrics>,
}

/// Goes with an answer that has no end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endless;

/// Whether a request wants to be told over a WebSocket.
pub(crate) fn is_upgrade(request: &Request) -> bool {
    let path = request.uri().path();
    request.method() == Method::GET
        && (matches!(path, PATH | READINGS) || device(path).is_some())
        && names(request.headers(), &header::UPGRADE, "websocket")
}

/// The device whose commands are asked for at this path.
fn device(path: &str) -> Option<String> {
    let device = path.strip_prefix("/api/v1/device/")?.strip_suffix("/command/stream")?;
    let device = Some(device).filter(|device| !device.is_empty() && !device.contains('/'))?;
    Some(percent_decode_str(device).decode_utf8_lossy().into_owned())
}

impl Streams {
    pub(crate) fn new(dump: &Dump, config: &Config, metrics: &Arc<Metrics>) -> Self {
        Self {
            dump: dump.clone(),
            stopped: watch::Sender::new(false),
            blocked_timeout: config.blocked_timeout,
            metrics: metrics.clone(),
        }
    }

    /// Ends all of them.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Answers the handshake of a WebSocket; the stream goes on by itself.
    pub(crate) async fn accept(&self, request: &Request) -> poem::Result<Response> {
        let operation = OperationId(match request.uri().path() {
            PATH => "stream",
            READINGS => "stream_readings",
            _ => "stream_commands",
        });
        let accepted = socket::accept(self, request).await;
        let mut response = accepted.map_err(|problem| {
            let mut error = poem::Error::from(problem);
            error.set_data(operation);
            error
        })?;
        response.set_data(operation);
        Ok(response)
    }

    /// Answers with events.
    pub(crate) async fn answer(&self, request: &Request) -> Result<Response, Problem> {
        Ok(sse::answer(self.begin(request).await?))
    }

    async fn begin(&self, request: &Request) -> Result<Saying, Problem> {
        let path = request.uri().path();
        if let Some(device) = device(path) {
            if let Some((name, _)) = parse_query(request.uri().query().unwrap_or_default())?.first() {
                let detail = format!("there is no query parameter `{name}` here, nor any other");
                return Err(Problem::parameter(name, "unknown-parameter", detail));
            }
            let token = DeviceToken::of(request).0;
            let commands = self.dump.commands_for(&device, token.as_deref()).await?;
            return Ok(Saying::of_commands(commands, self.stopped.subscribe()));
        }
        let form = if path == READINGS { Form::Readings } else { Form::Rows };
        let subscription = self.dump.subscribe(asked(request, form)?).await?;
        Ok(Saying::of_feed(subscription, form, self.dump.now(), self.stopped.subscribe()))
    }
}
