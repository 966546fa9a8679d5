//! Transforms a decoded throw: runs the source's program and routes the records to storages.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use super::{Ingest, commit::RoutedRecord, decode::DecodedThrow, source_cache::Source};
use crate::{
    error::{Error, Result},
    process::vrl::{Mode, ProgramContext, ProgramInput, ProgramOutcome, Script},
    quarantine::{FailedPart, FailureReason, Stage, ThrowContext},
    record::{Changes, Failure, Origin, Record},
    schema::StorageName,
    store::system_storages::SystemStorage,
    throw::Throw,
};

/// A throw that is ready to be stored.
#[derive(Debug)]
pub(crate) struct TransformedThrow {
    pub(crate) context: Arc<ThrowContext>,
    pub(crate) records: Vec<RoutedRecord>,
    /// Values in the decoded records that were read differently from how they were sent.
    pub(crate) changes: Changes,
    pub(crate) failed: Vec<FailedPart>,
    /// Number of records that the program or the routes dropped.
    pub(crate) dropped: u64,
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
        let DecodedThrow { format, body, mut output } = decoded;
        let memory = output.as_mut().ok().and_then(|output| output.share.take());
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
        let context = ThrowContext { quarantine, throw, body, format, processor, _memory: memory };
        let mut transformed = TransformedThrow::new(context);
        let output = match (output, missing) {
            (Ok(output), None) => output,
            (output, missing) => {
                let stage = if output.is_err() { Stage::Decode } else { Stage::Program };
                let Some(failure) = output.err().or(missing) else { return Ok(transformed) };
                transformed.failed.push(FailedPart::whole(FailureReason::of(stage, &failure)));
                return Ok(transformed);
            }
        };
        for rejected in output.rejected {
            let reason = FailureReason::of(Stage::Decode, &rejected.failure);
            transformed.fail(Some(rejected.origin), None, reason);
        }
        // A program that takes the whole throw does not see the decoded records.
        if program.is_none_or(|script| script.mode == Mode::Record) {
            transformed.changes = output.changes;
        }
        match program {
            Some(script) => self.run_program(script, source, output.records, &mut transformed).await?,
            None => {
                transformed.records.reserve_exact(output.records.len());
                let is_of_hub = source.routes.sole_storage().is_some_and(StorageName::is_of_hub);
                let needs_originals = source.routes.has_routes() || is_of_hub;
                for record in output.records {
                    consume_budget().await;
                    let original = needs_originals.then(|| original(&record)).flatten();
                    transformed.route(source, record, original.as_ref());
                }
            }
        }
        Ok(transformed)
    }

    async fn run_program(
        &self,
        script: &Script,
        source: &Source,
        records: Vec<Record>,
        transformed: &mut TransformedThrow,
    ) -> Result<()> {
        let context = transformed.context.clone();
        let about = ProgramContext {
            source: context.throw.source.to_string(),
            received_at: context.throw.received_at,
            format: Some(context.format.clone()),
            arguments: context.throw.arguments.clone(),
        };
        let events = match script.mode {
            Mode::Record => records.into_iter().map(ProgramInput::Record).collect(),
            Mode::Throw => vec![ProgramInput::Throw {
                body: context.body.clone(),
                content_type: context.throw.content_type.clone(),
            }],
        };
        // Kept for the inputs on which the program fails.
        let given: Vec<(Option<Origin>, Option<Arc<Json>>)> = events
            .iter()
            .map(|event| match event {
                ProgramInput::Record(record) => (Some(record.origin.clone()), original(record)),
                ProgramInput::Throw { .. } => (None, None),
            })
            .collect();
        let verdicts = Box::pin(self.programs.run(script, &about, events)).await?;
        for ((origin, original), verdict) in given.into_iter().zip(verdicts) {
            match verdict {
                ProgramOutcome::Dropped(_) => transformed.dropped += 1,
                ProgramOutcome::Failed(failure) => {
                    transformed.fail(origin, original, FailureReason::of(Stage::Program, &failure));
                }
                ProgramOutcome::Records(records) => {
                    for (index, mut record) in records.into_iter().enumerate() {
                        if origin.is_none() {
                            record.origin.index = index;
                        }
                        transformed.route(source, record, original.as_ref());
                    }
                }
            }
        }
        Ok(())
    }
}

impl TransformedThrow {
    /// Creates a throw without records.
    pub(crate) fn new(context: ThrowContext) -> Self {
        let context = Arc::new(context);
        Self { context, records: Vec::new(), changes: Changes::default(), failed: Vec::new(), dropped: 0 }
    }

    fn fail(&mut self, origin: Option<Origin>, original: Option<Arc<Json>>, reason: FailureReason) {
        self.failed.push(FailedPart { origin, original, storage: None, reason });
    }

    fn route(&mut self, source: &Source, record: Record, original: Option<&Arc<Json>>) {
        if let (Some(home), None) = (source.routes.sole_storage(), &record.storage) {
            self.send(home.clone(), record, original);
            return;
        }
        let routed = source.routes.route(record);
        if routed.is_empty() {
            self.dropped += 1;
        }
        for one in routed {
            match one.record {
                Ok(record) => self.send(one.storage, record, original),
                Err(unfit) => self.failed.push(FailedPart {
                    origin: Some(unfit.record.origin),
                    original: original.cloned(),
                    storage: Some(one.storage.to_string()),
                    reason: FailureReason {
                        stage: Stage::Route,
                        code: unfit.fault.code.to_owned(),
                        field: Some(unfit.fault.at.to_string()),
                        detail: unfit.fault.detail,
                    },
                }),
            }
        }
    }

    /// Sends a record to its storage.
    fn send(&mut self, storage: StorageName, record: Record, original: Option<&Arc<Json>>) {
        let original = original.cloned();
        if !storage.is_of_hub() {
            self.records.push(RoutedRecord { storage, record, original });
            return;
        }
        let refusal = Failure::new("hub-storage", Error::HubStorage(storage.to_string()).to_string());
        self.failed.push(FailedPart {
            origin: Some(record.origin),
            original,
            storage: Some(storage.to_string()),
            reason: FailureReason::of(Stage::Route, &refusal),
        });
    }
}

/// Returns the original record, if it cannot be parsed again from its bytes alone.
fn original(record: &Record) -> Option<Arc<Json>> {
    if record.origin.byte_range.is_some() {
        return None;
    }
    let mut fields = record.fields.clone();
    fields.extend(record.non_finite.clone());
    Some(Arc::new(Json::from(fields)))
}
