//! A plain implementation of aggregates, to which those of the databases are compared.

use std::cmp::Ordering;

use datadump_core::{
    Timestamp, Zone,
    schema::{Definition, Kind, StoredRow, Value},
    store::{
        Aggregate, AggregateQuery, Function, GroupBy, GroupKey, Operand,
        query::{
            aggregate::{Form, read_number},
            filter::at_path,
        },
    },
};
use serde_json::{Value as Json, json};

/// Relative error of sums of floats, in whatever order they are added.
const PRECISION: f64 = 1e-12;

/// A result with its absolute tolerance.
pub(super) type Expected = (Json, f64);

/// Returns the groups of a query with their results, in order.
pub(super) fn expected(
    definition: &Definition,
    query: &AggregateQuery,
    rows: &[StoredRow],
) -> Vec<(Vec<GroupKey>, Vec<Expected>)> {
    let mut groups: Vec<(Vec<GroupKey>, Vec<&StoredRow>)> = Vec::new();
    if query.groups.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    for row in rows.iter().filter(|row| query.filter.as_ref().is_none_or(|filter| filter.matches(row))) {
        let keys: Vec<GroupKey> = query.groups.iter().map(|group| key(group, row, &query.zone)).collect();
        match groups.iter_mut().find(|(known, _)| are_equal(known, &keys)) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((keys, vec![row])),
        }
    }
    groups.sort_by(|(one, _), (other, _)| compare_all(one, other));
    let results = |rows: Vec<&StoredRow>| -> Vec<Expected> {
        query.functions.iter().map(|aggregate| result(definition, aggregate, &rows)).collect()
    };
    groups.into_iter().map(|(keys, rows)| (keys, results(rows))).collect()
}

fn key(group: &GroupBy, row: &StoredRow, zone: &Zone) -> GroupKey {
    match group {
        GroupBy::Column(column) => GroupKey::Value(column.value(row)),
        GroupBy::Path(column, path) => GroupKey::Json(scalar(&at_path(&column.value(row), path))),
        GroupBy::Bucket(column, bucket) => GroupKey::Start(match column.value(row) {
            Value::Timestamp(moment) => Some(bucket.start(moment, zone)),
            _ => None,
        }),
    }
}

/// Returns the JSON of a scalar; null for other values.
fn scalar(value: &Value) -> Json {
    match value {
        Value::Boolean(value) => json!(value),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(text),
        _ => Json::Null,
    }
}

