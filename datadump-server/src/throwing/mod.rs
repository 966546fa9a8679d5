//! From a request that throws something to what its thrower is told. What becomes of a throw is the
//! core's business; how its bytes get there, and how many at a time, is decided here.

mod body;
mod control;
mod memory;
mod stream;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::Bytes;
use datadump_core::{
    Dump, Error as CoreError, Ids, Incoming, Push, Pushed, Receipt, SourceName, SystemClock, SystemRandom,
};
use poem::{
    Body,
    http::{HeaderValue, StatusCode, header},
};
use tokio::sync::Semaphore;
use uuid::Uuid;

pub(crate) use self::control::{Control, Errors, Way};
pub(crate) use self::memory::{Lease, Memory};
use crate::{
    config::Config,
    extract::{Asked, Chunks},
    problem::Problem,
};

/// The source of what is thrown at the root.
const INBOX: &str = "inbox";

/// The most throws that are answered as accepted and not committed yet.
const MOST_ACCEPTED: usize = 1024;

/// How often, and how far apart, an accepted throw is tried while the database has no time for it.
const ATTEMPTS: usize = 50;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(500);

/// Throws what requests bring. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Thrower {
    dump: Dump,
    memory: Memory,
    max_throw: usize,
    pause: Duration,
    /// One for each body that may be decompressed at a time.
    turns: Arc<Semaphore>,
    /// One for each throw that may be accepted and not committed.
    accepted: Arc<Semaphore>,
    ids: Ids,
}

/// What a thrower is told.
#[derive(Debug)]
pub(crate) enum Thrown {
    /// What became of it.
    Committed(Receipt),
    /// That something will.
    Accepted(Accepted),
}

/// A throw that is taken.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) id: Uuid,
    pub(crate) source: SourceName,
    /// Whether it was taken before, with the same idempotency key, and is committed.
    pub(crate) again: bool,
}

