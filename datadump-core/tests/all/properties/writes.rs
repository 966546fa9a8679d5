//! Any sequence of writes leaves the rows that plain Rust computes.

use std::{collections::BTreeMap, sync::Arc};

use datadump_core::{
    Expect,
    schema::{Value, parse},
    store::{
        Atomicity, Column, Declaration, Filter, Outcome, Returning, Test, Write, WriteBatch,
        conformance::Bench,
    },
    validate,
};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    strategy::ValueTree,
};
use serde_json::{Value as Json, json};

use super::runner;
use crate::databases::{Backend, Database};

/// Number of sequences.
const SEQUENCES: usize = 60;

/// Number of fields: `f0` is required, even ones have a default, others are null.
const FIELDS: usize = 12;

/// Number of keys.
const KEYS: i64 = 4;

#[derive(Debug, Clone)]
enum Kind {
    Put,
    Merge,
    Patch,
    Delete,
}

#[derive(Debug, Clone)]
struct Step {
    kind: Kind,
    key: i64,
    fields: BTreeMap<usize, i64>,
    expect: Expect,
}

/// A batch of steps.
#[derive(Debug, Clone)]
struct Steps {
    steps: Vec<Step>,
    atomicity: Atomicity,
    returning: Returning,
}

/// The stored rows: by key, the values and the version.
type Model = BTreeMap<i64, (Vec<Json>, i32)>;

fn steps() -> impl Strategy<Value = Steps> {
    let kind = prop_oneof![
        Just(Kind::Put),
        Just(Kind::Merge),
        Just(Kind::Merge),
        Just(Kind::Patch),
        Just(Kind::Delete)
    ];
    let expect = prop_oneof![
        4 => Just(Expect::Anything),
        6 => Just(Expect::Different),
        1 => (1..4).prop_map(Expect::Version),
        1 => (1..4).prop_map(Expect::Exactly),
        1 => Just(Expect::Exists),
        1 => Just(Expect::Absent),
        1 => prop_oneof![Just(None), Just(Some(2))].prop_map(Expect::Keep),
        2 => (0_i64..4).prop_map(below),
    ];
    let fields = btree_map(0..FIELDS, 0_i64..3, 0..6);
    let step = (kind, 0..KEYS, fields, expect);
    let step = step.prop_map(|(kind, key, fields, expect)| Step { kind, key, fields, expect });
    let returning = prop_oneof![Just(Returning::Keys), Just(Returning::Rows)];
    let atomicity = prop_oneof![
        Just(Atomicity::Independent),
        Just(Atomicity::AllOrNothing),
        Just(Atomicity::StopAtFailure)
    ];
    (vec(step, 1..12), atomicity, returning).prop_map(|(steps, atomicity, returning)| Steps {
        steps,
        atomicity,
        returning,
    })
}

/// Returns the condition that `f0` is less than a number.
fn below(number: i64) -> Expect {
    let test = Test::Lt(Value::Integer(number));
    Expect::Matches(Arc::new(Filter::Column(Column::Field(0), test)))
}

fn default(field: usize) -> Json {
    if field.is_multiple_of(2) { json!(field) } else { Json::Null }
}

/// Does a step on the model; returns the name of its outcome.
fn apply(model: &mut Model, step: &Step) -> &'static str {
    let current = model.get(&step.key).cloned();
    match (&step.expect, &current) {
        (Expect::Keep(_), Some(_)) => return "unchanged",
        (Expect::Matches(_), current) => {
            let matches = |below: i64| step.expect == self::below(below);
            let f0 = current.as_ref().and_then(|(values, _)| values[0].as_i64());
            if !f0.is_some_and(|f0| (f0 + 1..4).any(matches)) {
                return "unmatched";
            }
        }
        _ => {}
    }
    let is_met = match (&step.expect, &current) {
        (Expect::Version(version), Some((_, current))) => version == current,
        (Expect::Exactly(version), current) => current.as_ref().is_some_and(|(_, v)| version == v),
        (Expect::Exists, current) => current.is_some(),
        (Expect::Absent, current) => current.is_none(),
        _ => true,
    };
    if !is_met {
        return "refused";
    }
    if matches!(step.kind, Kind::Patch) && current.is_none() {
        return "missing";
    }
    let is_merged = matches!(step.kind, Kind::Merge | Kind::Patch) && current.is_some();
    let mut values = match (&step.kind, &current) {
        (Kind::Delete, current) => {
            model.remove(&step.key);
            return if current.is_some() { "deleted" } else { "missing" };
        }
        (Kind::Merge | Kind::Patch, Some((values, _))) => values.clone(),
        _ => (0..FIELDS).map(default).collect(),
    };
    if !is_merged && !step.fields.contains_key(&0) {
        return "invalid";
    }
    step.fields.iter().for_each(|(field, value)| values[*field] = json!(value));
    match current {
        Some((current, _)) if step.expect == Expect::Different && current == values => "unchanged",
        Some((_, version)) => {
            model.insert(step.key, (values, version + 1));
            "updated"
        }
        None => {
            let first = match step.expect {
                Expect::Version(version) | Expect::Keep(Some(version)) => version,
                _ => 1,
            };
            model.insert(step.key, (values, first));
            "created"
        }
    }
}

