//! `/api/v1/storage/{name}/query/` and its like: what else can be asked about the rows of a storage.

use datadump_core::{Dump, RowPage};
use poem_openapi::{Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::tag::Tag;
use crate::{
    answer::{Object, Reply, Streamed},
    extract::{JsonBody, LIMIT, ListParameters, Pairs, Parameter, Query, passed_on},
    problem::Problem,
};

/// Queries of rows.
pub(crate) struct Queries {
    pub(crate) dump: Dump,
}

/// A page of the rows that a query selects.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct QueryPage {
    /// Total number of matching rows; null if they were not counted.
    #[oai(nullable)]
    count: Option<u64>,
    /// True if the count is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    /// Cursor of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// Cursor of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The rows.
    results: Vec<Object>,
}

/// The values of a field, the most frequent one first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ValueList {
    /// The values, each with the number of rows that have it: `{value, count}`.
    results: Vec<Object>,
    /// True if there are more values.
    truncated: bool,
}

/// The query of the values of a field. The core parses it, because it knows the fields.
pub(crate) enum ValuesQuery {}

impl ListParameters for ValuesQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &passed_on("field", String::schema_ref, "Field whose values are counted."),
        &LIMIT,
        &passed_on("where", String::schema_ref, "Filter as JSON."),
    ];
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Queries {
    /// Query rows with a filter of any depth
    ///
    /// Takes the parameters of the list as JSON. To get the next page, send the same query with the `next` of the
    /// response as `cursor`.
    #[oai(path = "/:name/query", method = "post", operation_id = "query_rows")]
    async fn query(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// `where`, `fields`, `ordering`, `limit`, `cursor` and `count`; all are optional.
        query: JsonBody,
    ) -> Result<Streamed<QueryPage>, Problem> {
        let page = self.dump.storage(&name.0)?.find_page(&query.0).await?;
        Ok(Streamed::page(page.map(RowPage::into_chunks)))
    }

    /// Count the values of a field, most frequent first
    ///
    /// Takes the filters of the list.
    #[oai(path = "/:name/values", method = "get", operation_id = "list_values")]
    async fn values(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<ValuesQuery>,
    ) -> Result<Reply<ValueList>, Problem> {
        let (results, truncated) = self.dump.storage(&name.0)?.values(&query.0).await?;
        Ok(Reply(ValueList { results: results.into_iter().map(Object).collect(), truncated }))
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "query_rows" => Some(json!({
            "where": {"or": [{"collar_size": {"lt": 20}}, {"color": {"in": ["red", "black"]}}]},
            "ordering": "-collar_size",
            "limit": 10,
        })),
        _ => None,
    }
}
