//! The environment of the checks: the backend's bench, and an open store with helpers.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::{
    error::{Error, Result},
    schema::{InForce, Row, StoredRow, Value, evolve},
    store::{
        ChangeImpact, Declaration, Expect, Outcome, Page, Query, State, Storage, Store, Write, WriteBatch,
        query::{Towards, cursor, parse},
    },
};

/// Gives the checks access to a backend.
#[async_trait]
pub trait Bench: Send + Sync {
    /// Opens the bench's database, which is empty the first time and the same one later. The store opened
    /// before has been closed.
    async fn open(&self) -> Result<Arc<dyn Store>>;

    /// Validates a record, as `validate::changes` does.
    fn prove(&self, in_force: &Arc<InForce>, record: &Json) -> Result<Row>;
}

/// An open store, with helpers for the checks.
pub(super) struct TestStore<'a> {
    pub(super) bench: &'a dyn Bench,
    pub(super) store: Arc<dyn Store>,
}

impl<'a> TestStore<'a> {
    pub(super) async fn open(bench: &'a dyn Bench) -> Result<Self> {
        Ok(Self { bench, store: bench.open().await? })
    }

    /// Opens a store and declares a storage.
    pub(super) async fn with(bench: &'a dyn Bench, definition: Json) -> Result<Self> {
        let test = Self::open(bench).await?;
        test.declare(definition).await?;
        Ok(test)
    }

    pub(super) async fn reopen(self) -> Result<Self> {
        self.store.close().await;
        Self::open(self.bench).await
    }

    /// Declares a definition as the next version of its storage and waits for its migration.
    pub(super) async fn declare(&self, json: Json) -> Result<Arc<Storage>> {
        let declared = self.queue(json).await?;
        self.store.migrate(declared.id).await?;
        let storage = self.store.catalogue().by_id(declared.id);
        storage.ok_or_else(|| Error::internal("the storage is gone"))
    }

    /// Declares a definition, which its migration must apply.
    pub(super) async fn apply(&self, json: Json) -> Result<Arc<Storage>> {
        let storage = self.declare(json).await?;
        ensure_eq("the state of the migration", storage.migration.state, State::Applied)?;
        Ok(storage)
    }

    pub(super) async fn queue(&self, json: Json) -> Result<Arc<Storage>> {
        let definition = crate::schema::parse::definition(&json)?;
        let base = self.store.catalogue().get(definition.name.as_str());
        let base = base
            .map(|storage| (storage.id, storage.in_force.as_ref().map_or(0, |in_force| in_force.version)));
        self.store.declare(Declaration { definition, sent: json, base }).await
    }

    pub(super) fn in_force(&self, name: &str) -> Result<Arc<InForce>> {
        self.store.catalogue().find(name)?.ready().cloned()
    }

    pub(super) fn put(&self, name: &str, record: &Json, expect: Expect) -> Result<Write> {
        let row = self.bench.prove(&self.in_force(name)?, record)?;
        Ok(Write::put(row, expect))
    }

    pub(super) fn merge(&self, name: &str, record: &Json, expect: Expect) -> Result<Write> {
        let row = self.bench.prove(&self.in_force(name)?, record)?;
        Ok(Write::merge(row, expect))
    }

    pub(super) async fn write(&self, write: Write) -> Result<Outcome> {
        let outcomes = self.store.write(WriteBatch::independent(vec![write])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("no outcome"))
    }

    pub(super) async fn save(&self, name: &str, record: Json) -> Result<Outcome> {
        self.write(self.put(name, &record, Expect::Anything)?).await
    }

    pub(super) async fn get(&self, name: &str, key: Json) -> Result<Option<StoredRow>> {
        let in_force = self.in_force(name)?;
        let key = in_force.definition.key.kind.read(&key).map_err(|w| Error::internal(w.detail))?;
        self.store.get(&in_force, &key).await
    }

    /// Returns the value of a field of a row; null if there is no such row.
    pub(super) async fn field(&self, name: &str, key: Json, field: &str) -> Result<Json> {
        let in_force = self.in_force(name)?;
        let row = self.get(name, key).await?;
        Ok(row.map_or(Json::Null, |row| row.to_json(&in_force.definition)[field].clone()))
    }

    pub(super) async fn list(&self, name: &str, parameters: &[(&str, &str)]) -> Result<(Page, Query)> {
        let in_force = self.in_force(name)?;
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let query = parse::parameters(&in_force.definition, &parameters)?;
        Ok((self.store.page(&in_force, &query).await?, query))
    }

    /// Reads all rows by cursors, as a client does, and returns their keys.
    pub(super) async fn walk(&self, name: &str, limit: &str, ordering: Option<&str>) -> Result<Vec<Value>> {
        let in_force = self.in_force(name)?;
        let (mut cursor, mut keys) = (String::new(), Vec::new());
        loop {
            let mut parameters = vec![("limit", limit), ("cursor", cursor.as_str())];
            parameters.extend(ordering.map(|ordering| ("ordering", ordering)));
            let (page, query) = self.list(name, &parameters).await?;
            keys.extend(page.rows.iter().map(|row| row.key.clone()));
            let Some(last) = page.rows.last().filter(|_| page.more) else { return Ok(keys) };
            let position: Vec<Value> = query.order.iter().map(|order| order.column.value(last)).collect();
            cursor = cursor::write(&in_force.definition, &query, &position, Towards::Next);
        }
    }

    /// Examines the impact of a definition that is not declared.
    pub(super) async fn examine(&self, json: &Json) -> Result<Vec<(String, ChangeImpact)>> {
        let definition = crate::schema::parse::definition(json)?;
        let storage = self.store.catalogue().find(definition.name.as_str())?;
        let in_force = storage.ready()?;
        let difference = evolve::difference(&in_force.definition, &definition, &storage.dropped);
        let examined = self.store.examine(in_force, &difference).await?;
        let names = difference.changes.iter().map(|change| change.detail.clone());
        Ok(names.zip(examined).collect())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what is compared is made for it")]
pub(super) fn ensure_eq<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::internal(format!("{what}: found {found:?}, expected {expected:?}")))
}

pub(super) fn ensure(what: &str, condition: bool) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::internal(format!("does not hold: {what}"))) }
}

/// Returns the storage that most checks use.
pub(super) fn dog() -> Json {
    serde_json::json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [
            {"name": "color", "type": "string", "max_length": 32, "db_index": true, "nullable": true},
            {"name": "collar_size", "type": "integer", "default": 0},
        ],
        "meta": {"scans": true},
    })
}

/// A storage with generated keys.
pub(super) fn numbered() -> Json {
    serde_json::json!({"name": "n", "key": {"name": "id", "type": "long", "generated": true},
                       "fields": [{"name": "n", "type": "integer"}]})
}
