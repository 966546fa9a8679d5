//! Fields, keys and storages of any name hold their data as it was written, through new versions and restarts.

use std::{collections::HashSet, sync::Arc};

use datadump_core::{
    Expect,
    schema::{InForce, parse},
    store::{
        Column, Declaration, Filter, Order, Outcome, State, Storage, Store, Test, Write, WriteBatch,
        conformance::Bench, query::Direction, query::parse as parse_query,
    },
};
use proptest::{
    strategy::{Just, Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Map, Value as Json, json};

use super::runner;
use crate::databases::{Backend, Database};

/// Number of storages per database.
const STORAGES: usize = 12;

/// Names that mean something to a database, or to the statements that this service sends.
const NAMES: &[&str] = &[
    "ctid",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
    "tableoid",
    "CTID",
    "Xmin",
    "xmax-",
    "oid",
    "rowid",
    "ROWID",
    "select",
    "order",
    "from",
    "user",
    "null",
    "row",
    "rows",
    "number",
    "matching",
    "example",
    "same",
    "n",
    "t",
    "k",
    "d",
    "c0",
    "c1",
    "s",
    "e",
    "put",
    "p",
    "new",
    "old",
    "excluded",
    "field_ctid",
    "storage_nasty",
    "dd_keep_1",
    "latest",
    "page",
    "Größe",
    "ключ",
    "犬",
    // 63 bytes.
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnm",
    "яяяяяяяяяяяяяяяяяяяяяяяяяяяяяяя",
];

/// Names that only inferred storages allow.
const OPEN_NAMES: &[&str] = &[
    "a.b",
    "a b",
    " ",
    "a\"b",
    "\"",
    "a'b",
    "';--",
    "a,b",
    "(x)",
    "$1",
    "?",
    ":x",
    "%s",
    "\\",
    "x__y",
    "field__ctid",
    "version",
    "created_at",
    "key",
    "id",
    "--",
    "/*",
    "{}",
    "e\u{301}",
    "\u{202e}r",
];

/// Returns the names in random order, without those that differ from an earlier one only in case.
fn shuffled(runner: &mut TestRunner, names: Vec<&'static str>) -> Vec<&'static str> {
    let names = Just(names).prop_shuffle().new_tree(runner).unwrap().current();
    let mut folded = HashSet::new();
    names.into_iter().filter(|name| folded.insert(name.to_lowercase())).collect()
}

fn field(name: &str, place: usize) -> Json {
    let (unique, db_index) = (place.is_multiple_of(7), place.is_multiple_of(3));
    json!({"name": name, "type": "integer", "nullable": true, "unique": unique, "db_index": db_index})
}

async fn apply(store: &Arc<dyn Store>, sent: Json) -> Arc<Storage> {
    let definition = parse::definition(&sent).unwrap_or_else(|error| panic!("{error}: {sent}"));
    let name = definition.name.to_string();
    let base = store.catalogue().get(&name);
    let base = base.map(|storage| (storage.id, storage.in_force.as_ref().unwrap().version));
    let storage = store.declare(Declaration { definition, sent: sent.clone(), base }).await.unwrap();
    store.migrate(storage.id).await.unwrap();
    let storage = store.catalogue().find(&name).unwrap();
    assert_eq!(storage.migration.state, State::Applied, "{:?}: {sent}", storage.migration.error);
    storage
}

/// A storage under test, and the rows that it must hold.
struct Rows<'a> {
    database: &'a Database,
    key: &'static str,
    expected: Vec<Map<String, Json>>,
}

impl Rows<'_> {
    /// Writes a row with a distinct value in every field.
    async fn write(&mut self, store: &Arc<dyn Store>, in_force: &Arc<InForce>, key: Json) {
        let number = self.expected.len() + 1;
        let mut record = Map::from_iter([(self.key.to_owned(), key)]);
        for (place, field) in in_force.definition.own_fields().enumerate() {
            let value = json!(place * 10 + number);
            let value = if field.kind.is_text() { json!(value.to_string()) } else { value };
            record.insert(field.name.to_string(), value);
        }
        let row = self.database.prove(in_force, &record.clone().into()).unwrap();
        let batch = WriteBatch::independent(vec![Write::put(row, Expect::Anything)]);
        let outcome = store.write(batch).await.unwrap().remove(0);
        assert!(matches!(outcome, Outcome::Created(_) | Outcome::Updated(_)), "{outcome:?}: {record:?}");
        self.expected.push(record);
    }

    /// Checks that every row is found by its key and by each of its values.
    async fn check(&self, store: &Arc<dyn Store>, in_force: &Arc<InForce>) {
        let definition = &in_force.definition;
        for expected in &self.expected {
            let key = definition.key.kind.read(&expected[self.key]).unwrap();
            let stored = store.get(in_force, &key).await.unwrap().unwrap();
            let json = stored.to_json(definition);
            for (name, value) in expected {
                assert_eq!(&json[name], value, "{name:?} of {json}");
            }
            for (place, value) in stored.values.iter().enumerate().filter(|(_, value)| !value.is_null()) {
                let mut query = parse_query::parameters(definition, &[]).unwrap();
                query.filter = Some(Filter::Column(Column::Field(place), Test::Eq(value.clone())));
                let by = |column| Order { column, direction: Direction::Descending };
                query.order = vec![by(Column::Field(place)), by(Column::Key)];
                let page = store.page(in_force, &query).await.unwrap();
                assert_eq!(
                    page.rows,
                    std::slice::from_ref(&stored),
                    "by {:?}",
                    definition.fields[place].name
                );
            }
        }
    }
}

