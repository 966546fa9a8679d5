//! Transforms a decoded throw: runs the source's program and routes the records to storages.

use std::sync::Arc;

use tokio::task::coop::consume_budget;

use super::{Ingest, decode::DecodedThrow, originals::DecodedRecords, source_cache::Source};
use crate::{
    error::{Error, Result},
    memory::{MemoryShare, OutOfMemory},
    process::{
        self,
        vrl::{Mode, ProgramContext, ProgramInput, ProgramOutcome, RunLeft, Script},
    },
    quarantine::{FailedPart, FailureReason, Stage, ThrowContext},
    record::{Changes, Failure, Origin, Record, Records, Rejection},
    schema::StorageName,
    store::system_storages::SystemStorage,
    throw::Throw,
};

/// Number of records that a program is given at once.
const PROGRAM_RECORDS: usize = 4096;

/// A throw that is ready to be stored.
#[derive(Debug)]
pub(crate) struct TransformedThrow {
    pub(crate) context: Arc<ThrowContext>,
    /// The records, each with its storage.
    pub(crate) records: Records,
    /// Values in the decoded records that were read differently from how they were sent.
    pub(crate) changes: Changes,
    pub(crate) failed: Vec<FailedPart>,
    /// Number of records that the program or the routes dropped.
    pub(crate) dropped: u64,
    /// The records before the program and the routes; `None` if they are the same.
    pub(super) decoded: Option<DecodedRecords>,
    /// True if a program read the whole throw instead of the decoded records.
    pub(super) is_of_program: bool,
    /// The memory of all this.
    pub(crate) memory: MemoryShare,
}

impl Ingest {
    /// Runs the source's program, or the edited one instead of it, and the routes.
    pub(crate) async fn transform(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        decoded: DecodedThrow,
        edited: Option<&Script>,
    ) -> Result<TransformedThrow> {
        let DecodedThrow { format, body, output, .. } = decoded;
        let named = source.settings.processor.as_deref().filter(|_| edited.is_none());
        let named = named.map(|name| self.programs.find(name));
        let (named, missing) = match named {
            Some(Ok(named)) => (Some(named), None),
            Some(Err(error)) => (None, Some(Failure::new("unknown-processor", error.to_string()))),
            None => (None, None),
        };
        let processor = named.as_ref().map(|program| (program.name.clone(), program.version));
        let program = edited.or(named.as_ref().map(|named| &named.script));
        let quarantine = self.context.system(SystemStorage::Quarantine)?;
        // A body that was converted is not needed any more if it could not be read.
        let body = if output.is_err() { throw.body.clone() } else { body };
        let memory = self.decoder.memory(&throw.body);
        let import = source.import().cloned();
        let context = ThrowContext { quarantine, throw, body, format, processor, import };
        let mut transformed = TransformedThrow::new(context, memory);
        let (records, changes, rejected) = match (output, missing) {
            (Ok(output), None) => {
                if let Some(memory) = output.meter.into_share() {
                    transformed.memory = memory;
                }
                (output.records, output.changes, output.rejected)
            }
            (output, missing) => {
                let stage = if output.is_err() { Stage::Decode } else { Stage::Program };
                let Some(failure) = output.err().or(missing) else { return Ok(transformed) };
                transformed.failed.push(FailedPart::whole(FailureReason::of(stage, &failure)));
                return Ok(transformed);
            }
        };
        // A program that takes the whole throw does not see the decoded records.
        transformed.is_of_program = program.is_some_and(|script| script.mode == Mode::Throw);
        if !transformed.is_of_program {
            transformed.changes = changes;
        }
        let done = match transformed.reject(rejected) {
            Ok(()) => match program {
                Some(script) => self.run_program(script, source, records, &mut transformed).await,
                None => transformed.route_all(source, records).await,
            },
            Err(why) => Err(why),
        };
        match done {
            Ok(()) => Ok(transformed),
            Err(OutOfMemory::InUse) => Err(Error::Overloaded),
            Err(OutOfMemory::TooMuch) => {
                transformed.fail_whole();
                Ok(transformed)
            }
        }
    }

