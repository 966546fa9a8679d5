//! The writer's thread: it takes a batch, commits it as one, answers; or does what it is told.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use super::{
    write,
    writer::{Command, Writer},
};
use crate::{
    error::{Error, Result},
    store::writer::{Batch, Intake},
};

/// Starts the thread. It ends when it is told to, or when nobody is left to tell it anything.
pub(super) fn start(mut writer: Writer, intake: Intake<Command>) -> Result<thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::internal)?;
    let run = move || {
        while let Some(batch) = runtime.block_on(intake.next()) {
            let work: Box<dyn FnOnce(&mut Writer)> = match batch {
                Batch::Rows(jobs) => Box::new(|writer| write::commit(writer, jobs, intake.gauge())),
                Batch::Other(Command::Do(run)) => run,
                Batch::Other(Command::Stop) => break,
            };
            // A panic undoes its transaction and fails those who waited for it; it must not be the
            // end of all writing.
            if catch_unwind(AssertUnwindSafe(|| work(&mut writer))).is_err() {
                tracing::error!("the writer panicked over a batch and goes on with the next");
            }
            // After the answers, and after the catalogue that a migration has changed.
            writer.tidy(intake.gauge().is_empty());
        }
        writer.finish();
    };
    thread::Builder::new().name("sqlite-writer".into()).spawn(run).map_err(Error::internal)
}
