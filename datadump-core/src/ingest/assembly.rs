//! Collects the writes of a batch: fits each record to its storage, or sends it to quarantine.

use std::sync::Arc;

use tokio::task::coop::consume_budget;

use super::{
    auto_schema::Target,
    keep_newer::KeepNewer,
    originals::{OriginalOf, Originals, to_json},
    outcomes::WrittenPart,
    prove::{ProvenRecord, change_warning, fit, prove, refused_by_storage, warning},
    record_ids::RecordIds,
    source_cache::Source,
};
use crate::{
    clock::Zone,
    context::Context,
    error::Error,
    memory::{MemoryShare, OutOfMemory},
    quarantine::{FailedPart, Stage, ThrowContext},
    receipt::Receipt,
    record::{Change, Changes, Origin, Records},
    rows::OnConflict,
    schema::{Row, StorageName, Value},
    store::{Expect, Write},
};

/// Approximate memory of a field while its record is fitted or validated.
const FIELD_BYTES: usize = 512;

/// A row that needs no validation.
#[derive(Debug)]
pub(crate) struct ProvenRow {
    pub(crate) row: Row,
    pub(crate) origin: Origin,
    /// Its index for [`Originals`].
    pub(crate) index: usize,
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
    /// Treatment of records whose key exists.
    pub(crate) on_conflict: OnConflict,
    /// Keeps rows that are newer than the batch.
    pub(crate) newer: Option<KeepNewer<'a>>,
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
            on_conflict: OnConflict::Merge,
            newer: None,
        }
    }
}

/// The storages that the records of a batch go to.
pub(super) type Targets = Vec<(StorageName, Target)>;

/// The writes of a batch while they are collected.
pub(super) struct Assembly<'a> {
    services: &'a Context,
    context: Arc<ThrowContext>,
    options: CommitOptions<'a>,
    pub(super) receipt: Receipt,
    pub(super) writes: Vec<Write>,
    /// The part of the throw that each write stores.
    pub(super) parts: Vec<WrittenPart>,
    /// Positions of the rows whose keys other batches may have too, for a replay.
    pub(super) keyed: Vec<usize>,
    pub(super) memory: MemoryShare,
}

/// The error that keeps the writes of a batch from being collected.
pub(super) enum AssemblyError {
    Memory(OutOfMemory),
    Other(Error),
}

impl From<OutOfMemory> for AssemblyError {
    fn from(why: OutOfMemory) -> Self {
        Self::Memory(why)
    }
}

impl From<Error> for AssemblyError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl<'a> Assembly<'a> {
    pub(super) fn new(
        services: &'a Context,
        context: Arc<ThrowContext>,
        options: CommitOptions<'a>,
        receipt: Receipt,
        memory: MemoryShare,
    ) -> Self {
        Self {
            services,
            context,
            options,
            receipt,
            writes: Vec::new(),
            parts: Vec::new(),
            keyed: Vec::new(),
            memory,
        }
    }

