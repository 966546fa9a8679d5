//! Validates a record for its storage, as the last step before the write.

use std::sync::Arc;

use serde_json::Value as Json;

use super::commit::CommitOptions;
use crate::{
    clock::Zone,
    definitions::Refusal,
    error::Fault,
    id::Ids,
    quarantine::{FailureReason, Stage},
    receipt::{Receipt, Remark},
    record::Record,
    rows::with_condition,
    schema::{InForce, Kind, Row},
    store::Expect,
    validate,
};

/// Returns the reason for a record whose storage could not be created or changed for it.
pub(super) fn unchanged(refusal: Refusal, field: Option<String>) -> FailureReason {
    let Refusal { code, detail } = refusal;
    FailureReason { stage: Stage::Store, code: code.into(), field, detail }
}

/// Validates a record for a declared storage. A `version` in it is a condition, and local times are those of
/// `zone`.
pub(super) fn prove(
    ids: &Ids,
    in_force: &Arc<InForce>,
    record: Record,
    zone: &Zone,
) -> Result<(Row, Expect), FailureReason> {
    let mut fields = record.fields;
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
    Ok((row, expect))
}

/// Fits a record to an auto storage.
pub(super) fn fit(
    fitter: &validate::Fitter,
    record: Record,
    id: uuid::Uuid,
    options: CommitOptions<'_>,
    receipt: &mut Receipt,
) -> Result<(Row, Expect), FailureReason> {
    let (index, line) = (record.origin.index, record.origin.line);
    let fitted = fitter
        .fit(record, id, options.zone)
        .map_err(|faults| FailureReason::invalid(Stage::Validate, &faults))?;
    if options.strict_fields && !fitted.remarks.is_empty() {
        let faults = fitted.remarks.into_iter();
        // In strict mode nothing goes to `_extra`.
        let faults = faults
            .map(|fault| Fault { detail: fault.detail.replace(validate::STORED_IN_EXTRA, ""), ..fault });
        return Err(FailureReason::invalid(Stage::Validate, &faults.collect::<Vec<_>>()));
    }
    for fault in fitted.remarks {
        let remark = Remark {
            index: Some(index),
            line,
            code: fault.code.replace('-', "_"),
            field: Some(fault.at.to_string()),
            detail: fault.detail,
            quarantine: None,
        };
        receipt.warn(Stage::Validate, remark);
    }
    // A record that was thrown before is an update if one of its fields differs now.
    Ok((fitted.row, Expect::Different))
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
