//! Words as messages of a WebSocket.

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
        Error, Message,
        protocol::{
            CloseFrame, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};
use tracing::Instrument as _;

use super::{
    Streams, TOGETHER,
    saying::{Saying, Script, Word},
};
use crate::{
    problem::Problem,
    socket::{Opening, Patient},
};

/// What a client says is not listened to, and may not be long.
const MAX_MESSAGE: usize = 4 << 10;

/// What is buffered of each direction, for each connection.
const BUFFER: usize = 4 << 10;

/// The most bytes of a frame: a connection keeps room for the longest one it ever sent.
const FRAME: usize = 64 << 10;

/// How long the end may take.
const FAREWELL: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<Patient<Upgraded>>;

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client has closed it.
    Closed,
    /// The client is not there any more.
    Gone,
    /// The client takes nothing.
    Blocked,
    /// The server closes it, and says so.
    Close(CloseCode, &'static str),
}

/// Answers the handshake; the stream goes on by itself.
pub(super) async fn accept(streams: &Streams, request: &Request) -> Result<Response, Problem> {
    let opening = Opening::of(request)?;
    let saying = streams.begin(request).await?;
    let response = opening.answer();
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let (blocked_timeout, metrics) = (streams.blocked_timeout, streams.metrics.clone());
    let serve = async move {
        let patient = |io| Patient::new(io, blocked_timeout);
        // The connection counts as open, and is waited for, until this is dropped.
        let Some((socket, _lifeline)) = opening.socket(patient, config).await else { return };
        if serve(saying, socket).await == End::Blocked {
            metrics.cut_off();
        }
    };
    tokio::spawn(serve.in_current_span());
    Ok(response)
}

async fn serve(mut saying: Saying, socket: Socket) -> End {
    let (mut sink, mut stream) = socket.split();
    let end = {
        let mut stopped = saying.stopped();
        let (telling, hearing) = (pin!(tell(&mut saying, &mut sink)), pin!(hear(&mut stream)));
        // One who takes nothing does not keep the server from stopping.
        let gone = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            sleep(FAREWELL).await;
        };
        tokio::select! {
            end = telling => end,
            end = hearing => end,
            () = gone => End::Gone,
        }
    };
    tracing::debug!(?end, "a stream over a websocket ends");
    let listens = matches!(end, End::Closed | End::Close(..));
    if let (true, Ok(socket)) = (listens, sink.reunite(stream)) {
        let _ = timeout(FAREWELL, farewell(socket, end)).await;
    }
    end
}

/// Says what there is to say, until there is a reason to stop.
async fn tell(saying: &mut Saying, sink: &mut SplitSink<Socket, Message>) -> End {
    while let Some(word) = saying.next().await {
        if let Err(error) = say(saying, sink, word).await {
            return broken(&error);
        }
    }
    if *saying.stopped().borrow() {
        End::Close(CloseCode::Away, "the server stops")
    } else {
        End::Close(CloseCode::Again, "the database does not answer")
    }
}

/// Says something, and with it what else is known by now.
async fn say(saying: &mut Saying, sink: &mut SplitSink<Socket, Message>, word: Word) -> Result<(), Error> {
    let (mut said, mut next) = (0, Some(word));
    while let Some(word) = next {
        for message in messages(&word) {
            said += message.len();
            sink.feed(message).await?;
        }
        next = if said < TOGETHER { saying.more() } else { None };
    }
    sink.flush().await
}

/// Nothing that a client says means anything, but that it goes.
async fn hear(stream: &mut SplitStream<Socket>) -> End {
    loop {
        match stream.next().await {
            Some(Ok(Message::Close(_))) | None => return End::Closed,
            Some(Ok(_)) => {}
            Some(Err(Error::Capacity(_))) => return End::Close(CloseCode::Size, "a message was too large"),
            Some(Err(Error::Utf8(_))) => {
                return End::Close(CloseCode::Invalid, "a text message was not UTF-8");
            }
            Some(Err(Error::Protocol(_))) => {
                return End::Close(CloseCode::Protocol, "a frame was malformed");
            }
            Some(Err(error)) => return broken(&error),
        }
    }
}

/// What it means that no more can be written or read.
fn broken(error: &Error) -> End {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => End::Blocked,
        _ => End::Gone,
    }
}

/// A word as a message, in several frames when it is long.
fn messages(word: &Word) -> Vec<Message> {
    if let Word::Silence = word {
        return vec![Message::Ping(Bytes::new())];
    }
    let mut rest = word.written(Script::Messages, text);
    let (mut frames, mut kind) = (Vec::new(), Data::Text);
    loop {
        let frame = rest.split_to(FRAME.min(rest.len()));
        frames.push(Message::Frame(Frame::message(frame, OpCode::Data(kind), rest.is_empty())));
        if rest.is_empty() {
            return frames;
        }
        kind = Data::Continue;
    }
}

fn text(word: &Word) -> String {
    let mut text = String::from("{");
    if let Some(id) = word.id() {
        // A text takes all that is written into it, and an id has nothing to escape.
        let _ = write!(text, "\"id\":\"{id}\",");
    }
    let _ = write!(text, "\"event\":\"{}\",\"data\":{}}}", word.event(), word.data());
    text
}

/// Says goodbye, and waits until the client has too.
async fn farewell(mut socket: Socket, end: End) {
    let close = match end {
        End::Close(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
        _ => None,
    };
    let _ = socket.close(close).await;
    while let Some(Ok(_)) = socket.next().await {}
}
