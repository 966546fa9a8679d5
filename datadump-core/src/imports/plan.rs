//! Plans: what an import of a file would do. The file is read to its end, and nothing is stored.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    ImportRequest,
    read_error::ReadError,
    reader::{ReadChunk, Reader},
    state::{ImportFailure, OnError},
};
use crate::{
    context::Context,
    error::{Error, Fault, Result},
    id::Ids,
    ingest::{
        Ingest,
        chunks::PlainBody,
        dry_run::FutureStorage,
        imported::{Cells, ColumnTreatment, column},
        prove::{ProvenRecord, change_warning, fit, prove, warning},
        source_cache::Source,
    },
    quarantine::{FailedPart, FailureReason, Stage},
    receipt::{Reason, Receipt, Remark},
    record::{Change, Record},
    rows::OnConflict,
    schema::{Definition, InForce, StorageName, Value},
};

/// Maximum number of keys that are looked up. Rows after them count as new.
const MAX_LOOKUPS: u64 = 10_000;

/// Size of rows after which a look-up of keys goes on with the next statement.
const LOOKUP_BYTES: usize = 1 << 20;

/// Maximum number of errors, and of warnings, that a plan lists.
const MAX_LISTED: usize = 20;

/// A plan in the making.
#[derive(Debug)]
pub struct ImportPlan {
    context: Context,
    source: Arc<Source>,
    storage: StorageName,
    on_conflict: OnConflict,
    on_error: OnError,
    body: PlainBody,
    reader: Reader,
    /// The definition in force, if the storage exists.
    now: Option<Arc<InForce>>,
    future: FutureStorage,
    /// The keys of the records so far that fit, up to the maximum number that is looked up.
    seen: HashSet<String>,
    bytes: u64,
    outcome: PlanOutcome,
    /// The errors and warnings.
    receipt: Receipt,
}

/// The counts of a plan.
#[derive(Debug, Default)]
struct PlanOutcome {
    fit: u64,
    existing: u64,
    lookups: u64,
    failure: Option<ImportFailure>,
}

/// The effects that an import would have.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedImport {
    /// The storage.
    pub storage: String,
    /// True if the storage exists.
    pub exists: bool,
    /// True if the storage is, or would be, an inferred one.
    pub auto: bool,
    /// The format; `None` if the file is empty.
    pub format: Option<String>,
    /// Reason for this format.
    pub because: &'static str,
    /// Number of bytes, decompressed, that were read: the whole file, or up to the failure.
    pub bytes: u64,
    /// Number of records that were read.
    pub read: u64,
    /// Number of records that fit.
    pub fit: u64,
    /// Number of records that do not fit.
    pub unfit: u64,
    /// Number of records whose key exists, or occurs earlier in the file, of those that were looked up.
    pub existing: u64,
    /// Number of keys that were looked up.
    pub keys_checked: u64,
    /// The columns of the file.
    pub columns: Vec<PlannedColumn>,
    /// The definition that the storage would get, if that is a new one.
    pub definition: Option<Json>,
    /// The first errors.
    pub errors: Vec<Remark>,
    /// The first warnings.
    pub warnings: Vec<Remark>,
    /// All errors and warnings, counted by step, code and field.
    pub reasons: Vec<Reason>,
    /// True if there are more errors, warnings or reasons than are listed.
    pub truncated: bool,
    /// Reason for which the import would stop.
    pub failure: Option<ImportFailure>,
}

