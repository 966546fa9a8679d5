//! The program, with the processors that are built in.

use std::process::ExitCode;

/// Many small throws are many small pieces of memory, made on one thread and given back on another:
/// the allocator of the C library spends a sixth of the time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The only place where arguments and environment are read.
    datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
}
