//! One WebSocket from its opening to its close.
//!
//! Messages are thrown side by side, a window of them at a time, and answered in order. Beyond the
//! window nothing is read: a client that sends faster than its throws are committed is slowed down
//! by its own connection.

use std::{net::IpAddr, ops::ControlFlow, time::Duration};

use bytes::Bytes;
use datadump_core::{IdempotencyKey, Incoming, Receipt, SourceName};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _, future::BoxFuture, stream::FuturesOrdered};
use poem::http::StatusCode;
use tokio::{
    io::AsyncReadExt as _,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{envelope::open, frame, metered::Metered};
use crate::{
    extract::malformed,
    net::Lifeline,
    problem::Problem,
    throwing::{Control, Errors, Lease, Thrower},
};

/// The most messages, and about the most bytes, that are not answered yet.
const WINDOW: usize = 64;
const WINDOW_BYTES: usize = 16 << 20;

/// After a refusal what a client still sends is read for so long, so that it hears why.
const FAREWELL: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<Metered>;

/// A WebSocket, and what was said when it was opened.
pub(super) struct Session {
    pub(super) thrower: Thrower,
    pub(super) source: SourceName,
    pub(super) control: Control,
    /// The arguments of the address; they go with every message.
    pub(super) arguments: Vec<(String, String)>,
    pub(super) peer: Option<IpAddr>,
    /// The id of the request that opened it.
    pub(super) request: String,
    pub(super) path: String,
    /// How long a client may say nothing at all; it is asked for a sign of life before.
    pub(super) idle: Duration,
    /// How long an answer may take to be sent to a client that does not listen.
    pub(super) blocked: Duration,
}

/// What a message has become: the text of its answer, and how many bytes it had.
type Answers = FuturesOrdered<BoxFuture<'static, (String, usize)>>;

/// Why no more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client has closed it, or has nothing more to say.
    Closed,
    /// The client does not listen.
    Gone,
    /// The server closes it, and says so.
    Close(CloseCode),
}

impl Session {
    /// Serves it to its end.
    pub(super) async fn serve(self, mut socket: Socket, mut lifeline: Lifeline) {
        let mut answers = Answers::new();
        let end = self.read(&mut socket, &mut answers, &mut lifeline).await;
        tracing::debug!(?end, "a websocket ends");
        // What was accepted is finished and, if anybody listens, answered.
        let mut listens = end != End::Gone;
        while let Some((answer, _)) = answers.next().await {
            listens = listens && self.send(&mut socket, answer, &mut answers).await.is_ok();
        }
        if listens {
            // Whether it was heard or not, the connection ends here.
            let _ = timeout(FAREWELL, farewell(&mut socket, end)).await;
        }
    }