    async fn run_program(
        &self,
        script: &Script,
        source: &Source,
        records: Records,
        transformed: &mut TransformedThrow,
    ) -> Result<(), OutOfMemory> {
        let context = transformed.context.clone();
        let head = context.throw.head.as_deref();
        // Each record gets a copy of the metadata, and most programs read no headers.
        let read_headers = head.filter(|_| may_read_headers(&script.source));
        let about = ProgramContext {
            source: context.throw.source.to_string(),
            received_at: context.throw.received_at,
            format: Some(context.format.clone()),
            arguments: context.throw.arguments.clone(),
            method: head.map(|head| head.method.clone()),
            path: head.map(|head| head.path.clone()),
            headers: read_headers.map(|head| head.headers.clone()).unwrap_or_default(),
        };
        transformed.decoded = Some(DecodedRecords::default());
        if script.mode == Mode::Throw {
            let body = context.body.clone();
            let input = ProgramInput::Throw { body, content_type: context.throw.content_type.clone() };
            let mut left = self.programs.run_left(1, context.body.len());
            return self.run_part(script, &about, source, vec![input], &mut left, transformed).await;
        }
        let mut left = self.programs.run_left(records.len(), records.size());
        let (mut size, mut records) = (records.size(), records.into_iter());
        loop {
            let mut inputs = Vec::new();
            for record in records.by_ref().take(PROGRAM_RECORDS) {
                transformed.keep(&record)?;
                inputs.push(ProgramInput::Record(record));
            }
            if inputs.is_empty() {
                return Ok(());
            }
            self.run_part(script, &about, source, inputs, &mut left, transformed).await?;
            let size_before = std::mem::replace(&mut size, records.size());
            transformed.memory.shrink(size_before.saturating_sub(size));
        }
    }

