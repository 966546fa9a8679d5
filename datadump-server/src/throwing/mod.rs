//! Throws over HTTP: how bodies are read, how many at a time, and when the response is sent. The core decides
//! what happens to the data.

mod body;
mod control;
mod import;
mod memory;
mod stream;

use std::{borrow::Cow, num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::Bytes;
use datadump_core::{
    Dump, Error as CoreError, Ids, Incoming, Push, Pushed, Receipt, RequestKey, SourceName, SystemClock,
    SystemRandom,
};
use percent_encoding::percent_decode_str;
use poem::{
    Body,
    http::{HeaderValue, StatusCode, header},
};
use tokio::sync::Semaphore;
use uuid::Uuid;

pub(crate) use self::control::{Control, DataQuery, Mode, OnError, ThrowArguments, ThrowQuery};
pub(crate) use self::memory::{Lease, Memory};
use crate::{
    config::Config,
    extract::{Chunks, Pairs, ThrowHead},
    problem::Problem,
};

/// Source of throws at the root path.
const INBOX: &str = "inbox";

/// Advice for throws that are too large.
pub(crate) const STREAM_HINT: &str =
    "line formats such as NDJSON and CSV can have any length if they are posted with `?stream=1`";

/// Maximum number of accepted throws that are not committed yet.
const MAX_ACCEPTED: usize = 1024;

/// Maximum attempts to commit an accepted throw while the database is overloaded or unavailable, and the
/// delay between them.
const MAX_ATTEMPTS: usize = 50;
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Throws the data of requests. Clones share their limits.
#[derive(Debug, Clone)]
pub(crate) struct Thrower {
    dump: Dump,
    memory: Memory,
    max_throw: usize,
    stall_timeout: Duration,
    /// A permit for each body that is decompressed at a time.
    decompressions: Arc<Semaphore>,
    /// A permit for each accepted throw that is not committed yet.
    accepted: Arc<Semaphore>,
    ids: Ids,
}

/// A throw request, without its body.
#[derive(Debug)]
pub(crate) struct ThrowRequest {
    /// Query parameters.
    pub(crate) arguments: ThrowArguments,
    /// Headers.
    pub(crate) head: ThrowHead,
    /// Idempotency key.
    pub(crate) key: Option<RequestKey>,
}

/// The outcome of a throw request.
#[derive(Debug)]
pub(crate) enum ThrowOutcome {
    /// The throw is committed.
    Committed(Receipt),
    /// The throw will be committed.
    Accepted(AcceptedThrow),
}

/// A throw that is answered before it is committed.
#[derive(Debug)]
pub(crate) struct AcceptedThrow {
    pub(crate) id: Uuid,
    pub(crate) source: SourceName,
    /// True if an earlier request with the same idempotency key has been committed.
    pub(crate) replayed: bool,
}

impl Thrower {
    pub(crate) fn new(config: &Config, dump: &Dump) -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            dump: dump.clone(),
            memory: Memory::new(dump.ingest().memory().clone()),
            max_throw: config.max_throw,
            stall_timeout: config.body_timeout,
            decompressions: Arc::new(Semaphore::new(cpus)),
            accepted: Arc::new(Semaphore::new(MAX_ACCEPTED)),
            ids: Ids::new(Arc::new(SystemClock), Arc::new(SystemRandom::default())),
        }
    }

    /// Throws the body of a request, or its query if the body is empty.
    pub(crate) async fn throw(
        &self,
        source: &str,
        request: ThrowRequest,
        body: Body,
    ) -> Result<ThrowOutcome, Problem> {
        let source = source_name(source)?;
        let ThrowRequest { arguments: ThrowArguments { all, data, control }, mut head, key } = request;
        if matches!(&control, Ok(control) if control.mode == Mode::Stream) {
            let incoming = Incoming { arguments: data, key, ..Incoming::default() };
            let receipt = Box::pin(self.stream(&source, head, control?, incoming, body)).await?;
            return Ok(ThrowOutcome::Committed(receipt));
        }
        let mut lease = self.memory.lease();
        let body = self.read(&mut head, body, &mut lease).await.map_err(with_stream_hint)?;
        if body.is_empty() {
            return Box::pin(self.throw_data_at(&source, all, head, key)).await;
        }
        let control = control?;
        control.check()?;
        let incoming = Incoming {
            body,
            content_type: head.content_type,
            arguments: data,
            format: control.format,
            peer: head.peer,
            head: Some(head.request),
            strict: control.on_error == OnError::Refuse,
            key,
            ..Incoming::default()
        };
        match control.mode {
            Mode::Accepted => Box::pin(self.accept(source, incoming, lease)).await,
            _ => Ok(ThrowOutcome::Committed(Box::pin(self.dump.throw(&source, incoming)).await?)),
        }
    }

    /// Reads a body and decompresses it.
    async fn read(&self, head: &mut ThrowHead, body: Body, lease: &mut Lease) -> Result<Bytes, Problem> {
        let chunks = Chunks::of(body, self.stall_timeout);
        let body = body::read(chunks, head.content_length, self.max_throw, lease).await?;
        let encodings = std::mem::take(&mut head.encodings);
        match encodings.is_empty() {
            true => Ok(body),
            false => {
                Box::pin(body::decompress(body, encodings, self.max_throw, &self.decompressions, lease)).await
            }
        }
    }

    /// Pushes the readings in the body of a request.
    pub(crate) async fn push(
        &self,
        mut head: ThrowHead,
        key: Option<RequestKey>,
        body: Body,
        token: Option<String>,
        max_commands: usize,
    ) -> Result<Pushed, Problem> {
        let mut lease = self.memory.lease();
        let body = self.read(&mut head, body, &mut lease).await?;
        if body.is_empty() {
            return Err(nothing_thrown());
        }
        let throw = Incoming {
            body,
            content_type: head.content_type,
            peer: head.peer,
            head: Some(head.request),
            key,
            ..Incoming::default()
        };
        Ok(Box::pin(self.dump.hub().push(Push { throw, token, commands: max_commands })).await?)
    }

    /// Throws the query of a request.
    pub(crate) async fn throw_data(
        &self,
        source: &str,
        data: Pairs,
        head: ThrowHead,
        key: Option<RequestKey>,
    ) -> Result<ThrowOutcome, Problem> {
        self.throw_data_at(&source_name(source)?, data, head, key).await
    }

    async fn throw_data_at(
        &self,
        source: &SourceName,
        data: Pairs,
        head: ThrowHead,
        key: Option<RequestKey>,
    ) -> Result<ThrowOutcome, Problem> {
        let (peer, head) = (head.peer, Some(head.request));
        let incoming = Incoming { arguments: data, peer, head, key, ..Incoming::default() };
        Ok(ThrowOutcome::Committed(self.throw_message(source, incoming).await?))
    }

    /// Throws a message, or the arguments sent with it if it is empty.
    pub(crate) async fn throw_message(
        &self,
        source: &SourceName,
        incoming: Incoming,
    ) -> Result<Receipt, Problem> {
        if incoming.body.is_empty() && incoming.arguments.is_empty() {
            return Err(nothing_thrown());
        }
        Ok(self.dump.throw(source, incoming).await?)
    }

    /// Throws in the background.
    async fn accept(
        &self,
        source: SourceName,
        mut incoming: Incoming,
        lease: Lease,
    ) -> Result<ThrowOutcome, Problem> {
        if let Some(format) = incoming.format.as_deref().filter(|format| *format != "auto") {
            // An unknown format is the only client error that can be found before the body is parsed.
            self.dump.programs().get(format)?;
        }
        if let Some(receipt) = self.dump.ingest().find_receipt(&source, &mut incoming).await? {
            return Ok(ThrowOutcome::Accepted(AcceptedThrow {
                id: receipt.throw_id,
                source,
                replayed: true,
            }));
        }
        let permit = self.accepted.clone().try_acquire_owned().map_err(|_| too_many_accepted())?;
        let (id, dump, name) = (self.ids.next(), self.dump.clone(), source.clone());
        let incoming = Incoming { id: Some(id), ..incoming };
        let work = async move {
            if let Err(error) = commit(&dump, &name, &incoming).await {
                tracing::error!(throw = %id, source = %name, %error, "an accepted throw was lost");
            }
            drop((permit, lease));
        };
        tokio::spawn(tracing::Instrument::in_current_span(work));
        Ok(ThrowOutcome::Accepted(AcceptedThrow { id, source, replayed: false }))
    }

    /// Waits until all accepted throws are committed. No more are accepted afterwards.
    pub(crate) async fn finish(&self) {
        let all = u32::try_from(MAX_ACCEPTED).unwrap_or(u32::MAX);
        if let Ok(all) = self.accepted.acquire_many(all).await {
            all.forget();
        }
    }

    /// Returns the memory shared by all throws in progress.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Returns the maximum size of a throw in bytes.
    pub(crate) fn max_throw(&self) -> usize {
        self.max_throw
    }
}

