//! The server program, with the built-in processors.

use std::process::ExitCode;

/// Throws make many small allocations that are freed on another thread. With the allocator of the C library,
/// a sixth of the CPU time went into that. It replaces that allocator for SQLite as well (feature `override`),
/// because freed values of some 30 MiB stay in the heap of each thread there: reading large rows left 600 MiB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // An idle connection uses the first page of each of its buffers. With huge pages, ten thousand of them
    // take a third more memory, and nothing gets faster. The call fails on systems without huge pages, which
    // need nothing.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Arguments and environment are only read here.
    datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
}
