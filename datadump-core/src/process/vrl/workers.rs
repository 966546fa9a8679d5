//! Runs user-written programs in disposable worker processes.

use std::{collections::HashMap, fmt, sync::Arc};

use parking_lot::Mutex;

use super::{
    CheckError, Diagnostics, Limits, Program, ProgramContext, ProgramInput, ProgramOutcome, Script,
    child::WorkerCommand, limits::RunLeft, pool::Pool, run, run_result::RunResult,
};
use crate::memory::MemoryShare;

/// Maximum number of compiled programs that are cached in this process.
const MAX_CACHED_PROGRAMS: usize = 64;

/// Runs programs within [`Limits`]. Worker processes start on demand and exit when this is dropped. A source
/// uses at most two at a time, and waits for its turn if others use them: sources take turns, and a third worker
/// is reserved for one that uses none.
///
/// ```
/// use datadump_core::process::vrl::{CheckError, Limits, Script, WorkerCommand, Workers};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// // A program that calls `serve_worker` when its first argument is `worker`.
/// let command = WorkerCommand::this_program(["worker"]).unwrap();
/// let workers = Workers::new(command, Limits::default());
/// # let workers = Workers::in_process(Limits::default());
/// let error = workers.check(&Script::for_records(".a = upcase(.b)")).await.unwrap_err();
/// assert!(matches!(error, CheckError::Program(errors) if errors.list[0].place.column == 6));
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
    /// Runs programs in worker processes, isolated from this process.
    pub fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self { kind: Kind::Processes(Pool::new(command, limits)) }
    }

    /// Runs programs in this process, on a blocking thread. **Only for trusted programs**: the
    /// deadline is checked between expressions and memory is not limited, so a program that allocates
    /// too much aborts the process.
    pub fn in_process(limits: Limits) -> Self {
        Self { kind: Kind::InProcess(InProcess { limits, programs: Arc::default() }) }
    }

    /// Compiles a program and returns the warnings of the compiler.
    pub async fn check(&self, script: &Script) -> Result<Diagnostics, CheckError> {
        match &self.kind {
            Kind::Processes(pool) => pool.check(script).await,
            Kind::InProcess(here) => here.check(script).await.map_err(CheckError::Program),
        }
    }

    /// Runs a program on the inputs of one throw and returns an outcome for each, in order. A failure
    /// affects only one input. If too much is waiting for the workers, the outcomes that remain are failures with
    /// the code `busy`.
    pub async fn run(
        &self,
        script: &Script,
        context: &ProgramContext,
        inputs: Vec<ProgramInput>,
    ) -> Vec<ProgramOutcome> {
        let mut left = self.run_left(inputs.len(), inputs.iter().map(ProgramInput::bytes).sum());
        self.run_part(script, context, inputs, &mut left, None).await
    }

    /// Returns the limits for all inputs of a throw.
    pub(crate) fn run_left(&self, inputs: usize, bytes: usize) -> RunLeft {
        match &self.kind {
            Kind::Processes(pool) => pool.limits().run_left(inputs, bytes),
            Kind::InProcess(here) => here.limits.run_left(inputs, bytes),
        }
    }

    /// Runs a program on some of the inputs of a throw, with what is left of its limits. Results for which there is
    /// no memory fail.
    pub(crate) async fn run_part(
        &self,
        script: &Script,
        context: &ProgramContext,
        inputs: Vec<ProgramInput>,
        left: &mut RunLeft,
        memory: Option<&mut MemoryShare>,
    ) -> Vec<ProgramOutcome> {
        match &self.kind {
            Kind::Processes(pool) => {
                let results = pool.run(script, context, &inputs, left, memory).await;
                inputs.iter().zip(results).map(|(input, result)| input.outcome(result)).collect()
            }
            Kind::InProcess(here) => here.run(script, context, inputs).await,
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
        let compiled = tokio::task::spawn_blocking(move || compile_cached(&programs, &script)).await;
        match compiled {
            Ok(compiled) => compiled.map(|program| program.diagnostics().clone()),
            Err(error) => Err(Diagnostics::error(format!("the compiler failed: {error}"), &source)),
        }
    }

    async fn run(
        &self,
        script: &Script,
        context: &ProgramContext,
        inputs: Vec<ProgramInput>,
    ) -> Vec<ProgramOutcome> {
        let (script, context, limits) = (script.clone(), context.clone(), self.limits);
        let (programs, inputs) = (self.programs.clone(), Arc::new(inputs));
        let given = inputs.clone();
        let work = move || match compile_cached(&programs, &script) {
            Ok(program) => program.run(&context, &given, &limits),
            Err(errors) => same_outcome(&given, &run::not_compiled(&errors)),
        };
        let outcomes = tokio::task::spawn_blocking(work).await;
        outcomes.unwrap_or_else(|error| same_outcome(&inputs, &run::panicked(&error.to_string())))
    }
}

fn compile_cached(
    programs: &Mutex<HashMap<Script, Arc<Program>>>,
    script: &Script,
) -> Result<Arc<Program>, Diagnostics> {
    if let Some(program) = programs.lock().get(script) {
        return Ok(program.clone());
    }
    let program = Arc::new(Program::compile(script)?);
    let mut programs = programs.lock();
    if programs.len() >= MAX_CACHED_PROGRAMS {
        programs.clear();
    }
    programs.insert(script.clone(), program.clone());
    Ok(program)
}

fn same_outcome(inputs: &[ProgramInput], result: &RunResult) -> Vec<ProgramOutcome> {
    inputs.iter().map(|input| input.outcome(result.clone())).collect()
}
