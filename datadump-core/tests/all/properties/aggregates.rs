//! Aggregates give the same results on both databases as a plain implementation in Rust.

use std::{cmp::Ordering, sync::Arc};

use datadump_core::{
    Expect, Timestamp, Zone,
    schema::{Definition, InForce, Kind, StoredRow, Value, parse},
    store::{
        Aggregate, AggregateQuery, Bucket, Column, Declaration, Filter, Function, GroupBy, GroupKey, Operand,
        Store, Write, WriteBatch,
        conformance::Bench,
        query::{
            aggregate::{Form, read_number},
            filter::at_path,
        },
    },
};
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value as Json, json};

use super::{filters, values};
use crate::databases::{Backend, Database};

const ROWS: u32 = 150;

/// Number of cases per database.
const CASES: u32 = 5_000;

/// Relative error of sums of floats, in whatever order they are added.
const PRECISION: f64 = 1e-12;

const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
];

/// Moments near transitions of these zones.
const TRANSITIONS: &[&str] = &[
    "2026-10-25T01:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-11-01T04:30:00Z",
    "2026-04-04T15:00:00Z",
    "2011-12-30T10:00:00Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-29T00:00:00Z",
];

fn aggregates_agree_with_plain_rust(backend: Backend) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::new(backend));
    let (store, in_force, rows) = runtime.block_on(fill(&database));
    let config =
        proptest::test_runner::Config { cases: CASES, failure_persistence: None, ..Default::default() };
    let checked = TestRunner::new(config).run(&query(&in_force.definition), |query| {
        let found = runtime.block_on(store.aggregate(&in_force, &query));
        let found = found.map_err(|error| TestCaseError::fail(format!("{error}")))?;
        let expected = expected(&in_force.definition, &query, &rows);
        let more = expected.len() as u64 > query.limit;
        prop_assert_eq!(found.more, more);
        prop_assert_eq!(found.groups.len() as u64, query.limit.min(expected.len() as u64));
        for (group, (keys, results)) in found.groups.iter().zip(&expected) {
            prop_assert!(are_equal(&group.keys, keys), "{:?} is not {keys:?}", group.keys);
            for (value, (expected, tolerance)) in group.values.iter().zip(results) {
                prop_assert!(is_close(value, expected, *tolerance), "{value} is not {expected} in {keys:?}");
            }
        }
        Ok(())
    });
    runtime.block_on(store.close());
    if let Err(error) = checked {
        panic!("{error}");
    }
}

async fn fill(database: &Database) -> (Arc<dyn Store>, Arc<InForce>, Vec<StoredRow>) {
    let store = database.store().await.unwrap();
    let sent = values::definition();
    let definition = parse::definition(&sent).unwrap();
    let storage = store.declare(Declaration { definition, sent, base: None }).await.unwrap();
    store.migrate(storage.id).await.unwrap();
    let in_force = store.catalogue().find("everything").unwrap().ready().unwrap().clone();
    let mut runner = TestRunner::new(proptest::test_runner::Config::default());
    let (record, moment) = (values::record(), moment());
    // Sums of larger floats would exceed their range.
    let float = prop_oneof![
        (-3..3_i32).prop_map(|n| json!(f64::from(n) / 2.0)),
        (-1e12..1e12_f64).prop_map(|number| json!(number)),
        Just(Json::Null),
    ];
    let writes = (0..ROWS).map(|id| {
        let mut record = record.new_tree(&mut runner).unwrap().current();
        record["id"] = json!(id);
        record["float"] = float.new_tree(&mut runner).unwrap().current();
        record["timestamp"] = moment.new_tree(&mut runner).unwrap().current();
        Write::put(database.prove(&in_force, &record).unwrap(), Expect::Absent)
    });
    store.write(WriteBatch::independent(writes.collect())).await.unwrap();
    let mut rows = Vec::new();
    for id in 0..ROWS {
        rows.push(store.get(&in_force, &Value::Integer(id.into())).await.unwrap().unwrap());
    }
    (store, in_force, rows)
}

/// Generates times near transitions, or none.
fn moment() -> impl Strategy<Value = Json> {
    let near = (prop::sample::select(TRANSITIONS), -3 * 86_400_000_000..3 * 86_400_000_000_i64);
    prop_oneof![
        1 => Just(Json::Null),
        8 => near.prop_map(|(at, distance)| {
            let moment = Timestamp::parse(at).unwrap().micros() + distance;
            Timestamp::from_micros(moment).map_or(Json::Null, |moment| json!(moment))
        }),
        2 => (2000..2040_i32, 1..=12_u32, 1..=28_u32, 0..24_u32).prop_map(|(year, month, day, hour)| {
            json!(format!("{year}-{month:02}-{day:02}T{hour:02}:30:00Z"))
        }),
    ]
}

