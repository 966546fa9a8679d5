//! WebSockets: every message is a throw, and every throw gets its receipt, in order.
//!
//! ```text
//! handshake ─► session: messages in ─► envelope ─► throw ─► frame ─► receipts out
//! ```

mod envelope;
mod frame;
mod metered;
mod session;

use std::time::Duration;

use percent_encoding::percent_decode_str;
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};
use tracing::Instrument as _;

use self::{metered::Metered, session::Session};
use crate::{
    config::Config,
    extract::{Asked, parse_query_loosely},
    net::Lifeline,
    problem::Problem,
    throwing::{Control, Thrower, Way, source_name},
};

/// The only version of the protocol there is.
const VERSION: &str = "13";

/// What is buffered of each direction, for each connection.
const BUFFER: usize = 16 << 10;

/// Takes WebSockets.
pub(crate) struct Sockets {
    thrower: Thrower,
    idle: Duration,
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
        Self { thrower, idle: config.idle_timeout }
    }

    /// Answers the handshake; the session goes on by itself.
    pub(crate) fn accept(&self, request: &Request, source: &str, id: &str) -> Result<Response, Problem> {
        let source = source_name(source)?;
        let accept = handshake(request.headers())?;
        let mut arguments = parse_query_loosely(request.uri().query().unwrap_or_default());
        let control = Control::take(&mut arguments)?;
        if control.way != Way::Whole {
            let detail = "every message of a WebSocket is thrown whole, and answered when it is committed";
            return Err(Problem::parameter("stream", "not-applicable", detail));
        }
        let upgrade = request.take_upgrade().map_err(|_| not_upgradable())?;
        let lifeline = request.data::<Lifeline>().cloned().ok_or_else(not_upgradable)?;
        let session = Session {
            thrower: self.thrower.clone(),
            source,
            control,
            arguments,
            peer: Asked::of(request)?.peer,
            request: id.to_owned(),
            path: request.uri().path().to_owned(),
            idle: self.idle,
            lifeline,
        };
        let most = self.thrower.max_throw();
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let memory = self.thrower.memory().clone();
        let serve = async move {
            // A client that goes away between the two has nothing to be told.
            let Ok(upgraded) = upgrade.await else { return };
            let metered = Metered::new(upgraded, memory);
            let socket = WebSocketStream::from_raw_socket(metered, Role::Server, Some(config)).await;
            session.serve(socket).await;
        };
        tokio::spawn(serve.in_current_span());
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, accept);
        Ok(response.finish())
    }
}

/// The answer to the client's key.
fn handshake(headers: &HeaderMap) -> Result<String, Problem> {
    if !names(headers, &header::CONNECTION, "upgrade") {
        return Err(refused(StatusCode::BAD_REQUEST, "the Connection header has to say `upgrade`"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
        let problem = refused(StatusCode::UPGRADE_REQUIRED, "the version of WebSocket has to be 13");
        return Err(problem.with_header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION)));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(derive_accept_key(key.as_bytes())),
        None => Err(refused(StatusCode::BAD_REQUEST, "the Sec-WebSocket-Key header is missing")),
    }
}

/// Whether a header has this among its values.
fn names(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
    let sent = headers.get_all(name).iter().filter_map(|sent| sent.to_str().ok());
    sent.flat_map(|sent| sent.split(',')).any(|sent| sent.trim().eq_ignore_ascii_case(value))
}

fn refused(status: StatusCode, detail: &str) -> Problem {
    Problem::new(status, "handshake", "This is not how a WebSocket is opened", detail)
}

fn not_upgradable() -> Problem {
    refused(StatusCode::BAD_REQUEST, "this connection cannot be upgraded")
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

    #[test]
    fn a_handshake_is_checked() {
        let good = [
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let accept = handshake(request("GET", "/", &good).headers()).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (left_out, status) in [(0, 400), (1, 426), (2, 400)] {
            let headers: Vec<_> =
                (0..3).filter(|index| *index != left_out).map(|index| good[index]).collect();
            let refused = handshake(request("GET", "/", &headers).headers()).unwrap_err();
            assert_eq!(refused.status, status);
        }
    }
}
