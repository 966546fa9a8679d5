//! A WebSocket session that throws messages.
//!
//! A window of messages is thrown concurrently and answered in order. When the window is full, nothing is
//! read: TCP flow control slows down a client that sends faster than its throws are committed.

use std::{net::IpAddr, ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use datadump_core::{IdempotencyKey, Incoming, Receipt, RequestHead, SourceName};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _, future::BoxFuture, stream::FuturesOrdered};
use poem::{Upgraded, http::StatusCode};
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

use super::{WriteTimeout, envelope, frames, memory_limit::MemoryLimit, response};
use crate::{
    connection_handle::ConnectionHandle,
    extract::{malformed, too_slow},
    problem::Problem,
    throwing::{Control, Lease, OnError, STREAM_HINT, Thrower},
};

/// Maximum number of unanswered messages, and the number of unanswered bytes after which nothing more is
/// read.
const MAX_UNANSWERED: usize = 64;
const MAX_UNANSWERED_BYTES: usize = 16 << 20;

/// Time limit for the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<MemoryLimit<WriteTimeout<Upgraded>>>;

/// The settings of a session, from the request that opened it.
pub(super) struct Session {
    pub(super) thrower: Thrower,
    pub(super) source: SourceName,
    pub(super) control: Control,
    /// Query parameters, stored with every message.
    pub(super) arguments: Vec<(String, String)>,
    pub(super) peer: Option<IpAddr>,
    /// The request that opened the session, kept with every message.
    pub(super) head: Arc<RequestHead>,
    /// ID of the request that opened the session.
    pub(super) request_id: String,
    pub(super) path: String,
    /// Time for which an incomplete message may stall; the whole message may take ten times as long.
    pub(super) stall_timeout: Duration,
    /// How long the client may be silent; it is pinged after half of this time.
    pub(super) idle_timeout: Duration,
    /// How long sending responses may take.
    pub(super) blocked_timeout: Duration,
}

/// Responses in the order of the messages, each with the size of its message.
type Responses = FuturesOrdered<BoxFuture<'static, (String, usize)>>;

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client has closed it.
    Closed,
    /// The connection is broken, or the client does not read.
    Broken,
    /// The server closes it.
    Close(CloseCode),
}

impl Session {
    /// Serves the session to its end.
    pub(super) async fn serve(self, mut socket: Socket, connection: ConnectionHandle) {
        let mut responses = Responses::new();
        let end = self.read(&mut socket, &mut responses, &connection).await;
        tracing::debug!(?end, "a WebSocket session ended");
        // Messages that were read are committed and, if the connection works, answered.
        let mut can_send = end != End::Broken;
        while let Some((response, _)) = responses.next().await {
            can_send = can_send && self.send(&mut socket, response, &mut responses).await.is_ok();
        }
        if can_send {
            // The connection is closed, whether the client takes part in the handshake or not.
            let _ = timeout(CLOSE_TIMEOUT, close(&mut socket, end)).await;
        }
    }

