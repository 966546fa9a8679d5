//! WebSockets: every message is a throw, and every throw gets its receipt, in order.
//!
//! ```text
//! handshake ─► session: messages in ─► envelope ─► throw ─► frame ─► receipts out
//! ```
//!
//! How a WebSocket is opened, and how long its client is waited for, is the same for [streams](crate::live).

mod envelope;
mod frame;
mod metered;
mod opening;
mod patient;
mod session;

use std::time::Duration;

use percent_encoding::percent_decode_str;
use poem::{
    Request, Response,
    http::{Method, header},
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tracing::Instrument as _;

use self::{metered::Metered, session::Session};
pub(crate) use self::{
    opening::{Opening, names},
    patient::Patient,
};
use crate::{
    config::Config,
    extract::{Asked, parse_query_loosely},
    problem::Problem,
    throwing::{Control, Thrower, Way, source_name},
};

/// What is buffered of each direction, for each connection.
const BUFFER: usize = 16 << 10;

/// Takes WebSockets.
pub(crate) struct Sockets {
    thrower: Thrower,
    idle: Duration,
    blocked: Duration,
}

/// The source a request wants to throw at over a WebSocket, if that is what it wants.
pub(crate) fn asked(request: &Request) -> Option<String> {
    if request.method() != Method::GET || !names(request.headers(), &header::UPGRADE, "websocket") {
        return None;
    }
    match request.uri().path() {
        "/" => Some(String::new()),
        path => {
            let source = path.strip_prefix("/throw/").filter(|source| !source.contains('/'))?;
            Some(percent_decode_str(source).decode_utf8_lossy().into_owned())
        }
    }
}

impl Sockets {
    pub(crate) fn new(thrower: Thrower, config: &Config) -> Self {
        Self { thrower, idle: config.idle_timeout, blocked: config.blocked_timeout }
    }

    /// Answers the handshake; the session goes on by itself.
    pub(crate) fn accept(&self, request: &Request, source: &str, id: &str) -> Result<Response, Problem> {
        let source = source_name(source)?;
        let opening = Opening::of(request)?;
        let mut arguments = parse_query_loosely(request.uri().query().unwrap_or_default());
        let control = Control::take(&mut arguments)?;
        if control.way != Way::Whole {
            let detail = "every message of a WebSocket is thrown whole, and answered when it is committed";
            return Err(Problem::parameter("stream", "not-applicable", detail));
        }
        let session = Session {
            thrower: self.thrower.clone(),
            source,
            control,
            arguments,
            peer: Asked::of(request)?.peer,
            request: id.to_owned(),
            path: request.uri().path().to_owned(),
            idle: self.idle,
            blocked: self.blocked,
        };
        let most = self.thrower.max_throw();
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let memory = self.thrower.memory().clone();
        let response = opening.answer();
        let serve = async move {
            let metered = |io| Metered::new(io, memory);
            let Some((socket, lifeline)) = opening.socket(metered, config).await else { return };
            session.serve(socket, lifeline).await;
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
    fn only_doors_of_throws_are_upgraded() {
        let upgrade = [("upgrade", "h2c, WebSocket")];
        for (method, path, headers, expected) in [
            ("GET", "/", &upgrade[..], Some("")),
            ("GET", "/?a=1", &upgrade, Some("")),
            ("GET", "/throw/caf%C3%A9", &upgrade, Some("café")),
            ("GET", "/throw/a/b", &upgrade, None),
            ("GET", "/health", &upgrade, None),
            ("POST", "/", &upgrade, None),
            ("GET", "/", &[], None),
            ("GET", "/", &[("upgrade", "h2c")], None),
        ] {
            assert_eq!(asked(&request(method, path, headers)).as_deref(), expected, "{method} {path}");
        }
    }
}