/// A column of the file, and the field that would take its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedColumn {
    /// Its name in the file.
    pub column: String,
    /// `key`, `field`, `new`, `widened`, `service` (ignored), `extra` (kept in `_extra`) or `unknown`.
    pub role: &'static str,
    /// The type of its field.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl ImportPlan {
    pub(super) fn new(
        context: Context,
        ingest: &Ingest,
        source: Arc<Source>,
        storage: StorageName,
        mut reader: Reader,
        request: &ImportRequest,
    ) -> Result<Self> {
        let future = ingest.future_storage(&storage, None)?;
        let found = context.store.catalogue().folded(storage.as_str());
        let now = found.and_then(|found| found.in_force.clone());
        reader.columns = Some(Vec::new());
        let receipt = Receipt::new(context.ids.next(), source.name.clone(), "");
        Ok(Self {
            context,
            source,
            storage,
            on_conflict: request.on_conflict,
            on_error: request.on_error,
            body: PlainBody::default(),
            reader,
            now,
            future,
            seen: HashSet::new(),
            bytes: 0,
            outcome: PlanOutcome::default(),
            receipt,
        })
    }

    /// Takes the next bytes of the body.
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        self.body.push(bytes)?;
        self.read_body().await
    }

    /// Returns the plan.
    pub async fn finish(mut self) -> Result<PlannedImport> {
        self.body.finish();
        self.read_body().await?;
        self.reader.finish();
        self.read_chunks().await?;
        let columns = self.reader.columns.take().unwrap_or_default();
        let Receipt { errors, warnings, reasons, truncated, .. } = self.receipt;
        let PlanOutcome { fit, existing, lookups, failure } = self.outcome;
        let (now, then) = (self.now.as_ref().map(|now| &now.definition), &self.future.in_force().definition);
        let is_changed = self.reader.records > 0 && now != Some(then);
        let read = self.reader.records as u64;
        Ok(PlannedImport {
            storage: self.storage.to_string(),
            exists: now.is_some(),
            auto: then.meta.auto,
            format: self.reader.format().map(|format| format.name.clone()),
            because: self.reader.format().map_or("the file is empty", |format| format.because),
            bytes: self.bytes,
            read,
            fit,
            unfit: read.saturating_sub(fit),
            existing,
            keys_checked: lookups,
            columns: columns.into_iter().map(|name| planned(name, now, then)).collect(),
            definition: is_changed.then(|| then.to_json()),
            truncated: truncated || errors.len().max(warnings.len()) > MAX_LISTED,
            errors: errors.into_iter().take(MAX_LISTED).collect(),
            warnings: warnings.into_iter().take(MAX_LISTED).collect(),
            reasons,
            failure,
        })
    }

    async fn read_body(&mut self) -> Result<()> {
        while let Some(bytes) = self.body.take()? {
            // After a failure the rest is not read.
            if self.outcome.failure.is_none() {
                self.bytes += bytes.len() as u64;
                self.reader.push(&bytes);
                self.read_chunks().await?;
            }
        }
        Ok(())
    }

    async fn read_chunks(&mut self) -> Result<()> {
        while self.outcome.failure.is_none() {
            let failure = match self.reader.next().await {
                Ok(None) => return Ok(()),
                Ok(Some(chunk)) => {
                    self.check(chunk).await?;
                    continue;
                }
                Err(ReadError::Other(error @ (Error::Settings(_) | Error::Invalid(_)))) => {
                    let code = error.faults().first().map_or("failed", |fault| fault.code).to_owned();
                    ImportFailure { code, detail: error.to_string(), line: None }
                }
                Err(ReadError::Other(error)) => return Err(error),
                Err(ReadError::Malformed { line, code, detail }) => {
                    ImportFailure { code: code.to_owned(), detail, line: Some(line) }
                }
            };
            self.outcome.failure = Some(failure);
        }
        Ok(())
    }

    /// Checks the records of a chunk.
    async fn check(&mut self, chunk: ReadChunk) -> Result<()> {
        if let Some(remark) = chunk.guess {
            self.receipt.warn(Stage::Decode, remark);
        }
        let Ok(output) = chunk.decoded.output else { return Ok(()) };
        for rejected in output.rejected {
            let reason = FailureReason::of(Stage::Decode, &rejected.failure);
            let part = FailedPart { origin: Some(rejected.origin), original: None, storage: None, reason };
            self.receipt.error(Stage::Decode, part.remark(None));
        }
        self.future.grow(output.records.iter())?;
        let changes = output.changes;
        let mut checked = Vec::new();
        for record in output.records {
            tokio::task::coop::consume_budget().await;
            let origin = record.origin.clone();
            let of_record = changes.get(origin.index);
            checked.push((origin, self.prove(record, of_record)));
        }
        let stored =
            self.look_up(checked.iter().filter_map(|(_, proven)| proven.as_ref().ok()?.1.as_ref())).await?;
        for (origin, proven) in checked {
            let of_record = changes.get(origin.index);
            match proven.and_then(|(proven, key)| self.decide(proven, key, &stored)) {
                Ok(remarks) => {
                    self.outcome.fit += 1;
                    for change in of_record {
                        self.receipt.warn(Stage::Decode, change_warning(origin.index, origin.line, change));
                    }
                    for fault in remarks {
                        self.receipt.warn(Stage::Validate, warning(origin.index, origin.line, fault));
                    }
                }
                Err(reason) => {
                    let stage = reason.stage;
                    let part = FailedPart { origin: Some(origin), original: None, storage: None, reason };
                    self.receipt.error(stage, part.remark(None));
                }
            }
        }
        if self.on_error == OnError::Stop
            && let Some(Remark { code, detail, line, .. }) = self.receipt.errors.first().cloned()
        {
            self.outcome.failure = Some(ImportFailure { code, detail, line });
        }
        Ok(())
    }

    /// Fits a record to the storage. Returns it with the key that it has in the file.
    fn prove(
        &self,
        record: Record,
        changes: &[Change],
    ) -> Result<(ProvenRecord, Option<Value>), FailureReason> {
        let in_force = self.future.in_force();
        let key = in_force.definition.key.name.as_str();
        let has_key = record.fields.get(key).is_some_and(|key| !key.is_null());
        let proven = match &self.future {
            FutureStorage::Auto { fitter, .. } => {
                let id = Ids::nth(self.receipt.throw_id, record.origin.index, 0);
                fit(fitter, record, id, changes, &self.source.zone, false)
            }
            FutureStorage::Declared(in_force) => {
                prove(&self.context.ids, in_force, record, &self.source.zone)
            }
        }?;
        let key = proven.row.key().filter(|_| has_key).cloned();
        Ok((proven, key))
    }

    /// Returns the keys among these that exist in the storage.
    async fn look_up(&self, keys: impl Iterator<Item = &Value>) -> Result<HashSet<String>> {
        let mut stored = HashSet::new();
        let Some(now) = &self.now else { return Ok(stored) };
        let left = usize::try_from(MAX_LOOKUPS.saturating_sub(self.outcome.lookups)).unwrap_or(usize::MAX);
        let keys: Vec<Value> = keys.take(left).cloned().collect();
        let mut rest = keys.as_slice();
        while !rest.is_empty() {
            let found = self.context.store.rows(now, rest, LOOKUP_BYTES).await?;
            stored.extend(found.rows.iter().map(|row| self.text_of(&row.key)));
            rest = rest.get(found.keys.max(1)..).unwrap_or_default();
        }
        Ok(stored)
    }

    /// Decides what would become of a record, given the keys of its chunk that are stored.
    fn decide(
        &mut self,
        proven: ProvenRecord,
        key: Option<Value>,
        stored: &HashSet<String>,
    ) -> Result<Vec<Fault>, FailureReason> {
        let ProvenRecord { row, remarks, .. } = proven;
        let key = key.filter(|_| self.outcome.lookups < MAX_LOOKUPS).map(|key| self.text_of(&key));
        self.outcome.lookups += u64::from(key.is_some());
        let exists = key.as_ref().is_some_and(|key| stored.contains(key) || self.seen.contains(key));
        self.outcome.existing += u64::from(exists);
        if exists && self.on_conflict == OnConflict::Error {
            return Err(FailureReason::exists());
        }
        if !exists || self.on_conflict == OnConflict::Replace {
            let missing: Vec<Fault> = row.missing().collect();
            if !missing.is_empty() {
                return Err(FailureReason::invalid(Stage::Validate, &missing));
            }
        }
        self.seen.extend(key);
        Ok(remarks)
    }

    fn text_of(&self, key: &Value) -> String {
        key.to_json(&self.future.in_force().definition.key.kind).to_string()
    }
}

/// Returns what would become of a column.
fn planned(name: String, now: Option<&Definition>, then: &Definition) -> PlannedColumn {
    let kind_in = |definition: &Definition| definition.field(&name).map(|(_, field)| field.kind.to_string());
    let before = now.and_then(kind_in);
    let (role, kind) = match column(&name, Some(then), Cells::Typed) {
        ColumnTreatment::Service => ("service", None),
        ColumnTreatment::Extra => ("extra", None),
        _ if name == then.key.name.as_str() => ("key", Some(then.key.kind.to_string())),
        _ => match (kind_in(then), before) {
            (Some(kind), Some(before)) if kind == before => ("field", Some(kind)),
            (Some(kind), Some(_)) => ("widened", Some(kind)),
            (Some(kind), None) => ("new", Some(kind)),
            (None, _) if then.meta.auto => ("extra", None),
            (None, _) => ("unknown", None),
        },
    };
    PlannedColumn { column: name, role, kind }
}
