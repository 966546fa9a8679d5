//! Validates records for their storages and commits the rows together with quarantine entries, in one write
//! batch.

use std::sync::Arc;

pub(crate) use super::assembly::{CommitOptions, ProvenRow};
use super::{
    Ingest,
    assembly::{Assembly, AssemblyError, Targets},
    lineage::Lineage,
    originals::Originals,
    outcomes::{WrittenPart, tally},
    transform::TransformedThrow,
};
use crate::{
    error::{Error, Result},
    idempotency::{RecordOutcome, Reservation},
    memory::{MemoryShare, OutOfMemory},
    process,
    quarantine::{FailedPart, FailureReason, Stage, ThrowContext},
    receipt::Receipt,
    record::{Changes, Records},
    schema::{Row, StoredRow},
    store::{OnFailure, Outcome, Returning, Write, WriteBatch},
};

/// The rows, records and quarantine entries of a throw, on their way to the store.
#[derive(Debug)]
pub(crate) struct IngestBatch {
    pub(crate) context: Arc<ThrowContext>,
    /// The receipt so far.
    pub(crate) receipt: Receipt,
    /// The records, each with its storage.
    pub(crate) records: Records,
    /// Values in the records that were read differently from how they were sent.
    pub(crate) changes: Changes,
    /// Rows that are validated already.
    pub(crate) rows: Vec<ProvenRow>,
    /// Renders the originals of records and rows; `None` if the records are those that were decoded.
    pub(crate) originals: Option<Originals>,
    pub(crate) failed: Vec<FailedPart>,
    /// Further writes of the same transaction.
    pub(crate) extra: Vec<Write>,
    /// The memory of the throw.
    pub(crate) memory: MemoryShare,
}

/// Records the receipt of a batch, so that the batch is committed only once.
pub(crate) struct ReceiptRecord {
    pub(crate) reservation: Reservation,
    /// Creates the row that records a receipt.
    pub(crate) row: Box<dyn Fn(Receipt) -> Option<Row> + Send + Sync>,
    /// Writes that take effect together with it.
    pub(crate) extra: Vec<Write>,
}

/// The result of committing a batch.
pub(crate) enum Committed {
    /// It was committed now.
    New(Box<NewCommit>),
    /// A batch with the same idempotency key was committed before; this is its record.
    Existing(Box<StoredRow>),
}

/// The outcome of a batch that was committed.
#[derive(Debug)]
pub(crate) struct NewCommit {
    pub(crate) receipt: Receipt,
    /// The version of its idempotency record, if it has one.
    pub(crate) version: Option<i32>,
    /// Outcomes of its first records.
    pub(crate) lineage: Lineage,
}

impl IngestBatch {
    /// Creates the batch of a transformed throw.
    pub(crate) fn of(transformed: TransformedThrow, receipt: Receipt) -> Self {
        let TransformedThrow { context, records, changes, failed, decoded, memory, .. } = transformed;
        let (rows, originals, extra) = (Vec::new(), decoded.map(Originals::from), Vec::new());
        Self { context, receipt, records, changes, rows, originals, failed, extra, memory }
    }
}

impl Committed {
    /// Returns the outcome of a batch without an idempotency key, which is always new.
    pub(crate) fn new_commit(self) -> Result<NewCommit> {
        match self {
            Self::New(commit) => Ok(*commit),
            Self::Existing(_) => Err(Error::internal("an idempotency record without a key")),
        }
    }
}

impl Ingest {
    /// Commits a batch and returns its receipt.
    pub(crate) async fn commit(&self, batch: IngestBatch, options: CommitOptions<'_>) -> Result<Receipt> {
        self.commit_with_key(batch, options, None).await?.new_commit().map(|commit| commit.receipt)
    }

