//! The pool of worker processes: assigns batches to workers and finds the input that crashes one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    CheckError, Diagnostics, Limits, ProgramContext, ProgramInput, RunLeft, Script,
    child::{Worker, WorkerCommand, WorkerFailure},
    run,
    run_result::{ErrorCode, RunResult},
    turns::{Busy, Turn, Turns},
    wire::{self, Request, RunRequest},
};
use crate::memory::MemoryShare;

/// Maximum number of inputs sent to a worker at once.
const BATCH_INPUTS: usize = 1000;

/// Time that a batch should take, so that other throws get their turns: a slow program is sent fewer inputs at
/// once.
const BATCH_TIME: Duration = Duration::from_millis(100);

/// The source for turns that compile programs.
const COMPILING: &str = "";

/// Maximum size of the inputs sent to a worker at once.
const BATCH_BYTES: usize = 1 << 20;

/// Additional time that a worker gets to report a timeout itself, which it can do unless it is inside a
/// call that does not check the clock.
const GRACE_PERIOD: Duration = Duration::from_millis(500);

/// Maximum time for compiling a program.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum growth of a result by JSON escapes: a control character takes six bytes.
const MAX_ESCAPE_FACTOR: usize = 6;

/// Memory of a byte of output, as JSON and as counted by [`RunResult::bytes`]: short members take the most.
const REPLY_FACTOR: usize = 24;
const RESULT_FACTOR: usize = 24;

pub(super) struct Pool {
    command: WorkerCommand,
    limits: Limits,
    turns: Arc<Turns>,
    idle: Mutex<Vec<Worker>>,
}

/// Exclusive use of a worker. The worker is returned to the pool only when it is idle again.
struct WorkerGuard {
    worker: Worker,
    _turn: Turn,
}

impl Pool {
    pub(super) fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self { command, limits, turns: Arc::default(), idle: Mutex::default() }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) async fn check(&self, script: &Script) -> Result<Diagnostics, CheckError> {
        let wrong = |what: String| CheckError::Program(Diagnostics::error(what, &script.source));
        let mut request = Vec::new();
        wire::put(&mut request, &Request::Check(script.clone())).map_err(|error| wrong(error.to_string()))?;
        let turn = self.turns.take(COMPILING).await.map_err(|_| CheckError::Busy)?;
        let mut guard = self.worker(turn).await.map_err(CheckError::NoWorker)?;
        let until = Instant::now() + COMPILE_TIMEOUT;
        let mut checked: Result<Result<_, Diagnostics>, WorkerFailure> =
            guard.worker.ask(&request, until).await;
        // Retry once: the worker may have been killed from outside.
        if let Err(WorkerFailure::Crashed(_)) = checked {
            let started = Worker::start(&self.command, self.limits.memory).await;
            guard.worker = started.map_err(CheckError::NoWorker)?;
            checked = guard.worker.ask(&request, until).await;
        }
        match checked {
            Ok(checked) => {
                self.put_back(guard);
                checked.map_err(CheckError::Program)
            }
            Err(failure) => Err(wrong(format!("the program cannot be compiled: {failure}"))),
        }
    }

    pub(super) async fn run(
        &self,
        script: &Script,
        context: &ProgramContext,
        inputs: &[ProgramInput],
        left: &mut RunLeft,
        memory: Option<&mut MemoryShare>,
    ) -> Vec<RunResult> {
        let mut run_state = PoolRun {
            pool: self,
            head: RunRequest {
                script: script.clone(),
                context: context.clone(),
                inputs: 0,
                one_by_one: false,
                deadline_micros: micros(self.limits.deadline),
                total_timeout_micros: 0,
            },
            left,
            memory,
            held: 0,
            // How long the program takes is not known yet.
            batch_inputs: 1,
            results: Vec::with_capacity(inputs.len()),
        };
        while let Some(rest) = inputs.get(run_state.results.len()..).filter(|rest| !rest.is_empty()) {
            run_state.batch(rest).await;
        }
        run_state.results
    }

    async fn worker(&self, turn: Turn) -> Result<WorkerGuard, String> {
        loop {
            let idle = self.idle.lock().pop();
            let Some(mut worker) = idle else { break };
            if worker.is_alive() {
                return Ok(WorkerGuard { worker, _turn: turn });
            }
        }
        let worker = Worker::start(&self.command, self.limits.memory).await?;
        Ok(WorkerGuard { worker, _turn: turn })
    }

    fn put_back(&self, guard: WorkerGuard) {
        let WorkerGuard { worker, _turn } = guard;
        self.idle.lock().push(worker);
    }
}

/// A run of a program on the inputs of one throw.
struct PoolRun<'a> {
    pool: &'a Pool,
    head: RunRequest,
    left: &'a mut RunLeft,
    memory: Option<&'a mut MemoryShare>,
    /// Size of the results.
    held: usize,
    /// Maximum number of inputs of the next batch.
    batch_inputs: usize,
    results: Vec<RunResult>,
}

