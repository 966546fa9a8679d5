//! The server program, with the built-in processors.

use std::process::ExitCode;

/// Throws make many small allocations that are freed on another thread. With the allocator of the C library,
/// a sixth of the CPU time went into that. It replaces that allocator for SQLite as well (feature `override`),
/// because freed values of some 30 MiB stay in the heap of each thread there: reading large rows left 600 MiB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The variable from which the allocator reads, before `main`, after how many milliseconds it returns freed memory to
/// the operating system. Its default is a second. A throw may use hundreds of megabytes for a moment, and then the
/// next one does, in pages of other sizes: both were resident, which is more than the server promises.
#[cfg(unix)]
const PURGE_DELAY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "100");

/// Starts the program again with that variable, unless it is set. Returns if that fails.
#[cfg(unix)]
fn set_purge_delay() {
    use std::os::unix::process::CommandExt as _;
    let (name, milliseconds) = PURGE_DELAY;
    if std::env::var_os(name).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let mut arguments = std::env::args_os();
        let mut command = std::process::Command::new(program);
        command.arg0(arguments.next().unwrap_or_default());
        // The same process continues with the new program. The error is that it could not be started.
        let _ = command.args(arguments).env(name, milliseconds).exec();
    }
}

fn main() -> ExitCode {
    #[cfg(unix)]
    set_purge_delay();
    // An idle connection uses the first page of each of its buffers. With huge pages, ten thousand of them
    // take a third more memory, and nothing gets faster. The call fails on systems without huge pages, which
    // need nothing.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Arguments and environment are only read here.
    datadump_server::program(std::env::args_os(), std::env::vars_os(), Vec::new())
}
