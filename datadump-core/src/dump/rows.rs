//! Reading and writing the rows of one storage.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{
    error::{Error, Fault, Place, Result},
    id::Ids,
    record::Fields,
    schema::{InForce, StoredRow, Value, definition::Service},
    store::{
        Expect, Outcome, Paging, Query, RowCount, Store, Stored, Write, WriteBatch,
        query::{Towards, cursor, parse},
        system_storages::SystemStorage,
    },
    validate,
};

/// How often a change that read the row first is tried again when others were faster.
const PATCH_TRIES: usize = 100;

/// How often a question is asked again because another version came into force, and how long after.
const MOVES: usize = 100;
const MOVE_TIME: std::time::Duration = std::time::Duration::from_millis(2);

/// The rows of one storage.
#[derive(Debug, Clone)]
pub struct Rows {
    store: Arc<dyn Store>,
    ids: Ids,
    name: String,
    /// Set for one of the service's own.
    own: Option<SystemStorage>,
}

/// A row that was written.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The row as it is now.
    pub row: Json,
    /// Its version.
    pub version: i32,
    /// Whether there was none before.
    pub created: bool,
    /// Whether this was answered before, to a request with the same idempotency key.
    pub again: bool,
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The rows.
    pub rows: Vec<Json>,
    /// How many match in all, when that was counted.
    pub count: Option<u64>,
    /// Whether the count is an estimate.
    pub estimated: bool,
    /// The parameters that ask for the next page; none when this is the last.
    pub next: Option<Vec<(String, String)>>,
    /// The parameters that ask for the page before; none when this is the first.
    pub previous: Option<Vec<(String, String)>>,
}

impl Rows {
    pub(super) fn new(store: Arc<dyn Store>, ids: Ids, name: String) -> Self {
        Self { store, ids, name, own: None }
    }

    /// The rows of one of the service's own storages.
    pub(super) fn own(store: Arc<dyn Store>, ids: Ids, own: SystemStorage) -> Self {
        Self { store, ids, name: String::new(), own: Some(own) }
    }

    /// The rows that the parameters ask for: filters, `ordering`, `limit`, `offset`, `cursor`,
    /// `count`, `fields` and `where`, as the guide describes them.
    pub async fn list(&self, parameters: &[(String, String)]) -> Result<Listing> {
        let (in_force, (query, page)) = self
            .asked(|in_force| async move {
                let query = parse::parameters(&in_force.definition, parameters)?;
                let page = self.store.page(&in_force, &query).await?;
                Ok((query, page))
            })
            .await?;
        let (count, estimated) = match page.count {
            RowCount::Exactly(count) => (Some(count), false),
            RowCount::About(count) => (Some(count), true),
            RowCount::Unknown => (None, false),
        };
        let (next, previous) = neighbours(&in_force, parameters, &query, &page.rows, page.more);
        let rows = page.rows.iter().map(|row| render(&in_force, &query, row)).collect();
        Ok(Listing { rows, count, estimated, next, previous })
    }

    /// The row with this key.
    pub async fn get(&self, key: &str) -> Result<Saved> {
        let (in_force, row) = self.find(key).await?;
        let row = row.ok_or_else(|| self.unknown(key))?;
        Ok(Saved {
            row: row.to_json(&in_force.definition),
            version: row.version,
            created: false,
            again: false,
        })
    }

    /// Inserts a row, or replaces the one with its key. A `version` in the record is a condition
    /// on the row that is there, and the first version of one that is not.
    pub async fn save(&self, record: &Json, expect: Expect) -> Result<Saved> {
        let (write, expect) = self.put(record, expect)?;
        let outcome = self.write(write).await?;
        self.saved(outcome, expect, "")
    }

    /// The write that saves a record, and what it expects.
    pub(super) fn put(&self, record: &Json, expect: Expect) -> Result<(Write, Expect)> {
        let in_force = self.in_force()?;
        let service = in_force.definition.service();
        let (record, expect) = with_condition(service, object(record)?.clone(), expect)?;
        let row = validate::row(&in_force, record, &self.ids).map_err(Error::Invalid)?;
        Ok((Write::put(row, expect), expect))
    }

    /// The same for a key that is known. The record need not carry it, but if it does it must be
    /// this one.
    pub async fn replace(&self, key: &str, record: &Json, expect: Expect) -> Result<Saved> {
        let in_force = self.in_force()?;
        let value = self.key(&in_force, key)?;
        let mut record = object(record)?.clone();
        same_key(&in_force, &mut record, &value)?;
        self.save(&Json::Object(record), expect).await
    }

