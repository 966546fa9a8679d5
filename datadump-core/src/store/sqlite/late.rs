//! Late indexes. One over what comes in any order, like the readings of many devices, costs a page of the log
//! for nearly every row when each is put into it with its commit. So a row that is given its number is marked, and
//! the index is a partial one of rows without a mark. When many have one the writer takes the marks away, in one
//! transaction, and SQLite puts those rows into the index. It sees to everything else that may happen to a row, too.
//!
//! Rows that come together and belong together share a page as it is; they are not marked.
//!
//! A question is put to both: to the index, and to the rows with a mark, which all lie behind a number that is
//! kept in a table, so that both are seen as of the same moment.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use sea_query::{Expr, ExprTrait, SelectStatement, UnionType};

use super::{DIALECT, error::map};
use crate::{
    error::Result,
    schema::{Definition, InForce, IndexKind, StorageId},
    store::{Column, Filter, Query, sql},
};

/// How many rows come into an index at once, or fewer, where their numbers do not follow one another: the more, the more of them share a page of it; and the longer is the
/// writer at it (1.3 to 2 µs a row), and a question at those that are not in it. Fewer in a lull, when it costs nobody
/// anything and the next who comes waits less.
const ROWS: u32 = 8192;
const ROWS_IN_A_LULL: u32 = 1024;

/// What makes the table of how far they are.
pub(super) const CREATE: &str =
    "CREATE TABLE datadump_late (storage_id INTEGER PRIMARY KEY, upto INTEGER NOT NULL) STRICT";

/// The column of the mark. No field can have such a name.
macro_rules! mark {
    () => {
        "\"__late\""
    };
}
pub(super) const MARK: &str = mark!();

/// The rows that are in a late index.
pub(super) const INDEXED: &str = concat!(" WHERE ", mark!(), " IS NULL");

/// The column of the mark in the table of a storage that has one.
pub(super) const COLUMN: &str = concat!(mark!(), " INTEGER");

/// The same in an insertion, the mark of a row without a key, and that of one that may have a key, which is the
/// first parameter.
pub(super) const NAMED: &str = concat!(", ", mark!());
pub(super) const MARKED: &str = ", 1";
pub(super) const MARKED_WITHOUT_KEY: &str = ", nullif(?1 IS NULL, 0)";

/// Whether a storage has a late index.
pub(super) fn has(definition: &Definition) -> bool {
    firsts(definition).next().is_some()
}

/// The fields that late indexes begin with, by their places.
pub(super) fn first_fields(definition: &Definition) -> Vec<usize> {
    firsts(definition).filter_map(|field| definition.field(field)).map(|(place, _)| place).collect()
}

/// What late indexes begin with.
fn firsts(definition: &Definition) -> impl Iterator<Item = &str> {
    let late = definition.meta.indexes.iter().filter(|index| index.kind == IndexKind::Late);
    late.filter_map(|index| Some(index.fields.first()?.as_str()))
}

/// What says of a table that no row before this moment has a mark.
pub(super) fn begin(id: StorageId, definition: &Definition) -> String {
    let table = sql::table(&definition.name).quoted();
    let key = sql::column(definition, Column::Key).quoted();
    let id = id.get();
    format!(
        "INSERT OR REPLACE INTO datadump_late (storage_id, upto) SELECT {id}, coalesce(max({key}), 0) FROM {table}"
    )
}

/// What forgets how far a table was.
pub(super) fn end(id: StorageId) -> String {
    format!("DELETE FROM datadump_late WHERE storage_id = {}", id.get())
}

/// How many rows have come since marks were last taken away, by storages, as far as the writer knows.
#[derive(Debug, Default)]
pub(super) struct Behind {
    rows: HashMap<StorageId, u64>,
    /// When it is tried again, after it could not be done.
    again: Option<Instant>,
}

/// How long nothing is done after that.
const PAUSE: Duration = Duration::from_secs(1);

