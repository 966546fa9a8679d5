//! Streams over a WebSocket.

use std::{fmt::Write as _, io, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use poem::{Request, Response, Upgraded};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message as SocketMessage,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use tracing::Instrument as _;

use super::{
    BATCH_BYTES, Endpoint, Streams,
    stream::{Message, MessageStream, Protocol},
};
use crate::{
    problem::Problem,
    socket::{Handshake, WriteTimeout, config, frames},
};

/// Maximum size of a message from the client, which is ignored.
const MAX_MESSAGE: usize = 4 << 10;

/// Size of the buffer for each direction of a connection.
const BUFFER_BYTES: usize = 4 << 10;

/// Time limit for the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<WriteTimeout<Upgraded>>;

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client has closed it.
    Closed,
    /// The connection is broken.
    Broken,
    /// The client has stopped reading.
    Blocked,
    /// The server closes it, with a code and a reason.
    Close(CloseCode, &'static str),
}

/// Answers the handshake. The stream runs in the background.
pub(super) async fn accept(
    streams: &Streams,
    endpoint: Endpoint,
    request: &Request,
) -> Result<Response, Problem> {
    let handshake = Handshake::of(request)?;
    let messages = streams.open(endpoint, request).await?;
    let response = handshake.response();
    let config = config(BUFFER_BYTES, MAX_MESSAGE);
    let (blocked_timeout, metrics) = (streams.blocked_timeout, streams.metrics.clone());
    let serve = async move {
        let wrap = |io| WriteTimeout::new(io, blocked_timeout);
        // The connection counts as open until its handle is dropped, and shutdown waits for it.
        let Some((socket, _connection)) = handshake.socket(wrap, config).await else { return };
        if serve(messages, socket).await == End::Blocked {
            metrics.count_cut_off();
        }
    };
    tokio::spawn(serve.in_current_span());
    Ok(response)
}

async fn serve(mut messages: MessageStream, socket: Socket) -> End {
    let (mut sink, mut stream) = socket.split();
    let end = {
        let stop = messages.stop_token();
        let (sending, receiving) = (pin!(send(&mut messages, &mut sink)), pin!(receive(&mut stream)));
        // A client that does not read must not delay the server's shutdown.
        let stopped = async {
            stop.cancelled().await;
            sleep(CLOSE_TIMEOUT).await;
        };
        tokio::select! {
            end = sending => end,
            end = receiving => end,
            () = stopped => End::Broken,
        }
    };
    tracing::debug!(?end, "a stream over a WebSocket ended");
    let is_open = matches!(end, End::Closed | End::Close(..));
    if let (true, Ok(socket)) = (is_open, sink.reunite(stream)) {
        let _ = timeout(CLOSE_TIMEOUT, close(socket, end)).await;
    }
    end
}

/// Sends messages until the stream ends.
async fn send(messages: &mut MessageStream, sink: &mut SplitSink<Socket, SocketMessage>) -> End {
    while let Some(message) = messages.next().await {
        if let Err(error) = send_batch(messages, sink, message).await {
            return broken(&error);
        }
    }
    if messages.stop_token().is_cancelled() {
        End::Close(CloseCode::Away, "the server is stopping")
    } else {
        End::Close(CloseCode::Again, "the database does not respond")
    }
}

/// Sends a message with those after it that are ready, up to [`BATCH_BYTES`].
async fn send_batch(
    messages: &mut MessageStream,
    sink: &mut SplitSink<Socket, SocketMessage>,
    message: Message,
) -> Result<(), Error> {
    let (mut bytes, mut next) = (0, Some(message));
    while let Some(message) = next {
        for frame in encoded(&message) {
            bytes += frame.len();
            sink.feed(frame).await?;
        }
        next = if bytes < BATCH_BYTES { messages.try_next() } else { None };
    }
    sink.flush().await
}

/// Reads and ignores messages until the client closes the connection.
async fn receive(stream: &mut SplitStream<Socket>) -> End {
    loop {
        match stream.next().await {
            Some(Ok(SocketMessage::Close(_))) | None => return End::Closed,
            Some(Ok(_)) => {}
            Some(Err(Error::Capacity(_))) => return End::Close(CloseCode::Size, "message too large"),
            Some(Err(Error::Utf8(_))) => {
                return End::Close(CloseCode::Invalid, "text message is not valid UTF-8");
            }
            Some(Err(Error::Protocol(_))) => {
                return End::Close(CloseCode::Protocol, "malformed frame");
            }
            Some(Err(error)) => return broken(&error),
        }
    }
}

fn broken(error: &Error) -> End {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => End::Blocked,
        _ => End::Broken,
    }
}

/// Encodes a message, in several frames if it is long.
fn encoded(message: &Message) -> impl Iterator<Item = SocketMessage> + use<> {
    let (ping, text) = match message {
        Message::KeepAlive => (Some(SocketMessage::Ping(Bytes::new())), None),
        message => (None, Some(message.encoded(Protocol::WebSocket, encode))),
    };
    ping.into_iter().chain(text.into_iter().flat_map(frames))
}

fn encode(message: &Message) -> String {
    let mut text = String::from("{");
    if let Some(id) = message.id() {
        // Writing to a string cannot fail, and an ID needs no escapes.
        let _ = write!(text, "\"id\":\"{id}\",");
    }
    let _ = write!(text, "\"event\":\"{}\",\"data\":{}}}", message.event(), message.data());
    text
}

/// Sends a close frame and waits for the client's.
async fn close(mut socket: Socket, end: End) {
    let frame = match end {
        End::Close(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
        _ => None,
    };
    let _ = socket.close(frame).await;
    while let Some(Ok(_)) = socket.next().await {}
}
