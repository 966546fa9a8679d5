//! Dry runs: compute what would be stored or quarantined, without storing anything.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde_json::{Value as Json, json};

use super::{
    Ingest,
    decode::DecodedThrow,
    prove::{ProvenRecord, change_warning, fit, prove, warning},
    record_ids::RecordIds,
    source_cache::Source,
    transform::TransformedThrow,
};
use crate::{
    error::{Error, Fault, Result},
    process::vrl::Script,
    quarantine::{FailureReason, Stage},
    receipt::Remark,
    record::{Changes, Record},
    schema::{InForce, Row, StorageId, StorageName, infer, infer::Shape, parse},
    throw::Throw,
    validate::Fitter,
};

/// The row that would be stored for a record, or why it would be quarantined.
#[derive(Debug)]
pub(crate) struct DryRunRow {
    pub(crate) storage: String,
    index: usize,
    pub(crate) row: Result<Json, FailureReason>,
    /// Values that would be changed or moved to `_extra`.
    warnings: Vec<Remark>,
}

/// A dry run of records.
pub(crate) struct DryRun<'a> {
    ingest: &'a Ingest,
    fitters: BTreeMap<StorageName, Option<Arc<Fitter>>>,
    changes: &'a Changes,
    source: &'a Source,
    ids: RecordIds,
}

impl DryRun<'_> {
    /// Returns what would happen to the next record; `None` if it has no storage.
    pub(crate) async fn row(&mut self, record: Record) -> Result<Option<DryRunRow>> {
        let Some(storage) = record.storage.clone() else { return Ok(None) };
        let index = record.origin.index;
        let (row, warnings) = match self.prove(&storage, record)? {
            Ok(ProvenRecord { row, remarks, .. }) => {
                let changes = self.changes.get(index).iter();
                let changes = changes.map(|change| change_warning(index, None, change));
                let remarks = remarks.into_iter().map(|fault| warning(index, None, fault));
                (self.ingest.stored_part(&storage, &row).await?, changes.chain(remarks).collect())
            }
            Err(reason) => (Err(reason), Vec::new()),
        };
        Ok(Some(DryRunRow { storage: storage.to_string(), index, row, warnings }))
    }

    /// Validates a record as a throw would.
    fn prove(&mut self, name: &StorageName, record: Record) -> Result<Result<ProvenRecord, FailureReason>> {
        let (context, zone) = (&self.ingest.context, &self.source.zone);
        let Some(fitter) = self.fitters.get(name).and_then(Option::as_ref) else {
            let storage = context.store.catalogue().folded(name.as_str());
            let storage = storage.ok_or_else(|| Error::UnknownStorage(name.to_string()))?;
            return Ok(prove(&context.ids, storage.ready()?, record, zone));
        };
        let id = self.ids.next(name, record.origin.index);
        let changes = self.changes.get(record.origin.index);
        Ok(fit(fitter, record, id, changes, zone, self.source.settings.strict))
    }
}

impl Ingest {
    /// Prepares a dry run of the records of a throw.
    pub(crate) fn dry_run<'a>(
        &'a self,
        transformed: &'a TransformedThrow,
        source: &'a Source,
    ) -> Result<DryRun<'a>> {
        let (records, changes) = (&transformed.records, &transformed.changes);
        let mut fitters: BTreeMap<StorageName, Option<Arc<Fitter>>> = BTreeMap::new();
        for storage in records.storages() {
            let same = records.iter().filter(|record| record.storage.as_ref() == Some(storage));
            let key = source.settings.key.as_deref();
            fitters.insert(storage.clone(), self.future_fitter(storage, key, same)?);
        }
        let ids = RecordIds::new(transformed.context.throw.id, records);
        Ok(DryRun { ingest: self, fitters, changes, source, ids })
    }

    /// Returns the record that would be stored for a row: a whole row if it is new, else the fields that it
    /// changes.
    async fn stored_part(&self, name: &StorageName, row: &Row) -> Result<Result<Json, FailureReason>> {
        let storage = self.context.store.catalogue().folded(name.as_str());
        let in_force = storage.and_then(|storage| storage.in_force.clone());
        let exists = match (&in_force, row.key()) {
            (Some(in_force), Some(key)) => self.context.store.get(in_force, key).await?.is_some(),
            _ => false,
        };
        let missing: Vec<Fault> = if exists { Vec::new() } else { row.missing().collect() };
        Ok(match (missing.is_empty(), exists) {
            (false, _) => Err(FailureReason::invalid(Stage::Validate, &missing)),
            (true, true) => Ok(Json::Object(row.sent())),
            (true, false) => Ok(Json::Object(row.to_record())),
        })
    }

    /// Returns the fitter that an auto storage would have after being extended by the fields of these
    /// records; `None` for a declared storage.
    fn future_fitter<'r>(
        &self,
        name: &StorageName,
        key: Option<&str>,
        records: impl Iterator<Item = Cow<'r, Record>>,
    ) -> Result<Option<Arc<Fitter>>> {
        let mut future = self.future_storage(name, key)?;
        future.grow(records)?;
        Ok(match future {
            FutureStorage::Auto { fitter, .. } => Some(fitter),
            FutureStorage::Declared(_) => None,
        })
    }

    /// Returns a storage as it is now, or as its first record would create it.
    pub(crate) fn future_storage(&self, name: &StorageName, key: Option<&str>) -> Result<FutureStorage> {
        let storage = self.context.store.catalogue().folded(name.as_str());
        let (id, version, definition, dropped) = match &storage {
            None => (StorageId(0), 1, parse::definition(&infer::first(name, key))?, BTreeMap::new()),
            // A throw would create it again.
            Some(storage) if storage.is_failed() && storage.migration.definition.meta.auto => {
                (storage.id, 1, parse::definition(&infer::first(name, key))?, BTreeMap::new())
            }
            Some(storage) => {
                let in_force = storage.ready()?;
                if !in_force.definition.meta.auto {
                    return Ok(FutureStorage::Declared(in_force.clone()));
                }
                (storage.id, in_force.version, in_force.definition.clone(), storage.dropped.clone())
            }
        };
        let widest = self.context.store.widest_row();
        let fitter = Arc::new(Fitter::new(Arc::new(InForce::new(id, version, definition)), widest));
        Ok(FutureStorage::Auto { fitter, dropped, widest })
    }
}

