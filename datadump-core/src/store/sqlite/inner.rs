//! Access to the database, shared by the store and its migrations.

use std::sync::Arc;

use super::{
    readers::Readers,
    writer::{Command, Writer},
};
use crate::{
    error::{Error, Result},
    store::{Catalogue, queue::Queue},
};

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) queue: Queue<Command>,
    pub(super) readers: Readers,
}

impl Inner {
    /// Runs a function on the writer's thread, after the writes that are queued.
    pub(super) async fn on_writer<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, result) = tokio::sync::oneshot::channel();
        self.queue.command(Command::Run(Box::new(move |writer| {
            // The caller may have been cancelled.
            let _ = reply.send(run(writer));
        })))?;
        result.await.map_err(|_| Error::Unavailable("the database is closed".into()))?
    }
}
