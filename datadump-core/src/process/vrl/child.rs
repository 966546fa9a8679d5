//! One worker process, seen from the parent: started, asked, and how it died.

use std::{ffi::OsString, io, path::PathBuf, process::Stdio, time::Duration};

use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, timeout, timeout_at},
};

use super::{
    run_result::{RunResult, Code},
    run,
    wire::{self, Hello, PROTOCOL, READY},
};

/// How long a worker may take to start and say so.
const START: Duration = Duration::from_secs(10);

/// How much of what a worker says at its death is read.
const LAST_WORDS: u64 = 4 << 10;

/// How a worker is started: a program that calls [`serve_worker`](super::serve_worker) when it is
/// called like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// Where the program is.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// Why a worker is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkerFailure {
    /// It did not answer in time, and was killed.
    Late,
    /// It answered more than it may, and was killed.
    TooMuch,
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// It ended in another way.
    Crashed(String),
}

/// A worker that is there.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl WorkerCommand {
    /// The program that runs already, called with these arguments.
    pub fn this_program<T: Into<OsString>>(arguments: impl IntoIterator<OutputRecord = T>) -> io::Result<Self> {
        // By this name it is the program that runs, also when a newer one lies in its place.
        let itself = PathBuf::from("/proc/self/exe");
        let program = if itself.exists() { itself } else { std::env::current_exe()? };
        Ok(Self { program, arguments: arguments.into_iter().map(Into::into).collect() })
    }
}

impl WorkerFailure {
    /// What it means for the event it died of.
    pub(super) fn answer(&self) -> RunResult {
        match self {
            Self::Late => RunResult::failed(Code::Timeout, run::TIMEOUT),
            Self::TooMuch => RunResult::failed(Code::TooMuchOutput, run::TOO_MUCH),
            Self::OutOfMemory => RunResult::failed(Code::OutOfMemory, run::OUT_OF_MEMORY),
            Self::Crashed(how) => {
                RunResult::failed(Code::Crashed, format!("the program made its interpreter crash: {how}"))
            }
        }
    }
}

impl std::fmt::Display for WorkerFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Late => "it took too long",
            Self::TooMuch => "it put out too much",
            Self::OutOfMemory => "it needs more memory than it may have",
            Self::Crashed(how) => how,
        })
    }
}

impl Worker {
    /// Starts one.
    pub(super) async fn start(command: &WorkerCommand, memory: usize) -> Result<Self, String> {
        let memory = u64::try_from(memory).unwrap_or(u64::MAX);
        let command = command.clone();
        // The system ends a worker with the thread that started it: one of the runtime, and not one
        // that only waits for this.
        let started = tokio::spawn(async move { spawn(&command) }).await;
        let mut worker = match started {
            Ok(Ok(worker)) => worker,
            Ok(Err(error)) => return Err(format!("no worker process can be started: {error}")),
            Err(error) => return Err(format!("no worker process can be started: {error}")),
        };
        let mut hello = Vec::new();
        let _ = wire::put(&mut hello, &Hello { protocol: PROTOCOL.to_owned(), memory });
        let answer: Result<Hello, WorkerFailure> = worker.ask(&hello, Instant::now() + START).await;
        match answer {
            Ok(hello) if hello.protocol == READY => Ok(worker),
            Ok(hello) => Err(format!("the worker process is of another version: {}", hello.protocol)),
            Err(death) => Err(format!("the worker process does not start: {death}")),
        }
    }

    /// Whether it is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks for one message.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        request: &[u8],
        until: Instant,
    ) -> Result<T, WorkerFailure> {
        let mut answer = None;
        self.talk(request, 1, |_| (until, 1 << 20), |message| answer = Some(message)).await?;
        answer.ok_or_else(|| WorkerFailure::Crashed("it said nothing".to_owned()))
    }

    /// Sends a request while it reads so many answers, each bounded in time and bytes by what
    /// `bounds` says for it.
    pub(super) async fn talk<T: DeserializeOwned>(
        &mut self,
        request: &[u8],
        answers: usize,
        bounds: impl Fn(usize) -> (Instant, usize),
        mut took: impl FnMut(T),
    ) -> Result<(), WorkerFailure> {
        let Self { child, input, output } = self;
        let read = async {
            for number in 0..answers {
                let (until, most) = bounds(number);
                match timeout_at(until, frame(output, most)).await {
                    Ok(Ok(Some(bytes))) => {
                        took(serde_json::from_slice(&bytes).map_err(|error| unclear(&error))?);
                    }
                    Ok(Ok(None)) => return Err(WorkerFailure::TooMuch),
                    Ok(Err(_)) => return Err(WorkerFailure::Crashed(String::new())),
                    Err(_) => return Err(WorkerFailure::Late),
                }
            }
            Ok(())
        };
        // That it does not read is known by its not answering.
        let write = async {
            let _ = input.write_all(request).await;
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = read => ended,
            () = write => Ok(()),
        };
        match ended {
            Err(WorkerFailure::Crashed(how)) if how.is_empty() => Err(cause(child).await),
            other => other,
        }
    }
}

fn spawn(command: &WorkerCommand) -> io::Result<Worker> {
    // By its whole path: it is not looked for, least of all in the folder it is started in.
    let mut process = std::process::Command::new(std::path::absolute(&command.program)?);
    process.args(&command.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Nothing of what the parent was told is a program's business, nor is what its terminal says.
    process.env_clear().current_dir("/");
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    let mut child = Command::from(process).kill_on_drop(true).spawn()?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("it has no input and output"));
    };
    Ok(Worker { child, input, output })
}

/// Reads one frame; none when it is longer than it may be.
async fn frame(output: &mut (impl AsyncRead + Unpin), most: usize) -> io::Result<Option<Vec<u8>>> {
    let length = output.read_u32_le().await?;
    if usize::try_from(length).unwrap_or(usize::MAX) > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    output.take(u64::from(length)).read_to_end(&mut bytes).await?;
    Ok(Some(bytes))
}

fn unclear(error: &serde_json::Error) -> WorkerFailure {
    WorkerFailure::Crashed(format!("its answer is unclear: {error}"))
}

/// What a process that has closed its output died of.
async fn cause(child: &mut Child) -> WorkerFailure {
    let Ok(Ok(status)) = timeout(Duration::from_secs(1), child.wait()).await else {
        return WorkerFailure::Crashed("it closed its output".to_owned());
    };
    let mut words = Vec::new();
    if let Some(errors) = &mut child.stderr {
        let _ = timeout(Duration::from_secs(1), errors.take(LAST_WORDS).read_to_end(&mut words)).await;
    }
    let words = String::from_utf8_lossy(&words);
    // What Rust says before it gives up for want of memory.
    if words.contains("memory allocation of") {
        return WorkerFailure::OutOfMemory;
    }
    if words.contains("overflowed its stack") {
        return WorkerFailure::Crashed("it nests too deep".to_owned());
    }
    WorkerFailure::Crashed(status.to_string())
}
