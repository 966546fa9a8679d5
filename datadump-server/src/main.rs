//! The program, with the processors that are built in.

use std::process::ExitCode;

/// Many small throws are many small pieces of memory, made on one thread and given back on another:
/// the allocator of the C library spends a sixth of the time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Ten thousand idle connections use the first page of each of their buffers. In huge pages the other ones
    // are there too: a third more memory, and nothing is faster. A system without them says so, and is right.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // The only place where arguments and environment are read.
    datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
}
