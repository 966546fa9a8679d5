//! Compares versions of a definition: what differs, and how disruptive each change is.

mod compare;

use std::{collections::BTreeMap, sync::Arc};

use super::{Definition, Field, Index, Kind, Value};
use crate::error::{Fault, Place};
pub use compare::difference;

/// Degree of disruption by a change, in ascending order. Only additive changes are applied without consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Existing clients keep working.
    Additive,
    /// All rows fit, but clients that expect the narrower type may fail.
    Widening,
    /// Existing rows may violate it, so they are scanned.
    DataDependent,
    /// Clients of the old version fail.
    Breaking,
    /// Loses data.
    Destructive,
    /// Never allowed.
    Forbidden,
}

/// A difference between two versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Degree of disruption.
    pub class: Class,
    /// Its place in the new definition.
    pub at: Place,
    /// Name of the field, key or index.
    pub name: String,
    /// Description for people.
    pub detail: String,
    /// The work it requires.
    pub task: Task,
}

/// The work that a change requires in the database. `from` is the index of a field in the old definition,
/// `to` in the new one.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// None: only the definition changes.
    Nothing,
    /// Add a column, filled with the backfill value of the field.
    AddColumn {
        /// Index of the new field.
        to: usize,
    },
    /// Drop the column.
    DropColumn {
        /// Index of the old field.
        from: usize,
    },
    /// Rename the column.
    RenameColumn {
        /// Index of the old field.
        from: usize,
        /// Index of the new field.
        to: usize,
    },
    /// Change the column to a type that holds all existing values: a longer string, string to text, more
    /// digits, integer to long.
    GrowColumn {
        /// Index of the old field.
        from: usize,
        /// Index of the new field.
        to: usize,
    },
    /// Convert every value to a different type with [`convert`]; a value that cannot be converted is a
    /// violation.
    ConvertColumn {
        /// Index of the old field.
        from: usize,
        /// Index of the new field.
        to: usize,
    },
    /// Check every value with [`Field::check`](super::Field::check) of the new field.
    CheckRows {
        /// Index of the old field.
        from: usize,
        /// Index of the new field.
        to: usize,
    },
    /// Add an index.
    AddIndex(Index),
    /// Drop an index.
    DropIndex(Index),
}

/// All differences between two versions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// The changes.
    pub changes: Vec<Change>,
    /// The new definition, or `None` if nothing was compared.
    pub target: Option<Arc<Definition>>,
}

impl Class {
    const ALL: [Self; 6] = [
        Self::Additive,
        Self::Widening,
        Self::DataDependent,
        Self::Breaking,
        Self::Destructive,
        Self::Forbidden,
    ];

    /// Returns the name used in requests and responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Widening => "widening",
            Self::DataDependent => "data-dependent",
            Self::Breaking => "breaking",
            Self::Destructive => "destructive",
            Self::Forbidden => "forbidden",
        }
    }

    /// Returns the class with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl Change {
    /// Returns the fault that explains why the change needs consent.
    pub fn refusal(&self) -> Fault {
        let what = match self.class {
            Class::Forbidden => String::new(),
            class => {
                let name = class.name();
                format!(
                    " (this is a {name} change: request a plan from plan/, then send allow={name} and its plan_hash as plan)"
                )
            }
        };
        Fault::new(self.at.clone(), self.class.name(), format!("{}{what}", self.detail))
    }
}

impl Difference {
    /// Returns whether there are no changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the most disruptive class among the changes.
    pub fn class(&self) -> Option<Class> {
        self.changes.iter().map(|change| change.class).max()
    }

    /// Returns the case-folded names of removed fields after these changes, each with its type.
    pub fn dropped(&self, old: &Definition, before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut dropped = before.clone();
        for change in &self.changes {
            match change.task {
                Task::DropColumn { from } | Task::RenameColumn { from, .. } => {
                    if let Some(field) = old.fields.get(from) {
                        dropped.insert(field.name.folded(), field.kind.name().to_owned());
                    }
                }
                Task::AddColumn { to } => {
                    if let Some(field) = self.target.as_ref().and_then(|new| new.fields.get(to)) {
                        dropped.remove(&field.name.folded());
                    }
                }
                _ => {}
            }
        }
        dropped
    }

    /// Returns the old and new index of every field whose values must be checked or converted.
    pub fn scans(&self) -> Vec<(usize, usize)> {
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for change in &self.changes {
            if let Task::CheckRows { from, to } | Task::ConvertColumn { from, to } = change.task
                && !pairs.contains(&(from, to))
            {
                pairs.push((from, to));
            }
        }
        pairs
    }
}

/// Returns whether values of both types have the same representation, so that only limits differ.
fn same_form(before: &Kind, after: &Kind) -> bool {
    match (before, after) {
        (Kind::Decimal { scale: before, .. }, Kind::Decimal { scale: after, .. }) => before == after,
        _ => before.name() == after.name(),
    }
}

/// Converts a value from an old field to a new one; returns `None` if it does not fit.
pub fn fitting(value: &Value, before: &Field, after: &Field) -> Option<Value> {
    let value = if same_form(&before.kind, &after.kind) {
        value.clone()
    } else {
        convert(value, &before.kind, &after.kind)?
    };
    after.check(&value).is_ok().then_some(value)
}

/// Returns the old field that a new field continues.
pub fn origin<'d>(old: &'d Definition, field: &Field) -> Option<(usize, &'d Field)> {
    let renamed = || field.renamed_from.as_ref().and_then(|before| old.field(before.as_str()));
    old.field(field.name.as_str()).or_else(renamed)
}

/// Converts a value to a different type if no information is lost.
pub fn convert(value: &Value, from: &Kind, to: &Kind) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    if let (Value::Integer(number), Kind::Float) = (value, to)
        && !super::infer::is_exact(*number)
    {
        return None;
    }
    let json = value.to_json(from);
    if let Ok(value) = to.read(&json) {
        return Some(value);
    }
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    if to.is_text() { to.read(&text.into()).ok() } else { to.read_text(&text).ok() }
}