    /// Reads and answers messages until there is a reason to stop.
    async fn read(&self, socket: &mut Socket, answers: &mut Answers, lifeline: &mut Lifeline) -> End {
        let (mut waiting, mut asked_at) = (0, None);
        loop {
            let has_room = answers.len() < WINDOW && waiting < WINDOW_BYTES;
            let heard = socket.get_ref().heard();
            // Asked once for a sign of life, and given up at twice that time.
            let asked = asked_at.is_some_and(|at: Instant| at > heard);
            let patience = heard + if asked { self.idle } else { self.idle / 2 };
            let flow = tokio::select! {
                biased;
                () = lifeline.stopped() => ControlFlow::Break(End::Close(CloseCode::Away)),
                Some((answer, length)) = answers.next(), if !answers.is_empty() => {
                    waiting -= length;
                    match self.send(socket, answer, answers).await {
                        Ok(lengths) => {
                            waiting -= lengths;
                            ControlFlow::Continue(())
                        }
                        Err(_) => ControlFlow::Break(End::Gone),
                    }
                }
                message = socket.next(), if has_room => {
                    let before = answers.len();
                    let (flow, length) = self.take(socket, message, answers);
                    waiting += if answers.len() > before { length } else { 0 };
                    flow
                }
                () = sleep_until(patience), if has_room => {
                    if socket.get_ref().heard() > heard {
                        // A part of a message is a sign of life too.
                        ControlFlow::Continue(())
                    } else if asked {
                        ControlFlow::Break(End::Close(CloseCode::Policy))
                    } else {
                        asked_at = Some(Instant::now());
                        match timeout(self.blocked, socket.send(Message::Ping(Bytes::new()))).await {
                            Ok(Ok(())) => ControlFlow::Continue(()),
                            _ => ControlFlow::Break(End::Gone),
                        }
                    }
                }
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    /// Throws a message, or says why it is the last one; and how long it is.
    fn take(
        &self,
        socket: &mut Socket,
        message: Option<Result<Message, Error>>,
        answers: &mut Answers,
    ) -> (ControlFlow<End>, usize) {
        let bytes = match message {
            Some(Ok(Message::Text(text))) => Bytes::from(text),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                return (ControlFlow::Continue(()), 0);
            }
            Some(Ok(Message::Close(_))) | None => return (ControlFlow::Break(End::Closed), 0),
            Some(Err(error)) => {
                let (end, problem) = failed(&error, self.thrower.max_throw());
                if let Some(problem) = problem {
                    let answer = self.answer(None, Err(problem));
                    answers.push_back(async move { (answer, 0) }.boxed());
                }
                return (ControlFlow::Break(end), 0);
            }
        };
        let (length, lease) = (bytes.len(), socket.get_mut().take_lease());
        answers.push_back(self.throw(bytes, lease).boxed());
        (ControlFlow::Continue(()), length)
    }

    /// Throws the bytes of a message. It takes nothing of the session with it.
    fn throw(&self, bytes: Bytes, mut lease: Lease) -> impl Future<Output = (String, usize)> + use<> {
        let length = bytes.len();
        let opened = open(bytes);
        let once = opened.key.as_deref().map(IdempotencyKey::parse).transpose();
        let incoming = Incoming {
            body: opened.body,
            content_type: opened.content_type,
            arguments: self.arguments.clone(),
            format: opened.format.or_else(|| self.control.format.clone()),
            peer: self.peer,
            strict: self.control.errors == Errors::Refuse,
            ..Incoming::default()
        };
        let (thrower, source) = (self.thrower.clone(), self.source.clone());
        let (request, path) = (self.request.clone(), self.path.clone());
        async move {
            let outcome = match (lease.grow_to(length), once) {
                (Ok(()), Ok(once)) => {
                    let incoming = Incoming { once: once.map(Into::into), ..incoming };
                    thrower.throw_message(&source, incoming).await
                }
                (Ok(()), Err(why)) => Err(malformed(why)),
                (Err(problem), _) => Err(problem),
            };
            let outcome = outcome.map_err(|problem| problem.at(&request, &path));
            (text(opened.id.as_deref(), outcome), length)
        }
    }

    /// Sends an answer, and with it those after it that are there already; how many bytes they were for.
    async fn send(&self, socket: &mut Socket, answer: String, answers: &mut Answers) -> Result<usize, Gone> {
        let mut lengths = 0;
        let sending = async {
            socket.feed(Message::text(answer)).await?;
            while let Some(Some((answer, length))) = answers.next().now_or_never() {
                lengths += length;
                socket.feed(Message::text(answer)).await?;
            }
            socket.flush().await
        };
        match timeout(self.blocked, sending).await {
            Ok(Ok(())) => Ok(lengths),
            _ => Err(Gone),
        }
    }

    fn answer(&self, id: Option<&serde_json::value::RawValue>, outcome: Result<Receipt, Problem>) -> String {
        text(id, outcome.map_err(|problem| problem.at(&self.request, &self.path)))
    }
}

fn text(id: Option<&serde_json::value::RawValue>, outcome: Result<Receipt, Problem>) -> String {
    frame::answer(id, outcome).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        r#"{"ok":false,"status":500,"code":"internal"}"#.to_owned()
    })
}

/// Nobody listens any more.
struct Gone;

/// What an error of the protocol means for the connection, and for who sent the message.
fn failed(error: &Error, most: usize) -> (End, Option<Problem>) {
    let problem =
        |status, code, detail: String| Some(Problem::new(status, code, "The message is not taken", detail));
    match error {
        Error::Capacity(_) => {
            let detail = format!("a message has at most {most} bytes");
            (End::Close(CloseCode::Size), problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail))
        }
        Error::Utf8(_) => {
            let detail = "a text message is UTF-8; anything else is sent as a binary one".to_owned();
            (End::Close(CloseCode::Invalid), problem(StatusCode::BAD_REQUEST, "not-utf8", detail))
        }
        Error::Protocol(_) => (End::Close(CloseCode::Protocol), None),
        Error::Io(error) if error.kind() == std::io::ErrorKind::OutOfMemory => {
            let detail = "the throws under way have all the memory there is for them; try again later";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            (End::Close(CloseCode::Again), problem(status, "overloaded", detail.into()))
        }
        _ => (End::Closed, None),
    }
}

fn reason(code: CloseCode) -> &'static str {
    match code {
        CloseCode::Away => "the server stops",
        CloseCode::Size => "a message was too large",
        CloseCode::Invalid => "a text message was not UTF-8",
        CloseCode::Again => "too much at once; try again later",
        CloseCode::Policy => "nothing was heard for too long",
        _ => "a frame was malformed",
    }
}

/// Says goodbye, and waits until the client has too.
async fn farewell(socket: &mut Socket, end: End) {
    let close = match end {
        End::Close(code) => Some(CloseFrame { code, reason: reason(code).into() }),
        _ => None,
    };
    let _ = socket.close(close).await;
    while let Some(Ok(_)) = socket.next().await {}
    // What a client sends after it was refused is read and thrown away: a connection that is closed
    // with bytes unread is reset, and the client never reads the answer.
    if let End::Close(CloseCode::Size | CloseCode::Invalid | CloseCode::Protocol | CloseCode::Again) = end {
        let mut buffer = vec![0; 16 << 10];
        while matches!(socket.get_mut().raw().read(&mut buffer).await, Ok(1..)) {}
    }
}
