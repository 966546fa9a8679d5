//! Queries for series of several storages, in one request.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::{
    error::{Error, Fault, Place, Result},
    request,
};

/// Maximum number of queries in a request.
const MAX_QUERIES: usize = 100;

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
}
