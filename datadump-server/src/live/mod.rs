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
use poem::{
    Request, Response,
    http::{HeaderName, Method, header},
};
use poem_openapi::OperationId;
use tokio::sync::watch;

use self::{asked::asked, saying::Saying};
use crate::{config::Config, metrics::Metrics, problem::Problem, socket::names};

/// The path.
const PATH: &str = "/api/v1/stream";

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
    request.method() == Method::GET
        && request.uri().path() == PATH
        && names(request.headers(), &header::UPGRADE, "websocket")
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
        let accepted = socket::accept(self, request).await;
        let mut response = accepted.map_err(|problem| {
            let mut error = poem::Error::from(problem);
            error.set_data(OperationId("stream"));
            error
        })?;
        response.set_data(OperationId("stream"));
        Ok(response)
    }

    /// Answers with events.
    pub(crate) async fn answer(&self, request: &Request) -> Result<Response, Problem> {
        Ok(sse::answer(self.begin(request).await?))
    }

    async fn begin(&self, request: &Request) -> Result<Saying, Problem> {
        let subscription = self.dump.subscribe(asked(request)?).await?;
        Ok(Saying::new(subscription, self.dump.now(), self.stopped.subscribe()))
    }
}
