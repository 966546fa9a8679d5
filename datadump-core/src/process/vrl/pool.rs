//! The pool of worker processes: which batch goes where, and who is to blame when one dies.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::{
    ProgramContext, Diagnostics, ProgramInput, Limits, Script,
    run_result::{RunResult, Code},
    child::{WorkerFailure, Worker, WorkerCommand},
    run,
    wire::{self, CheckResult, Request, RunRequest},
};

/// How many workers there are at most: as many as throws are transformed at a time.
const WORKERS: usize = 2;

/// How many events go to a worker at once, and of how many bytes together.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 1 << 20;

/// How much longer than the program's deadline the worker is waited for: it keeps the deadline
/// itself, unless it is in a call that does not look at the clock.
const GRACE: Duration = Duration::from_millis(500);

/// How long a program may take to compile.
const COMPILE: Duration = Duration::from_secs(5);

/// How much longer an answer can be than what it says: a control character is six.
const ESCAPED: usize = 6;

/// How many times what one event may become all events of a run may.
const OUTPUTS: usize = 4;

pub(super) struct Pool {
    command: WorkerCommand,
    limits: Limits,
    permits: Semaphore,
    idle: Mutex<Vec<Worker>>,
}

/// A worker that nobody else uses. It goes back only when it is known to wait for a request.
struct Lease<'a> {
    worker: Worker,
    _turn: SemaphorePermit<'a>,
}

impl Pool {
    pub(super) fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self { command, limits, permits: Semaphore::new(WORKERS), idle: Mutex::default() }
    }

    pub(super) async fn check(&self, script: &Script) -> Result<Diagnostics, Diagnostics> {
        let wrong = |what: String| Diagnostics::error(what, &script.source);
        let mut request = Vec::new();
        wire::put(&mut request, &Request::Check(script.clone())).map_err(|error| wrong(error.to_string()))?;
        let turn = self.turn().await.map_err(wrong)?;
        let mut lease = self.lease(turn).await.map_err(wrong)?;
        let until = Instant::now() + COMPILE;
        let mut checked: Result<CheckResult, WorkerFailure> = lease.worker.ask(&request, until).await;
        // Once is nobody's fault: somebody else may have killed it.
        if let Err(WorkerFailure::Crashed(_)) = checked {
            lease.worker = Worker::start(&self.command, self.limits.memory).await.map_err(wrong)?;
            checked = lease.worker.ask(&request, until).await;
        }
        match checked {
            Ok(checked) => {
                self.put_back(lease);
                if checked.compiles { Ok(checked.diagnostics) } else { Err(checked.diagnostics) }
            }
            Err(death) => Err(wrong(format!("the program cannot be compiled: {death}"))),
        }
    }

    pub(super) async fn run(&self, script: &Script, about: &ProgramContext, events: &[ProgramInput]) -> Vec<RunResult> {
        let bytes = events.iter().map(ProgramInput::bytes).sum();
        let mut task = Task {
            pool: self,
            head: RunRequest {
                script: script.clone(),
                about: about.into(),
                events: 0,
                careful: false,
                deadline_micros: micros(self.limits.deadline),
                patience_micros: 0,
            },
            left: self.limits.patience(events.len()),
            room: self.limits.output_for(bytes).saturating_mul(OUTPUTS),
            answers: Vec::with_capacity(events.len()),
        };
        while let Some(rest) = events.get(task.answers.len()..).filter(|rest| !rest.is_empty()) {
            task.batch(rest).await;
        }
        task.answers
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, String> {
        self.permits.acquire().await.map_err(|error| error.to_string())
    }

    async fn lease<'a>(&self, turn: SemaphorePermit<'a>) -> Result<Lease<'a>, String> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut worker) = idle else { break };
            if worker.is_alive() {
                return Ok(Lease { worker, _turn: turn });
            }
        }
        let worker = Worker::start(&self.command, self.limits.memory).await?;
        Ok(Lease { worker, _turn: turn })
    }

    fn put_back(&self, lease: Lease<'_>) {
        let Lease { worker, _turn } = lease;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }
}