async fn any_name_is_stored_as_it_is(backend: Backend) {
    let database = Database::new(backend).await;
    let mut store = database.store().await.unwrap();
    let mut runner = runner();
    for case in 0..STORAGES {
        let (kind, keys) = match case % 3 {
            0 => (json!({"type": "id"}), [json!("1"), json!("2"), json!("3")]),
            1 => (json!({"type": "string", "max_length": 9}), [json!("1"), json!("2"), json!("3")]),
            _ => (json!({"type": "long"}), [json!(1), json!(2), json!(3)]),
        };
        let [first, second, third] = keys;
        let allowed = if case % 3 == 0 { [NAMES, OPEN_NAMES].concat() } else { NAMES.to_vec() };
        let mut names = shuffled(&mut runner, allowed);
        let key = names.pop().unwrap();
        let spare = names.split_off(names.len() - 3);
        let definition = |fields: &[Json]| {
            let mut kind = kind.clone();
            kind["name"] = json!(key);
            json!({"name": "nasty", "key": kind, "fields": fields, "meta": {"scans": true}})
        };
        let mut fields: Vec<Json> =
            names.iter().enumerate().map(|(place, name)| field(name, place)).collect();
        let mut rows = Rows { database: &database, key, expected: Vec::new() };

        // Some fields exist from the beginning, others are added.
        let storage = apply(&store, definition(&fields[..fields.len() / 2])).await;
        rows.write(&store, storage.ready().unwrap(), first).await;
        let storage = apply(&store, definition(&fields)).await;
        rows.write(&store, storage.ready().unwrap(), second).await;
        rows.check(&store, storage.ready().unwrap()).await;

        // One becomes longer, one becomes text, two are renamed, one is dropped, one is new.
        fields[0]["type"] = json!("long");
        fields[1] = json!({"name": names[1], "type": "string", "max_length": 20, "nullable": true});
        for (place, name) in [(2, spare[0]), (3, spare[1])] {
            fields[place]["renamed_from"] = json!(names[place]);
            fields[place]["name"] = json!(name);
        }
        fields.remove(4);
        fields.push(json!({"name": spare[2], "type": "integer", "default": 5}));
        let storage = apply(&store, definition(&fields)).await;
        for expected in &mut rows.expected {
            for (from, to) in [(names[2], spare[0]), (names[3], spare[1])] {
                if let Some(value) = expected.remove(from) {
                    expected.insert(to.to_owned(), value);
                }
            }
            expected.remove(names[4]);
            if let Some(value) = expected.get_mut(names[1]) {
                *value = json!(value.to_string());
            }
        }
        rows.write(&store, storage.ready().unwrap(), third).await;
        if case % 4 == 0 {
            store.close().await;
            store = database.store().await.unwrap();
        }
        let storage = store.catalogue().find("nasty").unwrap();
        // The default of the new field is the same in the first two rows.
        let in_force = storage.ready().unwrap();
        let page = store.page(in_force, &parse_query::parameters(&in_force.definition, &[]).unwrap()).await;
        assert_eq!(page.unwrap().rows.len(), 3);
        for expected in &rows.expected {
            let key = in_force.definition.key.kind.read(&expected[key]).unwrap();
            let json = store.get(in_force, &key).await.unwrap().unwrap().to_json(&in_force.definition);
            for (name, value) in expected {
                assert_eq!(&json[name], value, "{name:?} of {json}");
            }
        }
        store.remove(storage.id).await.unwrap();
    }
    store.close().await;
}

/// Indexes and constraints have names too, in the same space as tables.
async fn storages_of_similar_names_exist_side_by_side(backend: Backend) {
    let database = Database::new(backend).await;
    let store = database.store().await.unwrap();
    for name in ["dog", "dog_pkey", "dog_pkey1", "dog_id_seq", "dog_id_key", "dog_id_idx", "dog_pkey_pkey"] {
        let key = json!({"name": "id", "type": "long", "generated": true});
        let fields = json!([{"name": "id-", "type": "long", "unique": true}]);
        apply(&store, json!({"name": name, "key": key, "fields": fields})).await;
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_is_stored_as_it_is_on_sqlite() {
    any_name_is_stored_as_it_is(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_is_stored_as_it_is_on_postgres() {
    any_name_is_stored_as_it_is(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storages_of_similar_names_exist_side_by_side_on_sqlite() {
    storages_of_similar_names_exist_side_by_side(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storages_of_similar_names_exist_side_by_side_on_postgres() {
    storages_of_similar_names_exist_side_by_side(Backend::Postgres).await;
}
