//! The writer's thread: commits queued batches in groups, and runs commands between them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use super::{
    write,
    writer::{Command, Writer, WriterFn},
};
use crate::{
    error::{Error, Result},
    store::queue::{QueueReceiver, WriterTask},
};

/// Starts the thread. It ends on [`Command::Stop`], or when the queue is closed.
pub(super) fn start(mut writer: Writer, receiver: QueueReceiver<Command>) -> Result<thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::internal)?;
    let run = move || {
        while let Some(task) = runtime.block_on(receiver.next()) {
            let run: WriterFn<'_> = match task {
                WriterTask::Commit(jobs) => Box::new(|writer| write::commit(writer, jobs, receiver.gauge())),
                WriterTask::Command(Command::Run(run)) => run,
                WriterTask::Command(Command::Stop) => break,
            };
            // A panic rolls back its transaction and fails the callers who wait for it. It must not end the
            // thread.
            if catch_unwind(AssertUnwindSafe(|| run(&mut writer))).is_err() {
                tracing::error!("the writer panicked; continuing with the next transaction");
            }
            writer.maintain();
        }
        writer.finish();
    };
    thread::Builder::new().name("sqlite-writer".into()).spawn(run).map_err(Error::internal)
}