impl Behind {
    /// There are so many more. How many there were when the process began nobody counted: it is looked at once.
    pub(super) fn more(&mut self, storage: StorageId, rows: u64) {
        let behind = self.rows.entry(storage).or_insert(u64::MAX);
        *behind = behind.saturating_add(rows);
    }

    /// A storage that has so many that they are put into its indexes.
    pub(super) fn due(&self, is_lull: bool) -> Option<StorageId> {
        let least = if is_lull { ROWS_IN_A_LULL } else { ROWS };
        let is_resting = self.again.is_some_and(|again| Instant::now() < again);
        let mut due = self.rows.iter().filter(|(_, rows)| !is_resting && **rows >= least.into());
        due.next().map(|(storage, _)| *storage)
    }

    /// Some were: so many are left at the most.
    pub(super) fn done(&mut self, storage: StorageId, left: u64) {
        self.rows.insert(storage, left);
    }

    /// It could not be done.
    pub(super) fn failed(&mut self) {
        self.again = Some(Instant::now() + PAUSE);
    }
}

/// Puts the oldest rows with a mark into the indexes; how many are left at the most.
pub(super) fn catch_up(connection: &Connection, in_force: &InForce) -> Result<u64> {
    let definition = &in_force.definition;
    let (table, key) = (sql::table(&definition.name).quoted(), sql::column(definition, Column::Key).quoted());
    let id = in_force.storage.get();
    let upto = "SELECT upto FROM datadump_late WHERE storage_id = ?1";
    let upto: i64 =
        connection.prepare_cached(upto).map_err(map)?.query_row([id], |row| row.get(0)).map_err(map)?;
    // The first is mostly the next row, and the last of all is the last page's.
    let ends = format!(
        "SELECT (SELECT {key} FROM {table} WHERE {key} > ?1 AND {MARK} IS NOT NULL ORDER BY {key} LIMIT 1), \
         (SELECT max({key}) FROM {table})"
    );
    let mut ends = connection.prepare_cached(&ends).map_err(map)?;
    let ends = ends.query_row([upto], |row| Ok((row.get(0)?, row.get(1)?)));
    let (first, last): (Option<i64>, Option<i64>) = ends.map_err(map)?;
    let Some(last) = last.filter(|last| *last > upto) else { return Ok(0) };
    let next = first.map_or(last, |first| Ord::min(first.saturating_add(i64::from(ROWS) - 1), last));
    let unmark =
        format!("UPDATE {table} SET {MARK} = NULL WHERE {key} > ?1 AND {key} <= ?2 AND {MARK} IS NOT NULL");
    connection.prepare_cached(&unmark).map_err(map)?.execute([upto, next]).map_err(map)?;
    let keep = "UPDATE datadump_late SET upto = ?2 WHERE storage_id = ?1";
    connection.prepare_cached(keep).map_err(map)?.execute(params![id, next]).map_err(map)?;
    Ok(last.abs_diff(next))
}

/// A page, as [`sql::page`].
pub(super) fn page(in_force: &InForce, query: &Query) -> SelectStatement {
    let rows = both(in_force, query, sql::rows(DIALECT, &in_force.definition, query));
    sql::page_of(rows, DIALECT, &in_force.definition, query)
}

/// How many rows match, as [`sql::count`].
pub(super) fn count(in_force: &InForce, query: &Query, cap: Option<u64>) -> SelectStatement {
    sql::count_of(both(in_force, query, sql::matching(DIALECT, &in_force.definition, query)), cap)
}

/// The rows that a question is about: those in a late index and those beside it, where one may serve it.
fn both(in_force: &InForce, query: &Query, rows: SelectStatement) -> SelectStatement {
    let definition = &in_force.definition;
    if !is_served(definition, query) {
        return rows;
    }
    let mark = || Expr::cust(MARK);
    let id = in_force.storage.get();
    let upto = Expr::cust(format!("coalesce((SELECT upto FROM datadump_late WHERE storage_id = {id}), 0)"));
    let (mut indexed, mut marked) = (rows.clone(), rows);
    marked
        .cond_where(mark().is_not_null())
        .cond_where(Expr::col(sql::column(definition, Column::Key)).gt(upto));
    indexed.cond_where(mark().is_null()).union(UnionType::All, marked);
    indexed
}

