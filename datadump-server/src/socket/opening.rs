//! How a connection becomes a WebSocket, whatever is to be said on it.

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

use crate::{net::Lifeline, problem::Problem};

/// The only version of the protocol there is.
const VERSION: &str = "13";

/// A connection that is about to be a WebSocket.
pub(crate) struct Opening {
    upgrade: OnUpgrade,
    lifeline: Lifeline,
    accept: String,
}

impl Opening {
    /// What a request opens, if it is how one is opened.
    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        let accept = handshake(request.headers())?;
        let upgrade = request.take_upgrade().map_err(|_| not_upgradable())?;
        let lifeline = request.data::<Lifeline>().cloned().ok_or_else(not_upgradable)?;
        Ok(Self { upgrade, lifeline, accept })
    }

    /// The answer to the handshake.
    pub(crate) fn answer(&self) -> Response {
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, &self.accept);
        response.finish()
    }

    /// The WebSocket, once that was answered; none when the client has gone away meanwhile. As long as somebody
    /// holds the lifeline the connection counts as open, and a stop waits for it.
    pub(crate) async fn socket<T>(
        self,
        wrap: impl FnOnce(Upgraded) -> T,
        config: WebSocketConfig,
    ) -> Option<(WebSocketStream<T>, Lifeline)>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let upgraded = self.upgrade.await.ok()?;
        let socket = WebSocketStream::from_raw_socket(wrap(upgraded), Role::Server, Some(config)).await;
        Some((socket, self.lifeline))
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
pub(crate) fn names(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
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
        let accept = handshake(request(&good).headers()).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (left_out, status) in [(0, 400), (1, 426), (2, 400)] {
            let headers: Vec<_> =
                (0..3).filter(|index| *index != left_out).map(|index| good[index]).collect();
            let refused = handshake(request(&headers).headers()).unwrap_err();
            assert_eq!(refused.status, status);
        }
    }
}
