//! `/api/v1/storage/{name}/bulk/`: many rows at once.

use datadump_core::{BulkOptions, Dump, OnConflict};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    tag::Tag,
    write_answer::{Counts, WriteResultAnswer},
};
use crate::{
    answer::Reply,
    extract::{MaybeKey, Parameter, Query, QueryParameters, RowsBody, flag},
    problem::Problem,
};

const LINES_HINT: &str = "send a JSON array of rows, or one row per line (NDJSON)";

/// Operations on many rows.
pub(crate) struct Bulk {
    pub(crate) dump: Dump,
}

/// Results of the rows.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct BulkAnswer {
    /// Number of rows that were inserted.
    created: u64,
    /// Number of rows that were replaced or changed.
    updated: u64,
    /// Number of rows that were left as they are, because their key exists.
    ignored: u64,
    /// Number of rows that were not stored.
    failed: u64,
    /// One result per row, in order.
    results: Vec<WriteResultAnswer>,
}

/// The response to saving many rows.
#[derive(ApiResponse)]
pub(crate) enum BulkResponse {
    /// The result of each row.
    #[oai(status = 200)]
    Saved(
        Reply<BulkAnswer>,
        /// Set to `true` on the recorded response to an earlier request with the same idempotency key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// The query of saving many rows.
#[derive(Debug, Default)]
pub(crate) struct BulkQuery(BulkOptions);

impl QueryParameters for BulkQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[
        &Parameter {
            name: "on_conflict",
            schema: String::schema_ref,
            description: "What to do with a row whose key exists: `merge` changes the fields that are sent (default), \
                          `replace` replaces the whole row, `ignore` leaves it as it is, `error` fails.",
            set: |query, name, text| {
                query.0.on_conflict = OnConflict::from_name(text).ok_or_else(|| {
                    let detail = format!("`{name}` must be merge, replace, ignore or error, not {text:?}");
                    Problem::parameter(name, "invalid-parameter", detail)
                })?;
                Ok(())
            },
        },
        &Parameter {
            name: "atomic",
            schema: bool::schema_ref,
            description: "`1`: if a row fails, none is stored.",
            set: |query, name, text| flag(name, text).map(|atomic| query.0.is_atomic = atomic),
        },
        &Parameter {
            name: "dry_run",
            schema: bool::schema_ref,
            description: "`1`: answers the same, but stores nothing.",
            set: |query, name, text| flag(name, text).map(|dry_run| query.0.is_dry_run = dry_run),
        },
    ];
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Bulk {
    /// Save many rows
    ///
    /// Each row is inserted, or merged into the row with its key, as if it were sent alone; a later row sees what the
    /// earlier ones have stored. All rows become visible at once. A row that fails does not affect the others, unless
    /// the request is `atomic`: then nothing is stored, and the response is 400 or 409 with the first 100 failures in `errors`.
    /// At most 10,000 rows.
    #[oai(path = "/:name/bulk", method = "post", operation_id = "save_rows")]
    async fn save(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<BulkQuery>,
        key: MaybeKey,
        /// A JSON array of rows, or one row per line (NDJSON).
        rows: RowsBody,
    ) -> Result<BulkResponse, Problem> {
        let saved = Box::pin(self.dump.save_many_of(&name.0, rows.0, query.0.0, key.0)).await;
        let saved = saved.map_err(|error| {
            let is_not_json = error.faults().iter().any(|fault| fault.code == "not-json");
            let problem = Problem::from(error);
            if is_not_json { problem.with_hint(LINES_HINT) } else { problem }
        })?;
        let Counts { created, updated, ignored, failed, .. } = Counts::of(&saved.results);
        let results = saved.results.into_iter().map(WriteResultAnswer::from).collect();
        let answer = BulkAnswer { created, updated, ignored, failed, results };
        Ok(BulkResponse::Saved(Reply(answer), saved.replayed.then_some(true)))
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "save_rows" => Some(json!([
            {"chip_id": "CHIP1", "color": "red", "collar_size": 40},
            {"chip_id": "CHIP2", "color": "black"},
        ])),
        _ => None,
    }
}
