//! A database for each test, and helpers on a store.

use std::{sync::Arc, time::Duration};

use datadump_core::{
    Error, Result,
    schema::{InForce, StoredRow, Value, evolve, parse},
    store::{
        Declaration, Expect, Outcome, Page, State, Storage, Store, Write, WriteBatch,
        postgres::PostgresStore, query,
    },
    validate,
};
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

pub(super) use crate::databases::options;
use crate::databases::{self, Backend, ids};

/// An empty database, removed on drop.
pub(super) struct Database(databases::Database);

impl Database {
    pub(super) async fn new() -> Self {
        Self::made("").await
    }

    pub(super) async fn made(manner: &str) -> Self {
        Self(databases::Database::made(Backend::Postgres, manner).await)
    }

    pub(super) fn url(&self) -> &str {
        self.0.url()
    }

    pub(super) async fn store(&self) -> PostgresStore {
        PostgresStore::open(self.url(), options()).await.unwrap()
    }

    pub(super) async fn connection(&self) -> PgConnection {
        PgConnection::connect(self.url()).await.unwrap()
    }

    pub(super) async fn execute(&self, statement: &str) {
        self.connection().await.execute(AssertSqlSafe(statement)).await.unwrap();
    }

    pub(super) async fn number(&self, question: &str) -> i64 {
        let mut connection = self.connection().await;
        sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut connection).await.unwrap()
    }
}

/// Declares a version; returns the storage.
pub(super) async fn declare(store: &PostgresStore, definition: &Json) -> Result<Arc<Storage>> {
    let parsed = parse::definition(definition)?;
    let known = store.catalogue().folded(parsed.name.as_str());
    let base = known.map(|storage| (storage.id, storage.in_force.as_ref().map_or(0, |f| f.version)));
    let mut sent = definition.clone();
    sent.as_object_mut().unwrap().remove("name");
    store.declare(Declaration { definition: parsed, sent, base }).await
}

/// Declares and applies a version; returns it.
pub(super) async fn applied(store: &PostgresStore, definition: &Json) -> Arc<InForce> {
    let storage = declare(store, definition).await.unwrap();
    store.migrate(storage.id).await.unwrap();
    let progress = store.progress(storage.id).await.unwrap();
    assert_eq!(progress.error, None);
    assert_eq!(progress.state, State::Applied);
    in_force(store, storage.name.as_str())
}

/// Declares a version that fails; returns the reason.
pub(super) async fn failing(store: &PostgresStore, definition: &Json) -> String {
    let storage = declare(store, definition).await.unwrap();
    store.migrate(storage.id).await.unwrap();
    let progress = store.progress(storage.id).await.unwrap();
    assert_eq!(progress.state, State::Failed);
    progress.error.unwrap()
}

pub(super) fn in_force(store: &PostgresStore, name: &str) -> Arc<InForce> {
    store.catalogue().find(name).unwrap().ready().unwrap().clone()
}

pub(super) fn put(in_force: &Arc<InForce>, record: &Json, expect: Expect) -> Write {
    let row = validate::row(in_force, record.as_object().unwrap().clone(), &ids()).unwrap();
    Write::put(row, expect)
}

pub(super) fn delete(in_force: &Arc<InForce>, key: Value, expect: Expect) -> Write {
    Write::delete(in_force.clone(), key, expect)
}

pub(super) async fn write(store: &PostgresStore, writes: Vec<Write>) -> Vec<Outcome> {
    store.write(WriteBatch::independent(writes)).await.unwrap()
}

/// Returns the name of each outcome.
pub(super) fn words(outcomes: &[Outcome]) -> Vec<&'static str> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Created(_) => "created",
        Outcome::Updated(_) => "updated",
        Outcome::Deleted(_) => "deleted",
        Outcome::Refused(_) => "refused",
        Outcome::Superseded(_) => "superseded",
        Outcome::Missing => "missing",
        Outcome::Unmatched => "unmatched",
        Outcome::VersionRequired => "version required",
        Outcome::Invalid(_) => "invalid",
        Outcome::Unchanged(_) => "unchanged",
        Outcome::Replaced(..) => "replaced",
        Outcome::RolledBack => "rolled back",
    };
    outcomes.iter().map(word).collect()
}

pub(super) async fn get(store: &PostgresStore, in_force: &Arc<InForce>, key: &Value) -> Option<StoredRow> {
    store.get(in_force, key).await.unwrap()
}

pub(super) async fn page(
    store: &PostgresStore,
    in_force: &Arc<InForce>,
    parameters: &[(&str, &str)],
) -> Page {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = query::parse::parameters(&in_force.definition, &parameters).unwrap();
    store.page(in_force, &query).await.unwrap()
}

/// Returns the storage that most tests use.
pub(super) fn dog() -> Json {
    json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [
            {"name": "color", "type": "string", "max_length": 32, "db_index": true},
            {"name": "size", "type": "integer"},
            {"name": "tag", "type": "string", "max_length": 32, "nullable": true, "unique": true},
        ],
    })
}

pub(super) fn a_dog(number: usize) -> Json {
    json!({"chip_id": format!("CHIP{number:06}"), "color": "black", "size": number, "tag": null})
}

/// Writes this many dogs, in batches of 4000.
pub(super) async fn dogs(store: &PostgresStore, in_force: &Arc<InForce>, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(4000) {
        let writes = chunk.iter().map(|number| put(in_force, &a_dog(*number), Expect::Anything)).collect();
        write(store, writes).await;
    }
}

/// Returns the definition with one member of a field changed.
pub(super) fn with(mut definition: Json, field: &str, member: &str, value: Json) -> Json {
    let fields = definition["fields"].as_array_mut().unwrap();
    let found = fields.iter_mut().find(|f| f["name"] == field).unwrap();
    found[member] = value;
    definition
}

/// Returns the definition with another field.
pub(super) fn and(mut definition: Json, field: Json) -> Json {
    definition["fields"].as_array_mut().unwrap().push(field);
    definition
}

pub(super) fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::UnknownStorage(_))
}

/// Returns the difference between the version in force and a definition.
pub(super) fn difference(in_force: &Arc<InForce>, definition: &Json) -> datadump_core::schema::Difference {
    let parsed = parse::definition(definition).unwrap();
    evolve::difference(&in_force.definition, &parsed, &std::collections::BTreeMap::new())
}

/// Returns a version that needs every slow step: a growing column, a new index, a check, an index on the
/// growing column.
pub(super) fn grown() -> Json {
    let mut definition = with(dog(), "size", "type", json!("long"));
    definition = with(definition, "color", "max_length", json!(64));
    definition = and(definition, json!({"name": "good", "type": "boolean", "default": true}));
    definition["meta"] = json!({"indexes": [{"fields": ["size", "color"]}, {"fields": ["good"]}]});
    with(definition, "size", "max", json!(1_000_000))
}

/// Counts the leftovers of migrations.
pub(super) async fn left_over(database: &Database) -> i64 {
    let columns = database
        .number("SELECT count(*) FROM pg_attribute WHERE attrelid = 'storage_dog'::regclass AND attname LIKE '\\_\\_%' AND NOT attisdropped")
        .await;
    let triggers =
        database.number("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'storage_dog'::regclass").await;
    let functions = database.number("SELECT count(*) FROM pg_proc WHERE proname LIKE 'dd\\_keep%'").await;
    let invalid = database.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid").await;
    columns + triggers + functions + invalid
}

/// Waits until a condition holds; panics after ten seconds.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not come about");
}