/// One run of a program.
struct Task<'a> {
    pool: &'a Pool,
    head: RunRequest,
    /// How long it may still take.
    left: Duration,
    /// How much may still come out.
    room: usize,
    answers: Vec<RunResult>,
}

impl Task<'_> {
    /// Answers at least one of the events.
    ///
    /// A worker that dies takes answers along that were not sent yet. So those that are missing are
    /// given to another one, which sends each answer before it begins with the next event: what
    /// that one dies of is to blame. A worker that somebody else killed is nobody's fault.
    async fn batch(&mut self, events: &[ProgramInput]) {
        let batch = events.get(..batch(events)).unwrap_or(events);
        let all = self.answers.len() + batch.len();
        self.head.careful = false;
        while self.answers.len() < all {
            let rest = batch.get(batch.len() - (all - self.answers.len())..).unwrap_or_default();
            if self.left.is_zero() {
                self.fill(all, &run::late());
                return;
            }
            if self.room == 0 {
                let detail = "the program puts out more than it may for the records of one throw together";
                self.fill(all, &RunResult::failed(Code::TooMuchOutput, detail));
                return;
            }
            match self.attempt(rest).await {
                Ok(Ok(())) => {}
                Ok(Err(death)) if self.head.careful => self.answers.push(death.answer()),
                Ok(Err(death)) => {
                    tracing::debug!(%death, "a worker is replaced");
                    self.head.careful = true;
                }
                Err(unavailable) => self.fill(all, &RunResult::failed(Code::Unavailable, unavailable)),
            }
        }
    }

    /// Gives the events to a worker, or says why there is none.
    async fn attempt(&mut self, events: &[ProgramInput]) -> Result<Result<(), WorkerFailure>, String> {
        let limits = &self.pool.limits;
        let turn = self.pool.turn().await?;
        // Others' turns cost us nothing, the start of a worker does.
        let started = Instant::now();
        let mut lease = self.pool.lease(turn).await?;
        self.head.events = events.len();
        self.head.patience_micros = micros(self.left);
        let mut request = Vec::new();
        let mut most = Vec::with_capacity(events.len());
        let sent = self.request(&mut request, &mut most, events);
        sent.map_err(|error| error.to_string())?;
        let last = started + self.left + GRACE;
        let bounds = |number: usize| {
            let until = last.min(Instant::now() + limits.deadline + GRACE);
            (until, most.get(number).copied().unwrap_or_default())
        };
        let (answers, room) = (&mut self.answers, &mut self.room);
        let took = |answer: RunResult| {
            *room = room.saturating_sub(answer.bytes());
            answers.push(answer);
        };
        let ended = lease.worker.talk(&request, events.len(), bounds, took).await;
        self.left = self.left.saturating_sub(started.elapsed());
        if ended.is_ok() {
            self.pool.put_back(lease);
        }
        Ok(ended)
    }

    fn request(&self, request: &mut Vec<u8>, most: &mut Vec<usize>, events: &[ProgramInput]) -> std::io::Result<()> {
        wire::put(request, &Request::RunRequest(Box::new(self.head.clone())))?;
        for event in events {
            let output = self.pool.limits.output_for(event.bytes());
            most.push(output.saturating_mul(ESCAPED).saturating_add(1 << 10));
            wire::put_input(request, event, output)?;
        }
        Ok(())
    }

    fn fill(&mut self, all: usize, answer: &RunResult) {
        self.answers.resize(all, answer.clone());
    }
}

/// How many of the events go together: what one worker is asked at a time.
fn batch(events: &[ProgramInput]) -> usize {
    let mut bytes = 0_usize;
    let fits = |event: &&ProgramInput| {
        bytes = bytes.saturating_add(event.bytes());
        bytes <= BATCH_BYTES
    };
    events.iter().take(BATCH).take_while(fits).count().max(1)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
