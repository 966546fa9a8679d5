//! Series for charts: the values of fields over time, as they are if they are few, otherwise summed up by buckets.
//!
//! ```text
//! request ─► overview (groups, their sizes and times) ─► few: rows ───► points ─► gaps
//!                                                     └► many: buckets ─┘
//! ```

mod many;
mod points;
mod reading;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value as Json};

pub use self::many::SeriesQuery;
use self::{
    points::{Point, Points, assemble},
    reading::Reading,
};
use super::{
    Rows,
    aggregate::{key_json, too_many_groups},
};
use crate::{
    clock::{Timestamp, Zone},
    error::{Error, Place, Result},
    schema::{Definition, InForce, Kind, StoredRow, Value},
    store::{
        Aggregate, AggregateQuery, Bucket, Column, Computed, Filter, Function, GroupBy, GroupKey, Operand,
        Query, ReadLease, Test,
        query::{
            Direction, MAX_GROUPS, compare_keys,
            filter::at_path,
            parse::{self, SeriesRequest},
            scalar,
        },
    },
};

/// Maximum number of rows that are returned as they are, for all series together.
const MAX_ROWS: u64 = 10_000;

/// Maximum number of groups that make series: the largest ones.
const MAX_SERIES: u64 = 100;

/// Series of one storage.
#[derive(Debug)]
pub struct SeriesSet {
    /// Bounds of the time: those of the request, or the times of the first and the last row.
    pub from: Option<Timestamp>,
    /// The later bound.
    pub to: Option<Timestamp>,
    /// Length of the buckets; `None` if the points are rows.
    pub bucket: Option<String>,
    /// True if there are more groups than are returned. Those with most rows are.
    pub truncated: bool,
    /// The series, by group.
    pub series: Vec<Series>,
    /// The memory of the series.
    pub memory: ReadLease,
}

impl SeriesSet {
    /// Returns the number of points of all series.
    fn points(&self) -> usize {
        self.series.iter().map(|series| series.time.len()).sum()
    }
}

/// The values of a field over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// The field.
    pub field: String,
    /// The values that its rows have in common, by the names of their fields.
    pub group: Map<String, Json>,
    /// The times of the points: those of rows, or the starts of buckets.
    pub time: Vec<String>,
    /// The values of the points, by name: `value`, or `min`, `max`, `avg`, `last` and `count`. Null where a gap
    /// begins.
    #[serde(flatten)]
    pub columns: Map<String, Json>,
}

impl Rows {
    /// Returns the values of fields over time. The parameters are `field`, `time`, `from`, `to`, `points`, `group_by`,
    /// `tz`, and filters.
    pub async fn series(&self, parameters: &[(String, String)]) -> Result<SeriesSet> {
        let now = self.context.clock.now();
        self.series_with(|definition| parse::series(definition, parameters, now)).await
    }

    /// Does the same with the parameters as JSON, and the filter as `where`.
    pub async fn find_series(&self, request: &Json) -> Result<SeriesSet> {
        let now = self.context.clock.now();
        self.series_with(|definition| parse::series_body(definition, request, now))
            .await
            .map_err(parse::in_body)
    }

    async fn series_with(
        &self,
        parse: impl Fn(&Definition) -> Result<SeriesRequest> + Sync,
    ) -> Result<SeriesSet> {
        let found = self
            .query(|in_force: Arc<InForce>| {
                let parsed = parse(&in_force.definition);
                async move { self.read_series(&in_force, parsed?).await }
            })
            .await;
        found.map(|(_, series)| series).map_err(about_fields)
    }

    async fn read_series(&self, in_force: &Arc<InForce>, request: SeriesRequest) -> Result<SeriesSet> {
        let overview = self.overview(in_force, &request).await?;
        let (from, to) = (request.from.or(overview.from), request.to.or(overview.to));
        let mut set = SeriesSet {
            from,
            to,
            bucket: None,
            truncated: overview.truncated,
            series: Vec::new(),
            memory: ReadLease::default(),
        };
        let Some((from, to)) = from.zip(to).filter(|_| !overview.groups.is_empty()) else { return Ok(set) };
        let rows: u64 = overview.groups.iter().map(|group| group.rows).sum();
        let most = overview.groups.iter().map(|group| group.rows).max().unwrap_or(0);
        let filter = overview.filter(&request);
        if most <= request.points
            && rows <= MAX_ROWS
            && let Some((points, memory)) = self.row_points(in_force, &request, filter.clone(), rows).await?
        {
            set.series = assemble(&in_force.definition, &request, overview, points, None);
            set.memory = memory;
            return Ok(set);
        }
        let (length, bucket) = Bucket::for_chart(from, to, request.points);
        let (points, memory) = self.bucket_points(in_force, &request, filter, bucket).await?;
        set.bucket = Some(length.to_owned());
        set.series = assemble(&in_force.definition, &request, overview, points, Some(bucket));
        set.memory = memory;
        Ok(set)
    }