/// A storage as it will be after further records.
#[derive(Debug)]
pub(crate) enum FutureStorage {
    /// An auto storage.
    Auto {
        fitter: Arc<Fitter>,
        /// Names of removed fields, with their types.
        dropped: BTreeMap<String, String>,
        /// Maximum size of a row.
        widest: Option<usize>,
    },
    /// A declared storage, which stays as it is.
    Declared(Arc<InForce>),
}

impl FutureStorage {
    /// Returns its definition.
    pub(crate) fn in_force(&self) -> &Arc<InForce> {
        match self {
            Self::Auto { fitter, .. } => fitter.in_force(),
            Self::Declared(in_force) => in_force,
        }
    }

    /// Extends an auto storage by the fields of records.
    pub(crate) fn grow<'r>(&mut self, records: impl Iterator<Item = Cow<'r, Record>>) -> Result<()> {
        let Self::Auto { fitter, dropped, widest } = self else { return Ok(()) };
        let mut shape = Shape::default();
        records.for_each(|record| fitter.observe(&record, &mut shape));
        let now = fitter.in_force().clone();
        if let Some(grown) = infer::grown(&now.definition, &shape, dropped, |_| false) {
            let grown = InForce::new(now.storage, now.version, parse::definition(&grown)?);
            *fitter = Arc::new(Fitter::new(Arc::new(grown), *widest));
        }
        Ok(())
    }
}

/// Approximate memory of a record in the result of a simulation, where it is shown after each step, and of a byte of
/// it while it is packed.
const RENDERED_BYTES: usize = 2 << 10;
const RENDERED_FACTOR: usize = 20;

/// The simulation of one throw.
#[derive(Debug)]
pub(super) struct SimulatedThrow {
    /// Records after the program and the routes: `{storage, record}`.
    pub(super) routed: Vec<Json>,
    /// Number of records that are dropped.
    pub(super) dropped: u64,
    /// `{storage, index, row, warnings}`.
    pub(super) rows: Vec<Json>,
    /// Records that would go to quarantine: `{index, line, step, code, field, detail}`.
    pub(super) violations: Vec<Json>,
}

impl Ingest {
    /// Simulates the steps after decoding.
    pub(super) async fn simulate_decoded(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        decoded: DecodedThrow,
        edited: Option<&Script>,
    ) -> Result<SimulatedThrow> {
        let mut transformed = self.transform(throw, source, decoded, edited).await?;
        let rendered =
            transformed.records.len() * RENDERED_BYTES + RENDERED_FACTOR * transformed.records.size();
        transformed.memory.grow(rendered).map_err(|_| Error::Overloaded)?;
        let mut violations: Vec<Json> = transformed
            .failed
            .iter()
            .map(|failed| {
                let mut json = serde_json::to_value(failed.remark(None)).unwrap_or_default();
                json["step"] = failed.reason.stage.name().into();
                json
            })
            .collect();
        let routed = transformed.records.iter().map(|record| {
            let Record { mut fields, non_finite, storage, origin, .. } = record.into_owned();
            fields.extend(non_finite);
            json!({"storage": storage.as_ref().map(StorageName::as_str), "index": origin.index, "record": fields})
        });
        let routed = routed.collect();
        let mut rows = Vec::new();
        let mut dry_run = self.dry_run(&transformed, source)?;
        for record in transformed.records.iter() {
            let Some(one) = dry_run.row(record.into_owned()).await? else { continue };
            match &one.row {
                Ok(row) => {
                    let warnings: Vec<Json> = one
                        .warnings
                        .iter()
                        .map(|warning| json!({"field": warning.field, "code": warning.code, "detail": warning.detail}))
                        .collect();
                    rows.push(
                        json!({"storage": one.storage, "index": one.index, "row": row, "warnings": warnings}),
                    );
                }
                Err(reason) => violations.push(json!({
                    "code": reason.code, "field": reason.field, "detail": reason.detail,
                    "index": one.index, "storage": one.storage, "step": "validate",
                })),
            }
        }
        Ok(SimulatedThrow { routed, dropped: transformed.dropped, rows, violations })
    }
}
