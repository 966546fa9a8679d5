//! The opening handshake of a WebSocket.

use poem::{
    OnUpgrade, Request, Response, Upgraded,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{connection_handle::ConnectionHandle, problem::Problem};

/// The only version of the protocol.
const VERSION: &str = "13";

/// A valid handshake that is not answered yet.
pub(crate) struct Handshake {
    upgrade: OnUpgrade,
    connection: ConnectionHandle,
    accept: String,
}

impl Handshake {
    /// Checks the handshake in a request.
    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        let accept = accept_key(request.headers())?;
        let upgrade = request.take_upgrade().map_err(|_| not_upgradable())?;
        let connection = request.data::<ConnectionHandle>().cloned().ok_or_else(not_upgradable)?;
        Ok(Self { upgrade, connection, accept })
    }

    /// Returns the response that accepts the handshake.
    pub(crate) fn response(&self) -> Response {
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, &self.accept);
        response.finish()
    }

    /// Waits until the response is sent and returns the WebSocket, or `None` if the client is gone. The
    /// connection counts as open until the handle is dropped, and shutdown waits for it.
    pub(crate) async fn socket<T>(
        self,
        wrap: impl FnOnce(Upgraded) -> T,
        config: WebSocketConfig,
    ) -> Option<(WebSocketStream<T>, ConnectionHandle)>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let upgraded = self.upgrade.await.ok()?;
        let socket = WebSocketStream::from_raw_socket(wrap(upgraded), Role::Server, Some(config)).await;
        Some((socket, self.connection))
    }
}

/// Checks the headers of a handshake and returns the response to the client's key.
fn accept_key(headers: &HeaderMap) -> Result<String, Problem> {
    if !has_token(headers, &header::CONNECTION, "upgrade") {
        return Err(refused(StatusCode::BAD_REQUEST, "the Connection header must contain `upgrade`"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
        let problem = refused(StatusCode::UPGRADE_REQUIRED, "the Sec-WebSocket-Version header must be 13");
        return Err(problem.with_header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION)));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(derive_accept_key(key.as_bytes())),
        None => Err(refused(StatusCode::BAD_REQUEST, "the Sec-WebSocket-Key header is missing")),
    }
}

/// Returns whether a comma-separated header contains a token.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
    let sent = headers.get_all(name).iter().filter_map(|sent| sent.to_str().ok());
    sent.flat_map(|sent| sent.split(',')).any(|sent| sent.trim().eq_ignore_ascii_case(value))
}

fn refused(status: StatusCode, detail: &str) -> Problem {
    Problem::new(status, "handshake", "The WebSocket handshake is not valid", detail)
}

fn not_upgradable() -> Problem {
    refused(StatusCode::BAD_REQUEST, "this connection cannot be upgraded")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        headers
            .iter()
            .fold(Request::builder(), |request, (name, value)| request.header(*name, *value))
            .finish()
    }

    #[test]
    fn a_handshake_is_checked() {
        let good = [
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let accept = accept_key(request(&good).headers()).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (left_out, status) in [(0, 400), (1, 426), (2, 400)] {
            let headers: Vec<_> =
                (0..3).filter(|index| *index != left_out).map(|index| good[index]).collect();
            let refused = accept_key(request(&headers).headers()).unwrap_err();
            assert_eq!(refused.status, status);
        }
    }
}
