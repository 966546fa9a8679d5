//! The signals that end the process.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Is ready at the first SIGTERM or SIGINT. A second one finds the default behaviour gone: a stop is
/// bounded by its own timeout.
pub(crate) fn stop() -> io::Result<impl Future<Output = ()> + Send> {
    // Registered now, not when first polled: a signal during the start must not be lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
