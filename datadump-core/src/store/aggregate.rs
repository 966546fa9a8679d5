//! The part of aggregates that both backends share: the limit of the query, and its results.

use std::cmp::Ordering;

use serde_json::{Value as Json, json};

use super::{
    query::{
        Aggregate, AggregateQuery, AggregatedGroup, AggregatedGroups, Form, Function, GroupBy, GroupKey,
    },
    sql::{self, Output},
};
use crate::{
    error::{Error, Fault, Place, Result},
    schema::{Definition, Kind, Value},
};

/// A value of a result column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Whole(i64),
    Float(f64),
    Text(String),
    Value(Value),
}

/// Returns the query that the database runs: where it orders groups differently, it returns all of them.
pub(super) fn for_database(definition: &Definition, query: &AggregateQuery) -> AggregateQuery {
    let is_ordered = query.groups.iter().all(|group| sql::is_ordered_alike(definition, group));
    let limit = if is_ordered { query.limit } else { super::query::MAX_GROUPS };
    AggregateQuery { limit, ..query.clone() }
}

/// Converts the rows of the result to groups.
pub(super) fn groups(
    definition: &Definition,
    query: &AggregateQuery,
    asked: &AggregateQuery,
    rows: Vec<Vec<Cell>>,
) -> Result<AggregatedGroups> {
    let most = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = rows.len() > most(asked.limit);
    if is_cut && asked.limit == super::query::MAX_GROUPS {
        let detail = format!(
            "there are more than {} groups: narrow the filter or group by less",
            super::query::MAX_GROUPS
        );
        return Err(refused("group_by", "too-many-groups", detail));
    }
    let mut groups = Vec::with_capacity(rows.len().min(most(query.limit)));
    for row in rows {
        let mut cells = row.into_iter();
        let keys = query.groups.iter().map(|group| key(group, cells.next().unwrap_or(Cell::Null))).collect();
        let mut values = Vec::with_capacity(query.functions.len());
        for aggregate in &query.functions {
            values.push(result(definition, aggregate, &mut cells)?);
        }
        groups.push(AggregatedGroup { keys, values });
    }
    groups.sort_by(|one, other| compare_all(&one.keys, &other.keys));
    let more = groups.len() > most(query.limit);
    groups.truncate(most(query.limit));
    Ok(AggregatedGroups { groups, more })
}

/// Returns the error of a query that cannot be answered.
pub(crate) fn refused(parameter: &str, code: &'static str, detail: impl Into<String>) -> Error {
    Error::Query(vec![Fault::new(Place::Parameter(parameter.to_owned()), code, detail.into())])
}

/// Returns the error of a sum beyond the range of floats.
pub(super) fn out_of_range() -> Error {
    refused("agg", "out-of-range", "a sum or an average exceeds the range of floats")
}

fn key(group: &GroupBy, cell: Cell) -> GroupKey {
    match (group, cell) {
        (GroupBy::Bucket(..), Cell::Whole(start)) => GroupKey::Start(Some(start)),
        (GroupBy::Bucket(..), _) => GroupKey::Start(None),
        (GroupBy::Path(..), cell) => GroupKey::Json(inside_json(cell)),
        (GroupBy::Column(_), Cell::Value(value)) => GroupKey::Value(value),
        (GroupBy::Column(_), _) => GroupKey::Value(Value::Null),
    }
}

/// Returns the result of a function from its columns.
fn result(
    definition: &Definition,
    aggregate: &Aggregate,
    cells: &mut impl Iterator<Item = Cell>,
) -> Result<Json> {
    let outputs = sql::of_function(definition, aggregate).len();
    let mut cells: Vec<Cell> = cells.take(outputs).collect();
    let form = aggregate.operand.as_ref().map(|operand| operand.form(definition));
    let kind = aggregate.operand.as_ref().map(|operand| operand.column().kind(definition));
    let scale = match form {
        Some(Form::Decimal(scale)) => scale,
        _ => 0,
    };
    match (aggregate.function, cells.as_slice()) {
        (Function::Avg, [Cell::Text(sum), Cell::Whole(count)]) => return Ok(average(sum, *count, scale)),
        (Function::Avg, [_, _]) => return Ok(Json::Null),
        _ => {}
    }
    let last = cells.pop();
    let cell = match (cells.pop(), last) {
        // The largest number, or else the largest text.
        (Some(Cell::Null) | None, Some(cell)) => cell,
        (Some(number), _) => number,
        (None, None) => Cell::Null,
    };
    let is_json =
        matches!(form, Some(Form::Json)) && matches!(aggregate.function, Function::First | Function::Last);
    Ok(match cell {
        cell if is_json => inside_json(cell),
        Cell::Null => Json::Null,
        Cell::Whole(number) => number.into(),
        Cell::Float(number) if !number.is_finite() => return Err(out_of_range()),
        Cell::Float(number) => float(number),
        Cell::Text(digits) => total(&digits, scale, form == Some(Form::Whole)),
        Cell::Value(value) => kind.map_or(Json::Null, |kind| value.to_json(&kind)),
    })
}

