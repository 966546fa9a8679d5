//! Queries for series of several storages, in one request.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use super::SeriesSet;
use crate::{
    error::{Error, Fault, Place, Result},
    request,
};

/// Maximum number of queries in a request.
const MAX_QUERIES: usize = 100;

/// Number of queries of a request that run at once: half of those that may be slow on SQLite.
const AT_ONCE: usize = 2;

/// Maximum time of all queries of a request.
const TIME: Duration = Duration::from_secs(30);

/// Maximum number of points that the queries of a request return.
const MAX_POINTS: usize = 200_000;

/// One of several queries for series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesQuery {
    /// The name that the caller has given it; null if none.
    pub id: Json,
    /// The storage.
    pub storage: String,
    /// The request, for [`find_series`](crate::Rows::find_series).
    pub request: Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    series: Vec<Query>,
    from: Option<Json>,
    to: Option<Json>,
    points: Option<Json>,
    tz: Option<Json>,
}

#[derive(Debug, Deserialize)]
struct Query {
    #[serde(default)]
    id: Json,
    storage: String,
    #[serde(flatten)]
    request: Map<String, Json>,
}

impl SeriesQuery {
    /// Parses `{"series": [{"storage": …, "field": …}, …]}`. `from`, `to`, `points` and `tz` beside the list apply to all
    /// queries that have none.
    pub fn parse_all(body: &Json) -> Result<Vec<Self>> {
        let Body { series, from, to, points, tz } = request::read(body)?;
        if series.len() > MAX_QUERIES {
            let detail = format!("a request can have at most {MAX_QUERIES} queries");
            return Err(Error::Query(vec![Fault::new(Place::field("series"), "too-many", detail)]));
        }
        let shared = [("from", from), ("to", to), ("points", points), ("tz", tz)];
        let query = |query: Query| {
            let Query { id, storage, mut request } = query;
            for (name, value) in &shared {
                if let (Some(value), false) = (value, request.contains_key(*name)) {
                    request.insert((*name).to_owned(), value.clone());
                }
            }
            Self { id, storage, request: Json::Object(request) }
        };
        Ok(series.into_iter().map(query).collect())
    }
    /// Runs the queries of a request with `read`, a few at once. Those that are beyond its time, or have more points than
    /// are left, get an error.
    pub async fn run_all<F>(queries: Vec<Self>, read: impl Fn(Self) -> F) -> Vec<(Self, Result<SeriesSet>)>
    where
        F: Future<Output = Result<SeriesSet>>,
    {
        let (end, points) = (Instant::now() + TIME, AtomicUsize::new(0));
        let run = async |query: Self| {
            if points.load(Ordering::Relaxed) >= MAX_POINTS {
                return (query, Err(too_many_points()));
            }
            // Not even begun.
            if Instant::now() >= end {
                return (query, Err(too_slow()));
            }
            let found = tokio::time::timeout_at(end, read(query.clone())).await;
            (query, found.unwrap_or_else(|_| Err(too_slow())))
        };
        let mut results = Vec::with_capacity(queries.len());
        let mut found = std::pin::pin!(stream::iter(queries).map(run).buffered(AT_ONCE));
        while let Some((query, found)) = found.next().await {
            let within = |set: SeriesSet| {
                let all = points.load(Ordering::Relaxed) + set.points();
                if all > MAX_POINTS {
                    return Err(too_many_points());
                }
                points.store(all, Ordering::Relaxed);
                Ok(set)
            };
            results.push((query, found.and_then(within)));
        }
        results
    }
}

fn too_many_points() -> Error {
    let detail = format!(
        "the queries of this request have more than {MAX_POINTS} points: lower `points`, or ask for fewer series at once"
    );
    Error::Query(vec![Fault::new(Place::field("points"), "too-many-points", detail)])
}

fn too_slow() -> Error {
    let detail = format!(
        "the queries of this request take longer than {} seconds: narrow them, or ask for fewer at once",
        TIME.as_secs()
    );
    Error::Query(vec![Fault::new(Place::body(), "too-slow", detail)])
}

#[cfg(test)]
mod tests {
    use super::{super::Series, *};
    use crate::store::ReadLease;

    fn query(number: u64) -> SeriesQuery {
        SeriesQuery { id: number.into(), storage: "meter".to_owned(), request: Json::Null }
    }

    fn set(points: usize) -> SeriesSet {
        let series = Series {
            field: "litres".to_owned(),
            group: Map::new(),
            time: vec![String::new(); points],
            columns: Map::new(),
        };
        SeriesSet {
            from: None,
            to: None,
            bucket: None,
            truncated: false,
            series: vec![series],
            memory: ReadLease::default(),
        }
    }

    fn codes(results: &[(SeriesQuery, Result<SeriesSet>)]) -> Vec<&'static str> {
        let code = |result: &Result<SeriesSet>| match result {
            Ok(_) => "",
            Err(error) => error.faults().first().map_or("?", |fault| fault.code),
        };
        results.iter().map(|(_, result)| code(result)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn few_queries_run_at_once_and_all_together_within_the_time() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (begin, begun) = (Instant::now(), AtomicUsize::new(0));
        let results = SeriesQuery::run_all((0..8).map(query).collect(), async |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(20)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            Ok(set(1))
        });
        let results = results.await;
        assert_eq!(
            codes(&results),
            ["", "", "too-slow", "too-slow", "too-slow", "too-slow", "too-slow", "too-slow"]
        );
        let ids: Vec<_> = results.iter().filter_map(|(query, _)| query.id.as_u64()).collect();
        assert_eq!(ids, (0..8).collect::<Vec<_>>());
        assert_eq!((most.into_inner(), begun.into_inner()), (AT_ONCE, 4));
        assert_eq!(begin.elapsed(), TIME);
    }

    #[tokio::test]
    async fn the_points_of_all_queries_are_bounded() {
        let sizes = [MAX_POINTS - 10, 20, 10, 1];
        let results = SeriesQuery::run_all((0..4).map(query).collect(), async |query: SeriesQuery| {
            Ok(set(query
                .id
                .as_u64()
                .and_then(|id| sizes.get(usize::try_from(id).ok()?))
                .copied()
                .unwrap_or(0)))
        });
        assert_eq!(codes(&results.await), ["", "too-many-points", "", "too-many-points"]);
    }
}
