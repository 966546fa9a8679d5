//! Runs one quarantine entry, or one kept throw, through the pipeline again. Rows get the keys they would have
//! had the first time, so that nothing is stored twice.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Replays;
use crate::{
    error::{Error, Result},
    ingest::{
        commit::{CommitOptions, IngestBatch},
        decode::DecodedThrow,
        source_cache::Source,
        transform::TransformedThrow,
    },
    process::{self, Output, vrl::Script},
    quarantine::{EntryRow, FailureReason, KeptThrowRow},
    receipt::{Receipt, Remark},
    record::Record,
    schema::StoredRow,
    store::{Expect, Write, system_storages::SystemStorage},
    system_rows,
    throw::{HUB, Throw},
};

/// The result of replaying one entry.
#[derive(Debug)]
pub(super) enum EntryOutcome {
    /// It is stored now.
    Stored,
    /// It was stored before.
    Skipped,
    /// It failed again.
    Failed(Remark),
}

impl Replays {
    /// Replays a quarantine entry.
    pub(super) async fn replay_entry(
        &self,
        stored: &StoredRow,
        dry_run: bool,
        program: Option<&Script>,
    ) -> Result<EntryOutcome> {
        let in_force = self.context.system(SystemStorage::Quarantine)?;
        let entry: EntryRow = system_rows::decode(&in_force.definition, stored)?;
        let throw = Arc::new(entry.fields.throw(entry.throw, stored)?);
        let format = entry.fields.format.clone().unwrap_or_default();
        let record = entry.record.as_ref().filter(|_| entry.index.is_some());
        if throw.source.as_str() == HUB {
            let decoded = match record {
                Some(record) => decoded_record(record, &format, &throw),
                None => self.ingest.decoder.decode(&throw, None).await?,
            };
            let extra = vec![self.mark_replayed(entry, stored)?];
            let replayed = Box::pin(self.hub.replay_push(throw, decoded, dry_run, extra)).await?;
            return Ok(match replayed.map(|receipt| receipt.errors.into_iter().next()) {
                None => EntryOutcome::Skipped,
                Some(Some(remark)) => EntryOutcome::Failed(remark),
                Some(None) => EntryOutcome::Stored,
            });
        }
        let source = self.ingest.sources().get_or_create(&throw.source, &format).await?;
        let decoded = match (entry.index, record) {
            (Some(_), Some(record)) => decoded_record(record, &format, &throw),
            (Some(_), None) => self.ingest.decoder.decode(&throw, Some(&format)).await?,
            (None, _) => {
                let format = source.settings.format.clone().unwrap_or(format);
                // If the format no longer exists, it is detected again.
                let known = Some(format.as_str()).filter(|format| self.ingest.decoder.knows(format));
                self.ingest.decoder.decode(&throw, known).await?
            }
        };
        let mut transformed = self.ingest.transform(throw, &source, decoded, program).await?;
        if let Some(index) = entry.index {
            transformed.records.iter_mut().for_each(|one| one.record.origin.index = index);
        }
        // A throw counts as replayed if some of its records can be stored now; the others get entries of
        // their own.
        let must_succeed = entry.index.is_some() || transformed.records.is_empty();
        if let Some(failed) = transformed.failed.first().filter(|_| must_succeed) {
            return Ok(EntryOutcome::Failed(failed.remark(None)));
        }
        if dry_run {
            return self.dry_run(&source, &transformed);
        }
        let all_or_nothing = entry.index.is_some();
        let extra = vec![self.mark_replayed(entry, stored)?];
        let options = CommitOptions { all_or_nothing, ..CommitOptions::of(&source) };
        self.commit(&source, transformed, extra, options).await
    }

    /// Replays a kept throw.
    pub(super) async fn replay_kept(
        &self,
        stored: &StoredRow,
        dry_run: bool,
        program: Option<&Script>,
    ) -> Result<EntryOutcome> {
        let in_force = self.context.system(SystemStorage::KeptThrow)?;
        let kept: KeptThrowRow = system_rows::decode(&in_force.definition, stored)?;
        let throw = Arc::new(kept.fields.throw(kept.id, stored)?);
        let format = kept.fields.format.unwrap_or_default();
        let source = self.ingest.sources().get_or_create(&throw.source, &format).await?;
        let format = source.settings.format.clone().unwrap_or(format);
        let known = Some(format.as_str()).filter(|format| self.ingest.decoder.knows(format));
        let decoded = self.ingest.decoder.decode(&throw, known).await?;
        let transformed = self.ingest.transform(throw, &source, decoded, program).await?;
        if dry_run {
            return self.dry_run(&source, &transformed);
        }
        // Records that fail again have been in quarantine since the first time.
        let options = CommitOptions { quarantine: false, ..CommitOptions::of(&source) };
        self.commit(&source, transformed, Vec::new(), options).await
    }

    async fn commit(
        &self,
        source: &Source,
        transformed: TransformedThrow,
        extra: Vec<Write>,
        options: CommitOptions<'_>,
    ) -> Result<EntryOutcome> {
        let (throw, format) = (&transformed.context.throw, &transformed.context.format);
        let receipt = Receipt::new(throw.id, throw.source.clone(), format.clone());
        let had_records = !transformed.records.is_empty();
        let batch = IngestBatch { extra, ..IngestBatch::of(transformed, receipt) };
        let receipt = match self.ingest.commit(batch, options).await {
            Ok(receipt) => receipt,
            // Another replay was faster.
            Err(Error::Precondition { .. }) => return Ok(EntryOutcome::Skipped),
            Err(Error::Strict(receipt)) => *receipt,
            Err(error) => return Err(error),
        };
        self.ingest.count(Some(source), 0, &receipt);
        Ok(match receipt.errors.into_iter().next() {
            Some(remark) => EntryOutcome::Failed(remark),
            None if had_records && receipt.accepted == 0 => EntryOutcome::Skipped,
            None => EntryOutcome::Stored,
        })
    }

    fn dry_run(&self, source: &Source, transformed: &TransformedThrow) -> Result<EntryOutcome> {
        if let Some(failed) = transformed.failed.first() {
            return Ok(EntryOutcome::Failed(failed.remark(None)));
        }
        for one in self.ingest.dry_run(&transformed.records, &source.zone)? {
            if let Err(reason) = one.row {
                return Ok(EntryOutcome::Failed(remark(reason)));
            }
        }
        Ok(EntryOutcome::Stored)
    }

    /// Returns the write that marks an entry as replayed.
    fn mark_replayed(&self, entry: EntryRow, stored: &StoredRow) -> Result<Write> {
        let in_force = self.context.system(SystemStorage::Quarantine)?;
        let entry = entry.replayed();
        let row = system_rows::encode_captured(&in_force, &entry, system_rows::bytes(stored).to_vec())?;
        Ok(Write::put(row, Expect::Exactly(stored.version)))
    }
}

fn remark(reason: FailureReason) -> Remark {
    Remark { code: reason.code, field: reason.field, detail: reason.detail, ..Remark::default() }
}

/// Returns the record of an entry as it was originally decoded.
fn decoded_record(record: &Json, format: &str, throw: &Throw) -> DecodedThrow {
    let mut output = Output::default();
    if let Json::Object(fields) = record {
        output.record(Record { untyped: process::is_untyped(format), ..Record::new(fields.clone()) });
    }
    DecodedThrow { format: format.to_owned(), body: throw.body.clone(), output: Ok(output) }
}