/// Returns an exact sum: a number if it fits 64 bits, otherwise text, and for decimals always text.
fn total(digits: &str, scale: u32, is_whole: bool) -> Json {
    if is_whole {
        return digits.parse::<i64>().map_or_else(|_| digits.into(), Json::from);
    }
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let scale = usize::try_from(scale).unwrap_or(0);
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = padded.split_at(padded.len() - scale);
    match part {
        "" => format!("{sign}{whole}").into(),
        part => format!("{sign}{whole}.{part}").into(),
    }
}

/// Returns the mean of whole numbers or decimals.
fn average(sum: &str, count: i64, scale: u32) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "the mean is a float")]
    let mean = sum.parse::<f64>().unwrap_or_default() / count as f64 / 10_f64.powi(scale.cast_signed());
    if count == 0 { Json::Null } else { float(mean) }
}

/// Returns a scalar inside JSON.
fn inside_json(cell: Cell) -> Json {
    match cell {
        Cell::Float(number) => scalar_number(number),
        Cell::Text(text) => match serde_json::from_str::<Json>(&text) {
            Ok(Json::Number(number)) => number.as_f64().map_or(Json::Null, scalar_number),
            Ok(json) => json,
            Err(_) => Json::Null,
        },
        _ => Json::Null,
    }
}

/// Returns the JSON of a scalar inside JSON; null for lists and objects.
pub(crate) fn scalar(value: &Value) -> Json {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Float(number) => scalar_number(*number),
        Value::Text(text) => text.as_str().into(),
        _ => Json::Null,
    }
}

/// Returns a number inside JSON: a whole one without a decimal point.
fn scalar_number(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        return (number as i64).into();
    }
    float(number)
}

fn float(number: f64) -> Json {
    // Not a negative zero.
    json!(number + 0.0)
}

/// Compares groups by their values in order, nulls first.
pub(crate) fn compare_all(one: &[GroupKey], other: &[GroupKey]) -> Ordering {
    one.iter()
        .zip(other)
        .map(|(one, other)| compare(one, other))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare(one: &GroupKey, other: &GroupKey) -> Ordering {
    match (one, other) {
        (GroupKey::Value(one), GroupKey::Value(other)) => match (one.is_null(), other.is_null()) {
            (false, false) => one.compare(other).unwrap_or(Ordering::Equal),
            (one, other) => other.cmp(&one),
        },
        (GroupKey::Json(one), GroupKey::Json(other)) => compare_json(one, other),
        (GroupKey::Start(one), GroupKey::Start(other)) => one.cmp(other),
        _ => Ordering::Equal,
    }
}

/// Compares scalars: null, false, true, numbers, strings. Anything else comes last.
pub(crate) fn compare_json(one: &Json, other: &Json) -> Ordering {
    let class = |json: &Json| match json {
        Json::Null => 0,
        Json::Bool(false) => 1,
        Json::Bool(true) => 2,
        Json::Number(_) => 3,
        Json::String(_) => 4,
        Json::Array(_) | Json::Object(_) => 5,
    };
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default()),
        },
        (Json::String(one), Json::String(other)) => one.cmp(other),
        _ => class(one).cmp(&class(other)),
    }
}

/// Returns the kind by which a result column is read as a value.
pub(super) fn value_kind(output: &Output) -> Option<&Kind> {
    match output {
        Output::Value(kind) => Some(kind),
        _ => None,
    }
}
