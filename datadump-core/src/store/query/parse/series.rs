//! Parses a request for series, from URL parameters or a body.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    body::Names,
    expression,
    refusal::{Refusal, check_indexed},
    sent::{Reader, Sent},
};
use crate::{
    clock::{Timestamp, Zone, relative},
    error::Result,
    request,
    schema::{Definition, Kind, Value},
    store::query::{Column, Filter, Form, GroupBy, Operand, Test},
};

/// Default and maximum number of points of a series.
const DEFAULT_POINTS: u64 = 500;
const MAX_POINTS: u64 = 10_000;

/// Maximum number of fields, and of fields that they are grouped by.
const MAX_FIELDS: usize = 16;
const MAX_GROUP_FIELDS: usize = 4;

/// A request for series: the values of some fields over time, one series for each field and group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeriesRequest {
    /// The rows, within the bounds.
    pub(crate) filter: Filter,
    pub(crate) time: Column,
    /// Bounds of the time, both included.
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    /// The fields, with their names.
    pub(crate) fields: Vec<(String, Operand)>,
    /// The expressions that make groups, with their names.
    pub(crate) groups: Vec<(String, GroupBy)>,
    pub(crate) zone: Zone,
    /// Number of points that a series should not exceed.
    pub(crate) points: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    field: Option<Names>,
    group_by: Option<Names>,
    time: Option<String>,
    from: Option<String>,
    to: Option<String>,
    points: Option<u64>,
    tz: Option<String>,
    #[serde(rename = "where")]
    filter: Option<Json>,
}

/// Parses a request from URL parameters.
pub(crate) fn series(
    definition: &Definition,
    pairs: &[(String, String)],
    now: Timestamp,
) -> Result<SeriesRequest> {
    let sent = Sent::from_pairs(pairs, &["field", "group_by"], &["time", "from", "to", "points", "tz"]);
    read(Reader::new(definition, sent), now)
}

/// Parses a request from a body with the same members, where the filter is `where`.
pub(crate) fn series_body(definition: &Definition, body: &Json, now: Timestamp) -> Result<SeriesRequest> {
    let Body { field, group_by, time, from, to, points, tz, filter } = request::read(body)?;
    let mut sent = Sent::default();
    sent.list("field", field);
    sent.list("group_by", group_by);
    for (name, text) in [("time", time), ("from", from), ("to", to), ("tz", tz)] {
        sent.single(name, text);
    }
    sent.single("points", points);
    sent.filter(filter);
    read(Reader::new(definition, sent), now)
}

fn read(mut reader: Reader<'_>, now: Timestamp) -> Result<SeriesRequest> {
    let zone = reader.zone();
    let time = reader.time().unwrap_or_else(|| default_time(reader.definition));
    let (from, to) = bounds(&mut reader, time, now);
    let sent = reader.list("group_by");
    let groups = reader.parts("group_by", &sent, MAX_GROUP_FIELDS, named(group));
    let sent = reader.list("field");
    let fields = reader.parts("field", &sent, MAX_FIELDS, named(field));
    if sent.is_empty() {
        reader.fault("field", "missing", "`field` names the field whose values make the series");
    }
    for (parameter, names) in [("field", names(&fields)), ("group_by", names(&groups))] {
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
            reader.fault(parameter, "duplicate", format!("`{twice}` is given twice"));
        }
    }
    let points = reader.number("points", MAX_POINTS, DEFAULT_POINTS);
    let filter = reader.filter("series");
    // Rows without a time are no points.
    let range = match (from.map(Value::Timestamp), to.map(Value::Timestamp)) {
        (Some(from), Some(to)) => Filter::Column(time, Test::Between(from, to)),
        (Some(from), None) => Filter::Column(time, Test::Gte(from)),
        (None, Some(to)) => Filter::Column(time, Test::Lte(to)),
        (None, None) => Filter::Not(Box::new(Filter::Column(time, Test::IsNull))),
    };
    let filter = Filter::All(filter.into_iter().chain([range]).collect());
    reader.finish(SeriesRequest { filter, time, from, to, fields, groups, zone, points })
}

/// Returns the time by which rows are found quickly: the first field of type timestamp that has an index, or else the time
/// at which they were created.
fn default_time(definition: &Definition) -> Column {
    let is_indexed_time =
        |column: &Column| column.kind(definition) == Kind::Timestamp && column.is_indexed(definition);
    let fields = (0..definition.fields.len()).map(Column::Field);
    fields.into_iter().find(is_indexed_time).unwrap_or(Column::CreatedAt)
}

fn bounds(reader: &mut Reader<'_>, time: Column, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let mut moment = |name: &str| {
        let text = reader.text(name)?;
        let detail = || {
            let detail = format!("{text:?} is not a time, such as 2026-11-29T21:03:29Z, now or now-1h");
            ("mistyped", detail)
        };
        reader.accept(name, relative::moment(&text, now).ok_or_else(detail))
    };
    let (from, to) = (moment("from"), moment("to"));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        reader.fault("from", "out-of-range", "`from` is later than `to`");
    }
    if from.is_some() || to.is_some() {
        reader.accept("time", check_indexed(reader.definition, time));
    }
    (from, to)
}

/// Parses an expression, and keeps its text as its name.
fn named<T>(
    read: impl Fn(&Definition, &str) -> Result<T, Refusal>,
) -> impl Fn(&Definition, &str) -> Result<(String, T), Refusal> {
    move |definition, text| Ok((text.to_owned(), read(definition, text)?))
}

fn names<T>(named: &[(String, T)]) -> Vec<&str> {
    named.iter().map(|(name, _)| name.as_str()).collect()
}

fn field(definition: &Definition, name: &str) -> Result<Operand, Refusal> {
    let operand = expression::operand(definition, name)?;
    let kind = operand.column().kind(definition);
    if operand.form(definition) != Form::Json && matches!(kind, Kind::Json | Kind::Binary { .. }) {
        return Err(("not-applicable", format!("`{name}` is of type {kind}: its values make no series")));
    }
    Ok(operand)
}

fn group(definition: &Definition, name: &str) -> Result<GroupBy, Refusal> {
    match expression::group(definition, name)? {
        GroupBy::Bucket(..) => {
            Err(("not-applicable", "the buckets of series are chosen by `points`".to_owned()))
        }
        group => Ok(group),
    }
}
