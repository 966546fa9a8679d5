//! What would become of records, without storing anything.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value as Json, json};

use super::{
    entry::{Step, Trouble},
    keep::Bound,
    read::Reading,
};
use crate::{
    dump::{Dump, capture::sources::Source},
    error::{Error, Fault, Result},
    id::Ids,
    process::vrl::Script,
    record::Record,
    schema::{InForce, StorageId, StorageName, infer, infer::Shape, parse},
    throw::Throw,
    validate::Fitter,
};

/// What would become of a record.
#[derive(Debug)]
pub(in crate::dump) struct Rehearsed {
    pub(in crate::dump) storage: String,
    pub(in crate::dump) index: usize,
    pub(super) row: Result<Json, Trouble>,
    /// What would be kept otherwise than one might expect.
    pub(in crate::dump) remarks: Vec<Fault>,
}

impl Rehearsed {
    /// The row, or `{code, field, detail}` of what is wrong with it.
    pub(in crate::dump) fn row(&self) -> Result<&Json, Json> {
        self.row.as_ref().map_err(
            |trouble| json!({"code": trouble.code, "field": trouble.field, "detail": trouble.detail}),
        )
    }
}

impl Dump {
    /// What would become of each.
    pub(super) fn rehearse(&self, bound: &[Bound]) -> Result<Vec<Rehearsed>> {
        let mut fitters: BTreeMap<&str, Option<Arc<Fitter>>> = BTreeMap::new();
        for one in bound {
            if !fitters.contains_key(one.storage.as_str()) {
                let records = bound.iter().filter(|other| other.storage == one.storage);
                let records: Vec<&Record> = records.map(|other| &other.record).collect();
                fitters.insert(one.storage.as_str(), self.imagined(&one.storage, &records)?);
            }
        }
        bound
            .iter()
            .map(|one| {
                let (record, index) = (one.record.clone(), one.record.origin.index);
                let fitted = match fitters.get(one.storage.as_str()).and_then(Option::as_ref) {
                    Some(fitter) => {
                        let id = Ids::nth(self.ids.next(), index, 0);
                        let fitted = fitter.fit(record, id);
                        fitted
                            .map(|fitted| (fitted.row, fitted.remarks))
                            .map_err(|faults| Trouble::invalid(Step::Validate, &faults))
                    }
                    None => {
                        let storage = self.store.catalogue().folded(one.storage.as_str());
                        let storage =
                            storage.ok_or_else(|| Error::UnknownStorage(one.storage.to_string()))?;
                        self.prove(storage.ready()?, record).map(|(row, _)| (row, Vec::new()))
                    }
                };
                let (row, remarks) = match fitted {
                    Ok((row, remarks)) => (Ok(Json::Object(row.to_record())), remarks),
                    Err(trouble) => (Err(trouble), Vec::new()),
                };
                Ok(Rehearsed { storage: one.storage.to_string(), index, row, remarks })
            })
            .collect()
    }

    /// What fits records to an open storage as it would be then; none for a strict one.
    fn imagined(&self, name: &StorageName, records: &[&Record]) -> Result<Option<Arc<Fitter>>> {
        let storage = self.store.catalogue().folded(name.as_str());
        let (id, version, definition, dropped) = match &storage {
            None => (StorageId(0), 1, parse::definition(&infer::first(name, None))?, BTreeMap::new()),
            Some(storage) => {
                let in_force = storage.ready()?;
                if !in_force.definition.meta.auto {
                    return Ok(None);
                }
                (storage.id, in_force.version, in_force.definition.clone(), storage.dropped.clone())
            }
        };
        let now = InForce::new(id, version, definition);
        let fitter = Fitter::new(Arc::new(now.clone()), self.store.widest_row());
        let mut shape = Shape::default();
        records.iter().for_each(|record| fitter.observe(record, &mut shape));
        let Some(grown) = infer::grown(&now.definition, &shape, &dropped, |_| false) else {
            return Ok(Some(Arc::new(fitter)));
        };
        let grown = InForce::new(id, version, parse::definition(&grown)?);
        Ok(Some(Arc::new(Fitter::new(Arc::new(grown), self.store.widest_row()))))
    }
}

/// What a simulation tells of one throw.
#[derive(Debug)]
pub(in crate::dump) struct Told {
    /// Records after the program and the routes: `{storage, record}`.
    pub(in crate::dump) sorted: Vec<Json>,
    /// Records nothing is done with.
    pub(in crate::dump) dropped: u64,
    /// `{storage, index, row, warnings}`.
    pub(in crate::dump) rows: Vec<Json>,
    /// What would go to quarantine: `{index, line, step, code, field, detail}`.
    pub(in crate::dump) violations: Vec<Json>,
}

impl Dump {
    /// Everything that would become of what was read of a throw.
    pub(in crate::dump) async fn tell(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        reading: Reading,
        edited: Option<&Script>,
    ) -> Result<Told> {
        let sorted = self.sort(throw, source, reading, edited).await?;
        let mut violations: Vec<Json> = sorted
            .failed
            .iter()
            .map(|failed| {
                let mut json = serde_json::to_value(failed.remark(None)).unwrap_or_default();
                json["step"] = failed.trouble.step.name().into();
                json
            })
            .collect();
        let shown = sorted.bound.iter().map(|one| {
            let mut fields = one.record.fields.clone();
            fields.extend(one.record.non_finite.clone());
            json!({"storage": one.storage.as_str(), "index": one.record.origin.index, "record": fields})
        });
        let shown = shown.collect();
        let mut rows = Vec::new();
        for one in self.rehearse(&sorted.bound)? {
            match one.row() {
                Ok(row) => {
                    let warnings: Vec<Json> = one
                        .remarks
                        .iter()
                        .map(|fault| json!({"field": fault.at.to_string(), "code": fault.code.replace('-', "_"), "detail": fault.detail}))
                        .collect();
                    rows.push(
                        json!({"storage": one.storage, "index": one.index, "row": row, "warnings": warnings}),
                    );
                }
                Err(mut violation) => {
                    violation["index"] = one.index.into();
                    violation["storage"] = one.storage.as_str().into();
                    violation["step"] = "validate".into();
                    violations.push(violation);
                }
            }
        }
        Ok(Told { sorted: shown, dropped: sorted.dropped, rows, violations })
    }
}