    /// Counts the rows of the largest groups.
    async fn overview(&self, in_force: &Arc<InForce>, request: &SeriesRequest) -> Result<Overview> {
        let most = MAX_SERIES.min(MAX_GROUPS / request.points.saturating_add(1)).max(1);
        let time = request.time;
        let of_time = |function| Aggregate { function, operand: Some(Operand::Column(time)), time };
        let query = AggregateQuery {
            filter: Some(request.filter.clone()),
            groups: request.groups.iter().map(|(_, group)| group.clone()).collect(),
            zone: Zone::default(),
            functions: vec![
                Aggregate { function: Function::Count, operand: None, time },
                of_time(Function::Min),
                of_time(Function::Max),
            ],
            // The largest groups first: by the number of rows.
            order: vec![(request.groups.len(), Direction::Descending)],
            limit: most,
        };
        let mut found = self.context.store.aggregate(in_force, &query, &self.context.read_memory).await?;
        found.groups.sort_by(|one, other| compare_keys(&one.keys, &other.keys));
        let moment = |value: Option<&Computed>| match value {
            Some(Computed::Value(Value::Timestamp(moment))) => Some(*moment),
            _ => None,
        };
        let (from, to) = (
            found.groups.iter().filter_map(|group| moment(group.values.get(1))).min(),
            found.groups.iter().filter_map(|group| moment(group.values.get(2))).max(),
        );
        let rows = |values: &[Computed]| match values.first() {
            Some(Computed::Whole(rows)) => u64::try_from(*rows).unwrap_or(0),
            _ => 0,
        };
        let groups = found
            .groups
            .into_iter()
            .map(|group| SeriesGroup {
                rows: rows(&group.values),
                names: names(in_force, request, &group.keys),
                keys: group.keys,
            })
            .filter(|group| group.rows > 0)
            .collect();
        Ok(Overview { groups, from, to, truncated: found.more })
    }

    /// Returns the rows as points, or `None` if they are too large.
    async fn row_points(
        &self,
        in_force: &Arc<InForce>,
        request: &SeriesRequest,
        filter: Filter,
        rows: u64,
    ) -> Result<Option<(Points, ReadLease)>> {
        let definition = &in_force.definition;
        let mut query = Query::first(
            Some(filter),
            &[(request.time, Direction::Ascending), (Column::Key, Direction::Ascending)],
            rows,
        );
        let fields = request.fields.iter().map(|(_, operand)| operand.column());
        let groups = request.groups.iter().map(|(_, group)| group.column());
        query.fields = Some(fields.chain(groups).chain([request.time]).collect());
        let page = self.context.store.page_within(in_force, &query, &self.context.read_memory).await?;
        if page.more && (page.rows.len() as u64) < rows {
            return Ok(None);
        }
        let mut points = Points::default();
        for row in &page.rows {
            let Value::Timestamp(time) = request.time.value(row) else { continue };
            let keys: Vec<GroupKey> = request.groups.iter().map(|(_, group)| group_key(group, row)).collect();
            let names = names(in_force, request, &keys);
            for (place, (_, operand)) in request.fields.iter().enumerate() {
                for reading in Reading::of(definition, operand) {
                    let value = row_value(definition, &reading.operand, row);
                    if !value.is_null() {
                        let point = Point { time, values: vec![value] };
                        points.add(place, reading.is_plain, &names, point);
                    }
                }
            }
        }
        Ok(Some((points, page.memory)))
    }

