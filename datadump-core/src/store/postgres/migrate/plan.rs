//! PlannedAction a migration has to do to the table, step by step, from the difference of two versions.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    schema::{Definition, Difference, Field, InForce, Index, Kind, StorageId, Task},
    store::{
        postgres::{
            columns::column_type,
            statements::{self, GROWN},
        },
        sql::{self, Name},
    },
};

/// The plan of one migration.
#[derive(Debug)]
pub(in crate::store::postgres) struct Plan {
    pub(super) old: Arc<InForce>,
    pub(super) new: Arc<Definition>,
    pub(super) difference: Difference,
    pub(super) table: String,
    /// Fields whose values go into a new column.
    pub(super) moved: Vec<Moved>,
    /// Indexes that have to be built.
    pub(super) builds: Vec<Build>,
}

/// A field whose values go into a new column, which takes the old one's place at the end.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) how: How,
}

/// How the new column is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By the database, while writes go on.
    Grow,
    /// By us, value by value, while nobody writes.
    Convert,
}

/// An index that has to be built.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) index: Index,
    /// Its name while it is built.
    pub(super) name: String,
    /// Its name in the end.
    pub(super) final_name: String,
    /// Its columns, as they are called while it is built.
    pub(super) columns: Vec<String>,
    pub(super) when: When,
}

/// When an index is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// While writes go on.
    Early,
    /// In the last transaction: one of its columns is filled only there.
    Last,
}

impl Plan {
    pub(in crate::store::postgres) fn new(
        old: Arc<InForce>,
        new: Arc<Definition>,
        difference: Difference,
    ) -> Self {
        let mut moved: Vec<Moved> = Vec::new();
        for change in &difference.changes {
            match change.task {
                Task::GrowColumn { from, to } if grows_by_copy(&old.definition, &new, from, to) => {
                    moved.push(Moved { from, to, how: How::Grow });
                }
                Task::ConvertColumn { from, to } => moved.push(Moved { from, to, how: How::Convert }),
                _ => {}
            }
        }
        let table = statements::table(&old.definition.name);
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

    /// The key's column.
    pub(super) fn key(&self) -> String {
        Name::field(&self.old.definition.key.name).quoted()
    }

    /// The new column of a moved field, while it is filled.
    pub(super) fn temporary(&self, moved: &Moved) -> Option<String> {
        self.new_field(moved.to).map(|field| Name::temporary(&field.name).quoted())
    }

    /// The old column of a moved field.
    pub(super) fn source(&self, moved: &Moved) -> Option<String> {
        self.old_field(moved.from).map(|field| Name::field(&field.name).quoted())
    }

    /// Fields that did not exist before.
    pub(super) fn added(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.difference.changes.iter().filter_map(|change| match change.task {
            Task::AddColumn { to } => self.new_field(to).map(|field| (to, field)),
            _ => None,
        })
    }

    /// Whether the column of a new field has to be there before the last transaction: an index is
    /// built on it.
    pub(super) fn added_early(&self, field: &Field) -> bool {
        self.builds.iter().any(|build| build.index.fields.contains(&field.name))
    }

    /// The trigger, and its function, that keep growing columns in step with writes.
    pub(super) fn keeper(&self) -> String {
        statements::quoted(&format!("dd_keep_{}", self.id().get()))
    }

    /// `new = old` of every growing column.
    pub(super) fn copies(&self, prefix: &str) -> Vec<String> {
        let growing = self.moved.iter().filter(|moved| moved.how == How::Grow);
        growing
            .filter_map(|moved| Some((self.temporary(moved)?, self.source(moved)?)))
            .map(|(new, old)| match prefix {
                "" => format!("{new} = t.{old}"),
                prefix => format!("{prefix}{new} := {prefix}{old}"),
            })
            .collect()
    }

    /// Columns whose type only has to say that more fits: name in the end, and the new type. They
    /// come after [`Plan::swap`].
    pub(super) fn wider(&self) -> impl Iterator<Item = (&Field, String)> {
        self.difference.changes.iter().filter_map(|change| match change.task {
            Task::GrowColumn { from, to } if !self.moved.iter().any(|moved| moved.from == from) => {
                self.new_field(to).map(|field| (field, column_type(&field.kind)))
            }
            _ => None,
        })
    }

    /// Names of fields that are gone, with the kind each had.
    pub(super) fn dropped(&self, before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        self.difference.dropped(&self.old.definition, before)
    }

    /// How an index of the new version comes to be; none when it is there already.
    fn build(&self, index: Index) -> Option<Build> {
        let (mut columns, mut when, mut moves) = (Vec::new(), When::Early, false);
        for name in &index.fields {
            let (to, field) = self.new.field(name.as_str())?;
            if let Some(moved) = self.moved.iter().find(|moved| moved.to == to) {
                moves = true;
                if moved.how == How::Convert {
                    when = When::Last;
                }
                columns.push(self.temporary(moved)?);
                continue;
            }
            let before = self.origin(field).map_or(name, |before| &before.name);
            columns.push(Name::field(before).quoted());
        }
        let final_name = sql::index_name(self.id(), &index);
        let exists = self.old.definition.all_indexes().contains(&index);
        if exists && !moves {
            return None;
        }
        // The old one has the name until it goes.
        let name = if exists {
            statements::quoted(&format!("{}{GROWN}", final_name.as_str()))
        } else {
            final_name.quoted()
        };
        Some(Build { index, name, final_name: final_name.quoted(), columns, when })
    }

    /// The old field whose values a new one goes on with.
    fn origin(&self, field: &Field) -> Option<&Field> {
        let old = &self.old.definition;
        if let Some((_, before)) = old.field(field.name.as_str()) {
            return Some(before);
        }
        let before = field.renamed_from.as_ref().filter(|name| self.new.field(name.as_str()).is_none())?;
        old.field(before.as_str()).map(|(_, before)| before)
    }
}

/// Whether a column that grows has to be copied: the values of its new type are stored otherwise.
fn grows_by_copy(old: &Definition, new: &Definition, from: usize, to: usize) -> bool {
    let kinds = old.fields.get(from).zip(new.fields.get(to)).map(|(from, to)| (&from.kind, &to.kind));
    matches!(kinds, Some((Kind::Integer, Kind::Long)))
}