    /// Reads and answers messages until the session ends.
    async fn read(
        &self,
        socket: &mut Socket,
        responses: &mut Responses,
        connection: &ConnectionHandle,
    ) -> End {
        let (mut unanswered_bytes, mut pinged_at) = (0, None);
        loop {
            let can_read = responses.len() < MAX_UNANSWERED && unanswered_bytes < MAX_UNANSWERED_BYTES;
            let received = socket.get_ref().last_received();
            // A silent client is pinged once, and disconnected if it stays silent for the same time again.
            let is_pinged = pinged_at.is_some_and(|at: Instant| at > received);
            let silent = received + if is_pinged { self.idle_timeout } else { self.idle_timeout / 2 };
            let message = socket.get_ref().message_deadline(self.stall_timeout);
            // A message may begin meanwhile, so the deadline is recomputed at least once per stall timeout.
            let deadline = message.unwrap_or_else(|| Instant::now() + self.stall_timeout).min(silent);
            let flow = tokio::select! {
                biased;
                () = connection.stopped() => ControlFlow::Break(End::Close(CloseCode::Away)),
                Some((response, length)) = responses.next(), if !responses.is_empty() => {
                    unanswered_bytes -= length;
                    match self.send(socket, response, responses).await {
                        Ok(lengths) => {
                            unanswered_bytes -= lengths;
                            ControlFlow::Continue(())
                        }
                        Err(_) => ControlFlow::Break(End::Broken),
                    }
                }
                message = socket.next(), if can_read => {
                    let before = responses.len();
                    let (flow, length) = self.handle(socket, message, responses);
                    unanswered_bytes += if responses.len() > before { length } else { 0 };
                    flow
                }
                () = sleep_until(deadline), if can_read => {
                    let (now, connection) = (Instant::now(), socket.get_ref());
                    let is_due = |deadline| deadline <= now;
                    if connection.message_deadline(self.stall_timeout).is_some_and(is_due) {
                        self.refuse(too_slow("message"), End::Close(CloseCode::Policy), responses)
                    } else if connection.last_received() > received || !is_due(silent) {
                        ControlFlow::Continue(())
                    } else if is_pinged {
                        ControlFlow::Break(End::Close(CloseCode::Policy))
                    } else {
                        pinged_at = Some(Instant::now());
                        match timeout(self.blocked_timeout, socket.send(Message::Ping(Bytes::new()))).await {
                            Ok(Ok(())) => ControlFlow::Continue(()),
                            _ => ControlFlow::Break(End::Broken),
                        }
                    }
                }
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    /// Throws a message or ends the session. Returns the size of the message.
    fn handle(
        &self,
        socket: &mut Socket,
        message: Option<Result<Message, Error>>,
        responses: &mut Responses,
    ) -> (ControlFlow<End>, usize) {
        let bytes = match message {
            Some(Ok(Message::Text(text))) => Bytes::from(text),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                socket.get_mut().end_control_frame();
                return (ControlFlow::Continue(()), 0);
            }
            Some(Ok(Message::Close(_))) | None => return (ControlFlow::Break(End::Closed), 0),
            Some(Err(error)) => {
                let (end, problem) = on_error(&error, self.thrower.max_throw());
                return match problem {
                    Some(problem) => (self.refuse(problem, end, responses), 0),
                    None => (ControlFlow::Break(end), 0),
                };
            }
        };
        let (length, lease) = (bytes.len(), socket.get_mut().take_lease());
        responses.push_back(self.throw(bytes, lease).boxed());
        (ControlFlow::Continue(()), length)
    }

    /// Answers with a problem and ends the session.
    fn refuse(&self, problem: Problem, end: End, responses: &mut Responses) -> ControlFlow<End> {
        let response = encode(None, Err(problem.at(&self.request_id, &self.path)));
        responses.push_back(async move { (response, 0) }.boxed());
        ControlFlow::Break(end)
    }

    /// Throws a message. The future does not borrow the session.
    fn throw(&self, bytes: Bytes, mut lease: Lease) -> impl Future<Output = (String, usize)> + use<> {
        let length = bytes.len();
        let message = envelope::parse(bytes);
        let key = message.key.as_deref().map(IdempotencyKey::parse).transpose();
        let incoming = Incoming {
            body: message.body,
            content_type: message.content_type,
            arguments: self.arguments.clone(),
            format: message.format.or_else(|| self.control.format.clone()),
            peer: self.peer,
            head: Some(self.head.clone()),
            strict: self.control.on_error == OnError::Refuse,
            ..Incoming::default()
        };
        let (thrower, source) = (self.thrower.clone(), self.source.clone());
        let (request_id, path) = (self.request_id.clone(), self.path.clone());
        async move {
            let outcome = match (lease.grow_to(length), key) {
                (Ok(()), Ok(key)) => {
                    let incoming = Incoming { key: key.map(Into::into), ..incoming };
                    thrower.throw_message(&source, incoming).await
                }
                (Ok(()), Err(why)) => Err(malformed(why)),
                (Err(problem), _) => Err(problem),
            };
            let outcome = outcome.map_err(|problem| problem.at(&request_id, &path));
            (encode(message.id.as_deref(), outcome), length)
        }
    }

    /// Sends a response with those after it that are ready. Returns the size of the messages of the latter.
    async fn send(
        &self,
        socket: &mut Socket,
        response: String,
        responses: &mut Responses,
    ) -> Result<usize, Broken> {
        let mut lengths = 0;
        let sending = async {
            // Pongs may wait for a client that does not read.
            socket.flush().await?;
            for frame in frames(response) {
                socket.feed(frame).await?;
            }
            while let Some(Some((response, length))) = responses.next().now_or_never() {
                lengths += length;
                for frame in frames(response) {
                    socket.feed(frame).await?;
                }
            }
            socket.flush().await
        };
        match timeout(self.blocked_timeout, sending).await {
            Ok(Ok(())) => Ok(lengths),
            _ => Err(Broken),
        }
    }
}

fn encode(id: Option<&serde_json::value::RawValue>, outcome: Result<Receipt, Problem>) -> String {
    response::encode(id, outcome).unwrap_or_else(|error| {
        tracing::error!(%error, "failed to serialize a response");
        r#"{"ok":false,"status":500,"code":"internal"}"#.to_owned()
    })
}

/// The connection is broken.
struct Broken;

/// Returns how a protocol error ends the session, and the problem to answer with.
fn on_error(error: &Error, max_message: usize) -> (End, Option<Problem>) {
    let problem = |status, code, detail: String| {
        Some(Problem::new(status, code, "The message cannot be processed", detail))
    };
    match error {
        Error::Capacity(_) => {
            let detail = format!("the message is larger than {max_message} bytes; {STREAM_HINT}");
            (End::Close(CloseCode::Size), problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail))
        }
        Error::Utf8(_) => {
            let detail = "a text message must be valid UTF-8; send other data as a binary message".to_owned();
            (End::Close(CloseCode::Invalid), problem(StatusCode::BAD_REQUEST, "not-utf8", detail))
        }
        Error::Protocol(_) => (End::Close(CloseCode::Protocol), None),
        Error::Io(error) if error.kind() == std::io::ErrorKind::OutOfMemory => {
            let detail = "throws in progress use all memory available to them; try again later";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            (End::Close(CloseCode::Again), problem(status, "overloaded", detail.into()))
        }
        // The client does not read.
        Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => (End::Broken, None),
        _ => (End::Closed, None),
    }
}

fn reason(code: CloseCode) -> &'static str {
    match code {
        CloseCode::Away => "the server is stopping",
        CloseCode::Size => "message too large",
        CloseCode::Invalid => "text message is not valid UTF-8",
        CloseCode::Again => "overloaded; try again later",
        CloseCode::Policy => "idle for too long, or a message stalled",
        _ => "malformed frame",
    }
}

/// Sends a close frame and waits for the client's.
async fn close(socket: &mut Socket, end: End) {
    let frame = match end {
        End::Close(code) => Some(CloseFrame { code, reason: reason(code).into() }),
        _ => None,
    };
    let _ = socket.close(frame).await;
    while let Some(Ok(_)) = socket.next().await {}
    // Discards what a refused client is still sending: closing a connection with unread bytes resets it, and
    // the client would never read the response.
    if let End::Close(CloseCode::Size | CloseCode::Invalid | CloseCode::Protocol | CloseCode::Again) = end {
        let mut buffer = vec![0; 16 << 10];
        while matches!(socket.get_mut().get_mut().get_mut().read(&mut buffer).await, Ok(1..)) {}
    }
}
