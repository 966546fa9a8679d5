//! The program: reads what it is told, then runs the server, checks, or prints the API document.

use std::process::ExitCode;

use datadump_core::process::vrl::serve_worker;
use datadump_server::config::{Command, Invocation};

fn main() -> ExitCode {
    // The only place where arguments and environment are read.
    let outcome = Invocation::read(std::env::args_os(), std::env::vars_os()).and_then(|invocation| {
        match invocation.command {
            Command::Run => datadump_server::run_until_signal(invocation.config)?,
            Command::Check => print(&invocation.report())?,
            Command::OpenApi => print(&datadump_server::openapi())?,
            Command::Worker => return Ok(serve_worker()),
        }
        Ok(ExitCode::SUCCESS)
    });
    outcome.unwrap_or_else(|error| error.report())
}

/// A reader that has gone away (`| head`) is not an error.
fn print(text: &str) -> Result<(), datadump_server::Error> {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    Ok(())
}