/// Commits a throw, retrying while the database is overloaded or unavailable. Each attempt derives the same
/// keys.
async fn commit(dump: &Dump, source: &SourceName, incoming: &Incoming) -> Result<(), CoreError> {
    let mut attempts_left = MAX_ATTEMPTS;
    loop {
        match dump.throw(source, incoming.clone()).await {
            Err(
                CoreError::Overloaded | CoreError::Unavailable(_) | CoreError::Full(_) | CoreError::Moved(_),
            ) if attempts_left > 1 => {
                attempts_left -= 1;
            }
            outcome => return outcome.map(drop),
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// Returns the source that is thrown at with this path; its name may be invalid. `None` if the path is not one
/// for throws.
pub(crate) fn source_of(path: &str) -> Option<Cow<'_, str>> {
    if path == "/" {
        return Some(INBOX.into());
    }
    let source = path.strip_prefix("/throw/")?;
    let source = source.strip_suffix('/').unwrap_or(source);
    (!source.contains('/')).then(|| percent_decode_str(source).decode_utf8_lossy())
}

/// Parses the name of a source in a path. The root path has an empty one, which means `inbox`.
pub(crate) fn source_name(name: &str) -> Result<SourceName, Problem> {
    let name = if name.is_empty() { INBOX } else { name };
    SourceName::parse(name).map_err(|why| Problem::parameter("source", "invalid-name", why))
}

/// Adds to the problem of a throw that is too large how larger ones can be sent.
fn with_stream_hint(problem: Problem) -> Problem {
    if problem.status == StatusCode::PAYLOAD_TOO_LARGE { problem.with_hint(STREAM_HINT) } else { problem }
}

fn nothing_thrown() -> Problem {
    let detail = "the request has neither a body nor query parameters: nothing was thrown";
    Problem::new(StatusCode::BAD_REQUEST, "nothing-thrown", "Nothing was thrown", detail)
}

fn too_many_accepted() -> Problem {
    let detail = "too many accepted throws are waiting to be committed; try again later";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Overloaded", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_for_throws_name_their_source() {
        for (path, expected) in [
            ("/", Some("inbox")),
            ("/throw/porch", Some("porch")),
            ("/throw/porch/", Some("porch")),
            ("/throw/caf%C3%A9", Some("café")),
            ("/throw/a.b", Some("a.b")),
            ("/throw/a/b", None),
            ("/throw/a//", None),
            ("/throw", None),
            ("/api/v1/throw", None),
            ("/docs", None),
        ] {
            assert_eq!(source_of(path).as_deref(), expected, "{path}");
        }
    }
}
