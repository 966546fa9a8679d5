//! The columns of a table, and how they change without a row being rewritten.
//!
//! `ALTER TABLE` rewrites every row to drop a column, and reads every row to add one to a STRICT table, while
//! writers wait. But rows are stored by position, and a row that is too short reads as the column's default.
//! So columns can be renamed, can lose their default, and can be added at the end by replacing the text of the
//! table in `sqlite_schema`, which is how SQLite's documentation of `ALTER TABLE` makes changes that do not
//! affect the content. The columns of dropped fields stay, under a name that no field can have: as leftovers
//! until their values are removed, then as spare columns for the next field.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::super::error::map;
use crate::{
    error::{Error, Result},
    schema::Definition,
    store::sql::{self, Name},
};

/// The type of columns that no field uses. It accepts values of all types.
const ANY: &str = "ANY";

/// The columns of a table, in the order in which they are stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableColumns {
    columns: Vec<TableColumn>,
}

#[derive(Debug, Clone, PartialEq)]
struct TableColumn {
    name: Name,
    column_type: String,
    is_key: bool,
    is_not_null: bool,
    /// An SQL literal.
    default: Option<String>,
}

impl TableColumns {
    pub(super) fn read(connection: &Connection, definition: &Definition) -> Result<Self> {
        let text = "SELECT name, type, pk, \"notnull\", dflt_value FROM pragma_table_info(?) ORDER BY cid";
        let mut select = connection.prepare_cached(text).map_err(map)?;
        let columns = select.query_map([sql::table(&definition.name).as_str()], |row| {
            Ok(TableColumn {
                name: Name::existing(row.get(0)?),
                column_type: row.get(1)?,
                is_key: row.get(2)?,
                is_not_null: row.get(3)?,
                default: row.get(4)?,
            })
        });
        Ok(Self { columns: columns.map_err(map)?.collect::<Result<_, _>>().map_err(map)? })
    }

    /// Returns the position of a column.
    pub(super) fn place(&self, name: &Name) -> Result<usize> {
        let place = self.columns.iter().position(|column| column.name == *name);
        place.ok_or_else(|| Error::internal(format!("the table has no column {}", name.quoted())))
    }

    /// Adds a column for a new field. If it has no default, it may be a spare one.
    pub(super) fn add(&mut self, name: Name, column_type: &str, default: Option<String>) {
        let spare = self.columns.iter_mut().find(|column| default.is_none() && column.name.is_spare());
        let column_type = column_type.to_owned();
        match spare {
            Some(spare) => (spare.name, spare.column_type) = (name, column_type),
            None => self.columns.push(TableColumn {
                name,
                column_type,
                is_key: false,
                is_not_null: false,
                default,
            }),
        }
    }

    pub(super) fn rename(&mut self, place: usize, name: Name) {
        if let Some(column) = self.columns.get_mut(place) {
            column.name = name;
        }
    }

    /// Makes a column a leftover. Rows written from now on do not get its default.
    pub(super) fn abandon(&mut self, place: usize) {
        let name = self.unused(Name::leftover);
        if let Some(column) = self.columns.get_mut(place) {
            (column.name, column.column_type, column.default) = (name, ANY.into(), None);
        }
    }

    /// Makes all columns leftovers that a migration was filling; returns whether there were any.
    pub(super) fn abandon_temporary(&mut self) -> bool {
        let places = 0..self.columns.len();
        let temporary: Vec<usize> =
            places.filter(|place| self.columns.get(*place).is_some_and(|c| c.name.is_temporary())).collect();
        temporary.iter().for_each(|place| self.abandon(*place));
        !temporary.is_empty()
    }

    /// Returns the columns that still have values, but no field.
    pub(super) fn leftovers(&self) -> Vec<Name> {
        let names = self.columns.iter().map(|column| &column.name);
        names.filter(|name| name.is_leftover()).cloned().collect()
    }

    /// Makes these leftovers spare columns, once they have no values.
    pub(super) fn release(&mut self, leftovers: &[Name]) {
        for place in 0..self.columns.len() {
            if self.columns.get(place).is_some_and(|column| leftovers.contains(&column.name)) {
                let name = self.unused(Name::spare);
                self.rename(place, name);
            }
        }
    }

    /// Refuses names that are used twice, which SQLite would report as damage: someone else may have added a
    /// column with the name of a new field.
    fn check_names(&self) -> Result<()> {
        let mut seen = HashSet::new();
        match self.columns.iter().find(|column| !seen.insert(column.name.as_str().to_lowercase())) {
            Some(twice) => {
                let detail = format!(
                    "the table already has a column {} that Data-Dump did not create; rename or drop it, then \
                     try again",
                    twice.name.quoted()
                );
                Err(Error::internal(detail))
            }
            None => Ok(()),
        }
    }

    /// Refuses to take away a column that an index of someone else uses: SQLite would find the index damaged.
    fn check_indexes(&self, connection: &Connection, definition: &Definition) -> Result<()> {
        let text = "SELECT list.name, info.name FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info \
                    WHERE info.name IS NOT NULL";
        let mut select = connection.prepare_cached(text).map_err(map)?;
        let indexed = select.query_map([sql::table(&definition.name).as_str()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        });
        for pair in indexed.map_err(map)? {
            let (index, column) = pair.map_err(map)?;
            if !self.columns.iter().any(|known| known.name.as_str() == column) {
                let detail =
                    format!("the index `{index}` uses the column `{column}`; drop the index, then try again");
                return Err(Error::internal(detail));
            }
        }
        Ok(())
    }

    fn unused(&self, numbered: impl Fn(usize) -> Name) -> Name {
        let is_used = |name: &Name| self.columns.iter().any(|column| column.name == *name);
        // There are fewer columns than numbers.
        (1..=self.columns.len()).map(&numbered).find(|name| !is_used(name)).unwrap_or_else(|| numbered(0))
    }

    /// Gives the table these columns, within a transaction.
    pub(super) fn store(&self, connection: &Connection, definition: &Definition) -> Result<()> {
        self.check_names()?;
        self.check_indexes(connection, definition)?;
        let columns: Vec<String> = self.columns.iter().map(|column| column.declaration(definition)).collect();
        let text = sql::sqlite_table(definition, &columns);
        connection.pragma_update(None, "writable_schema", true).map_err(map)?;
        let replaced = replace(connection, sql::table(&definition.name).as_str(), &text);
        connection.pragma_update(None, "writable_schema", false).map_err(map)?;
        replaced?;
        // Also proves that SQLite can read the new text.
        if Self::read(connection, definition)? != *self {
            return Err(Error::internal(format!("the table of `{}` did not change", definition.name)));
        }
        Ok(())
    }
}

impl TableColumn {
    fn declaration(&self, definition: &Definition) -> String {
        if self.is_key {
            return sql::sqlite_key(definition);
        }
        let not_null = if self.is_not_null { " NOT NULL" } else { "" };
        let default = self.default.as_ref().map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
        format!("{} {}{not_null}{default}", self.name.quoted(), self.column_type)
    }
}

/// Replaces the text of a table, and makes all connections read it again.
fn replace(connection: &Connection, table: &str, text: &str) -> Result<()> {
    let update = "UPDATE sqlite_schema SET sql = ?1 WHERE type = 'table' AND name = ?2";
    if connection.execute(update, params![text, table]).map_err(map)? != 1 {
        return Err(Error::internal(format!("the database has no table `{table}`")));
    }
    let version: i64 =
        connection.pragma_query_value(None, "schema_version", |row| row.get(0)).map_err(map)?;
    connection.pragma_update(None, "schema_version", version + 1).map_err(map)
}
