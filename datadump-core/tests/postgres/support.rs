//! A database of a test's own, and what tests say to a store.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use datadump_core::{
    Error, Ids, Result, SystemClock, SystemRandom,
    schema::{InForce, StoredRow, Value, evolve, parse},
    store::{
        Action, Declaration, Expect, Options, Outcome, Page, State, Storage, Store, Write,
        postgres::PostgresStore, query,
    },
    validate,
};
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// An empty database, gone when this is dropped.
pub struct Database {
    pub url: String,
    name: String,
}

impl Database {
    pub async fn new() -> Self {
        Self::with("").await
    }

    pub async fn with(how: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("core_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        administer(&format!("CREATE DATABASE {name} {how}")).await;
        let server = server();
        let (before, _) = server.rsplit_once('/').expect("an address ends with a database");
        Self { url: format!("{before}/{name}"), name }
    }

    pub async fn store(&self) -> PostgresStore {
        PostgresStore::open(&self.url, options()).await.expect("the store opens")
    }

    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("PostgreSQL answers")
    }

    pub async fn execute(&self, statement: &str) {
        self.connection().await.execute(AssertSqlSafe(statement)).await.expect(statement);
    }

    pub async fn number(&self, question: &str) -> i64 {
        let mut connection = self.connection().await;
        sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut connection).await.expect(question)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // On a thread of its own, because the runtime of the test cannot be waited on from here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administer(&statement));
        });
        if dropped.join().is_err() && !std::thread::panicking() {
            panic!("the database {} could not be dropped", self.name);
        }
    }
}

fn server() -> String {
    std::env::var("DATADUMP_TEST_POSTGRES")
        .expect("DATADUMP_TEST_POSTGRES names no PostgreSQL: use tests/run, which starts one")
}

async fn administer(statement: &str) {
    let mut connection = PgConnection::connect(&server()).await.expect("PostgreSQL answers");
    connection.execute(AssertSqlSafe(statement)).await.expect(statement);
    connection.close().await.expect("PostgreSQL says goodbye");
}

pub fn options() -> Options {
    Options {
        clock: Arc::new(SystemClock),
        queue_rows: 100_000,
        queue_bytes: 256 << 20,
        reprove: validate::again,
    }
}

/// Records a version and says which storage it is of.
pub async fn declare(store: &PostgresStore, definition: &Json) -> Result<Arc<Storage>> {
    let parsed = parse::definition(definition)?;
    let known = store.catalogue().folded(parsed.name.as_str());
    let base = known.map(|storage| (storage.id, storage.in_force.as_ref().map_or(0, |f| f.version)));
    let mut sent = definition.clone();
    sent.as_object_mut().unwrap().remove("name");
    store.declare(Declaration { definition: parsed, sent, base }).await
}

/// Declares and applies; the version in force.
pub async fn applied(store: &PostgresStore, definition: &Json) -> Arc<InForce> {
    let storage = declare(store, definition).await.expect("declared");
    store.migrate(storage.id).await.expect("migrated");
    let progress = store.progress(storage.id).await.unwrap();
    assert_eq!(progress.error, None);
    assert_eq!(progress.state, State::Applied);
    in_force(store, storage.name.as_str())
}

/// Declares and tries; the reason why it fails.
pub async fn failing(store: &PostgresStore, definition: &Json) -> String {
    let storage = declare(store, definition).await.expect("declared");
    store.migrate(storage.id).await.expect("migrated");
    let progress = store.progress(storage.id).await.unwrap();
    assert_eq!(progress.state, State::Failed);
    progress.error.expect("a reason")
}

pub fn in_force(store: &PostgresStore, name: &str) -> Arc<InForce> {
    store.catalogue().find(name).unwrap().ready().unwrap().clone()
}

pub fn put(in_force: &Arc<InForce>, record: &Json, expect: Expect) -> Write {
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandom));
    let row = validate::row(in_force, record.as_object().unwrap(), &ids).expect("a row");
    Write { action: Action::Put(row), expect }
}

pub fn delete(in_force: &Arc<InForce>, key: Value, expect: Expect) -> Write {
    Write { action: Action::Delete { in_force: in_force.clone(), key }, expect }
}

pub async fn write(store: &PostgresStore, writes: Vec<Write>) -> Vec<Outcome> {
    store.write(writes).await.expect("written")
}

/// What became of writes, in one word each.
pub fn words(outcomes: &[Outcome]) -> Vec<&'static str> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Created(_) => "created",
        Outcome::Updated(_) => "updated",
        Outcome::Deleted(_) => "deleted",
        Outcome::Refused(_) => "refused",
        Outcome::Missing => "missing",
        Outcome::VersionRequired => "version required",
        Outcome::Invalid(_) => "invalid",
    };
    outcomes.iter().map(word).collect()
}

pub async fn get(store: &PostgresStore, in_force: &Arc<InForce>, key: &Value) -> Option<StoredRow> {
    store.get(in_force, key).await.expect("read")
}

pub async fn page(store: &PostgresStore, in_force: &Arc<InForce>, parameters: &[(&str, &str)]) -> Page {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = query::parse::parameters(&in_force.definition, &parameters).expect("a query");
    store.page(in_force, &query).await.expect("a page")
}

/// The storage most tests use.
pub fn dog() -> Json {
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

pub fn a_dog(number: usize) -> Json {
    json!({"chip_id": format!("CHIP{number:06}"), "color": "black", "size": number, "tag": null})
}

/// So many dogs, written in one call each thousand.
pub async fn dogs(store: &PostgresStore, in_force: &Arc<InForce>, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(4000) {
        let writes = chunk.iter().map(|number| put(in_force, &a_dog(*number), Expect::Anything)).collect();
        write(store, writes).await;
    }
}

/// The definition with one member of a field changed.
pub fn with(mut definition: Json, field: &str, member: &str, value: Json) -> Json {
    let fields = definition["fields"].as_array_mut().unwrap();
    let found = fields.iter_mut().find(|f| f["name"] == field).expect("the field");
    found[member] = value;
    definition
}

/// The definition with another field.
pub fn and(mut definition: Json, field: Json) -> Json {
    definition["fields"].as_array_mut().unwrap().push(field);
    definition
}

pub fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::UnknownStorage(_))
}

/// What differs between the version in force and a definition.
pub fn difference(in_force: &Arc<InForce>, definition: &Json) -> datadump_core::schema::Difference {
    let parsed = parse::definition(definition).unwrap();
    evolve::difference(&in_force.definition, &parsed, &std::collections::BTreeMap::new())
}
