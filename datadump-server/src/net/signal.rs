//! Signals: two stop the server, and one is ignored.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Returns a future that is ready at the first SIGTERM or SIGINT.
///
/// Later signals are ignored; the stop timeout limits how long shutdown takes. SIGHUP is ignored from now on: a
/// server that was started in a terminal survives the end of its session.
pub(crate) fn stop() -> io::Result<impl Future<Output = ()> + Send> {
    // Registered before the future is polled, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Its handler stays installed when this is dropped.
    drop(signal(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
