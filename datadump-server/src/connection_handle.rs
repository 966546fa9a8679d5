//! The handle of an open connection.

use std::{any::Any, sync::Arc};

use tokio_util::sync::CancellationToken;

/// Held by a connection and by the WebSocket it is upgraded to. Until all clones are dropped, the connection
/// counts as open, and shutdown waits for it.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionHandle {
    _guards: Arc<dyn Any + Send + Sync>,
    stop: CancellationToken,
}

impl ConnectionHandle {
    /// Creates a handle that drops `guards` with its last clone.
    pub(crate) fn new(guards: impl Send + Sync + 'static, stop: CancellationToken) -> Self {
        Self { _guards: Arc::new(guards), stop }
    }

    /// Waits until the server stops.
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}
