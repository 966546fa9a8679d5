//! The rows of one storage. `write` changes them; this file reads them.

mod aggregate;
pub(crate) mod bulk;
mod encode;
mod export;
mod filtered;
pub(crate) mod keyed;
pub(crate) mod many;
mod on_conflict;
mod pages;
mod row_page;
mod series;
mod values;
mod write;

use std::{sync::Arc, time::Duration};

use serde_json::Value as Json;

pub use self::aggregate::Aggregates;
pub use self::bulk::{BulkOptions, MAX_BULK_ROWS};
pub use self::encode::{Formulas, RowChunks, TextFormat};
pub use self::export::Export;
pub use self::many::WriteResults;
pub use self::on_conflict::OnConflict;
pub use self::row_page::{ByteChunks, RowPage};
pub use self::series::{Series, SeriesQuery, SeriesSet};
pub use self::values::ValueCounts;
pub(crate) use self::write::with_condition;
use crate::{
    context::Context,
    error::{Error, Result},
    schema::{InForce, StoredRow, Value},
    store::{
        Column, Filter, Group, Query, ReadLease, RowCount, StorageSize, Test,
        query::{Direction, parse},
        system_storages::SystemStorage,
    },
};

/// Size up to which a row is read by its key without reserving memory.
const MAX_SHORT_ROW: usize = 64 << 10;

/// Maximum attempts to run a query while new versions of the storage come into force, and the pause between
/// them.
pub(crate) const MAX_QUERY_ATTEMPTS: usize = 100;
pub(crate) const RETRY_DELAY: Duration = Duration::from_millis(2);

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

    /// Returns the rows that a request selects: `{where?, fields?, ordering?, limit?, cursor?, count?}`. The parameter
    /// `cursor` of the next and the previous page is the cursor to send for it.
    pub async fn find_page(&self, request: &Json) -> Result<Listing<RowPage>> {
        let parameters = parse::parameters_of(request)?;
        self.page(&parameters).await.map_err(parse::in_body)
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
                let memory = &self.context.read_memory;
                let groups = self.context.store.groups(&in_force, &query, memory).await?;
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

    /// Measures the storage, without reading all of it.
    pub async fn storage_size(&self) -> Result<StorageSize> {
        let size =
            self.query(|in_force| async move { self.context.store.storage_size(&in_force).await }).await;
        size.map(|(_, size)| size)
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
    /// The same as for [`page`](Self::page), if the row is large.
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

    pub(crate) fn in_force(&self) -> Result<Arc<InForce>> {
        match self.system {
            Some(storage) => self.context.system(storage),
            None => self.context.store.catalogue().find(&self.name)?.ready().cloned(),
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
}
