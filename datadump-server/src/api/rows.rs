//! `/api/v1/storage/{name}/`: the rows of a storage.

use datadump_core::{Dump, Error, Expect, Fault, Place, Saved};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    selection::{Affected, SelectionQuery},
    tag::Tag,
};
use crate::{
    answer::{Object, Reply, RowListAnswer, Streamed, encoded},
    extract::{
        AcceptedFormat, BaseUrl, COUNT, CURSOR, IfMatch, IfNoneMatch, JsonBody, KnownVersions, LIMIT,
        ListParameters, MaybeKey, OFFSET, ORDERING, Pairs, Parameter, Query, QueryParameters, expectation,
        passed_on, whole_number,
    },
    problem::Problem,
};

const ONE_ROW_HINT: &str = "send one row per request, or many to `…/bulk/`";

/// Operations on rows.
pub(crate) struct Rows {
    pub(crate) dump: Dump,
}

/// A page of rows.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct RowList {
    /// Total number of matching rows; null if they were not counted.
    #[oai(nullable)]
    count: Option<u64>,
    /// True if the count is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The rows.
    results: Vec<Object>,
}

/// The response to saving a row.
#[derive(ApiResponse)]
pub(crate) enum SaveResponse {
    /// The stored row.
    #[oai(status = 201)]
    Saved(
        Reply<Object>,
        /// Version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
        /// Set to `true` on the recorded response to an earlier request with the same idempotency key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// The response to replacing or changing a row.
#[derive(ApiResponse)]
pub(crate) enum WriteResponse {
    /// The stored row.
    #[oai(status = 200)]
    Written(
        Reply<Object>,
        /// Version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// The response to reading a row.
#[derive(ApiResponse)]
pub(crate) enum GetResponse {
    /// The row.
    #[oai(status = 200)]
    Row(
        Streamed<Object>,
        /// Version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
    /// The client's version is current.
    #[oai(status = 304)]
    NotModified(
        /// Version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// The response to deleting a row.
#[derive(ApiResponse)]
pub(crate) enum DeleteResponse {
    /// The row is deleted.
    #[oai(status = 204)]
    Deleted,
}

/// The query of a list of rows. The core parses it, because it knows the fields.
pub(crate) enum RowQuery {}

impl ListParameters for RowQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &LIMIT,
        &OFFSET,
        &CURSOR,
        &COUNT,
        &ORDERING,
        &passed_on("fields", String::schema_ref, "Fields to return, separated by commas."),
        &passed_on(
            "where",
            String::schema_ref,
            "Filter as JSON: `{\"or\":[{\"age\":{\"lt\":18}},{\"color\":{\"in\":[\"red\"]}}]}`.",
        ),
    ];
}

/// The query of a deletion.
#[derive(Debug, Default)]
pub(crate) struct DeleteQuery {
    version: Option<i32>,
}

impl QueryParameters for DeleteQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[&Parameter {
        name: "version",
        schema: i32::schema_ref,
        description: "Expected version of the row; 409 if it has another.",
        set: |query, name, text| whole_number(name, text).map(|version| query.version = Some(version)),
    }];
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Rows {
    /// List rows, most recently updated first
    ///
    /// Every field can be used as a filter: `field=value`, or `field__op=value`, where `op` is one of `eq`,
    /// `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `nin`, `between`, `contains`, `icontains`, `startswith`,
    /// `endswith` and `isnull`. Repeated filters must all match, except that repeated `in` and `nin` are one list.
    ///
    /// With `Accept: text/csv` or `application/x-ndjson`, the response is the rows of the page in that format, with the
    /// links in a `Link` header.
    #[oai(path = "/:name", method = "get", operation_id = "list_rows")]
    async fn list(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<RowQuery>,
        base: BaseUrl,
        accepted: AcceptedFormat,
    ) -> Result<RowListAnswer<RowList>, Problem> {
        let page = self.dump.storage(&name.0)?.page(&query.0).await?;
        let address = base.at(&format!("/api/v1/storage/{}/", encoded(&name.0)));
        Ok(RowListAnswer::new(page, accepted.0, address))
    }

    /// Insert a row, or change the row with the same key
    ///
    /// Of an existing row only the fields that are sent change. A new row gets the defaults of the fields that
    /// are omitted; 400 if one of them is required. A `version` in the row is the version it is expected to
    /// have: 409 if it has another.
    #[oai(path = "/:name", method = "post", operation_id = "save_row")]
    async fn save(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Quoted version the row must have, or `*` if any row with this key must exist.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: the row must not exist.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        key: MaybeKey,
        /// The row.
        row: JsonBody,
    ) -> Result<SaveResponse, Problem> {
        let expect = expectation(if_match, if_none_match)?;
        if row.0.is_array() {
            return Err(not_one_row());
        }
        let saved = match key.0 {
            Some(key) => Box::pin(self.dump.save_with_key(&name.0, &row.0, expect, key)).await?,
            None => self.dump.storage(&name.0)?.save(&row.0, expect).await?,
        };
        let replayed = saved.replayed.then_some(true);
        let (row, tag) = tagged(saved);
        Ok(SaveResponse::Saved(row, tag, replayed))
    }

    /// Change all rows that match (JSON merge patch, RFC 7396)
    ///
    /// Takes the filters of the list. All rows are changed at once, or none if one of them would not be valid.
    #[oai(path = "/:name", method = "patch", operation_id = "patch_rows")]
    async fn patch_all(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<SelectionQuery>,
        /// The fields to change.
        patch: JsonBody,
    ) -> Result<Reply<Affected>, Problem> {
        let affected = Box::pin(self.dump.storage(&name.0)?.patch_matching(&query.0, &patch.0)).await?;
        Ok(Reply(Affected { affected }))
    }

    /// Delete all rows that match
    ///
    /// Takes the filters of the list.
    #[oai(path = "/:name", method = "delete", operation_id = "delete_rows")]
    async fn delete_all(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<SelectionQuery>,
    ) -> Result<Reply<Affected>, Problem> {
        let affected = Box::pin(self.dump.storage(&name.0)?.delete_matching(&query.0)).await?;
        Ok(Reply(Affected { affected }))
    }

    /// Get a row
    #[oai(path = "/:name/:key", method = "get", operation_id = "get_row")]
    pub(super) async fn get(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        /// Quoted versions the client has cached: 304 if the row has one of them.
        #[oai(name = "If-None-Match")]
        known: KnownVersions,
    ) -> Result<GetResponse, Problem> {
        let (row, version) = self.dump.storage(&name.0)?.get_page(&key.0).await?;
        let tag = format!("\"{version}\"");
        Ok(match known.contains(version) {
            true => GetResponse::NotModified(tag),
            false => GetResponse::Row(Streamed::new(row.into_chunks()), tag),
        })
    }

    /// Insert or replace the row with this key
    ///
    /// Fields that are omitted get their defaults.
    #[oai(path = "/:name/:key", method = "put", operation_id = "replace_row")]
    pub(super) async fn replace(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        /// Quoted version the row must have, or `*` if any row with this key must exist.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: the row must not exist.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The row; its key is optional.
        row: JsonBody,
    ) -> Result<WriteResponse, Problem> {
        let expect = expectation(if_match, if_none_match)?;
        let saved = self.dump.storage(&name.0)?.replace(&key.0, &row.0, expect).await?;
        let (row, tag) = tagged(saved);
        Ok(WriteResponse::Written(row, tag))
    }

    /// Change some fields of a row (JSON merge patch, RFC 7396)
    #[oai(path = "/:name/:key", method = "patch", operation_id = "patch_row")]
    pub(super) async fn patch(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        /// Quoted version the row must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Always fails, because only an existing row can be changed.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The fields to change.
        patch: JsonBody,
    ) -> Result<WriteResponse, Problem> {
        let expect = expectation(if_match, if_none_match)?;
        let saved = self.dump.storage(&name.0)?.patch(&key.0, &patch.0, expect).await?;
        let (row, tag) = tagged(saved);
        Ok(WriteResponse::Written(row, tag))
    }

    /// Delete a row
    #[oai(path = "/:name/:key", method = "delete", operation_id = "delete_row")]
    pub(super) async fn delete(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        query: Query<DeleteQuery>,
        /// Quoted version the row must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<DeleteResponse, Problem> {
        let expect = match (query.0.version, if_match.expects()) {
            (None, condition) => condition,
            (Some(version), Expect::Anything) => Expect::Version(version),
            (Some(_), _) => return Err(two_versions()),
        };
        self.dump.storage(&name.0)?.delete(&key.0, expect).await?;
        Ok(DeleteResponse::Deleted)
    }
}

fn tagged(saved: Saved) -> (Reply<Object>, String) {
    (Reply(Object(saved.row)), format!("\"{}\"", saved.version))
}

/// The error for a body that is not an object, with a hint for clients that send several rows.
fn not_one_row() -> Problem {
    let fault = Fault::new(Place::body(), "not-an-object", "a row must be a JSON object");
    Problem::from(Error::Invalid(vec![fault])).with_hint(ONE_ROW_HINT)
}

fn two_versions() -> Problem {
    let detail = "send either the query parameter `version` or an If-Match header, not both";
    Problem::parameter("version", "two-conditions", detail)
}

/// Key of the row in examples.
pub(super) const EXAMPLE_KEY: &str = "CHIP1";

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "save_row" | "replace_row" | "replace_row_by_key" => {
            Some(json!({"chip_id": EXAMPLE_KEY, "color": "red", "collar_size": 40}))
        }
        "patch_row" | "patch_row_by_key" | "patch_rows" => Some(json!({"color": "black"})),
        _ => None,
    }
}
