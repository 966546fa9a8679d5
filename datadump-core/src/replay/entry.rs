//! Runs one quarantine entry, or one kept throw, through the pipeline again. Rows get the keys they would have
//! had the first time, so that nothing is stored twice.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    edit,
    keys::RowName,
    outcome::{self, EntryOutcome},
    run::Run,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ingest::{
        commit::{CommitOptions, IngestBatch},
        decode::DecodedThrow,
        dry_run::DryRunRow,
        imported::Cells,
        keep_newer::KeepNewer,
        source_cache::Source,
        transform::TransformedThrow,
    },
    process::vrl::Script,
    quarantine::{EntryRow, FailureReason, KeptThrowRow},
    receipt::{Receipt, Stage},
    record::{Failure, Record},
    schema::StoredRow,
    store::{Expect, Write, system_storages::SystemStorage},
    system_rows,
    throw::{HUB, IMPORT, Throw},
};

/// Options for replaying entries.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplayOptions {
    pub(super) dry_run: bool,
    /// Overwrites rows that are newer than the entry.
    pub(super) overwrite: bool,
    /// The program to use instead of the source's.
    pub(super) program: Option<Script>,
    /// The bytes to use instead of the entry's.
    pub(super) body: Option<Bytes>,
}

/// An entry that is ready to be stored.
#[derive(Debug)]
pub(super) enum PreparedEntry {
    /// Records of a throw.
    Throw(Box<PreparedThrow>),
    /// Readings of a push, and the write that marks the entry as replayed.
    Push(Arc<Throw>, Box<DecodedThrow>, Box<Write>),
    /// Nothing is to be stored.
    Ended(EntryOutcome),
}

/// The records of a throw.
#[derive(Debug)]
pub(super) struct PreparedThrow {
    source: Arc<Source>,
    transformed: TransformedThrow,
    /// The write that marks the entry as replayed.
    mark: Option<Write>,
    /// True if either all records are stored or none.
    all_or_nothing: bool,
    /// Rows that were written later are newer.
    moment: Timestamp,
}

