//! The command line: runs the server, checks the configuration, or prints the API document.

use std::{ffi::OsString, io::Write as _, process::ExitCode, sync::Arc};

use datadump_core::process::{Processor, vrl::serve_worker};

use crate::{
    Error,
    config::{Command, Invocation},
    run::run_with_warnings,
};

/// Runs the program with native processors in addition to the built-in ones.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
/// }
/// ```
pub fn program(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    processors: Vec<Arc<dyn Processor>>,
) -> ExitCode {
    match execute(arguments, environment, processors) {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}

fn execute(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    processors: Vec<Arc<dyn Processor>>,
) -> Result<ExitCode, Error> {
    let invocation = Invocation::read(arguments, environment)?;
    match invocation.command {
        Command::Run => run_with_warnings(invocation.config, &invocation.warnings, processors)?,
        Command::Check => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            print(&runtime.map_err(Error::Runtime)?.block_on(invocation.report())?);
        }
        Command::OpenApi => print(&crate::openapi()),
        Command::Worker => return Ok(serve_worker()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints text. A closed pipe (`| head`) is not an error.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}
