//! Filters and orderings give the same rows on both databases as the reference implementation in Rust.

use std::cmp::Ordering;

use datadump_core::{
    Expect,
    schema::{Definition, StoredRow, Value, parse},
    store::{
        Column, Count, Declaration, Filter, Order, Paging, Query, Test, Write, WriteBatch,
        conformance::Bench, query::Direction,
    },
};
use proptest::{collection::vec, prelude::*, strategy::ValueTree};
use serde_json::{Value as Json, json};

use super::{runner, values};
use crate::databases::{Backend, Database};

const ROWS: u32 = 150;

fn filters_agree_with_plain_rust(backend: Backend) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::new(backend));
    let (store, in_force, rows) = runtime.block_on(async {
        let store = database.store().await.unwrap();
        let sent = values::definition();
        let definition = parse::definition(&sent).unwrap();
        let storage = store.declare(Declaration { definition, sent, base: None }).await.unwrap();
        store.migrate(storage.id).await.unwrap();
        let in_force = store.catalogue().find("everything").unwrap().ready().unwrap().clone();
        let (mut runner, record) = (runner(), values::record());
        let writes = (0..ROWS).map(|id| {
            let mut record = record.new_tree(&mut runner).unwrap().current();
            record["id"] = json!(id);
            Write::put(database.prove(&in_force, &record).unwrap(), Expect::Absent)
        });
        store.write(WriteBatch::independent(writes.collect())).await.unwrap();
        let mut rows = Vec::new();
        for id in 0..ROWS {
            rows.push(store.get(&in_force, &Value::Integer(id.into())).await.unwrap().unwrap());
        }
        (store, in_force, rows)
    });
    let cases = (filter(&in_force.definition), orders());
    let checked = runner().run(&cases, |(filter, order)| {
        let query = Query {
            filter: Some(filter.clone()),
            order: order.clone(),
            paging: Paging::Offset { limit: 1000, offset: 0 },
            count: Count::Exact,
            fields: None,
            identity: String::new(),
        };
        let page = runtime.block_on(store.page(&in_force, &query));
        let page = page.map_err(|error| TestCaseError::fail(format!("{error}")))?;
        let mut expected: Vec<&StoredRow> = rows.iter().filter(|row| filter.matches(row)).collect();
        expected.sort_by(|a, b| ordered(&order, a, b));
        let keys =
            |rows: Vec<&StoredRow>| -> Vec<Value> { rows.into_iter().map(|row| row.key.clone()).collect() };
        prop_assert_eq!(keys(page.rows.iter().collect()), keys(expected));
        Ok(())
    });
    runtime.block_on(store.close());
    if let Err(error) = checked {
        panic!("{error}");
    }
}

fn ordered(order: &[Order], a: &StoredRow, b: &StoredRow) -> Ordering {
    order
        .iter()
        .map(|order| {
            let ordering = order.column.value(a).compare(&order.column.value(b)).unwrap();
            if order.direction == Direction::Descending { ordering.reverse() } else { ordering }
        })
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)]
}

/// Generates orderings by up to two fields, neither json nor binary, and the key.
fn orders() -> impl Strategy<Value = Vec<Order>> {
    let orderable: Vec<usize> = values::kinds()
        .enumerate()
        .filter(|(_, kind)| !["json", "binary"].contains(kind))
        .map(|(place, _)| place)
        .collect();
    let field = prop::sample::select(orderable).prop_map(Column::Field);
    (vec((field, direction()), 0..3), direction()).prop_map(|(fields, key)| {
        let mut order: Vec<Order> = Vec::new();
        for (column, direction) in fields {
            if order.iter().all(|order| order.column != column) {
                order.push(Order { column, direction });
            }
        }
        order.push(Order { column: Column::Key, direction: key });
        order
    })
}

pub(super) fn filter(definition: &Definition) -> impl Strategy<Value = Filter> {
    let columns: Vec<BoxedStrategy<Filter>> = values::kinds()
        .enumerate()
        .map(|(place, kind)| {
            let field = definition.fields[place].clone();
            if kind == "json" {
                return path(place).boxed();
            }
            let value =
                values::value(kind).prop_map(move |json: Json| field.kind.read(&json).unwrap()).boxed();
            let text = ["string", "text", "enum"].contains(&kind);
            test(value, text).prop_map(move |test| Filter::Column(Column::Field(place), test)).boxed()
        })
        .collect();
    let leaf = proptest::strategy::Union::new(columns);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Filter::All),
            vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// Generates tests of a value inside a JSON document.
fn path(place: usize) -> impl Strategy<Value = Filter> {
    let step = prop::sample::select(vec!["a", "b", "0", "1", "ä b"]).prop_map(str::to_owned);
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        (-6..6_i32).prop_map(|n| Value::Float(f64::from(n) / 2.0)),
        values::text().prop_map(Value::Text),
    ];
    let test = prop_oneof![3 => test(value.boxed(), true), 1 => Just(Test::IsNull)];
    (vec(step, 1..3), test).prop_map(move |(path, test)| Filter::Path(Column::Field(place), path, test))
}

fn test(value: BoxedStrategy<Value>, text: bool) -> BoxedStrategy<Test> {
    let any = prop_oneof![
        value.clone().prop_map(Test::Eq),
        value.clone().prop_map(Test::Lt),
        value.clone().prop_map(Test::Lte),
        value.clone().prop_map(Test::Gt),
        value.clone().prop_map(Test::Gte),
        vec(value.clone(), 0..4).prop_map(Test::In),
        (value.clone(), value).prop_map(|(low, high)| Test::Between(low, high)),
        Just(Test::IsNull),
    ];
    if !text {
        return any.boxed();
    }
    let texts = prop_oneof![
        values::text().prop_map(Test::Contains),
        values::text().prop_map(Test::IContains),
        values::text().prop_map(Test::StartsWith),
        values::text().prop_map(Test::EndsWith),
    ];
    prop_oneof![any, texts].boxed()
}

#[test]
fn filters_agree_with_plain_rust_on_sqlite() {
    filters_agree_with_plain_rust(Backend::Sqlite);
}

#[test]
fn filters_agree_with_plain_rust_on_postgres() {
    filters_agree_with_plain_rust(Backend::Postgres);
}
