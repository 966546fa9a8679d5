//! Streams as server-sent events.

use std::{
    fmt::Write as _,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use poem::{Body, Response, http::header};

use super::stream::{BATCH_BYTES, Message, MessageStream, Protocol};

/// Delay before a client reconnects, plus a random part, so that the clients of a restarted server do not all
/// reconnect at once.
const RETRY_DELAY_MILLIS: u64 = 2_000;
const RETRY_JITTER_MILLIS: u64 = 1_000;

/// A comment, which keeps the connection open without being an event.
const KEEP_ALIVE: &str = ":\n\n";

/// Marks a response whose body has no end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndlessBody {
    /// Bytes without a meaning, which may be sent after any chunk of the body.
    pub(crate) filler: &'static str,
}

/// Returns a response whose body is the stream.
pub(super) fn response(messages: MessageStream) -> Response {
    let batches = stream::unfold(messages, |mut messages| async {
        next_batch(&mut messages).await.map(|batch| (io::Result::Ok(batch), messages))
    });
    let mut response = Response::builder()
        .content_type("text/event-stream")
        .header(header::CACHE_CONTROL, "no-store")
        .header("X-Accel-Buffering", "no")
        .body(Body::from_bytes_stream(batches));
    response.set_data(EndlessBody { filler: KEEP_ALIVE });
    response
}

/// Waits for a message and encodes it with those after it that are ready, up to [`BATCH_BYTES`].
async fn next_batch(messages: &mut MessageStream) -> Option<Bytes> {
    let first = messages.next().await?.encoded(Protocol::Sse, encode);
    let mut next = if first.len() < BATCH_BYTES { messages.try_next() } else { None };
    if next.is_none() {
        return Some(first);
    }
    let mut batch = BytesMut::from(first.as_ref());
    while let Some(message) = next {
        batch.extend_from_slice(&message.encoded(Protocol::Sse, encode));
        next = if batch.len() < BATCH_BYTES { messages.try_next() } else { None };
    }
    Some(batch.freeze())
}

fn encode(message: &Message) -> String {
    let mut lines = String::new();
    if let Message::Hello(..) = message {
        let jitter = RandomState::new().build_hasher().finish() % RETRY_JITTER_MILLIS;
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "retry: {}", RETRY_DELAY_MILLIS + jitter);
    }
    if let Some(id) = message.id() {
        let _ = writeln!(lines, "id: {id}");
    }
    let _ = match message {
        // An ID without data is not an event either.
        Message::KeepAlive => lines.write_str(KEEP_ALIVE),
        Message::Position(_) => lines.write_str("\n"),
        // An event without a name reaches the `message` handler of an `EventSource`.
        Message::Reading(_) => write!(lines, "data: {}\n\n", message.data()),
        message => write!(lines, "event: {}\ndata: {}\n\n", message.event(), message.data()),
    };
    lines
}
