//! Reads and writes the rows of one storage.

pub(crate) mod keyed;
mod pages;
mod row_page;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value as Json};

pub use self::row_page::{ByteChunks, RowChunks, RowPage};
use crate::{
    context::Context,
    error::{Error, Fault, Place, Result},
    record::Fields,
    schema::{InForce, StoredRow, Value, definition::ServiceColumns},
    store::{
        Column, Expect, Filter, Group, Outcome, Query, ReadLease, RowCount, Stored, Test, Write,
        query::{Direction, parse},
        system_storages::SystemStorage,
    },
    validate,
};

/// Maximum attempts to apply a patch while concurrent writes change the row.
const MAX_PATCH_ATTEMPTS: usize = 100;

/// Size up to which a row is read by its key without reserving memory.
const MAX_SHORT_ROW: usize = 64 << 10;

/// Maximum attempts to run a query while new versions of the storage come into force, and the pause between
/// them.
const MAX_QUERY_ATTEMPTS: usize = 100;
const RETRY_DELAY: Duration = Duration::from_millis(2);

/// The rows of one storage.
#[derive(Debug, Clone)]
pub struct Rows {
    context: Context,
    name: String,
    /// Set for a system storage.
    system: Option<SystemStorage>,
}

/// A row that was written.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The row as stored.
    pub row: Json,
    /// Its version.
    pub version: i32,
    /// True if the row is new.
    pub created: bool,
    /// True if this repeats the answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listing<R = Vec<Json>> {
    /// The rows.
    pub rows: R,
    /// Total number of matching rows, if they were counted.
    pub count: Option<u64>,
    /// True if the count is an estimate.
    pub estimated: bool,
    /// The parameters of the next page; `None` if this is the last.
    pub next: Option<Vec<(String, String)>>,
    /// The parameters of the previous page; `None` if this is the first.
    pub previous: Option<Vec<(String, String)>>,
}

impl<R> Listing<R> {
    /// Returns the same page with its rows in another form.
    pub fn map<T>(self, map: impl FnOnce(R) -> T) -> Listing<T> {
        let Self { rows, count, estimated, next, previous } = self;
        Listing { rows: map(rows), count, estimated, next, previous }
    }
}

impl Rows {
    /// Opens the rows of a storage. Fails while its first version is not in force.
    pub(crate) fn open(context: &Context, name: &str) -> Result<Self> {
        context.store.catalogue().find(name)?.ready()?;
        Ok(Self { context: context.clone(), name: name.to_owned(), system: None })
    }

    /// Opens the rows of a system storage.
    pub(crate) fn system(context: &Context, storage: SystemStorage) -> Self {
        Self { context: context.clone(), name: String::new(), system: Some(storage) }
    }

    /// Returns the rows selected by the parameters: filters, `ordering`, `limit`, `offset`, `cursor`,
    /// `count`, `fields` and `where`, as the guide describes them. For rows that may be large, use
    /// [`page`](Self::page).
    pub async fn list(&self, parameters: &[(String, String)]) -> Result<Listing> {
        Ok(self.page(parameters).await?.map(|rows| rows.to_json()))
    }

