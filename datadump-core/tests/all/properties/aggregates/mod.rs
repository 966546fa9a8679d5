//! Aggregates give the same results on both databases as a plain implementation in Rust.

mod oracle;

use std::sync::Arc;

use datadump_core::{
    Expect, Timestamp, Zone,
    schema::{Definition, InForce, Kind, StoredRow, Value, parse},
    store::{
        Aggregate, AggregateQuery, AggregatedGroup, Bucket, Column, Declaration, Filter, Form, Function,
        GroupBy, Operand, ReadMemory, Store, Write, WriteBatch, conformance::Bench, query::Direction,
    },
};
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value as Json, json};

use self::oracle::{are_equal, expected, is_close};
use super::{filters, values};
use crate::databases::{Backend, Database};

const ROWS: u32 = 150;

/// Number of cases per database.
const CASES: u32 = 5_000;

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
        let run = |query: &AggregateQuery| {
            let found = runtime.block_on(store.aggregate(&in_force, query, &ReadMemory::unlimited()));
            found.map_err(|error| TestCaseError::fail(format!("{error}")))
        };
        let found = run(&query)?;
        if !query.order.is_empty() {
            let mut all = run(&AggregateQuery { order: Vec::new(), limit: 100_000, ..query.clone() })?.groups;
            all.sort_by(|one, other| one.compare(other, &query.order));
            let limit = usize::try_from(query.limit).unwrap();
            prop_assert_eq!(found.more, all.len() > limit);
            all.truncate(limit);
            let keys = |groups: Vec<AggregatedGroup>| -> Vec<_> {
                groups.into_iter().map(|group| group.keys).collect()
            };
            prop_assert_eq!(keys(found.groups), keys(all));
            return Ok(());
        }
        let expected = expected(&in_force.definition, &query, &rows);
        let more = expected.len() as u64 > query.limit;
        prop_assert_eq!(found.more, more);
        prop_assert_eq!(found.groups.len() as u64, query.limit.min(expected.len() as u64));
        for (group, (keys, results)) in found.groups.iter().zip(&expected) {
            prop_assert!(are_equal(&group.keys, keys), "{:?} is not {keys:?}", group.keys);
            let shown = query.functions.iter().zip(&group.values);
            let shown = shown.map(|(aggregate, value)| value.to_json(&in_force.definition, aggregate));
            for (value, (expected, tolerance)) in shown.zip(results) {
                prop_assert!(is_close(&value, expected, *tolerance), "{value} is not {expected} in {keys:?}");
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

fn query(definition: &Definition) -> impl Strategy<Value = AggregateQuery> + use<'_> {
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
    let has_numbers = |operand: &Operand| operand.form(definition) != Form::Other;
    let function = (function, prop::bool::weighted(0.2)).prop_map(move |(mut aggregate, as_number)| {
        aggregate.operand = aggregate.operand.map(|operand| match as_number && has_numbers(&operand) {
            true => Operand::Number(Box::new(operand)),
            false => operand,
        });
        aggregate
    });
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
    let direction = prop::sample::select(vec![Direction::Ascending, Direction::Descending]);
    let order = prop_oneof![2 => Just(Vec::new()), 1 => vec((0..8_usize, direction), 1..3)];
    (filter, vec(group, 0..3), prop::sample::select(ZONES), vec(function, 1..5), order, limit).prop_map(
        move |(filter, groups, zone, functions, mut order, limit)| {
            let results = groups.len() + functions.len();
            order.iter_mut().for_each(|(place, _)| *place %= results);
            // The sum of floats depends on the order in which they are added.
            order.retain(|(place, _)| {
                let function = place.checked_sub(groups.len()).and_then(|place| functions.get(place));
                function.is_none_or(|aggregate| is_exact(definition, aggregate))
            });
            AggregateQuery { filter, groups, zone: Zone::named(zone).unwrap(), functions, order, limit }
        },
    )
}

fn is_exact(definition: &Definition, aggregate: &Aggregate) -> bool {
    let form = aggregate.operand.as_ref().map(|operand| operand.form(definition));
    match aggregate.function {
        Function::Stddev => false,
        Function::Sum | Function::Avg => matches!(form, Some(Form::Whole | Form::Decimal(_))),
        _ => true,
    }
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

#[test]
fn aggregates_agree_with_plain_rust_on_sqlite() {
    aggregates_agree_with_plain_rust(Backend::Sqlite);
}

#[test]
fn aggregates_agree_with_plain_rust_on_postgres() {
    aggregates_agree_with_plain_rust(Backend::Postgres);
}
