//! `/api/v1/storage/{name}/series/` and `/api/v1/series/`: values over time, for charts.

use datadump_core::{Dump, SeriesQuery, SeriesSet, store::ReadLease};
use poem_openapi::{Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::tag::Tag;
use crate::{
    answer::{Object, Reply},
    extract::{JsonBody, ListParameters, Pairs, Parameter, Query, passed_on},
    problem::Problem,
};

/// Series of one storage.
pub(crate) struct SeriesOf {
    pub(crate) dump: Dump,
}

/// Series of several storages.
pub(crate) struct ManySeries {
    pub(crate) dump: Dump,
}

/// The values of fields over time.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct SeriesList {
    /// Start of the time, as asked for or that of the first row; null if there are no rows.
    #[oai(nullable)]
    from: Option<String>,
    /// End of the time, as asked for or that of the last row.
    #[oai(nullable)]
    to: Option<String>,
    /// Length of the buckets, such as `5m`; null if the points are rows.
    #[oai(nullable)]
    bucket: Option<String>,
    /// True if there are more groups; those with most rows are returned.
    truncated: bool,
    /// One for each group and field: `field`, `group`, and lists with an item for each point: `time` and `value`, or
    /// `time`, `min`, `max`, `avg`, `last` and `count` if the points are buckets. A gap is a point with nulls.
    series: Vec<Object>,
    #[oai(skip)]
    #[serde(skip)]
    memory: ReadLease,
}

/// The results of several queries for series, in order.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ManySeriesAnswer {
    /// For each query its `id` and `storage`, and either the members of the answer of one storage or its `error`.
    results: Vec<Object>,
    #[oai(skip)]
    #[serde(skip)]
    memory: ReadLease,
}

/// The query of series. The core parses it, because it knows the fields.
pub(crate) enum SeriesParameters {}

impl ListParameters for SeriesParameters {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &passed_on("field", String::schema_ref, "Fields or paths into JSON, separated by commas."),
        &passed_on(
            "time",
            String::schema_ref,
            "Field with the time of a row. Default: the first timestamp with an index, else `created_at`.",
        ),
        &passed_on(
            "from",
            String::schema_ref,
            "Start of the time, such as `2026-11-29T00:00:00Z` or `now-1h`. Default: the first row.",
        ),
        &passed_on("to", String::schema_ref, "End of the time, such as `now`. Default: the last row."),
        &passed_on(
            "points",
            u64::schema_ref,
            "Number of points that suffice, 1 to 10000 (default 500). If a series has more rows, it consists of buckets.",
        ),
        &passed_on("group_by", String::schema_ref, "Fields whose values make separate series."),
        &passed_on("tz", String::schema_ref, "Time zone of days and longer buckets (default UTC)."),
        &passed_on("where", String::schema_ref, "Filter as JSON."),
    ];
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl SeriesOf {
    /// Read values over time, for a chart
    ///
    /// Returns the rows as points if they are few, otherwise one point for each bucket of time. All other parameters
    /// are filters, as in the list.
    #[oai(path = "/:name/series", method = "get", operation_id = "read_series")]
    async fn series(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<SeriesParameters>,
    ) -> Result<Reply<SeriesList>, Problem> {
        Ok(Reply(list(self.dump.storage(&name.0)?.series(&query.0).await?)))
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Rows")]
impl ManySeries {
    /// Read values over time of several storages
    ///
    /// A query that fails has an `error`, and the others their results. All together take at most 30 seconds and return at
    /// most 200,000 points; queries that are beyond this have an `error`.
    #[oai(path = "/series", method = "post", operation_id = "find_series")]
    async fn find(
        &self,
        /// `series`: a list of queries, each with `storage` and `field`, and optional `id`, `time`, `from`, `to`,
        /// `points`, `group_by`, `tz` and `where`. `from`, `to`, `points` and `tz` beside the list apply to all queries
        /// that have none.
        body: JsonBody,
    ) -> Result<Reply<ManySeriesAnswer>, Problem> {
        let queries = SeriesQuery::parse_all(&body.0)?;
        let read = |query: SeriesQuery| async move {
            self.dump.storage(&query.storage)?.find_series(&query.request).await
        };
        let mut answer = ManySeriesAnswer { results: Vec::new(), memory: ReadLease::default() };
        for (query, found) in SeriesQuery::run_all(queries, read).await {
            let mut result = match found {
                Ok(set) => {
                    let mut list = list(set);
                    answer.memory.merge(std::mem::take(&mut list.memory));
                    json!(list)
                }
                Err(error) => json!({"error": Problem::from(error).to_json()}),
            };
            result["id"] = query.id;
            result["storage"] = query.storage.into();
            answer.results.push(Object(result));
        }
        Ok(Reply(answer))
    }
}

fn list(set: SeriesSet) -> SeriesList {
    let SeriesSet { from, to, bucket, truncated, series, memory } = set;
    SeriesList {
        from: from.map(|from| from.to_string()),
        to: to.map(|to| to.to_string()),
        bucket,
        truncated,
        series: series.into_iter().map(|series| Object(json!(series))).collect(),
        memory,
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    (operation == "find_series").then(|| {
        json!({
            "from": "now-1h",
            "points": 300,
            "series": [
                {"id": "a", "storage": "readings", "field": "value", "time": "timestamp", "group_by": "sensor_type"},
                {"id": "b", "storage": "dog", "field": "collar_size", "where": {"color": "red"}},
            ],
        })
    })
}