/// Compares groups: nulls first, then booleans, numbers and text.
fn compare_all(one: &[GroupKey], other: &[GroupKey]) -> Ordering {
    let compare = |(one, other): (&GroupKey, &GroupKey)| match (one, other) {
        (GroupKey::Value(one), GroupKey::Value(other)) => one.compare(other).unwrap(),
        (GroupKey::Start(one), GroupKey::Start(other)) => one.cmp(other),
        (GroupKey::Json(one), GroupKey::Json(other)) => match (one, other) {
            (Json::Null, Json::Null) => Ordering::Equal,
            (Json::Null, _) => Ordering::Less,
            (_, Json::Null) => Ordering::Greater,
            (Json::Bool(one), Json::Bool(other)) => one.cmp(other),
            (Json::Bool(_), _) => Ordering::Less,
            (_, Json::Bool(_)) => Ordering::Greater,
            (Json::Number(one), Json::Number(other)) => {
                one.as_f64().unwrap().total_cmp(&other.as_f64().unwrap())
            }
            (Json::Number(_), _) => Ordering::Less,
            (_, Json::Number(_)) => Ordering::Greater,
            (one, other) => one.as_str().cmp(&other.as_str()),
        },
        _ => panic!("{one:?} and {other:?}"),
    };
    one.iter().zip(other).map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Returns whether two groups have the same values.
pub(super) fn are_equal(one: &[GroupKey], other: &[GroupKey]) -> bool {
    compare_all(one, other).is_eq()
}

fn result(definition: &Definition, aggregate: &Aggregate, rows: &[&StoredRow]) -> Expected {
    let exactly = |json: Json| (json, 0.0);
    let Some(operand) = &aggregate.operand else { return exactly(json!(rows.len())) };
    let kind = operand.column().kind(definition);
    let form = operand.form(definition);
    let value = |row: &StoredRow| match operand {
        Operand::Column(column) => column.value(row),
        // Lists and objects are not counted.
        Operand::Path(column, path) => match at_path(&column.value(row), path) {
            Value::Json(_) => Value::Null,
            scalar => scalar,
        },
        operand @ Operand::Number(_) => operand.value(definition, row),
    };
    let values: Vec<Value> = rows.iter().map(|row| value(row)).filter(|value| !value.is_null()).collect();
    let shown = |value: &Value| match operand {
        Operand::Column(_) => value.to_json(&kind),
        Operand::Path(..) => scalar(value),
        Operand::Number(_) => value.to_json(&Kind::Float),
    };
    let scale = if let Form::Decimal(scale) = form { 10_f64.powi(scale.cast_signed()) } else { 1.0 };
    let number = |value: &Value| match value {
        Value::Integer(number) | Value::Decimal(number) => Some(*number as f64 / scale),
        Value::Float(number) => Some(*number),
        Value::Text(text) if form == Form::NumericText => read_number(text),
        _ => None,
    };
    let numbers: Vec<f64> = values.iter().filter_map(number).collect();
    let size: f64 = numbers.iter().map(|number| number.abs()).sum();
    let count = numbers.len() as f64;
    let float =
        |number: Option<f64>, tolerance: f64| (number.map_or(Json::Null, |number| json!(number)), tolerance);
    let some = (!numbers.is_empty()).then_some(());
    match aggregate.function {
        Function::Count => exactly(json!(values.len())),
        Function::CountDistinct => {
            let mut different: Vec<&Value> = Vec::new();
            for value in &values {
                if !different.iter().any(|known| known.compare(value) == Some(Ordering::Equal)) {
                    different.push(value);
                }
            }
            exactly(json!(different.len()))
        }
        Function::Sum if matches!(form, Form::Whole | Form::Decimal(_)) => {
            let whole = |value: &Value| match value {
                Value::Integer(number) | Value::Decimal(number) => i128::from(*number),
                _ => 0,
            };
            let sum: i128 = values.iter().map(whole).sum();
            exactly(match (values.is_empty(), form) {
                (true, _) => Json::Null,
                (false, Form::Whole) => {
                    i64::try_from(sum).map_or_else(|_| json!(sum.to_string()), |sum| json!(sum))
                }
                _ => {
                    let sign = if sum < 0 { "-" } else { "" };
                    json!(format!("{sign}{}.{:03}", sum.abs() / 1000, sum.abs() % 1000))
                }
            })
        }
        Function::Sum => float(some.map(|()| numbers.iter().sum()), size * PRECISION),
        Function::Avg => {
            float(some.map(|()| numbers.iter().sum::<f64>() / count), size / count.max(1.0) * 1e-9)
        }
        Function::Min | Function::Max if form == Form::Json => {
            let is_min = aggregate.function == Function::Min;
            float(
                numbers
                    .iter()
                    .copied()
                    .reduce(|one, other| if is_min { one.min(other) } else { one.max(other) }),
                0.0,
            )
        }
        Function::Min | Function::Max => {
            let best = values.iter().reduce(|one, other| {
                let is_less = other.compare(one) == Some(Ordering::Less);
                if is_less == (aggregate.function == Function::Min) { other } else { one }
            });
            exactly(best.map_or(Json::Null, shown))
        }
        Function::First | Function::Last => {
            let timed = rows.iter().filter_map(|row| match (aggregate.time.value(row), value(row)) {
                (Value::Null, _) | (_, Value::Null) => None,
                (Value::Timestamp(time), value) => Some((time, row.key.clone(), value)),
                _ => None,
            });
            let order = |one: &(Timestamp, Value, Value), other: &(Timestamp, Value, Value)| {
                one.0.cmp(&other.0).then_with(|| one.1.compare(&other.1).unwrap())
            };
            let found = match aggregate.function {
                Function::First => timed.min_by(order),
                _ => timed.max_by(order),
            };
            exactly(found.map_or(Json::Null, |(_, _, value)| shown(&value)))
        }
        Function::Stddev => {
            let mean = numbers.iter().sum::<f64>() / count;
            let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
            let spread = (count > 1.0).then(|| (squares / (count - 1.0)).sqrt());
            float(spread, size * 1e-9)
        }
        Function::Percentile(percent) => {
            let mut sorted = numbers.clone();
            sorted.sort_by(f64::total_cmp);
            let place = f64::from(percent) / 100.0 * (count - 1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "there are few values"
            )]
            let at = |place: f64| sorted[place as usize];
            let found =
                some.map(|()| at(place.floor()) + place.fract() * (at(place.ceil()) - at(place.floor())));
            float(found, size * PRECISION)
        }
    }
}

/// Returns whether a result is the expected one.
pub(super) fn is_close(value: &Json, expected: &Json, tolerance: f64) -> bool {
    match (value.as_f64(), expected.as_f64()) {
        (Some(value), Some(expected)) if value.is_finite() => (value - expected).abs() <= tolerance,
        _ => value == expected,
    }
}
