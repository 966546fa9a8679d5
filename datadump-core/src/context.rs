//! The dependencies of every service: the store, the clock, the id generator, and the background tasks.

mod filtered_writes;

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::filtered_writes::FilteredWrites;
use crate::{
    background::Background,
    clock::{Clock, Timestamp},
    error::{Error, Result},
    id::Ids,
    notices::Notices,
    schema::{InForce, StoredRow, Value},
    store::{
        Expect, Outcome, ReadMemory, Store, Write, WriteBatch,
        query::{Towards, cursor, parse},
        system_storages::SystemStorage,
    },
    system_rows,
};

/// Page size for reading a whole system storage.
const PAGE_ROWS: usize = 1_000;

/// Shared by all services of one open database.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Ids,
    pub(crate) background: Background,
    /// Memory for the rows of pages that callers ask for.
    pub(crate) read_memory: ReadMemory,
    /// Limits of changes of all rows that match a filter.
    pub(crate) filtered_writes: Arc<FilteredWrites>,
    pub(crate) notices: Notices,
}

impl Context {
    /// Returns the current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the definition of a system storage.
    pub(crate) fn system(&self, storage: SystemStorage) -> Result<Arc<InForce>> {
        self.store.catalogue().system(storage)
    }

    /// Returns the write that puts a row into a system storage.
    pub(crate) fn put<T: Serialize>(&self, storage: SystemStorage, row: &T, expect: Expect) -> Result<Write> {
        Ok(Write::put(system_rows::encode(&self.system(storage)?, row)?, expect))
    }

    /// Commits one write and returns its outcome.
    pub(crate) async fn write_one(&self, write: Write) -> Result<Outcome> {
        let outcomes = self.store.write(WriteBatch::independent(vec![write])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("a write without an outcome"))
    }

    /// Returns all rows of a system storage that pass the filters, decoded, each with its version. Use it
    /// only for storages that stay small or are needed as a whole.
    pub(crate) async fn rows<T: DeserializeOwned>(
        &self,
        storage: SystemStorage,
        filters: &[(&str, String)],
    ) -> Result<Vec<(T, i32)>> {
        let in_force = self.system(storage)?;
        let rows = self.stored_rows(storage, filters).await?;
        rows.iter().map(|row| Ok((system_rows::decode(&in_force.definition, row)?, row.version))).collect()
    }

    /// Returns the same rows in stored form.
    pub(crate) async fn stored_rows(
        &self,
        storage: SystemStorage,
        filters: &[(&str, String)],
    ) -> Result<Vec<StoredRow>> {
        let filters: Vec<_> =
            filters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let (page, next) = self.page(storage, &filters, &cursor, PAGE_ROWS).await?;
            rows.extend(page);
            match next {
                Some(next) => cursor = next,
                None => return Ok(rows),
            }
        }
    }

    /// Returns a page of a system storage, oldest row first, and the cursor of the next page.
    pub(crate) async fn page(
        &self,
        storage: SystemStorage,
        filters: &[(String, String)],
        from: &str,
        limit: usize,
    ) -> Result<(Vec<StoredRow>, Option<String>)> {
        let in_force = self.system(storage)?;
        let mut parameters = filters.to_vec();
        parameters.extend([
            ("cursor".to_owned(), from.to_owned()),
            ("limit".to_owned(), limit.to_string()),
            ("ordering".to_owned(), in_force.definition.key.name.to_string()),
        ]);
        let query = parse::parameters(&in_force.definition, &parameters)?;
        let page = self.store.page(&in_force, &query).await?;
        let next = page.rows.last().filter(|_| page.more).map(|row| {
            let position: Vec<Value> = query.order.iter().map(|order| order.column.value(row)).collect();
            cursor::write(&in_force.definition, &query, &position, Towards::Next)
        });
        Ok((page.rows, next))
    }
}
