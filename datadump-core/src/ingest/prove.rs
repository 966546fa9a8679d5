//! Validates records for their storages as the last step before the write, with warnings about values that are
//! stored differently from how they were sent.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    clock::Zone,
    definitions::Refusal,
    error::{Fault, Place},
    id::Ids,
    quarantine::{FailureReason, Stage},
    receipt::Remark,
    record::{Change, Fields, Record},
    rows::with_condition,
    schema::{InForce, Kind, Row, rounding},
    store::Expect,
    validate,
};

/// Returns the reason for a record whose storage could not be created or changed for it.
pub(super) fn refused_by_storage(refusal: Refusal, field: Option<String>) -> FailureReason {
    let Refusal { code, detail } = refusal;
    FailureReason { stage: Stage::Store, code: code.into(), field, detail }
}

/// A record that fits its storage.
pub(crate) struct ProvenRecord {
    pub(crate) row: Row,
    pub(crate) expect: Expect,
    /// Values that are stored differently from how they were sent.
    pub(crate) remarks: Vec<Fault>,
}

/// Validates a record for a declared storage. A `version` in it is a condition, and local times are those of
/// `zone`.
pub(crate) fn prove(
    ids: &Ids,
    in_force: &Arc<InForce>,
    record: Record,
    zone: &Zone,
) -> Result<ProvenRecord, FailureReason> {
    let mut fields = record.fields;
    let remarks = rounded(in_force, &fields, record.untyped);
    if record.untyped {
        in_force.definition.fields.iter().for_each(|field| {
            if let Some(value) = fields.get_mut(field.name.as_str()) {
                infer_type(value, &field.kind);
            }
        });
        if let Some(value) = fields.get_mut(in_force.definition.key.name.as_str()) {
            infer_type(value, &in_force.definition.key.kind);
        }
    }
    for field in in_force.definition.fields.iter().filter(|field| field.kind == Kind::Timestamp) {
        if let Some(value) = fields.get_mut(field.name.as_str())
            && let Some(moment) = value.as_str().and_then(|text| zone.read(text))
        {
            *value = moment.to_string().into();
        }
    }
    fields.extend(record.non_finite);
    let (fields, expect) = with_condition(in_force.definition.service(), fields, Expect::Different)
        .map_err(|error| FailureReason::invalid(Stage::Validate, error.faults()))?;
    let row = validate::changes(in_force, fields, ids)
        .map_err(|faults| FailureReason::invalid(Stage::Validate, &faults))?;
    Ok(ProvenRecord { row, expect, remarks })
}

/// Returns the values that their fields hold only approximately.
fn rounded(in_force: &InForce, fields: &Fields, untyped: bool) -> Vec<Fault> {
    let (mut remarks, mut next) = (Vec::new(), 0);
    for (name, value) in fields.iter() {
        // Most values cannot be rounded.
        let may_be_rounded = match value {
            Json::String(text) => text.len() > 15 || (untyped && text.starts_with('-')),
            Json::Number(number) => number.as_f64() == Some(0.0) && number.is_f64(),
            _ => false,
        };
        if may_be_rounded
            && let Some(place) = in_force.place(name, &mut next)
            && let Some(field) = in_force.definition.fields.get(place)
            && let Some((code, detail)) = rounding(&field.kind, value)
        {
            remarks.push(Fault::new(Place::field(name), code, detail));
        }
    }
    remarks
}

/// Fits a record to an auto storage. If `strict`, a record is refused if any of its values would be stored
/// differently from how it was sent.
pub(crate) fn fit(
    fitter: &validate::Fitter,
    record: Record,
    id: Uuid,
    changes: &[Change],
    zone: &Zone,
    strict: bool,
) -> Result<ProvenRecord, FailureReason> {
    let fitted = fitter
        .fit(record, id, zone, changes)
        .map_err(|faults| FailureReason::invalid(Stage::Validate, &faults))?;
    if strict && !(fitted.remarks.is_empty() && changes.is_empty()) {
        let changes =
            changes.iter().map(|change| Fault::new(Place::field(&change.field), change.code, change.detail));
        // In strict mode nothing goes to `_extra`.
        let remarks = fitted
            .remarks
            .into_iter()
            .map(|fault| Fault { detail: fault.detail.replace(validate::STORED_IN_EXTRA, ""), ..fault });
        return Err(FailureReason::invalid(Stage::Validate, &changes.chain(remarks).collect::<Vec<_>>()));
    }
    // A record that was thrown before is an update if one of its fields differs now.
    Ok(ProvenRecord { row: fitted.row, expect: Expect::Different, remarks: fitted.remarks })
}

/// Returns the warning about a value that is stored differently from how it was read.
pub(crate) fn warning(index: usize, line: Option<usize>, fault: Fault) -> Remark {
    Remark {
        index: Some(index),
        line,
        code: fault.code.replace('-', "_"),
        field: Some(fault.at.to_string()),
        detail: fault.detail,
        quarantine: None,
    }
}

/// Returns the warning about a value that was read differently from how it was sent.
pub(crate) fn change_warning(index: usize, line: Option<usize>, change: &Change) -> Remark {
    Remark {
        index: Some(index),
        line,
        code: change.code.replace('-', "_"),
        field: Some(change.field.clone()),
        detail: change.detail.to_owned(),
        quarantine: None,
    }
}

/// Converts a value from an untyped format to the type of its field.
fn infer_type(value: &mut Json, kind: &Kind) {
    let typed = match value {
        Json::Number(_) | Json::Bool(_) if kind.is_text() || *kind == Kind::Id => {
            Some(Json::from(value.to_string()))
        }
        Json::String(text) if !kind.is_text() => kind.read_text(text).ok().map(|read| read.to_json(kind)),
        _ => None,
    };
    if let Some(typed) = typed {
        *value = typed;
    }
}
