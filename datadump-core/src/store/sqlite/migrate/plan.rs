//! The steps of a migration on rows and table, derived from the difference of two versions.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::{Connection, Row as Read, types::ValueRef};

use super::{
    super::{
        columns::{self, DIALECT},
        error::map,
    },
    slices::Patch,
    table::TableColumns,
};
use crate::{
    error::Result,
    schema::{Definition, Difference, Field, InForce, Index, Kind, Task, Value, evolve},
    store::{
        Column, Storage,
        migrate::FieldCheck,
        sql::{self, Name},
    },
};

#[derive(Debug)]
pub(in crate::store::sqlite) struct Plan {
    pub(super) old: Arc<InForce>,
    pub(super) new: Arc<Definition>,
    pub(super) difference: Difference,
    /// Fields whose values are stored differently, so that they move to another column.
    pub(super) moved: Vec<MovedField>,
}

/// A field whose values move to another column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MovedField {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A row whose values were checked.
pub(super) struct CheckedRow {
    pub(super) key: Value,
    /// Size of the values in bytes.
    pub(super) size: usize,
    /// The values of its moved fields, unless the new columns have them already.
    pub(super) patch: Option<Patch>,
}

impl Plan {
    pub(in crate::store::sqlite) fn new(
        old: Arc<InForce>,
        new: Arc<Definition>,
        difference: Difference,
    ) -> Self {
        let mut moved = Vec::new();
        for change in &difference.changes {
            if let Task::ConvertColumn { from, to } = change.task
                && let Some((before, after)) = old.definition.fields.get(from).zip(new.fields.get(to))
                && !is_stored_alike(&before.kind, &after.kind)
            {
                moved.push(MovedField { from, to });
            }
        }
        Self { old, new, difference, moved }
    }

    /// Returns the plan of a storage's pending migration; `None` for its first version.
    pub(super) fn of(storage: &Storage) -> Option<Self> {
        let old = storage.in_force.clone()?;
        let new = storage.migration.definition.clone();
        let difference = evolve::difference(&old.definition, &new, &storage.dropped);
        Some(Self::new(old, new, difference))
    }