impl Thrower {
    pub(crate) fn new(config: &Config, dump: &Dump) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            dump: dump.clone(),
            memory: Memory::new(config.throw_memory),
            max_throw: config.max_throw,
            pause: config.body_timeout,
            turns: Arc::new(Semaphore::new(processors)),
            accepted: Arc::new(Semaphore::new(MOST_ACCEPTED)),
            ids: Ids::new(Arc::new(SystemClock), Arc::new(SystemRandom::default())),
        }
    }

    /// Throws the body of a request.
    pub(crate) async fn throw(&self, source: &str, mut asked: Asked, body: Body) -> Result<Thrown, Problem> {
        let source = source_name(source)?;
        let mut data = asked.arguments.clone();
        let control = Control::take(&mut data);
        if matches!(&control, Ok(control) if control.way == Way::Stream) {
            let receipt = Box::pin(self.stream(&source, asked, control?, data, body)).await?;
            return Ok(Thrown::Committed(receipt));
        }
        let mut lease = self.memory.lease();
        let body = self.take(&mut asked, body, &mut lease).await?;
        if body.is_empty() {
            return Box::pin(self.throw_arguments_at(&source, asked)).await;
        }
        let control = control?;
        control.check()?;
        let incoming = Incoming {
            body,
            content_type: asked.content_type,
            arguments: data,
            format: control.format,
            peer: asked.peer,
            strict: control.errors == Errors::Refuse,
            once: asked.once,
            ..Incoming::default()
        };
        match control.way {
            Way::Accepted => Box::pin(self.accept(source, incoming, lease)).await,
            _ => Ok(Thrown::Committed(Box::pin(self.dump.throw(&source, incoming)).await?)),
        }
    }

    /// The body of a request, decompressed.
    async fn take(&self, asked: &mut Asked, body: Body, lease: &mut Lease) -> Result<Bytes, Problem> {
        let chunks = Chunks::of(body, self.pause);
        let body = body::read(chunks, asked.announced, self.max_throw, lease).await?;
        let encodings = std::mem::take(&mut asked.encodings);
        match encodings.is_empty() {
            true => Ok(body),
            false => Box::pin(body::plain(body, encodings, self.max_throw, &self.turns, lease)).await,
        }
    }

    /// Takes the readings that the body of a request brings.
    pub(crate) async fn push(
        &self,
        mut asked: Asked,
        body: Body,
        token: Option<String>,
        commands: usize,
    ) -> Result<Pushed, Problem> {
        let mut lease = self.memory.lease();
        let body = self.take(&mut asked, body, &mut lease).await?;
        if body.is_empty() {
            return Err(nothing());
        }
        let throw = Incoming {
            body,
            content_type: asked.content_type,
            peer: asked.peer,
            once: asked.once,
            ..Incoming::default()
        };
        Ok(Box::pin(self.dump.push(Push { throw, token, commands })).await?)
    }

    /// Throws the arguments of an address, all of them.
    pub(crate) async fn throw_arguments(&self, source: &str, asked: Asked) -> Result<Thrown, Problem> {
        self.throw_arguments_at(&source_name(source)?, asked).await
    }

    async fn throw_arguments_at(&self, source: &SourceName, asked: Asked) -> Result<Thrown, Problem> {
        let Asked { arguments, peer, once, .. } = asked;
        let incoming = Incoming { arguments, peer, once, ..Incoming::default() };
        Ok(Thrown::Committed(self.throw_message(source, incoming).await?))
    }

    /// Throws a message, or the arguments that go with it when it is empty.
    pub(crate) async fn throw_message(
        &self,
        source: &SourceName,
        incoming: Incoming,
    ) -> Result<Receipt, Problem> {
        if incoming.body.is_empty() && incoming.arguments.is_empty() {
            return Err(nothing());
        }
        Ok(self.dump.throw(source, incoming).await?)
    }

    /// Throws it while its thrower has been answered already.
    async fn accept(
        &self,
        source: SourceName,
        mut incoming: Incoming,
        lease: Lease,
    ) -> Result<Thrown, Problem> {
        if let Some(format) = incoming.format.as_deref().filter(|format| *format != "auto") {
            // The only mistake of its thrower that can be found before.
            self.dump.processor(format)?;
        }
        if let Some(receipt) = self.dump.thrown(&source, &mut incoming).await? {
            return Ok(Thrown::Accepted(Accepted { id: receipt.throw_id, source, again: true }));
        }
        let turn = self.accepted.clone().try_acquire_owned().map_err(|_| too_many())?;
        let (id, dump, name) = (self.ids.next(), self.dump.clone(), source.clone());
        let incoming = Incoming { id: Some(id), ..incoming };
        let work = async move {
            if let Err(error) = persist(&dump, &name, &incoming).await {
                tracing::error!(throw = %id, source = %name, %error, "an accepted throw was lost");
            }
            drop((turn, lease));
        };
        tokio::spawn(tracing::Instrument::in_current_span(work));
        Ok(Thrown::Accepted(Accepted { id, source, again: false }))
    }

    /// Waits until everything that was accepted is committed, and accepts nothing more.
    pub(crate) async fn finish(&self) {
        let all = u32::try_from(MOST_ACCEPTED).unwrap_or(u32::MAX);
        if let Ok(all) = self.accepted.acquire_many(all).await {
            all.forget();
        }
    }

    /// The room for throws under way.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The most bytes of one throw.
    pub(crate) fn max_throw(&self) -> usize {
        self.max_throw
    }
}

/// Throws until it is committed, as long as that may help. Its records have the same keys each time.
async fn persist(dump: &Dump, source: &SourceName, incoming: &Incoming) -> Result<(), CoreError> {
    let mut left = ATTEMPTS;
    loop {
        match dump.throw(source, incoming.clone()).await {
            Err(
                CoreError::Overloaded | CoreError::Unavailable(_) | CoreError::Full(_) | CoreError::Moved(_),
            ) if left > 1 => {
                left -= 1;
            }
            outcome => return outcome.map(drop),
        }
        tokio::time::sleep(ATTEMPT_PAUSE).await;
    }
}

/// The name of the source a path names; the root has one of its own.
pub(crate) fn source_name(name: &str) -> Result<SourceName, Problem> {
    let name = if name.is_empty() { INBOX } else { name };
    SourceName::parse(name).map_err(|why| Problem::parameter("source", "invalid-name", why))
}

fn nothing() -> Problem {
    let detail = "there is neither a body nor an argument: nothing was thrown";
    Problem::new(StatusCode::BAD_REQUEST, "nothing-thrown", "Nothing was thrown", detail)
}

fn too_many() -> Problem {
    let detail = "too many accepted throws wait to be committed; try again later";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much at once", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
