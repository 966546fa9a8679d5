//! In the place of the pool of workers, until it is there.

use crate::process::vrl::{About, Diagnostics, Event, Limits, Program, Script, Verdict};

#[derive(Debug)]
pub(crate) struct Workers(Limits);

#[derive(Debug, Clone)]
pub struct WorkerCommand;

impl Workers {
    pub(crate) fn new(_: WorkerCommand, limits: Limits) -> Self {
        Self(limits)
    }
    pub(crate) fn in_process(limits: Limits) -> Self {
        Self(limits)
    }
    pub(crate) async fn check(&self, script: &Script) -> Result<Diagnostics, Diagnostics> {
        Program::compile(script).map(|program| program.diagnostics().clone())
    }
    pub(crate) async fn run(&self, script: &Script, about: &About, events: Vec<Event>) -> Vec<Verdict> {
        match Program::compile(script) {
            Ok(program) => program.run(about, &events, &self.0),
            Err(_) => Vec::new(),
        }
    }
}
