//! The plan of a migration: what to do to the table, derived from the difference of two versions.

use std::sync::Arc;

use crate::{
    schema::{Definition, Difference, Field, InForce, Index, Kind, StorageId, Task},
    store::sql::{self, Dialect, Name},
};

#[derive(Debug)]
pub(in crate::store::postgres) struct Plan {
    pub(super) old: Arc<InForce>,
    pub(super) new: Arc<Definition>,
    pub(super) difference: Difference,
    pub(super) table: String,
    /// Fields whose values move to a new column.
    pub(super) moved: Vec<MovedField>,
    pub(super) builds: Vec<IndexBuild>,
}

/// A field whose values move to a new column, which finally replaces the old one.
#[derive(Debug)]
pub(super) struct MovedField {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) how: FillMethod,
}

/// Method of filling the new column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FillMethod {
    /// By the database.
    Grow,
    /// By this process, value by value.
    Convert,
}

#[derive(Debug)]
pub(super) struct IndexBuild {
    pub(super) index: Index,
    /// Its name while it is built.
    pub(super) name: String,
    pub(super) final_name: String,
    /// Its columns, by their names while it is built.
    pub(super) columns: Vec<String>,
}

impl Plan {
    pub(in crate::store::postgres) fn new(
        old: Arc<InForce>,
        new: Arc<Definition>,
        difference: Difference,
    ) -> Self {
        let mut moved: Vec<MovedField> = Vec::new();
        for change in &difference.changes {
            match change.task {
                Task::GrowColumn { from, to } if grows_by_copy(&old.definition, &new, from, to) => {
                    moved.push(MovedField { from, to, how: FillMethod::Grow });
                }
                Task::ConvertColumn { from, to } => {
                    moved.push(MovedField { from, to, how: FillMethod::Convert });
                }
                Task::CheckRows { from, to }
                    if narrows_indexed_text(&old.definition, &new, from, to)
                        && !moved.iter().any(|moved| moved.from == from) =>
                {
                    moved.push(MovedField { from, to, how: FillMethod::Convert });
                }
                _ => {}
            }
        }
        let table = sql::table(&old.definition.name).quoted();
        let mut plan = Self { old, new, difference, table, moved, builds: Vec::new() };
        plan.builds = plan.new.all_indexes().into_iter().filter_map(|index| plan.build(index)).collect();
        plan
    }

    pub(super) fn id(&self) -> StorageId {
        self.old.storage
    }

    pub(super) fn old_field(&self, place: usize) -> Option<&Field> {
        self.old.definition.fields.get(place)
    }

    pub(super) fn new_field(&self, place: usize) -> Option<&Field> {
        self.new.fields.get(place)
    }

    pub(super) fn key(&self) -> String {
        Name::field(Dialect::Postgres, &self.old.definition.key.name).quoted()
    }

    /// Returns the new column of a moved field, by its temporary name.
    pub(super) fn temporary(&self, moved: &MovedField) -> Option<String> {
        self.new_field(moved.to).map(|field| Name::temporary(&field.name).quoted())
    }

    /// Returns the old column of a moved field.
    pub(super) fn source(&self, moved: &MovedField) -> Option<String> {
        self.old_field(moved.from).map(|field| Name::field(Dialect::Postgres, &field.name).quoted())
    }

    pub(super) fn added(&self) -> impl Iterator<Item = &Field> {
        self.difference.changes.iter().filter_map(|change| match change.task {
            Task::AddColumn { to } => self.new_field(to),
            _ => None,
        })
    }

    /// Returns whether a new field's column must exist before the final transaction, because an index is
    /// built on it.
    pub(super) fn added_early(&self, field: &Field) -> bool {
        self.builds.iter().any(|build| build.index.fields.contains(&field.name))
    }

    /// Returns whether values are converted by this process.
    pub(super) fn converts(&self) -> bool {
        self.moved.iter().any(|moved| moved.how == FillMethod::Convert)
    }

