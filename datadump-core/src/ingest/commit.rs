//! Validates records for their storages and commits the rows together with quarantine entries, in one write
//! batch.

use std::{collections::HashMap, fmt, sync::Arc};

use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use super::{
    Ingest,
    auto_schema::Target,
    keep_newer::KeepNewer,
    outcomes::{Original, WrittenPart, tally},
    prove::{ProvenRecord, change_warning, fit, prove, refused_by_storage, warning},
    source_cache::Source,
    transform::TransformedThrow,
};
use crate::{
    clock::Zone,
    error::{Error, Result},
    id::Ids,
    idempotency::{RecordOutcome, Reservation},
    quarantine::{FailedPart, FailureReason, Stage, ThrowContext},
    receipt::Receipt,
    record::{Changes, Origin, Record},
    schema::{Row, StorageName, StoredRow, Value},
    store::{Expect, OnFailure, Outcome, Returning, Write, WriteBatch},
};

/// The rows, records and quarantine entries of a throw, on their way to the store.
#[derive(Debug)]
pub(crate) struct IngestBatch {
    pub(crate) context: Arc<ThrowContext>,
    /// The receipt so far.
    pub(crate) receipt: Receipt,
    pub(crate) records: Vec<RoutedRecord>,
    /// Values in the records that were read differently from how they were sent.
    pub(crate) changes: Changes,
    /// Rows that are validated already.
    pub(crate) rows: Vec<ProvenRow>,
    /// Renders the originals of those rows.
    pub(crate) originals: Originals,
    pub(crate) failed: Vec<FailedPart>,
    /// Further writes of the same transaction.
    pub(crate) extra: Vec<Write>,
}

/// A record and the storage it goes to.
#[derive(Debug)]
pub(crate) struct RoutedRecord {
    pub(crate) storage: StorageName,
    pub(crate) record: Record,
    /// The original record, if it cannot be parsed again from its bytes alone.
    pub(crate) original: Option<Arc<Json>>,
}

/// A row that needs no validation.
#[derive(Debug)]
pub(crate) struct ProvenRow {
    pub(crate) row: Row,
    pub(crate) origin: Origin,
    /// Its index for [`Originals`].
    pub(crate) index: usize,
}

/// Renders the record that a validated row was created from, given the index of the row. Called only for rows
/// that fail.
#[derive(Clone)]
pub(crate) struct Originals(pub(crate) Arc<dyn Fn(usize) -> Option<Json> + Send + Sync>);

impl Default for Originals {
    fn default() -> Self {
        Self(Arc::new(|_| None))
    }
}

impl fmt::Debug for Originals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Originals")
    }
}

/// Options for committing a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommitOptions<'a> {
    /// The key field of storages that are created for the batch.
    pub(crate) key: Option<&'a str>,
    /// The zone of local times.
    pub(crate) zone: &'a Zone,
    /// Quarantines a record with a value that does not fit its field in an auto storage.
    pub(crate) strict_fields: bool,
    /// Stores nothing if anything fails.
    pub(crate) all_or_nothing: bool,
    /// Stores nothing if there are only records that do not fit their storages.
    pub(crate) needs_rows: bool,
    /// Sends failed parts to quarantine; otherwise the receipt only lists them.
    pub(crate) quarantine: bool,
    /// Keeps rows that are newer than the batch.
    pub(crate) newer: Option<KeepNewer<'a>>,
}

/// Records the receipt of a batch, so that the batch is committed only once.
pub(crate) struct ReceiptRecord {
    pub(crate) reservation: Reservation,
    /// Creates the row that records a receipt.
    pub(crate) row: Box<dyn Fn(Receipt) -> Option<Row> + Send + Sync>,
}

/// The result of committing a batch.
pub(crate) enum Committed {
    /// It was committed now. The version is that of its idempotency record, if it has one.
    New(Receipt, Option<i32>),
    /// A batch with the same idempotency key was committed before; this is its record.
    Existing(Box<StoredRow>),
}