    /// Adds the rows of records. Returns the failed parts with those that do not fit their storage, and the originals.
    pub(super) async fn records(
        &mut self,
        records: Records,
        changes: &Changes,
        targets: &Targets,
        originals: Option<Originals>,
        mut failed: Vec<FailedPart>,
    ) -> Result<(Vec<FailedPart>, Originals), AssemblyError> {
        let ids = &self.services.ids;
        let mut last: Option<(&StorageName, &Target)> = None;
        let mut record_ids = RecordIds::new(self.context.throw.id, &records);
        self.writes.reserve_exact(records.len());
        self.parts.reserve_exact(records.len());
        let keeps = originals.is_none() && self.options.quarantine && records.lacks_byte_ranges();
        let originals = originals.unwrap_or_default();
        let (mut size, mut records) = (records.size(), records.into_iter());
        if keeps {
            records.keep();
        }
        for place in 0.. {
            let kept = records.next_place();
            let Some(record) = records.next() else { break };
            // A throw may hold a million records: let other tasks run in between.
            consume_budget().await;
            let size_before = std::mem::replace(&mut size, records.size());
            self.memory.shrink(size_before.saturating_sub(size));
            self.memory.grow(size.saturating_sub(size_before))?;
            let storage = record.storage.as_ref();
            let found = last.filter(|(name, _)| Some(*name) == storage).or_else(|| {
                let found = targets.iter().find(|(name, _)| Some(name) == storage);
                found.map(|(name, target)| (name, target))
            });
            let Some((storage, target)) = found else { continue };
            last = found;
            let Origin { index, .. } = record.origin;
            let origin = record.origin.clone();
            let original = match kept {
                _ if origin.byte_range.is_some() => None,
                Some(place) => Some(OriginalOf::Kept(place)),
                None => Some(OriginalOf::Record { place, index }),
            };
            let id = record_ids.next(storage, index);
            let changes = changes.get(index);
            // Warnings about its fields, and copies of the values that go to `_extra`.
            let changed: usize = changes.iter().map(Change::size).sum();
            self.memory.ensure(record.fields.len() * FIELD_BYTES + 2 * changed)?;
            let CommitOptions { zone, strict_fields, .. } = self.options;
            let proven = match target {
                Target::Open(fitter) => fit(fitter, record, id, changes, zone, strict_fields),
                Target::Incomplete(fitter, missing) => match missing.refusal(&record) {
                    Some((field, refusal)) => Err(refused_by_storage(refusal, Some(field))),
                    None => fit(fitter, record, id, changes, zone, strict_fields),
                },
                Target::Missing(refusal) => Err(refused_by_storage(refusal.clone(), None)),
                Target::Strict(in_force) => prove(ids, in_force, record, zone),
            };
            match proven {
                Ok(ProvenRecord { row, expect, remarks }) => {
                    let line = origin.line;
                    for change in changes {
                        self.receipt.warn(Stage::Decode, change_warning(index, line, change));
                    }
                    for fault in remarks {
                        self.receipt.warn(Stage::Validate, warning(index, line, fault));
                    }
                    let expect = match self.options.newer {
                        Some(newer) => newer.expect(&row, expect),
                        None => expect,
                    };
                    if self.options.newer.is_some() && row.key() != Some(&Value::Uuid(id)) {
                        self.keyed.push(self.writes.len());
                    }
                    let on_conflict = self.options.on_conflict;
                    let write = on_conflict.write(row, on_conflict.condition(expect));
                    self.row(write, origin, original)?;
                }
                Err(reason) => {
                    let original_of = |of| match of {
                        OriginalOf::Kept(place) => records.kept(place).map(to_json),
                        of => originals.0(of),
                    };
                    let part = FailedPart {
                        original: original.and_then(original_of).map(Arc::new),
                        origin: Some(origin),
                        storage: Some(storage.to_string()),
                        reason,
                    };
                    self.memory.grow(part.memory())?;
                    failed.push(part);
                }
            }
        }
        Ok((failed, records.into_kept().map_or(originals, Originals::from)))
    }

    fn row(
        &mut self,
        write: Write,
        origin: Origin,
        original: Option<OriginalOf>,
    ) -> Result<(), AssemblyError> {
        let bytes = self.services.store.write_memory(write.action.row().map_or(0, Row::size));
        self.memory.grow(size_of::<WrittenPart>() + bytes)?;
        self.parts.push(WrittenPart::Row(origin, original));
        self.writes.push(write);
        Ok(())
    }

    /// Adds rows that are validated already, and quarantine entries.
    pub(super) fn finish(
        &mut self,
        rows: Vec<ProvenRow>,
        failed: Vec<FailedPart>,
    ) -> Result<(), AssemblyError> {
        let more = rows.len() + failed.len();
        self.writes.reserve_exact(more);
        self.parts.reserve_exact(more);
        for ProvenRow { row, origin, index } in rows {
            self.row(Write::put(row, Expect::Anything), origin, Some(OriginalOf::Row(index)))?;
        }
        let is_refused = self.options.all_or_nothing || (self.options.needs_rows && self.parts.is_empty());
        if is_refused && !failed.is_empty() {
            failed.iter().for_each(|failed| self.receipt.error(failed.reason.stage, failed.remark(None)));
            return Err(Error::Strict(Box::new(self.receipt.clone())).into());
        }
        for mut failed in failed {
            if !self.options.quarantine {
                self.receipt.error(failed.reason.stage, failed.remark(None));
                continue;
            }
            let bytes = self.services.store.write_memory(self.context.entry_memory(&failed));
            let bytes = size_of::<WrittenPart>() + bytes;
            if failed.origin.is_none() {
                // A throw that fails as a whole is stored in any case.
                self.memory.grow_anyway(bytes)?;
            } else {
                self.memory.grow(bytes)?;
                // The original is copied into the row, as JSON and as text.
                self.memory.ensure(3 * failed.memory())?;
            }
            let id = self.services.ids.next();
            self.writes.push(Write::put(self.context.entry(id, &failed)?, Expect::Anything));
            let (stage, remark) = (failed.reason.stage, Box::new(failed.remark(Some(id))));
            self.parts.push(WrittenPart::Entry { stage, remark, storage: failed.storage.take() });
            self.memory.shrink(failed.memory());
        }
        Ok(())
    }
}