    /// Returns the name of the trigger, and of its function, that copies writes to growing columns and marks rows as
    /// not converted.
    pub(super) fn keeper(&self) -> String {
        Name::keeper(self.id()).quoted()
    }

    /// Returns the assignments of all growing columns.
    pub(super) fn copies(&self, prefix: &str) -> Vec<String> {
        let growing = self.moved.iter().filter(|moved| moved.how == FillMethod::Grow);
        growing
            .filter_map(|moved| Some((self.temporary(moved)?, self.source(moved)?)))
            .map(|(new, old)| match prefix {
                "" => format!("{new} = t.{old}"),
                prefix => format!("{prefix}{new} := {prefix}{old}"),
            })
            .collect()
    }

    /// Returns the columns whose type only needs a larger limit: final name and new type. These statements
    /// run after [`Plan::swap`].
    pub(super) fn wider(&self) -> impl Iterator<Item = (&Field, String)> {
        self.difference.changes.iter().filter_map(|change| match change.task {
            Task::GrowColumn { from, to } if !self.moved.iter().any(|moved| moved.from == from) => {
                self.new_field(to).map(|field| (field, sql::column_type(Dialect::Postgres, &field.kind)))
            }
            _ => None,
        })
    }

    /// Plans an index of the new version; `None` if it exists already.
    fn build(&self, index: Index) -> Option<IndexBuild> {
        let (mut columns, mut moves) = (Vec::new(), false);
        for name in &index.fields {
            let (to, field) = self.new.field(name.as_str())?;
            if let Some(moved) = self.moved.iter().find(|moved| moved.to == to) {
                moves = true;
                columns.push(sql::indexed(Dialect::Postgres, &field.kind, self.temporary(moved)?));
                continue;
            }
            let before = self.origin(field);
            if let Some(before) = before {
                let [was_prefix, is_prefix] =
                    [before, field].map(|field| sql::has_prefix_index(Dialect::Postgres, &field.kind));
                moves |= was_prefix != is_prefix;
            }
            let column = Name::field(Dialect::Postgres, before.map_or(name, |before| &before.name)).quoted();
            columns.push(sql::indexed(Dialect::Postgres, &field.kind, column));
        }
        let final_name = sql::index_name(self.id(), &index);
        let exists = self.old.definition.all_indexes().contains(&index);
        if exists && !moves {
            return None;
        }
        // The old index keeps the name until it is dropped.
        let name = if exists { final_name.grown().quoted() } else { final_name.quoted() };
        Some(IndexBuild { index, name, final_name: final_name.quoted(), columns })
    }

    /// Returns the old field whose values a new one continues.
    fn origin(&self, field: &Field) -> Option<&Field> {
        let old = &self.old.definition;
        if let Some((_, before)) = old.field(field.name.as_str()) {
            return Some(before);
        }
        let before = field.renamed_from.as_ref().filter(|name| self.new.field(name.as_str()).is_none())?;
        old.field(before.as_str()).map(|(_, before)| before)
    }
}

/// Returns whether a growing column must be copied, because its new type is stored differently.
fn grows_by_copy(old: &Definition, new: &Definition, from: usize, to: usize) -> bool {
    let kinds = old.fields.get(from).zip(new.fields.get(to)).map(|(from, to)| (&from.kind, &to.kind));
    matches!(kinds, Some((Kind::Integer, Kind::Long)))
}

/// Returns whether a text becomes an indexed string. The index holds whole values, also those of old versions of
/// rows, which may be too long for it; so the values move to a column that never held others.
fn narrows_indexed_text(old: &Definition, new: &Definition, from: usize, to: usize) -> bool {
    let Some((before, after)) = old.fields.get(from).zip(new.fields.get(to)) else { return false };
    matches!((&before.kind, &after.kind), (Kind::Text { .. }, Kind::String { .. }))
        && new.all_indexes().iter().any(|index| index.fields.contains(&after.name))
}
