//! The whole program: reads what it is told, then runs the server, checks, or prints the API
//! document. A program with processors of its own is this and nothing else.

use std::{ffi::OsString, io::Write as _, process::ExitCode};

use datadump_core::process::vrl::serve_worker;

use crate::{
    Error, Processors,
    config::{Command, Invocation},
    run_until_signal,
};

/// Does what its arguments and its environment say, with these processors beside those built in.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
/// }
/// ```
pub fn program(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    processors: Processors,
) -> ExitCode {
    match act(arguments, environment, processors) {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}

fn act(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    processors: Processors,
) -> Result<ExitCode, Error> {
    let invocation = Invocation::read(arguments, environment)?;
    match invocation.command {
        Command::Run => run_until_signal(invocation.config, processors)?,
        Command::Check => print(&invocation.report()),
        Command::OpenApi => print(&crate::openapi()),
        Command::Worker => return Ok(serve_worker()),
    }
    Ok(ExitCode::SUCCESS)
}

/// A reader that has gone away (`| head`) is not an error.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}
