//! What ties a connection to the server, whatever is spoken on it: it counts as open as long as
//! somebody holds this, a stop waits for it, and it hears of a stop.

use std::{convert::Infallible, sync::Arc};

use tokio::sync::{mpsc, watch};

use super::cores::Seat;
use crate::metrics::Opened;

/// Held by the connection, and by whoever it was upgraded for.
#[derive(Debug, Clone)]
pub(crate) struct Lifeline {
    _open: Arc<((Opened, Seat), mpsc::Sender<Infallible>)>,
    stopped: watch::Receiver<()>,
}

impl Lifeline {
    pub(super) fn new(
        opened: (Opened, Seat),
        alive: mpsc::Sender<Infallible>,
        stopped: watch::Receiver<()>,
    ) -> Self {
        Self { _open: Arc::new((opened, alive)), stopped }
    }

    /// Is ready when the server stops.
    pub(crate) async fn stopped(&mut self) {
        // A server that is gone without a word has stopped as well.
        let _ = self.stopped.changed().await;
    }
}
