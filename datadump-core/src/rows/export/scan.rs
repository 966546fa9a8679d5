//! Reads all rows that pass a filter, page by page, each page in a transaction of its own.

use std::sync::Arc;

use super::walk::{Step, Walk, WindowRows};
use crate::{
    error::Result,
    rows::Rows,
    schema::{Definition, InForce, StoredRow, Value},
    store::{
        Column, Count, Filter, Page, Paging, Query, ReadMemory,
        query::{Direction, Towards, parse::ExportQuery},
    },
};

/// Size in bytes that pages are meant to have. It counts as small even if its memory is reserved twice
/// ([`ReadMemory`](crate::store::ReadMemory)).
const PAGE_BYTES: usize = 448 << 10;

/// Number of rows on the first page, before their size is known, and on any page.
const FIRST_PAGE_ROWS: u64 = 256;
const MAX_PAGE_ROWS: u64 = 4096;

/// Number of rows that a page with a filter goes through at most, so that its transaction is short however few rows
/// pass.
const WINDOW_ROWS: u64 = 20_000;

/// A position among the rows that a query selects.
#[derive(Debug)]
pub(in crate::rows) struct Scan {
    reader: Reader,
    walk: Option<Walk>,
    page_rows: u64,
}

/// The query, and where its rows are.
#[derive(Debug)]
struct Reader {
    rows: Rows,
    in_force: Arc<InForce>,
    query: ExportQuery,
    /// The columns to read.
    columns: Vec<Column>,
    memory: ReadMemory,
}

impl Scan {
    /// Begins before the first row. Pages take their memory from `memory`.
    pub(in crate::rows) fn new(
        rows: &Rows,
        in_force: &Arc<InForce>,
        query: ExportQuery,
        columns: Vec<Column>,
        memory: ReadMemory,
    ) -> Self {
        let reader = Reader { rows: rows.clone(), in_force: in_force.clone(), query, columns, memory };
        Self { reader, walk: None, page_rows: FIRST_PAGE_ROWS }
    }

    /// Continues with the same query for another version of the storage.
    pub(super) fn set_version(&mut self, in_force: Arc<InForce>, query: ExportQuery, columns: Vec<Column>) {
        if let Some(walk) = &mut self.walk {
            walk.set_query(&in_force.definition, &query);
        }
        let reader = &mut self.reader;
        (reader.in_force, reader.query, reader.columns) = (in_force, query, columns);
    }

    /// Returns the version of the storage that is read.
    pub(super) fn in_force(&self) -> &Arc<InForce> {
        &self.reader.in_force
    }

    /// Returns the columns that are read.
    pub(super) fn columns(&self) -> &[Column] {
        &self.reader.columns
    }

    /// Returns the next page with up to this many rows; `None` after the last row. A page without rows is not the last
    /// one: it has gone through rows that do not pass. After an error, the same page can be tried again.
    pub(in crate::rows) async fn next(&mut self, limit: u64) -> Result<Option<Page>> {
        let reader = &self.reader;
        let walk = match &mut self.walk {
            Some(walk) => walk,
            None => self.walk.insert(reader.walk().await?),
        };
        if walk.is_done() {
            return Ok(None);
        }
        let page = reader.read(walk, self.page_rows.min(limit)).await?;
        walk.advance(&page.rows, page.more);
        if !page.rows.is_empty() {
            self.page_rows = rows_per_page(&reader.in_force.definition, &page.rows);
        }
        Ok(Some(page))
    }
}

impl Reader {
    /// Returns the position before the first row.
    async fn walk(&self) -> Result<Walk> {
        let (last_key, last_value) = (self.last(Column::Key).await?, self.last_value().await?);
        Ok(Walk::new(&self.in_force.definition, &self.query, last_key, last_value))
    }

    /// Reads a page, and before it how far the page may go, unless that is known.
    async fn read(&self, walk: &mut Walk, limit: u64) -> Result<Page> {
        if let Some(WindowRows { filter, column }) = walk.window_rows() {
            let order = [(column, self.query.order.1)];
            let end = self.row_at(filter, &order, WINDOW_ROWS - 1).await?;
            walk.set_window(end.map(|row| column.value(&row)));
        }
        let Step { filter, order, from } = walk.step();
        let from = from.map(|key| vec![key]);
        let query = Query {
            filter,
            order,
            paging: Paging::Keyset { limit, from, towards: Towards::Next },
            count: Count::None,
            fields: Some(self.columns.clone()),
            identity: String::new(),
        };
        self.rows.context.store.page_within(&self.in_force, &query, &self.memory).await
    }

    /// Returns the last value in the order of a column other than the key, if new rows come after it.
    async fn last_value(&self) -> Result<Option<Value>> {
        match self.query.order {
            (Column::Key, _) | (_, Direction::Descending) => Ok(None),
            (column, Direction::Ascending) => self.last(column).await,
        }
    }

    /// Returns the last value of a column in the direction of the query.
    async fn last(&self, column: Column) -> Result<Option<Value>> {
        let backwards = match self.query.order.1 {
            Direction::Ascending => Direction::Descending,
            Direction::Descending => Direction::Ascending,
        };
        let row = self.row_at(None, &[(column, backwards)], 0).await?;
        Ok(row.map(|row| column.value(&row)))
    }

    /// Returns the key of the row at this place, and the values it is ordered by.
    async fn row_at(
        &self,
        filter: Option<Filter>,
        order: &[(Column, Direction)],
        offset: u64,
    ) -> Result<Option<StoredRow>> {
        let query = Query {
            paging: Paging::Offset { limit: 1, offset },
            fields: Some(vec![Column::Key]),
            ..Query::first(filter, order, 1)
        };
        let page = self.rows.context.store.page_within(&self.in_force, &query, &self.memory).await?;
        Ok(page.rows.into_iter().next())
    }
}

/// Returns how many rows like these a page is to have.
fn rows_per_page(definition: &Definition, rows: &[StoredRow]) -> u64 {
    let fixed = size_of::<StoredRow>() + (definition.fields.len() + 1) * size_of::<Value>();
    let bytes: usize = rows.iter().map(|row| row.size() + fixed).sum();
    let one = bytes.div_ceil(rows.len().max(1)).max(1);
    ((PAGE_BYTES / one) as u64).clamp(1, MAX_PAGE_ROWS)
}
