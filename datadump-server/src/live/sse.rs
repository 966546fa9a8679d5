//! Words as server-sent events.

use std::{
    fmt::Write as _,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use poem::{Body, Response, http::header};

use super::{
    Endless, TOGETHER,
    saying::{Saying, Script, Word},
};

/// After how long a client asks again; spread, so that all clients of a server that was stopped do not ask at once.
const RETRY_MILLIS: u64 = 2_000;
const RETRY_SPREAD: u64 = 1_000;

/// An answer without an end.
pub(super) fn answer(saying: Saying) -> Response {
    let lines = stream::unfold(saying, |mut saying| async {
        next(&mut saying).await.map(|lines| (io::Result::Ok(lines), saying))
    });
    let mut response = Response::builder()
        .content_type("text/event-stream")
        .header(header::CACHE_CONTROL, "no-store")
        .header("X-Accel-Buffering", "no")
        .body(Body::from_bytes_stream(lines));
    response.set_data(Endless);
    response
}

/// What is to be said next: all that is known by now, up to a size.
async fn next(saying: &mut Saying) -> Option<Bytes> {
    let first = saying.next().await?.written(Script::Lines, lines);
    let mut next = if first.len() < TOGETHER { saying.more() } else { None };
    if next.is_none() {
        return Some(first);
    }
    let mut all = BytesMut::from(first.as_ref());
    while let Some(word) = next {
        all.extend_from_slice(&word.written(Script::Lines, lines));
        next = if all.len() < TOGETHER { saying.more() } else { None };
    }
    Some(all.freeze())
}

fn lines(word: &Word) -> String {
    let mut lines = String::new();
    if let Word::Hello(..) = word {
        let spread = RandomState::new().build_hasher().finish() % RETRY_SPREAD;
        // A text takes all that is written into it.
        let _ = writeln!(lines, "retry: {}", RETRY_MILLIS + spread);
    }
    if let Some(id) = word.id() {
        let _ = writeln!(lines, "id: {id}");
    }
    let _ = match word {
        // A comment keeps the connection, and an id by itself is no event.
        Word::Silence => lines.write_str(":\n\n"),
        Word::Seen(_) => lines.write_str("\n"),
        // An event without a name is what a page hears that asks for no other.
        Word::Reading(_) => write!(lines, "data: {}\n\n", word.data()),
        word => write!(lines, "event: {}\ndata: {}\n\n", word.event(), word.data()),
    };
    lines
}
