//! `/api/v1/batch/`: operations on rows of several storages.

use datadump_core::Dump;
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    tag::Tag,
    write_answer::{Counts, WriteResultAnswer},
};
use crate::{
    answer::Reply,
    extract::{JsonBody, MaybeKey},
    problem::Problem,
};

/// Operations on several storages.
pub(crate) struct Batch {
    pub(crate) dump: Dump,
}

/// Results of the operations.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct BatchAnswer {
    /// Number of rows that were inserted.
    created: u64,
    /// Number of rows that were replaced or changed.
    updated: u64,
    /// Number of rows that were deleted.
    deleted: u64,
    /// Number of operations that failed.
    failed: u64,
    /// One result per operation, in order.
    results: Vec<WriteResultAnswer>,
}

/// The response to a batch.
#[derive(ApiResponse)]
pub(crate) enum BatchResponse {
    /// The result of each operation.
    #[oai(status = 200)]
    Done(
        Reply<BatchAnswer>,
        /// Set to `true` on the recorded response to an earlier request with the same idempotency key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

#[OpenApi(prefix_path = "/api/v1/batch", tag = "Tag::Rows")]
impl Batch {
    /// Carry out operations on rows of several storages
    ///
    /// `op` is `create` (the row must be new), `save` (insert, or change the fields that are sent), `replace`, `patch`
    /// (RFC 7396) or `delete`. `create` and `save` have the key in the `row`; the others name it as `key`. With
    /// `if_version` the row must have this version. The operations take effect in order, in one transaction. If one
    /// fails, none takes effect, and the response is 400 or 409 with the first 100 failures in `errors`; with
    /// `atomic: false` each succeeds or fails by itself. At most 1,000 operations.
    #[oai(path = "/", method = "post", operation_id = "run_batch")]
    async fn run(
        &self,
        key: MaybeKey,
        /// `operations`, a list of objects with `op`, `storage`, `key`, `row` and `if_version`; and `atomic`.
        request: JsonBody,
    ) -> Result<BatchResponse, Problem> {
        let done = Box::pin(self.dump.batch(&request.0, key.0)).await?;
        let Counts { created, updated, deleted, failed, .. } = Counts::of(&done.results);
        let results = done.results.into_iter().map(WriteResultAnswer::from).collect();
        let answer = BatchAnswer { created, updated, deleted, failed, results };
        Ok(BatchResponse::Done(Reply(answer), done.replayed.then_some(true)))
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    (operation == "run_batch").then(|| {
        json!({"operations": [
            {"op": "save", "storage": "dog", "row": {"chip_id": "CHIP1", "color": "red", "collar_size": 40}},
            {"op": "patch", "storage": "dog", "key": "CHIP2", "row": {"color": "black"}, "if_version": 3},
            {"op": "delete", "storage": "dog", "key": "CHIP3"},
        ]})
    })
}
