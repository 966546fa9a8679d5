//! Dry runs: compute what would be stored or quarantined, without storing anything.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value as Json, json};

use super::{
    Ingest,
    commit::RoutedRecord,
    decode::DecodedThrow,
    prove::{ProvenRecord, change_warning, fit, prove, warning},
    source_cache::Source,
};
use crate::{
    error::{Error, Fault, Result},
    id::Ids,
    process::vrl::Script,
    quarantine::{FailureReason, Stage},
    receipt::Remark,
    record::{Change, Changes, Record},
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

impl Ingest {
    /// Returns what would happen to each record.
    pub(crate) async fn dry_run(
        &self,
        records: &[RoutedRecord],
        changes: &Changes,
        source: &Source,
    ) -> Result<Vec<DryRunRow>> {
        let mut fitters: BTreeMap<&str, Option<Arc<Fitter>>> = BTreeMap::new();
        for one in records {
            if !fitters.contains_key(one.storage.as_str()) {
                let same = records.iter().filter(|other| other.storage == one.storage);
                let same: Vec<&Record> = same.map(|other| &other.record).collect();
                fitters.insert(one.storage.as_str(), self.future_fitter(&one.storage, &same)?);
            }
        }
        let mut rows = Vec::with_capacity(records.len());
        for one in records {
            let fitter = fitters.get(one.storage.as_str()).and_then(Option::as_ref);
            let index = one.record.origin.index;
            let changes = changes.get(index);
            let (row, warnings) = match self.dry_run_record(one, fitter, changes, source)? {
                Ok(ProvenRecord { row, remarks, .. }) => {
                    let changes = changes.iter().map(|change| change_warning(index, None, change));
                    let remarks = remarks.into_iter().map(|fault| warning(index, None, fault));
                    (self.stored_part(&one.storage, &row).await?, changes.chain(remarks).collect())
                }
                Err(reason) => (Err(reason), Vec::new()),
            };
            rows.push(DryRunRow { storage: one.storage.to_string(), index, row, warnings });
        }
        Ok(rows)
    }

    /// Validates a record as a throw would.
    fn dry_run_record(
        &self,
        one: &RoutedRecord,
        fitter: Option<&Arc<Fitter>>,
        changes: &[Change],
        source: &Source,
    ) -> Result<Result<ProvenRecord, FailureReason>> {
        let record = one.record.clone();
        let Some(fitter) = fitter else {
            let storage = self.context.store.catalogue().folded(one.storage.as_str());
            let storage = storage.ok_or_else(|| Error::UnknownStorage(one.storage.to_string()))?;
            return Ok(prove(&self.context.ids, storage.ready()?, record, &source.zone));
        };
        let id = Ids::nth(self.context.ids.next(), record.origin.index, 0);
        Ok(fit(fitter, record, id, changes, &source.zone, source.settings.strict))
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
    fn future_fitter(&self, name: &StorageName, records: &[&Record]) -> Result<Option<Arc<Fitter>>> {
        let storage = self.context.store.catalogue().folded(name.as_str());
        let (id, version, definition, dropped) = match &storage {
            None => (StorageId(0), 1, parse::definition(&infer::first(name, None))?, BTreeMap::new()),
            // A throw would create it again.
            Some(storage) if storage.is_failed() && storage.migration.definition.meta.auto => {
                (storage.id, 1, parse::definition(&infer::first(name, None))?, BTreeMap::new())
            }
            Some(storage) => {
                let in_force = storage.ready()?;
                if !in_force.definition.meta.auto {
                    return Ok(None);
                }
                (storage.id, in_force.version, in_force.definition.clone(), storage.dropped.clone())
            }
        };
        let now = InForce::new(id, version, definition);
        let fitter = Fitter::new(Arc::new(now.clone()), self.context.store.widest_row());
        let mut shape = Shape::default();
        records.iter().for_each(|record| fitter.observe(record, &mut shape));
        let Some(grown) = infer::grown(&now.definition, &shape, &dropped, |_| false) else {
            return Ok(Some(Arc::new(fitter)));
        };
        let grown = InForce::new(id, version, parse::definition(&grown)?);
        Ok(Some(Arc::new(Fitter::new(Arc::new(grown), self.context.store.widest_row()))))
    }
}

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
        let transformed = self.transform(throw, source, decoded, edited).await?;
        let mut violations: Vec<Json> = transformed
            .failed
            .iter()
            .map(|failed| {
                let mut json = serde_json::to_value(failed.remark(None)).unwrap_or_default();
                json["step"] = failed.reason.stage.name().into();
                json
            })
            .collect();
        let routed = transformed.records.iter().map(|one| {
            let mut fields = one.record.fields.clone();
            fields.extend(one.record.non_finite.clone());
            json!({"storage": one.storage.as_str(), "index": one.record.origin.index, "record": fields})
        });
        let routed = routed.collect();
        let mut rows = Vec::new();
        for one in self.dry_run(&transformed.records, &transformed.changes, source).await? {
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