    /// Runs a program on some inputs, and routes the records that it returns.
    async fn run_part(
        &self,
        script: &Script,
        about: &ProgramContext,
        source: &Source,
        inputs: Vec<ProgramInput>,
        left: &mut RunLeft,
        transformed: &mut TransformedThrow,
    ) -> Result<(), OutOfMemory> {
        let origins: Vec<Option<Origin>> = inputs
            .iter()
            .map(|input| match input {
                ProgramInput::Record(record) => Some(record.origin.clone()),
                ProgramInput::Throw { .. } => None,
            })
            .collect();
        let outcomes =
            Box::pin(self.programs.run(script, about, inputs, left, &mut transformed.memory)).await;
        // It fails only while too much is waiting for the workers.
        let outcomes = outcomes.map_err(|_| OutOfMemory::InUse)?;
        for (origin, outcome) in origins.into_iter().zip(outcomes) {
            match outcome {
                ProgramOutcome::Dropped(_) => transformed.dropped += 1,
                ProgramOutcome::Failed(failure) => {
                    let reason = FailureReason::of(Stage::Program, &failure);
                    match origin {
                        Some(origin) => transformed.fail(origin, None, reason)?,
                        None => transformed.failed.push(FailedPart::whole(reason)),
                    }
                }
                ProgramOutcome::Records(records) => {
                    for (index, mut record) in records.into_iter().enumerate() {
                        if origin.is_none() {
                            record.origin.index = index;
                        }
                        transformed.route(source, record)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns whether a program may read the headers: it names them, or uses the metadata as a whole.
fn may_read_headers(source: &str) -> bool {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    source.contains("headers") || source.split('%').skip(1).any(|after| !after.starts_with(is_name))
}

impl TransformedThrow {
    /// Creates a throw without records.
    pub(crate) fn new(context: ThrowContext, memory: MemoryShare) -> Self {
        Self {
            context: Arc::new(context),
            records: Records::default(),
            changes: Changes::default(),
            failed: Vec::new(),
            dropped: 0,
            decoded: None,
            is_of_program: false,
            memory,
        }
    }

    fn fail(
        &mut self,
        origin: Origin,
        storage: Option<String>,
        reason: FailureReason,
    ) -> Result<(), OutOfMemory> {
        let original = match origin.byte_range {
            Some(_) => None,
            None => self.decoded.as_ref().and_then(|decoded| decoded.get(origin.index)).map(Arc::new),
        };
        let failed = FailedPart { origin: Some(origin), original, storage, reason };
        self.memory.grow(failed.memory())?;
        self.failed.push(failed);
        Ok(())
    }

    fn reject(&mut self, rejected: Vec<Rejection>) -> Result<(), OutOfMemory> {
        self.failed.reserve_exact(rejected.len());
        for Rejection { origin, failure } in rejected {
            self.fail(origin, None, FailureReason::of(Stage::Decode, &failure))?;
        }
        Ok(())
    }

    /// Replaces everything by the failure of the whole throw.
    pub(crate) fn fail_whole(&mut self) {
        (self.records, self.changes, self.decoded, self.dropped) = Default::default();
        let reason = FailureReason::of(Stage::Decode, &process::too_much_memory());
        self.failed = vec![FailedPart::whole(reason)];
        self.memory.shrink(usize::MAX);
    }

    async fn route_all(&mut self, source: &Source, mut records: Records) -> Result<(), OutOfMemory> {
        if let Some(home) = source.routes.sole_storage().filter(|home| !home.is_of_hub())
            && records.storages().is_empty()
        {
            records.set_storage(home);
            self.records = records;
            return Ok(());
        }
        let mut left = records.size();
        let mut records = records.into_iter();
        while let Some(record) = records.next() {
            consume_budget().await;
            self.keep(&record)?;
            self.route(source, record)?;
            let now = records.size();
            self.memory.shrink(left.saturating_sub(now));
            left = left.min(now);
        }
        Ok(())
    }

    /// Keeps a record as it was decoded, if it will be needed when it fails.
    fn keep(&mut self, record: &Record) -> Result<(), OutOfMemory> {
        let decoded = self.decoded.get_or_insert_default();
        let before = decoded.size();
        decoded.keep(record);
        self.memory.grow(decoded.size() - before)
    }

    /// Sends a record to its storage.
    fn send(&mut self, storage: StorageName, mut record: Record) -> Result<(), OutOfMemory> {
        if storage.is_of_hub() {
            let refusal = Failure::new("hub-storage", Error::HubStorage(storage.to_string()).to_string());
            let reason = FailureReason::of(Stage::Route, &refusal);
            return self.fail(record.origin, Some(storage.to_string()), reason);
        }
        record.storage = Some(storage);
        let before = self.records.size();
        self.records.push(record);
        match self.records.size() {
            after if after > before => self.memory.grow(after - before),
            after => {
                self.memory.shrink(before - after);
                Ok(())
            }
        }
    }

    fn route(&mut self, source: &Source, record: Record) -> Result<(), OutOfMemory> {
        if let (Some(home), None) = (source.routes.sole_storage(), &record.storage) {
            return self.send(home.clone(), record);
        }
        let routed = source.routes.route(record, self.context.throw.head.as_deref());
        if routed.is_empty() {
            self.dropped += 1;
        }
        for one in routed {
            match one.record {
                Ok(record) => self.send(one.storage, record)?,
                Err(unfit) => {
                    let reason = FailureReason {
                        stage: Stage::Route,
                        code: unfit.fault.code.to_owned(),
                        field: Some(unfit.fault.at.to_string()),
                        detail: unfit.fault.detail,
                    };
                    self.fail(unfit.record.origin, Some(one.storage.to_string()), reason)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_may_read_headers_get_them() {
        for (source, expected) in [
            (".a = 1", false),
            (".a = %source\n%storage = \"dog\"", false),
            (".a = %headers.host", true),
            (".a = .headers", true),
            (".a = %", true),
            (".a = get!(%, [\"head\" + \"ers\"])", true),
        ] {
            assert_eq!(may_read_headers(source), expected, "{source}");
        }
    }
}
