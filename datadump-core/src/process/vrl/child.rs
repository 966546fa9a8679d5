//! One worker process as seen by the parent: start, requests, and cause of failure.

use std::{ffi::OsString, io, path::PathBuf, process::Stdio, time::Duration};

use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, timeout, timeout_at},
};

use super::{
    run_result::{self, ErrorCode, RunResult},
    wire::{self, Handshake, PROTOCOL, READY},
};

/// Maximum time for a worker to start and complete the handshake.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of bytes read from standard error of a dead worker.
const MAX_STDERR_BYTES: u64 = 4 << 10;

/// The command that starts a worker: a program that calls [`serve_worker`](super::serve_worker) when it is
/// started with these arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// Path of the program.
    pub program: PathBuf,
    /// Arguments of the program.
    pub arguments: Vec<OsString>,
}

/// Why a worker had to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkerFailure {
    /// It did not answer in time and was killed.
    Timeout,
    /// It exceeded the output limit and was killed.
    TooMuchOutput,
    /// It exceeded the memory limit.
    OutOfMemory,
    /// It exited for another reason.
    Crashed(String),
}

#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl WorkerCommand {
    /// Returns the command that runs the current program with other arguments.
    pub fn this_program<T: Into<OsString>>(arguments: impl IntoIterator<Item = T>) -> io::Result<Self> {
        // This path refers to the running program even if the file has been replaced.
        let itself = PathBuf::from("/proc/self/exe");
        let program = if itself.exists() { itself } else { std::env::current_exe()? };
        Ok(Self { program, arguments: arguments.into_iter().map(Into::into).collect() })
    }
}

impl WorkerFailure {
    /// Returns the result of the input that the worker was processing.
    pub(super) fn result(&self) -> RunResult {
        match self {
            Self::Timeout => RunResult::failed(ErrorCode::Timeout, run_result::TIMEOUT),
            Self::TooMuchOutput => RunResult::failed(ErrorCode::TooMuchOutput, run_result::TOO_MUCH_OUTPUT),
            Self::OutOfMemory => RunResult::failed(ErrorCode::OutOfMemory, run_result::OUT_OF_MEMORY),
            Self::Crashed(how) => {
                RunResult::failed(ErrorCode::Crashed, format!("the program crashed its interpreter: {how}"))
            }
        }
    }
}

impl std::fmt::Display for WorkerFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Timeout => "it exceeded its time limit",
            Self::TooMuchOutput => "it exceeded its output limit",
            Self::OutOfMemory => "it exceeded its memory limit",
            Self::Crashed(how) => how,
        })
    }
}

impl Worker {
    /// Starts a worker and performs the handshake.
    pub(super) async fn start(command: &WorkerCommand, memory: usize) -> Result<Self, String> {
        let memory = u64::try_from(memory).unwrap_or(u64::MAX);
        let command = command.clone();
        // The operating system kills a worker together with the thread that started it, so it must be
        // a thread of the runtime and not a short-lived one.
        let started = tokio::spawn(async move { spawn(&command) }).await.map_err(io::Error::other).flatten();
        let mut worker = started.map_err(|error| format!("cannot start a worker process: {error}"))?;
        let mut handshake = Vec::new();
        let _ = wire::put(&mut handshake, &Handshake { protocol: PROTOCOL.to_owned(), memory });
        let result: Result<Handshake, WorkerFailure> =
            worker.ask(&handshake, Instant::now() + START_TIMEOUT).await;
        match result {
            Ok(handshake) if handshake.protocol == READY => Ok(worker),
            Ok(handshake) => {
                Err(format!("the worker process has a different version: {}", handshake.protocol))
            }
            Err(failure) => Err(format!("the worker process failed to start: {failure}")),
        }
    }

    /// Returns whether the process is running.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a request and reads one message.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        request: &[u8],
        until: Instant,
    ) -> Result<T, WorkerFailure> {
        let mut result = None;
        let took = |message| {
            result = Some(message);
            Ok(())
        };
        self.talk(request, 1, |_| (until, 1 << 20), |_| true, took).await?;
        result.ok_or_else(|| WorkerFailure::Crashed("it sent no reply".to_owned()))
    }

    /// Sends a request and concurrently reads `results` replies. `bounds` returns the time and size
    /// limit of each, `fits` whether a reply of some length may be parsed.
    pub(super) async fn talk<T: DeserializeOwned>(
        &mut self,
        request: &[u8],
        results: usize,
        bounds: impl Fn(usize) -> (Instant, usize),
        mut fits: impl FnMut(usize) -> bool,
        mut took: impl FnMut(T) -> Result<(), WorkerFailure>,
    ) -> Result<(), WorkerFailure> {
        let Self { child, input, output } = self;
        let read = async {
            for number in 0..results {
                let (until, max_bytes) = bounds(number);
                match timeout_at(until, frame(output, max_bytes)).await {
                    Ok(Ok(Some(bytes))) if !fits(bytes.len()) => return Err(WorkerFailure::TooMuchOutput),
                    Ok(Ok(Some(bytes))) => {
                        took(serde_json::from_slice(&bytes).map_err(|error| {
                            WorkerFailure::Crashed(format!("its reply is invalid: {error}"))
                        })?)?;
                    }
                    Ok(Ok(None)) => return Err(WorkerFailure::TooMuchOutput),
                    Ok(Err(_)) => return Err(WorkerFailure::Crashed(String::new())),
                    Err(_) => return Err(WorkerFailure::Timeout),
                }
            }
            Ok(())
        };
        // A worker that does not read its input is noticed by the missing reply.
        let write = async {
            let _ = input.write_all(request).await;
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = read => ended,
            () = write => Ok(()),
        };
        match ended {
            Err(WorkerFailure::Crashed(how)) if how.is_empty() => Err(cause_of_death(child).await),
            other => other,
        }
    }
}

fn spawn(command: &WorkerCommand) -> io::Result<Worker> {
    // An absolute path prevents a lookup in PATH or the working directory.
    let mut process = std::process::Command::new(std::path::absolute(&command.program)?);
    process.args(&command.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The environment and terminal signals of the parent must not reach the worker.
    process.env_clear().current_dir("/");
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    let mut child = Command::from(process).kill_on_drop(true).spawn()?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("the worker has no standard input or output"));
    };
    Ok(Worker { child, input, output })
}

/// Reads one frame; returns `None` if it is longer than `max_bytes`.
async fn frame(output: &mut (impl AsyncRead + Unpin), max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let length = output.read_u32_le().await?;
    if usize::try_from(length).unwrap_or(usize::MAX) > max_bytes {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    output.take(u64::from(length)).read_to_end(&mut bytes).await?;
    Ok(Some(bytes))
}

/// Determines why a process that closed its output has exited.
async fn cause_of_death(child: &mut Child) -> WorkerFailure {
    let Ok(Ok(status)) = timeout(Duration::from_secs(1), child.wait()).await else {
        return WorkerFailure::Crashed("it closed its output".to_owned());
    };
    let mut stderr = Vec::new();
    if let Some(errors) = &mut child.stderr {
        let _ = timeout(Duration::from_secs(1), errors.take(MAX_STDERR_BYTES).read_to_end(&mut stderr)).await;
    }
    let stderr = String::from_utf8_lossy(&stderr);
    // The message of the Rust runtime when an allocation fails.
    if stderr.contains("memory allocation of") {
        return WorkerFailure::OutOfMemory;
    }
    if stderr.contains("overflowed its stack") {
        return WorkerFailure::Crashed("stack overflow: the program is nested too deeply".to_owned());
    }
    WorkerFailure::Crashed(status.to_string())
}