async fn writes_agree_with_plain_rust(backend: Backend) {
    let database = Database::new(backend).await;
    let store = database.store().await.unwrap();
    let fields: Vec<Json> = (0..FIELDS)
        .map(|field| {
            let mut json = json!({"name": format!("f{field}"), "type": "integer"});
            match field {
                0 => {}
                _ if field.is_multiple_of(2) => json["default"] = json!(field),
                _ => json["nullable"] = json!(true),
            }
            json
        })
        .collect();
    let (mut runner, steps) = (runner(), steps());
    for sequence in 0..SEQUENCES {
        let name = format!("s{sequence}");
        let sent = json!({"name": name, "key": {"name": "id", "type": "long"}, "fields": fields});
        let definition = parse::definition(&sent).unwrap();
        let storage = store.declare(Declaration { definition, sent, base: None }).await.unwrap();
        store.migrate(storage.id).await.unwrap();
        let in_force = store.catalogue().find(&name).unwrap().ready().unwrap().clone();
        let mut model = Model::new();
        for _ in 0..6 {
            let batch = steps.new_tree(&mut runner).unwrap().current();
            let writes = batch.steps.iter().map(|step| {
                let mut record = json!({"id": step.key});
                step.fields.iter().for_each(|(field, value)| record[format!("f{field}")] = json!(value));
                let row = || database.prove(&in_force, &record).unwrap();
                match step.kind {
                    Kind::Put => Write::put(row(), step.expect.clone()),
                    Kind::Patch => {
                        let mut changes = record.as_object().unwrap().clone();
                        let key = in_force.definition.key.kind.read(&changes.remove("id").unwrap()).unwrap();
                        let patch = validate::patch(&in_force, changes).unwrap();
                        Write::patch(key, Arc::new(patch), step.expect.clone())
                    }
                    Kind::Merge => Write::merge(row(), step.expect.clone()),
                    Kind::Delete => {
                        let key = in_force.definition.key.kind.read(&json!(step.key)).unwrap();
                        Write::delete(in_force.clone(), key, step.expect.clone())
                    }
                }
            });
            let atomicity = batch.atomicity;
            let all = WriteBatch::independent(writes.collect());
            let outcomes =
                store.write(WriteBatch { atomicity, returning: batch.returning, ..all }).await.unwrap();
            let mut next = model.clone();
            let expected: Vec<&str> = batch.steps.iter().map(|step| apply(&mut next, step)).collect();
            let is_failed = expected.iter().any(|name| ["refused", "missing", "invalid"].contains(name))
                && atomicity != Atomicity::Independent;
            let found: Vec<&str> = outcomes.iter().map(outcome_name).collect();
            if is_failed {
                assert!(outcomes.iter().all(Outcome::is_failure), "{batch:?}: {found:?}");
            } else {
                assert_eq!(found, expected, "{batch:?}");
                model = next;
            }
            for key in 0..KEYS {
                let value = in_force.definition.key.kind.read(&json!(key)).unwrap();
                let row = store.get(&in_force, &value).await.unwrap();
                let row = row.map(|row| (row.to_json(&in_force.definition), row.version));
                let row = row.map(|(row, version)| {
                    ((0..FIELDS).map(|field| row[format!("f{field}")].clone()).collect(), version)
                });
                assert_eq!(row, model.get(&key).cloned(), "key {key} after {batch:?}");
            }
        }
    }
    store.close().await;
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Created(_) => "created",
        Outcome::Updated(_) => "updated",
        Outcome::Deleted(_) => "deleted",
        Outcome::Unchanged(_) => "unchanged",
        Outcome::Refused(_) => "refused",
        Outcome::Missing => "missing",
        Outcome::Unmatched => "unmatched",
        Outcome::Invalid(_) => "invalid",
        _ => "other",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_agree_with_plain_rust_on_sqlite() {
    writes_agree_with_plain_rust(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_agree_with_plain_rust_on_postgres() {
    writes_agree_with_plain_rust(Backend::Postgres).await;
}
