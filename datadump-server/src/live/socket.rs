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
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    Endpoint, Streams,
    multiplexed::MultiplexedSession,
    stream::{BATCH_BYTES, Message, MessageStream, Protocol},
};
use crate::{
    problem::Problem,
    socket::{Handshake, WriteTimeout, config, frames},
};

/// Maximum size of a message from the client, if messages are ignored.
const MAX_IGNORED_MESSAGE: usize = 4 << 10;

/// Maximum size of a message from the client, if it adds or removes a subscription.
const MAX_MESSAGE: usize = 64 << 10;

/// Size of the buffer for each direction of a connection.
const BUFFER_BYTES: usize = 4 << 10;

/// Time limit for the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<WriteTimeout<Upgraded>>;

/// The half that sends to a client.
pub(super) type Sink = SplitSink<Socket, SocketMessage>;

/// The half that receives from a client.
pub(super) type Source = SplitStream<Socket>;

/// The end of a stream when the server stops.
pub(super) const SERVER_STOPS: End = End::Close(CloseCode::Away, "the server is stopping");

/// The end of a stream when it can no longer read changes.
pub(super) const DATABASE_FAILS: End = End::Close(CloseCode::Again, "the database does not respond");

/// The subscriptions that a WebSocket serves.
pub(super) enum Session {
    /// One stream; messages of the client are ignored.
    One(MessageStream),
    /// The subscriptions that the client asks for.
    Multiplexed(Box<MultiplexedSession>),
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
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
    id: &str,
) -> Result<Response, Problem> {
    let handshake = Handshake::of(request)?;
    let session = streams.session(endpoint, request, id).await?;
    let response = handshake.response();
    let config = config(BUFFER_BYTES, session.max_message());
    let (blocked_timeout, metrics) = (streams.blocked_timeout, streams.metrics.clone());
    let serve = async move {
        let wrap = |io| WriteTimeout::new(io, blocked_timeout);
        // The connection counts as open until its handle is dropped, and shutdown waits for it.
        let Some((socket, _connection)) = handshake.socket(wrap, config).await else { return };
        if serve(session, socket).await == End::Blocked {
            metrics.count_cut_off();
        }
    };
    tokio::spawn(serve.in_current_span());
    Ok(response)
}

impl Session {
    fn max_message(&self) -> usize {
        match self {
            Self::One(_) => MAX_IGNORED_MESSAGE,
            Self::Multiplexed(_) => MAX_MESSAGE,
        }
    }

    fn stop_token(&self) -> CancellationToken {
        match self {
            Self::One(messages) => messages.stop_token(),
            Self::Multiplexed(session) => session.stop_token(),
        }
    }

    async fn run(&mut self, sink: &mut Sink, source: &mut Source) -> End {
        match self {
            Self::One(messages) => {
                let (sending, ignoring) = (pin!(send(messages, sink)), pin!(ignore(source)));
                tokio::select! {
                    end = sending => end,
                    end = ignoring => end,
                }
            }
            Self::Multiplexed(session) => session.run(sink, source).await,
        }
    }
}

async fn serve(mut session: Session, socket: Socket) -> End {
    let (mut sink, mut source) = socket.split();
    let end = {
        let stop = session.stop_token();
        // A client that does not read must not delay the server's shutdown.
        let stopped = async {
            stop.cancelled().await;
            sleep(CLOSE_TIMEOUT).await;
        };
        tokio::select! {
            end = session.run(&mut sink, &mut source) => end,
            () = stopped => End::Broken,
        }
    };
    tracing::debug!(?end, "a stream over a WebSocket ended");
    let is_open = matches!(end, End::Closed | End::Close(..));
    if let (true, Ok(socket)) = (is_open, sink.reunite(source)) {
        let _ = timeout(CLOSE_TIMEOUT, close(socket, end)).await;
    }
    end
}

/// Sends messages until the stream ends.
async fn send(messages: &mut MessageStream, sink: &mut Sink) -> End {
    while let Some(message) = messages.next().await {
        if let Err(error) = send_batch(messages, sink, message).await {
            return broken(&error);
        }
    }
    if messages.stop_token().is_cancelled() { SERVER_STOPS } else { DATABASE_FAILS }
}

/// Sends a message with those after it that are ready, up to [`BATCH_BYTES`].
async fn send_batch(messages: &mut MessageStream, sink: &mut Sink, message: Message) -> Result<(), Error> {
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
async fn ignore(source: &mut Source) -> End {
    loop {
        if let Err(end) = receive(source).await {
            return end;
        }
    }
}

/// Waits for the next message of the client, or its end.
pub(super) async fn receive(source: &mut Source) -> Result<SocketMessage, End> {
    match source.next().await {
        Some(Ok(SocketMessage::Close(_))) | None => Err(End::Closed),
        Some(Ok(message)) => Ok(message),
        Some(Err(Error::Capacity(_))) => Err(End::Close(CloseCode::Size, "message too large")),
        Some(Err(Error::Utf8(_))) => Err(End::Close(CloseCode::Invalid, "text message is not valid UTF-8")),
        Some(Err(Error::Protocol(_))) => Err(End::Close(CloseCode::Protocol, "malformed frame")),
        Some(Err(error)) => Err(broken(&error)),
    }
}

pub(super) fn broken(error: &Error) -> End {
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

/// Encodes a message as one text.
pub(super) fn encode(message: &Message) -> String {
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
