//! Exports: all rows that pass a filter, page by page. Each page is read in a transaction of its own, and continues
//! after the last row of the page before.

mod scan;
mod walk;

use std::{mem::discriminant, time::Duration};

use serde_json::Value as Json;

pub(super) use self::scan::Scan;
use super::{MAX_QUERY_ATTEMPTS, RETRY_DELAY, RowPage, Rows};
use crate::{
    error::{Error, Result},
    schema::Kind,
    store::{Column, Page, query::parse},
};

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
    /// The columns, under the names that they had at the beginning.
    columns: Vec<(String, Kind)>,
    scan: Scan,
    /// Number of rows until the limit.
    left: u64,
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
            left: query.limit.unwrap_or(u64::MAX),
            has_begun: false,
            scan: Scan::new(self, &in_force, query, places, self.context.read_memory.of_large()),
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
    /// As [`step`](Self::step).
    pub async fn next(&mut self) -> Result<Option<RowPage>> {
        loop {
            match self.step().await? {
                Some(page) if page.is_empty() => {}
                page => return Ok(page),
            }
        }
    }

    /// Returns the next rows, or none after a few thousand rows that do not pass; `None` after the last. It takes a
    /// short time.
    ///
    /// # Errors
    ///
    /// [`Moved`](Error::Moved) if a new version of the storage has changed a column, and
    /// [`Overloaded`](Error::Overloaded) if there is no memory for the page for a minute. After an error, the same page
    /// can be tried again.
    pub async fn step(&mut self) -> Result<Option<RowPage>> {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(page) = self.read().await? else { return Ok(None) };
        self.left -= page.rows.len() as u64;
        self.has_begun = true;
        let (in_force, columns) = (self.scan.in_force().clone(), self.scan.columns().to_vec());
        Ok(Some(RowPage::with_columns(in_force, columns, page.rows, page.memory)))
    }

    async fn read(&mut self) -> Result<Option<Page>> {
        let (mut moved, mut overloaded) = (0, 0);
        loop {
            match self.scan.next(self.left).await {
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

    /// Continues with the version that has come into force, if it has the same columns.
    fn follow_version(&mut self) -> Result<()> {
        let (in_force, before) = (self.rows.in_force()?, self.scan.in_force());
        if in_force.storage == before.storage && in_force.version == before.version {
            return Ok(());
        }
        let moved = || Error::Moved(before.definition.name.to_string());
        if in_force.storage != before.storage {
            return Err(moved());
        }
        let definition = &in_force.definition;
        let place = |(name, kind): &(String, Kind)| {
            Column::named(definition, name).filter(|of| is_alike(kind, &of.kind(definition)))
        };
        let places: Option<Vec<Column>> = self.columns.iter().map(place).collect();
        let query = parse::export(definition, &self.parameters).map_err(|_| moved())?;
        let places = places.ok_or_else(moved)?;
        self.scan.set_version(in_force, query, places);
        Ok(())
    }
}

/// Returns whether values of both types have the same form: limits of length make no difference.
fn is_alike(one: &Kind, other: &Kind) -> bool {
    discriminant(one) == discriminant(other) && (!matches!(one, Kind::Decimal { .. }) || one == other)
}
