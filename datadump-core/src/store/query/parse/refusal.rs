//! Refusals of a query, and the checks of fields that all parts of a query share.

use crate::{condition::ConditionError, schema::Definition, store::query::Column};

/// A fault without its place: code and detail.
pub(super) type Refusal = (&'static str, String);

/// The detail of an unknown field.
pub(super) fn unknown_field(definition: &Definition, name: &str) -> String {
    format!("storage `{}` has no field `{name}`", definition.name)
}

/// Checks that a column may be filtered and ordered by: without an index only in storages that allow scans.
pub(super) fn check_indexed(definition: &Definition, column: Column) -> Result<(), Refusal> {
    let Some(field) = column.field(definition) else { return Ok(()) };
    if definition.allows_filters(&field.name) {
        return Ok(());
    }
    let way = match field.kind.index_bytes() {
        Some(_) => "set `db_index` on it, or `meta.scans` on the storage",
        None => "its type cannot have one; set `meta.scans` on the storage",
    };
    Err(("filter-not-indexed", format!("field `{}` has no index: {way}", field.name)))
}

/// Converts an error of the condition language.
pub(super) fn from_condition(error: ConditionError) -> Refusal {
    (error.code, error.detail)
}
