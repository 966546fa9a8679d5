//! Changes of all rows that match a filter: their query and their answer. The operations are those of the list.

use poem_openapi::{Object as ApiObject, types::Type as _};
use serde::Serialize;

use crate::extract::{ListParameters, Pairs, Parameter, passed_on};

/// Number of rows that were changed or deleted.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct Affected {
    /// Number of rows.
    pub(super) affected: u64,
}

/// The query of a change of all rows that match. The core parses it, because it knows the fields.
pub(crate) enum SelectionQuery {}

impl ListParameters for SelectionQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &passed_on(
            "max_affected",
            u64::schema_ref,
            "Maximum number of rows, 1 to 100000, which must be given: 409 if more rows match, and none is changed.",
        ),
        &passed_on("all", bool::schema_ref, "`1`: all rows of the storage, instead of filters."),
        &passed_on("dry_run", bool::schema_ref, "`1`: answers the same, but stores nothing."),
        &passed_on("where", String::schema_ref, "Filter as JSON."),
    ];
}
