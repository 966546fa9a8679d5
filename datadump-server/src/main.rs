//! The program, with the processors that are built in.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The only place where arguments and environment are read.
    datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
}
