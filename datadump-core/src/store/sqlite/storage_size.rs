//! Measures storages without reading all of their rows: from samples of rows, and of the pages of indexes.

use rusqlite::{Connection, OptionalExtension as _};

use super::{columns::DIALECT, error::map, extent, read};
use crate::{
    clock::Timestamp,
    error::Result,
    schema::{InForce, StorageId},
    store::{
        Column, RowCount, StorageSize,
        sql::{self, Name},
        storage_size::MAX_COUNTED,
    },
};

/// Maximum number of pages of an index that are examined.
const MAX_PAGES: usize = 200;

/// Measures a storage.
pub(super) fn storage_size(connection: &mut Connection, in_force: &InForce) -> Result<StorageSize> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let table = sql::table(&definition.name);
    let updated_at = sql::column(DIALECT, definition, Column::UpdatedAt).quoted();
    let last_write: Option<i64> = transaction
        .query_row(
            &format!("SELECT {updated_at} FROM {} ORDER BY {updated_at} DESC LIMIT 1", table.quoted()),
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(map)?;
    let counted: u64 = transaction
        .query_row(
            &format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {})", table.quoted(), MAX_COUNTED + 1),
            [],
            |row| row.get(0),
        )
        .map_err(map)?;
    let (newest, mut index_bytes, mut entries) = (Name::newest_index(in_force.storage), 0, counted);
    for index in indexes(&transaction, table.as_str())? {
        let tree = Tree::sample(&transaction, &index)?;
        index_bytes += tree.bytes();
        if index == newest.as_str() {
            entries = tree.entries().max(counted);
        }
    }
    let (rows, count) = match counted {
        0..=MAX_COUNTED => (RowCount::Exactly(counted), counted),
        _ => (RowCount::About(entries), entries),
    };
    let in_table = extent::sample(&transaction, definition)?.in_table(definition, count);
    let bytes = index_bytes.saturating_add(in_table);
    Ok(StorageSize { rows, bytes, last_write: last_write.and_then(Timestamp::from_micros) })
}

/// Returns about how many rows a storage has, from its index of the newest rows; `None` if it has none.
pub(super) fn estimated_rows(connection: &Connection, storage: StorageId) -> Result<Option<u64>> {
    let tree = Tree::sample(connection, Name::newest_index(storage).as_str())?;
    Ok((!tree.levels.is_empty()).then(|| tree.entries()))
}

fn indexes(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let text = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL";
    let mut select = connection.prepare_cached(text).map_err(map)?;
    let names = select.query_map([table], |row| row.get(0)).map_err(map)?;
    names.collect::<Result<_, _>>().map_err(map)
}

/// A sample of the pages of an index, from its beginning.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tree {
    /// The pages of each level, from the root.
    levels: Vec<Level>,
    /// True if these are all pages.
    is_whole: bool,
}

/// The pages of one level that were examined.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Level {
    pages: u64,
    cells: u64,
    bytes: u64,
}

impl Tree {
    fn sample(connection: &Connection, index: &str) -> Result<Self> {
        // Rows come in the order of the tree, and pages are read as they come. An entry of an index is never so long
        // that its overflow pages matter.
        let text =
            "SELECT path, ncell, pgsize FROM dbstat WHERE name = ?1 AND pagetype <> 'overflow' LIMIT ?2";
        let mut select = connection.prepare_cached(text).map_err(map)?;
        let mut pages = select.query(rusqlite::params![index, MAX_PAGES]).map_err(map)?;
        let (mut tree, mut count) = (Self::default(), 0);
        while let Some(page) = pages.next().map_err(map)? {
            let path: String = page.get(0).map_err(map)?;
            // The root is at `/`, its second child at `/001/`.
            let depth = path.matches('/').count().saturating_sub(1);
            tree.add(depth, page.get(1).map_err(map)?, page.get(2).map_err(map)?);
            count += 1;
        }
        tree.is_whole = count < MAX_PAGES;
        Ok(tree)
    }

    fn add(&mut self, depth: usize, cells: u64, bytes: u64) {
        if self.levels.len() <= depth {
            self.levels.resize(depth + 1, Level::default());
        }
        if let Some(level) = self.levels.get_mut(depth) {
            level.pages += 1;
            level.cells += cells;
            level.bytes += bytes;
        }
    }

    /// Returns about how many entries the index has.
    fn entries(&self) -> u64 {
        self.sum(|level| level.cells)
    }

    /// Returns about how many bytes the index takes.
    fn bytes(&self) -> u64 {
        self.sum(|level| level.bytes)
    }

    /// Adds up the levels, each with its number of pages times what a page has on average. A page has one child more
    /// than it has cells.
    fn sum(&self, of: impl Fn(&Level) -> u64) -> u64 {
        if self.is_whole {
            return self.levels.iter().map(of).sum();
        }
        let (mut sum, mut pages) = (0_u64, 1_u64);
        for level in &self.levels {
            sum = sum.saturating_add(scaled(of(level), pages, level.pages));
            pages = scaled(level.cells + level.pages, pages, level.pages);
        }
        sum
    }
}

fn scaled(value: u64, to: u64, from: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(to) / u128::from(from.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_of_an_index_are_estimated_from_its_first_pages() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t (b)")
            .unwrap();
        for (count, tolerance) in [(0, 0), (10, 0), (10_000, 0), (40_000, 20), (300_000, 20)] {
            let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                        INSERT OR IGNORE INTO t SELECT i, printf('%020d', i) FROM n WHERE i <= ?1";
            connection.execute(fill, [count]).unwrap();
            let whole = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = 'i'";
            let bytes: u64 = connection.query_row(whole, [], |row| row.get(0)).unwrap();
            let tree = Tree::sample(&connection, "i").unwrap();
            for (found, expected) in [(tree.entries(), count), (tree.bytes(), bytes)] {
                let difference = found.abs_diff(expected);
                assert!(difference * 100 <= expected * tolerance, "{found} instead of {expected}: {tree:?}");
            }
        }
    }
}