    /// Returns the same rows in the form in which they take the least memory. It is reserved until they are
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`Overloaded`](Error::Overloaded) if other pages use all memory for pages, and go on using it.
    pub async fn page(&self, parameters: &[(String, String)]) -> Result<Listing<RowPage>> {
        let (in_force, (query, page)) = self
            .query(|in_force| async move {
                let query = parse::parameters(&in_force.definition, parameters)?;
                let page =
                    self.context.store.page_within(&in_force, &query, &self.context.read_memory).await?;
                Ok((query, page))
            })
            .await?;
        let (count, estimated) = match page.count {
            RowCount::Exactly(count) => (Some(count), false),
            RowCount::About(count) => (Some(count), true),
            RowCount::Unknown => (None, false),
        };
        let (next, previous) = pages::links(&in_force, parameters, &query, &page.rows, page.more);
        let rows = RowPage::new(in_force, query.fields.as_deref(), page.rows, page.memory);
        Ok(Listing { rows, count, estimated, next, previous })
    }

    /// Counts rows by the values of these fields, the largest group first. The parameters are filters and
    /// `limit`, as for a list. Returns an object per group, with its values and its `count`, and whether there
    /// are more groups.
    pub(crate) async fn groups(
        &self,
        fields: &[&str],
        parameters: &[(String, String)],
    ) -> Result<(Vec<Json>, bool)> {
        let (in_force, (query, found)) = self
            .query(|in_force| async move {
                let definition = &in_force.definition;
                let columns = fields.iter().filter_map(|name| Column::named(definition, name)).collect();
                let query = parse::groups(definition, parameters, columns)?;
                let groups = self.context.store.groups(&in_force, &query).await?;
                Ok((query, groups))
            })
            .await?;
        let definition = &in_force.definition;
        let group = |group: &Group| {
            let values = query.columns.iter().zip(&group.values);
            let members = values.map(|(column, value)| {
                (column.name(definition).to_owned(), value.to_json(&column.kind(definition)))
            });
            Json::Object(members.chain([("count".to_owned(), group.count.into())]).collect())
        };
        Ok((found.groups.iter().map(group).collect(), found.more))
    }

    /// Returns the row with this key.
    pub async fn get(&self, key: &str) -> Result<Saved> {
        let (in_force, row) = self.find(key).await?;
        let row = row.ok_or_else(|| self.unknown(key))?;
        Ok(Saved {
            row: row.to_json(&in_force.definition),
            version: row.version,
            created: false,
            replayed: false,
        })
    }

    /// Returns the row with this key as a page, in the form in which it takes the least memory, and its
    /// version.
    ///
    /// # Errors
    ///
    /// As of [`page`](Self::page), if the row is large.
    pub async fn get_page(&self, key: &str) -> Result<(RowPage, i32)> {
        let (in_force, found) = self
            .query(|in_force| async move {
                let value = self.key(&in_force, key)?;
                if let Some(row) = self.context.store.get_short(&in_force, &value, MAX_SHORT_ROW).await? {
                    return Ok(Some((row, ReadLease::default())));
                }
                let is_key = Filter::Column(Column::Key, Test::Eq(value));
                let query = Query::first(Some(is_key), &[(Column::Key, Direction::Ascending)], 1);
                let page =
                    self.context.store.page_within(&in_force, &query, &self.context.read_memory).await?;
                Ok(page.rows.into_iter().next().map(|row| (row, page.memory)))
            })
            .await?;
        let (row, memory) = found.ok_or_else(|| self.unknown(key))?;
        let version = row.version;
        Ok((RowPage::new(in_force, None, vec![row], memory), version))
    }

    /// Inserts a row, or changes the fields that the record has in the row with its key. A `version` in the
    /// record must match the version of an existing row; a new row starts with it.
    pub async fn save(&self, record: &Json, expect: Expect) -> Result<Saved> {
        let (write, expect) = self.merge(record, expect).await?;
        let outcome = self.write(write).await?;
        self.saved(outcome, expect, "")
    }

    /// Returns the write that saves a record, and its condition.
    async fn merge(&self, record: &Json, expect: Expect) -> Result<(Write, Expect)> {
        let in_force = self.writable()?;
        let service = in_force.definition.service();
        let (fields, expect) = with_condition(service, object(record)?.clone(), expect)?;
        match validate::changes(&in_force, fields, &self.context.ids) {
            Ok(row) => Ok((Write::merge(row, expect), expect)),
            Err(faults) => Err(Error::Invalid(self.all_faults(&in_force, object(record)?, faults).await?)),
        }
    }

    /// Returns the faults of a record, and if there is no row with its key, those of missing fields as well.
    async fn all_faults(
        &self,
        in_force: &Arc<InForce>,
        record: &Map<String, Json>,
        faults: Vec<Fault>,
    ) -> Result<Vec<Fault>> {
        let key = &in_force.definition.key;
        let sent = record.get(key.name.as_str()).and_then(|sent| key.kind.read(sent).ok());
        if let Some(sent) = sent
            && self.context.store.get(in_force, &sent).await?.is_some()
        {
            return Ok(faults);
        }
        let (fields, _) = with_condition(in_force.definition.service(), record.clone(), Expect::Anything)?;
        let whole = validate::row(in_force, fields, &self.context.ids);
        Ok(whole.err().unwrap_or(faults))
    }

    /// Inserts or replaces the row with this key: fields that the record omits get their defaults. The record
    /// may omit the key; if present, it must be the same.
    pub async fn replace(&self, key: &str, record: &Json, expect: Expect) -> Result<Saved> {
        let in_force = self.writable()?;
        let value = self.key(&in_force, key)?;
        let mut record = object(record)?.clone();
        same_key(&in_force, &mut record, &value)?;
        let (record, expect) = with_condition(in_force.definition.service(), record, expect)?;
        let row = validate::row(&in_force, record, &self.context.ids).map_err(Error::Invalid)?;
        let outcome = self.write(Write::put(row, expect)).await?;
        self.saved(outcome, expect, "")
    }

    /// Changes some fields of a row: a JSON merge patch (RFC 7396).
    pub async fn patch(&self, key: &str, patch: &Json, expect: Expect) -> Result<Saved> {
        let service = self.writable()?.definition.service();
        let (patch, expect) = with_condition(service, object(patch)?.clone(), expect)?;
        for _ in 0..MAX_PATCH_ATTEMPTS {
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
            // The patch applies to the row that was read. If the row has changed by the time of the write,
            // the patch is applied again, unless the caller named a version.
            let (wanted, retry) = match expect {
                Expect::Version(version) | Expect::Exactly(version) => (Expect::Exactly(version), false),
                Expect::Absent | Expect::First(_) => (Expect::Absent, false),
                Expect::Anything | Expect::Different | Expect::NotSince(..) | Expect::Exists => {
                    (Expect::Exactly(row.version), true)
                }
            };
            let mut record = merged(&in_force, &row, &patch);
            same_key(&in_force, &mut record, &row.key)?;
            let row = validate::row(&in_force, record, &self.context.ids).map_err(Error::Invalid)?;
            let outcome = self.write(Write::put(row, wanted)).await?;
            match outcome {
                Outcome::Refused(Some(_)) if retry => {}
                Outcome::Refused(None) if retry => return Err(self.unknown(key)),
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
        match self.system {
            Some(storage) => self.context.system(storage),
            None => self.context.store.catalogue().find(&self.name)?.ready().cloned(),
        }
    }

    /// Returns the definition that new rows must fit. Only the hub writes readings.
    fn writable(&self) -> Result<Arc<InForce>> {
        let in_force = self.in_force()?;
        match in_force.definition.name.is_of_hub() {
            true => Err(Error::HubStorage(in_force.definition.name.to_string())),
            false => Ok(in_force),
        }
    }

    /// Runs a query against the version in force, and again if a new version comes into force in the
    /// meantime.
    async fn query<T, F>(&self, run: impl Fn(Arc<InForce>) -> F) -> Result<(Arc<InForce>, T)>
    where
        F: Future<Output = Result<T>>,
    {
        for _ in 1..MAX_QUERY_ATTEMPTS {
            let in_force = self.in_force()?;
            match run(in_force.clone()).await {
                // The catalogue is updated shortly after the commit.
                Err(Error::Moved(_)) => tokio::time::sleep(RETRY_DELAY).await,
                answer => return Ok((in_force, answer?)),
            }
        }
        let in_force = self.in_force()?;
        let answer = run(in_force.clone()).await?;
        Ok((in_force, answer))
    }

    async fn find(&self, key: &str) -> Result<(Arc<InForce>, Option<StoredRow>)> {
        self.query(
            |in_force| async move { self.context.store.get(&in_force, &self.key(&in_force, key)?).await },
        )
        .await
    }

    /// Parses a key from a URL. No row has a key that its type does not accept.
    fn key(&self, in_force: &InForce, text: &str) -> Result<Value> {
        in_force.definition.key.kind.read_text(text).map_err(|_| self.unknown(text))
    }

    fn unknown(&self, key: &str) -> Error {
        Error::UnknownRow { storage: self.name.clone(), key: key.to_owned() }
    }

    async fn write(&self, write: Write) -> Result<Outcome> {
        self.context.write_one(write).await
    }

    /// Returns the result for a write with this outcome.
    fn saved(&self, outcome: Outcome, expect: Expect, key: &str) -> Result<Saved> {
        let saved = |stored: Stored, created| Saved {
            row: stored.to_json(),
            version: stored.row.version,
            created,
            replayed: false,
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
            Outcome::Superseded(stored) => Err(Error::Precondition { current: Some(stored.to_json()) }),
            Outcome::Unchanged(stored) => Ok(saved(stored, false)),
            Outcome::Replaced(..) | Outcome::RolledBack => Err(Error::internal("an outcome without a write")),
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

/// Removes the service columns from a record, so that a row can be sent back as it was read: `version`
/// becomes the condition, and the times, which only the service sets, are ignored.
pub(crate) fn with_condition(
    service: ServiceColumns,
    record: impl Into<Fields>,
    expect: Expect,
) -> Result<(Fields, Expect)> {
    let mut record = record.into();
    let is_service =
        |name: &String| [service.version, service.created_at, service.updated_at].contains(&name.as_str());
    // Most records have no service columns.
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
        let detail = format!("{sent} is not a version, which is a whole number from 1 to {}", i32::MAX);
        return Err(Error::Invalid(vec![Fault::new(at, "version", detail)]));
    };
    match expect {
        Expect::Anything | Expect::Different | Expect::NotSince(..) => Ok((record, Expect::Version(version))),
        Expect::Exactly(other) if other != version => {
            let detail =
                format!("version {version} differs from {other}, the version in the request's condition");
            Err(Error::Invalid(vec![Fault::new(at, "version", detail)]))
        }
        Expect::Exists => Ok((record, Expect::Exactly(version))),
        Expect::Absent => Ok((record, Expect::First(version))),
        expect => Ok((record, expect)),
    }
}

/// Adds the key to a record, or checks that the record already has it.
fn same_key(in_force: &InForce, record: &mut Map<String, Json>, key: &Value) -> Result<()> {
    let defined = &in_force.definition.key;
    let wanted = key.to_json(&defined.kind);
    let found = record.entry(defined.name.to_string()).or_insert_with(|| wanted.clone());
    if *found == wanted || defined.kind.read(found).as_ref() == Ok(key) {
        return Ok(());
    }
    let detail =
        format!("key {found} differs from {wanted}, the key in the request; a key cannot be changed");
    Err(Error::Invalid(vec![Fault::new(Place::field(defined.name.as_str()), "key", detail)]))
}

/// Applies RFC 7396 to the fields of a row: here null sets a field to null, because a row has all its fields.
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

/// Applies RFC 7396 below the fields, where null removes a member.
pub(crate) fn merge(target: &mut Json, patch: &Json) {
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