    /// Changes some fields of a row: a JSON merge patch (RFC 7396).
    pub async fn patch(&self, key: &str, patch: &Json, expect: Expect) -> Result<Saved> {
        let service = self.in_force()?.definition.service();
        let (patch, expect) = with_condition(service, object(patch)?.clone(), expect)?;
        for _ in 0..PATCH_TRIES {
            let (in_force, row) = self.find(key).await?;
            let Some(row) = row else {
                return match expect {
                    Expect::Exactly(_) | Expect::Exists => Err(Error::Precondition { current: None }),
                    _ => Err(self.unknown(key)),
                };
            };
            if expect == Expect::Anything && in_force.definition.meta.require_version {
                return Err(Error::VersionRequired(self.name.clone()));
            }
            // What was read is what the patch is for: if it is another row by the time of the
            // write, the patch is made again, unless the caller named the version it was for.
            let (wanted, again) = match expect {
                Expect::Version(version) | Expect::Exactly(version) => (Expect::Exactly(version), false),
                Expect::Absent | Expect::First(_) => (Expect::Absent, false),
                Expect::Anything | Expect::Different | Expect::Exists => (Expect::Exactly(row.version), true),
            };
            let mut record = merged(&in_force, &row, &patch);
            same_key(&in_force, &mut record, &row.key)?;
            let row = validate::row(&in_force, record, &self.ids).map_err(Error::Invalid)?;
            let outcome = self.write(Write::put(row, wanted)).await?;
            match outcome {
                Outcome::Refused(Some(_)) if again => {}
                Outcome::Refused(None) if again => return Err(self.unknown(key)),
                outcome => return self.saved(outcome, expect, key),
            }
        }
        Err(Error::Overloaded)
    }

    /// Deletes a row.
    pub async fn delete(&self, key: &str, expect: Expect) -> Result<()> {
        let in_force = self.in_force()?;
        let value = self.key(&in_force, key)?;
        let outcome = self.write(Write::delete(in_force, value, expect)).await?;
        self.saved(outcome, expect, key).map(|_| ())
    }

    fn in_force(&self) -> Result<Arc<InForce>> {
        match self.own {
            Some(own) => self.store.catalogue().system(own),
            None => self.store.catalogue().find(&self.name)?.ready().cloned(),
        }
    }

    /// Asks something of the version in force; once more when another one came into force meanwhile.
    async fn asked<T, F>(&self, ask: impl Fn(Arc<InForce>) -> F) -> Result<(Arc<InForce>, T)>
    where
        F: Future<Output = Result<T>>,
    {
        for _ in 1..MOVES {
            let in_force = self.in_force()?;
            match ask(in_force.clone()).await {
                // The catalogue follows the commit; it is there in a moment.
                Err(Error::Moved(_)) => tokio::time::sleep(MOVE_TIME).await,
                answer => return Ok((in_force, answer?)),
            }
        }
        let in_force = self.in_force()?;
        let answer = ask(in_force.clone()).await?;
        Ok((in_force, answer))
    }

    async fn find(&self, key: &str) -> Result<(Arc<InForce>, Option<StoredRow>)> {
        self.asked(|in_force| async move { self.store.get(&in_force, &self.key(&in_force, key)?).await })
            .await
    }

    /// A key as it stands in an address. One that its kind does not take belongs to no row.
    fn key(&self, in_force: &InForce, text: &str) -> Result<Value> {
        in_force.definition.key.kind.read_text(text).map_err(|_| self.unknown(text))
    }

    fn unknown(&self, key: &str) -> Error {
        Error::UnknownRow { storage: self.name.clone(), key: key.to_owned() }
    }

    async fn write(&self, write: Write) -> Result<Outcome> {
        let outcomes = self.store.write(WriteBatch::independent(vec![write])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("a write without an outcome"))
    }

    /// What is answered to a write with this outcome.
    pub(super) fn saved(&self, outcome: Outcome, expect: Expect, key: &str) -> Result<Saved> {
        let saved = |stored: Stored, created| Saved {
            row: stored.to_json(),
            version: stored.row.version,
            created,
            again: false,
        };
        match outcome {
            Outcome::Created(stored) => Ok(saved(stored, true)),
            Outcome::Updated(stored) | Outcome::Deleted(stored) => Ok(saved(stored, false)),
            Outcome::Refused(current) => {
                let current = current.as_ref().map(Stored::to_json);
                match expect {
                    Expect::Version(_) => match current {
                        None => Err(self.unknown(key)),
                        current => Err(Error::Conflict { current }),
                    },
                    _ => Err(Error::Precondition { current }),
                }
            }
            Outcome::Unchanged(stored) => Ok(saved(stored, false)),
            Outcome::Replaced(..) | Outcome::RolledBack => {
                Err(Error::internal("an outcome that nobody asked for"))
            }
            Outcome::Missing => Err(self.unknown(key)),
            Outcome::VersionRequired => Err(Error::VersionRequired(self.name.clone())),
            Outcome::Invalid(faults) => Err(Error::Invalid(faults)),
        }
    }
}

fn object(record: &Json) -> Result<&Map<String, Json>> {
    record.as_object().ok_or_else(|| {
        let detail = "a row is a JSON object";
        Error::Invalid(vec![Fault::new(Place::body(), "not-an-object", detail)])
    })
}

