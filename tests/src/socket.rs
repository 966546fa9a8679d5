//! A WebSocket to a server, for tests: what is said, and what is heard, as JSON.

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
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What is heard.
#[derive(Debug)]
pub enum Heard {
    /// A text, which is JSON.
    Answer(Json),
    /// The end, with its code if the server said one.
    Closed(Option<u16>),
}

impl Socket {
    /// Opens one; the status when it is refused.
    pub async fn open(api: &Api, path: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let address = format!("{}{path}", api.base().replacen("http://", "ws://", 1));
        let mut request = address.into_client_request().expect("an address");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no websocket: {error}"),
        }
    }

    /// Opens one that is not refused.
    pub async fn at(api: &Api, path: &str) -> Self {
        Self::open(api, path, &[]).await.unwrap_or_else(|status| panic!("refused with {status}: {path}"))
    }

    /// Says something; whether it could be said.
    pub async fn say(&mut self, message: impl Into<Message>) -> bool {
        self.0.send(message.into()).await.is_ok()
    }

    /// Says it without waiting for it to be sent.
    pub async fn whisper(&mut self, message: impl Into<Message>) {
        self.0.feed(message.into()).await.expect("it can be said");
    }

    /// Sends all that was whispered.
    pub async fn flush(&mut self) {
        self.0.flush().await.expect("it can be sent");
    }

    /// What is heard next. Pings are answered and not told.
    pub async fn hear(&mut self) -> Heard {
        loop {
            let heard = timeout(Duration::from_secs(60), self.0.next()).await.expect("nothing is heard");
            match heard {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Answer(serde_json::from_str(&text).expect("answers are JSON"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    // The answer to it is sent with whatever is done next.
                    let _ = self.0.flush().await;
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(other)) => panic!("heard {other:?}"),
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Json {
        match self.hear().await {
            Heard::Answer(answer) => answer,
            Heard::Closed(code) => panic!("closed with {code:?}"),
        }
    }

    /// The code it is closed with, after nothing more was said.
    pub async fn closed(&mut self) -> Option<u16> {
        match self.hear().await {
            Heard::Answer(answer) => panic!("heard {answer}"),
            Heard::Closed(code) => code,
        }
    }

    /// The connection below it.
    pub fn raw(self) -> TcpStream {
        match self.0.into_inner() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => panic!("not a plain connection"),
        }
    }
}