impl Run<'_> {
    /// Processes an entry or a kept throw up to its last step, the commit.
    pub(super) async fn prepare(&self, stored: &StoredRow) -> Result<PreparedEntry> {
        match self.storage {
            SystemStorage::KeptThrow => self.prepare_kept(stored).await,
            _ => self.prepare_entry(stored).await,
        }
    }

    async fn prepare_entry(&self, stored: &StoredRow) -> Result<PreparedEntry> {
        let ingest = &self.replays.ingest;
        let in_force = self.replays.context.system(SystemStorage::Quarantine)?;
        let entry: EntryRow = system_rows::decode(&in_force.definition, stored)?;
        let mut throw = entry.fields.throw(entry.throw, stored)?;
        let format = entry.fields.format.clone().unwrap_or_default();
        let mut record = entry.record.clone().filter(|_| entry.index.is_some());
        if let Some(body) = &self.options.body {
            throw.body = body.clone();
            if let Some(record) = &mut record {
                match edit::record(body) {
                    Ok(edited) => *record = edited,
                    Err(failure) => return Ok(PreparedEntry::undecodable(&failure)),
                }
            }
        }
        let throw = Arc::new(throw);
        let record = record.map(|record| edit::decoded(record, &format, &throw));
        if throw.source.as_str() == HUB {
            let decoded = match record {
                Some(record) => record,
                None => ingest.decoder.decode(&throw, None).await?,
            };
            let mark = self.mark_replayed(entry, stored)?;
            return Ok(PreparedEntry::Push(throw, Box::new(decoded), Box::new(mark)));
        }
        let import = entry.storage.as_deref().filter(|_| throw.source.as_str() == IMPORT);
        let source = match import {
            Some(storage) => ingest.source_of_import(storage)?,
            None => ingest.sources().get_or_create(&throw.source, &format).await?,
        };
        let mut decoded = match (entry.index, record) {
            (Some(_), Some(record)) => record,
            (Some(_), None) => ingest.decoder.decode(&throw, Some(&format)).await?,
            (None, _) => self.decode(&throw, &source, format).await?,
        };
        if let (Some(storage), Ok(output)) = (source.import(), &mut decoded.output) {
            ingest.prepare_imported(storage, output, Cells::Typed, &[]);
        }
        let moment = throw.received_at;
        let has_several =
            decoded.output.as_ref().is_ok_and(|output| output.records.len() + output.rejected.len() > 1);
        let mut transformed =
            ingest.transform(throw, &source, decoded, self.options.program.as_ref()).await?;
        if let Some(index) = entry.index {
            if self.is_edited_alone(&transformed, &entry, stored, &source).await? {
                edit::renumber(&mut transformed, index);
            } else {
                select_record(&mut transformed, index, has_several);
            }
        }
        let is_empty = transformed.records.is_empty() && transformed.failed.is_empty();
        if self.options.body.is_some() && is_empty && transformed.dropped == 0 {
            let failure = Failure::new("no-records", "the edited body has no records");
            return Ok(PreparedEntry::undecodable(&failure));
        }
        // A throw counts as replayed if some of its records can be stored now; the others get entries of
        // their own. After an edit, all must be stored, so that the entry can be edited again.
        let is_single = transformed.records.len() + transformed.failed.len() == 1;
        let all_or_nothing = is_single || entry.index.is_some() || self.options.body.is_some();
        let must_succeed = all_or_nothing || transformed.records.is_empty();
        if let Some(failed) = transformed.failed.first().filter(|_| must_succeed) {
            return Ok(PreparedEntry::Ended(EntryOutcome::Failed(failed.remark(None))));
        }
        let mark = Some(self.mark_replayed(entry, stored)?);
        let prepared = PreparedThrow { source, transformed, mark, all_or_nothing, moment };
        Ok(PreparedEntry::Throw(Box::new(prepared)))
    }

    /// Returns whether an entry was edited whose own bytes are those of one record. Then all records of the edited
    /// body are meant; otherwise the bytes are those of the whole throw, and one of its records is.
    async fn is_edited_alone(
        &self,
        edited: &TransformedThrow,
        entry: &EntryRow,
        stored: &StoredRow,
        source: &Source,
    ) -> Result<bool> {
        if self.options.body.is_none() || !edit::has_several(edited) {
            return Ok(self.options.body.is_some());
        }
        let ingest = &self.replays.ingest;
        let throw = Arc::new(entry.fields.throw(entry.throw, stored)?);
        let decoded = ingest.decoder.decode(&throw, Some(&edited.context.format)).await?;
        let own = ingest.transform(throw, source, decoded, self.options.program.as_ref()).await?;
        Ok(!edit::has_several(&own))
    }

    async fn prepare_kept(&self, stored: &StoredRow) -> Result<PreparedEntry> {
        let ingest = &self.replays.ingest;
        let in_force = self.replays.context.system(SystemStorage::KeptThrow)?;
        let kept: KeptThrowRow = system_rows::decode(&in_force.definition, stored)?;
        let throw = Arc::new(kept.fields.throw(kept.id, stored)?);
        let format = kept.fields.format.unwrap_or_default();
        let source = ingest.sources().get_or_create(&throw.source, &format).await?;
        let decoded = self.decode(&throw, &source, format).await?;
        let transformed = ingest.transform(throw, &source, decoded, self.options.program.as_ref()).await?;
        // The rows of the throw were written in the same transaction, shortly before it.
        let moment = stored.created_at;
        let prepared = PreparedThrow { source, transformed, mark: None, all_or_nothing: false, moment };
        Ok(PreparedEntry::Throw(Box::new(prepared)))
    }

    /// Decodes a whole throw, in the source's format if that has been set. If the format no longer exists, it
    /// is detected again.
    async fn decode(&self, throw: &Arc<Throw>, source: &Source, format: String) -> Result<DecodedThrow> {
        let decoder = &self.replays.ingest.decoder;
        let format = source.settings.format.clone().unwrap_or(format);
        decoder.decode(throw, Some(format.as_str()).filter(|format| decoder.knows(format))).await
    }

    /// Returns the keys that records of an entry name, as far as they can be told before validation. Other
    /// records get keys that no other entry has.
    pub(super) fn keys(&self, entry: &PreparedEntry) -> Vec<RowName> {
        let PreparedEntry::Throw(prepared) = entry else { return Vec::new() };
        let catalogue = self.replays.context.store.catalogue();
        let first_key = prepared.source.settings.key.as_deref();
        let key = |storage: &str, record: &Record| RowName::of(catalogue, storage, first_key, record);
        let records = prepared.transformed.records.iter();
        records.filter_map(|record| key(record.storage.as_ref()?.as_str(), &record)).collect()
    }

    /// Stores an entry, or checks whether it could be stored.
    pub(super) async fn commit(&self, entry: PreparedEntry) -> Result<EntryOutcome> {
        match entry {
            PreparedEntry::Ended(outcome) => Ok(outcome),
            PreparedEntry::Throw(prepared) if self.options.dry_run => self.dry_run(&prepared).await,
            PreparedEntry::Throw(prepared) => self.commit_throw(*prepared).await,
            PreparedEntry::Push(throw, decoded, mark) => {
                let (hub, dry_run, newer) =
                    (&self.replays.hub, self.options.dry_run, self.newer(throw.received_at));
                let receipt = hub.replay_push(throw, *decoded, dry_run, vec![*mark], newer).await?;
                Ok(receipt.map_or(EntryOutcome::Skipped, |receipt| {
                    EntryOutcome::of_errors(receipt.errors).unwrap_or(EntryOutcome::Stored)
                }))
            }
        }
    }

    async fn commit_throw(&self, prepared: PreparedThrow) -> Result<EntryOutcome> {
        // If no record can be stored, the entry itself keeps waiting.
        if prepared.mark.is_some() && !prepared.all_or_nothing {
            let expected = self.dry_run(&prepared).await?;
            if let EntryOutcome::Failed(_) | EntryOutcome::Superseded(_) = expected {
                return Ok(expected);
            }
        }
        let PreparedThrow { source, transformed, mark, all_or_nothing, moment } = prepared;
        let (throw, format) = (&transformed.context.throw, &transformed.context.format);
        let receipt = Receipt::new(throw.id, throw.source.clone(), format.clone());
        let had_records = !transformed.records.is_empty();
        let options = CommitOptions {
            all_or_nothing,
            needs_rows: mark.is_some(),
            // Records of a kept throw that fail again have been in quarantine since the first time.
            quarantine: mark.is_some(),
            newer: self.newer(moment),
            ..CommitOptions::of(&source)
        };
        let extra = mark.into_iter().collect();
        let batch = IngestBatch { extra, ..IngestBatch::of(transformed, receipt) };
        let receipt = match self.replays.ingest.commit(batch, options).await {
            Ok(receipt) => receipt,
            // Another replay was faster.
            Err(Error::Precondition { .. }) => return Ok(EntryOutcome::Skipped),
            Err(Error::Strict(receipt)) => *receipt,
            Err(error) => return Err(error),
        };
        self.replays.ingest.count(Some(&source), 0, &receipt);
        if receipt.accepted > 0 {
            return Ok(EntryOutcome::Stored);
        }
        let stored_before = if had_records { EntryOutcome::Skipped } else { EntryOutcome::Stored };
        Ok(EntryOutcome::of_errors(receipt.errors).unwrap_or(stored_before))
    }

    /// Returns the condition of rows, unless newer ones are to be overwritten.
    fn newer(&self, moment: Timestamp) -> Option<KeepNewer<'_>> {
        (!self.options.overwrite).then_some(KeepNewer { moment, own: &self.own })
    }

    /// Returns the expected outcome of an entry.
    async fn dry_run(&self, prepared: &PreparedThrow) -> Result<EntryOutcome> {
        let failed = prepared.transformed.failed.first();
        let mut outcome = failed.map(|failed| EntryOutcome::Failed(failed.remark(None)));
        let mut dry_run = self.replays.ingest.dry_run(&prepared.transformed, &prepared.source)?;
        for record in prepared.transformed.records.iter() {
            let Some(one) = dry_run.row(record.into_owned()).await? else { continue };
            let next = self.dry_run_record(one, prepared.moment).await?;
            let weight = |outcome: &EntryOutcome| outcome.weight(prepared.all_or_nothing);
            if outcome.as_ref().is_none_or(|outcome| weight(outcome) < weight(&next)) {
                outcome = Some(next);
            }
        }
        Ok(outcome.unwrap_or(EntryOutcome::Stored))
    }

    /// Returns the expected outcome of a record.
    async fn dry_run_record(&self, one: DryRunRow, moment: Timestamp) -> Result<EntryOutcome> {
        let row = match one.row {
            Ok(row) => row,
            Err(reason) => return Ok(EntryOutcome::Failed(outcome::remark(reason))),
        };
        let store = &self.replays.context.store;
        let storage = store.catalogue().folded(&one.storage);
        let Some(in_force) = storage.and_then(|storage| storage.in_force.clone()) else {
            return Ok(EntryOutcome::Stored);
        };
        let key = &in_force.definition.key;
        let Some(Ok(value)) = row.get(key.name.as_str()).map(|value| key.kind.read(value)) else {
            return Ok(EntryOutcome::Stored);
        };
        let Some(current) = store.get(&in_force, &value).await? else { return Ok(EntryOutcome::Stored) };
        let stored = current.to_json(&in_force.definition);
        if row.as_object().is_some_and(|row| row.iter().all(|(name, value)| stored.get(name) == Some(value)))
        {
            return Ok(EntryOutcome::Skipped);
        }
        let newer = self.newer(moment).filter(|newer| newer.is_newer(in_force.storage, &current));
        Ok(match newer {
            Some(_) => EntryOutcome::Superseded(outcome::remark(FailureReason::superseded(&current))),
            None => EntryOutcome::Stored,
        })
    }

    /// Returns the write that marks an entry as replayed.
    fn mark_replayed(&self, entry: EntryRow, stored: &StoredRow) -> Result<Write> {
        let in_force = self.replays.context.system(SystemStorage::Quarantine)?;
        let entry = entry.replayed();
        let row = system_rows::encode_captured(&in_force, &entry, system_rows::bytes(stored).to_vec())?;
        Ok(Write::put(row, Expect::Exactly(stored.version)))
    }
}

/// Leaves only the record with this index. The bytes of an entry are those of its record alone or, if that has
/// none of its own, as in a table, those of the whole throw.
fn select_record(transformed: &mut TransformedThrow, index: usize, has_several: bool) {
    let TransformedThrow { records, failed, changes, .. } = transformed;
    let has_index = records.iter().any(|record| record.origin.index == index);
    if has_several || (has_index && records.len() > 1) {
        records.retain(|record| record.origin.index == index);
        failed.retain(|failed| failed.origin.as_ref().is_none_or(|origin| origin.index == index));
    } else {
        changes.assign(index);
    }
    records.update(|record| record.origin.index = index);
}

impl PreparedEntry {
    fn undecodable(failure: &Failure) -> Self {
        Self::Ended(EntryOutcome::Failed(outcome::remark(FailureReason::of(Stage::Decode, failure))))
    }
}