    /// Commits a batch, unless one with the same idempotency key was committed before.
    pub(crate) async fn commit_with_key(
        &self,
        batch: IngestBatch,
        options: CommitOptions<'_>,
        mut record: Option<ReceiptRecord>,
    ) -> Result<Committed> {
        let IngestBatch { context, receipt, records, changes, rows, originals, failed, extra, memory } =
            batch;
        let targets = self.targets(&records, options.key).await?;
        let mut assembly = Assembly::new(&self.context, context.clone(), options, receipt.clone(), memory);
        let assembled = match assembly.records(records, &changes, &targets, originals, failed).await {
            Ok((failed, originals)) => assembly.finish(rows, failed).map(|()| originals),
            Err(why) => Err(why),
        };
        let assembled = match assembled {
            Err(AssemblyError::Memory(OutOfMemory::TooMuch)) => {
                // The receipt and the memory of what was assembled so far are dropped.
                let memory = self.decoder.memory(&context.throw.body);
                assembly = Assembly::new(&self.context, context.clone(), options, receipt, memory);
                let reason = FailureReason::of(Stage::Decode, &process::too_much_memory());
                assembly.finish(Vec::new(), vec![FailedPart::whole(reason)]).map(|()| Originals::default())
            }
            assembled => assembled,
        };
        let originals = match assembled {
            Ok(originals) => originals,
            Err(AssemblyError::Memory(_)) => return Err(Error::Overloaded),
            Err(AssemblyError::Other(error)) => return Err(error),
        };
        let Assembly { mut receipt, mut writes, mut parts, keyed, memory, .. } = assembly;
        let mut lineage = Lineage::of(&parts, &writes);
        let of_record = record.as_mut().map(|record| std::mem::take(&mut record.extra));
        for write in extra.into_iter().chain(of_record.into_iter().flatten()) {
            writes.push(write);
            parts.push(WrittenPart::Extra);
        }
        let parts: Arc<[WrittenPart]> = parts.into();
        let mut batch = match options.all_or_nothing {
            true => WriteBatch::atomic(writes),
            false => WriteBatch::independent(writes),
        };
        batch.returning = Returning::Keys;
        if options.quarantine {
            batch.on_failure = Some(self.quarantine_failed(context, parts.clone(), originals));
        }
        // The memory is released when the batch is dropped, even if nobody waits for its outcome any more.
        let memory = Arc::new(memory);
        if let Some(OnFailure(replace)) = batch.on_failure.take() {
            let memory = memory.clone();
            batch.on_failure = Some(OnFailure(Arc::new(move |index, write, outcome| {
                let _held = &memory;
                replace(index, write, outcome)
            })));
        }
        let (has_record, on_conflict) = (record.is_some(), options.on_conflict);
        batch.idempotency = record.map(|ReceiptRecord { reservation, row, .. }| {
            let (receipt, parts) = (receipt.clone(), parts.clone());
            reservation.record(move |outcomes| {
                let mut receipt = receipt.clone();
                tally(&mut receipt, &parts, outcomes, on_conflict);
                row(receipt)
            })
        });
        let mut outcomes = self.context.store.write(batch).await.map_err(|error| match error {
            // The storage was deleted a moment ago; a repeated throw creates it again.
            Error::UnknownStorage(_) => Error::Overloaded,
            error => error,
        })?;
        let version = match has_record.then(|| RecordOutcome::of(outcomes.pop())).transpose()? {
            Some(RecordOutcome::Existing(row)) => return Ok(Committed::Existing(row)),
            Some(RecordOutcome::Written(version)) => version,
            None => None,
        };
        let is_stale = |(part, outcome): (&WrittenPart, &Outcome)| {
            matches!((part, outcome), (WrittenPart::Extra, Outcome::Refused(_) | Outcome::Missing))
        };
        if options.all_or_nothing && parts.iter().zip(&outcomes).any(is_stale) {
            return Err(Error::Precondition { current: None });
        }
        tally(&mut receipt, &parts, &outcomes, on_conflict);
        if options.all_or_nothing && !receipt.errors.is_empty() {
            return Err(Error::Strict(Box::new(receipt)));
        }
        if let Some(newer) = options.newer {
            newer.note(keyed.into_iter().filter_map(|place| outcomes.get(place)));
        }
        lineage.settle(&parts, &outcomes);
        Ok(Committed::New(Box::new(NewCommit { receipt, version, lineage })))
    }

    /// Returns the storages that records go to, each created or extended for its records.
    async fn targets(&self, records: &Records, key: Option<&str>) -> Result<Targets> {
        let names = records.storages();
        let mut targets = Vec::with_capacity(names.len());
        for name in names {
            let own =
                records.iter().filter(|record| names.len() == 1 || record.storage.as_ref() == Some(name));
            targets.push((name.clone(), self.auto_schema.target(name, key, own).await?));
        }
        Ok(targets)
    }

    /// Puts a row that the store refuses into quarantine, in the same transaction.
    fn quarantine_failed(
        &self,
        context: Arc<ThrowContext>,
        parts: Arc<[WrittenPart]>,
        originals: Originals,
    ) -> OnFailure {
        let ids = self.context.ids.clone();
        OnFailure(Arc::new(move |index, write, outcome| match parts.get(index) {
            Some(WrittenPart::Row(origin, original)) => {
                let part = FailedPart {
                    origin: Some(origin.clone()),
                    original: original.and_then(|of| originals.0(of)).map(Arc::new),
                    // The name as the storage spells it.
                    storage: Some(write.storage_name().to_string()),
                    reason: FailureReason::refused(outcome, &write.expect),
                };
                context.entry(ids.next(), &part).ok()
            }
            _ => None,
        }))
    }
}
