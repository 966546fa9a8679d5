//! A WebSocket client whose messages are JSON.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value as Json;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue},
    },
};

use crate::Api;

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A message of the server, or the end of the connection.
#[derive(Debug)]
pub enum ServerMessage {
    /// A text message that contains JSON.
    Json(Json),
    /// The end of the connection, with the close code if the server sent one.
    Closed(Option<u16>),
}

impl WebSocket {
    /// Opens a WebSocket. Returns the HTTP status if the server refuses the upgrade.
    pub async fn try_connect(api: &Api, path: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let address = format!("{}{path}", api.base().replacen("http://", "ws://", 1));
        let mut request = address.into_client_request().expect("the URL is valid");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("the header is valid");
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("the WebSocket cannot be opened: {error}"),
        }
    }

    /// Opens a WebSocket, and panics if the server refuses the upgrade.
    pub async fn connect(api: &Api, path: &str) -> Self {
        Self::try_connect(api, path, &[])
            .await
            .unwrap_or_else(|status| panic!("{path} was refused with {status}"))
    }

    /// Sends a message. Returns whether the connection is still open.
    pub async fn send(&mut self, message: impl Into<Message>) -> bool {
        self.0.send(message.into()).await.is_ok()
    }

    /// Queues a message without flushing.
    pub async fn feed(&mut self, message: impl Into<Message>) {
        self.0.feed(message.into()).await.expect("the message can be queued");
    }

    /// Sends all queued messages.
    pub async fn flush(&mut self) {
        self.0.flush().await.expect("the messages can be sent");
    }

    /// Receives the next message. Pings are answered and skipped.
    pub async fn receive(&mut self) -> ServerMessage {
        loop {
            let message = timeout(Duration::from_secs(60), self.0.next()).await;
            match message.expect("the server sends a message within 60 seconds") {
                Some(Ok(Message::Text(text))) => {
                    return ServerMessage::Json(serde_json::from_str(&text).expect("the message is JSON"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    // Sends the reply to the close frame.
                    let _ = self.0.flush().await;
                    return ServerMessage::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(other)) => panic!("unexpected message: {other:?}"),
                Some(Err(_)) | None => return ServerMessage::Closed(None),
            }
        }
    }

    /// Receives the next message as JSON, and panics if the connection is closed.
    pub async fn receive_json(&mut self) -> Json {
        match self.receive().await {
            ServerMessage::Json(json) => json,
            ServerMessage::Closed(code) => panic!("the server closed the connection with {code:?}"),
        }
    }

    /// Receives the close code, and panics on any other message.
    pub async fn receive_close(&mut self) -> Option<u16> {
        match self.receive().await {
            ServerMessage::Json(json) => panic!("unexpected message: {json}"),
            ServerMessage::Closed(code) => code,
        }
    }

    /// Returns the underlying TCP stream, to send bytes that are not whole frames.
    pub fn stream_mut(&mut self) -> &mut TcpStream {
        match self.0.get_mut() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => panic!("the connection is encrypted"),
        }
    }

    /// Returns the underlying TCP stream.
    pub fn into_stream(self) -> TcpStream {
        match self.0.into_inner() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => panic!("the connection is encrypted"),
        }
    }
}
