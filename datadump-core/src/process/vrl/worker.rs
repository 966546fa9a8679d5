//! The worker process: compiles programs and runs them on what comes in at standard input, until
//! that ends or the process has to die.

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
    ProgramContext, Diagnostics, Mode, Program, Script,
    run_result::{RunResult, Code},
    event,
    program::Bounds,
    run,
    wire::{self, CheckResult, InputMessage, Handshake, PROTOCOL, Payload, READY, Request, RunRequest},
};

/// How many programs stay compiled.
const PROGRAMS: usize = 64;

/// How long an answer may wait for others to be sent with it.
const GATHER: Duration = Duration::from_millis(2);

/// How much is gathered before it is sent.
const GATHER_BYTES: usize = 32 << 10;

/// Serves as a worker on standard input and output: what a program that starts
/// [`Workers`](super::Workers) does when it is started as one. Returns when its parent has nothing
/// more to ask, or is gone.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     if std::env::args().nth(1).as_deref() == Some("worker") {
///         return datadump_core::process::vrl::serve_worker();
///     }
///     // What the program is for.
///     ExitCode::SUCCESS
/// }
/// ```
pub fn serve_worker() -> ExitCode {
    // What a program does wrong is an answer; nobody reads it on standard error.
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
    confine(handshake.memory);
    let mut buffer = Vec::new();
    wire::put(&mut buffer, &Handshake { protocol: READY.to_owned(), memory: handshake.memory })?;
    wire::send(&mut output, &mut buffer)?;
    let mut programs = Programs::default();
    while let Some(request) = wire::get::<Request>(&mut input)? {
        match request {
            Request::Check(script) => wire::put(&mut buffer, &check(&script))?,
            Request::RunRequest(run) => {
                let program = programs.get(&run.script);
                Batch::new(&run).answer(program, &mut input, &mut output, &mut buffer)?;
            }
        }
        wire::send(&mut output, &mut buffer)?;
    }
    Ok(())
}

/// Limits what this process can take from the machine. What a system does not offer is left out:
/// the parent still has its deadline.
fn confine(memory: u64) {
    limit(Resource::Core, 0);
    limit(Resource::Nofile, 16);
    if let Some(present) = address_space() {
        limit(Resource::As, present.saturating_add(memory));
    }
    // A parent that is killed does not close our input while we are in an endless call.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // The thread that started us may keep to one processor: we may go wherever our parent may.
    #[cfg(target_os = "linux")]
    if let Some(parent) = rustix::process::getppid()
        && let Ok(all) = rustix::thread::sched_getaffinity(Some(parent))
    {
        let _ = rustix::thread::sched_setaffinity(None, &all);
    }
}

fn limit(resource: Resource, most: u64) {
    let now = getrlimit(resource);
    let maximum = now.maximum.map_or(most, |maximum| maximum.min(most));
    let _ = setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) });
}

/// The address space of this process, which is what the limit counts: mapped files, stacks and
/// reservations included.
fn address_space() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn check(script: &Script) -> CheckResult {
    match caught(|| Program::compile(script)) {
        Ok(Ok(program)) => CheckResult { compiles: true, diagnostics: program.diagnostics().clone() },
        Ok(Err(diagnostics)) => CheckResult { compiles: false, diagnostics },
        Err(panic) => {
            let diagnostics = Diagnostics::error(format!("the compiler panicked: {panic}"), &script.source);
            CheckResult { compiles: false, diagnostics }
        }
    }
}

/// Programs that were compiled, or why they are not.
#[derive(Default)]
struct Programs(HashMap<Script, Result<Program, RunResult>>);

impl Programs {
    fn get(&mut self, script: &Script) -> Result<&Program, &RunResult> {
        if self.0.len() >= PROGRAMS && !self.0.contains_key(script) {
            self.0.clear();
        }
        let compile = || match caught(|| Program::compile(script)) {
            Ok(compiled) => compiled.map_err(|errors| run::not_compiled(&errors)),
            Err(panic) => Err(RunResult::failed(Code::NotCompiled, format!("the compiler panicked: {panic}"))),
        };
        self.0.entry(script.clone()).or_insert_with(compile).as_ref()
    }
}

/// One run of a program on several events.
struct Batch<'a> {
    run: &'a RunRequest,
    shared: ObjectMap,
    last: Instant,
    runtime: Runtime,
}

impl<'a> Batch<'a> {
    fn new(run: &'a RunRequest) -> Self {
        let shared = ProgramContext::from(run.about.clone()).metadata();
        let last = Instant::now() + Duration::from_micros(run.patience_micros);
        Self { run, shared, last, runtime: Runtime::default() }
    }

    fn answer(
        mut self,
        program: Result<&Program, &RunResult>,
        input: &mut impl Read,
        output: &mut impl Write,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut sent = Instant::now();
        for _ in 0..self.run.events {
            let given = wire::get_input(input)?;
            let answer = match program {
                Ok(program) => self.one(program, given),
                Err(why) => why.clone(),
            };
            wire::put(buffer, &answer)?;
            if self.run.careful || buffer.len() > GATHER_BYTES || sent.elapsed() > GATHER {
                wire::send(output, buffer)?;
                sent = Instant::now();
            }
        }
        Ok(())
    }

    fn one(&mut self, program: &Program, given: InputMessage) -> RunResult {
        let started = Instant::now();
        if started > self.last {
            return run::late();
        }
        let deadline = self.last.min(started + Duration::from_micros(self.run.deadline_micros));
        let bounds = Bounds { deadline: Some(deadline), output: given.output };
        let mode = match &given.payload {
            Payload::Record(_) => Mode::Record,
            Payload::Throw { .. } => Mode::Throw,
        };
        if mode != self.run.script.mode {
            return run::unfit(mode);
        }
        let metadata = event::metadata(&self.shared, given.index);
        let target = match given.payload {
            Payload::Record(fields) => event::record(fields),
            Payload::Throw { body, content_type } => {
                event::throw(body, content_type.as_deref(), &self.shared)
            }
        };
        caught(|| program.run_one(&mut self.runtime, target, metadata, bounds)).unwrap_or_else(|panic| {
            self.runtime = Runtime::default();
            run::panicked(&panic)
        })
    }
}

/// What it gives, or what it panics with.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| said(panic.as_ref()))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "for no reason".to_owned())
}