impl PoolRun<'_> {
    /// Processes at least one input.
    ///
    /// When a worker dies, its unsent results are lost. The missing inputs go to another worker that
    /// sends each result before it starts the next input. If that worker dies too, the input it was
    /// processing fails.
    async fn batch(&mut self, inputs: &[ProgramInput]) {
        let batch = inputs.get(..batch_length(inputs, self.batch_inputs)).unwrap_or(inputs);
        let (all, whole_run) = (self.results.len() + batch.len(), self.results.len() + inputs.len());
        self.head.one_by_one = false;
        while self.results.len() < all {
            let rest = batch.get(batch.len() - (all - self.results.len())..).unwrap_or_default();
            if self.left.time.is_zero() {
                self.fill(all, &run::total_timeout());
                return;
            }
            if self.left.output == 0 {
                let detail = "the program exceeded the output limit for all records of this throw";
                self.fill(all, &RunResult::failed(ErrorCode::TooMuchOutput, detail));
                return;
            }
            match self.attempt(rest).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) if self.head.one_by_one => self.results.push(failure.result()),
                Ok(Err(failure)) => {
                    tracing::debug!(%failure, "replacing a worker process");
                    self.head.one_by_one = true;
                }
                Err(unavailable) => return self.fill(whole_run, &unavailable),
            }
        }
    }

    /// Sends the inputs to a worker; fails if no worker is available.
    async fn attempt(&mut self, inputs: &[ProgramInput]) -> Result<Result<(), WorkerFailure>, RunResult> {
        let unavailable = |reason: String| RunResult::failed(ErrorCode::Unavailable, reason);
        let limits = &self.pool.limits;
        let turn = self.pool.turns.take(&self.head.context.source).await;
        let turn = turn.map_err(|Busy| RunResult::failed(ErrorCode::Busy, Busy.to_string()))?;
        // Waiting for a turn is not counted, but starting a worker is.
        let started = Instant::now();
        let mut guard = self.pool.worker(turn).await.map_err(unavailable)?;
        self.head.inputs = inputs.len();
        self.head.total_timeout_micros = micros(self.left.time);
        let (request, max_bytes) = self.request(inputs).map_err(|error| unavailable(error.to_string()))?;
        let last = started + self.left.time + GRACE_PERIOD;
        let bounds = |number: usize| {
            let until = last.min(Instant::now() + limits.deadline + GRACE_PERIOD);
            (until, max_bytes.get(number).copied().unwrap_or_default())
        };
        let (results, output_left, memory) = (&mut self.results, &mut self.left.output, &mut self.memory);
        let held = AtomicUsize::new(self.held);
        let fits = |reply: usize| {
            let needed = held.load(Ordering::Relaxed) * RESULT_FACTOR + reply * REPLY_FACTOR;
            memory.as_mut().is_none_or(|memory| memory.ensure(needed).is_ok())
        };
        let took = |result: RunResult| {
            let bytes = result.bytes();
            held.fetch_add(bytes, Ordering::Relaxed);
            *output_left = output_left.saturating_sub(bytes);
            results.push(result);
            // Further output of the worker would be discarded.
            if *output_left == 0 { Err(WorkerFailure::TooMuchOutput) } else { Ok(()) }
        };
        let ended = guard.worker.talk(&request, inputs.len(), bounds, fits, took).await;
        self.held = held.into_inner();
        self.left.time = self.left.time.saturating_sub(started.elapsed());
        self.batch_inputs = paced(inputs.len(), started.elapsed());
        if ended.is_ok() {
            self.pool.put_back(guard);
        }
        Ok(ended)
    }

    /// Returns the request for the inputs, and the maximum size of the reply to each.
    fn request(&self, inputs: &[ProgramInput]) -> std::io::Result<(Vec<u8>, Vec<usize>)> {
        let (mut request, mut max_bytes) = (Vec::new(), Vec::with_capacity(inputs.len()));
        wire::put(&mut request, &Request::Run(Box::new(self.head.clone())))?;
        for input in inputs {
            let output = self.pool.limits.output_for(input.bytes());
            max_bytes.push(output.saturating_mul(MAX_ESCAPE_FACTOR).saturating_add(1 << 10));
            wire::put_input(&mut request, input, output)?;
        }
        Ok((request, max_bytes))
    }

    fn fill(&mut self, all: usize, result: &RunResult) {
        self.results.resize(all, result.clone());
    }
}

/// Returns how many inputs take [`BATCH_TIME`], given how long some of them took.
fn paced(inputs: usize, took: Duration) -> usize {
    let many = BATCH_TIME.as_micros() * inputs as u128 / took.as_micros().max(1);
    usize::try_from(many).unwrap_or(usize::MAX).clamp(1, BATCH_INPUTS)
}

/// Returns how many of the inputs fit into one batch.
fn batch_length(inputs: &[ProgramInput], max_inputs: usize) -> usize {
    let mut bytes = 0_usize;
    let fits = |input: &&ProgramInput| {
        bytes = bytes.saturating_add(input.bytes());
        bytes <= BATCH_BYTES
    };
    inputs.iter().take(max_inputs).take_while(fits).count().max(1)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
