//! The signals that stop the server.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Returns a future that is ready at the first SIGTERM or SIGINT.
///
/// Later signals are ignored; the stop timeout limits how long shutdown takes.
pub(crate) fn stop() -> io::Result<impl Future<Output = ()> + Send> {
    // Registered before the future is polled, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