/// Takes what is not a field out of a record: `version` becomes the condition, and the times,
/// which only the service sets, are left out, so that a row can be sent back as it was read.
pub(super) fn with_condition(
    service: Service,
    record: impl Into<Fields>,
    expect: Expect,
) -> Result<(Fields, Expect)> {
    let mut record = record.into();
    let is_service =
        |name: &String| [service.version, service.created_at, service.updated_at].contains(&name.as_str());
    // Most records have none of them.
    if !record.keys().any(is_service) {
        return Ok((record, expect));
    }
    record.remove(service.created_at);
    record.remove(service.updated_at);
    let Some(sent) = record.remove(service.version).filter(|sent| !sent.is_null()) else {
        return Ok((record, expect));
    };
    let at = Place::field(service.version);
    let version = sent.as_i64().and_then(|v| i32::try_from(v).ok()).filter(|v| *v >= 1);
    let Some(version) = version else {
        let detail = format!("{sent} is not a version: a whole number from 1 to {}", i32::MAX);
        return Err(Error::Invalid(vec![Fault::new(at, "version", detail)]));
    };
    match expect {
        Expect::Anything | Expect::Different => Ok((record, Expect::Version(version))),
        Expect::Exactly(other) if other != version => {
            let detail = format!("version {version} is not the {other} of the condition on the request");
            Err(Error::Invalid(vec![Fault::new(at, "version", detail)]))
        }
        Expect::Exists => Ok((record, Expect::Exactly(version))),
        Expect::Absent => Ok((record, Expect::First(version))),
        expect => Ok((record, expect)),
    }
}

/// Puts the key into a record, or finds it there already.
fn same_key(in_force: &InForce, record: &mut Map<String, Json>, key: &Value) -> Result<()> {
    let defined = &in_force.definition.key;
    let wanted = key.to_json(&defined.kind);
    let found = record.entry(defined.name.to_string()).or_insert_with(|| wanted.clone());
    if *found == wanted || defined.kind.read(found).as_ref() == Ok(key) {
        return Ok(());
    }
    let detail = format!("Key {found} is not the one addressed, {wanted}; a key cannot be changed");
    Err(Error::Invalid(vec![Fault::new(Place::field(defined.name.as_str()), "key", detail)]))
}

/// RFC 7396 on the fields of a row: null means null here, because a row has all its fields.
fn merged(in_force: &InForce, row: &StoredRow, patch: &Fields) -> Map<String, Json> {
    let definition = &in_force.definition;
    let mut record = Map::new();
    record.insert(definition.key.name.to_string(), row.key.to_json(&definition.key.kind));
    for (field, value) in definition.fields.iter().zip(&row.values) {
        record.insert(field.name.to_string(), value.to_json(&field.kind));
    }
    for (name, change) in patch.iter() {
        let member = record.entry(name.clone()).or_insert(Json::Null);
        merge(member, change);
    }
    record
}

/// RFC 7396 below the fields, where null removes.
pub(super) fn merge(target: &mut Json, patch: &Json) {
    let Some(changes) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    if let Some(members) = target.as_object_mut() {
        for (name, change) in changes {
            if change.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Json::Null), change);
            }
        }
    }
}

fn render(in_force: &InForce, query: &Query, row: &StoredRow) -> Json {
    let mut row = row.to_json(&in_force.definition);
    if let (Some(fields), Some(members)) = (&query.fields, row.as_object_mut()) {
        let names: Vec<&str> = fields.iter().map(|column| column.name(&in_force.definition)).collect();
        members.retain(|name, _| names.contains(&name.as_str()));
    }
    row
}

type Parameters = Vec<(String, String)>;

/// The parameters of the pages beside this one.
fn neighbours(
    in_force: &InForce,
    parameters: &[(String, String)],
    query: &Query,
    rows: &[StoredRow],
    more: bool,
) -> (Option<Parameters>, Option<Parameters>) {
    let with = |name: &str, value: String| {
        let mut changed: Parameters = parameters.iter().filter(|(n, _)| n != name).cloned().collect();
        changed.push((name.to_owned(), value));
        changed
    };
    match &query.paging {
        Paging::Offset { limit, offset } => {
            let next = more.then(|| with("offset", (offset + limit).to_string()));
            let before = offset.saturating_sub(*limit);
            let previous = (*offset > 0).then(|| with("offset", before.to_string()));
            (next, previous)
        }
        Paging::Keyset { from, towards, .. } => {
            let position = |row: &StoredRow| -> Vec<Value> {
                query.order.iter().map(|order| order.column.value(row)).collect()
            };
            let cursor = |row: Option<&StoredRow>, towards| {
                let position = position(row?);
                Some(with("cursor", cursor::write(&in_force.definition, query, &position, towards)))
            };
            let (has_next, has_previous) = match towards {
                Towards::Next => (more, from.is_some()),
                Towards::Previous => (true, more),
            };
            let next = cursor(rows.last().filter(|_| has_next), Towards::Next);
            let previous = cursor(rows.first().filter(|_| has_previous), Towards::Previous);
            (next, previous)
        }
    }
}