    pub(in crate::store::sqlite) fn checks(&self) -> Vec<FieldCheck<'_>> {
        FieldCheck::all(&self.old.definition, &self.new, &self.difference)
    }

    /// Returns whether the values of this new field move to another column.
    pub(in crate::store::sqlite) fn moves(&self, to: usize) -> bool {
        self.moved.iter().any(|moved| moved.to == to)
    }

    fn old_column(&self, place: usize) -> Name {
        sql::column(DIALECT, &self.old.definition, Column::Field(place))
    }

    fn new_column(&self, place: usize) -> Name {
        sql::column(DIALECT, &self.new, Column::Field(place))
    }

    fn new_field(&self, place: usize) -> Option<&Field> {
        self.new.fields.get(place)
    }

    /// Returns the column that is filled with the values of a moved field.
    fn temporary(&self, moved: MovedField) -> Option<Name> {
        self.new_field(moved.to).map(|field| Name::temporary(&field.name))
    }

    /// Returns the query for the key, the checked columns and the columns that are filled, with these clauses.
    pub(super) fn select(&self, clauses: &str) -> String {
        let old = &self.old.definition;
        let key = [sql::column(DIALECT, old, Column::Key)];
        let checked = self.difference.scans().into_iter().map(|(from, _)| self.old_column(from));
        let filled = self.moved.iter().filter_map(|moved| self.temporary(*moved));
        let names: Vec<String> =
            key.into_iter().chain(checked).chain(filled).map(|name| name.quoted()).collect();
        format!("SELECT {} FROM {} {clauses}", names.join(", "), sql::table(&old.name).quoted())
    }

    /// Returns the statement that fills the new columns of the row with a key.
    pub(super) fn update(&self) -> String {
        let old = &self.old.definition;
        let names = self.moved.iter().filter_map(|moved| self.temporary(*moved));
        let sets: Vec<String> = names.map(|name| format!("{} = ?", name.quoted())).collect();
        let key = sql::column(DIALECT, old, Column::Key).quoted();
        format!("UPDATE {} SET {} WHERE {key} = ?", sql::table(&old.name).quoted(), sets.join(", "))
    }

    /// Checks a row of [`select`](Self::select).
    pub(super) fn check(
        &self,
        checks: &mut [FieldCheck<'_>],
        row: &Read<'_>,
    ) -> rusqlite::Result<CheckedRow> {
        let key = columns::read(&self.old.definition.key.kind, row, 0)?;
        let (mut size, mut is_filled, mut values) = (0, true, Vec::with_capacity(self.moved.len()));
        let filled_from = 1 + checks.len();
        for (place, check) in checks.iter_mut().enumerate() {
            let value = columns::read(&check.before().kind, row, place + 1)?;
            size += stored_size(row, place + 1);
            let converted = check.check(&key, &value);
            let moved = self.moved.iter().position(|moved| (moved.from, moved.to) == (check.from, check.to));
            if let Some(moved) = moved {
                let kind = self.new_field(check.to).map(|field| &field.kind);
                let filled = kind.map(|kind| columns::read(kind, row, filled_from + moved)).transpose()?;
                is_filled &= filled.is_some() && filled == converted;
                // The order of the checks is that of the changes, and so is that of the moved fields.
                values.push(converted.unwrap_or(Value::Null));
            }
        }
        let patch = (!is_filled).then(|| Patch { key: key.clone(), values });
        Ok(CheckedRow { key, size, patch })
    }

    /// Adds the columns that are filled, unless an earlier attempt did so.
    pub(super) fn prepare(&self, connection: &Connection) -> Result<()> {
        let old = &self.old.definition;
        let mut table = TableColumns::read(connection, old)?;
        let before = table.clone();
        for moved in &self.moved {
            let (Some(name), Some(field)) = (self.temporary(*moved), self.new_field(moved.to)) else {
                continue;
            };
            if table.place(&name).is_err() {
                table.add(name, &sql::column_type(DIALECT, &field.kind), None);
            }
        }
        if table == before { Ok(()) } else { table.store(connection, old) }
    }

    /// Gives the table the columns of the new version, and drops and builds indexes.
    pub(super) fn swap(&self, connection: &Connection) -> Result<()> {
        for index in self.dropped_indexes() {
            connection.execute_batch(&self.drop_index(&index)).map_err(map)?;
        }
        let mut table = TableColumns::read(connection, &self.old.definition)?;
        let before = table.clone();
        self.reshape(&mut table)?;
        if table != before {
            table.store(connection, &self.old.definition)?;
        }
        Ok(())
    }

    fn reshape(&self, table: &mut TableColumns) -> Result<()> {
        // Found before any is renamed: a new name may be that of a dropped field.
        let (mut abandoned, mut renamed) = (Vec::new(), BTreeMap::new());
        for change in &self.difference.changes {
            match change.task {
                Task::DropColumn { from } => abandoned.push(table.place(&self.old_column(from))?),
                Task::RenameColumn { from, to } => {
                    renamed.insert(table.place(&self.old_column(from))?, self.new_column(to));
                }
                _ => {}
            }
        }
        for moved in &self.moved {
            let Some(temporary) = self.temporary(*moved) else { continue };
            let source = table.place(&self.old_column(moved.from))?;
            abandoned.push(source);
            renamed.remove(&source);
            renamed.insert(table.place(&temporary)?, self.new_column(moved.to));
        }
        abandoned.into_iter().for_each(|place| table.abandon(place));
        renamed.into_iter().for_each(|(place, name)| table.rename(place, name));
        for change in &self.difference.changes {
            if let Task::AddColumn { to } = change.task
                && let Some(field) = self.new_field(to)
            {
                let column_type = sql::column_type(DIALECT, &field.kind);
                table.add(self.new_column(to), &column_type, sql::backfill(DIALECT, field));
            }
        }
        Ok(())
    }

    fn drop_index(&self, index: &Index) -> String {
        format!("DROP INDEX IF EXISTS {}", sql::index_name(self.old.storage, index).quoted())
    }

    /// Returns the indexes of the old version that are dropped: those the new one does not have, and those on
    /// moved columns.
    fn dropped_indexes(&self) -> Vec<Index> {
        let new = self.new.all_indexes();
        let old = self.old.definition.all_indexes().into_iter();
        old.filter(|index| !new.contains(index) || self.is_moved(index)).collect()
    }

    /// Returns the indexes of the new version that are built: those the old one does not have, and those on
    /// moved columns.
    pub(in crate::store::sqlite) fn built_indexes(&self) -> Vec<Index> {
        let old = self.old.definition.all_indexes();
        let new = self.new.all_indexes().into_iter();
        new.filter(|index| !old.contains(index) || self.is_moved(index)).collect()
    }

    fn is_moved(&self, index: &Index) -> bool {
        let moved = self.moved.iter().filter_map(|moved| self.new_field(moved.to));
        moved.into_iter().any(|field| index.fields.contains(&field.name))
    }

    /// Returns the changes as statements, in readable form. `ALTER TABLE` stands for what `table` does.
    pub(in crate::store::sqlite) fn statements(&self) -> Vec<String> {
        let table = sql::table(&self.old.definition.name).quoted();
        let alter = |change: String| format!("ALTER TABLE {table} {change}");
        let mut statements = Vec::new();
        for moved in &self.moved {
            let (Some(name), Some(field)) = (self.temporary(*moved), self.new_field(moved.to)) else {
                continue;
            };
            let (name, from) = (name.quoted(), self.old_column(moved.from).quoted());
            let column_type = sql::column_type(DIALECT, &field.kind);
            statements.push(alter(format!("ADD COLUMN {name} {column_type}")));
            statements.push(format!(
                "UPDATE {table} SET {name} = {from} -- converted, in slices between other writes"
            ));
        }
        statements.extend(self.dropped_indexes().iter().map(|index| self.drop_index(index)));
        let drop = |name: Name| alter(format!("DROP COLUMN {} -- in slices afterwards", name.quoted()));
        let rename =
            |from: Name, to: Name| alter(format!("RENAME COLUMN {} TO {}", from.quoted(), to.quoted()));
        for moved in &self.moved {
            statements.push(drop(self.old_column(moved.from)));
            statements
                .extend(self.temporary(*moved).map(|temporary| rename(temporary, self.new_column(moved.to))));
        }
        for change in &self.difference.changes {
            match change.task {
                Task::DropColumn { from } => statements.push(drop(self.old_column(from))),
                Task::RenameColumn { from, to } if !self.moved.iter().any(|moved| moved.from == from) => {
                    statements.push(rename(self.old_column(from), self.new_column(to)));
                }
                Task::AddColumn { to } => {
                    let add = self.new_field(to).map(|field| sql::add_column(DIALECT, &table, field));
                    statements.extend(add);
                }
                _ => {}
            }
        }
        let builds = self.built_indexes();
        let create = |index| sql::create_index(DIALECT, self.old.storage, &self.new, index);
        statements.extend(builds.iter().map(create));
        statements
    }
}

/// Returns the size of a value in bytes.
fn stored_size(row: &Read<'_>, place: usize) -> usize {
    match row.get_ref(place) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => bytes.len(),
        _ => size_of::<i64>(),
    }
}

/// Returns whether a value of both types is stored in the same way, so that a conversion changes no row.
fn is_stored_alike(before: &Kind, after: &Kind) -> bool {
    let is_text = |kind: &Kind| matches!(kind, Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. });
    let is_whole = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Long);
    (is_text(before) && is_text(after)) || (is_whole(before) && is_whole(after))
}