/// Whether a late index may help with it: it begins with what is asked about, or with what orders the answer.
fn is_served(definition: &Definition, query: &Query) -> bool {
    firsts(definition).filter_map(|first| Column::named(definition, first)).any(|first| {
        let is_ordered = query.order.first().is_some_and(|order| order.column == first);
        is_ordered || query.filter.as_ref().is_some_and(|filter| is_about(filter, first))
    })
}

/// Whether only rows pass for which something holds of this column.
fn is_about(filter: &Filter, column: Column) -> bool {
    match filter {
        Filter::All(filters) => filters.iter().any(|filter| is_about(filter, column)),
        Filter::Column(of, _) => *of == column,
        Filter::Any(_) | Filter::Not(_) | Filter::Path(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{schema::parse, store::sqlite::columns};

    fn opened() -> (Connection, InForce) {
        let definition = parse::definition(&json!({
            "name": "reading",
            "key": {"name": "id", "type": "long", "generated": true},
            "fields": [{"name": "device", "type": "long"}],
            "meta": {"indexes": [{"fields": ["device"], "kind": "late"}]},
        }));
        let in_force = InForce::new(StorageId(1), 1, definition.unwrap());
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(CREATE).unwrap();
        for statement in columns::create_table(in_force.storage, &in_force.definition) {
            connection.execute_batch(&statement).unwrap();
        }
        (connection, in_force)
    }

    fn table(in_force: &InForce) -> String {
        sql::table(&in_force.definition.name).quoted()
    }

    /// Inserts rows with these keys, or marked ones with the next.
    fn insert(connection: &Connection, in_force: &InForce, keys: impl IntoIterator<Item = Option<i64>>) {
        let (table, columns) = (table(in_force), "id, device, version, created_at, updated_at");
        let insert =
            format!("INSERT INTO {table} ({columns}{NAMED}) VALUES (?1, 3, 1, 0, 0{MARKED_WITHOUT_KEY})");
        let mut insert = connection.prepare(&insert).unwrap();
        keys.into_iter().for_each(|key| assert_eq!(insert.execute([key]), Ok(1)));
    }

    /// How far it is, and how many rows have a mark.
    fn state(connection: &Connection, in_force: &InForce) -> (i64, i64) {
        let state =
            format!("SELECT (SELECT upto FROM datadump_late), count({MARK}) FROM {}", table(in_force));
        connection.query_row(&state, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    #[test]
    fn rows_come_in_by_as_many_as_go_in_at_once_whatever_keys_others_have() {
        let (connection, in_force) = opened();
        let step = || (catch_up(&connection, &in_force).unwrap(), state(&connection, &in_force));
        assert_eq!(step(), (0, (0, 0)));
        let rows = i64::from(ROWS);
        insert(&connection, &in_force, (1..=100).map(|n| Some(n * 1_000_000)));
        insert(&connection, &in_force, (0..rows + 5).map(|_| None));
        let last = 100_000_000 + rows + 5;
        assert_eq!(step(), (5, (last - 5, 5)), "those with a key of their own have no mark");
        assert_eq!(step(), (0, (last, 0)));
        insert(&connection, &in_force, [Some(1 << 40), Some(-5), None, None]);
        assert_eq!(step(), (0, ((1 << 40) + 2, 0)));
        insert(&connection, &in_force, [None, Some(1 << 41)]);
        assert_eq!(step().1.1, 0, "the rest is nothing but a hole");
        assert_eq!(step(), (0, (1 << 41, 0)));
        assert_eq!(step(), (0, (1 << 41, 0)));
    }
}
