//! `/api/v1/storage/{name}/query/` and its like: what else can be asked about the rows of a storage.

use datadump_core::{Aggregates, Dump, RowPage, ValueCounts, store::ReadLease};
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

/// The values of a field.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ValueList {
    /// The values, each with the number of rows that have it: `{value, count}`.
    results: Vec<Object>,
    /// True if there are more values.
    truncated: bool,
    /// Order of the values, and so which ones are returned if there are more: `count` if the most frequent one is first,
    /// or `value` if the smallest one is.
    ordering: String,
    #[oai(skip)]
    #[serde(skip)]
    #[expect(dead_code, reason = "it is released when the answer has been written")]
    memory: ReadLease,
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

/// Results of functions of groups of rows.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct AggregateList {
    /// The results, one for each group: its values and the results of the functions, by their names.
    results: Vec<Object>,
    /// True if there are more groups.
    truncated: bool,
    #[oai(skip)]
    #[serde(skip)]
    #[expect(dead_code, reason = "it is released when the answer has been written")]
    memory: ReadLease,
}

/// The query of aggregates. The core parses it, because it knows the fields.
pub(crate) enum AggregateParameters {}

impl ListParameters for AggregateParameters {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &passed_on(
            "agg",
            String::schema_ref,
            "Functions, separated by commas: `count`, and of a field `count(x)`, `count_distinct(x)`, `sum(x)`, \
             `avg(x)`, `min(x)`, `max(x)`, `first(x)`, `last(x)`, `stddev(x)`, and percentiles from `p1(x)` to `p99(x)`. \
             `avg(x):mean` names the result `mean`. Default: `count`.",
        ),
        &passed_on(
            "group_by",
            String::schema_ref,
            "Fields, paths into JSON such as `data.kind`, and buckets of time such as `bucket(created_at,1h)`, with the \
             units `s`, `m`, `h`, `d`, `w`, `mo`, `q` and `y`; separated by commas.",
        ),
        &passed_on("tz", String::schema_ref, "Time zone of buckets, such as `Europe/Berlin` (default UTC)."),
        &passed_on("where", String::schema_ref, "Filter as JSON."),
        &passed_on("having", String::schema_ref, "Condition on the results as JSON, by their names."),
        &passed_on(
            "ordering",
            String::schema_ref,
            "Names of results to sort by, separated by commas; `-` before a name sorts in descending order. Default: \
             by group.",
        ),
        &passed_on("limit", u64::schema_ref, "Maximum number of groups, 1 to 100000 (default 1000)."),
        &passed_on(
            "fill",
            String::schema_ref,
            "Results for buckets without rows: `none` (default), `null`, `zero` or `previous`.",
        ),
        &passed_on(
            "time",
            String::schema_ref,
            "Field by which `first` and `last` choose (default: that of the bucket, else `created_at`).",
        ),
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

    /// Count the values of a field
    ///
    /// The most frequent value comes first. Only if a storage has more than 100,000 rows, the field is indexed, there are
    /// no filters, and there are more values than `limit`, the smallest values are returned instead, in ascending order
    /// (`ordering` is `value`). Takes the filters of the list.
    #[oai(path = "/:name/values", method = "get", operation_id = "list_values")]
    async fn values(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<ValuesQuery>,
    ) -> Result<Reply<ValueList>, Problem> {
        let found = self.dump.storage(&name.0)?.values(&query.0).await?;
        let ValueCounts { values, truncated, is_smallest, memory } = found;
        let ordering = if is_smallest { "value" } else { "count" }.to_owned();
        Ok(Reply(ValueList {
            results: values.into_iter().map(Object).collect(),
            truncated,
            ordering,
            memory,
        }))
    }

    /// Aggregate rows
    ///
    /// Computes functions of all rows, or of each group of them. All other parameters are filters, as in the list.
    #[oai(path = "/:name/aggregate", method = "get", operation_id = "aggregate_rows")]
    async fn aggregate(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<AggregateParameters>,
    ) -> Result<Reply<AggregateList>, Problem> {
        Ok(list(self.dump.storage(&name.0)?.aggregate(&query.0).await?))
    }

    /// Aggregate rows with a filter of any depth
    #[oai(path = "/:name/aggregate", method = "post", operation_id = "find_aggregates")]
    async fn find_aggregates(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// `agg`, `group_by`, `tz`, `where`, `having`, `ordering`, `limit`, `fill` and `time`; all are optional.
        query: JsonBody,
    ) -> Result<Reply<AggregateList>, Problem> {
        Ok(list(self.dump.storage(&name.0)?.find_aggregates(&query.0).await?))
    }
}

fn list(aggregates: Aggregates) -> Reply<AggregateList> {
    let Aggregates { results, truncated, memory } = aggregates;
    Reply(AggregateList { results: results.into_iter().map(Object).collect(), truncated, memory })
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "query_rows" => Some(json!({
            "where": {"or": [{"collar_size": {"lt": 20}}, {"color": {"in": ["red", "black"]}}]},
            "ordering": "-collar_size",
            "limit": 10,
        })),
        "find_aggregates" => Some(json!({
            "agg": ["count", "avg(collar_size):mean"],
            "group_by": ["bucket(created_at,1d)", "color"],
            "tz": "Europe/Berlin",
            "having": {"count": {"gte": 1}},
        })),
        _ => None,
    }
}
