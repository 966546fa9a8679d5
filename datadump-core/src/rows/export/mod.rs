//! Exports: all rows that pass a filter, page by page. Each page is read in a transaction of its own, and continues
//! after the last row of the page before.

mod walk;

use std::{mem::discriminant, sync::Arc, time::Duration};

use serde_json::Value as Json;

use self::walk::{Step, Walk};
use super::{MAX_QUERY_ATTEMPTS, RETRY_DELAY, RowPage, Rows};
use crate::{
    error::{Error, Result},
    schema::{Definition, InForce, Kind, StoredRow, Value},
    store::{
        Column, Count, Filter, Page, Paging, Query,
        query::{
            Direction, Towards,
            parse::{self, ExportQuery},
        },
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

/// Maximum attempts to read a page while there is no memory or no connection for it, each of which waits for some
/// seconds, and the pause between them. Only the first page fails at once.
const MAX_OVERLOADED: usize = 12;
const OVERLOADED_DELAY: Duration = Duration::from_millis(100);

/// All rows of a storage that pass a filter, in pages.
///
/// Every row that exists from the first page to the last is there once. In any order but that of the keys this holds
/// for rows whose field of the ordering does not change meanwhile. Rows that are inserted or deleted meanwhile may or
/// may not be there.
///
/// ```
/// # use datadump_core::{Consent, Dump, Expect};
/// # use serde_json::json;
/// # #[tokio::main]
/// # async fn main() -> datadump_core::Result<()> {
/// # let dump = Dump::builder().database("sqlite::memory:").open().await?;
/// # let dog = json!({"name": "dog", "key": {"name": "id", "type": "integer"},
/// #                  "fields": [{"name": "color", "type": "string", "max_length": 9, "db_index": true}]});
/// # dump.declare(&dog, Consent::default()).await?;
/// # dump.definitions().settled("dog").await?;
/// let dogs = dump.storage("dog")?;
/// dogs.save(&json!({"id": 1, "color": "red"}), Expect::Anything).await?;
/// let mut export = dogs.export(&[("color".to_owned(), "red".to_owned())])?;
/// while let Some(page) = export.next().await? {
///     assert_eq!(page.to_json()[0]["id"], 1);
/// }
/// # dump.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Export {
    rows: Rows,
    parameters: Vec<(String, String)>,
    in_force: Arc<InForce>,
    query: ExportQuery,
    /// The columns, under the names that they had at the beginning.
    columns: Vec<(String, Kind)>,
    /// The same columns in the version in force.
    places: Vec<Column>,
    walk: Option<Walk>,
    /// Number of rows until the limit.
    left: u64,
    page_rows: u64,
    has_begun: bool,
}

impl Rows {
    /// Begins an export. The parameters are filters, `where`, `fields`, `limit` and `ordering`: by the key (default),
    /// by the time of the last update, or by a field with an index.
    pub fn export(&self, parameters: &[(String, String)]) -> Result<Export> {
        let in_force = self.in_force()?;
        let query = parse::export(&in_force.definition, parameters)?;
        let definition = &in_force.definition;
        let places = RowPage::columns_of(definition, query.fields.as_deref());
        let columns = places.iter().map(|of| (of.name(definition).to_owned(), of.kind(definition)));
        Ok(Export {
            rows: self.clone(),
            parameters: parameters.to_vec(),
            columns: columns.collect(),
            places,
            walk: None,
            left: query.limit.unwrap_or(u64::MAX),
            page_rows: FIRST_PAGE_ROWS,
            has_begun: false,
            in_force,
            query,
        })
    }

    /// Begins an export with the parameters as JSON: `{where?, fields?, ordering?, limit?}`.
    pub fn find_export(&self, request: &Json) -> Result<Export> {
        self.export(&parse::export_parameters_of(request)?).map_err(parse::in_body)
    }
}

impl Export {
    /// Returns the names and types of the columns. They stay the same even if a new version of the storage comes into
    /// force.
    pub fn columns(&self) -> &[(String, Kind)] {
        &self.columns
    }

    /// Returns the next rows; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`Moved`](Error::Moved) if a new version of the storage has changed a column, and
    /// [`Overloaded`](Error::Overloaded) if there is no memory for the page for a minute. After an error, the same page
    /// can be tried again.
    pub async fn next(&mut self) -> Result<Option<RowPage>> {
        loop {
            if self.left == 0 || self.walk.as_ref().is_some_and(Walk::is_done) {
                return Ok(None);
            }
            let page = self.read().await?;
            if let Some(walk) = &mut self.walk {
                walk.advance(&page.rows, page.more);
            }
            self.left -= page.rows.len() as u64;
            self.has_begun = true;
            if !page.rows.is_empty() {
                self.page_rows = rows_per_page(&self.in_force.definition, &page.rows);
                let (in_force, columns) = (self.in_force.clone(), self.places.clone());
                return Ok(Some(RowPage::with_columns(in_force, columns, page.rows, page.memory)));
            }
        }
    }

    async fn read(&mut self) -> Result<Page> {
        let (mut moved, mut overloaded) = (0, 0);
        loop {
            match self.try_read().await {
                // The catalogue is updated shortly after the commit.
                Err(Error::Moved(_)) if moved < MAX_QUERY_ATTEMPTS => {
                    moved += 1;
                    tokio::time::sleep(RETRY_DELAY).await;
                    self.follow_version()?;
                }
                Err(Error::Overloaded) if self.has_begun && overloaded < MAX_OVERLOADED => {
                    overloaded += 1;
                    tokio::time::sleep(OVERLOADED_DELAY).await;
                }
                read => return read,
            }
        }
    }

    /// Reads a page, and before it where the export ends and how far the page may go, unless that is known.
    async fn try_read(&mut self) -> Result<Page> {
        if self.walk.is_none() {
            let (last_key, last_value) = (self.last(Column::Key).await?, self.last_value().await?);
            let definition = &self.in_force.definition;
            self.walk = Some(Walk::new(definition, &self.query, last_key, last_value));
        }
        let Some(walk) = &mut self.walk else { return Err(Error::internal("an export without a position")) };
        if let Some(filter) = walk.window_filter() {
            let order = [(Column::Key, self.query.order.1)];
            let end = row_at(&self.rows, &self.in_force, filter, &order, WINDOW_ROWS - 1).await?;
            walk.set_window(end.map(|row| row.key));
        }
        let Step { filter, order, from } = walk.step();
        let limit = self.page_rows.min(self.left);
        let query = Query {
            filter,
            order,
            paging: Paging::Keyset { limit, from: from.map(|key| vec![key]), towards: Towards::Next },
            count: Count::None,
            fields: Some(self.places.clone()),
            identity: String::new(),
        };
        self.rows.context.store.page_within(&self.in_force, &query, &self.rows.context.read_memory).await
    }

    /// Returns the last value in the order of a column other than the key, if new rows come after it.
    async fn last_value(&self) -> Result<Option<Value>> {
        match self.query.order {
            (Column::Key, _) | (_, Direction::Descending) => Ok(None),
            (column, Direction::Ascending) => self.last(column).await,
        }
    }

    /// Returns the last value of a column in the direction of the export.
    async fn last(&self, column: Column) -> Result<Option<Value>> {
        let backwards = match self.query.order.1 {
            Direction::Ascending => Direction::Descending,
            Direction::Descending => Direction::Ascending,
        };
        let order: Vec<_> = match column {
            Column::Key => vec![(Column::Key, backwards)],
            column => vec![(column, backwards), (Column::Key, backwards)],
        };
        let row = row_at(&self.rows, &self.in_force, None, &order, 0).await?;
        Ok(row.map(|row| column.value(&row)))
    }

    /// Continues with the version that has come into force, if it has the same columns.
    fn follow_version(&mut self) -> Result<()> {
        let in_force = self.rows.in_force()?;
        if in_force.storage == self.in_force.storage && in_force.version == self.in_force.version {
            return Ok(());
        }
        let moved = || Error::Moved(self.in_force.definition.name.to_string());
        if in_force.storage != self.in_force.storage {
            return Err(moved());
        }
        let definition = &in_force.definition;
        let place = |(name, kind): &(String, Kind)| {
            Column::named(definition, name).filter(|of| is_alike(kind, &of.kind(definition)))
        };
        let places: Option<Vec<Column>> = self.columns.iter().map(place).collect();
        let query = parse::export(definition, &self.parameters).map_err(|_| moved())?;
        self.places = places.ok_or_else(moved)?;
        if let Some(walk) = &mut self.walk {
            walk.set_query(definition, &query);
        }
        (self.query, self.in_force) = (query, in_force);
        Ok(())
    }
}

/// Returns the key of the row at this place, and the values it is ordered by.
async fn row_at(
    rows: &Rows,
    in_force: &Arc<InForce>,
    filter: Option<Filter>,
    order: &[(Column, Direction)],
    offset: u64,
) -> Result<Option<StoredRow>> {
    let query = Query {
        paging: Paging::Offset { limit: 1, offset },
        fields: Some(vec![Column::Key]),
        ..Query::first(filter, order, 1)
    };
    let page = rows.context.store.page_within(in_force, &query, &rows.context.read_memory).await?;
    Ok(page.rows.into_iter().next())
}

/// Returns whether values of both types have the same form: limits of length make no difference.
fn is_alike(one: &Kind, other: &Kind) -> bool {
    discriminant(one) == discriminant(other) && (!matches!(one, Kind::Decimal { .. }) || one == other)
}

/// Returns how many rows like these a page is to have.
fn rows_per_page(definition: &Definition, rows: &[StoredRow]) -> u64 {
    let fixed = size_of::<StoredRow>() + (definition.fields.len() + 1) * size_of::<Value>();
    let bytes: usize = rows.iter().map(|row| row.size() + fixed).sum();
    let one = bytes.div_ceil(rows.len().max(1)).max(1);
    ((PAGE_BYTES / one) as u64).clamp(1, MAX_PAGE_ROWS)
}