fn column(definition: &Definition, name: &str) -> Column {
    Column::named(definition, name).unwrap()
}

fn query(definition: &Definition) -> impl Strategy<Value = AggregateQuery> {
    let time = column(definition, "timestamp");
    let document = column(definition, "json");
    let path = vec(prop::sample::select(vec!["a", "b", "0"]).prop_map(str::to_owned), 1..3);
    let grouped: Vec<Column> =
        ["boolean", "integer", "string", "text", "enum", "uuid", "date", "decimal", "float"]
            .map(|name| column(definition, name))
            .to_vec();
    let length = prop::sample::select(vec![
        "1s", "7m", "15m", "1h", "2h", "6h", "12h", "1d", "3d", "1w", "2w", "1mo", "5mo", "1q", "1y", "10y",
    ]);
    let group = prop_oneof![
        prop::sample::select(grouped).prop_map(GroupBy::Column),
        path.clone().prop_map(move |path| GroupBy::Path(document, path)),
        length.prop_map(move |length| GroupBy::Bucket(time, Bucket::parse(length).unwrap())),
    ];
    let functions: Vec<Aggregate> = functions(definition, time);
    let of_path = (path, prop::sample::select(PATH_FUNCTIONS)).prop_map(move |(path, function)| Aggregate {
        function,
        operand: Some(Operand::Path(document, path)),
        time,
    });
    let function = prop_oneof![4 => prop::sample::select(functions), 1 => of_path];
    let bounds = (moment(), moment()).prop_map(move |(from, to)| {
        let read = |json: &Json| Kind::Timestamp.read(json).ok();
        let (from, to) = (read(&from)?, read(&to)?);
        Some(Filter::All(vec![
            Filter::Column(time, datadump_core::store::Test::Gte(from)),
            Filter::Column(time, datadump_core::store::Test::Lt(to)),
        ]))
    });
    let filter = prop_oneof![
        2 => Just(None),
        1 => filters::filter(definition).prop_map(Some),
        1 => bounds,
    ];
    let limit = prop_oneof![3 => Just(100_000_u64), 1 => 1..10_u64];
    (filter, vec(group, 0..3), prop::sample::select(ZONES), vec(function, 1..5), limit).prop_map(
        |(filter, groups, zone, functions, limit)| AggregateQuery {
            filter,
            groups,
            zone: Zone::named(zone).unwrap(),
            functions,
            limit,
        },
    )
}

const PATH_FUNCTIONS: &[Function] = &[
    Function::Count,
    Function::CountDistinct,
    Function::Sum,
    Function::Avg,
    Function::Min,
    Function::Max,
    Function::First,
    Function::Last,
    Function::Percentile(50),
];

/// Returns all functions of all fields that they can be applied to.
fn functions(definition: &Definition, time: Column) -> Vec<Aggregate> {
    let numeric = [
        Function::Sum,
        Function::Avg,
        Function::Stddev,
        Function::Percentile(1),
        Function::Percentile(50),
        Function::Percentile(99),
    ];
    let mut all = vec![Aggregate { function: Function::Count, operand: None, time }];
    for kind in values::kinds() {
        let operand = Some(Operand::Column(column(definition, kind)));
        let mut add = |function| all.push(Aggregate { function, operand: operand.clone(), time });
        [Function::Count, Function::First, Function::Last].into_iter().for_each(&mut add);
        if !["json", "binary"].contains(&kind) {
            add(Function::CountDistinct);
        }
        if !["json", "binary", "boolean"].contains(&kind) {
            [Function::Min, Function::Max].into_iter().for_each(&mut add);
        }
        if ["integer", "long", "float", "decimal"].contains(&kind) {
            numeric.into_iter().for_each(&mut add);
        }
    }
    all
}

/// A result with its absolute tolerance.
type Expected = (Json, f64);

fn expected(
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

fn are_equal(one: &[GroupKey], other: &[GroupKey]) -> bool {
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
    };
    let values: Vec<Value> = rows.iter().map(|row| value(row)).filter(|value| !value.is_null()).collect();
    let shown = |value: &Value| match operand {
        Operand::Column(_) => value.to_json(&kind),
        Operand::Path(..) => scalar(value),
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

fn is_close(value: &Json, expected: &Json, tolerance: f64) -> bool {
    match (value.as_f64(), expected.as_f64()) {
        (Some(value), Some(expected)) if value.is_finite() => (value - expected).abs() <= tolerance,
        _ => value == expected,
    }
}

#[test]
fn aggregates_agree_with_plain_rust_on_sqlite() {
    aggregates_agree_with_plain_rust(Backend::Sqlite);
}

#[test]
fn aggregates_agree_with_plain_rust_on_postgres() {
    aggregates_agree_with_plain_rust(Backend::Postgres);
}