impl IngestBatch {
    /// Creates the batch of a transformed throw.
    pub(crate) fn of(transformed: TransformedThrow, receipt: Receipt) -> Self {
        let TransformedThrow { context, records, changes, failed, .. } = transformed;
        let (rows, originals, extra) = (Vec::new(), Originals::default(), Vec::new());
        Self { context, receipt, records, changes, rows, originals, failed, extra }
    }
}

impl CommitOptions<'_> {
    /// Returns the options for the throws of a source.
    pub(crate) fn of(source: &Source) -> CommitOptions<'_> {
        CommitOptions {
            key: source.settings.key.as_deref(),
            zone: &source.zone,
            strict_fields: source.settings.strict,
            all_or_nothing: false,
            needs_rows: false,
            quarantine: true,
            newer: None,
        }
    }
}

impl Committed {
    /// Returns the receipt of a batch without an idempotency key, which is always new.
    pub(crate) fn new_receipt(self) -> Result<Receipt> {
        match self {
            Self::New(receipt, _) => Ok(receipt),
            Self::Existing(_) => Err(Error::internal("an idempotency record without a key")),
        }
    }
}

impl Ingest {
    /// Commits a batch and returns its receipt.
    pub(crate) async fn commit(&self, batch: IngestBatch, options: CommitOptions<'_>) -> Result<Receipt> {
        self.commit_with_key(batch, options, None).await?.new_receipt()
    }

