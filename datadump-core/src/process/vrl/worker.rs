//! The worker process: compiles and runs programs on requests from standard input until it ends or the
//! process is killed.

use std::{
    any::Any,
    collections::HashMap,
    io::{self, BufReader, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use vrl::{compiler::runtime::Runtime, value::ObjectMap};

use super::{
    Diagnostics, Program, ProgramInput, Script,
    program::RunLimits,
    run,
    run_result::{ErrorCode, RunResult},
    wire::{self, Handshake, PROTOCOL, READY, Request, RunRequest},
};

/// Maximum number of compiled programs that are cached.
const MAX_CACHED_PROGRAMS: usize = 64;

/// Maximum time that a result waits in the send buffer for others.
const FLUSH_INTERVAL: Duration = Duration::from_millis(2);

/// Size of the send buffer at which it is flushed.
const FLUSH_BYTES: usize = 32 << 10;

/// Runs a worker on standard input and output. A program that uses [`Workers`](super::Workers) must call
/// this when it is started as a worker. Returns when the parent closes the connection or exits.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     if std::env::args().nth(1).as_deref() == Some("worker") {
///         return datadump_core::process::vrl::serve_worker();
///     }
///     // The main program.
///     ExitCode::SUCCESS
/// }
/// ```
pub fn serve_worker() -> ExitCode {
    // Panics are reported as results; nothing reads standard error.
    std::panic::set_hook(Box::new(|_| {}));
    let input = BufReader::with_capacity(64 << 10, io::stdin().lock());
    match serve(input, io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let Some(handshake) = wire::get::<Handshake>(&mut input)? else { return Ok(()) };
    if handshake.protocol != PROTOCOL {
        return Err(io::ErrorKind::InvalidData.into());
    }
    apply_limits(handshake.memory);
    let mut buffer = Vec::new();
    wire::put(&mut buffer, &Handshake { protocol: READY.to_owned(), memory: handshake.memory })?;
    wire::send(&mut output, &mut buffer)?;
    let mut programs = Programs::default();
    while let Some(request) = wire::get::<Request>(&mut input)? {
        match request {
            Request::Check(script) => wire::put(&mut buffer, &check(&script))?,
            Request::Run(run) => {
                let program = compile_cached(&mut programs, &run.script);
                InputRun::new(&run).result(program, &mut input, &mut output, &mut buffer)?;
            }
        }
        wire::send(&mut output, &mut buffer)?;
    }
    Ok(())
}

/// Applies resource limits to this process. Limits that the operating system does not support are
/// skipped: the parent still enforces its deadline.
fn apply_limits(memory: u64) {
    limit(Resource::Core, 0);
    limit(Resource::Nofile, 16);
    if let Some(present) = address_space() {
        limit(Resource::As, present.saturating_add(memory));
    }
    // Exit with the parent even if a program is stuck in a call and does not read standard input.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

fn limit(resource: Resource, max: u64) {
    let now = getrlimit(resource);
    let maximum = now.maximum.map_or(max, |maximum| maximum.min(max));
    let _ = setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) });
}

/// Returns the size of the address space of this process, to which the limit applies. It includes mapped
/// files, stacks and reservations.
fn address_space() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn check(script: &Script) -> Result<Diagnostics, Diagnostics> {
    let compiled = catch_panic(|| Program::compile(script)).unwrap_or_else(|panic| {
        Err(Diagnostics::error(format!("the compiler panicked: {panic}"), &script.source))
    });
    compiled.map(|program| program.diagnostics().clone())
}

/// Cache of compiled programs and compile errors.
type Programs = HashMap<Script, Result<Program, RunResult>>;

fn compile_cached<'p>(programs: &'p mut Programs, script: &Script) -> Result<&'p Program, &'p RunResult> {
    if programs.len() >= MAX_CACHED_PROGRAMS && !programs.contains_key(script) {
        programs.clear();
    }
    let compile = || match catch_panic(|| Program::compile(script)) {
        Ok(compiled) => compiled.map_err(|errors| run::not_compiled(&errors)),
        Err(panic) => {
            Err(RunResult::failed(ErrorCode::NotCompiled, format!("the compiler panicked: {panic}")))
        }
    };
    programs.entry(script.clone()).or_insert_with(compile).as_ref()
}

/// A run of a program on several inputs.
struct InputRun<'a> {
    run: &'a RunRequest,
    shared: ObjectMap,
    last: Instant,
    runtime: Runtime,
}

impl<'a> InputRun<'a> {
    fn new(run: &'a RunRequest) -> Self {
        let last = Instant::now() + Duration::from_micros(run.total_timeout_micros);
        Self { run, shared: run.context.metadata(), last, runtime: Runtime::default() }
    }

    fn result(
        mut self,
        program: Result<&Program, &RunResult>,
        input: &mut impl Read,
        output: &mut impl Write,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut flushed = Instant::now();
        for _ in 0..self.run.inputs {
            let (given, max_output) = wire::get_input(input)?;
            let result = match program {
                Ok(program) => self.run_one(program, given, max_output),
                Err(why) => why.clone(),
            };
            wire::put(buffer, &result)?;
            if self.run.one_by_one || buffer.len() > FLUSH_BYTES || flushed.elapsed() > FLUSH_INTERVAL {
                wire::send(output, buffer)?;
                flushed = Instant::now();
            }
        }
        Ok(())
    }

    fn run_one(&mut self, program: &Program, given: ProgramInput, max_output: usize) -> RunResult {
        let started = Instant::now();
        if started > self.last {
            return run::total_timeout();
        }
        let deadline = self.last.min(started + Duration::from_micros(self.run.deadline_micros));
        let bounds = RunLimits { deadline: Some(deadline), output: max_output };
        let work = || program.run_input(&mut self.runtime, given, &self.shared, bounds);
        catch_panic(work).unwrap_or_else(|panic| {
            self.runtime = Runtime::default();
            run::panicked(&panic)
        })
    }
}

/// Runs a closure and returns its result or the message of its panic.
fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panic_message(panic.as_ref()))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
