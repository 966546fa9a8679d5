//! Throws over a WebSocket: each message is a throw, and the receipts are sent in the same order.
//!
//! ```text
//! handshake ─► session: messages ─► envelope ─► throw ─► response ─► receipts
//! ```
//!
//! The handshake and the write timeout are shared with [streams](crate::live).

mod envelope;
mod frame_tracker;
mod frames;
mod handshake;
mod memory_limit;
mod response;
mod session;
mod write_timeout;

use std::{borrow::Cow, time::Duration};

use datadump_core::{Transport, memory::MemoryBudget};
use poem::{
    Request, Response,
    http::{Method, header},
};
use tracing::Instrument as _;

pub(crate) use self::{
    frames::{config, frames, frames_after},
    handshake::{Handshake, has_token},
    write_timeout::WriteTimeout,
};
use self::{memory_limit::MemoryLimit, session::Session};
use crate::{
    config::Config,
    extract::{MaybeKey, QueryParameters as _, ThrowHead},
    problem::Problem,
    throwing::{Memory, Mode, ThrowArguments, ThrowQuery, Thrower, source_name, source_of},
};

/// Size of the buffer for each direction of a connection.
const BUFFER_BYTES: usize = 16 << 10;

/// Accepts WebSockets.
pub(crate) struct Sockets {
    thrower: Thrower,
    /// Memory for the buffers of frames that are announced.
    buffers: Memory,
    stall_timeout: Duration,
    idle_timeout: Duration,
    blocked_timeout: Duration,
}

/// Returns the source of a request that asks to throw over a WebSocket.
pub(crate) fn upgrade_source(request: &Request) -> Option<String> {
    if request.method() != Method::GET || !has_token(request.headers(), &header::UPGRADE, "websocket") {
        return None;
    }
    source_of(request.uri().path()).map(Cow::into_owned)
}

impl Sockets {
    pub(crate) fn new(thrower: Thrower, config: &Config) -> Self {
        Self {
            thrower,
            buffers: Memory::new(MemoryBudget::new(config.throw_memory)),
            stall_timeout: config.body_timeout,
            idle_timeout: config.idle_timeout,
            blocked_timeout: config.blocked_timeout,
        }
    }

    /// Answers the handshake. The session runs in the background.
    pub(crate) fn accept(&self, request: &Request, source: &str, id: &str) -> Result<Response, Problem> {
        let source = source_name(source)?;
        let handshake = Handshake::of(request)?;
        // Messages have keys of their own; a malformed one of the handshake is an error all the same.
        MaybeKey::of(request.headers())?;
        let query = request.uri().query().unwrap_or_default();
        let ThrowArguments { data, control, .. } = ThrowQuery::parse(query)?;
        let control = control?;
        if control.mode != Mode::Whole {
            let detail = "`stream` and `ack=accepted` do not apply to the messages of a WebSocket";
            return Err(Problem::parameter("stream", "not-applicable", detail));
        }
        let ThrowHead { peer, request: head, .. } = ThrowHead::of(request, Transport::WebSocket)?;
        let session = Session {
            thrower: self.thrower.clone(),
            source,
            control,
            arguments: data,
            peer,
            head,
            request_id: id.to_owned(),
            path: request.uri().path().to_owned(),
            stall_timeout: self.stall_timeout,
            idle_timeout: self.idle_timeout,
            blocked_timeout: self.blocked_timeout,
        };
        let max_message = self.thrower.max_throw();
        let config = config(BUFFER_BYTES, max_message);
        let (memory, buffers) = (self.thrower.memory().clone(), self.buffers.clone());
        let blocked_timeout = self.blocked_timeout;
        let response = handshake.response();
        let serve = async move {
            let wrap =
                |io| MemoryLimit::new(WriteTimeout::new(io, blocked_timeout), memory, buffers, max_message);
            let Some((socket, connection)) = handshake.socket(wrap, config).await else { return };
            Box::pin(session.serve(socket, connection)).await;
        };
        tokio::spawn(serve.in_current_span());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
        let request = Request::builder().method(method.parse().unwrap()).uri_str(path);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).finish()
    }

    #[test]
    fn only_throws_are_upgraded() {
        let upgrade = [("upgrade", "h2c, WebSocket")];
        for (method, path, headers, expected) in [
            ("GET", "/", &upgrade[..], Some("inbox")),
            ("GET", "/?a=1", &upgrade, Some("inbox")),
            ("GET", "/throw/caf%C3%A9", &upgrade, Some("café")),
            ("GET", "/throw/a/b", &upgrade, None),
            ("GET", "/health", &upgrade, None),
            ("POST", "/", &upgrade, None),
            ("GET", "/", &[], None),
            ("GET", "/", &[("upgrade", "h2c")], None),
        ] {
            assert_eq!(
                upgrade_source(&request(method, path, headers)).as_deref(),
                expected,
                "{method} {path}"
            );
        }
    }
}