    /// Returns the points of buckets.
    async fn bucket_points(
        &self,
        in_force: &Arc<InForce>,
        request: &SeriesRequest,
        filter: Filter,
        bucket: Bucket,
    ) -> Result<(Points, ReadLease)> {
        let definition = &in_force.definition;
        let time = request.time;
        let readings: Vec<(usize, Reading)> = request
            .fields
            .iter()
            .enumerate()
            .flat_map(|(place, (_, operand))| {
                Reading::of(definition, operand).map(move |reading| (place, reading))
            })
            .collect();
        let of_reading = |(_, reading): &(usize, Reading)| {
            let operand = reading.operand.clone();
            reading.functions.iter().map(move |(_, function)| Aggregate {
                function: *function,
                operand: Some(operand.clone()),
                time,
            })
        };
        let groups = request.groups.iter().map(|(_, group)| group.clone());
        let query = AggregateQuery {
            filter: Some(filter),
            groups: groups.chain([GroupBy::Bucket(time, bucket)]).collect(),
            zone: request.zone.clone(),
            functions: readings.iter().flat_map(of_reading).collect(),
            order: Vec::new(),
            limit: MAX_GROUPS,
        };
        let found = self.context.store.aggregate(in_force, &query, &self.context.read_memory).await?;
        if found.more {
            return Err(too_many_groups());
        }
        let mut points = Points::default();
        for group in found.groups {
            let Some((GroupKey::Start(Some(start)), keys)) = group.keys.split_last() else { continue };
            let time = bucket.moment(*start, &request.zone);
            let names = names(in_force, request, keys);
            let values = query.functions.iter().zip(group.values);
            let mut values = values.map(|(aggregate, value)| value.to_json(definition, aggregate));
            for (place, reading) in &readings {
                let values: Vec<Json> = values.by_ref().take(reading.functions.len()).collect();
                // The count comes last.
                if values.last() != Some(&Json::from(0)) {
                    points.add(*place, reading.is_plain, &names, Point { time, values });
                }
            }
        }
        Ok((points, found.memory))
    }
}

/// Returns an error of the aggregates that a series consists of as one about its fields.
fn about_fields(error: Error) -> Error {
    let Error::Query(mut faults) = error else { return error };
    for fault in &mut faults {
        if fault.at == Place::Parameter("agg".to_owned()) {
            fault.at = Place::Parameter("field".to_owned());
        }
    }
    Error::Query(faults)
}

/// The groups that make series.
struct Overview {
    groups: Vec<SeriesGroup>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    truncated: bool,
}

struct SeriesGroup {
    keys: Vec<GroupKey>,
    names: Map<String, Json>,
    rows: u64,
}

impl Overview {
    /// Returns the filter of the rows of these groups.
    fn filter(&self, request: &SeriesRequest) -> Filter {
        if !self.truncated {
            return request.filter.clone();
        }
        let of_key = |((_, by), key): (&(String, GroupBy), &GroupKey)| match (by, key) {
            (GroupBy::Column(column), GroupKey::Value(value)) => {
                Filter::Column(*column, equal(value.clone()))
            }
            (GroupBy::Path(column, path), GroupKey::Json(json)) => {
                Filter::Path(*column, path.clone(), equal(value_of(json)))
            }
            _ => Filter::All(Vec::new()),
        };
        let of_group =
            |group: &SeriesGroup| Filter::All(request.groups.iter().zip(&group.keys).map(of_key).collect());
        Filter::All(vec![request.filter.clone(), Filter::Any(self.groups.iter().map(of_group).collect())])
    }
}

fn equal(value: Value) -> Test {
    if value.is_null() { Test::IsNull } else { Test::Eq(value) }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => number.as_f64().map_or(Value::Null, Value::Float),
        Json::String(text) => Value::Text(text.as_str().into()),
        _ => Value::Null,
    }
}

/// Returns the values of a group by the names of their fields.
fn names(in_force: &InForce, request: &SeriesRequest, keys: &[GroupKey]) -> Map<String, Json> {
    let value = |((name, by), key): (&(String, GroupBy), &GroupKey)| {
        (name.clone(), key_json(&in_force.definition, &request.zone, by, key.clone()))
    };
    request.groups.iter().zip(keys).map(value).collect()
}

fn group_key(by: &GroupBy, row: &StoredRow) -> GroupKey {
    match by {
        GroupBy::Path(column, path) => GroupKey::Json(scalar(&at_path(&column.value(row), path))),
        by => GroupKey::Value(by.column().value(row)),
    }
}

/// Returns the value of a field as it is shown.
fn row_value(definition: &Definition, operand: &Operand, row: &StoredRow) -> Json {
    let value = operand.value(definition, row);
    match operand {
        Operand::Path(..) => scalar(&value),
        Operand::Column(column) => value.to_json(&column.kind(definition)),
        Operand::Number(_) => value.to_json(&Kind::Float),
    }
}