    /// Commits a batch, unless one with the same idempotency key was committed before.
    pub(crate) async fn commit_with_key(
        &self,
        batch: IngestBatch,
        options: CommitOptions<'_>,
        record: Option<ReceiptRecord>,
    ) -> Result<Committed> {
        let IngestBatch { context, mut receipt, records, changes, rows, originals, mut failed, extra } =
            batch;
        let targets = self.targets(&records, options.key).await?;
        let mut last: Option<(&StorageName, &Target)> = None;
        let mut writes = Vec::with_capacity(records.len() + rows.len() + failed.len() + extra.len());
        let mut parts = Vec::with_capacity(writes.capacity());
        // Ids need a part number only if a record was split into several, which are adjacent.
        let is_split = records.windows(2).any(|pair| match pair {
            [one, other] => one.record.origin.index == other.record.origin.index,
            _ => false,
        });
        let mut seen: HashMap<(String, usize), usize> = HashMap::new();
        // Positions of the rows whose keys other batches may have too.
        let mut keyed = Vec::new();
        for one in records {
            // A throw may hold a million records: let other tasks run in between.
            consume_budget().await;
            let target = match last {
                Some((name, target)) if *name == one.storage => target,
                _ => match targets.iter().find(|(name, _)| *name == one.storage) {
                    Some((name, target)) => {
                        last = Some((name, target));
                        target
                    }
                    None => continue,
                },
            };
            let origin = one.record.origin.clone();
            let part = if is_split {
                let part = seen.entry((one.storage.to_string(), origin.index)).or_default();
                *part += 1;
                *part - 1
            } else {
                0
            };
            let id = Ids::nth(context.throw.id, origin.index, part);
            let line = origin.line;
            let changes = changes.get(origin.index);
            let proven = match target {
                Target::Open(fitter) => {
                    fit(fitter, one.record, id, changes, options.zone, options.strict_fields)
                }
                Target::Incomplete(fitter, missing) => match missing.refusal(&one.record) {
                    Some((field, refusal)) => Err(refused_by_storage(refusal, Some(field))),
                    None => fit(fitter, one.record, id, changes, options.zone, options.strict_fields),
                },
                Target::Missing(refusal) => Err(refused_by_storage(refusal.clone(), None)),
                Target::Strict(in_force) => prove(&self.context.ids, in_force, one.record, options.zone),
            };
            match proven {
                Ok(ProvenRecord { row, expect, remarks }) => {
                    for change in changes {
                        receipt.warn(Stage::Decode, change_warning(origin.index, line, change));
                    }
                    for fault in remarks {
                        receipt.warn(Stage::Validate, warning(origin.index, line, fault));
                    }
                    let expect = options.newer.map_or(expect, |newer| newer.expect(&row, expect));
                    if options.newer.is_some() && row.key() != Some(&Value::Uuid(id)) {
                        keyed.push(writes.len());
                    }
                    parts.push(WrittenPart::Row(origin, Original::Record(one.original)));
                    writes.push(Write::merge(row, expect));
                }
                Err(reason) => failed.push(FailedPart {
                    origin: Some(origin),
                    original: one.original,
                    storage: Some(one.storage.to_string()),
                    reason,
                }),
            }
        }
        for ProvenRow { row, origin, index } in rows {
            parts.push(WrittenPart::Row(origin, Original::Rendered(index)));
            writes.push(Write::put(row, Expect::Anything));
        }
        let is_refused = options.all_or_nothing || (options.needs_rows && parts.is_empty());
        if is_refused && !failed.is_empty() {
            failed.iter().for_each(|failed| receipt.error(failed.reason.stage, failed.remark(None)));
            return Err(Error::Strict(Box::new(receipt)));
        }
        for failed in failed {
            if !options.quarantine {
                receipt.error(failed.reason.stage, failed.remark(None));
                continue;
            }
            let id = self.context.ids.next();
            writes.push(Write::put(context.entry(id, &failed)?, Expect::Anything));
            parts.push(WrittenPart::Entry(failed.reason.stage, failed.remark(Some(id))));
        }
        for write in extra {
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
        let has_record = record.is_some();
        batch.idempotency = record.map(|ReceiptRecord { reservation, row }| {
            let (receipt, parts) = (receipt.clone(), parts.clone());
            reservation.record(move |outcomes| {
                let mut receipt = receipt.clone();
                tally(&mut receipt, &parts, outcomes);
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
        tally(&mut receipt, &parts, &outcomes);
        if options.all_or_nothing && !receipt.errors.is_empty() {
            return Err(Error::Strict(Box::new(receipt)));
        }
        if let Some(newer) = options.newer {
            newer.note(keyed.into_iter().filter_map(|place| outcomes.get(place)));
        }
        Ok(Committed::New(receipt, version))
    }

    /// Returns the storages that records go to, each created or extended for its records.
    async fn targets(
        &self,
        records: &[RoutedRecord],
        key: Option<&str>,
    ) -> Result<Vec<(StorageName, Target)>> {
        let Some(RoutedRecord { storage, .. }) = records.first() else { return Ok(Vec::new()) };
        if records.iter().all(|one| one.storage == *storage) {
            let records = records.iter().map(|one| &one.record);
            return Ok(vec![(storage.clone(), self.auto_schema.target(storage, key, records).await?)]);
        }
        let mut groups: Vec<(&StorageName, Vec<&Record>)> = Vec::new();
        for one in records {
            // Most records go to the same storage as the previous one.
            match groups.iter_mut().rev().find(|(name, _)| *name == &one.storage) {
                Some((_, records)) => records.push(&one.record),
                None => groups.push((&one.storage, vec![&one.record])),
            }
        }
        let mut targets = Vec::with_capacity(groups.len());
        for (name, records) in groups {
            targets.push((name.clone(), self.auto_schema.target(name, key, records.into_iter()).await?));
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
                    original: match original {
                        Original::Record(record) => record.clone(),
                        Original::Rendered(index) => originals.0(*index).map(Arc::new),
                    },
                    // The name as the storage spells it.
                    storage: Some(write.storage_name().to_string()),
                    reason: FailureReason::refused(outcome),
                };
                context.entry(ids.next(), &part).ok()
            }
            _ => None,
        }))
    }
}
