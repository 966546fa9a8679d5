//! Where programs that people write are run: a few processes that can be thrown away.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    ProgramContext, Diagnostics, ProgramInput, Limits, Program, Script, ProgramOutcome, run_result::RunResult, child::WorkerCommand,
    pool::Pool, run,
};

/// How many programs stay compiled in this process.
const PROGRAMS: usize = 64;

/// Runs programs within [`Limits`]. Nothing is started before it is needed; at most two workers run
/// at a time, whoever asks, and they end with this.
///
/// ```
/// use datadump_core::process::vrl::{Limits, Script, WorkerCommand, Workers};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// // A program that calls `serve_worker` when its first argument is `worker`.
/// let command = WorkerCommand::this_program(["worker"]).unwrap();
/// let workers = Workers::new(command, Limits::default());
/// # let workers = Workers::in_process(Limits::default());
/// let errors = workers.check(&Script::of_records(".a = upcase(.b)")).await.unwrap_err();
/// assert_eq!(errors.list[0].place.column, 6);
/// # });
/// ```
pub struct Workers {
    kind: Kind,
}

enum Kind {
    Processes(Pool),
    InProcess(InProcess),
}

impl Workers {
    /// Programs run in worker processes: whatever one of them does, it does not do it here.
    pub fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self { kind: Kind::Processes(Pool::new(command, limits)) }
    }

    /// Programs run in this process, on a thread for long work: **only for programs that are
    /// trusted**. The deadline is looked at between two expressions, memory not at all: one that
    /// asks for too much takes the process down.
    pub fn in_process(limits: Limits) -> Self {
        Self { kind: Kind::InProcess(InProcess { limits, programs: Arc::default() }) }
    }

    /// Compiles a program, and says what the compiler says: warnings when it compiles, else errors.
    pub async fn check(&self, script: &Script) -> Result<Diagnostics, Diagnostics> {
        match &self.kind {
            Kind::Processes(pool) => pool.check(script).await,
            Kind::InProcess(here) => here.check(script).await,
        }
    }

    /// Runs a program on events of one throw: a outcome for each, in order. An event that the
    /// program cannot cope with fails alone.
    pub async fn run(&self, script: &Script, about: &ProgramContext, events: Vec<ProgramInput>) -> Vec<ProgramOutcome> {
        match &self.kind {
            Kind::Processes(pool) => {
                let answers = pool.run(script, about, &events).await;
                events.iter().zip(answers).map(|(event, answer)| event.settle(answer)).collect()
            }
            Kind::InProcess(here) => here.run(script, about, events).await,
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Processes(_) => "processes",
            Kind::InProcess(_) => "in process",
        };
        f.debug_tuple("Workers").field(&kind).finish()
    }
}

struct InProcess {
    limits: Limits,
    programs: Arc<Mutex<HashMap<Script, Arc<Program>>>>,
}

impl InProcess {
    async fn check(&self, script: &Script) -> Result<Diagnostics, Diagnostics> {
        let (script, programs) = (script.clone(), self.programs.clone());
        let source = script.source.clone();
        let compiled = tokio::task::spawn_blocking(move || compiled(&programs, &script)).await;
        match compiled {
            Ok(compiled) => compiled.map(|program| program.diagnostics().clone()),
            Err(error) => Err(Diagnostics::error(format!("the compiler failed: {error}"), &source)),
        }
    }

    async fn run(&self, script: &Script, about: &ProgramContext, events: Vec<ProgramInput>) -> Vec<ProgramOutcome> {
        let (script, about, limits) = (script.clone(), about.clone(), self.limits);
        let (programs, events) = (self.programs.clone(), Arc::new(events));
        let given = events.clone();
        let work = move || match compiled(&programs, &script) {
            Ok(program) => program.run(&about, &given, &limits),
            Err(errors) => all(&given, &run::not_compiled(&errors)),
        };
        let outcomes = tokio::task::spawn_blocking(work).await;
        outcomes.unwrap_or_else(|error| all(&events, &run::panicked(&error.to_string())))
    }
}

fn compiled(
    programs: &Mutex<HashMap<Script, Arc<Program>>>,
    script: &Script,
) -> Result<Arc<Program>, Diagnostics> {
    // What is in there is whole whenever the lock is free.
    let lock = || programs.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = lock().get(script) {
        return Ok(program.clone());
    }
    let program = Arc::new(Program::compile(script)?);
    let mut programs = lock();
    if programs.len() >= PROGRAMS {
        programs.clear();
    }
    programs.insert(script.clone(), program.clone());
    Ok(program)
}

fn all(events: &[ProgramInput], answer: &RunResult) -> Vec<ProgramOutcome> {
    events.iter().map(|event| event.settle(answer.clone())).collect()
}
